//! Directories that appear whole or not at all.
//!
//! A directory is filled under a name of its own beside its destination, `.NAME.twinseal-new`, and renamed. A run that is killed leaves that
//! behind, with what it was filled with or with what it took the place of; the next run for the same destination removes it. Whoever works
//! in it holds its lock, so that nobody takes it for such a rest.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Failure, Result, name};
use crate::input::names_in;
use crate::output::{Mode, directory_of, exists, named_unsafely, not_standard_output, sync_directory, unwritable};
use rustix::fs::OFlags;

/// A directory on its way to its destination.
///
/// Dropped without [`commit`](Self::commit), it leaves nothing behind.
#[derive(Debug)]
#[must_use = "without `commit` the directory is removed"]
pub struct NewDirectory {
    building: Building,
    destination: PathBuf,
    /// The locks of the directory that is filled, and of the one whose place it takes.
    locks: Vec<File>,
}

impl NewDirectory {
    /// Makes an empty directory for a destination, beside it.
    ///
    /// # Errors
    ///
    /// Something of that name exists, its parent can't be written, or another run is making it.
    pub fn create(destination: &Path, mode: Mode) -> Result<Self> {
        not_standard_output(destination)?;
        if destination.file_name().is_none() {
            return Err(Failure::new(format!("{}: does not name a new directory", name(destination))));
        }
        if fs::symlink_metadata(destination).is_ok() {
            return Err(exists(destination));
        }
        Self::build(destination, mode, Vec::new())
    }

    /// Makes an empty directory that is to take the place of the one at the destination.
    ///
    /// # Errors
    ///
    /// There is none, its parent can't be written, or another run is replacing it.
    pub fn beside(destination: &Path, mode: Mode) -> Result<Self> {
        let replaced = lock(destination).map_err(|error| unlocked(destination, error))?;
        Self::build(destination, mode, vec![replaced])
    }

    fn build(destination: &Path, mode: Mode, mut locks: Vec<File>) -> Result<Self> {
        let place = place_of(destination);
        remove_rest(&place).map_err(|error| unlocked(destination, error))?;
        let bits = match mode {
            Mode::Public => 0o755,
            Mode::Secret => 0o700,
        };
        fs::DirBuilder::new().mode(bits).create(&place).map_err(|error| unwritable(destination, error))?;
        let mut building = Building(Some(place));
        match lock(building.path()) {
            Ok(lock) => locks.push(lock),
            Err(error) => {
                // Another run took it for a rest, and removes it.
                building.keep();
                return Err(unlocked(destination, error));
            }
        }
        Ok(Self { building, destination: destination.to_owned(), locks })
    }

    /// What a run that was killed has left of a destination, if there is something: keys, perhaps, under an old passphrase.
    #[must_use]
    pub fn rest_of(destination: &Path) -> Option<PathBuf> {
        let place = place_of(destination);
        fs::symlink_metadata(&place).is_ok().then_some(place)
    }

    /// Puts the directory in the place of the one that has its name, in one step, and removes that.
    ///
    /// # Errors
    ///
    /// There is none, or the file system can't exchange two names. Then nothing was changed.
    pub fn exchange(self) -> Result<()> {
        let Self { mut building, destination, locks } = self;
        sync_directory(building.path()).map_err(|error| unwritable(&destination, error))?;
        swap(building.path(), &destination).map_err(|error| unwritable(&destination, error))?;
        // What has the temporary name now is the old one.
        let removed = sync_directory(directory_of(&destination)).and_then(|()| building.remove());
        drop(locks);
        removed.map_err(|error| {
            Failure::new(format!("{}: was replaced, but what it was before could not be removed", name(&destination)))
                .because(error)
                .remedy(format!("remove {}", name(&place_of(&destination))))
        })
    }

    /// Where it is being filled.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.building.path()
    }

    /// Gives the directory its name.
    ///
    /// # Errors
    ///
    /// Something of that name came into being meanwhile, or the disk refuses. Nothing is left behind; only if the disk refuses to flush the
    /// name in the end, the whole directory is there, and the failure says so.
    pub fn commit(self) -> Result<()> {
        let Self { mut building, destination, locks: _locks } = self;
        sync_directory(building.path()).map_err(|error| unwritable(&destination, error))?;
        rename_new(building.path(), &destination).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => exists(&destination),
            _ => unwritable(&destination, error),
        })?;
        // It has its name now: the temporary one is nothing to remove.
        building.keep();
        sync_directory(directory_of(&destination)).map_err(|error| named_unsafely(&destination, error))
    }
}

/// A directory that is removed on drop, unless it was kept.
#[derive(Debug)]
struct Building(Option<PathBuf>);

impl Building {
    fn path(&self) -> &Path {
        self.0.as_deref().unwrap_or(Path::new(""))
    }

