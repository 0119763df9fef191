//! Our ML-DSA engine against three others, on signatures that are changed in the places that matter.
//!
//! Half of the cases start from a signature that was signed and change it (`mutate`). The other half are made for a key with t1 = 0,
//! under which anybody can make signatures (`forge`): everything in them fits but the one thing that is wrong, so that a verifier
//! which does not look at it accepts, and hints fall where rounding is decided.
//!
//! `TWINSEAL_ML_DSA_CASES=1000000 cargo test --release -p twinseal-tests --test ml_dsa_engine -- --nocapture` is the long run: that
//! many cases for each set. `TWINSEAL_ML_DSA_SEED` starts elsewhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]
#![allow(clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "ml_dsa_engine/forge.rs"]
mod forge;
#[path = "ml_dsa_engine/misread.rs"]
mod misread;
#[path = "ml_dsa_engine/mutate.rs"]
mod mutate;
#[path = "ml_dsa_engine/peers.rs"]
mod peers;

use std::collections::BTreeMap;
use std::env;

use forge::Forger;
use mutate::mutate;
use peers::{Peers, Verifiers};

/// What is verified.
#[derive(Clone)]
struct Case {
    key: Vec<u8>,
    message: Vec<u8>,
    context: Vec<u8>,
    signature: Vec<u8>,
}

/// Pseudorandom numbers (SplitMix64): the same cases in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn bytes(&mut self, size: usize) -> Vec<u8> {
        (0..size).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Cases by what was done to them, and how many of those were accepted.
type Counts = BTreeMap<&'static str, (u64, u64)>;

fn compare<P: Peers>() {
    let cases = number("TWINSEAL_ML_DSA_CASES", 3_000);
    let mut random = Random(number("TWINSEAL_ML_DSA_SEED", 0));
    let mut counts = Counts::new();
    let (mut ran, mut unlike_expected) = (0, 0);
    while ran < cases {
        // A new key and a new signature now and then; several changes of each.
        let signed = P::signed(&mut random);
        let verifiers = Verifiers::<P>::new(&signed.key);
        let forger = Forger::<P>::new(&mut random);
        let verifiers_of_forged = Verifiers::<P>::new(&forger.key);
        for _ in 0..50.min(cases - ran) / 2 {
            let mut case = signed.clone();
            let name = mutate::<P>(&mut random, &mut case);
            let verdicts = if case.key == signed.key {
                verifiers.verdicts(&case)
            } else {
                Verifiers::<P>::new(&case.key).verdicts(&case)
            };
            tell(P::NAME, name, &case, &verdicts, &mut counts);

            let (name, case, expected) = forger.case(&mut random);
            let verdicts = verifiers_of_forged.verdicts(&case);
            tell(P::NAME, name, &case, &verdicts, &mut counts);
            if verdicts[0].1 != expected {
                println!("{}: {name}: {} where {expected} was expected", P::NAME, verdicts[0].1);
                unlike_expected += 1;
            }
            ran += 2;
            if cases > 10_000 && ran % (cases / 40 * 2) == 0 {
                println!("{}: {ran} of {cases}", P::NAME);
            }
        }
    }
    for (name, (count, accepted)) in &counts {
        println!("{}: {name}: {count}, {accepted} accepted", P::NAME);
    }
    let accepted: u64 = counts.values().map(|(_, accepted)| accepted).sum();
    println!("{}: {ran} cases, {accepted} accepted, 0 disagreements of 7 verifiers", P::NAME);
    assert_eq!(unlike_expected, 0);
    assert!(ran >= cases && accepted * 20 > ran, "too few, or too few that are valid");
    // Every kind of change came up.
    assert_eq!(counts.len(), mutate::KINDS + forge::KINDS);
}

/// Counts, and stops at the first disagreement with everything that is needed to look into it.
fn tell(set: &str, name: &'static str, case: &Case, verdicts: &[(&str, bool)], counts: &mut Counts) {
    let accepted = verdicts[0].1;
    if verdicts.iter().any(|(_, verdict)| *verdict != accepted) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        println!("key {}\nmessage {}\ncontext {}", hex(&case.key), hex(&case.message), hex(&case.context));
        panic!("{set}: {name}: {verdicts:?}\nsignature {}", hex(&case.signature));
    }
    let (count, good) = counts.entry(name).or_default();
    *count += 1;
    *good += u64::from(accepted);
}

#[test]
fn the_engine_agrees_with_three_others_on_ml_dsa_44() {
    compare::<peers::Peers44>();
}

#[test]
fn the_engine_agrees_with_three_others_on_ml_dsa_65() {
    compare::<peers::Peers65>();
}

#[test]
fn the_engine_agrees_with_three_others_on_ml_dsa_87() {
    compare::<peers::Peers87>();
}

/// How many of the signatures that only a verifier without one check would take were refused by all seven.
fn refused_where_one_check_refuses<P: Peers>() -> u32 {
    let mut random = Random(5);
    let mut refused = 0;
    for _ in 0..20 {
        let forger = Forger::<P>::new(&mut random);
        let verifiers = Verifiers::<P>::new(&forger.key);
        for kind in misread::KINDS {
            let verdicts = verifiers.verdicts(&forger.misread(&mut random, kind));
            assert!(verdicts.iter().all(|(_, accepted)| !accepted), "{}: {kind}: {verdicts:?}", P::NAME);
            refused += 1;
        }
    }
    refused
}

#[test]
fn what_one_check_alone_refuses_is_refused() {
    let refused = [
        refused_where_one_check_refuses::<peers::Peers44>(),
        refused_where_one_check_refuses::<peers::Peers65>(),
        refused_where_one_check_refuses::<peers::Peers87>(),
    ];
    println!("{refused:?} forgeries with one fault each, 0 accepted by 7 verifiers");
    assert_eq!(refused, [60; 3]);
}
