//! Manifests.

use std::collections::BTreeMap;

use proptest::prelude::*;
use twinseal_formats::encode::{NewComponent, NewManifest};
use twinseal_formats::{
    ClassId, DigestAlgorithm, EvidenceCommitment, Manifest, SecurityVersion, SequenceNumber, TrustEpoch, VendorId,
};

use crate::{digest, digest_algorithms, names, round_trip};

/// What a manifest says, owned.
#[derive(Clone, Debug)]
struct Value {
    numbers: (u64, u32, u32),
    ids: ([u8; 16], [u8; 16]),
    version: String,
    algorithm: DigestAlgorithm,
    components: BTreeMap<String, (u64, [u8; 64])>,
    evidence: Option<(u8, [u8; 64])>,
}

impl Value {
    fn to_new(&self) -> NewManifest<'_> {
        NewManifest {
            sequence_number: SequenceNumber(self.numbers.0),
            vendor: VendorId(self.ids.0),
            class: ClassId(self.ids.1),
            release_version: &self.version,
            security_version: SecurityVersion(self.numbers.1),
            minimum_trust_epoch: TrustEpoch(self.numbers.2),
            components: self
                .components
                .iter()
                .map(|(id, (size, bytes))| NewComponent { id, size: *size, digest: digest(self.algorithm, bytes) })
                .collect(),
            evidence: self
                .evidence
                .map(|(count, bytes)| EvidenceCommitment { count, digest: digest(self.algorithm, &bytes) }),
        }
    }
}

/// SemVer 2.0.0 of at most 64 bytes.
fn versions() -> impl Strategy<Value = String> {
    let number = "(0|[1-9][0-9]{0,8})";
    let pre_release =
        "(-(0|[1-9][0-9]{0,3}|[0-9]{0,3}[A-Za-z-][0-9A-Za-z-]{0,3})(\\.[A-Za-z-][0-9A-Za-z-]{0,3}){0,2})?";
    let build = "(\\+[0-9A-Za-z-]{1,6}(\\.[0-9A-Za-z-]{1,3})?)?";
    let text = format!("{number}\\.{number}\\.{number}{pre_release}{build}");
    proptest::string::string_regex(&text).unwrap()
}

/// Sizes of every magnitude from 1 to 2^63 - 1.
fn sizes() -> impl Strategy<Value = u64> {
    (1..64_u32, any::<u64>()).prop_map(|(bits, any)| (any >> (64 - bits)).max(1))
}

fn values() -> impl Strategy<Value = Value> {
    (
        any::<(u64, u32, u32)>(),
        any::<([u8; 16], [u8; 16])>(),
        versions(),
        digest_algorithms(),
        prop::collection::btree_map(names(), (sizes(), any::<[u8; 64]>()), 1..=16),
        proptest::option::of((0..=32_u8, any::<[u8; 64]>())),
    )
        .prop_map(|(numbers, ids, version, algorithm, mut components, evidence)| {
            // All images together stay below 2^63 (F-16): 16 shares of it do.
            if components
                .values()
                .try_fold(0_u64, |sum, (size, _)| sum.checked_add(*size))
                .is_none_or(|sum| sum >> 63 != 0)
            {
                components.values_mut().for_each(|(size, _)| *size = (*size >> 4).max(1));
            }
            Value { numbers, ids, version, algorithm, components, evidence }
        })
}

fn encode(value: &Value) -> Vec<u8> {
    let new = value.to_new();
    let bytes = new.encode().unwrap();
    let read = Manifest::parse(&bytes).unwrap();
    assert_eq!((read.sequence_number(), read.vendor(), read.class()), (new.sequence_number, new.vendor, new.class));
    assert_eq!(read.release_version(), new.release_version);
    assert_eq!(
        (read.security_version(), read.minimum_trust_epoch(), read.evidence()),
        (new.security_version, new.minimum_trust_epoch, new.evidence)
    );
    assert_eq!(read.evidence_entries(), read.evidence().map_or(0, |evidence| evidence.entries()));
    assert_eq!((read.digest_algorithm(), read.component_count()), (value.algorithm, new.components.len()));
    let components = read.components().map(|one| (usize::from(one.index()), one.id(), one.size(), *one.digest()));
    assert!(components.eq(new.components.iter().enumerate().map(|(index, one)| (index, one.id, one.size, one.digest))));
    bytes
}

#[test]
fn manifests() {
    let rewrite = |_: &Value, bytes: &[u8]| {
        let read = Manifest::parse(bytes).ok()?;
        Some(NewManifest::from(&read).encode().unwrap())
    };
    round_trip("manifests", values(), encode, rewrite);
}
