//! Anchor ids: how an identity is named by all of its keys at once (F-45).

use twinseal_formats::{AnchorId, AnchorKey, DigestAlgorithm};

use crate::digest::Hasher;

/// The anchor id of an identity with these keys, one or two of them.
///
/// It is the SHA-256 of the deterministic CBOR array of the keys' RFC 9679 thumbprints, sorted. `None` for no key or more than two.
#[must_use]
pub fn anchor_id<'a>(keys: impl IntoIterator<Item = AnchorKey<'a>>) -> Option<AnchorId> {
    let mut keys = keys.into_iter();
    let first = thumbprint(&keys.next()?)?;
    let second = match keys.next() {
        Some(key) => Some(thumbprint(&key)?),
        None => None,
    };
    if keys.next().is_some() {
        return None;
    }
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256)?;
    let (first, second) = match second {
        None => (first, None),
        Some(second) => (first.min(second), Some(first.max(second))),
    };
    hasher.update(&[if second.is_some() { 0x82 } else { 0x81 }]);
    for thumbprint in core::iter::once(first).chain(second) {
        hasher.update(&[0x58, 0x20]);
        hasher.update(&thumbprint);
    }
    finish(hasher).map(AnchorId)
}

/// The RFC 9679 SHA-256 thumbprint of a key's COSE_Key.
fn thumbprint(key: &AnchorKey<'_>) -> Option<[u8; 32]> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256)?;
    hasher.update(key.thumbprint_head());
    hasher.update(key.bytes);
    finish(hasher)
}

fn finish(hasher: Hasher) -> Option<[u8; 32]> {
    hasher.finish()?.as_bytes().try_into().ok()
}
