//! Trust stores, and the bodies of trust updates.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use proptest::sample::select;
use twinseal_formats::encode::{NewAnchor, NewTrustStore, trust_update_body};
use twinseal_formats::{
    AnchorId, AnchorKey, ClassId, Digest, DigestAlgorithm, Requirement, Role, SealAlgorithm, TrustEpoch, TrustStore,
    TrustUpdateBody, VendorId,
};

use crate::{digest_algorithms, digests, expand, names, round_trip};

/// What a store says, owned. The anchors by id.
#[derive(Clone, Debug)]
struct Value {
    epoch: u32,
    vendor: [u8; 16],
    classes: BTreeSet<[u8; 16]>,
    minimum_digest: DigestAlgorithm,
    requirements: BTreeMap<Role, u8>,
    anchors: BTreeMap<[u8; 32], Anchor>,
    single_class: bool,
}

#[derive(Clone, Debug)]
struct Anchor {
    role: Role,
    label: String,
    keys: Vec<(SealAlgorithm, Vec<u8>)>,
}

impl Value {
    fn requirements(&self) -> Vec<Requirement> {
        self.requirements.iter().map(|(role, threshold)| Requirement { role: *role, threshold: *threshold }).collect()
    }

    /// The store, its lists in descending order: the writer's is ascending.
    fn to_new(&self) -> NewTrustStore<'_> {
        let mut anchors = Vec::new();
        for (id, anchor) in self.anchors.iter().rev() {
            let keys = anchor.keys.iter().map(|(algorithm, key)| (*algorithm, &key[..])).collect();
            anchors.push(NewAnchor { id: AnchorId(*id), role: anchor.role, label: &anchor.label, keys });
        }
        NewTrustStore {
            epoch: TrustEpoch(self.epoch),
            vendor: VendorId(self.vendor),
            classes: self.classes.iter().rev().copied().map(ClassId).collect(),
            minimum_digest: self.minimum_digest,
            requirements: self.requirements().into_iter().rev().collect(),
            anchors,
            single_class: self.single_class,
        }
    }
}

/// One key of any algorithm, or Ed25519 and an ML-DSA. Whether the anchor id is that of the keys is not the reader's to say.
fn anchors() -> impl Strategy<Value = Anchor> {
    let sets = vec![
        vec![SealAlgorithm::Ed25519],
        vec![SealAlgorithm::MlDsa44],
        vec![SealAlgorithm::MlDsa65],
        vec![SealAlgorithm::MlDsa87],
        vec![SealAlgorithm::Ed25519, SealAlgorithm::MlDsa44],
        vec![SealAlgorithm::Ed25519, SealAlgorithm::MlDsa65],
        vec![SealAlgorithm::Ed25519, SealAlgorithm::MlDsa87],
    ];
    (select(&Role::ALL[..]), names(), select(sets), any::<u64>()).prop_map(|(role, label, set, seed)| {
        let keys = set.into_iter().map(|algorithm| (algorithm, expand(seed, algorithm.key_size()))).collect();
        Anchor { role, label, keys }
    })
}

fn values() -> impl Strategy<Value = Value> {
    (
        any::<(u32, [u8; 16], bool)>(),
        btree_set(any::<[u8; 16]>(), 1..=16),
        digest_algorithms(),
        btree_map(select(&Role::ALL[..]), any::<u8>(), 1..=3),
        btree_map(any::<[u8; 32]>(), anchors(), 1..=16),
    )
        .prop_map(|((epoch, vendor, single_class), classes, minimum_digest, requirements, anchors)| Value {
            epoch,
            vendor,
            classes,
            minimum_digest,
            requirements,
            anchors,
            single_class,
        })
}

fn assert_is(read: &TrustStore<'_>, value: &Value) {
    assert_eq!((read.epoch().0, read.vendor().0), (value.epoch, value.vendor));
    assert_eq!((read.minimum_digest(), read.is_single_class()), (value.minimum_digest, value.single_class));
    assert!(read.classes().eq(value.classes.iter().copied().map(ClassId)));
    assert_eq!(read.requirements().collect::<Vec<_>>(), value.requirements());
    assert_eq!(read.anchors().count(), value.anchors.len());
    for (found, (id, anchor)) in read.anchors().zip(&value.anchors) {
        assert_eq!((found.id().0, found.role(), found.label()), (*id, anchor.role, &*anchor.label));
        assert!(
            found.keys().eq(anchor.keys.iter().map(|(algorithm, bytes)| AnchorKey { algorithm: *algorithm, bytes }))
        );
        assert_eq!(found.is_hybrid(), anchor.keys.len() == 2);
    }
}

#[test]
fn trust_stores() {
    let encode = |value: &Value| {
        let bytes = value.to_new().encode().unwrap();
        let read = TrustStore::parse(&bytes).unwrap();
        assert_eq!(read.as_bytes(), bytes);
        assert_is(&read, value);
        bytes
    };
    let rewrite = |_: &Value, bytes: &[u8]| {
        let read = TrustStore::parse(bytes).ok()?;
        Some(NewTrustStore::from(&read).encode().unwrap())
    };
    round_trip("trust stores", values(), encode, rewrite);
}

#[test]
fn trust_update_bodies() {
    let encode = |(replaces, value): &(Digest, Value)| {
        let bytes = trust_update_body(replaces, &value.to_new().encode().unwrap()).unwrap();
        let read = TrustUpdateBody::parse(&bytes).unwrap();
        assert_eq!(read.replaces(), replaces);
        assert_is(read.store(), value);
        bytes
    };
    let rewrite = |_: &(Digest, Value), bytes: &[u8]| {
        let read = TrustUpdateBody::parse(bytes).ok()?;
        let store = NewTrustStore::from(read.store()).encode().unwrap();
        Some(trust_update_body(read.replaces(), &store).unwrap())
    };
    round_trip("trust updates (bodies)", (digests(), values()), encode, rewrite);
}
