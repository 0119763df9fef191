//! Files with secrets: who may read them, and reading them once.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::error::{Failure, Result, name};
use crate::input::{too_long, unreadable};

/// Whether secrets are read through symbolic links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// Refused: whoever can exchange the link chooses the file.
    #[default]
    Refuse,
    /// Followed, as secrets that are mounted need it. What is behind the link is held to the same rules.
    Follow,
}

/// Reads a file that only its owner can read and that is not longer than `limit`. Wiped on drop.
///
/// The file is opened once and asked about through the open handle, so it can't be exchanged in between.
///
/// # Errors
///
/// The file is a symbolic link (unless those are followed) or no plain file, others than its owner may use it, its owner is neither
/// the user nor root, or it is longer.
pub fn read(path: &Path, limit: u64, links: Links) -> Result<Zeroizing<Vec<u8>>> {
    let file = open(path, links)?;
    // Allocated once: a buffer that grows leaves copies of the key behind.
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(limit).unwrap_or_default().saturating_add(1)]);
    let mut filled = 0usize;
    let mut handle = &file;
    while let Some(free) = bytes.get_mut(filled..).filter(|free| !free.is_empty()) {
        match handle.read(free) {
            Ok(0) => {
                bytes.truncate(filled);
                return Ok(bytes);
            }
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(path, error)),
        }
    }
    Err(too_long(path, limit))
}

fn open(path: &Path, links: Links) -> Result<File> {
    // NOFOLLOW: a link could be turned to another file. NONBLOCK: a pipe in the place of the file must not hang the signer.
    let follow = if links == Links::Follow { OFlags::empty() } else { OFlags::NOFOLLOW };
    let flags = (follow | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| {
        if links == Links::Refuse && path.is_symlink() {
            Failure::new(format!("{}: is a symbolic link, and secrets are not read through links", name(path)))
                .remedy("name the file itself; for mounted secrets there is `--follow-links`")
        } else {
            unreadable(path, error)
        }
    })?;
    let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
    if !metadata.is_file() {
        return Err(Failure::new(format!("{}: is not a plain file", name(path))));
    }
    private(path, &metadata)?;
    Ok(file)
}

/// Refuses a file that others than its owner may use, or whose owner is someone else.
fn private(path: &Path, metadata: &Metadata) -> Result<()> {
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(Failure::new(format!("{}: others than its owner may use it (mode {mode:04o})", name(path)))
            .remedy(format!("`chmod 600 {}`, and replace what it holds if anyone may have read it", name(path))));
    }
    let user = rustix::process::geteuid();
    if metadata.uid() != user.as_raw() && metadata.uid() != 0 {
        return Err(Failure::new(format!("{}: belongs to another user, who can read it", name(path))).remedy(format!(
            "`chown {} {}`",
            user.as_raw(),
            name(path)
        )));
    }
    Ok(())
}
