//! Signing keys in files: who may read them, and reading them once.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::{FILE_LIMIT, SigningKey, VerifyingKey};
use crate::error::{Failure, Result, name};
use crate::input::{self, too_long, unreadable};
use crate::output::{self, Mode, Overwrite};

impl SigningKey {
    /// Loads a signing key from a file that only its owner can read.
    ///
    /// The file is opened once and asked about through the open handle, so it can't be exchanged in between.
    ///
    /// # Errors
    ///
    /// The file is a symbolic link or no plain file, others than its owner may read it, its owner is neither the user nor root, or it
    /// holds no key.
    pub fn load(path: &Path) -> Result<Self> {
        let text = read_secret(path)?;
        Self::from_pem(&text).map_err(|fault| {
            Failure::new(format!("{}: no usable signing key", name(path)))
                .because(fault)
                .remedy("signing keys are unencrypted PKCS#8 in one PEM block; `twinseal keygen` makes them")
        })
    }

    /// Writes the key to a new file that only its owner can read. An existing file is never replaced.
    ///
    /// # Errors
    ///
    /// The file exists or can't be written, or the seed of the key is not known.
    pub fn save(&self, path: &Path) -> Result<()> {
        output::write(path, self.to_pem()?.as_bytes(), Overwrite::No, Mode::Secret)
    }
}

impl VerifyingKey {
    /// Loads the one verifying key of a file.
    ///
    /// # Errors
    ///
    /// The file can't be read, or holds something else.
    pub fn load(path: &Path) -> Result<Self> {
        Self::from_pem(&input::read(path, FILE_LIMIT)?).map_err(|fault| unusable(path, fault))
    }

    /// Loads all verifying keys of a file.
    ///
    /// # Errors
    ///
    /// The file can't be read, or holds something else besides.
    pub fn load_all(path: &Path) -> Result<Vec<Self>> {
        Self::all_from_pem(&input::read(path, FILE_LIMIT)?).map_err(|fault| unusable(path, fault))
    }

    /// Writes the key to a new file.
    ///
    /// # Errors
    ///
    /// The file exists or can't be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        output::write(path, self.to_pem()?.as_bytes(), Overwrite::No, Mode::Public)
    }
}

fn unusable(path: &Path, fault: super::KeyFault) -> Failure {
    Failure::new(format!("{}: no usable verifying key", name(path))).because(fault)
}

fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let file = open_private(path)?;
    // Allocated once: a buffer that grows leaves copies of the key behind.
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(FILE_LIMIT).unwrap_or_default().saturating_add(1)]);
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
    Err(too_long(path, FILE_LIMIT))
}

fn open_private(path: &Path) -> Result<File> {
    // NOFOLLOW: a link could be turned to another file. NONBLOCK: a pipe in the place of the file must not hang the signer.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| {
        if path.is_symlink() {
            Failure::new(format!("{}: is a symbolic link, and signing keys are not read through links", name(path)))
                .remedy("name the file itself")
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
            .remedy(format!("`chmod 600 {}`, and make a new key if anyone may have read this one", name(path))));
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

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::PathBuf;

    use tempfile::TempDir;
    use twinseal_formats::SealAlgorithm;

    use super::*;

    fn saved() -> (TempDir, PathBuf, SigningKey) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        let key = SigningKey::generate(SealAlgorithm::MlDsa44).unwrap();
        key.save(&path).unwrap();
        (directory, path, key)
    }

    #[test]
    fn a_saved_key_is_private_and_loads() {
        let (_directory, path, key) = saved();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(SigningKey::load(&path).unwrap().verifying_key(), key.verifying_key());
    }

    #[test]
    fn a_saved_key_is_never_replaced() {
        let (_directory, path, key) = saved();
        let before = fs::read(&path).unwrap();
        assert!(key.save(&path).unwrap_err().to_string().ends_with("already exists"));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_key_that_others_can_use_is_refused() {
        let (_directory, path, _) = saved();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let failure = SigningKey::load(&path).unwrap_err();
            assert!(failure.to_string().contains("others than its owner"), "{mode:o}: {failure}");
            assert!(failure.advice().unwrap().contains("chmod 600"));
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            SigningKey::load(&path).unwrap();
        }
    }

    #[test]
    fn a_key_behind_a_link_is_refused() {
        let (directory, path, _) = saved();
        let link = directory.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(SigningKey::load(&link).unwrap_err().to_string().contains("symbolic link"));
    }

    #[test]
    fn what_is_not_a_plain_file_is_refused_at_once() {
        let (directory, _, _) = saved();
        assert!(SigningKey::load(directory.path()).unwrap_err().to_string().contains("not a plain file"));
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        assert!(SigningKey::load(&pipe).unwrap_err().to_string().contains("not a plain file"));
    }

    #[test]
    fn a_key_of_another_user_is_refused() {
        let (_directory, path, _) = saved();
        if std::os::unix::fs::chown(&path, Some(12345), None).is_err() {
            println!("skipped: only root can give files away");
            return;
        }
        let failure = SigningKey::load(&path).unwrap_err();
        assert!(failure.to_string().contains("belongs to another user"), "{failure}");
    }

    #[test]
    fn a_file_that_is_far_too_long_is_refused() {
        let (_directory, path, _) = saved();
        fs::write(&path, vec![b'-'; 1 << 20]).unwrap();
        assert!(SigningKey::load(&path).unwrap_err().to_string().contains("longer than"));
    }

    #[test]
    fn a_faulty_file_is_named() {
        let (_directory, path, key) = saved();
        fs::write(&path, key.verifying_key().to_pem().unwrap()).unwrap();
        let message = SigningKey::load(&path).unwrap_err().to_string();
        assert!(message.contains("key.pem: no usable signing key: a PEM block `PUBLIC KEY`"), "{message}");
    }
}
