//! Making a verifier: what a trust store must satisfy before anything is decided with it (docs/procedure.md, C-1 to C-9).

use twinseal_formats::{AnchorKey, DigestAlgorithm, Role, TrustStore};

use crate::algorithm::SealVerifier;
#[cfg(feature = "sha256")]
use crate::anchor::anchor_id;
use crate::authenticate::{Verifier, available};
use crate::digest::Hasher;
use crate::error::ConfigurationError;

impl<'a> Verifier<'a> {
    /// A verifier for a trust store that came from anywhere: examines every key and computes every anchor id.
    ///
    /// Hosts use this always; devices when a store is made or updated.
    ///
    /// # Errors
    /// [`ConfigurationError`], by the first rule that the store breaks. A store that would let anything pass is never used.
    #[cfg(feature = "sha256")]
    pub fn new(store: TrustStore<'a>, algorithms: &'a [&'a dyn SealVerifier]) -> Result<Self, ConfigurationError> {
        let this = Self::from_write_protected(store, algorithms)?;
        for anchor in store.anchors() {
            if anchor_id(anchor.keys()) != Some(anchor.id()) {
                return Err(ConfigurationError::AnchorIdMismatch);
            }
            for key in anchor.keys() {
                let weak = ConfigurationError::WeakKey { algorithm: key.algorithm };
                available(algorithms, &key)?.examine_key(key.bytes).map_err(|_| weak)?;
            }
        }
        Ok(this)
    }

    /// A verifier for a trust store in memory that only provisioning or a trust update can write, and whose keys and anchor ids were
    /// examined then. Whoever can write that memory decides what the device trusts.
    ///
    /// # Errors
    /// [`ConfigurationError`], by the first rule that the store breaks. A store that would let anything pass is never used.
    #[inline(never)]
    pub fn from_write_protected(
        store: TrustStore<'a>,
        algorithms: &'a [&'a dyn SealVerifier],
    ) -> Result<Self, ConfigurationError> {
        requirements_can_be_met(&store)?;
        if !digest_available(store.minimum_digest()) {
            return Err(ConfigurationError::DigestNotAvailable { algorithm: store.minimum_digest() });
        }
        for anchor in store.anchors() {
            if !anchor.is_hybrid() && !store.is_single_class() {
                return Err(ConfigurationError::SingleClassAnchor);
            }
            for key in anchor.keys() {
                available(algorithms, &key)?;
                if holders(&store, &key) != 1 {
                    return Err(ConfigurationError::SharedKey);
                }
            }
        }
        Ok(Self { store, algorithms })
    }
}

/// Every role that has anchors has a requirement between 1 and their number, and releases have one.
fn requirements_can_be_met(store: &TrustStore<'_>) -> Result<(), ConfigurationError> {
    if !store.requirements().any(|requirement| requirement.role == Role::Release) {
        return Err(ConfigurationError::NoReleaseRequirement);
    }
    for role in Role::ALL {
        let anchors = store.anchors().filter(|anchor| anchor.role() == role).count();
        let demanded = store.requirements().find(|requirement| requirement.role == role);
        match demanded.map(|requirement| requirement.threshold) {
            None if anchors == 0 => {}
            None => return Err(ConfigurationError::RoleWithoutRequirement { role }),
            Some(0) => return Err(ConfigurationError::ThresholdZero { role }),
            Some(threshold) if usize::from(threshold) > anchors => {
                return Err(ConfigurationError::ThresholdUnreachable { role });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Whether a digest at least as strong as `minimum` is compiled in.
fn digest_available(minimum: DigestAlgorithm) -> bool {
    DigestAlgorithm::ALL.into_iter().any(|algorithm| algorithm >= minimum && Hasher::new(algorithm).is_some())
}

/// How many anchors of the store hold this key.
fn holders(store: &TrustStore<'_>, key: &AnchorKey<'_>) -> usize {
    store.anchors().flat_map(|anchor| anchor.keys()).filter(|other| other == key).count()
}
