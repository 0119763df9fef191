//! Decides whether a device may install or boot a Twinseal bundle.
//!
//! The road is a chain of types; each step consumes the one before and is the only place where the next one is made:
//!
//! | type | what it proves | made by |
//! |---|---|---|
//! | [`Envelope`] | the frame has the shape of profile 1 | `Envelope::parse`, [`Intake`] |
//! | [`AuthenticManifest`] | sealed by those whom the trust store demands | [`Verifier::authenticate`] |
//! | [`AdmittedManifest`] | for this device, and no rollback | [`AuthenticManifest::admit`] |
//! | [`VerifiedUpdate`] | every image in this storage is the one named | [`AdmittedManifest::verify_images`], `verify_enclosed`, [`Reception::finish`] |
//!
//! A trust store changes by a road of its own, with the feature `sha256`: [`TrustUpdate`], `AuthenticTrustUpdate`, `AdmittedTrustUpdate`,
//! `WrittenTrustStore` (docs/procedure.md, T-1 to T-17).
//!
//! The crate is pure: device identity, counters, storage and algorithms are arguments. It allocates nothing, recurses nowhere, does no
//! I/O, knows no clock, and can not panic. docs/procedure.md is the normative text of what happens in which order.
//!
//! ```
//! use twinseal_verifier::{Device, Envelope, Error, Install, Storage, Verifier, VerifiedUpdate};
//!
//! fn install<'m, S: Storage>(
//!     verifier: &Verifier<'_>,
//!     device: &Device<'_>,
//!     envelope: &'m [u8],
//!     slot: S,
//! ) -> Result<VerifiedUpdate<'m, Install, S>, Error> {
//!     let envelope = Envelope::parse(envelope)?;
//!     let admitted = verifier.authenticate(&envelope)?.admit::<Install>(device)?;
//!     admitted.verify_images(slot, &mut [0; 512]).map_err(|refused| refused.error())
//! }
//! ```
//!
//! # Features
//!
//! None is on by default, and none changes what another does.
//!
//! | feature | brings |
//! |---|---|
//! | `ed25519` | [`Ed25519`], by `ed25519-dalek` |
//! | `ed25519-comb` | [`ExpandedEd25519`]: the same verdict under a key whose multiples were computed before, by arithmetic of our own |
//! | `ml-dsa` | [`MlDsa44`], [`MlDsa65`], [`MlDsa87`] and, for a key with a table, [`ExpandedMlDsa`]: an engine of our own |
//! | `sha256` | SHA-256, anchor ids, and with them `Verifier::new` |
//! | `sha512` | SHA-384 and SHA-512 |

#![no_std]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admit;
mod algorithm;
#[cfg(feature = "sha256")]
mod anchor;
mod authenticate;
mod configure;
mod digest;
#[cfg(feature = "ed25519-comb")]
mod ed25519_comb;
mod error;
#[cfg(any(feature = "ed25519-comb", feature = "ml-dsa"))]
mod expanded;
mod image;
#[cfg(feature = "ml-dsa")]
#[doc(hidden)]
pub mod mldsa;
mod receive;
mod second_look;
mod storage;
#[cfg(feature = "sha256")]
mod trust_update;

pub use admit::{AdmittedManifest, Boot, ConfirmedRelease, Device, Install, Procedure};
#[cfg(feature = "ed25519")]
pub use algorithm::Ed25519;
pub use algorithm::{BadSeal, SealVerifier, Verdict, WeakKey};
#[cfg(feature = "ml-dsa")]
pub use algorithm::{MlDsa44, MlDsa65, MlDsa87};
#[cfg(feature = "sha256")]
pub use anchor::{anchor_id, thumbprint};
pub use authenticate::{AuthenticManifest, Verifier};
pub use digest::Hasher;
#[cfg(feature = "ed25519-comb")]
pub use ed25519_comb::{BaseComb, CombSize, ExpandedEd25519};
pub use error::{
    ADMIT_ERRORS, AUTHENTICATE_ERRORS, AdmitError, AuthenticateError, CONFIGURATION_ERRORS, ConfigurationError, Error,
    IMAGE_ERRORS, ImageError, UPDATE_ERRORS, UpdateError,
};
#[cfg(any(feature = "ed25519-comb", feature = "ml-dsa"))]
pub use expanded::BadTable;
pub use image::VerifiedUpdate;
#[cfg(feature = "ml-dsa")]
pub use mldsa::{ExpandedMlDsa, Fast, ParameterSet, Set44, Set65, Set87, Small, WorkingMemory, expand_ml_dsa};
pub use receive::{Intake, Reception};
pub use storage::{Extent, Refused, Slot, Source, Storage, StorageFault};
#[cfg(feature = "sha256")]
pub use trust_update::{
    AdmittedTrustUpdate, AuthenticTrustUpdate, ConfirmedFrame, TrustState, WrittenTrustStore, hold_epoch,
};
pub use twinseal_formats as formats;
pub use twinseal_formats::{Envelope, TrustStore, TrustUpdate};

/// How many cases a test of an engine runs, or how far apart they are: Miri takes thousands of times as long and runs fewer.
#[cfg(all(test, any(feature = "ed25519-comb", feature = "ml-dsa")))]
pub(crate) const fn cases(all: usize, under_miri: usize) -> usize {
    if cfg!(miri) { under_miri } else { all }
}
