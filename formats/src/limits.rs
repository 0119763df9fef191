//! The limits of profile 1, each with its reason (docs/format.md, section 9).

/// Seals in a bundle or trust update: three identities of two keys for a threshold, an assessor, and room for a new algorithm beside each.
pub const MAX_SEALS: usize = 16;

/// Components of a release: one digit of a component's payload name would do; real multi-processor products have up to ten.
pub const MAX_COMPONENTS: usize = 16;

/// Evidence files of a release: the name of an evidence entry has two digits, and nobody reads more.
pub const MAX_EVIDENCE: usize = 32;

/// Bytes of a manifest: 16 components with 32-byte ids and SHA-512 digests need 3.6 KiB; a device holds it in RAM.
pub const MAX_MANIFEST: usize = 8192;

/// Bytes of one signature: SLH-DSA-128s needs 7,856, everything of profile 1 at most 4,627.
pub const MAX_SIGNATURE: usize = 8192;

/// Bytes of a digest and its seals together: 16 seals with the longest signatures and headers need 132,712.
pub const MAX_AUTHENTICATION: usize = 133_120;

/// Bytes of a component id or an evidence name: they become file names.
pub const MAX_NAME: usize = 32;

/// Bytes of a release version.
pub const MAX_VERSION: usize = 64;

/// Bytes of an anchor's label.
pub const MAX_LABEL: usize = 32;

/// Bytes of a media type (RFC 6838 allows 127 on each side of the slash).
pub const MAX_MEDIA_TYPE: usize = 127;

/// Bytes of an evidence index.
pub const MAX_EVIDENCE_INDEX: usize = 16_384;

/// Anchors in a trust store.
pub const MAX_ANCHORS: usize = 16;

/// Classes that a trust store can be for.
pub const MAX_CLASSES: usize = 16;

/// Bytes of a trust store: 16 anchors with ML-DSA-87 need 43 KB.
pub const MAX_STORE: usize = 65_535;

/// Bytes in front of the payloads, at most: what a host reads to be sure to have the whole frame.
pub const MAX_FRAME: usize = 147_456;

#[cfg(test)]
mod tests {
    extern crate alloc;
    use alloc::{format, vec};

    use super::*;
    use crate::error::Fault;
    use crate::version::is_release_version;
    use crate::{DigestAlgorithm, EvidenceIndex, TrustStore};

    /// What is one byte longer is refused for its length, and what is not, for what it is.
    #[test]
    fn lengths_are_counted_to_the_byte() {
        let store = |length| TrustStore::parse(&vec![0; length]).unwrap_err().fault;
        assert_eq!(store(MAX_STORE), Fault::UnexpectedType);
        assert_eq!(store(MAX_STORE + 1), Fault::StoreLength);

        let index = |length| EvidenceIndex::parse(&vec![0; length], DigestAlgorithm::Sha256).unwrap_err().fault;
        assert_eq!(index(MAX_EVIDENCE_INDEX), Fault::UnexpectedType);
        assert_eq!(index(MAX_EVIDENCE_INDEX + 1), Fault::EntrySize);

        let version = |length| is_release_version(&format!("1.0.{}", "7".repeat(length - 4)));
        assert!(version(MAX_VERSION));
        assert!(!version(MAX_VERSION + 1));
    }
}
