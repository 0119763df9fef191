//! The algorithms that verify seals, injected by the caller: what is not named is not linked.

use core::hint::black_box;

use twinseal_formats::{AlgorithmClass, SealAlgorithm};

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

    /// The same answer as a word, of which no fault of one bit, no register left as it was and no zero makes a good one (ADR 31).
    fn verdict(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Verdict {
        Verdict::of(self.algorithm(), self.verify(key, message, signature))
    }
}

/// What an algorithm says of a seal: one word for yes, another for each class of algorithm, and every other word for no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict(u32);

impl Verdict {
    /// The one that says yes.
    pub const fn valid(algorithm: SealAlgorithm) -> Self {
        match algorithm.class() {
            AlgorithmClass::Classical => Self(0x3CA5_965A),
            _ => Self(0xD21B_4E69),
        }
    }

    /// The verdict that a result stands for.
    pub fn of(algorithm: SealAlgorithm, result: Result<(), BadSeal>) -> Self {
        let bad = black_box(u32::from(result.is_err()));
        Self(Self::valid(algorithm).0 ^ 0_u32.wrapping_sub(bad))
    }

    /// The word.
    pub(crate) const fn word(self) -> u32 {
        self.0
    }
}

/// A key under which anybody could make seals, or that is not a key at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "adapters outside this crate must be able to say it")]
pub struct WeakKey;

/// A signature that is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "adapters outside this crate must be able to say it")]
pub struct BadSeal;
