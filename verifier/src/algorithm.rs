//! The algorithms that verify seals, injected by the caller: what is not named is not linked.

use twinseal_formats::SealAlgorithm;

#[cfg(feature = "ed25519")]
mod ed25519;
#[cfg(feature = "ml-dsa")]
mod ml_dsa;

#[cfg(feature = "ed25519")]
pub use ed25519::Ed25519;
#[cfg(feature = "ml-dsa")]
pub(crate) use ml_dsa::examine_ml_dsa_key;
#[cfg(feature = "ml-dsa")]
pub use ml_dsa::{MlDsa44, MlDsa65, MlDsa87};

/// Verifies the seals of one algorithm, under any key of it or, with a table, under one.
pub trait SealVerifier: Sync {
    /// Which algorithm.
    fn algorithm(&self) -> SealAlgorithm;

    /// Whether it can verify under this key. Of those that were given for an algorithm, the first that can is used, for good or ill: its
    /// verdict is final. So what has a table stands before what has none.
    fn serves(&self, key: &[u8]) -> bool {
        let _ = key;
        true
    }

    /// Refuses keys under which anybody could make seals. Called when an anchor is made, not for every bundle.
    ///
    /// # Errors
    /// [`WeakKey`], with no detail: there is nothing a caller could do about it.
    fn examine_key(&self, key: &[u8]) -> Result<(), WeakKey>;

    /// Verifies a signature. `key` comes from the trust store; `message` and `signature` are untrusted.
    ///
    /// # Errors
    /// [`BadSeal`], with no detail: a forger should learn nothing, and nobody else needs to.
    fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal>;
}

/// A key under which anybody could make seals, or that is not a key at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "adapters outside this crate must be able to say it")]
pub struct WeakKey;

/// A signature that is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "adapters outside this crate must be able to say it")]
pub struct BadSeal;
