//! ML-DSA (FIPS 204, Algorithm 3: pure, with empty context), by the engine in `mldsa`.

use core::fmt::{self, Debug};
use core::marker::PhantomData;

use twinseal_formats::SealAlgorithm;

use super::{BadSeal, SealVerifier, WeakKey};
use crate::mldsa::{ExpandedKey, Input, ParameterSet, Set44, Set65, Set87, verify_compact};

macro_rules! adapter {
    ($(#[$doc:meta])* $name:ident, $set:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        #[expect(clippy::exhaustive_structs, reason = "a name, with nothing in it")]
        pub struct $name;

        impl SealVerifier for $name {
            fn algorithm(&self) -> SealAlgorithm {
                $set::ALGORITHM
            }

            fn examine_key(&self, key: &[u8]) -> Result<(), WeakKey> {
                examine_key($set::ALGORITHM, key)
            }

            fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
                verify_compact::<$set>(key, pure(message), signature)
            }
        }
    };
}

adapter! {
    /// ML-DSA-44, from the bytes of the key.
    MlDsa44, Set44
}

adapter! {
    /// ML-DSA-65, from the bytes of the key.
    MlDsa65, Set65
}

adapter! {
    /// ML-DSA-87, from the bytes of the key.
    MlDsa87, Set87
}

/// ML-DSA with tables for some keys; from their bytes alone for all others. The verdict is the same.
pub struct ExpandedMlDsa<'a, P, M = Fast> {
    keys: &'a [ExpandedKey<'a, P>],
    memory: PhantomData<M>,
}

/// How much working memory a verification from a table takes.
pub trait WorkingMemory: Debug + Copy + Send + Sync + 'static + Sealed {}

/// Keeps z: about 7.5 KB of stack for ML-DSA-65.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a name; there is no value of it")]
pub enum Fast {}

/// Computes z again for every row: about 3 KB of stack.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a name; there is no value of it")]
pub enum Small {}

impl WorkingMemory for Fast {}
impl WorkingMemory for Small {}

/// What a working memory does.
#[expect(unnameable_types, reason = "so that nobody adds a third")]
pub trait Sealed {
    fn verify<P: ParameterSet>(key: &ExpandedKey<'_, P>, input: Input<'_>, signature: &[u8]) -> Result<(), BadSeal>;
}

impl Sealed for Fast {
    fn verify<P: ParameterSet>(key: &ExpandedKey<'_, P>, input: Input<'_>, signature: &[u8]) -> Result<(), BadSeal> {
        key.verify_fast(input, signature)
    }
}

impl Sealed for Small {
    fn verify<P: ParameterSet>(key: &ExpandedKey<'_, P>, input: Input<'_>, signature: &[u8]) -> Result<(), BadSeal> {
        key.verify_small(input, signature)
    }
}

impl<'a, P: ParameterSet, M: WorkingMemory> ExpandedMlDsa<'a, P, M> {
    /// An algorithm that has tables for these keys.
    #[must_use]
    pub const fn new(keys: &'a [ExpandedKey<'a, P>]) -> Self {
        Self { keys, memory: PhantomData }
    }
}

impl<P: ParameterSet, M: WorkingMemory> SealVerifier for ExpandedMlDsa<'_, P, M> {
    fn algorithm(&self) -> SealAlgorithm {
        P::ALGORITHM
    }

    fn examine_key(&self, key: &[u8]) -> Result<(), WeakKey> {
        examine_key(P::ALGORITHM, key)
    }

    fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
        match self.keys.iter().find(|expanded| expanded.key() == key) {
            Some(expanded) => M::verify(expanded, pure(message), signature),
            None => verify_compact::<P>(key, pure(message), signature),
        }
    }
}

impl<P: ParameterSet, M> Debug for ExpandedMlDsa<'_, P, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExpandedMlDsa")
    }
}

/// What is sealed: with the empty context, always (F-20).
const fn pure(message: &[u8]) -> Input<'_> {
    Input::Pure { context: &[], message }
}

/// With t1 = 0 the verification equation no longer holds the signer to anything: anybody can make signatures.
fn examine_key(algorithm: SealAlgorithm, key: &[u8]) -> Result<(), WeakKey> {
    let t1 = key.get(SEED_SIZE..).ok_or(WeakKey)?;
    if key.len() == algorithm.key_size() && t1.iter().any(|byte| *byte != 0) { Ok(()) } else { Err(WeakKey) }
}

/// Bytes of rho, in front of t1 (FIPS 204, Algorithm 22).
const SEED_SIZE: usize = 32;
