//! Writing trust stores and the bodies of trust updates.

use alloc::vec::Vec;

use super::{Encoded, Writer};
use crate::algorithm::{DigestAlgorithm, SealAlgorithm};
use crate::digest::Digest;
use crate::id::{AnchorId, ClassId, TrustEpoch, VendorId};
use crate::trust::{self as keys, Requirement, Role, TrustStore};
use crate::trust_update::{self, TrustUpdateBody};

/// A trust store to be written. Lists may be given in any order.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller must state every field of a trust store")]
pub struct NewTrustStore<'a> {
    /// How many stores came before.
    pub epoch: TrustEpoch,
    /// The vendor it is for.
    pub vendor: VendorId,
    /// The classes it is for.
    pub classes: Vec<ClassId>,
    /// The weakest digest a release may use.
    pub minimum_digest: DigestAlgorithm,
    /// The requirements.
    pub requirements: Vec<Requirement>,
    /// The anchors.
    pub anchors: Vec<NewAnchor<'a>>,
    /// Whether anchors with keys of one class only are allowed.
    pub single_class: bool,
}

/// An anchor to be written.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller must state every field of an anchor")]
pub struct NewAnchor<'a> {
    /// Its anchor id.
    pub id: AnchorId,
    /// Its role.
    pub role: Role,
    /// Its name for people.
    pub label: &'a str,
    /// Its keys, the classical one first.
    pub keys: Vec<(SealAlgorithm, &'a [u8])>,
}

impl<'a> From<&TrustStore<'a>> for NewTrustStore<'a> {
    fn from(store: &TrustStore<'a>) -> Self {
        Self {
            epoch: store.epoch(),
            vendor: store.vendor(),
            classes: store.classes().collect(),
            minimum_digest: store.minimum_digest(),
            requirements: store.requirements().collect(),
            anchors: store
                .anchors()
                .map(|anchor| NewAnchor {
                    id: anchor.id(),
                    role: anchor.role(),
                    label: anchor.label(),
                    keys: anchor.keys().map(|key| (key.algorithm, key.bytes)).collect(),
                })
                .collect(),
            single_class: store.is_single_class(),
        }
    }
}

impl NewTrustStore<'_> {
    /// The store's bytes.
    ///
    /// # Errors
    /// The rule of docs/format.md that the reader says they would break.
    pub fn encode(&self) -> Encoded {
        let mut classes = self.classes.clone();
        classes.sort_unstable();
        let mut requirements = self.requirements.clone();
        requirements.sort_by_key(|requirement| requirement.role);
        let mut anchors: Vec<_> = self.anchors.iter().collect();
        anchors.sort_by_key(|anchor| anchor.id);

        let mut writer = Writer::new();
        writer.map(if self.single_class { 8 } else { 7 });
        writer.key(keys::PROFILE);
        writer.uint(1);
        writer.key(keys::EPOCH);
        writer.uint(self.epoch.0.into());
        writer.key(keys::VENDOR);
        writer.bytes(&self.vendor.0);
        writer.key(keys::CLASSES);
        writer.array(classes.len());
        for class in &classes {
            writer.bytes(&class.0);
        }
        writer.key(keys::MINIMUM_DIGEST);
        writer.int(self.minimum_digest.cose());
        writer.key(keys::REQUIREMENTS);
        writer.array(requirements.len());
        for requirement in &requirements {
            writer.array(2);
            writer.uint(requirement.role.number().into());
            writer.uint(requirement.threshold.into());
        }
        writer.key(keys::ANCHORS);
        writer.array(anchors.len());
        for anchor in anchors {
            write_anchor(&mut writer, anchor);
        }
        if self.single_class {
            writer.key(keys::SINGLE_CLASS);
            writer.encoded(&[0xf5]);
        }
        let bytes = writer.into_bytes();
        TrustStore::parse(&bytes)?;
        Ok(bytes)
    }
}

fn write_anchor(writer: &mut Writer, anchor: &NewAnchor<'_>) {
    writer.map(4);
    writer.key(keys::ANCHOR_ID);
    writer.bytes(&anchor.id.0);
    writer.key(keys::ANCHOR_ROLE);
    writer.uint(anchor.role.number().into());
    writer.key(keys::ANCHOR_LABEL);
    writer.text(anchor.label);
    writer.key(keys::ANCHOR_KEYS);
    writer.array(anchor.keys.len());
    for (algorithm, key) in &anchor.keys {
        writer.cose_key(*algorithm, key);
    }
}

/// The body of a trust update: the new store and the digest of the one it replaces.
///
/// # Errors
/// The rule of docs/format.md that the reader says it would break.
pub fn trust_update_body(replaces: &Digest, store: &[u8]) -> Encoded {
    let mut writer = Writer::new();
    writer.map(3);
    writer.key(trust_update::PROFILE);
    writer.uint(1);
    writer.key(trust_update::REPLACES);
    writer.suit_digest(replaces);
    writer.key(trust_update::STORE);
    writer.bytes(store);
    let bytes = writer.into_bytes();
    TrustUpdateBody::parse(&bytes)?;
    Ok(bytes)
}
