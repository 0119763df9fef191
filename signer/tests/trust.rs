//! `twinseal trust make` and `trust show` from outside.

#![expect(clippy::expect_used, reason = "the helpers of tests fail the test")]

extern crate alloc;

use alloc::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use twinseal::identity::SigningIdentity;
use twinseal::key::VerifyingKey;
use twinseal::store;
use twinseal_formats::{Role, SealAlgorithm, TrustStore};

fn twinseal(arguments: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_twinseal"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("the tool starts")
}

/// A directory with the identities `a` and `b` (ML-DSA-44), and `strong` (ML-DSA-87).
fn identities() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, set) in
        [("a", SealAlgorithm::MlDsa44), ("b", SealAlgorithm::MlDsa44), ("strong", SealAlgorithm::MlDsa87)]
    {
        let identity = SigningIdentity::generate(set).expect("an identity");
        identity.write(&directory.path().join(name)).expect("a directory");
    }
    directory
}

fn names(directory: &Path) -> BTreeSet<OsString> {
    let entries = fs::read_dir(directory).expect("a directory");
    entries.map(|entry| entry.expect("an entry").file_name()).collect()
}

/// `trust make` for one vendor and model, and what else is given.
fn make(directory: &Path, more: &[&str]) -> Output {
    let arguments = ["trust", "make", "--out", "s", "--vendor", "example.com", "--model", "thermostat-2"];
    twinseal(&[&arguments, more].concat(), directory)
}

