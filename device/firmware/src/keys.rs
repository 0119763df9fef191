//! The algorithms as an image has them: from the keys' bytes (`compact`), or from their tables with z kept (`fast`) or not (`small`).
#![allow(dead_code, reason = "not every image needs both")]

#[cfg(not(feature = "compact"))]
pub(crate) use expanded::*;

/// ML-DSA from the bytes of any key.
#[cfg(feature = "compact")]
pub(crate) const fn ml_dsa() -> Option<impl twinseal_verifier::SealVerifier> {
    #[cfg(feature = "set44")]
    use twinseal_verifier::MlDsa44 as MlDsa;
    #[cfg(feature = "set65")]
    use twinseal_verifier::MlDsa65 as MlDsa;
    #[cfg(feature = "set87")]
    use twinseal_verifier::MlDsa87 as MlDsa;
    Some(MlDsa)
}

/// Ed25519 from the bytes of any key.
#[cfg(feature = "compact")]
pub(crate) const fn ed25519() -> Option<impl twinseal_verifier::SealVerifier> {
    Some(twinseal_verifier::Ed25519)
}

#[cfg(not(feature = "compact"))]
mod expanded {
    #[cfg(feature = "fast")]
    use twinseal_verifier::Fast as Memory;
    #[cfg(feature = "set44")]
    use twinseal_verifier::Set44 as Set;
    #[cfg(feature = "set65")]
    use twinseal_verifier::Set65 as Set;
    #[cfg(feature = "set87")]
    use twinseal_verifier::Set87 as Set;
    #[cfg(feature = "small")]
    use twinseal_verifier::Small as Memory;
    use twinseal_verifier::{BaseComb, ExpandedEd25519, ExpandedMlDsa, SealVerifier};

    use crate::board::given::{ED25519_KEY, ED25519_TABLE, ML_DSA_KEY, ML_DSA_TABLE};

    /// ML-DSA under the one key that there is a table for.
    pub(crate) fn ml_dsa() -> Option<impl SealVerifier> {
        ExpandedMlDsa::<Set, Memory>::from_write_protected(ML_DSA_TABLE.words(), ML_DSA_KEY.bytes()).ok()
    }

    /// Ed25519 under the one key that there is a table for.
    pub(crate) fn ed25519() -> Option<impl SealVerifier> {
        ExpandedEd25519::from_write_protected(ED25519_TABLE.bytes(), ED25519_KEY.bytes(), BASE).ok()
    }

    #[cfg(feature = "teeth4")]
    const BASE: BaseComb = BaseComb::TEETH_4;
    #[cfg(feature = "teeth5")]
    const BASE: BaseComb = BaseComb::TEETH_5;
    #[cfg(feature = "teeth6")]
    const BASE: BaseComb = BaseComb::TEETH_6;
    #[cfg(feature = "teeth7")]
    const BASE: BaseComb = BaseComb::TEETH_7;
    #[cfg(feature = "teeth9")]
    const BASE: BaseComb = BaseComb::TEETH_9;
    #[cfg(not(any(
        feature = "teeth4",
        feature = "teeth5",
        feature = "teeth6",
        feature = "teeth7",
        feature = "teeth9"
    )))]
    const BASE: BaseComb = BaseComb::TEETH_8;
}