    /// It is not to be removed any more.
    fn keep(&mut self) {
        self.0 = None;
    }

    fn remove(&mut self) -> io::Result<()> {
        self.0.take().map_or(Ok(()), |path| remove(&path))
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        // Whoever makes the same directory again removes what is left of it.
        let _ = self.remove();
    }
}

/// Where the directory for a destination is filled.
fn place_of(destination: &Path) -> PathBuf {
    let mut hidden = OsString::from(".");
    hidden.push(destination.file_name().unwrap_or_default());
    hidden.push(".twinseal-new");
    directory_of(destination).join(hidden)
}

/// Locks a directory, through no link.
fn lock(directory: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::DIRECTORY).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(directory)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::ResourceBusy.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes what a run of this user that was killed has left.
fn remove_rest(place: &Path) -> io::Result<()> {
    let held = match lock(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        held => held?,
    };
    if held.metadata()?.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    remove(place)
}

/// Removes a directory and the files in it.
fn remove(directory: &Path) -> io::Result<()> {
    for file in names_in(directory)? {
        let path = directory.join(file);
        // A directory is none of ours, and where it leads is not followed.
        fs::remove_file(&path).or_else(|error| if path.is_dir() { fs::remove_dir_all(&path) } else { Err(error) })?;
    }
    fs::remove_dir(directory)
}

/// The failure of a directory that can't be had alone.
fn unlocked(destination: &Path, error: io::Error) -> Failure {
    let failure = unwritable(destination, error);
    failure.remedy(format!("see whether another run is at it, or somebody else has {}", name(&place_of(destination))))
}

/// Renames a directory to a name that nothing has.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;

        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // A file system that knows no such flag.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            outcome => return outcome.map_err(io::Error::from),
        }
    }
    // The second best: at worst this replaces an empty directory that came into being since `create` looked.
    fs::rename(from, to)
}

/// Exchanges two names in one step.
fn swap(a: &Path, b: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};

        renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).map_err(io::Error::from)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    {
        let _ = (a, b);
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_never_replaces() {
        let parent = tempfile::tempdir().unwrap();
        let (from, to) = (parent.path().join("from"), parent.path().join("to"));
        fs::create_dir(&from).unwrap();
        fs::create_dir(&to).unwrap();
        assert_eq!(rename_new(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn an_exchange_replaces_the_whole_directory_or_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let destination = parent.path().join("out");
        assert!(NewDirectory::beside(&destination, Mode::Secret).is_err());
        fs::create_dir(&destination).unwrap();
        fs::write(destination.join("old"), b"old").unwrap();
        let new = NewDirectory::beside(&destination, Mode::Secret).unwrap();
        fs::write(new.path().join("new"), b"new").unwrap();
        new.exchange().unwrap();
        assert!(destination.join("new").exists() && !destination.join("old").exists());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_rest_of_a_killed_run_goes_with_the_next_one_and_a_running_one_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let destination = parent.path().join("out");
        let running = NewDirectory::create(&destination, Mode::Secret).unwrap();
        fs::write(running.path().join("key"), b"new").unwrap();
        let rest = NewDirectory::rest_of(&destination).unwrap();
        assert_eq!(rest, parent.path().join(".out.twinseal-new"));
        let failure = NewDirectory::create(&destination, Mode::Secret).unwrap_err();
        assert!(failure.advice().is_some_and(|advice| advice.contains("another run")), "{failure}");
        assert!(running.path().join("key").exists());
        // As a run that is killed: nothing is removed, and the lock is gone.
        let NewDirectory { mut building, locks, .. } = running;
        building.keep();
        drop(locks);
        let next = NewDirectory::create(&destination, Mode::Secret).unwrap();
        assert_eq!(fs::read_dir(next.path()).unwrap().count(), 0);
        next.commit().unwrap();
        assert!(destination.exists() && NewDirectory::rest_of(&destination).is_none());
    }

    #[test]
    fn one_run_replaces_a_directory_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let destination = parent.path().join("out");
        fs::create_dir(&destination).unwrap();
        let running = NewDirectory::beside(&destination, Mode::Secret).unwrap();
        assert!(NewDirectory::beside(&destination, Mode::Secret).is_err());
        running.exchange().unwrap();
        NewDirectory::beside(&destination, Mode::Secret).unwrap().exchange().unwrap();
        // A link to somebody else's directory is not followed.
        std::os::unix::fs::symlink("/tmp", parent.path().join(".out.twinseal-new")).unwrap();
        assert!(NewDirectory::beside(&destination, Mode::Secret).is_err());
    }

    #[test]
    fn a_directory_dropped_without_commit_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let new = NewDirectory::create(&parent.path().join("out"), Mode::Public).unwrap();
        fs::write(new.path().join("file"), b"half").unwrap();
        drop(new);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
