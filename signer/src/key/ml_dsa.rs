//! The ML-DSA signing engine: the crate `ml-dsa`, held to hedged signing of pure ML-DSA.

use getrandom::SysRng;
use getrandom::rand_core::{TryCryptoRng, TryRng};
use ml_dsa::{ExpandedSigningKey, ExpandedSigningKeyBytes, MlDsaParams};
use twinseal_formats::SealAlgorithm;
use zeroize::Zeroizing;

use super::{KeyFault, expanded::ExpandedKey};
use crate::error::{Failure, Result};

/// A signing key in the form that signs; about 100 KB, so on the heap. Wiped on drop.
pub(super) struct MlDsaKey<P: MlDsaParams>(Box<ExpandedSigningKey<P>>);

impl<P: MlDsaParams> MlDsaKey<P> {
    /// Expands a seed (FIPS 204 Algorithm 6).
    pub(super) fn from_seed(seed: &[u8; 32]) -> Self {
        let seed = Zeroizing::new(ml_dsa::Seed::from(*seed));
        Self(Box::new(ExpandedSigningKey::from_seed(&seed)))
    }

    /// Takes an expanded key that agrees with itself.
    ///
    /// # Errors
    ///
    /// Whatever part of it does not follow from the others, and the expansion of the all-zero seed.
    pub(super) fn from_expanded(algorithm: SealAlgorithm, bytes: &[u8]) -> core::result::Result<Self, KeyFault> {
        // First, because the crate asserts the ranges that this refuses.
        let parts = ExpandedKey::read(algorithm, bytes)?;
        let exact = ExpandedSigningKeyBytes::<P>::try_from(bytes).map_err(|_| KeyFault::PrivateForm)?;
        let exact = Zeroizing::new(exact);
        #[expect(
            deprecated,
            reason = "the crate prefers seeds, and so do we; a key without its seed has no other way in"
        )]
        let key = Self(Box::new(ExpandedSigningKey::from_expanded(&exact)));
        parts.agrees_with(&key.public())?;
        if key.0 == Self::from_seed(&[0; 32]).0 {
            return Err(KeyFault::SeedIsZero);
        }
        Ok(key)
    }

    /// The expanded key (FIPS 204 Algorithm 24).
    pub(super) fn expanded(&self) -> Zeroizing<Vec<u8>> {
        #[expect(deprecated, reason = "compared with the expanded half of a file that has both forms")]
        let bytes = Zeroizing::new(self.0.to_expanded());
        Zeroizing::new(bytes.as_slice().to_vec())
    }

    /// The verifying key, computed from the secrets.
    pub(super) fn public(&self) -> Vec<u8> {
        self.0.verifying_key().encode().as_slice().to_vec()
    }

    /// A hedged signature (FIPS 204 Algorithm 2 with fresh randomness) with the empty context.
    ///
    /// Hedging is what FIPS 204 section 3.4 recommends: a signature repeated over one message is what fault attacks compare. The
    /// `Signer` trait of the crate is the deterministic variant, so it is not used.
    ///
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        self.sign_with(message, &mut SysRng)
    }

    /// A hedged signature over a message representative (FIPS 204 Algorithm 7, from line 7).
    ///
    /// # Errors
    ///
    /// The operating system has no random numbers.
    pub(super) fn sign_mu(&self, mu: &[u8; 64]) -> Result<Vec<u8>> {
        let mut drawn = Drawn::from(&mut SysRng)?;
        let signature = self.0.sign_mu_randomized(&(*mu).into(), &mut drawn).map_err(no_signature)?;
        Ok(signature.encode().as_slice().to_vec())
    }

    fn sign_with(&self, message: &[u8], random: &mut impl TryCryptoRng) -> Result<Vec<u8>> {
        let mut drawn = Drawn::from(random)?;
        let signature = self.0.sign_randomized(message, &[], &mut drawn).map_err(no_signature)?;
        Ok(signature.encode().as_slice().to_vec())
    }
}

