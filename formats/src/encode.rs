//! The one canonical writer. What it returns has been read back by the reader of the same object, which is therefore the only place
//! that knows what is legal: a value that can not be read is refused here with the reader's own error.

use alloc::vec::Vec;

use crate::digest::Digest;
use crate::error::ParseError;
use crate::id::AnchorId;
use crate::seal::{ALG, KID, SealType, TYP};

mod cbor;
mod envelope;
mod evidence;
mod manifest;
mod trust;

pub use envelope::{NewSeal, envelope, trust_update, with_entries};
pub use evidence::evidence_index;
pub use manifest::{NewComponent, NewManifest};
pub use trust::{NewAnchor, NewTrustStore, trust_update_body};

use cbor::Writer;

/// The result of writing: bytes that the reader accepts.
pub type Encoded = Result<Vec<u8>, ParseError>;

/// The encoded `SUIT_Digest`: what every seal of an object has as its payload.
#[must_use]
pub fn digest(digest: &Digest) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.suit_digest(digest);
    writer.into_bytes()
}

/// An object's bytes with their byte-string head: what its digest is computed over.
#[must_use]
pub fn with_head(bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.bytes(bytes);
    writer.into_bytes()
}

/// The protected header of a seal: `{alg, kid, typ}` (F-22).
#[must_use]
pub fn protected_header(cose_algorithm: i64, anchor: AnchorId, seal_type: SealType) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.map(3);
    writer.key(ALG);
    writer.int(cose_algorithm);
    writer.key(KID);
    writer.bytes(&anchor.0);
    writer.key(TYP);
    writer.text(seal_type.text());
    writer.into_bytes()
}
