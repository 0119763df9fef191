//! `twinseal trust expand`: what it writes is what a device reads, and what is not the table of a key is refused.

#![expect(clippy::expect_used, clippy::panic, reason = "the helpers of tests fail the test")]

extern crate alloc;

use alloc::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use twinseal::identity::SigningIdentity;
use twinseal::store;
use twinseal_formats::{Role, SealAlgorithm, TrustStore};
use twinseal_verifier::{BaseComb, ExpandedEd25519, ExpandedMlDsa, SealVerifier, Set65, Small, Verifier};

/// A directory with a store `s` of a release anchor `release-2027`, an assessor `lab` and a root.
fn made() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["release-2027", "lab", "root"] {
        let identity = SigningIdentity::generate(SealAlgorithm::MlDsa65).expect("an identity");
        identity.write(&directory.path().join(name)).expect("a directory");
    }
    let arguments = ["--release", "release-2027", "--assessor", "lab", "--root", "root"];
    make(&directory, &arguments);
    directory
}

fn make(directory: &TempDir, more: &[&str]) {
    let arguments = ["trust", "make", "--out", "s", "--vendor", "example.com", "--model", "m"];
    succeeded(&twinseal(directory.path(), &[&arguments, more].concat()));
}

fn twinseal(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_twinseal"))
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("the tool starts")
}

fn expand(directory: &TempDir, arguments: &[&str]) -> Output {
    twinseal(directory.path(), &[&["trust", "expand", "s"], arguments].concat())
}

/// The report as JSON, with the exit code.
fn report(directory: &TempDir, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = expand(directory, &[&["--format", "json"], arguments].concat());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("one JSON object"))
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

const FILES: [&str; 6] = [
    "expanded_anchors.h",
    "expanded_anchors.rs",
    "lab-ed25519.bin",
    "lab-ml-dsa-65.bin",
    "release-2027-ed25519.bin",
    "release-2027-ml-dsa-65.bin",
];

#[test]
fn a_device_reads_the_tables_and_needs_no_other_algorithm() {
    let directory = made();
    let (code, report) =
        report(&directory, &["--out", "x", "--role", "release", "--role", "assessor", "--role", "root"]);
    assert_eq!((code, report["accepted"].as_bool()), (Some(0), Some(true)));
    assert_eq!(report["schema"], "twinseal.trust-expand/1");
    let tables = report["tables"].as_array().expect("a list");
    assert_eq!(tables.len(), 6);
    let of = |label: &str, algorithm: &str| {
        let found = tables.iter().find(|one| one["anchor"]["label"] == label && one["algorithm"] == algorithm);
        let file = found.expect("a table")["file"].as_str().expect("a name");
        fs::read(directory.path().join(file)).expect("a file")
    };
    let bytes = fs::read(directory.path().join("s")).expect("a store");
    let trust = TrustStore::parse(&bytes).expect("a store");
    let mut owned: Vec<(Vec<u8>, Vec<u32>)> = Vec::new();
    for anchor in trust.anchors() {
        let words = of(anchor.label(), "ml-dsa-65");
        assert_eq!(words.len(), 38_896);
        let words = words.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
        owned.push((of(anchor.label(), "ed25519"), words));
    }
    let mut algorithms: Vec<Box<dyn SealVerifier + '_>> = Vec::new();
    for (anchor, (comb, words)) in trust.anchors().zip(&owned) {
        let mut keys = anchor.keys();
        let (classical, post_quantum) = (keys.next().expect("a key"), keys.next().expect("a key"));
        algorithms.push(Box::new(ExpandedEd25519::new(comb, classical.bytes, BaseComb::TEETH_8).expect("a table")));
        algorithms.push(Box::new(ExpandedMlDsa::<Set65, Small>::new(words, post_quantum.bytes).expect("a table")));
    }
    let lent: Vec<&dyn SealVerifier> = algorithms.iter().map(AsRef::as_ref).collect();
    assert_eq!(lent.len(), 6);
    Verifier::new(trust, &lent).expect("every key has its table");
}

