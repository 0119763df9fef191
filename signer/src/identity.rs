//! Signing identities: the sets of keys that seal together.
//!
//! On disk an identity is a directory that holds these four files, named after their algorithms, and nothing else:
//!
//! ```text
//! ed25519.key.pem    ml-dsa-65.key.pem     signing keys, mode 0600
//! ed25519.pub.pem    ml-dsa-65.pub.pem     verifying keys
//! ```
//!
//! or, where the signing keys live elsewhere, the verifying keys and `identity.toml`, which says where.

use alloc::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use twinseal_formats::{AlgorithmClass, SealAlgorithm};

mod described;
mod public;

pub use described::{DESCRIPTION, Description};
pub use public::PublicIdentity;

use crate::error::{Failure, Result, name};
use crate::input::{names_in, unreadable};
use crate::key::{Access, Signer, SigningKey, VerifyingKey};
use crate::new_directory::NewDirectory;
use crate::output::Mode;
use crate::secret::Passphrase;

/// One Ed25519 key and one ML-DSA key. There is no half of it.
#[derive(Debug)]
pub struct SigningIdentity {
    classical: Box<dyn Signer>,
    post_quantum: Box<dyn Signer>,
}

impl SigningIdentity {
    /// Puts two keys together.
    ///
    /// # Errors
    ///
    /// They are not one of each class, classical first.
    pub fn new(classical: Box<dyn Signer>, post_quantum: Box<dyn Signer>) -> Result<Self> {
        let classes = [&classical, &post_quantum].map(|key| key.algorithm().class());
        if classes != [AlgorithmClass::Classical, AlgorithmClass::PostQuantum] {
            return Err(Failure::new(format!(
                "{} and {} make no signing identity",
                classical.algorithm().name(),
                post_quantum.algorithm().name()
            ))
            .remedy("a signing identity is one Ed25519 key and one ML-DSA key"));
        }
        Ok(Self { classical, post_quantum })
    }

    /// Makes an identity with an ML-DSA key of a parameter set.
    ///
    /// # Errors
    ///
    /// The algorithm is no ML-DSA parameter set, or the operating system has no random numbers.
    pub fn generate(set: SealAlgorithm) -> Result<Self> {
        Self::new(Box::new(SigningKey::generate(SealAlgorithm::Ed25519)?), Box::new(SigningKey::generate(set)?))
    }

    /// Loads an identity, whole or not at all.
    ///
    /// # Errors
    ///
    /// The directory can be changed by others, a file is missing or superfluous, others can read a signing key, or a verifying key on
    /// disk is not that of the signing key beside it.
    pub fn load(directory: &Path) -> Result<Self> {
        Self::load_with(directory, &Access::default())
    }

    /// Loads an identity as [`load`](Self::load) does, under other terms: with a passphrase, through links.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), and as [`SigningKey::load_with`].
    pub fn load_with(directory: &Path, access: &Access) -> Result<Self> {
        let metadata = fs::metadata(directory).map_err(|error| unreadable(directory, error).remedy(A_DIRECTORY))?;
        if !metadata.is_dir() {
            return Err(Failure::new(format!("{}: is no directory, so no signing identity", name(directory)))
                .remedy(A_DIRECTORY));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(Failure::new(format!("{}: others may exchange the keys in it", name(directory)))
                .remedy(format!("`chmod 700 {}`", name(directory))));
        }
        if directory.join(DESCRIPTION).symlink_metadata().is_ok() {
            return Description::load(directory)?.open(directory, access);
        }
        let set = parameter_set(directory)?;
        let load = |algorithm| -> Result<Box<dyn Signer>> {
            let path = directory.join(signing_key_file(algorithm));
            let key = SigningKey::load_with(&path, access)?;
            if key.algorithm() != algorithm {
                return Err(Failure::new(format!("{}: holds a key of {}", name(&path), key.algorithm().name())));
            }
            let beside = directory.join(verifying_key_file(algorithm));
            if VerifyingKey::load(&beside)? != *key.verifying_key() {
                return Err(Failure::new(format!("{}: does not belong to the signing key beside it", name(&beside)))
                    .remedy("one of the two files was exchanged or damaged; restore both from where they were made"));
            }
            Ok(Box::new(key))
        };
        Self::new(load(SealAlgorithm::Ed25519)?, load(set)?)
    }

