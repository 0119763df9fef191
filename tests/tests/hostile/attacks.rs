//! The attacks that updates have fallen to, or could, by number: the cases that stand for each, and what else is run against it.
//!
//! The table is in docs/hostile-inputs.md. An attack without a case and without a test has a reason; one with a test keeps it only for
//! as long as there is a function of that name.

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{Case, sections};

/// An attack: what is tried, and what there is besides the cases that name its number.
pub(crate) struct Attack {
    what: &'static str,
    also: Also,
}

/// What stands for an attack besides cases.
#[derive(Clone, Copy)]
enum Also {
    /// The cases are all.
    Cases,
    /// Tests, as file (from the top) and function; a script has none.
    Tests(&'static [(&'static str, &'static str)]),
    /// There is nothing that could be attacked so.
    Nothing(&'static str),
}

use Also::{Cases, Nothing, Tests};

macro_rules! attacks {
    ($($what:literal => $also:expr;)+) => { &[$(Attack { what: $what, also: $also }),+] };
}

const HOST: &str = "tests/tests/hostile/host.rs";
const EXHAUSTIVE: &str = "tests/tests/exhaustive.rs";
const POWER_CUT: &str = "tests/tests/power_cut.rs";
const FAULTS: &str = "device/fault/inject.py";
const SECOND_LOOK: &str = "verifier/src/second_look/tests.rs";
const WYCHEPROOF: (&str, &str) = ("tests/tests/vectors/wycheproof_ml_dsa.rs", "wycheproof_ml_dsa");
const FLIPPED: (&str, &str) = (EXHAUSTIVE, "every_change_of_a_bundle_with_ml_dsa_65");

/// In the order of their numbers, from 1.
pub(crate) const ATTACKS: &[Attack] = attacks! {
    "no input at all" => Cases;
    "a bundle cut short, at every byte" => Tests(&[FLIPPED, ("signer/tests/refusals.rs", "every_truncation_is_refused")]);
    "bytes behind the end: one, zeros to the end of a sector, a page" => Tests(&[("signer/tests/refusals.rs", "every_extension_by_one_byte_is_refused"), (HOST, "what_stands_behind_a_bundle_is_refused_by_a_host")]);
    "something in front: a byte, another file" => Cases;
    "another magic, or its bytes swapped" => Cases;
    "a format version of zero, of one more, of the most there is" => Cases;
    "the length of the signed part off by one, zero, or the most there is" => Cases;
    "a length beyond the file, or into the signatures" => Cases;
    "a payload of no bytes" => Cases;
    "payload lengths around 2^31, 2^32, 2^63 and 2^64" => Tests(&[("tests/tests/sizes.rs", "payloads_around_two_and_four_gibibytes"), ("signer/tests/large.rs", "sizes_around_two_to_the_31_and_32")]);
    "an offset and a length whose sum wraps" => Cases;
    "parts that overlap, or bytes between them that nobody accounts for" => Tests(&[("signer/tests/byte_map.rs", "the_ranges_add_up_to_the_file_in_every_form_and_set")]);
    "parts in another order" => Cases;
    "an entry that points outside of what is signed" => Cases;
    "a count of none, one too many, or the most there is" => Cases;
    "nesting without an end" => Cases;
    "a signature that is empty, or a byte or more off in length" => Cases;
    "two good bundles, one behind the other" => Tests(&[(HOST, "what_stands_behind_a_bundle_is_refused_by_a_host"), ("tests/tests/hostile/accepted.rs", "bytes_behind_the_last_payload_do_not_matter_to_a_device")]);
    "a source that gives little at a time, or fails" => Tests(&[("tests/src/roads.rs", "every_road")]);
    "a compressed payload that unpacks to more than there is room for" => Nothing("nothing is compressed");
    "a field twice" => Cases;
    "a field that nobody knows, critical or not" => Cases;
    "a field outside of what is signed that belongs inside" => Cases;
    "a number in a longer encoding, or a length left open" => Cases;
    "reserved bits or padding that are not zero" => Cases;
    "names with NUL, line ends, marks of direction, or letters beyond ASCII" => Cases;
    "names that climb out of a directory, are empty, or too long" => Tests(&[("signer/tests/forms.rs", "extract_gives_what_was_sealed")]);
    "names that are equal once case or form is ignored" => Cases;
    "a truth value of 2, an enumeration beyond its end" => Cases;
    "fields in another order" => Cases;
    "what was signed, encoded in another way with the same meaning" => Cases;
    "a digest with the length of another algorithm, or of none" => Cases;
    "a digest algorithm that is weaker, or unknown" => Cases;
    "an algorithm that nobody knows" => Cases;
    "good signatures by the classical algorithm alone, and called that" => Cases;
    "good signatures by the post-quantum algorithm alone, and called that" => Cases;
    "an algorithm named with keys or signatures of another of its family" => Cases;
    "a variant that signs a digest in place of the message" => Cases;
    "an algorithm outside that is not the one that was signed" => Cases;
    "a bundle that says how little a device should demand" => Cases;
    "a threshold of none, or of more keys than there are" => Cases;
    "a context string where there must be none, or another product's" => Cases;
    "the classical half missing" => Cases;
    "the post-quantum half missing" => Cases;
    "both halves missing" => Cases;
    "the classical half zero or noise, the other good" => Cases;
    "the post-quantum half zero or noise, the other good" => Cases;
    "the halves in each other's place" => Cases;
    "the classical half twice, in place of the other" => Cases;
    "halves of two releases of one version" => Cases;
    "halves of two signings of one release: good, so no signature may serve as a release's name" => Tests(&[("tests/tests/hostile/accepted.rs", "a_release_is_the_same_whoever_sealed_it_and_in_whatever_form")]);
    "the classical key of one signer with the post-quantum key of another, both good" => Cases;
    "a classical half made by a signer that knows of no other half" => Cases;
    "a post-quantum half made for something else" => Cases;
    "one signature more than there should be" => Cases;
    "good signatures of one role in place of another's" => Cases;
    "a key that nobody knows" => Cases;
    "a known key's name on another key" => Cases;
    "a key that was revoked" => Cases;
    "a key for another vendor, class or component" => Cases;
    "a key that comes along in the bundle" => Cases;
    "an empty or unreadable set of keys" => Cases;
    "a key that everybody has: from a standard, a book, a sample" => Tests(&[("signer/tests/key_files.rs", "keys_from_books_are_refused")]);
    "Ed25519 keys of small or mixed order, or not canonical" => Tests(&[("tests/tests/vectors/ed25519_edges.rs", "keys_of_small_order_are_refused"), ("tests/tests/vectors/ed25519_edges.rs", "keys_of_mixed_order_are_refused_although_their_signatures_can_be_valid"), ("tests/tests/vectors/ed25519_edges.rs", "keys_that_are_not_canonical_are_refused")]);
    "an ML-DSA key with t1 = 0, which everybody can sign for" => Cases;
    "an ML-DSA key a byte too short or too long" => Cases;
    "a seed that nobody drew, at the signer" => Tests(&[("signer/tests/key_files.rs", "keys_from_books_are_refused")]);
    "a change of keys that only the new keys vouch for" => Tests(&[("signer/tests/trust_update.rs", "a_key_is_rotated_and_a_stolen_one_rotates_nothing")]);
    "a change of keys that leaves a step out" => Cases;
    "an Ed25519 S that is not below the group order" => Tests(&[("tests/tests/vectors/wycheproof_ed25519.rs", "wycheproof_ed25519")]);
    "an Ed25519 R of small order or not canonical" => Tests(&[("tests/tests/vectors/ed25519_edges.rs", "a_nonce_point_of_small_order_is_refused")]);
    "all that Wycheproof has against Ed25519" => Tests(&[("tests/tests/vectors/wycheproof_ed25519.rs", "wycheproof_ed25519"), ("tests/tests/vectors/ed25519_comb.rs", "wycheproof_ed25519_through_expanded_anchors")]);
    "every bit of an Ed25519 signature" => Tests(&[FLIPPED]);
    "an Ed25519 signature over the same words in another frame" => Cases;
    "an ML-DSA hint that names an index twice" => Tests(&[WYCHEPROOF, ("tests/negative-controls/tests/known_bad.rs", "")]);
    "an ML-DSA hint out of order, counted wrongly, or padded with something" => Tests(&[WYCHEPROOF]);
    "an ML-DSA z at or above its bound, of either sign" => Tests(&[WYCHEPROOF, ("tests/tests/ml_dsa_engine.rs", "")]);
    "an ML-DSA hint at the one place where rounding goes around" => Tests(&[WYCHEPROOF, ("verifier/src/mldsa/hint.rs", "high_bits_and_hints_of_every_residue")]);
    "an ML-DSA forgery against a transform that is not reduced" => Tests(&[WYCHEPROOF]);
    "an ML-DSA challenge that is wrong in one byte, or begins with zero" => Tests(&[WYCHEPROOF]);
    "an ML-DSA signature a byte too short or too long" => Cases;
    "contexts whose length is encoded wrongly" => Tests(&[WYCHEPROOF]);
    "every bit of an ML-DSA signature" => Tests(&[FLIPPED]);
    "all that Wycheproof has against ML-DSA" => Tests(&[WYCHEPROOF]);
    "one bit of a payload: first byte, last byte, each block" => Cases;
    "blocks of a payload exchanged" => Cases;
    "a payload that ends early under a good digest" => Cases;
    "a release for other hardware" => Cases;
    "new and old components mixed, each well signed" => Cases;
    "a component twice" => Cases;
    "an address outside of the slot, or in somebody else's place" => Cases;
    "an image larger than its slot" => Cases;
    "an entry point outside of the image" => Cases;
    "a difference against another base" => Cases;
    "a difference that makes more than it says" => Nothing("there are no differences: commands that would use one are refused by name (94)");
    "an older release, well signed" => Tests(&[("signer/tests/sign_verify.rs", "what_the_device_knows_decides")]);
    "another release under the same number" => Cases;
    "numbers at the ends and in the middle of their range, against each other" => Cases;
    "a lower security version under a higher release number" => Cases;
    "a number so high that none can follow" => Cases;
    "a counter that can not reach the number" => Cases;
    "a counter that can not be read, or is torn" => Tests(&[(POWER_CUT, "flash_that_fails_or_lies_is_never_believed")]);
    "going back to what is below the counter, by the road that repairs" => Cases;
    "expired, not yet valid, or a clock that was never set" => Nothing("no clock is trusted: there is no expiry (docs/threat-model.md)");
    "what was refused, found again in a cache and believed" => Tests(&[(POWER_CUT, "one_cut_at_every_operation"), ("signer/tests/trust_update.rs", "a_device_that_would_not_boot_again_keeps_its_store")]);
    "storage that reads differently the second time" => Tests(&[(POWER_CUT, "flash_that_fails_or_lies_is_never_believed")]);
    "the bundle's file exchanged between looking and using" => Tests(&[("signer/tests/forms.rs", "detach_writes_all_or_nothing")]);
    "steps in another order, twice, or left out" => Tests(&[("tests/tests/compile_fail.rs", "misuse_does_not_compile_and_the_same_without_it_does")]);
    "flash that fails at each call" => Tests(&[(POWER_CUT, "flash_that_fails_or_lies_is_never_believed")]);
    "power lost at every operation, in the middle of a write, and again while it is repaired" => Tests(&[(POWER_CUT, "one_cut_at_every_operation"), (POWER_CUT, "two_cuts"), (POWER_CUT, "many_cuts_one_after_the_other")]);
    "a state area with anything in it" => Tests(&[(POWER_CUT, "what_nobody_wrote_has_a_number"), (POWER_CUT, "flash_that_fails_or_lies_is_never_believed")]);
    "two at once" => Tests(&[("tests/tests/compile_fail.rs", "misuse_does_not_compile_and_the_same_without_it_does"), ("signer/tests/journal.rs", "many_signers_at_once_lose_and_double_nothing")]);
    "a stream that ends early and looks finished" => Cases;
    "instructions left out, one and more" => Tests(&[(FAULTS, "")]);
    "registers zero, all ones, or with a bit flipped" => Tests(&[(FAULTS, "")]);
    "the verification left out, and its result forced or left over" => Tests(&[(FAULTS, ""), (SECOND_LOOK, "without_the_first_look_the_second_finds_what_is_wrong_with_seals")]);
    "a comparison that ends early" => Tests(&[(FAULTS, ""), (SECOND_LOOK, "differences_and_shortfalls")]);
    "one half's verdict in place of the other's" => Tests(&[(SECOND_LOOK, "verdicts_are_far_apart")]);
    "a malformed ML-DSA signature and a fault within its arithmetic" => Tests(&[(FAULTS, "")]);
    "the comparison with the counter, or with the class, left out" => Tests(&[(FAULTS, ""), (SECOND_LOOK, "without_the_first_look_the_second_finds_what_a_device_may_not_take")]);
    "names that act on a terminal" => Tests(&[("signer/tests/diff_cbom.rs", "a_hostile_name_in_an_sbom_acts_on_no_terminal")]);
    "a sparse file larger than memory" => Tests(&[("signer/tests/large.rs", "five_gibibytes_in_64_mebibytes_of_memory")]);
    "a bundle that two readers read differently" => Tests(&[("tests/tests/independent.rs", "what_we_write_the_script_verifies"), (HOST, "every_case_is_refused_by_verify_with_the_devices_number")]);
    "digests shown in part, so that two releases look alike" => Tests(&[("signer/tests/sign_verify.rs", "digests_are_shown_whole")]);
};

/// The cases that stand for each attack: how many, by module in the order of the modules.
fn cases() -> BTreeMap<usize, Vec<(&'static str, usize)>> {
    let mut by_attack: BTreeMap<usize, Vec<(&'static str, usize)>> = BTreeMap::new();
    for (module, _, cases) in sections() {
        for number in cases.iter().flat_map(|Case { threats, .. }| *threats) {
            let modules = by_attack.entry(usize::from(*number)).or_default();
            match modules.last_mut() {
                Some((last, count)) if *last == module => *count += 1,
                _ => modules.push((module, 1)),
            }
        }
    }
    by_attack
}

/// The table of docs/hostile-inputs.md.
pub(crate) fn table() -> String {
    let by_attack = cases();
    let mut text = String::from(
        "\n## Attacks\n\nWhat has been done to updates elsewhere, or could be, whatever the format. Of each, the cases below that stand for it (how many, and in \
         which section), and what else is run against it.\n\n| | attack | cases | also |\n|---|---|---|---|\n",
    );
    for (index, Attack { what, also }) in ATTACKS.iter().enumerate() {
        let number = index + 1;
        let cases = by_attack.get(&number).into_iter().flatten();
        let cases: Vec<_> = cases.map(|(module, count)| format!("{count} [{module}](#{module})")).collect();
        let also = match also {
            Cases => String::new(),
            Nothing(why) => format!("not applicable: {why}"),
            Tests(tests) => tests.iter().map(named).collect::<Vec<_>>().join(", "),
        };
        writeln!(text, "| {number} | {what} | {} | {also} |", cases.join(", ")).expect("a string takes everything");
    }
    text
}

fn named((file, test): &(&str, &str)) -> String {
    if test.is_empty() { format!("`{file}`") } else { format!("`{file}`: `{test}`") }
}

#[test]
fn every_attack_has_a_case_or_a_test_or_a_reason() {
    assert_eq!(ATTACKS.len(), 124);
    let by_attack = cases();
    let (mut with_cases, mut with_tests, mut without, mut wrong) = (0, 0, 0, Vec::new());
    for (index, Attack { what, also }) in ATTACKS.iter().enumerate() {
        let (number, has_case) = (index + 1, by_attack.contains_key(&(index + 1)));
        match also {
            Cases if !has_case => wrong.push(format!("{number} ({what}) has no case")),
            Nothing(_) if has_case => wrong.push(format!("{number} ({what}) has cases: so it does apply")),
            Tests(tests) => wrong.extend(
                tests.iter().filter(|test| !is_there(test)).map(|test| format!("{number}: no {}", named(test))),
            ),
            Cases | Nothing(_) => {}
        }
        with_cases += usize::from(has_case);
        with_tests += usize::from(!has_case && matches!(also, Tests(_)));
        without += usize::from(matches!(also, Nothing(_)));
    }
    println!("124 attacks: {with_cases} with cases, {with_tests} with tests of their own, {without} not applicable");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let numbers: Vec<_> = by_attack.keys().filter(|number| !(1..=ATTACKS.len()).contains(*number)).collect();
    assert!(numbers.is_empty(), "cases name attacks that are not there: {numbers:?}");
    assert!(with_cases >= LEAST_WITH_CASES && without <= 3, "attacks lost their cases");
}

/// Raised when cases are added, never lowered.
const LEAST_WITH_CASES: usize = 98;

/// Whether the file is there, and the function in it.
pub(crate) fn is_there((file, test): &(&str, &str)) -> bool {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(file);
    fs::read_to_string(path).is_ok_and(|text| {
        test.is_empty() || text.contains(&format!("fn {test}(")) || text.contains(&format!("{test}:"))
    })
}
