//! The bytes of Twinseal: bundles, trust stores and trust updates of profile 1, as docs/format.md fixes them.
//!
//! This crate knows shape and nothing of trust. Reading allocates nothing, recurses nowhere and can not panic; it accepts exactly
//! one encoding of each value, so that two readers can not differ. With the feature `alloc` there is one writer ([`encode`]) whose
//! output is read back before it is returned: what can not be read can not be written.
//!
//! | module | what | rules |
//! |---|---|---|
//! | `envelope` | a bundle's frame: seals and manifest as bytes | F-1 to F-9 |
//! | `manifest`, `component` | what a release is | F-10 to F-19 |
//! | `seal` | who vouches, and the bytes they signed | F-20 to F-26 |
//! | `evidence` | files for those who examine a release | F-30 to F-34 |
//! | `trust` | what a device trusts | F-40 to F-45 |
//! | `trust_update` | how that changes | F-50 to F-52 |
//!
//! The public interface is the list below.

#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod algorithm;
mod cbor;
mod component;
mod digest;
#[cfg(feature = "alloc")]
pub mod encode;
mod envelope;
mod error;
mod evidence;
mod id;
pub mod limits;
mod manifest;
mod payload;
mod seal;
mod trust;
mod trust_update;
mod version;

pub use algorithm::{AlgorithmClass, DigestAlgorithm, SealAlgorithm};
pub use component::{Component, evidence_name, payload_name};
pub use digest::Digest;
pub use envelope::Envelope;
pub use error::{ErrorCode, ErrorEntry, Fault, PARSE_ERRORS, ParseError, Stage};
pub use evidence::{EvidenceFile, EvidenceIndex, EvidenceSource};
pub use id::{AnchorId, ClassId, SecurityVersion, SequenceNumber, TrustEpoch, VendorId};
pub use manifest::{EvidenceCommitment, Manifest};
pub use payload::EntryHead;
pub use seal::{Seal, SealType, Seals, ToBeSigned};
pub use trust::{Anchor, AnchorKey, Requirement, Role, TrustStore};
pub use trust_update::{TrustUpdate, TrustUpdateBody};
pub use version::is_release_version;
