//! Wycheproof's Ed25519 vectors, all 151, and RFC 8032's, through expanded anchors of every size, each made for the key of the vector.

use twinseal_verifier::{BaseComb, CombSize, Ed25519, ExpandedEd25519, SealVerifier};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use crate::hex;
use crate::wycheproof_ed25519::{DIFFERENCES, RFC8032};

/// The table of a key, computed a second time where it lies.
fn with_anchor(key: &[u8], size: CombSize, mut then: impl FnMut(&ExpandedEd25519<'_>)) {
    let mut table = Vec::new();
    ExpandedEd25519::expand(key, size, |piece| table.extend_from_slice(piece)).unwrap();
    then(&ExpandedEd25519::new(&table, key, BaseComb::of_size(size)).unwrap());
    then(&ExpandedEd25519::from_write_protected(&table, key, BaseComb::of_size(size)).unwrap());
}

#[test]
fn wycheproof_ed25519_through_expanded_anchors() {
    for size in CombSize::ALL {
        let (mut ran, mut valid) = (0, 0);
        let mut differences = Vec::new();
        for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
            with_anchor(&group.key.pk, size, |anchor| {
                for test in &group.tests {
                    ran += 1;
                    let expected = test.result == TestResult::Valid;
                    valid += usize::from(expected);
                    let verdict = anchor.verify(&group.key.pk, &test.msg, &test.sig);
                    assert_eq!(verdict, Ed25519.verify(&group.key.pk, &test.msg, &test.sig), "{}", test.tc_id);
                    if verdict.is_ok() != expected {
                        differences.push(test.tc_id);
                    }
                }
            });
        }
        println!("wycheproof Ed25519, {size:?}: {ran} vectors ({valid} valid), {} differences", differences.len());
        assert_eq!((ran, valid), (2 * 151, 2 * 88));
        assert_eq!(differences, DIFFERENCES);
    }
}

#[test]
fn rfc_8032_through_expanded_anchors() {
    let mut ran = 0;
    for [key, message, signature] in RFC8032.map(|vector| vector.map(hex)) {
        for size in CombSize::ALL {
            with_anchor(&key, size, |anchor| {
                assert_eq!(anchor.verify(&key, &message, &signature), Ok(()));
                assert!(anchor.verify(&key, b"another message", &signature).is_err());
                ran += 1;
            });
        }
    }
    println!("RFC 8032 through expanded anchors: {ran} times");
    assert_eq!(ran, 3 * 6 * 2);
}
