//! The command line from outside: exit codes, streams, and one JSON object.

#![expect(clippy::expect_used, reason = "the helpers of tests fail the test")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use twinseal::identity::SigningIdentity;

fn twinseal(arguments: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_twinseal"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("the tool starts")
}

/// The one JSON object on standard output.
fn object(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

#[test]
fn keygen_makes_an_identity_and_tells_its_anchor_id() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = twinseal(&["keygen", "--out", "id", "--set", "ml-dsa-44", "--format", "json"], directory.path());
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
    let report = object(&output);
    assert_eq!(report["schema"], "twinseal.keygen/1");
    let identity = SigningIdentity::load(&directory.path().join("id")).expect("an identity");
    let anchor_id = identity.public().expect("keys").anchor_id().to_string();
    assert_eq!(report["anchor_id"], anchor_id);
    assert_eq!(report["keys"][1]["signing_key"], "id/ml-dsa-44.key.pem");
}

#[test]
fn an_existing_identity_fails_with_a_remedy() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("id")).expect("a directory");
    let output = twinseal(&["keygen", "--out", "id", "--format=json"], directory.path());
    assert_eq!(output.status.code(), Some(2));
    let report = object(&output);
    assert_eq!(report["schema"], "twinseal.failure/1");
    assert_eq!(report["error"], "id: already exists");
    assert!(report["remedy"].is_string());

    let output = twinseal(&["keygen", "--out", "id"], directory.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: id: already exists\n  help: "));
}

#[test]
fn wrong_usage_is_2_and_an_object_for_programs() {
    let directory = tempfile::tempdir().expect("a directory");
    for (arguments, part) in [
        (vec!["keygen"], "--out <DIR>"),
        (vec!["keygen", "--out", "id", "--set", "ed25519"], "ed25519"),
        (vec!["keygen", "--out", "id", "--nonsense"], "--nonsense"),
        (vec!["nonsense"], "nonsense"),
    ] {
        let output = twinseal(&arguments, directory.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8_lossy(&output.stderr).contains(part));

        let output = twinseal(&[arguments, vec!["--format", "json"]].concat(), directory.path());
        assert_eq!(output.status.code(), Some(2));
        assert!(object(&output)["error"].as_str().expect("text").contains(part));
    }
    assert_eq!(std::fs::read_dir(directory.path()).expect("a directory").count(), 0);
}

#[test]
fn help_is_asked_for_and_so_a_success() {
    let output = twinseal(&["--help"], Path::new("."));
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Exit codes:"));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let directory = tempfile::tempdir().expect("a directory");
    let output = Command::new(env!("CARGO_BIN_EXE_twinseal"))
        .args(["keygen", "--out", "id", "--set", "ml-dsa-44"])
        .current_dir(directory.path())
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("the tool starts");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn completions_and_manual_pages_know_the_commands() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_twinseal")).args(arguments).current_dir(directory.path()).output();
        let output = output.expect("the tool starts");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(&["completions", shell]).contains("passphrase-source"), "{shell}");
    }
    run(&["man", "--out", "man1"]);
    let page = std::fs::read_to_string(directory.path().join("man1/twinseal-key-adopt.1")).expect("a page");
    assert!(page.contains("identity.toml") && page.starts_with(".ie"), "{page}");
}
