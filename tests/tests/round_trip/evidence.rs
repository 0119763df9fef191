//! Evidence indexes.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::prelude::*;
use twinseal_formats::encode::evidence_index;
use twinseal_formats::{DigestAlgorithm, EvidenceFile, EvidenceIndex, EvidenceSource};

use crate::{digest, digest_algorithms, names, round_trip};

/// What an index says, owned. Of each file: media type or format, size, digest.
#[derive(Clone, Debug)]
struct Value {
    algorithm: DigestAlgorithm,
    files: BTreeMap<String, (String, u64, [u8; 64])>,
    sources: BTreeMap<u8, (String, u64, [u8; 64])>,
}

impl Value {
    fn files(&self) -> Vec<EvidenceFile<'_>> {
        let mut files = Vec::new();
        for (name, (media_type, size, bytes)) in &self.files {
            files.push(EvidenceFile { name, media_type, size: *size, digest: digest(self.algorithm, bytes) });
        }
        files
    }

    fn sources(&self) -> Vec<EvidenceSource<'_>> {
        let mut sources = Vec::new();
        for (component, (format, size, bytes)) in &self.sources {
            let digest = digest(self.algorithm, bytes);
            sources.push(EvidenceSource { component: *component, format, size: *size, digest });
        }
        sources
    }
}

fn values() -> impl Strategy<Value = Value> {
    let media_type = "[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}";
    let files = btree_map(names(), (media_type, any::<u64>(), any::<[u8; 64]>()), 0..=32);
    let sources = btree_map(0..16_u8, (names(), any::<u64>(), any::<[u8; 64]>()), 0..=16);
    (digest_algorithms(), files, sources)
        .prop_filter("an index of nothing is none", |(_, files, sources)| !files.is_empty() || !sources.is_empty())
        .prop_map(|(algorithm, files, sources)| Value { algorithm, files, sources })
}

fn encode(value: &Value) -> Vec<u8> {
    let bytes = evidence_index(value.algorithm, &value.files(), &value.sources()).unwrap();
    let read = EvidenceIndex::parse(&bytes, value.algorithm).unwrap();
    assert_eq!((read.algorithm(), read.file_count()), (value.algorithm, value.files.len()));
    assert_eq!(read.files().collect::<Vec<_>>(), value.files());
    assert_eq!(read.sources().collect::<Vec<_>>(), value.sources());
    bytes
}

#[test]
fn evidence_indexes() {
    let rewrite = |value: &Value, bytes: &[u8]| {
        let read = EvidenceIndex::parse(bytes, value.algorithm).ok()?;
        let (files, sources): (Vec<_>, Vec<_>) = (read.files().collect(), read.sources().collect());
        Some(evidence_index(value.algorithm, &files, &sources).unwrap())
    };
    round_trip("evidence indexes", values(), encode, rewrite);
}
