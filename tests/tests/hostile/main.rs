//! Bad inputs, by name: each with the numbers of the attacks it stands for (`attacks`) and
//! the exact error it must be refused with, by every road that applies.
//!
//! | module | stage | what is broken |
//! |---|---|---|
//! | `frame` | frame | the envelope, and the heads of the payloads |
//! | `seals` | frame | the seals' shape |
//! | `manifest`, `sequences` | manifest | what is sealed: only the vendor itself could do these |
//! | `hybrid`, `requirements` | authenticate | which seals there are, and whose |
//! | `nearly` | of all | what differs from the right value at one end only |
//! | `admit`, `rollback` | admit | an authentic release on the wrong device, or at the wrong time |
//! | `image` | image | payloads, images and storage |
//! | `resumed` | image | what an earlier reception left in the slot |
//! | `trust_bytes` | trust | trust stores and trust updates |
//! | `trust_updates` | authenticate, update | trust updates that a device must not take |
//! | `configuration` | configuration | stores and devices that would let anything pass |
//! | `evidence` | evidence | the evidence index |
//! | `enclosed` | evidence | what a bundle brings for people: refused by a host alone |
//! | `tables` | | tables of expanded anchors, which have no error numbers |
//! | `attacks` | | nothing: which attack is met by which cases and tests |
//! | `host` | | nothing: the cases at a host's entry points |
//! | `devices` | | nothing: writes the cases down, for firmware images |
//! | `accepted` | | nothing: what looks odd and is good |
//! | `proofs` | | nothing: what the proofs and the errors say of themselves |
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::large_enum_variant,
    clippy::std_instead_of_alloc,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

use std::collections::{BTreeMap, BTreeSet};

use twinseal_formats::{DigestAlgorithm, ErrorEntry, EvidenceIndex, SealAlgorithm, TrustUpdate, TrustUpdateBody};
use twinseal_tests::device::Facts;
use twinseal_tests::expanded::with_expanded;
use twinseal_tests::trust::{self, Store};
use twinseal_tests::world::World;
use twinseal_verifier::{Error, Fast};

mod accepted;
mod admit;
mod attacks;
mod configuration;
mod devices;
mod document;
mod enclosed;
mod evidence;
mod frame;
mod host;
mod hybrid;
mod image;
mod intake;
mod manifest;
mod nearly;
mod proofs;
mod requirements;
mod resumed;
mod rollback;
mod seals;
mod sequences;
mod tables;
mod trust_bytes;
mod trust_updates;

use proofs::{TABLES, assert_says_its_row};

/// One bad input.
pub(crate) struct Case {
    /// The fault, as a sentence.
    name: String,
    /// Which attacks of the list it stands for; none if only our own format has it.
    threats: &'static [u8],
    /// Number and name of the error, as docs/errors.md has them.
    error: &'static str,
    make: Box<dyn Fn(&World) -> Input>,
}

/// What is put in front of a device or a reader.
pub(crate) enum Input {
    /// A bundle, to the world's device.
    Bundle(Vec<u8>),
    /// A bundle, to a device with that trust store and those facts.
    Elsewhere(Vec<u8>, Store, Facts),
    /// The bytes of a trust store.
    Store(Vec<u8>),
    /// The bytes of a trust update.
    Update(Vec<u8>),
    /// The bytes of a trust update's body.
    Body(Vec<u8>),
    /// The bytes of an evidence index, with SHA-256.
    Evidence(Vec<u8>),
    /// A road of its own, gone already.
    Gone(Result<(), Error>),
}

pub(crate) fn case(
    name: impl Into<String>,
    threats: &'static [u8],
    error: &'static str,
    make: impl Fn(&World) -> Input + 'static,
) -> Case {
    Case { name: name.into(), threats, error, make: Box::new(make) }
}

/// What came of the input: nothing, or why it was refused.
fn judge(input: &Input, world: &World) -> Result<(), Error> {
    match input {
        Input::Bundle(bytes) => world.judge(bytes).map(|_| ()),
        Input::Elsewhere(bytes, store, facts) => {
            let world = World { store: store.clone(), facts: facts.clone(), ..world.clone() };
            world.judge(bytes).map(|_| ())
        }
        Input::Store(bytes) => {
            let outcome = trust::verifier(bytes).map(|_| ());
            assert_eq!(with_expanded::<Fast, _>(bytes, |verifier| verifier.map(|_| ())), outcome, "expanded anchors");
            outcome
        }
        Input::Update(bytes) => Ok(TrustUpdate::parse(bytes).map(|_| ())?),
        Input::Body(bytes) => Ok(TrustUpdateBody::parse(bytes).map(|_| ())?),
        Input::Evidence(bytes) => Ok(EvidenceIndex::parse(bytes, DigestAlgorithm::Sha256).map(|_| ())?),
        Input::Gone(outcome) => *outcome,
    }
}

