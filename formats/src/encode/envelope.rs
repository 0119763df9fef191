//! Writing the frames of bundles and trust updates around what is sealed.

use alloc::vec::Vec;

use super::{Encoded, Writer, protected_header};
use crate::cbor::canonical_order;
use crate::digest::Digest;
use crate::envelope::{Envelope, SEALED, SEALS};
use crate::id::AnchorId;
use crate::seal::SealType;
use crate::trust_update::TrustUpdate;

/// A seal to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a caller must state every field of a seal")]
pub struct NewSeal {
    /// The identity it commits to.
    pub anchor: AnchorId,
    /// The algorithm's COSE number.
    pub cose_algorithm: i64,
    /// The signature.
    pub signature: Vec<u8>,
}

/// The frame of a bundle: everything before the payloads. `entries` counts all entries that the envelope will have.
///
/// Seals may be given in any order.
///
/// # Errors
/// The rule of docs/format.md that the reader says the frame would break.
pub fn envelope(entries: usize, digest: &Digest, seals: &[NewSeal], manifest: &[u8]) -> Encoded {
    let mut writer = Writer::new();
    writer.tag(107);
    writer.map(entries);
    sealed(&mut writer, digest, seals, SealType::Release, manifest);
    let bytes = writer.into_bytes();
    Envelope::parse(&bytes)?;
    Ok(bytes)
}

/// The frame of another form of the same release: the same bytes but for the number of entries.
///
/// # Errors
/// The rule of docs/format.md that `frame`, or the result, breaks.
pub fn with_entries(frame: &[u8], entries: usize) -> Encoded {
    let envelope = Envelope::parse(frame)?;
    // The tag takes two bytes, the number of entries one, or two from 24 on.
    let count_end = if envelope.entries() < 24 { 3 } else { 4 };
    let behind_count = frame.get(count_end..envelope.size()).unwrap_or_default();
    let mut writer = Writer::new();
    writer.tag(107);
    writer.map(entries);
    writer.encoded(behind_count);
    let bytes = writer.into_bytes();
    Envelope::parse(&bytes)?;
    Ok(bytes)
}

/// A trust update around its body.
///
/// # Errors
/// The rule of docs/format.md that the reader says the frame would break.
pub fn trust_update(digest: &Digest, seals: &[NewSeal], body: &[u8]) -> Encoded {
    let mut writer = Writer::new();
    writer.map(2);
    sealed(&mut writer, digest, seals, SealType::TrustUpdate, body);
    let bytes = writer.into_bytes();
    TrustUpdate::parse(&bytes)?;
    Ok(bytes)
}

fn sealed(writer: &mut Writer, digest: &Digest, seals: &[NewSeal], seal_type: SealType, contents: &[u8]) {
    let mut sorted: Vec<&NewSeal> = seals.iter().collect();
    sorted.sort_by_key(|seal| (seal.anchor, canonical_order(seal.cose_algorithm)));
    let mut wrapper = Writer::new();
    wrapper.array(sorted.len().saturating_add(1));
    wrapper.bytes(&super::digest(digest));
    for seal in sorted {
        let mut sign1 = Writer::new();
        sign1.tag(18);
        sign1.array(4);
        sign1.bytes(&protected_header(seal.cose_algorithm, seal.anchor, seal_type));
        sign1.map(0);
        sign1.encoded(&[0xf6]);
        sign1.bytes(&seal.signature);
        wrapper.bytes(&sign1.into_bytes());
    }
    writer.key(SEALS);
    writer.bytes(&wrapper.into_bytes());
    writer.key(SEALED);
    writer.bytes(contents);
}