    /// Writes the identity as a new directory, which appears whole or not at all. Its signing keys are not encrypted.
    ///
    /// # Errors
    ///
    /// Something of that name exists, or its parent can't be written, or a key can't leave where it is.
    pub fn write(&self, directory: &Path) -> Result<()> {
        self.write_with(directory, None)
    }

    /// Writes the identity as [`write`](Self::write) does, encrypted if there is a passphrase.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_with(&self, directory: &Path, passphrase: Option<&Passphrase>) -> Result<()> {
        let new = NewDirectory::create(directory, Mode::Secret)?;
        for key in self.keys() {
            let key = key.exportable().ok_or_else(|| {
                Failure::new(format!("the {} signing key can not leave the place it is in", key.algorithm().name()))
            })?;
            key.save_with(&new.path().join(signing_key_file(key.algorithm())), passphrase)?;
            key.verifying_key().save(&new.path().join(verifying_key_file(key.algorithm())))?;
        }
        new.commit()
    }

    /// The keys, classical first.
    #[must_use]
    pub fn keys(&self) -> [&dyn Signer; 2] {
        [self.classical.as_ref(), self.post_quantum.as_ref()]
    }

    /// What a trust anchor is made of.
    ///
    /// # Errors
    ///
    /// None that can happen to an identity that was made or loaded.
    pub fn public(&self) -> Result<PublicIdentity> {
        PublicIdentity::new(self.keys().map(|key| key.verifying_key().clone()).into())
    }
}

/// The name of the file of a signing key.
#[must_use]
pub fn signing_key_file(algorithm: SealAlgorithm) -> String {
    format!("{}.key.pem", algorithm.name())
}

/// The name of the file of a verifying key.
#[must_use]
pub fn verifying_key_file(algorithm: SealAlgorithm) -> String {
    format!("{}.pub.pem", algorithm.name())
}

/// The ML-DSA parameter set of an identity, told by its file names: those four, and nothing else.
fn parameter_set(directory: &Path) -> Result<SealAlgorithm> {
    let names = names_in(directory).map_err(|error| unreadable(directory, error))?;
    let mut found: BTreeSet<OsString> = names.into_iter().collect();
    let mut sets = SealAlgorithm::ALL.into_iter().filter(|algorithm| {
        algorithm.class() == AlgorithmClass::PostQuantum
            && found.contains(&OsString::from(signing_key_file(*algorithm)))
    });
    let (set, second) = (sets.next(), sets.next());
    let Some(set) = set else {
        return Err(incomplete(directory, "it has no ML-DSA signing key"));
    };
    if let Some(second) = second {
        return Err(incomplete(directory, &format!("it has keys of {} and of {}", set.name(), second.name())));
    }
    for algorithm in [SealAlgorithm::Ed25519, set] {
        for file in [signing_key_file(algorithm), verifying_key_file(algorithm)] {
            if !found.remove(&OsString::from(&file)) {
                return Err(incomplete(directory, &format!("{file} is missing")));
            }
        }
    }
    match found.first() {
        None => Ok(set),
        Some(other) => Err(incomplete(directory, &format!("{} does not belong in it", name(Path::new(other))))),
    }
}

fn incomplete(directory: &Path, why: &str) -> Failure {
    Failure::new(format!("{}: is no signing identity: {why}", name(directory))).remedy(
        "it holds one Ed25519 and one ML-DSA key, each as .key.pem and .pub.pem, and nothing else; `twinseal keygen` makes one",
    )
}

const A_DIRECTORY: &str = "an identity is the directory that `twinseal keygen` or `twinseal key adopt` made";

#[cfg(test)]
mod tests;
