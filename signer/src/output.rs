//! Files that appear whole or not at all.
//!
//! A file is written under an unpredictable name beside its destination, flushed to the disk, and renamed. A crash, a full disk
//! or a failure in between leaves what was there before: the destination never holds half a file.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Failure, Result, name};

/// Whether a file that already exists may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Refuse, and leave it alone.
    No,
    /// Replace it in one step.
    Yes,
}

impl Overwrite {
    /// What the flag `--overwrite` asks for.
    #[must_use]
    pub const fn asked(flag: bool) -> Self {
        if flag { Self::Yes } else { Self::No }
    }
}

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everyone whom the umask lets (0644).
    Public,
    /// Its owner (0600), from the moment it exists.
    Secret,
}

/// A file on its way to its destination.
///
/// Dropped without [`commit`](Self::commit), it leaves nothing behind.
#[derive(Debug)]
#[must_use = "without `commit` the file is removed"]
pub struct NewFile {
    file: NamedTempFile,
    destination: PathBuf,
    overwrite: Overwrite,
}

impl NewFile {
    /// Opens a new file for a destination, beside it.
    ///
    /// # Errors
    ///
    /// The destination exists and may not be replaced (asked again, without a race, by `commit`), is not a plain file, or its
    /// directory can't be written.
    pub fn create(destination: &Path, overwrite: Overwrite, mode: Mode) -> Result<Self> {
        not_standard_output(destination)?;
        if destination.file_name().is_none() {
            return Err(Failure::new(format!("{}: does not name a file", name(destination))));
        }
        match fs::symlink_metadata(destination) {
            Ok(_) if overwrite == Overwrite::No => return Err(exists(destination)),
            // A rename would replace the device or pipe itself.
            Ok(found) if !found.is_file() && !found.is_symlink() => {
                return Err(Failure::new(format!("{}: is not a plain file, so it is not replaced", name(destination))));
            }
            _ => {}
        }
        let bits = match mode {
            Mode::Public => 0o644,
            Mode::Secret => 0o600,
        };
        // Opened here and not by `tempfile`, whose errors name the temporary file: nobody knows that name.
        let open = |path: &Path| OpenOptions::new().read(true).write(true).create_new(true).mode(bits).open(path);
        let file = tempfile::Builder::new()
            .prefix(".twinseal-")
            .make_in(directory_of(destination), open)
            .map_err(|error| unwritable(destination, error))?;
        Ok(Self { file, destination: destination.to_owned(), overwrite })
    }

    /// Where the bytes are now, for whoever reads them back before they are committed.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Where the bytes will be.
    #[must_use]
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// The open file.
    #[must_use]
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Opens the file a second time, from its start, for reading what really was written.
    ///
    /// # Errors
    ///
    /// The file was removed or exchanged meanwhile.
    pub fn reopen(&self) -> Result<File> {
        self.file.reopen().map_err(|error| unwritable(&self.destination, error))
    }

    /// Flushes the file to the disk and gives it its name.
    ///
    /// # Errors
    ///
    /// The disk refuses, or the destination came into being meanwhile and may not be replaced. Nothing is left behind; only if the disk
    /// refuses to flush the name in the end, the whole file is there, and the failure says so.
    pub fn commit(self) -> Result<()> {
        let Self { file, destination, overwrite } = self;
        file.as_file().sync_all().map_err(|error| unwritable(&destination, error))?;
        let persisted = match overwrite {
            Overwrite::No => file.persist_noclobber(&destination),
            Overwrite::Yes => file.persist(&destination),
        };
        persisted.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => exists(&destination),
            _ => unwritable(&destination, error.error),
        })?;
        sync_directory(directory_of(&destination)).map_err(|error| named_unsafely(&destination, error))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for NewFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for NewFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Writes a whole file.
///
/// # Errors
///
/// Those of [`NewFile`]; then nothing was written.
pub fn write(destination: &Path, bytes: &[u8], overwrite: Overwrite, mode: Mode) -> Result<()> {
    let mut file = NewFile::create(destination, overwrite, mode)?;
    file.write_all(bytes).map_err(|error| unwritable(destination, error))?;
    file.commit()
}

/// Where a result goes: a file, or standard output for `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl Destination {
    /// Writes the whole result.
    ///
    /// # Errors
    ///
    /// Those of [`write()`], or of standard output.
    pub fn write(&self, bytes: &[u8], overwrite: Overwrite, mode: Mode) -> Result<()> {
        match self {
            Self::File(path) => write(path, bytes, overwrite, mode),
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout
                    .write_all(bytes)
                    .and_then(|()| stdout.flush())
                    .map_err(|error| Failure::new("standard output: can not be written").because(error))
            }
        }
    }
}

impl From<OsString> for Destination {
    fn from(argument: OsString) -> Self {
        if argument == "-" { Self::Stdout } else { Self::File(argument.into()) }
    }
}

