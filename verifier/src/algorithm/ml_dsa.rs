//! ML-DSA (FIPS 204, Algorithm 3: pure, with empty context), by the crate `ml-dsa`.

use ml_dsa::{EncodedSignature, EncodedVerifyingKey, MlDsaParams, Signature, VerifyingKey};
use twinseal_formats::SealAlgorithm;

use super::{BadSeal, SealVerifier, WeakKey};

macro_rules! adapter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        #[expect(clippy::exhaustive_structs, reason = "a name, with nothing in it")]
        pub struct $name;

        impl SealVerifier for $name {
            fn algorithm(&self) -> SealAlgorithm {
                SealAlgorithm::$name
            }

            fn examine_key(&self, key: &[u8]) -> Result<(), WeakKey> {
                examine_key(SealAlgorithm::$name, key)
            }

            fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
                verify::<ml_dsa::$name>(key, message, signature)
            }
        }
    };
}

adapter! {
    /// ML-DSA-44.
    MlDsa44
}

adapter! {
    /// ML-DSA-65.
    MlDsa65
}

adapter! {
    /// ML-DSA-87.
    MlDsa87
}

/// With t1 = 0 the verification equation no longer holds the signer to anything: anybody can make signatures.
fn examine_key(algorithm: SealAlgorithm, key: &[u8]) -> Result<(), WeakKey> {
    let t1 = key.get(SEED_SIZE..).ok_or(WeakKey)?;
    if key.len() == algorithm.key_size() && t1.iter().any(|byte| *byte != 0) { Ok(()) } else { Err(WeakKey) }
}

fn verify<P: MlDsaParams>(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
    let key: &EncodedVerifyingKey<P> = key.try_into().map_err(|_| BadSeal)?;
    let signature: &EncodedSignature<P> = signature.try_into().map_err(|_| BadSeal)?;
    let signature = Signature::<P>::decode(signature).ok_or(BadSeal)?;
    if VerifyingKey::<P>::decode(key).verify_with_context(message, &[], &signature) { Ok(()) } else { Err(BadSeal) }
}

/// Bytes of rho, in front of t1 (FIPS 204, Algorithm 22).
const SEED_SIZE: usize = 32;