/// Runs every case, and reports all that differ at once.
fn refuse_all(cases: &[Case], world: &World) {
    let mut wrong = Vec::new();
    for case in cases {
        let found = match judge(&(case.make)(world), world) {
            Err(error) => {
                assert_says_its_row(&error);
                format!("{:04x} {}.{}", error.code().number(), error.stage().name(), error.name())
            }
            Ok(()) => "accepted".into(),
        };
        if found != case.error {
            wrong.push(format!("{}: {found}, not {}", case.name, case.error));
        }
    }
    assert!(wrong.is_empty(), "with {}:\n{}", world.post_quantum, wrong.join("\n"));
}

macro_rules! refused {
    ($($test:ident: $module:ident in $sets:expr;)+) => {
        $(#[test]
        fn $test() {
            for set in $sets {
                refuse_all(&$module::cases(), &World::new(set));
            }
        })+

        /// The cases before devices, with the sets that each runs in.
        pub(crate) fn cases_and_sets() -> Vec<(Vec<Case>, Vec<SealAlgorithm>)> {
            vec![$(($module::cases(), $sets.to_vec())),+]
        }

        /// The cases by module, with the test that runs them.
        pub(crate) fn sections() -> Vec<(&'static str, &'static str, Vec<Case>)> {
            vec![
                $((stringify!($module), stringify!($test), $module::cases()),)+
                ("enclosed", "every_fault_of_enclosed_evidence_is_refused_by_a_host_by_name", enclosed::cases()),
            ]
        }
    };
}

/// What does not depend on how long a seal is needs one parameter set only: the shortest.
const ONE: [SealAlgorithm; 1] = [SealAlgorithm::MlDsa44];

refused! {
    every_fault_of_the_frame_is_refused_by_name: frame in ONE;
    every_fault_of_a_seals_shape_is_refused_by_name: seals in ONE;
    every_fault_of_the_manifest_is_refused_by_name: manifest in ONE;
    every_fault_of_the_command_sequences_is_refused_by_name: sequences in ONE;
    every_fault_of_the_hybrid_is_refused_by_name: hybrid in twinseal_tests::world::POST_QUANTUM;
    every_set_of_seals_that_is_not_enough_is_refused_by_name: requirements in twinseal_tests::world::POST_QUANTUM;
    every_release_for_another_device_or_time_is_refused_by_name: admit in ONE;
    every_fault_of_images_and_storage_is_refused_by_name: image in ONE;
    every_fault_of_a_resumed_reception_is_refused_by_name: resumed in ONE;
    every_fault_of_trust_bytes_is_refused_by_name: trust_bytes in ONE;
    every_trust_update_that_must_not_be_taken_is_refused_by_name: trust_updates in twinseal_tests::world::POST_QUANTUM;
    every_configuration_that_lets_anything_pass_is_refused_by_name: configuration in twinseal_tests::world::POST_QUANTUM;
    every_fault_of_the_evidence_index_is_refused_by_name: evidence in ONE;
    what_is_nearly_right_is_refused_by_name: nearly in twinseal_tests::world::POST_QUANTUM;
}

/// Error numbers that no input of this binary can reach, and why.
const NOT_REACHED: [(u16, &str); 5] = [
    (0x0401, "a build without SHA-384: verifier/tests/without_sha512.rs"),
    (0x040b, "a fault in the processor: verifier/src/second_look/tests.rs, device/fault"),
    (0x050a, "a fault in the processor: verifier/src/second_look/tests.rs, device/fault"),
    (0x060a, "a fault in the processor: verifier/src/second_look/tests.rs, device/fault"),
    (0x070d, "a build without SHA-384: verifier/tests/without_sha512.rs"),
];

#[test]
fn every_error_number_is_hit_by_a_named_case() {
    let cases: Vec<Case> = sections().into_iter().flat_map(|(_, _, cases)| cases).collect();
    let names: BTreeSet<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "every case has a name of its own");
    let threats: BTreeSet<_> = cases.iter().flat_map(|case| case.threats).collect();

    let known: BTreeMap<u16, &ErrorEntry> =
        TABLES.into_iter().flatten().map(|entry| (entry.code.number(), entry)).collect();
    let text = |entry: &ErrorEntry| format!("{:04x} {}.{}", entry.code.number(), entry.stage.name(), entry.rule);
    let hit: BTreeSet<&str> = cases.iter().map(|case| case.error).collect();

    let missed: Vec<_> =
        known.values().filter(|entry| !hit.contains(text(entry).as_str())).map(|entry| entry.code.number()).collect();
    assert_eq!(missed, NOT_REACHED.map(|(number, _)| number), "exactly the listed numbers are not hit");
    let unknown: Vec<_> = hit.iter().filter(|hit| !known.values().any(|entry| text(entry) == **hit)).collect();
    assert!(unknown.is_empty(), "not in the tables: {unknown:?}");

    println!("{} named bad inputs, {} error numbers hit, attacks {threats:?}", cases.len(), hit.len());
    assert!(cases.len() >= LEAST_CASES, "cases were lost: {}", cases.len());
}

/// Raised when cases are added, never lowered.
const LEAST_CASES: usize = 609;
