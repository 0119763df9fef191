//! Verifying keys.

use twinseal_formats::SealAlgorithm;
use twinseal_verifier::BadSeal;

use super::{KeyFault, pem, spki};
use crate::error::{Failure, Result};
use crate::store::ALGORITHMS;

/// A verifying key: an algorithm, and as many bytes as it has.
///
/// Nothing more is known of it. That it is no weak key (a small-order point, t1 = 0) is asked by the verifier when it becomes
/// part of a trust anchor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VerifyingKey {
    algorithm: SealAlgorithm,
    bytes: Vec<u8>,
}

impl VerifyingKey {
    /// A key from its raw bytes: the point of Ed25519 (RFC 8032 section 5.1.5), `pk` of ML-DSA (FIPS 204 Algorithm 22).
    ///
    /// # Errors
    ///
    /// [`KeyFault::Size`].
    pub fn from_raw(algorithm: SealAlgorithm, bytes: &[u8]) -> core::result::Result<Self, KeyFault> {
        if bytes.len() != algorithm.key_size() {
            return Err(KeyFault::Size { expected: algorithm.key_size(), found: bytes.len() });
        }
        Ok(Self { algorithm, bytes: bytes.to_vec() })
    }

    /// Reads SubjectPublicKeyInfo in DER; nothing may follow it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn from_spki_der(der: &[u8]) -> core::result::Result<Self, KeyFault> {
        spki::read(der)
    }

    /// Reads a file of one `PUBLIC KEY` block.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn from_pem(file: &[u8]) -> core::result::Result<Self, KeyFault> {
        Self::from_block(pem::only_block(file)?)
    }

    /// Reads a file of one or more `PUBLIC KEY` blocks.
    ///
    /// # Errors
    ///
    /// What is wrong with the first bad one.
    pub fn all_from_pem(file: &[u8]) -> core::result::Result<Vec<Self>, KeyFault> {
        pem::blocks(file)?.into_iter().map(Self::from_block).collect()
    }

    fn from_block(block: &[u8]) -> core::result::Result<Self, KeyFault> {
        Self::from_spki_der(&pem::decode(block, LABEL)?)
    }

    /// SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    ///
    /// The algorithm has no identifier: one newer than this crate.
    pub fn to_spki_der(&self) -> Result<Vec<u8>> {
        spki::write(self).map_err(|fault| self.unwritable(fault))
    }

    /// One `PUBLIC KEY` block.
    ///
    /// # Errors
    ///
    /// As [`to_spki_der`](Self::to_spki_der).
    pub fn to_pem(&self) -> Result<String> {
        let text = pem::encode(&self.to_spki_der()?, LABEL).map_err(|fault| self.unwritable(fault))?;
        Ok(text.to_string())
    }

    fn unwritable(&self, fault: KeyFault) -> Failure {
        Failure::new(format!("the {} verifying key can not be written", self.algorithm.name())).because(fault)
    }

    /// The algorithm of its seals.
    #[must_use]
    pub const fn algorithm(&self) -> SealAlgorithm {
        self.algorithm
    }

    /// The raw bytes, [`key_size`](SealAlgorithm::key_size) of them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Verifies a signature over a message with the device's own code.
    ///
    /// # Errors
    ///
    /// The signature is not valid, or the algorithm is newer than this crate.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> core::result::Result<(), BadSeal> {
        let known = ALGORITHMS.iter().find(|known| known.algorithm() == self.algorithm);
        known.ok_or(BadSeal)?.verify(&self.bytes, message, signature)
    }
}

pub(super) const LABEL: &str = "PUBLIC KEY";

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn keys() -> impl Iterator<Item = VerifyingKey> {
        SealAlgorithm::ALL.into_iter().map(|algorithm| VerifyingKey { algorithm, bytes: vec![7; algorithm.key_size()] })
    }

    #[test]
    fn every_key_survives_the_round_trip() {
        for key in keys() {
            assert_eq!(VerifyingKey::from_spki_der(&key.to_spki_der().unwrap()).unwrap(), key);
            assert_eq!(VerifyingKey::from_pem(key.to_pem().unwrap().as_bytes()).unwrap(), key);
        }
    }

    #[test]
    fn the_ed25519_example_of_rfc_8410_reads() {
        let text = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
                    -----END PUBLIC KEY-----\n";
        let key = VerifyingKey::from_pem(text.as_bytes()).unwrap();
        assert_eq!(key.algorithm(), SealAlgorithm::Ed25519);
        assert_eq!(key.as_bytes()[..3], [0x19, 0xbf, 0x44]);
        assert_eq!(key.to_pem().unwrap(), text);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        for key in keys() {
            let expected = key.bytes.len();
            for found in [0, expected - 1, expected + 1] {
                let faulty = VerifyingKey { algorithm: key.algorithm, bytes: vec![7; found] };
                let fault = Err(KeyFault::Size { expected, found });
                assert_eq!(VerifyingKey::from_raw(faulty.algorithm, &faulty.bytes), fault);
                assert_eq!(VerifyingKey::from_spki_der(&faulty.to_spki_der().unwrap()), fault);
            }
        }
    }

    #[test]
    fn what_follows_the_key_is_refused() {
        for key in keys() {
            let mut der = key.to_spki_der().unwrap();
            der.push(0);
            assert!(matches!(VerifyingKey::from_spki_der(&der), Err(KeyFault::Der(_))));
        }
    }

    #[test]
    fn parameters_are_refused() {
        // The example of RFC 8410 with a NULL in its AlgorithmIdentifier.
        let mut der = vec![0x30, 0x2c, 0x30, 0x07, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x05, 0x00, 0x03, 0x21, 0x00];
        der.extend([7; 32]);
        assert_eq!(VerifyingKey::from_spki_der(&der), Err(KeyFault::AlgorithmParameters));
    }

    #[test]
    fn another_algorithm_is_refused_by_name() {
        // X25519 is 1.3.101.110.
        let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00];
        der.extend([7; 32]);
        let fault = VerifyingKey::from_spki_der(&der).unwrap_err();
        assert_eq!(fault.to_string(), "algorithm 1.3.101.110 is neither Ed25519 nor ML-DSA");
    }

    #[test]
    fn bits_that_are_not_whole_bytes_are_refused() {
        let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x01];
        der.extend([8; 32]);
        assert!(matches!(VerifyingKey::from_spki_der(&der), Err(KeyFault::Der(_))));
    }

    #[test]
    fn the_examples_of_rfc_9881_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/keys-rfc9881");
        let Ok(entries) = fs::read_dir(folder) else {
            println!("skipped: needs ../shared/vectors");
            return;
        };
        let mut cases = 0;
        for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension() == Some("pub".as_ref())) {
            let key = VerifyingKey::from_pem(&fs::read(&path).unwrap()).unwrap();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_lowercase();
            assert_eq!(key.algorithm().name(), stem);
            cases += 1;
        }
        println!("{cases} cases");
        assert_eq!(cases, 3);
    }
}
