//! docs/hostile-inputs.md is generated from the cases, and every rule of the normative documents is broken by one of them.

use core::fmt::Write as _;
use std::collections::BTreeSet;
use std::{env, fs};

use crate::{Case, sections};

const FORMAT: &str = include_str!("../../../docs/format.md");
const PROCEDURE: &str = include_str!("../../../docs/procedure.md");
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/hostile-inputs.md");

const HEAD: &str = "# Bad inputs, by name

Generated from `tests/tests/hostile` by `TWINSEAL_WRITE=1 cargo test -p twinseal-tests --test hostile document`; a test holds this file against the cases.
Each is refused with exactly this error. Bundles go by pull, by push in five ways of cutting the stream, and as far as the seals at boot; other objects to
their reader.
";

#[test]
fn the_document_lists_the_cases() {
    let mut text = String::from(HEAD);
    for (module, test, cases) in sections() {
        write!(text, "\n## {module}\n\n`{test}`\n\n| input | error |\n|---|---|\n").expect("a string takes everything");
        for Case { name, error, .. } in cases {
            writeln!(text, "| {} | `{error}` |", name.replace('|', "\\|")).expect("a string takes everything");
        }
    }
    if env::var_os("TWINSEAL_WRITE").is_some() {
        fs::write(DOCUMENT, &text).expect("the document can be written");
    }
    let found = fs::read_to_string(DOCUMENT).expect("the document can be read");
    assert!(found == text, "docs/hostile-inputs.md is not what the cases say: its head tells how to write it");
}

/// Rules that name no error of their own, and where they are broken all the same.
const WITHOUT_ERROR: [(&str, &str); 19] = [
    ("F-20", "its lengths: authenticate.seal-size (V-6), trust.key-length (F-44)"),
    ("F-26", "a signature over other bytes: authenticate.classical-seal-bad, post-quantum-seal-bad (V-6)"),
    ("F-35", "the tool reads evidence: signer/tests/forms.rs"),
    ("F-50", "the cases of trust_bytes that begin with an update"),
    ("F-60", EXPANDED),
    ("F-61", EXPANDED),
    ("F-62", EXPANDED),
    ("F-63", EXPANDED),
    ("F-64", EXPANDED),
    ("F-65", EXPANDED),
    ("F-66", EXPANDED),
    ("F-67", EXPANDED),
    ("F-68", EXPANDED),
    ("F-69", EXPANDED),
    ("F-70", EXPANDED),
    ("F-71", EXPANDED),
    ("C-4", "a build without SHA-384: verifier/tests/without_sha512.rs"),
    ("V-3", "a build without SHA-384: verifier/tests/without_sha512.rs"),
    ("V-8", "every case of manifest and sequences"),
];

/// Tables have refusals of their own.
const EXPANDED: &str = "tests/tests/expanded_anchors.rs";

#[test]
fn every_rule_is_broken_by_a_named_case() {
    let hit: BTreeSet<String> = sections()
        .into_iter()
        .flat_map(|(_, _, cases)| cases)
        .map(|case| case.error.rsplit('.').next().expect("a name").to_string())
        .collect();
    let (mut rules, mut missed) = (0, Vec::new());
    for (rule, text) in rules_of(FORMAT).into_iter().chain(rules_of(PROCEDURE)) {
        rules += 1;
        let names: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
        let broken = names.iter().any(|name| hit.contains(name.rsplit('.').next().expect("a name")));
        if !broken && !WITHOUT_ERROR.iter().any(|(listed, _)| *listed == rule) {
            missed.push(rule);
        }
    }
    println!("{rules} rules, {} of them broken elsewhere", WITHOUT_ERROR.len());
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
