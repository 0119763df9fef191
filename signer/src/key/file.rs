//! Signing keys in files: who may read them, and reading them once.

use std::path::Path;

use zeroize::Zeroizing;

use super::signing::LABEL;
use super::{Access, FILE_LIMIT, KeyFault, Protection, SigningKey, VerifyingKey, encrypted, known, pem};
use crate::error::{Failure, Result, name};
use crate::input;
use crate::output::{self, Mode, Overwrite};
use crate::private_file::{self, Links};
use crate::secret::Passphrase;

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
        Self::load_with(path, &Access::default())
    }

    /// Loads a signing key as [`load`](Self::load) does, decrypted if it is encrypted, and through links if those are allowed.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); the passphrase is wrong or can't be had, decrypting would cost too much, or the key is a published
    /// one that everybody has.
    pub fn load_with(path: &Path, access: &Access) -> Result<Self> {
        let text = private_file::read(path, FILE_LIMIT, access.links())?;
        let read = match Self::from_pem(&text) {
            Err(KeyFault::Encrypted) => Self::from_encrypted_pem(&text, access.passphrase(&name(path))?),
            read => read,
        };
        let key = read.and_then(|key| key.refuse_known().map(|()| key));
        key.map_err(|fault| {
            let remedy = match &fault {
                KeyFault::Passphrase => {
                    "give the passphrase it was encrypted with; without it nothing brings the key back"
                }
                KeyFault::PublishedKey(_) => "make keys of your own: `twinseal keygen`",
                KeyFault::Protection(_) => {
                    "encrypt it anew where it was made; `twinseal key passwd` writes scrypt and AES-256"
                }
                _ => "signing keys are PKCS#8 in one PEM block, encrypted or not; `twinseal keygen` makes them",
            };
            Failure::new(format!("{}: no usable signing key", name(path))).because(fault).remedy(remedy)
        })
    }

    /// Writes the key to a new file that only its owner can read. An existing file is never replaced.
    ///
    /// # Errors
    ///
    /// The file exists or can't be written, or the seed of the key is not known.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.save_with(path, None)
    }

    /// Writes the key as [`save`](Self::save) does, encrypted if there is a passphrase.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save), and if the operating system has no random numbers.
    pub fn save_with(&self, path: &Path, passphrase: Option<&Passphrase>) -> Result<()> {
        let text = match passphrase {
            None => self.to_pem()?,
            Some(passphrase) => self.to_encrypted_pem(passphrase)?,
        };
        output::write(path, text.as_bytes(), Overwrite::No, Mode::Secret)
    }

    /// Reads a file of one `ENCRYPTED PRIVATE KEY` block (RFC 5958 section 3; PBES2 of RFC 8018 with scrypt or PBKDF2, and AES).
    ///
    /// # Errors
    ///
    /// What is wrong with it; [`KeyFault::Passphrase`] if it is not the right one or the file is damaged.
    pub fn from_encrypted_pem(file: &[u8], passphrase: &Passphrase) -> core::result::Result<Self, KeyFault> {
        let der = encrypted::decrypt(&pem::decode(pem::only_block(file)?, encrypted::LABEL)?, passphrase)?;
        // Under a wrong passphrase one in 256 files comes out with right padding, and is no DER then.
        super::pkcs8::read(&der)
            .map_err(|fault| if let KeyFault::Der(_) = fault { KeyFault::Passphrase } else { fault })
    }

    /// One `ENCRYPTED PRIVATE KEY` block that holds the seed: PBES2 with scrypt and AES-256-CBC.
    ///
    /// # Errors
    ///
    /// The key came in expanded form only, or the operating system has no random numbers.
    pub fn to_encrypted_pem(&self, passphrase: &Passphrase) -> Result<Zeroizing<String>> {
        let der = encrypted::encrypt(&self.to_der()?, passphrase)?;
        pem::encode(&der, encrypted::LABEL).map_err(|fault| self.unwritable(fault))
    }

    /// The text of a key file under another passphrase, or under none. The key stays in the form it is in.
    ///
    /// # Errors
    ///
    /// As [`load_with`](Self::load_with), and if the operating system has no random numbers.
    pub fn protect_anew(path: &Path, access: &Access, passphrase: Option<&Passphrase>) -> Result<Zeroizing<String>> {
        let what = || Failure::new(format!("{}: can not be encrypted anew", name(path)));
        Self::load_with(path, access)?;
        let text = private_file::read(path, FILE_LIMIT, access.links())?;
        let (der, plain) = match encrypted_block(&text).map_err(|fault| what().because(fault))? {
            None => (pem::only_block(&text).and_then(|block| pem::decode(block, LABEL)), true),
            Some(der) => (encrypted::decrypt(&der, access.passphrase(&name(path))?), false),
        };
        let der = der.map_err(|fault| what().because(fault))?;
        match passphrase {
            None if plain => {
                Err(Failure::new(format!("{}: is not encrypted, so there is nothing to remove", name(path))))
            }
            None => pem::encode(&der, LABEL).map_err(|fault| what().because(fault)),
            Some(passphrase) => pem::encode(&encrypted::encrypt(&der, passphrase)?, encrypted::LABEL)
                .map_err(|fault| what().because(fault)),
        }
    }

    /// How a key file is protected, told without any passphrase; nothing if it is not encrypted.
    ///
    /// # Errors
    ///
    /// The file can't be read as [`load`](Self::load) reads it, or is in no form that is read.
    pub fn protection(path: &Path, links: Links) -> Result<Option<Protection>> {
        let text = private_file::read(path, FILE_LIMIT, links)?;
        let told = encrypted_block(&text).and_then(|der| der.map(|der| encrypted::protection(&der)).transpose());
        told.map_err(|fault| Failure::new(format!("{}: no usable signing key", name(path))).because(fault))
    }

    fn refuse_known(&self) -> core::result::Result<(), KeyFault> {
        known::refuse_seed(self.seed())?;
        known::refuse(self.verifying_key())
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

/// The contents of an encrypted file; nothing if it is a key that is not encrypted.
fn encrypted_block(text: &[u8]) -> core::result::Result<Option<Zeroizing<Vec<u8>>>, KeyFault> {
    let block = pem::only_block(text)?;
    match pem::decode(block, encrypted::LABEL) {
        Ok(der) => Ok(Some(der)),
        Err(KeyFault::Label { found, .. }) if found == LABEL => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn unusable(path: &Path, fault: KeyFault) -> Failure {
    Failure::new(format!("{}: no usable verifying key", name(path))).because(fault)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::path::PathBuf;

    use tempfile::TempDir;
    use twinseal_formats::SealAlgorithm;

    use super::*;
    use crate::secret::SecretSource;

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
        let access = Access::new(Links::Follow, SecretSource::Prompt);
        SigningKey::load_with(&link, &access).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(SigningKey::load_with(&link, &access).unwrap_err().to_string().contains("others than its owner"));
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
