//! Published schemas, and what they are published for: real reports and statements, held against them by a validator that is not ours.
//!
//! Needs `python3` (or what TWINSEAL_PYTHON names) with the modules of `tests/independent/requirements.txt`. Where they are missing the
//! runs are skipped and said to be; with TWINSEAL_REQUIRE_TOOLS=1 that is a failure.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/documents.rs"]
mod documents;
#[path = "support/needs.rs"]
mod needs;
#[path = "support/sealed.rs"]
mod sealed;
#[path = "support/tool.rs"]
mod tool;

use std::io::Write as _;
use std::process::{Command, Stdio};

use desk::{ADVISORY, Desk, SBOM, STATEMENT};
use sealed::Keys;
use tool::Place;
use twinseal_formats::SealAlgorithm;

/// How many lines the validator finds good, or its first objection.
fn held(interpreter: &str, schema: &str, lines: &[String]) -> Result<usize, String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut child = Command::new(interpreter)
        .arg(format!("{root}/tests/independent/schema_check.py"))
        .arg(format!("{root}/docs/schemas/{schema}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("a pipe").write_all(lines.join("\n").as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => Ok(String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")),
        // An interpreter that fails exits with 1 as well: only this word is a verdict.
        Some(1) if said.starts_with("refused: ") => Err(said),
        other => panic!("the script ended with {other:?}: {said}"),
    }
}

/// Audits that differ in every part of the report.
fn audits() -> Vec<String> {
    let place = Place::empty();
    let good = Desk::good();
    let mut with_strangers = good.clone();
    with_strangers.made.sealed_by.push(Keys::hybrid(SealAlgorithm::MlDsa87, 8));
    let mut contradictory = good.clone();
    contradictory.replace(SBOM, "\"3.0.1\"", "\"3.0.2\"");
    contradictory.replace(STATEMENT, "\"2031-12\"", "\"2030-01\"");
    contradictory.replace(ADVISORY, "\"csaf_version\": \"2.0\"", "\"csaf_version\": \"9\"");
    let mut bare = good.clone();
    bare.documents = [const { None }; 5];
    let mut unsealed = good.clone();
    unsealed.made.sealed_by = vec![Keys::hybrid(SealAlgorithm::MlDsa65, 8)];
    place.write("before", good.before.as_ref().expect("there is one").bundle());
    place.write("trust.cbor", good.store());
    let mut lines = Vec::new();
    for (name, desk) in [
        ("good", &good),
        ("strangers", &with_strangers),
        ("contradictory", &contradictory),
        ("bare", &bare),
        ("unsealed", &unsealed),
    ] {
        place.write(name, desk.bundle());
        let audit = ["audit", name, "--trust", "trust.cbor", "--date", "2026-11-26"];
        lines.push(place.json(&audit).text());
        lines.push(place.json(&[&audit[..], &["--previous", "before", "--profile", "cnsa2"]].concat()).text());
    }
    place.run(&["strip", "good", "--out", "stripped"]).ok();
    place.write("cut", &good.bundle()[..9_000]);
    place.write("nothing", "nothing");
    for name in ["stripped", "cut", "nothing"] {
        lines.push(place.json(&["audit", name, "--trust", "trust.cbor", "--date", "2026-11-26"]).text());
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn audits_are_what_their_schema_says() {
    let Some(python) = needs::python_with("import jsonschema", "jsonschema", "schemas", 20) else { return };
    let lines = audits();
    assert_eq!(lines.len(), 13);
    assert_eq!(held(&python, "audit-1.json", &lines), Ok(13));
    // The schema is not one that takes anything.
    let good = &lines[0];
    for (from, to) in [
        ("\"size\":", "\"siz\":"),
        ("\"verdict\":\"accepted\"", "\"verdict\":\"compliant\""),
        ("\"verdict\":\"proven\"", "\"verdict\":\"pass\""),
        ("\"date\":\"2026-11-26\"", "\"date\":\"26.11.2026\""),
        ("\"disagreements\":[]", "\"disagreements\":null"),
        ("\"single_class\":false", "\"single_class\":\"no\""),
        ("\"schema\":\"twinseal.audit/1\"", "\"schema\":\"twinseal.audit/2\""),
    ] {
        assert!(good.contains(from), "{from}");
        let objection = held(&python, "audit-1.json", &[good.replacen(from, to, 1)]);
        assert!(objection.is_err(), "{to}: {objection:?}");
    }
}

#[test]
fn release_statements_are_what_their_schema_says() {
    let Some(python) = needs::python_with("import jsonschema", "jsonschema", "schemas", 7) else { return };
    let line = |text: &str| text.replace('\n', " ");
    let good = Desk::good().documents[STATEMENT].clone().expect("it is carried");
    assert_eq!(held(&python, "release-statement-1.json", &[line(&good), line(documents::STATEMENT)]), Ok(2));
    for (from, to) in [
        ("\"support\"", "\"suport\""),
        ("\"kind\": \"security\"", "\"kind\": \"other\""),
        ("\"2031-12\"", "\"soon\""),
        ("\"automatic\": true", "\"automatic\": \"yes\""),
        ("\"version\": \"1.4.0\", ", ""),
    ] {
        assert!(good.contains(from), "{from}");
        let objection = held(&python, "release-statement-1.json", &[line(&good.replacen(from, to, 1))]);
        assert!(objection.is_err(), "{to}: {objection:?}");
    }
}
