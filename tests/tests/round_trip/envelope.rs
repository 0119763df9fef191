//! The frames of bundles and of trust updates.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::prelude::*;
use twinseal_formats::encode::{self, Encoded, NewSeal};
use twinseal_formats::{
    AnchorId, Digest, Envelope, Fault, Seal, SealAlgorithm, SealType, Seals, ToBeSigned, TrustUpdate,
};

use crate::{digests, expand, round_trip};

/// What a frame holds, owned. The seals by anchor id and COSE number: size of the signature, and what to make its bytes of.
#[derive(Clone, Debug)]
struct Value {
    entries: usize,
    digest: Digest,
    seals: BTreeMap<([u8; 32], i64), (usize, u64)>,
    contents: Vec<u8>,
}

impl Value {
    fn seals(&self) -> Vec<NewSeal> {
        let seal = |((anchor, cose_algorithm), (size, seed)): (&([u8; 32], i64), &(usize, u64))| NewSeal {
            anchor: AnchorId(*anchor),
            cose_algorithm: *cose_algorithm,
            signature: expand(*seed, *size),
        };
        self.seals.iter().map(seal).collect()
    }
}

fn values() -> impl Strategy<Value = Value> {
    // Few anchor ids, so that one often has several seals; algorithms of ours, and any others.
    let anchor = prop_oneof![(0..4_u8).prop_map(|byte| [byte; 32]), any::<[u8; 32]>()];
    let known = prop::sample::select(&SealAlgorithm::ALL[..]).prop_map(SealAlgorithm::cose);
    let algorithm = prop_oneof![known, -300..300_i64, any::<i64>(), Just(i64::MIN), Just(i64::MAX)];
    let size = prop_oneof![Just(64_usize), Just(2420), Just(3309), Just(4627), 1..=8192_usize];
    let seals = btree_map((anchor, algorithm), (size, any::<u64>()), 1..=16);
    let contents = (1..=8192_usize, any::<u64>()).prop_map(|(size, seed)| expand(seed, size));
    (2..=51_usize, digests(), seals, contents).prop_map(|(entries, digest, seals, contents)| Value {
        entries,
        digest,
        seals,
        contents,
    })
}

fn owned(seal: Seal<'_>) -> NewSeal {
    NewSeal { anchor: seal.anchor(), cose_algorithm: seal.cose_algorithm(), signature: seal.signature().to_vec() }
}

/// That the seals are those of the value, in the order of the format, and that there are bytes to be signed for each.
fn assert_seals(seals: &Seals<'_>, value: &Value, seal_type: SealType) {
    // Ascending by anchor id, then by the algorithm's encoding: which for CBOR is by length of the number, then by its bytes.
    let mut expected = value.seals();
    expected.sort_by_key(|seal| (seal.anchor, encode::protected_header(seal.cose_algorithm, seal.anchor, seal_type)));
    assert_eq!((*seals.digest(), seals.seal_type(), seals.count()), (value.digest, seal_type, expected.len()));
    assert_eq!(seals.digest_bytes(), encode::digest(&value.digest));
    assert_eq!(seals.iter().map(owned).collect::<Vec<_>>(), expected);
    for seal in seals.iter() {
        assert_eq!(seal.protected(), encode::protected_header(seal.cose_algorithm(), seal.anchor(), seal_type));
        assert!(ToBeSigned::new(seal.protected(), seals.digest_bytes()).is_some());
    }
}

fn rewritten(seals: &Seals<'_>, write: impl Fn(&Digest, &[NewSeal]) -> Encoded) -> Vec<u8> {
    // The writer is given the seals in another order than it has to write them in.
    let mut owned: Vec<_> = seals.iter().map(owned).collect();
    owned.reverse();
    write(seals.digest(), &owned).unwrap()
}

#[test]
fn envelopes() {
    let encode = |value: &Value| {
        let bytes = encode::envelope(value.entries, &value.digest, &value.seals(), &value.contents).unwrap();
        let read = Envelope::parse(&bytes).unwrap();
        assert_eq!((read.entries(), read.size()), (value.entries, bytes.len()));
        assert_eq!(read.manifest_bytes(), value.contents);
        assert_eq!(read.sealed_bytes(), encode::with_head(&value.contents));
        assert_seals(read.seals(), value, SealType::Release);
        // Another form of the same release differs in the number of entries alone; 24 is the first that takes a byte more.
        for entries in [2, 23, 24, 51] {
            let other = encode::envelope(entries, &value.digest, &value.seals(), &value.contents);
            assert_eq!(encode::with_entries(&bytes, entries), other);
        }
        for entries in [0, 1, 52] {
            assert_eq!(encode::with_entries(&bytes, entries).unwrap_err().fault, Fault::EntryCount);
        }
        assert_eq!(encode::with_entries(&bytes[..bytes.len() - 1], 2).unwrap_err().fault, Fault::Truncated);
        bytes
    };
    let rewrite = |_: &Value, bytes: &[u8]| {
        let read = Envelope::parse(bytes).ok()?;
        let write =
            |digest: &Digest, seals: &[NewSeal]| encode::envelope(read.entries(), digest, seals, read.manifest_bytes());
        // What lies behind the frame is not the frame's: a change there leaves it as it was.
        Some([&rewritten(read.seals(), write), &bytes[read.size()..]].concat())
    };
    round_trip("envelopes", values(), encode, rewrite);
}

#[test]
fn trust_update_frames() {
    let encode = |value: &Value| {
        let bytes = encode::trust_update(&value.digest, &value.seals(), &value.contents).unwrap();
        let read = TrustUpdate::parse(&bytes).unwrap();
        assert_eq!(read.body_bytes(), value.contents);
        assert_eq!(read.sealed_bytes(), encode::with_head(&value.contents));
        assert_seals(read.seals(), value, SealType::TrustUpdate);
        bytes
    };
    let rewrite = |_: &Value, bytes: &[u8]| {
        let read = TrustUpdate::parse(bytes).ok()?;
        let write = |digest: &Digest, seals: &[NewSeal]| encode::trust_update(digest, seals, read.body_bytes());
        Some(rewritten(read.seals(), write))
    };
    round_trip("trust updates (frames)", values(), encode, rewrite);
}
