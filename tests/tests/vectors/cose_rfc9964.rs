//! RFC 9964's COSE examples: what stock COSE code signs with ML-DSA, our adapters verify, over the bytes that our code says are signed.

use std::fs;

use ciborium::Value;
use twinseal_formats::encode::{NewAnchor, NewTrustStore};
use twinseal_formats::{AnchorKey, DigestAlgorithm, Requirement, Role, SealAlgorithm, ToBeSigned, TrustStore};
use twinseal_formats::{ClassId, TrustEpoch, VendorId};
use twinseal_verifier::{Hasher, anchor_id, thumbprint};

use crate::{adapter, hex, shared};

/// A CBOR map's value under an integer label.
fn get(map: &[(Value, Value)], label: i64) -> Option<&Value> {
    map.iter().find(|(key, _)| *key == Value::from(label)).map(|(_, value)| value)
}

#[test]
fn cose_examples_verify() {
    let Some(folder) = shared("cose-rfc9964") else { return };
    let mut ran = 0;
    for (file, algorithm) in [
        ("ML_DSA_44.cose.json", SealAlgorithm::MlDsa44),
        ("ML_DSA_65.cose.json", SealAlgorithm::MlDsa65),
        ("ML_DSA_87.cose.json", SealAlgorithm::MlDsa87),
    ] {
        let json: serde_json::Value = serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap();
        let field = |name: &str| hex(json[name].as_str().unwrap());
        let cbor = |name: &str| ciborium::from_reader::<Value, _>(&field(name)[..]).unwrap();

        // The key: AKP (7), with the algorithm's COSE number and the raw key.
        let key = cbor("key");
        let key = key.as_map().unwrap();
        assert_eq!(get(key, 1), Some(&Value::from(7)));
        assert_eq!(get(key, 3), Some(&Value::from(algorithm.cose())));
        let public = get(key, -1).unwrap().as_bytes().unwrap();
        assert_eq!(*public, field("raw_public_key"));
        assert_eq!(adapter(algorithm).examine_key(public), Ok(()));
        let anchor_key = AnchorKey { algorithm, bytes: public };
        assert!(reads_back(anchor_key));

        // The key id is the key's RFC 9679 thumbprint: what an anchor id is made of.
        let kid = get(key, 2).unwrap().as_bytes().unwrap();
        assert_eq!(thumbprint(&anchor_key)[..], kid[..]);
        let alone = Hasher::digest(DigestAlgorithm::Sha256, &[&[0x81, 0x58, 0x20], &kid[..]].concat()).unwrap();
        assert_eq!(anchor_id([anchor_key]).unwrap().0, alone.as_bytes());

        // The signature: tag 18, protected header, unprotected header, payload, signature.
        let (tag, sign1) = cbor("sign1").into_tag().map(|(tag, value)| (tag, value.into_array().unwrap())).unwrap();
        let [protected, unprotected, payload, signature] = <[Value; 4]>::try_from(sign1).unwrap();
        assert_eq!((tag, unprotected), (18, Value::Map(Vec::new())));
        let [protected, payload, signature] = [protected, payload, signature].map(|item| item.into_bytes().unwrap());
        assert_eq!(signature, field("raw_signature"));
        let to_be_signed = ToBeSigned::new(&protected, &payload).unwrap();
        assert_eq!(to_be_signed.as_bytes(), field("raw_to_be_signed"));
        assert_eq!(adapter(algorithm).verify(public, to_be_signed.as_bytes(), &signature), Ok(()));

        let other = ToBeSigned::new(&protected, b"hello post-quantum signatures").unwrap();
        assert!(adapter(algorithm).verify(public, other.as_bytes(), &signature).is_err());
        ran += 1;
    }
    println!("RFC 9964: {ran} COSE_Sign1 verify, {ran} AKP keys read");
    assert_eq!(ran, 3);
}

/// Whether a trust store holds the key as it was.
fn reads_back(key: AnchorKey<'_>) -> bool {
    let id = anchor_id([key]).unwrap();
    let bytes = NewTrustStore {
        epoch: TrustEpoch(0),
        vendor: VendorId([1; 16]),
        classes: vec![ClassId([2; 16])],
        minimum_digest: DigestAlgorithm::Sha256,
        requirements: vec![Requirement { role: Role::Release, threshold: 1 }],
        anchors: vec![NewAnchor { id, role: Role::Release, label: "rfc9964", keys: vec![(key.algorithm, key.bytes)] }],
        single_class: true,
    }
    .encode()
    .unwrap();
    let store = TrustStore::parse(&bytes).unwrap();
    store.anchors().flat_map(|anchor| anchor.keys()).eq([key])
}
