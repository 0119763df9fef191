//! docs/hostile-inputs.md is generated from the cases, and every rule of the normative documents is broken by one of them.

use core::fmt::Write as _;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::{env, fs};

use crate::attacks::{is_there, table};
use crate::tables::{Table, tables};
use crate::{Case, sections};

const FORMAT: &str = include_str!("../../../docs/format.md");
const PROCEDURE: &str = include_str!("../../../docs/procedure.md");
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/hostile-inputs.md");

const HEAD: &str = "# Bad inputs, by name

Generated from `tests/tests/hostile` by `TWINSEAL_WRITE=1 cargo test -p twinseal-tests --test hostile document`; a test holds this file against the cases.
Each is refused with exactly this error. Bundles go by pull, by push in five ways of cutting the stream, and as far as the seals at boot; then to what
`twinseal verify` decides with (the same number), and to what `inspect` and the commands that take bundles apart open them with. Other objects go to their reader.
Bad evidence in good bundles (the last section of cases) is refused by those commands alone: a device reads none, and installs the release.
";

#[test]
fn the_document_lists_the_cases() {
    let mut text = String::from(HEAD);
    text.push_str(&table());
    for (module, test, cases) in sections() {
        write!(text, "\n## {module}\n\n`{test}`\n\n| input | error |\n|---|---|\n").expect("a string takes everything");
        for Case { name, error, .. } in cases {
            writeln!(text, "| {} | `{error}` |", name.replace('|', "\\|")).expect("a string takes everything");
        }
    }
    text.push_str("\n## tables\n\n`every_fault_of_a_table_is_refused_by_name`\n\n");
    text.push_str("Expanded anchors (docs/format.md, F-60 to F-71), to who computes them anew. They have no error numbers.\n\n| input | rule | refused as |\n|---|---|---|\n");
    for Table { name, rule, error, .. } in tables() {
        writeln!(text, "| {name} | {rule} | `{error:?}` |").expect("a string takes everything");
    }
    hold(Part::Device, &text);
}

/// The two parts of the document: the second is about the tool, which these tests can be built without.
pub(crate) enum Part {
    Device,
    #[allow(dead_code, reason = "without the tool there is only the first")]
    Host,
}

/// Holds a part of the document against what it should be, or writes it.
pub(crate) fn hold(part: Part, text: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let one = ONE_AT_A_TIME.lock();
    let read = || fs::read_to_string(DOCUMENT).expect("the document can be read");
    let found = read();
    let (device, host) = found.split_at(found.find(HOST_HEAD).unwrap_or(found.len()));
    let new = match part {
        Part::Device => [text, host].concat(),
        Part::Host => [device, HOST_HEAD, text].concat(),
    };
    if env::var_os("TWINSEAL_WRITE").is_some() {
        fs::write(DOCUMENT, &new).expect("the document can be written");
    }
    let found = read();
    drop(one);
    assert!(found == new, "docs/hostile-inputs.md is not what the cases say: its head tells how to write it");
}

/// Where the second part begins.
const HOST_HEAD: &str = "\n# Before a host\n";

/// How a rule is broken that names no error of its own.
enum Broken {
    /// By the cases that are refused with these errors.
    With(&'static [&'static str]),
    /// By a test that is not here, since what breaks it are no bytes that this binary could read: file and function.
    In(&'static str, &'static str),
}

use Broken::{In, With};

const WITHOUT_ERROR: [(&str, Broken); 7] = [
    // Lengths of seals and keys.
    ("F-20", With(&["authenticate.seal-size", "trust.key-length"])),
    // A signature over other bytes.
    ("F-26", With(&["authenticate.classical-seal-bad", "authenticate.post-quantum-seal-bad"])),
    // The frame of a trust update.
    ("F-50", With(&["trust.seal-tag", "trust.seal-order", "trust.unexpected-type"])),
    // No table, and no algorithm without one.
    ("F-66", With(&["configuration.algorithm-not-available"])),
    // A build without SHA-384 and SHA-512: this binary has every digest, as features are for a whole build.
    ("C-4", In("verifier/tests/without_sha512.rs", "a_store_whose_every_digest_is_missing_is_a_configuration_error")),
    ("V-3", In("verifier/tests/without_sha512.rs", "a_digest_that_is_not_compiled_in_is_refused_as_such")),
    // Any fault of the manifest.
    ("V-8", With(&["manifest.profile", "manifest.truncated"])),
];

#[test]
fn every_rule_is_broken_by_a_named_case() {
    let errors: BTreeSet<&str> = sections()
        .into_iter()
        .flat_map(|(_, _, cases)| cases)
        .map(|case| case.error.split_once(' ').expect("a number").1)
        .collect();
    let hit: BTreeSet<&str> = errors.iter().map(|error| error.rsplit('.').next().expect("a name")).collect();
    let (mut rules, mut elsewhere, mut missed) = (0, 0, Vec::new());
    for (rule, text) in rules_of(FORMAT).into_iter().chain(rules_of(PROCEDURE)) {
        rules += 1;
        let names: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
        let mut broken = names.iter().any(|name| hit.contains(name.rsplit('.').next().expect("a name")));
        match WITHOUT_ERROR.iter().find(|(listed, _)| *listed == rule) {
            Some((_, With(refusals))) => broken = refusals.iter().all(|error| errors.contains(error)),
            Some((_, In(file, test))) => {
                elsewhere += 1;
                broken = is_there(&(file, test));
            }
            None => broken |= tables().iter().any(|table| table.rule == rule),
        }
        if !broken {
            missed.push(rule);
        }
    }
    println!("{rules} rules, {} broken by a case, {elsewhere} by a test elsewhere", rules - elsewhere);
    assert!(rules >= LEAST_RULES, "rules were lost: {rules}");
    assert!(missed.is_empty(), "no case breaks {missed:?}");
}

/// Raised when rules are added, never lowered.
const LEAST_RULES: usize = 94;

/// The numbered rules of a document, F, V and C, each with its text up to the next one.
fn rules_of(document: &str) -> Vec<(String, String)> {
    let mut rules: Vec<(String, String)> = Vec::new();
    for line in document.lines() {
        let start = line.strip_prefix("- **").or_else(|| line.strip_prefix("| **"));
        let number = start.and_then(|rest| rest.split_once("**")).map(|(number, _)| number);
        match number {
            Some(number) if number.starts_with("F-") || number.starts_with("V-") || number.starts_with("C-") => {
                rules.push((number.into(), line.into()));
            }
            _ if line.is_empty() || line.starts_with('#') || line.starts_with("| **") || line.starts_with("- **") => {
                // Another list: what follows belongs to no rule of these.
                if !line.is_empty() && !line.starts_with("| ") {
                    rules.push((String::new(), String::new()));
                }
            }
            _ => {
                if let Some((_, text)) = rules.last_mut() {
                    text.push_str(line);
                }
            }
        }
    }
    rules.retain(|(number, _)| !number.is_empty());
    rules
}