#[test]
fn by_default_release_and_assessor_anchors_are_expanded() {
    let directory = made();
    succeeded(&expand(&directory, &["--out", "x", "--teeth", "4"]));
    assert_eq!(names(&directory.path().join("x")), FILES);
    let size = fs::metadata(directory.path().join("x/lab-ed25519.bin")).expect("a file").len();
    assert_eq!(size, 912);
    let told = String::from_utf8(expand(&directory, &["--compare", "x/lab-ed25519.bin"]).stdout).expect("text");
    assert!(told.contains("lab (assessor), ed25519"), "{told}");
}

#[test]
fn tables_of_the_store_are_accepted_and_all_others_refused() {
    let directory = made();
    let path = directory.path();
    succeeded(&expand(&directory, &["--out", "x"]));
    let all: Vec<String> = FILES.iter().filter(|file| file.ends_with(".bin")).map(|file| format!("x/{file}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(report(&directory, &[&["--compare"], &*all].concat()).0, Some(0));

    let mut refused = 0;
    for file in &all {
        let good = fs::read(path.join(file)).expect("a file");
        let last = good.len().saturating_sub(1);
        for (name, at, why) in
            [("magic", 0, "another key"), ("form", 5, ""), ("key", 20, "another key"), ("entry", last, "entries")]
        {
            let mut bad = good.clone();
            *bad.get_mut(at).expect("a byte") ^= 1;
            // The last byte of an ML-DSA table is above its 23 bits: also there nothing may stand.
            fs::write(path.join("bad"), &bad).expect("a file");
            let (code, report) = report(&directory, &["--compare", "bad"]);
            assert_eq!(code, Some(1), "{file}, {name}");
            let refusal = report["tables"][0]["refusal"].as_str().expect("a reason");
            // A wrong beginning is said where the key tells whose table it was to be.
            assert!(refusal.contains(why) || name == "magic", "{file}, {name}: {refusal}");
            refused += 1;
        }
        for bytes in [&good[..last], &[good.as_slice(), &[0]].concat(), &[], b"no table"] {
            fs::write(path.join("bad"), bytes).expect("a file");
            let output = expand(&directory, &["--compare", "bad"]);
            // What is longer than any table is not read.
            assert_ne!(output.status.code(), Some(0), "{file}, {} bytes", bytes.len());
            refused += 1;
        }
    }
    assert_eq!(refused, 4 * 8);

    // A table of another store's key, beside good ones.
    let other = made();
    succeeded(&expand(&other, &["--out", "x"]));
    fs::copy(other.path().join("x/lab-ml-dsa-65.bin"), path.join("foreign")).expect("a file");
    let (code, report) = report(&directory, &[&["--compare"], &*all, &["foreign"]].concat());
    assert_eq!((code, report["accepted"].as_bool()), (Some(1), Some(false)));
    let refusals: Vec<_> =
        report["tables"].as_array().expect("a list").iter().map(|table| !table["refusal"].is_null()).collect();
    assert_eq!(refusals, [false, false, false, false, true]);
}

#[test]
fn what_can_not_be_done_fails_and_leaves_nothing() {
    let directory = made();
    let path = directory.path();
    let before = names(path);
    let mut failed = 0;
    for arguments in [
        &["--out", "lab"][..],
        &["--out", "no/such/place"],
        &["--out", "x", "--symbol", "while"],
        &["--out", "x", "--symbol", &"s".repeat(48)],
        &["--out", "x", "--teeth", "3"],
        &["--out", "x", "--role", "owner"],
        &["--out", "x", "--compare", "s"],
        &["--compare", "missing"],
        &[],
    ] {
        let output = expand(&directory, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
        assert_eq!(names(path), before, "{arguments:?}");
        failed += 1;
    }
    make(&directory, &["--release", "lab", "--overwrite"]);
    let output = expand(&directory, &["--out", "x", "--role", "root"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("trust show"));
    fs::write(path.join("s"), "no store").expect("a file");
    assert_eq!(expand(&directory, &["--out", "x"]).status.code(), Some(2));
    assert_eq!(names(path), before);
    assert_eq!(failed, 9);
}

#[test]
fn anchors_with_one_label_have_tables_of_their_own() {
    let directory = made();
    make(&directory, &["--release", "a.b=release-2027", "--assessor", "a-b=lab", "--overwrite"]);
    succeeded(&expand(&directory, &["--out", "x"]));
    let made = names(&directory.path().join("x"));
    assert_eq!(made.len(), 6);
    let text = fs::read_to_string(directory.path().join("x/expanded_anchors.h")).expect("text");
    let arrays: BTreeSet<_> = text.lines().filter(|line| line.starts_with("static const")).collect();
    assert_eq!(arrays.len(), 4);
}

/// Runs a tool; `None` where it is not installed, unless tools are demanded.
fn tool(name: &str, arguments: &[&str], directory: &Path) -> Option<Output> {
    match Command::new(name).args(arguments).current_dir(directory).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(std::env::var_os("TWINSEAL_REQUIRE_TOOLS").is_none_or(|value| value != "1"), "needs {name}");
            println!("skipped: needs {name}");
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

/// Runs the program `p` and compares what it prints with the four files.
fn prints_the_tables(directory: &Path) {
    let output = Command::new(directory.join("p")).output().expect("the program starts");
    succeeded(&output);
    let files = FILES.iter().filter(|file| file.ends_with(".bin"));
    let expected: Vec<u8> = files.flat_map(|file| fs::read(directory.join("x").join(file)).expect("a file")).collect();
    assert!(output.stdout == expected, "the arrays are not the tables");
}

#[test]
fn the_c_header_compiles_without_a_warning_and_holds_the_tables() {
    let directory = made();
    succeeded(&expand(&directory, &["--out", "x", "--symbol", "gate"]));
    let main = "#include \"x/expanded_anchors.h\"\n#include \"x/expanded_anchors.h\"\n#include <stdio.h>\n\
        #define PUT(a, l) (fwrite(a, sizeof a[0], l, stdout) == l && sizeof a == l * sizeof a[0])\n\
        int main(void) { return PUT(gate_lab_ed25519, GATE_LAB_ED25519_LEN)\n\
        && PUT(gate_lab_ml_dsa_65, GATE_LAB_ML_DSA_65_LEN)\n\
        && PUT(gate_release_2027_ed25519, GATE_RELEASE_2027_ED25519_LEN)\n\
        && PUT(gate_release_2027_ml_dsa_65, GATE_RELEASE_2027_ML_DSA_65_LEN) ? 0 : 1; }\n";
    fs::write(directory.path().join("p.c"), main).expect("a file");
    let arguments = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o", "p", "p.c"];
    if let Some(output) = tool("cc", &arguments, directory.path()) {
        succeeded(&output);
        // Words are printed as this machine has them: little-endian.
        prints_the_tables(directory.path());
    }
}

#[test]
fn the_rust_file_compiles_without_a_warning_and_holds_the_tables() {
    let directory = made();
    succeeded(&expand(&directory, &["--out", "x"]));
    let main = "#[path = \"x/expanded_anchors.rs\"]\npub mod x;\nuse std::io::Write as _;\n\
        fn words(words: &[u32]) -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() }\n\
        fn main() { let mut out = std::io::stdout();\n\
        out.write_all(&x::EXPANDED_LAB_ED25519).unwrap();\n\
        out.write_all(&words(&x::EXPANDED_LAB_ML_DSA_65)).unwrap();\n\
        out.write_all(&x::EXPANDED_RELEASE_2027_ED25519).unwrap();\n\
        out.write_all(&words(&x::EXPANDED_RELEASE_2027_ML_DSA_65)).unwrap(); }\n";
    fs::write(directory.path().join("p.rs"), main).expect("a file");
    let arguments = ["--edition", "2024", "-D", "warnings", "-o", "p", "p.rs"];
    if let Some(output) = tool("rustc", &arguments, directory.path()) {
        succeeded(&output);
        prints_the_tables(directory.path());
    }
    if let Some(output) = tool("rustfmt", &["--check", "x/expanded_anchors.rs"], directory.path()) {
        succeeded(&output);
    }
    // A store that is usable with what was written.
    let bytes = fs::read(directory.path().join("s")).expect("a store");
    let opened = store::open(&bytes).expect("a store");
    assert_eq!(opened.store().anchors().filter(|anchor| anchor.role() == Role::Root).count(), 1);
}
