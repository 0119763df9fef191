//! Names and numbers as people read them: each names one thing, and nothing else does.

use std::collections::BTreeSet;

use twinseal_formats::{
    AnchorId, AnchorKey, ClassId, DigestAlgorithm, ErrorCode, Role, SealAlgorithm, SecurityVersion, SequenceNumber,
    Stage, TrustEpoch, VendorId,
};
use twinseal_verifier::{BadTable, anchor_id};

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
