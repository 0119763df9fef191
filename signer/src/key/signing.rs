//! Signing keys.

use core::fmt;

use ed25519_dalek::Signer as _;
use ml_dsa::{MlDsa44, MlDsa65, MlDsa87};
use twinseal_formats::SealAlgorithm;
use zeroize::Zeroizing;

use super::ml_dsa::{MlDsaKey, no_random_numbers};
use super::signer::no_mu;
use super::{KeyFault, Mu, Signer, VerifyingKey, encrypted, pem, pkcs8};
use crate::error::{Failure, Result};

/// What a signing key is grown from: 32 random bytes, wiped on drop.
pub type Seed = Zeroizing<[u8; 32]>;

/// A signing key. Wiped on drop, and never shown.
pub struct SigningKey {
    engine: Engine,
    /// Unless the key came in expanded form only.
    seed: Option<Seed>,
    verifying: VerifyingKey,
}

enum Engine {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    MlDsa44(MlDsaKey<MlDsa44>),
    MlDsa65(MlDsaKey<MlDsa65>),
    MlDsa87(MlDsaKey<MlDsa87>),
}

impl SigningKey {
    /// Makes a key from the operating system's random numbers.
    ///
    /// # Errors
    ///
    /// There are none.
    pub fn generate(algorithm: SealAlgorithm) -> Result<Self> {
        let mut seed = Seed::default();
        getrandom::fill(&mut *seed).map_err(no_random_numbers)?;
        Self::from_seed(algorithm, seed)
            .map_err(|fault| Failure::new(format!("no {} key could be made", algorithm.name())).because(fault))
    }

    /// Grows a key from its seed (RFC 8032 section 5.1.5, FIPS 204 Algorithm 6).
    ///
    /// # Errors
    ///
    /// [`KeyFault::SeedIsZero`]; [`KeyFault::Unsupported`] for an algorithm newer than this crate.
    pub fn from_seed(algorithm: SealAlgorithm, seed: Seed) -> core::result::Result<Self, KeyFault> {
        if *seed == [0; 32] {
            return Err(KeyFault::SeedIsZero);
        }
        let engine = match algorithm {
            SealAlgorithm::Ed25519 => Engine::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed))),
            SealAlgorithm::MlDsa44 => Engine::MlDsa44(MlDsaKey::from_seed(&seed)),
            SealAlgorithm::MlDsa65 => Engine::MlDsa65(MlDsaKey::from_seed(&seed)),
            SealAlgorithm::MlDsa87 => Engine::MlDsa87(MlDsaKey::from_seed(&seed)),
            _ => return Err(KeyFault::Unsupported(algorithm)),
        };
        Self::from_engine(algorithm, engine, Some(seed))
    }

    /// Takes an expanded ML-DSA key whose parts agree (RFC 9881 section 6).
    pub(super) fn from_expanded(algorithm: SealAlgorithm, bytes: &[u8]) -> core::result::Result<Self, KeyFault> {
        let engine = match algorithm {
            SealAlgorithm::MlDsa44 => Engine::MlDsa44(MlDsaKey::from_expanded(algorithm, bytes)?),
            SealAlgorithm::MlDsa65 => Engine::MlDsa65(MlDsaKey::from_expanded(algorithm, bytes)?),
            SealAlgorithm::MlDsa87 => Engine::MlDsa87(MlDsaKey::from_expanded(algorithm, bytes)?),
            _ => return Err(KeyFault::Unsupported(algorithm)),
        };
        Self::from_engine(algorithm, engine, None)
    }

    fn from_engine(
        algorithm: SealAlgorithm,
        engine: Engine,
        seed: Option<Seed>,
    ) -> core::result::Result<Self, KeyFault> {
        let public = match &engine {
            Engine::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
            Engine::MlDsa44(key) => key.public(),
            Engine::MlDsa65(key) => key.public(),
            Engine::MlDsa87(key) => key.public(),
        };
        let verifying = VerifyingKey::from_raw(algorithm, &public)?;
        Ok(Self { engine, seed, verifying })
    }

    /// Reads a file of one `PRIVATE KEY` block (PKCS#8): Ed25519 (RFC 8410), or any of the three ML-DSA forms (RFC 9881).
    ///
    /// # Errors
    ///
    /// What is wrong with it; [`KeyFault::Encrypted`] if it is a key, but encrypted.
    pub fn from_pem(file: &[u8]) -> core::result::Result<Self, KeyFault> {
        let der = pem::decode(pem::only_block(file)?, LABEL).map_err(|fault| match fault {
            KeyFault::Label { found, .. } if found == encrypted::LABEL => KeyFault::Encrypted,
            fault => fault,
        })?;
        pkcs8::read(&der)
    }

    /// One `PRIVATE KEY` block (PKCS#8) that holds the seed (RFC 8410 section 7, RFC 9881 section 6).
    ///
    /// # Errors
    ///
    /// The key came in expanded form only, so its seed is not known.
    pub fn to_pem(&self) -> Result<Zeroizing<String>> {
        pem::encode(&self.to_der()?, LABEL).map_err(|fault| self.unwritable(fault))
    }

    pub(super) fn to_der(&self) -> Result<Zeroizing<Vec<u8>>> {
        let seed = self.seed.as_ref().ok_or_else(|| {
            self.unwritable("its seed is not known")
                .remedy("keep the file it came from, or make a new signing identity")
        })?;
        pkcs8::write(self.algorithm(), seed).map_err(|fault| self.unwritable(fault))
    }

    pub(super) fn unwritable(&self, why: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Failure {
        Failure::new(format!("the {} signing key can not be written", self.algorithm().name())).because(why)
    }

    /// What it was grown from, unless it came in expanded form only.
    pub(super) const fn seed(&self) -> Option<&Seed> {
        self.seed.as_ref()
    }

    /// The expanded form of an ML-DSA key.
    pub(super) fn expanded(&self) -> Option<Zeroizing<Vec<u8>>> {
        match &self.engine {
            Engine::Ed25519(_) => None,
            Engine::MlDsa44(key) => Some(key.expanded()),
            Engine::MlDsa65(key) => Some(key.expanded()),
            Engine::MlDsa87(key) => Some(key.expanded()),
        }
    }

    /// The algorithm of its seals.
    #[must_use]
    pub const fn algorithm(&self) -> SealAlgorithm {
        self.verifying.algorithm()
    }

    /// The key that verifies its seals, computed from the secret.
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }
}

