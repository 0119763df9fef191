//! Ed25519 (RFC 8032), verified strictly, by the crate `ed25519-dalek`.

use ed25519_dalek::{Signature, VerifyingKey};
use twinseal_formats::SealAlgorithm;

use super::{BadSeal, SealVerifier, WeakKey};

/// Ed25519 with dalek's `verify_strict`: S below the group order, neither R nor the key of small order, no cofactor.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a name, with nothing in it")]
pub struct Ed25519;

impl SealVerifier for Ed25519 {
    fn algorithm(&self) -> SealAlgorithm {
        SealAlgorithm::Ed25519
    }

    /// A good key is the canonical encoding of a point of the prime-order group, and not the neutral element.
    ///
    /// `verify_strict` refuses small order only: a key with a low-order component would let one signature be valid here and
    /// invalid elsewhere.
    fn examine_key(&self, key: &[u8]) -> Result<(), WeakKey> {
        let key: &[u8; 32] = key.try_into().map_err(|_| WeakKey)?;
        let point = VerifyingKey::from_bytes(key).map_err(|_| WeakKey)?;
        let canonical = point.to_edwards().compress().to_bytes() == *key;
        if canonical && !point.is_weak() && point.to_edwards().is_torsion_free() { Ok(()) } else { Err(WeakKey) }
    }

    fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
        let key = VerifyingKey::from_bytes(key.try_into().map_err(|_| BadSeal)?).map_err(|_| BadSeal)?;
        let signature = Signature::from_slice(signature).map_err(|_| BadSeal)?;
        key.verify_strict(message, &signature).map_err(|_| BadSeal)
    }
}
