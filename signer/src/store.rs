//! Trust stores as files: what `--trust` names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use twinseal_formats::TrustStore;
use twinseal_formats::limits::MAX_STORE;
use twinseal_verifier::{Ed25519, Error, MlDsa44, MlDsa65, MlDsa87, SealVerifier, Verifier};

use crate::error::{Failure, Result, name};
use crate::input::{is_stdin, stdin, unreadable};

mod make;

pub use make::{LABEL_RULE, LabelledIdentity, NewStore, is_label};

/// Every algorithm that a trust anchor can have keys for.
pub static ALGORITHMS: &[&dyn SealVerifier] = &[&Ed25519, &MlDsa44, &MlDsa65, &MlDsa87];

/// Reads the bytes of a trust store, or standard input for `-`. Whether they are one is for [`open`] to say.
///
/// Of a longer file, one byte more than a trust store can have is read, so that `open` refuses it by its rule.
///
/// # Errors
///
/// The file can't be opened or read, or is a directory.
pub fn load(path: &Path) -> Result<Vec<u8>> {
    let read = if is_stdin(path) { read_bounded(stdin()?) } else { File::open(path).and_then(read_bounded) };
    read.map_err(|error| unreadable(path, error))
}

fn read_bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(u64::try_from(MAX_STORE).unwrap_or(u64::MAX).saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a trust store and makes the verifier of a device that holds it; every key is examined.
///
/// # Errors
///
/// What a device maker would be told: the rule of docs/format.md that the bytes break, or why the store can not be used.
pub fn open(bytes: &[u8]) -> core::result::Result<Verifier<'_>, Error> {
    Ok(Verifier::new(TrustStore::parse(bytes)?, ALGORITHMS)?)
}

/// As [`open`], for a command that needs the store to be usable: that it is not is a failure, not a finding.
///
/// # Errors
///
/// The error of [`open`], with the file's name.
pub fn open_file<'a>(bytes: &'a [u8], path: &Path) -> Result<Verifier<'a>> {
    open(bytes).map_err(|error| {
        Failure::new(format!("{}: can not be used as a trust store", name(path)))
            .because(error)
            .remedy("`twinseal trust show` says more; `twinseal trust make` makes one")
    })
}

#[cfg(test)]
mod tests {
    use twinseal_formats::SealAlgorithm;

    use super::*;

    #[test]
    fn every_algorithm_is_there_once() {
        let names: Vec<_> = ALGORITHMS.iter().map(|verifier| verifier.algorithm()).collect();
        assert_eq!(names, SealAlgorithm::ALL);
    }

    #[test]
    fn a_file_is_read_up_to_one_byte_more_than_a_store_can_have() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        for (length, found) in [(0, 0), (65_535, 65_535), (65_536, 65_536), (100_000, 65_536)] {
            std::fs::write(&path, vec![0xa7; length]).unwrap();
            let bytes = load(&path).unwrap();
            assert_eq!(bytes.len(), found);
            let error = open(&bytes).unwrap_err();
            assert_eq!(error.name() == "store-length", length == 0 || length > 65_535, "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        assert!(load(Path::new("/no/such")).unwrap_err().to_string().starts_with("/no/such: can not be read: "));
        assert!(load(Path::new("/")).unwrap_err().to_string().starts_with("/: can not be read: "));
    }
}
