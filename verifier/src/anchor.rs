//! Anchor ids: how an identity is named by all of its keys at once (F-45).

use sha2::{Digest as _, Sha256};
use twinseal_formats::{AnchorId, AnchorKey};

/// The anchor id of an identity with these keys: the SHA-256 of the deterministic CBOR array of their thumbprints, sorted.
///
/// `None` for no key or more than two: no identity has those.
#[must_use]
pub fn anchor_id<'a>(keys: impl IntoIterator<Item = AnchorKey<'a>>) -> Option<AnchorId> {
    let mut thumbprints = keys.into_iter().map(|key| thumbprint(&key));
    let (first, second) = (thumbprints.next()?, thumbprints.next());
    if thumbprints.next().is_some() {
        return None;
    }
    let mut hasher = Sha256::new();
    let (first, second) = match second {
        None => (first, None),
        Some(second) => (first.min(second), Some(first.max(second))),
    };
    hasher.update([if second.is_some() { 0x82 } else { 0x81 }]);
    for thumbprint in core::iter::once(first).chain(second) {
        hasher.update([0x58, 0x20]);
        hasher.update(thumbprint);
    }
    Some(AnchorId(hasher.finalize().into()))
}

/// The SHA-256 thumbprint (RFC 9679) of a key: over the deterministic CBOR of its COSE_Key with the required parameters only.
///
/// These are `{1: 1, -1: 6, -2: x}` for Ed25519 (OKP) and `{1: 7, 3: alg, -1: pub}` for ML-DSA (AKP, RFC 9964).
#[must_use]
pub fn thumbprint(key: &AnchorKey<'_>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(key.thumbprint_head());
    hasher.update(key.bytes);
    hasher.finalize().into()
}
