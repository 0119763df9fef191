//! ML-DSA (FIPS 204, Algorithm 3: pure, with empty context), by the engine in `mldsa`.

use twinseal_formats::SealAlgorithm;

use super::{BadSeal, SealVerifier, WeakKey};
use crate::mldsa::{Input, ParameterSet, Set44, Set65, Set87, verify_from_bytes};

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
                examine_ml_dsa_key($set::ALGORITHM, key)
            }

            fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
                verify_from_bytes::<$set>(key, Input::sealed(message), signature)
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

/// With t1 = 0 the verification equation no longer holds the signer to anything: anybody can make signatures.
pub(crate) fn examine_ml_dsa_key(algorithm: SealAlgorithm, key: &[u8]) -> Result<(), WeakKey> {
    let t1 = key.get(SEED_SIZE..).ok_or(WeakKey)?;
    if key.len() == algorithm.key_size() && t1.iter().any(|byte| *byte != 0) { Ok(()) } else { Err(WeakKey) }
}

/// Bytes of rho, in front of t1 (FIPS 204, Algorithm 22).
const SEED_SIZE: usize = 32;