/// `trust show` as JSON, with its exit code.
fn show(directory: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = twinseal(&[&["trust", "show", "--format", "json"], arguments].concat(), directory);
    assert!(output.stderr.is_empty());
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("one JSON object"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn a_store_is_made_and_is_what_the_verifier_reads() {
    let directory = identities();
    let path = directory.path();
    let more =
        ["--release", "a", "--release", "second=b", "--root", "strong", "--require", "release=2", "--epoch", "7"];
    let output = make(path, &more);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    for part in
        ["requirement:    at least 1 of 1 root", "requirement:    at least 2 of 2 release", "minimum digest: sha-256"]
    {
        assert!(told.contains(part), "{told}");
    }

    let bytes = fs::read(path.join("s")).expect("a store");
    let verifier = store::open(&bytes).expect("a store");
    let read = verifier.store();
    assert_eq!(read.vendor().to_string(), "cfbff0d1-9375-5685-968c-48ce8b15ae17");
    let classes: Vec<_> = read.classes().map(|class| class.to_string()).collect();
    assert_eq!(classes, ["d3a9237a-8693-5851-97fa-9ba7f350b073"]);
    assert_eq!(read.epoch().0, 7);
    let anchors: BTreeSet<_> = read.anchors().map(|anchor| (anchor.label(), anchor.role())).collect();
    assert_eq!(anchors, BTreeSet::from([("a", Role::Release), ("second", Role::Release), ("strong", Role::Root)]));
}

#[test]
fn only_verifying_keys_are_opened() {
    let directory = identities();
    for file in ["a/ed25519.key.pem", "a/ml-dsa-44.key.pem"] {
        fs::remove_file(directory.path().join(file)).expect("a file");
    }
    assert_eq!(make(directory.path(), &["--release", "a"]).status.code(), Some(0));
    let blocks =
        ["a/ed25519.pub.pem", "a/ml-dsa-44.pub.pem"].map(|file| fs::read(directory.path().join(file)).expect("a key"));
    fs::write(directory.path().join("whole.pub.pem"), blocks.concat()).expect("a file");
    let before = fs::read(directory.path().join("s")).expect("a store");
    let output = make(directory.path(), &["--release", "a=whole.pub.pem", "--overwrite"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(fs::read(directory.path().join("s")).expect("a store"), before);
}

#[test]
fn the_same_arguments_give_the_same_bytes_in_any_order() {
    let directory = identities();
    assert_eq!(make(directory.path(), &["--release", "a", "--release", "b", "--model", "x"]).status.code(), Some(0));
    let arguments =
        ["trust", "make", "--out", "-", "--vendor", "example.com", "--model", "x", "--model", "thermostat-2"];
    let output = twinseal(&[&arguments[..], &["--release", "b", "--release", "a"]].concat(), directory.path());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, fs::read(directory.path().join("s")).expect("a store"));
    assert!(text(&output.stderr).starts_with("trust store:    - ("), "the report steps aside");
}

#[test]
fn what_may_not_have_been_meant_is_noted() {
    let directory = identities();
    let path = directory.path();
    let notes = |more: &[&str]| {
        let output = make(path, &[more, &["--overwrite", "--format", "json"]].concat());
        let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        assert_eq!(report["schema"], "twinseal.trust-make/1");
        report["contents"]["notes"].to_string()
    };
    assert_eq!(notes(&["--release", "a", "--root", "b"]), "[]");
    assert!(notes(&["--release", "a"]).contains("no root anchor"));
    assert!(notes(&["--release", "strong", "--minimum-digest", "sha-256"]).contains("weaker than sha-512"));
    assert!(notes(&["--release", "strong", "--release", "a"]).contains("`a` alone seals with sha-256"));
    let half = ["--release", "a/ed25519.pub.pem", "--single-class"];
    assert!(notes(&half).contains("single-class"));
    let (code, report) = show(path, &["s"]);
    assert_eq!((code, &report["contents"]["single_class"]), (Some(0), &true.into()));
    assert!(text(&twinseal(&["trust", "show", "s"], path).stdout).contains("single-class:   YES; "));
}

#[test]
fn what_can_not_be_a_store_fails_and_writes_nothing() {
    let directory = identities();
    let path = directory.path();
    fs::create_dir(path.join("Vendor Keys")).expect("a directory");
    fs::create_dir(path.join("empty")).expect("a directory");
    fs::write(path.join("there"), "kept").expect("a file");
    let key = |file: &str| VerifyingKey::load(&path.join(file)).expect("a key").to_pem().expect("a block");
    // The neutral element of the curve: anybody can make signatures that are valid under it.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let neutral =
        VerifyingKey::from_raw(SealAlgorithm::Ed25519, &neutral).expect("32 bytes").to_pem().expect("a block");
    fs::write(path.join("weak.pub.pem"), [neutral, key("b/ml-dsa-44.pub.pem")].concat()).expect("a file");
    let mixed = [key("a/ed25519.pub.pem"), key("b/ml-dsa-44.pub.pem")].concat();
    fs::write(path.join("mixed.pub.pem"), mixed).expect("a file");
    let before = names(path);

    let r = ["--release", "a"];
    let many: Vec<String> = (0..16).flat_map(|n| ["--model".to_owned(), format!("m{n}")]).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(r).collect();
    let cases: &[(&[&str], &str)] = &[
        (&["--release", "Vendor Keys"], "--release vendor-keys=Vendor Keys"),
        (&["--release", "A=a"], "label `A`"),
        (&["--release", "=a"], "label ``"),
        (&["--release", "missing"], "missing: can not be read"),
        (&["--release", "empty"], "empty: no identity"),
        (&["--release", "a", "--root", "a=b"], "two anchors have the label `a`"),
        (&["--release", "a", "--root", "root=a"], "`root` and `a` are one and the same"),
        (&["--release", "half=a/ed25519.pub.pem"], "configuration.single-class-anchor (0x0707)"),
        (&["--release", "half=a/ed25519.pub.pem"], "`--single-class`"),
        (&["--release", "a", "--root", "weak.pub.pem"], "configuration.weak-key (0x0709)"),
        (&["--release", "a", "--root", "weak.pub.pem"], "found in `weak`"),
        (&["--release", "a", "--release", "mixed.pub.pem"], "configuration.shared-key (0x0706)"),
        (&["--release", "a", "--release", "mixed.pub.pem"], "found in `a`, `mixed`"),
        (&["--release", "a", "--require", "release=2"], "there is 1 of the role release"),
        (&["--release", "a", "--require", "root=1"], "there is none of the role root"),
        (&["--release", "a", "--require", "release=0"], "configuration.threshold-zero"),
        (&["--release", "a", "--require", "release"], "as in `release=2`"),
        (&["--release", "a", "--require", "release=256"], "as in `release=2`"),
        (&["--release", "a", "--require", "release=1", "--require", "release=1"], "two requirements"),
        (&["--release", "a", "--minimum-digest", "sha-1"], "sha-384"),
        (&["--release", "a", "--model", "thermostat-2"], "given twice"),
        (&["--release", "a", "--model", " x"], "model ` x`"),
        (&many, "trust.class-count (0x0350)"),
        (&["--release", "a", "--symbol", "while"], "symbol `while`"),
        (&["--release", "a", "--c-header", "there"], "there: already exists"),
        (&["--release", "a", "--rust", "./s"], "s: named for two outputs"),
        (&["--release", "a", "--rust", "-", "--c-header", "-"], "standard output: named for two outputs"),
        (&["--release", "a", "--rust", "nowhere/x"], "nowhere/x: can not be written"),
        (&["--release", "a", "--epoch", "4294967296"], "4294967296"),
        (&[], "--release <[LABEL=]PATH>"),
    ];
    for (more, part) in cases {
        let output = make(path, more);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(output.stdout.is_empty(), "{more:?}");
        assert!(text(&output.stderr).contains(part), "{more:?}: {}", text(&output.stderr));
        assert_eq!(names(path), before, "{more:?}");
    }
    assert_eq!(fs::read(path.join("there")).expect("a file"), b"kept");

    for (vendor, part) in
        [("Example.com", "upper-case"), ("example", "no dot"), ("https://example.com", "letters, digits")]
    {
        let output =
            twinseal(&["trust", "make", "--out", "s", "--vendor", vendor, "--model", "m", "--release", "a"], path);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(part) && text(&output.stderr).contains("  help: give a domain"));
    }
    assert_eq!(names(path), before);
}

#[test]
fn an_existing_store_is_replaced_only_when_asked() {
    let directory = identities();
    fs::write(directory.path().join("s"), "old").expect("a file");
    let output = make(directory.path(), &["--release", "a", "--c-header", "h"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: s: already exists\n  help: "));
    assert_eq!(fs::read(directory.path().join("s")).expect("a file"), b"old");
    assert!(!directory.path().join("h").exists());
    assert_eq!(make(directory.path(), &["--release", "a", "--overwrite"]).status.code(), Some(0));
    assert!(TrustStore::parse(&fs::read(directory.path().join("s")).expect("a file")).is_ok());
}

#[test]
fn a_store_is_shown_and_its_names_are_compared() {
    let directory = identities();
    let path = directory.path();
    assert_eq!(make(path, &["--release", "a", "--assessor", "b", "--model", "x"]).status.code(), Some(0));
    let (code, report) = show(path, &["s"]);
    assert_eq!((code, &report["accepted"], &report["refusal"]), (Some(0), &true.into(), &Value::Null));
    assert_eq!(report["schema"], "twinseal.trust-show/1");
    assert_eq!(report["size"], fs::metadata(path.join("s")).expect("a store").len());
    let anchors = report["contents"]["anchors"].as_array().expect("anchors");
    let a = SigningIdentity::load(&path.join("a")).expect("an identity").public().expect("keys");
    let shown = anchors.iter().find(|anchor| anchor["label"] == "a").expect("an anchor");
    assert_eq!(shown["anchor_id"], a.anchor_id().to_string());
    assert_eq!(shown["keys"][1]["algorithm"], "ml-dsa-44");
    assert_eq!(shown["keys"][1]["thumbprint"], twinseal::Hex(&a.keys()[1].thumbprint()).to_string());

    let both = ["s", "--vendor", "example.com", "--model", "x", "--model", "thermostat-2"];
    let (code, report) = show(path, &both);
    assert_eq!(code, Some(0));
    assert_eq!(report["contents"]["vendor"]["name"], "example.com");
    assert_eq!(show(path, &both[..3]).0, Some(0));
    for (names, mismatches) in [
        (&["s", "--vendor", "example.com", "--model", "x"][..], 1),
        (&["s", "--vendor", "example.com", "--model", "y"], 3),
        (&["s", "--vendor", "example.org"], 1),
    ] {
        let (code, report) = show(path, names);
        assert_eq!((code, &report["refusal"]["code"]), (Some(1), &"configuration.device-not-served".into()));
        assert_eq!(report["mismatches"].as_array().expect("a list").len(), mismatches);
    }
    for (arguments, part) in [
        (&["trust", "show", "s", "--model", "x"][..], "--vendor"),
        (&["trust", "show", "s", "--vendor", "x"], "no dot"),
        (&["trust", "show", "missing"], "missing: can not be read"),
    ] {
        let output = twinseal(arguments, path);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(part));
    }
}

#[test]
fn what_no_device_can_use_is_refused_with_the_number_that_a_device_has() {
    let directory = identities();
    let path = directory.path();
    assert_eq!(make(path, &["--release", "a"]).status.code(), Some(0));
    let good = fs::read(path.join("s")).expect("a store");
    let refused = |bytes: &[u8]| -> (String, u64, Value) {
        fs::write(path.join("f"), bytes).expect("a file");
        let (code, report) = show(path, &["f"]);
        assert_eq!((code, &report["accepted"]), (Some(1), &false.into()));
        let refusal = &report["refusal"];
        assert!(refusal["remedy"].as_str().expect("text").ends_with('.'));
        assert_eq!(refusal["stage"], refusal["code"].as_str().expect("text").split('.').next().expect("a stage"));
        let number = refusal["number"].as_u64().expect("a number");
        (refusal["code"].as_str().expect("text").to_owned(), number, report["contents"].clone())
    };

    let (code, number, contents) = refused(&good[..good.len() - 1]);
    assert_eq!((code.as_str(), number, contents), ("trust.truncated", 0x0301, Value::Null));
    assert_eq!(refused(&[&good[..], &[0xff]].concat()).0, "trust.trailing-bytes");
    assert_eq!(refused(b"-----BEGIN PUBLIC KEY-----").0, "trust.unexpected-type");
    assert_eq!(refused(b"").0, "trust.store-length");
    assert_eq!(refused(&vec![0xa7; 1 << 20]).0, "trust.store-length");

    // The last byte is one of the post-quantum key: the shape holds, the anchor id does not.
    let mut changed = good.clone();
    *changed.last_mut().expect("bytes") ^= 1;
    let (code, number, contents) = refused(&changed);
    assert_eq!((code.as_str(), number), ("configuration.anchor-id-mismatch", 0x0708));
    assert!(contents.is_object(), "what has the shape of a store is shown");

    // Requirements: [[2, 1]] become [[2, 0]].
    let at = good.windows(5).position(|bytes| bytes == [0x06, 0x81, 0x82, 0x02, 0x01]).expect("requirements");
    let mut changed = good;
    changed[at + 4] = 0;
    assert_eq!(refused(&changed).0, "configuration.threshold-zero");
    let output = twinseal(&["trust", "show", "f"], path);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("\nrefused: configuration.threshold-zero (0x0702): "));
}
