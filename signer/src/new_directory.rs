//! Directories that appear whole or not at all.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Failure, Result, name};
use crate::output::{Mode, directory_of, exists, sync_directory, unwritable};

/// A directory on its way to its destination.
///
/// Dropped without [`commit`](Self::commit), it leaves nothing behind.
#[derive(Debug)]
#[must_use = "without `commit` the directory is removed"]
pub struct NewDirectory {
    building: TempDir,
    destination: PathBuf,
}

impl NewDirectory {
    /// Makes an empty directory for a destination, beside it.
    ///
    /// # Errors
    ///
    /// Something of that name exists, or its parent can't be written.
    pub fn create(destination: &Path, mode: Mode) -> Result<Self> {
        if destination.file_name().is_none() {
            return Err(Failure::new(format!("{}: does not name a new directory", name(destination))));
        }
        if fs::symlink_metadata(destination).is_ok() {
            return Err(exists(destination));
        }
        Self::beside(destination, mode)
    }

    /// Makes an empty directory that is to take the place of the one at the destination.
    ///
    /// # Errors
    ///
    /// The destination's parent can't be written.
    pub fn beside(destination: &Path, mode: Mode) -> Result<Self> {
        let bits = match mode {
            Mode::Public => 0o755,
            Mode::Secret => 0o700,
        };
        let building = tempfile::Builder::new()
            .prefix(".twinseal-")
            .permissions(Permissions::from_mode(bits))
            .tempdir_in(directory_of(destination))
            .map_err(|error| unwritable(destination, error))?;
        Ok(Self { building, destination: destination.to_owned() })
    }

    /// Puts the directory in the place of the one that has its name, in one step, and removes that.
    ///
    /// # Errors
    ///
    /// There is none, or the file system can't exchange two names. Then nothing was changed.
    pub fn exchange(self) -> Result<()> {
        let Self { building, destination } = self;
        sync_directory(building.path()).map_err(|error| unwritable(&destination, error))?;
        swap(building.path(), &destination).map_err(|error| unwritable(&destination, error))?;
        sync_directory(directory_of(&destination)).map_err(|error| unwritable(&destination, error))?;
        // What has the temporary name now is the old one.
        building.close().map_err(|error| {
            Failure::new(format!("{}: was replaced, but what it was before could not be removed", name(&destination)))
                .because(error)
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
    /// Something of that name came into being meanwhile, or the disk refuses. Nothing is left behind.
    pub fn commit(self) -> Result<()> {
        let Self { building, destination } = self;
        sync_directory(building.path()).map_err(|error| unwritable(&destination, error))?;
        rename_new(building.path(), &destination).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => exists(&destination),
            _ => unwritable(&destination, error),
        })?;
        // It has its name now: the temporary one is nothing to remove.
        let _ = building.keep();
        sync_directory(directory_of(&destination)).map_err(|error| unwritable(&destination, error))
    }
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
        let missing = NewDirectory::beside(&destination, Mode::Secret).unwrap();
        assert!(missing.exchange().is_err());
        fs::create_dir(&destination).unwrap();
        fs::write(destination.join("old"), b"old").unwrap();
        let new = NewDirectory::beside(&destination, Mode::Secret).unwrap();
        fs::write(new.path().join("new"), b"new").unwrap();
        new.exchange().unwrap();
        assert!(destination.join("new").exists() && !destination.join("old").exists());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
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
