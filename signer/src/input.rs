//! Reading files whole, opened once and bounded.

use core::sync::atomic::{AtomicBool, Ordering};
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags, open};

use crate::error::{Failure, Result, name};

/// Reads a file, or standard input for `-`, that must not be longer than `limit` bytes.
///
/// # Errors
///
/// The file can't be opened or read, is a directory, or is longer.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    if is_stdin(path) {
        return read_from(stdin()?, path, limit);
    }
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    read_from(file, path, limit)
}

/// Opens a plain file. Whatever else has that name is refused, and not waited for.
///
/// # Errors
///
/// The file can't be opened, or is a directory, a pipe or a device.
pub fn open_plain(path: &Path) -> Result<File> {
    // NONBLOCK: a pipe in the place of the file must not hang the tool. To a plain file it means nothing.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| unreadable(path, error))?;
    if file.metadata().map_err(|error| unreadable(path, error))?.is_file() {
        Ok(file)
    } else {
        Err(Failure::new(format!("{}: is not a plain file", name(path))))
    }
}

/// The names in a directory, in no order.
///
/// # Errors
///
/// It can't be opened or read.
pub(crate) fn names_in(directory: &Path) -> io::Result<Vec<OsString>> {
    // `fs::read_dir` panics where the system does not close the directory.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut names = Vec::new();
    for entry in Dir::new(open(directory, flags, Mode::empty())?)? {
        let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    Ok(names)
}

/// Whether the path stands for standard input.
#[must_use]
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Takes standard input, which can be read once: who asks for it a second time would get an empty file.
///
/// # Errors
///
/// It was taken already.
pub(crate) fn stdin() -> Result<io::StdinLock<'static>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err(twice_from_stdin());
    }
    Ok(io::stdin().lock())
}

/// The failure of a second input that is to come from standard input.
pub(crate) fn twice_from_stdin() -> Failure {
    Failure::new("two inputs can not both come from standard input").remedy("name a file for one of them")
}

fn read_from(source: impl Read, path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too long from one that just fits.
    source.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) { Ok(bytes) } else { Err(too_long(path, limit)) }
}

/// The failure of a file that could not be read.
pub(crate) fn unreadable(path: &Path, error: io::Error) -> Failure {
    Failure::new(format!("{}: can not be read", name(path))).because(error)
}

/// The failure of a file that is longer than anything it could rightly hold.
pub(crate) fn too_long(path: &Path, limit: u64) -> Failure {
    Failure::new(format!("{}: longer than {limit} bytes, so not the kind of file expected here", name(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_limit_is_read_and_one_byte_more_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, [7; 8]).unwrap();
        assert_eq!(read(&path, 8).unwrap(), [7; 8]);
        assert!(read(&path, 7).unwrap_err().to_string().contains("longer than 7 bytes"));
    }

    #[test]
    fn a_missing_file_is_named() {
        assert!(read(Path::new("/no/such"), 1).unwrap_err().to_string().starts_with("/no/such: can not be read: "));
    }
}