/// The directory a path lies in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Where a path leads, however it is spelt.
pub(crate) fn place(path: &Path) -> (Option<PathBuf>, Option<&OsStr>) {
    (directory_of(path).canonicalize().ok(), path.file_name())
}

/// Makes the names in a directory survive a loss of power.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The failure of a destination that is there, and may not be after a loss of power.
pub(crate) fn named_unsafely(path: &Path, error: io::Error) -> Failure {
    Failure::new(format!("{}: was written whole, but the disk does not confirm its name", name(path)))
        .because(error)
        .remedy("look at the disk; see whether it is there after a restart")
}

/// The failure of a destination that is already there.
pub(crate) fn exists(path: &Path) -> Failure {
    Failure::new(format!("{}: already exists", name(path))).remedy("choose another name, or move it away first")
}

/// The failure of a destination that can't be written.
pub(crate) fn unwritable(path: &Path, error: io::Error) -> Failure {
    let missing = error.kind() == io::ErrorKind::NotFound && !directory_of(path).exists();
    let failure = Failure::new(format!("{}: can not be written", name(path))).because(error);
    if missing { failure.remedy(format!("make the directory {} first", name(directory_of(path)))) } else { failure }
}

/// `-` is standard output to whoever writes it; where a result has to be read back under its name, it is not taken for a file's name either.
pub(crate) fn not_standard_output(path: &Path) -> Result<()> {
    if path.as_os_str() != "-" {
        return Ok(());
    }
    Err(Failure::new("-: this command writes no result to standard output")
        .remedy("name a file or directory; `./-` would be one that is called `-`"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(directory: &Path) -> Vec<OsString> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_appears_only_when_committed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        let mut file = NewFile::create(&path, Overwrite::No, Mode::Public).unwrap();
        file.write_all(b"sealed").unwrap();
        assert!(!path.exists());
        assert_eq!(fs::read(file.path()).unwrap(), b"sealed");
        file.rewind().unwrap();
        let mut back = String::new();
        file.read_to_string(&mut back).unwrap();
        assert_eq!(back, "sealed");
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"sealed");
        assert_eq!(names(directory.path()), ["out"]);
    }

    #[test]
    fn a_file_dropped_without_commit_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = NewFile::create(&directory.path().join("out"), Overwrite::No, Mode::Public).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(names(directory.path()).is_empty());
    }

    #[test]
    fn an_existing_file_is_replaced_only_when_asked() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        fs::write(&path, b"old").unwrap();
        let failure = write(&path, b"new", Overwrite::No, Mode::Public).unwrap_err();
        assert!(failure.to_string().ends_with("out: already exists"));
        assert!(failure.advice().is_some());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write(&path, b"new", Overwrite::Yes, Mode::Public).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(directory.path()), ["out"]);
    }

    #[test]
    fn a_file_that_came_into_being_meanwhile_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        let file = NewFile::create(&path, Overwrite::No, Mode::Public).unwrap();
        fs::write(&path, b"theirs").unwrap();
        assert!(file.commit().unwrap_err().to_string().ends_with("already exists"));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(directory.path()), ["out"]);
    }

    #[test]
    fn a_secret_is_private_from_its_first_byte() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let file = NewFile::create(&path, Overwrite::No, Mode::Secret).unwrap();
        assert_eq!(mode(file.path()), 0o600);
        file.commit().unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_public_file_is_never_writable_by_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        write(&path, b"", Overwrite::No, Mode::Public).unwrap();
        assert_eq!(mode(&path) & !0o644, 0);
    }

    #[test]
    fn what_is_not_a_plain_file_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let failure = write(directory.path(), b"", Overwrite::Yes, Mode::Public).unwrap_err();
        assert!(failure.to_string().contains("not a plain file"));
        assert!(write(Path::new("/dev/null"), b"", Overwrite::Yes, Mode::Public).is_err());
        assert!(write(Path::new(".."), b"", Overwrite::Yes, Mode::Public).is_err());
    }

    #[test]
    fn a_directory_that_is_missing_is_named_and_the_temporary_file_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        let failure = NewFile::create(&missing.join("out"), Overwrite::No, Mode::Public).unwrap_err();
        let out = missing.join("out");
        assert_eq!(
            failure.to_string(),
            format!("{}: can not be written: No such file or directory (os error 2)", out.display())
        );
        assert_eq!(failure.advice(), Some(format!("make the directory {} first", missing.display()).as_str()));
    }

    #[test]
    fn a_dash_is_standard_output_and_never_a_file() {
        assert!(write(Path::new("-"), b"", Overwrite::Yes, Mode::Public).unwrap_err().to_string().starts_with("-: "));
        assert_eq!(Destination::from(OsString::from("-")), Destination::Stdout);
        assert_eq!(Destination::from(OsString::from("./-")), Destination::File("./-".into()));
    }
}
