//! docs/errors.md is what the code says.

#![expect(clippy::expect_used, reason = "the helpers of tests fail the test")]

use std::path::Path;
use std::process::{Command, Output};

fn twinseal(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_twinseal")).args(arguments).output().expect("the tool starts")
}

#[test]
fn the_committed_table_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let committed = std::fs::read(&path).expect("docs/errors.md");
    let generated = twinseal(&["errors", "--markdown"]);
    assert_eq!(generated.status.code(), Some(0));
    // Compared as a whole, without printing both: they are long.
    let same = committed == generated.stdout;
    assert!(same, "docs/errors.md is out of date; run `cargo run -p twinseal -- errors --markdown > docs/errors.md`");
}

#[test]
fn one_error_is_explained_to_people_and_to_programs() {
    for wanted in ["1282", "0x0502", "admit.class-mismatch"] {
        let output = twinseal(&["errors", wanted]);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(text.starts_with("0x0502  1282  admit.class-mismatch\n  means: the release is for"), "{text}");
        assert_eq!(text.lines().count(), 3);

        let output = twinseal(&["errors", wanted, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        assert_eq!(report["schema"], "twinseal.errors/1");
        let errors = report["errors"].as_array().expect("a list");
        assert_eq!(errors.len(), 1);
        assert_eq!((&errors[0]["number"], &errors[0]["stage"]), (&1282.into(), &"admit".into()));
        assert!(errors[0]["remedy"].as_str().expect("text").ends_with('.'));
    }
}

#[test]
fn all_errors_are_listed() {
    let report: serde_json::Value =
        serde_json::from_slice(&twinseal(&["errors", "--format=json"]).stdout).expect("one JSON object");
    assert_eq!(report["errors"].as_array().expect("a list").len(), twinseal::errors::all().len());
}

#[test]
fn what_is_no_error_fails_with_a_remedy() {
    for wanted in ["0", "65536", "0xffff", "nonsense", "admit.", ""] {
        let output = twinseal(&["errors", wanted]);
        assert_eq!(output.status.code(), Some(2), "{wanted}");
        let text = String::from_utf8(output.stderr).expect("text");
        assert!(text.contains("no such error\n  help: "), "{text}");
    }
    assert_eq!(twinseal(&["errors", "1282", "--markdown"]).status.code(), Some(2));
}
