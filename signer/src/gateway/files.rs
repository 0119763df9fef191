//! Opening what a device writes to: only what is named, and only what is its own.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek as _, SeekFrom};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};

use super::Access;
use crate::error::{Failure, Result, name};
use crate::input::unreadable;

/// Opens a file of state that is there, of exactly that size.
pub(super) fn state(path: &Path, size: u32, access: Access) -> Result<File> {
    let (file, metadata) = plain(path, access)?;
    if metadata.len() == u64::from(size) {
        Ok(file)
    } else {
        Err(Failure::new(format!("{}: is no state of a device: {} bytes, not {size}", name(path), metadata.len()))
            .remedy("`twinseal device init` makes the state; files from elsewhere have no place there"))
    }
}

/// Opens a place for an image: a partition, or a plain file as large as it shall be. Says how large it is.
pub(super) fn place(path: &Path, access: Access) -> Result<(File, u64)> {
    // What udev has below /dev are links, and only root makes them.
    let through_link = path.starts_with("/dev") && path.is_symlink();
    let (mut file, metadata) = if through_link { open(path, access, OFlags::empty())? } else { own(path, access)? };
    let kind = metadata.file_type();
    if !kind.is_block_device() && (through_link || !kind.is_file()) {
        return Err(Failure::new(format!("{}: is neither a partition nor a plain file", name(path))));
    }
    let size = file.seek(SeekFrom::End(0)).map_err(|error| unreadable(path, error))?;
    Ok((file, size))
}

/// Takes the lock that keeps two from working on one device.
pub(super) fn lock(file: &File, path: &Path, access: Access) -> Result<()> {
    let kind = match access {
        Access::Read => FlockOperation::NonBlockingLockShared,
        Access::Write => FlockOperation::NonBlockingLockExclusive,
    };
    flock(file, kind).map_err(|error| {
        Failure::new(format!("{}: another process works on this device", name(path)))
            .because(io::Error::from(error))
            .remedy("wait until it has ended; the lock ends with it")
    })
}

fn plain(path: &Path, access: Access) -> Result<(File, Metadata)> {
    let (file, metadata) = own(path, access)?;
    if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(Failure::new(format!("{}: is not a plain file", name(path))))
    }
}

/// Opens what is no link, and what nobody but its owner can write to.
fn own(path: &Path, access: Access) -> Result<(File, Metadata)> {
    let (file, metadata) = open(path, access, OFlags::NOFOLLOW)?;
    if metadata.is_file() {
        let user = rustix::process::geteuid().as_raw();
        if metadata.uid() != user && metadata.uid() != 0 {
            return Err(Failure::new(format!("{}: belongs to another user", name(path)))
                .remedy("what a device boots belongs to root, or to the user that installs"));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(Failure::new(format!("{}: others than its owner can write to it", name(path)))
                .remedy(format!("`chmod go-w {}`", name(path))));
        }
        if metadata.nlink() != 1 {
            return Err(Failure::new(format!("{}: has another name too (hard links)", name(path)))
                .remedy("give the device a file of its own"));
        }
    }
    Ok((file, metadata))
}

fn open(path: &Path, access: Access, follow: OFlags) -> Result<(File, Metadata)> {
    let flags = (follow | OFlags::NONBLOCK).bits().cast_signed();
    let writes = access == Access::Write;
    let opened = OpenOptions::new().read(true).write(writes).custom_flags(flags).open(path);
    let file = opened.map_err(|error| {
        if path.is_symlink() {
            Failure::new(format!("{}: is a symbolic link", name(path)))
                .remedy("name what it leads to: whoever can turn the link chooses what is written")
        } else {
            unreadable(path, error)
        }
    })?;
    let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
    Ok((file, metadata))
}