/// The signature has not been verified: a fault while signing can spoil it, and a spoiled signature can give the key away. Verify it
/// with code that took no part in making it before it leaves the process. ML-DSA is hedged.
impl Signer for SigningKey {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match &self.engine {
            Engine::Ed25519(key) => key
                .try_sign(message)
                .map(|signature| signature.to_bytes().to_vec())
                .map_err(|error| Failure::new("Ed25519 gave no signature").because(error.to_string())),
            Engine::MlDsa44(key) => key.sign(message),
            Engine::MlDsa65(key) => key.sign(message),
            Engine::MlDsa87(key) => key.sign(message),
        }
    }

    fn sign_mu(&self, mu: &Mu) -> Result<Vec<u8>> {
        match &self.engine {
            Engine::Ed25519(_) => Err(no_mu(self.algorithm())),
            Engine::MlDsa44(key) => key.sign_mu(mu),
            Engine::MlDsa65(key) => key.sign_mu(mu),
            Engine::MlDsa87(key) => key.sign_mu(mu),
        }
    }

    fn exportable(&self) -> Option<&SigningKey> {
        Some(self)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}

pub(super) const LABEL: &str = "PRIVATE KEY";

#[cfg(test)]
mod tests {
    use ml_dsa::signature::Verifier as _;

    use super::*;

    fn key(algorithm: SealAlgorithm) -> SigningKey {
        SigningKey::from_seed(algorithm, Seed::new([0x42; 32])).unwrap()
    }

    fn verifies<P: ml_dsa::MlDsaParams>(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
        let key = ml_dsa::VerifyingKey::<P>::decode(&key.as_bytes().try_into().unwrap());
        key.verify(message, &signature.try_into().unwrap()).is_ok()
    }

    #[test]
    fn signatures_verify_and_have_their_size() {
        for algorithm in SealAlgorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let signature = key.sign(b"message").unwrap();
            assert_eq!(signature.len(), algorithm.signature_size());
            let verifying = key.verifying_key();
            let good = |message: &[u8]| match algorithm {
                SealAlgorithm::MlDsa44 => verifies::<MlDsa44>(verifying, message, &signature),
                SealAlgorithm::MlDsa65 => verifies::<MlDsa65>(verifying, message, &signature),
                SealAlgorithm::MlDsa87 => verifies::<MlDsa87>(verifying, message, &signature),
                _ => ed25519_dalek::VerifyingKey::try_from(verifying.as_bytes())
                    .unwrap()
                    .verify_strict(message, &signature.as_slice().try_into().unwrap())
                    .is_ok(),
            };
            assert!(good(b"message"), "{}", algorithm.name());
            assert!(!good(b"massage"), "{}", algorithm.name());
        }
    }

    #[test]
    fn ml_dsa_is_hedged_and_ed25519_is_not() {
        for algorithm in SealAlgorithm::ALL {
            let key = key(algorithm);
            let same = key.sign(b"message").unwrap() == key.sign(b"message").unwrap();
            assert_eq!(same, algorithm == SealAlgorithm::Ed25519);
        }
    }

    #[test]
    fn two_generated_keys_differ() {
        let made = || SigningKey::generate(SealAlgorithm::MlDsa44).unwrap();
        assert_ne!(made().verifying_key(), made().verifying_key());
    }

    #[test]
    fn every_key_survives_the_round_trip() {
        for algorithm in SealAlgorithm::ALL {
            let key = key(algorithm);
            let text = key.to_pem().unwrap();
            let back = SigningKey::from_pem(text.as_bytes()).unwrap();
            assert_eq!(back.verifying_key(), key.verifying_key());
            assert_eq!(back.to_pem().unwrap(), text);
        }
    }

    #[test]
    fn the_all_zero_seed_is_refused() {
        for algorithm in SealAlgorithm::ALL {
            assert_eq!(SigningKey::from_seed(algorithm, Seed::default()).unwrap_err(), KeyFault::SeedIsZero);
        }
    }

    #[test]
    fn the_first_vector_of_rfc_8032_comes_out() {
        // RFC 8032 section 7.1, TEST 2.
        let seed = [
            0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a,
            0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
        ];
        let key = SigningKey::from_seed(SealAlgorithm::Ed25519, Seed::new(seed)).unwrap();
        assert_eq!(key.verifying_key().as_bytes()[..4], [0x3d, 0x40, 0x17, 0xc3]);
        assert_eq!(key.sign(&[0x72]).unwrap()[..4], [0x92, 0xa0, 0x09, 0xa9]);
    }

    #[test]
    fn nothing_secret_is_shown() {
        assert_eq!(format!("{:?}", key(SealAlgorithm::Ed25519)), "SigningKey { algorithm: Ed25519, .. }");
    }
}