fn no_signature(error: impl core::fmt::Display) -> Failure {
    Failure::new("ML-DSA found no signature for this message").because(error.to_string())
}

/// The failure of a random number generator.
pub(super) fn no_random_numbers(error: impl core::fmt::Display) -> Failure {
    Failure::new("the operating system gives no random numbers, and nothing is signed or made without them")
        .because(error.to_string())
}

/// The 32 random bytes of one signature (`rnd` of FIPS 204 Algorithm 2), handed out once.
struct Drawn(Zeroizing<[u8; 32]>);

impl Drawn {
    fn from(random: &mut impl TryCryptoRng) -> Result<Self> {
        // Drawn here, because the crate's error would not say what failed.
        let mut drawn = Self(Zeroizing::new([0; 32]));
        random.try_fill_bytes(&mut *drawn.0).map_err(no_random_numbers)?;
        if *drawn.0 == [0; 32] {
            return Err(Failure::new("the operating system's random numbers are all zeros"));
        }
        Ok(drawn)
    }
}

impl TryRng for Drawn {
    type Error = Exhausted;

    fn try_next_u32(&mut self) -> core::result::Result<u32, Exhausted> {
        Err(Exhausted)
    }

    fn try_next_u64(&mut self) -> core::result::Result<u64, Exhausted> {
        Err(Exhausted)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> core::result::Result<(), Exhausted> {
        // All zeros is the deterministic variant: what was handed out is gone.
        if out.len() != self.0.len() || *self.0 == [0; 32] {
            return Err(Exhausted);
        }
        out.copy_from_slice(&*self.0);
        self.0.fill(0);
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}

/// More randomness was asked for than one signature takes.
#[derive(Debug)]
struct Exhausted;

impl core::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("one signature takes 32 random bytes and no more")
    }
}

impl core::error::Error for Exhausted {}

#[cfg(test)]
mod tests {
    use ml_dsa::MlDsa44;

    use super::*;

    /// A generator that always gives the same byte, or fails.
    struct Fixed(Option<u8>);

    impl TryRng for Fixed {
        type Error = Exhausted;

        fn try_next_u32(&mut self) -> core::result::Result<u32, Exhausted> {
            Err(Exhausted)
        }

        fn try_next_u64(&mut self) -> core::result::Result<u64, Exhausted> {
            Err(Exhausted)
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> core::result::Result<(), Exhausted> {
            out.fill(self.0.ok_or(Exhausted)?);
            Ok(())
        }
    }

    impl TryCryptoRng for Fixed {}

    #[test]
    fn a_generator_that_fails_or_gives_zeros_fails_the_signature() {
        let key = MlDsaKey::<MlDsa44>::from_seed(&[1; 32]);
        let failure = key.sign_with(b"m", &mut Fixed(None)).unwrap_err();
        assert!(failure.to_string().contains("no random numbers"), "{failure}");
        assert!(key.sign_with(b"m", &mut Fixed(Some(0))).is_err());
    }

    #[test]
    fn the_randomness_of_a_signature_is_handed_out_once() {
        let mut drawn = Drawn(Zeroizing::new([7; 32]));
        let mut out = [0; 32];
        assert!(drawn.try_fill_bytes(&mut out[..31]).is_err());
        drawn.try_fill_bytes(&mut out).unwrap();
        assert_eq!(out, [7; 32]);
        assert!(drawn.try_fill_bytes(&mut out).is_err());
    }

    #[test]
    fn the_randomness_enters_the_signature() {
        let key = MlDsaKey::<MlDsa44>::from_seed(&[1; 32]);
        let with = |fill| key.sign_with(b"m", &mut Fixed(Some(fill))).unwrap();
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
        let deterministic = key.0.sign_deterministic(b"m", &[]).unwrap();
        assert_ne!(with(1), deterministic.encode().as_slice());
    }
}
