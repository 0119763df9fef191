//! Names and numbers as people read them: each names one thing, and nothing else does.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use twinseal_formats::{
    AnchorId, AnchorKey, ClassId, DigestAlgorithm, ErrorCode, Role, SealAlgorithm, SecurityVersion, SequenceNumber,
    Stage, TrustEpoch, VendorId,
};
use twinseal_tests::cbor::Cbor;
use twinseal_verifier::{BadTable, anchor_id, thumbprint};

#[test]
fn an_algorithm_has_one_name() {
    let mut ran = 0;
    for algorithm in SealAlgorithm::ALL {
        assert_eq!(SealAlgorithm::from_name(algorithm.name()), Some(algorithm));
        assert_eq!(algorithm.to_string(), algorithm.name());
        ran += 1;
    }
    for algorithm in DigestAlgorithm::ALL {
        assert_eq!(DigestAlgorithm::from_name(algorithm.name()), Some(algorithm));
        assert_eq!(algorithm.to_string(), algorithm.name());
        ran += 1;
    }
    for other in ["", "ED25519", "ed25519 ", "ml-dsa", "ml-dsa-44-ph", "mldsa44", "sha-256"] {
        assert_eq!(SealAlgorithm::from_name(other), None, "{other}");
        ran += 1;
    }
    for other in ["", "SHA-256", "sha256", "sha-25", "sha-2566", "sha-1", "ed25519"] {
        assert_eq!(DigestAlgorithm::from_name(other), None, "{other}");
        ran += 1;
    }
    assert_eq!(ran, 4 + 3 + 7 + 7);
}

#[test]
fn ids_are_written_as_everybody_writes_them() {
    let bytes = core::array::from_fn(|index| u8::try_from(index * 17).unwrap());
    let text = "00112233-4455-6677-8899-aabbccddeeff";
    assert_eq!((VendorId(bytes).to_string(), format!("{:?}", VendorId(bytes))), (text.into(), text.into()));
    assert_eq!((ClassId(bytes).to_string(), format!("{:?}", ClassId(bytes))), (text.into(), text.into()));
    let anchor = AnchorId([0xa5; 32]);
    assert_eq!((anchor.to_string(), format!("{anchor:?}")), ("a5".repeat(32), "a5".repeat(32)));
    let digest = crate::digest(DigestAlgorithm::Sha384, &[0x0f; 64]);
    assert_eq!(format!("{digest:?}"), digest.to_string());
    assert!(
        digest.to_string().ends_with(&"0f".repeat(48)) && !digest.to_string().ends_with(&"0f".repeat(49)),
        "{digest}"
    );
    let numbers = [SequenceNumber(u64::MAX).to_string(), SecurityVersion(0).to_string(), TrustEpoch(7).to_string()];
    assert_eq!(numbers, ["18446744073709551615", "0", "7"]);
}

/// F-45, by the tests' own CBOR: the key types and algorithms are those that IANA registered for COSE.
#[test]
fn an_anchor_id_is_made_of_the_keys_thumbprints() {
    let sha256 = |bytes: Vec<u8>| <[u8; 32]>::from(Sha256::digest(bytes));
    let classical = [1; 32];
    let okp = sha256(Cbor::new().map(3).uint(1).uint(1).int(-1).uint(6).int(-2).bytes(&classical).done());
    let key = AnchorKey { algorithm: SealAlgorithm::Ed25519, bytes: &classical };
    assert_eq!(thumbprint(&key), okp);
    assert_eq!(anchor_id([key]), Some(AnchorId(sha256(Cbor::new().array(1).bytes(&okp).done()))));

    let sets =
        [(SealAlgorithm::MlDsa44, -48, 1312), (SealAlgorithm::MlDsa65, -49, 1952), (SealAlgorithm::MlDsa87, -50, 2592)];
    for (algorithm, number, size) in sets {
        for fill in [2, 3] {
            let bytes = vec![fill; size];
            let akp = sha256(Cbor::new().map(3).uint(1).uint(7).uint(3).int(number).int(-1).bytes(&bytes).done());
            let post_quantum = AnchorKey { algorithm, bytes: &bytes };
            assert_eq!(thumbprint(&post_quantum), akp, "{algorithm}");
            let both = Cbor::new().array(2).bytes(okp.as_slice().min(&akp)).bytes(okp.as_slice().max(&akp));
            assert_eq!(anchor_id([key, post_quantum]), Some(AnchorId(sha256(both.done()))), "{algorithm}");
        }
    }
}

/// An identity has one key or two: nothing is the name of none, or of three.
#[test]
fn no_other_number_of_keys_has_an_anchor_id() {
    let bytes = [7; 32];
    let keys = |count| anchor_id((0..count).map(|_| AnchorKey { algorithm: SealAlgorithm::Ed25519, bytes: &bytes }));
    assert_eq!([0, 1, 2, 3, 4].map(|count| keys(count).is_some()), [false, true, true, false, false]);
}

#[test]
fn no_two_stages_roles_or_refusals_share_a_name() {
    let distinct = |texts: &[String]| texts.iter().collect::<BTreeSet<_>>().len() == texts.len();
    let stages = Stage::ALL.map(|stage| stage.name().to_owned());
    assert!(distinct(&stages), "{stages:?}");
    let codes = Stage::ALL.map(|stage| ErrorCode::new(stage, 1).to_string());
    assert!(distinct(&codes), "{codes:?}");
    assert_eq!(codes.first().map(String::as_str), Some("0x0101"));
    let roles = [Role::Root, Role::Release, Role::Assessor].map(|role| role.to_string());
    assert_eq!(roles, ["root", "release", "assessor"]);
    use BadTable::{AnotherKey, AnotherSize, Entries, Header, Length, WeakKey};
    let tables = [AnotherKey, AnotherSize, Entries, Header, Length, WeakKey].map(|refusal| refusal.to_string());
    assert!(distinct(&tables), "{tables:?}");
}
