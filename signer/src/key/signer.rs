//! What makes seals: a key, wherever it lives.

use core::fmt;

use shake::{ExtendableOutput as _, Shake256, Update as _, XofReader as _};
use twinseal_formats::{AlgorithmClass, SealAlgorithm};

use super::{SigningKey, VerifyingKey};
use crate::error::{Failure, Result};

/// The message representative of ML-DSA (FIPS 204 Algorithm 7 line 6): what a token is given that can't take a whole message.
pub type Mu = [u8; 64];

/// A signing key behind whatever holds it: this process's memory, a token, a program of the vendor's.
///
/// Nothing that comes out of it is trusted: whoever asked for a signature verifies it with other code before it leaves the process.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The key that verifies what this one signs.
    fn verifying_key(&self) -> &VerifyingKey;

    /// Signs a message: Ed25519 (RFC 8032), or pure ML-DSA with the empty context (FIPS 204 Algorithm 2).
    ///
    /// # Errors
    ///
    /// The key can't be used now, or gives no signature of its algorithm's length.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;

    /// Signs what [`VerifyingKey::mu`] makes of a message. For ML-DSA the same signature verifies; Ed25519 has nothing like it.
    ///
    /// # Errors
    ///
    /// As [`Self::sign`], and for every key that is not ML-DSA.
    fn sign_mu(&self, mu: &Mu) -> Result<Vec<u8>>;

    /// The key itself, if it is in this process's memory and could be written to a file.
    fn exportable(&self) -> Option<&SigningKey> {
        None
    }

    /// The algorithm of its seals.
    fn algorithm(&self) -> SealAlgorithm {
        self.verifying_key().algorithm()
    }
}

impl VerifyingKey {
    /// The message representative of a message under this key, with the empty context; none for keys that are not ML-DSA.
    #[must_use]
    pub fn mu(&self, message: &[u8]) -> Option<Mu> {
        if self.algorithm().class() != AlgorithmClass::PostQuantum {
            return None;
        }
        let tr = shake256(&[self.as_bytes()]);
        // FIPS 204 Algorithm 2 line 10: pure, and a context of no bytes.
        Some(shake256(&[&tr, &[0, 0], message]))
    }
}

fn shake256(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = Shake256::default();
    for part in parts {
        hash.update(part);
    }
    let mut out = [0; 64];
    hash.finalize_xof().read(&mut out);
    out
}

/// Ed25519 was asked to sign mu.
pub(crate) fn no_mu(algorithm: SealAlgorithm) -> Failure {
    Failure::new(format!("{} signs messages; only ML-DSA signs mu", algorithm.name()))
}

#[cfg(test)]
mod tests {
    use super::super::Seed;
    use super::*;

    #[test]
    fn a_signature_over_mu_is_one_over_the_message() {
        for set in [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87] {
            let key = SigningKey::from_seed(set, Seed::new([7; 32])).unwrap();
            let verifying = key.verifying_key();
            let signature = key.sign_mu(&verifying.mu(b"message").unwrap()).unwrap();
            assert!(verifying.verify(b"message", &signature).is_ok(), "{set}");
            assert!(verifying.verify(b"massage", &signature).is_err(), "{set}");
            assert!(verifying.verify(b"message", &key.sign(b"message").unwrap()).is_ok(), "{set}");
        }
    }

    #[test]
    fn ed25519_has_no_mu() {
        let key = SigningKey::from_seed(SealAlgorithm::Ed25519, Seed::new([7; 32])).unwrap();
        assert_eq!(key.verifying_key().mu(b"message"), None);
        assert!(key.sign_mu(&[0; 64]).unwrap_err().to_string().contains("only ML-DSA"));
    }
}
