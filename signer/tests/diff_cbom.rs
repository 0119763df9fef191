//! `diff` and `cbom`: what changed between two releases, and what cryptography a bundle uses.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/documents.rs"]
mod documents;
#[path = "support/tool.rs"]
mod tool;

use documents::{CSAF, OPENVEX, STATEMENT, cyclonedx};
use serde_json::Value;
use tool::{Place, RELEASE, Ran, bytes, flipped};

/// The release of most tests with an SBOM, a VEX document, an advisory and a statement; 1.3.0 before it.
fn two_releases() -> Place {
    let place = Place::with_release("ml-dsa-44");
    let more = [
        ("vex.json", "application/vnd.openvex+json", OPENVEX),
        ("csaf.json", "application/csaf+json", CSAF),
        ("statement.json", "application/vnd.twinseal.release-statement+json", STATEMENT),
    ];
    let mut release = RELEASE.to_owned();
    for (file, media_type, text) in more {
        place.write(file, text);
        release += &format!("\n[[evidence]]\nname = \"{file}\"\npath = \"{file}\"\nmedia-type = \"{media_type}\"\n");
    }
    place.write("sbom.json", cyclonedx(&bytes(40_000)));
    place.write("release.toml", &release);
    place.sign("release.toml", "old").ok();
    place
}

/// Seals the release again as `new`, with one thing changed in one file, and compares.
fn changed(place: &Place, file: &str, from: &str, to: &str) -> Ran {
    let before = String::from_utf8(place.read(file)).expect("text");
    assert!(before.contains(from), "{file}: {from}");
    place.write(file, before.replacen(from, to, 1));
    let arguments = ["sign", "--release", "release.toml", "--identity", "id", "--out", "new", "--overwrite"];
    place.run(&arguments).ok();
    place.write(file, before);
    place.json(&["diff", "old", "new", "--trust", "trust.cbor"])
}

fn marked(object: &Value) -> Vec<String> {
    let changes = object["changes"].as_array().expect("a list");
    let relevant = changes.iter().filter(|change| change["security"] == true);
    relevant
        .map(|change| {
            format!("{} {}", change["subject"].as_str().expect("text"), change["name"].as_str().expect("text"))
        })
        .collect()
}

#[test]
fn one_change_that_bears_on_security_is_the_one_that_is_marked() {
    let place = two_releases();
    let cases = [
        ("release.toml", "security-version = 3", "security-version = 4", "policy security version"),
        (
            "release.toml",
            "security-version = 3",
            "security-version = 3\nminimum-trust-epoch = 1",
            "policy minimum trust epoch",
        ),
        (
            "release.toml",
            "security-version = 3",
            "security-version = 3\ndigest = \"sha-512\"",
            "policy digest algorithm",
        ),
        ("release.toml", "sequence-number = 42", "sequence-number = 41", "release sequence number"),
        ("release.toml", "id = \"radio\"", "id = \"radar\"", "component radar"),
        ("release.toml", "name = \"notes.txt\"", "name = \"other.txt\"", "evidence notes.txt"),
        ("sbom.json", "\"version\": \"7.2\"", "\"version\": \"7.3\"", "sbom library:net"),
        ("sbom.json", "acme/crypto@3.0.1", "acme/kryptos@3.0.1", "sbom pkg:generic/acme/kryptos"),
        ("sbom.json", "AES-128-GCM", "AES-256-GCM", "cbom AES-256-GCM"),
        ("sbom.json", "\"not_affected\"", "\"exploitable\"", "vulnerability CVE-2026-0001"),
        ("vex.json", "\"status\": \"affected\"", "\"status\": \"fixed\"", "vulnerability CVE-2026-0002"),
        ("csaf.json", "\"cve\": \"CVE-2026-0002\"", "\"cve\": \"CVE-2026-0009\"", "vulnerability CVE-2026-0009"),
        ("statement.json", "\"2031-12\"", "\"2030-12\"", "statement support until"),
        ("statement.json", "\"2036-12-31\"", "\"2035-12-31\"", "statement available until"),
        ("statement.json", "psirt@acme.example", "noone@acme.example", "statement vulnerability reports"),
        ("statement.json", "\"automatic\": true", "\"automatic\": false", "statement automatic"),
        ("statement.json", "\"id\": \"CVE-2026-0002\"", "\"id\": \"CVE-2026-0003\"", "statement fixes CVE-2026-0003"),
    ];
    for (file, from, to, expected) in &cases {
        let ran = changed(&place, file, from, to);
        assert_eq!(ran.code, 1, "{expected}: {}", ran.text());
        assert!(marked(&ran.object()).contains(&(*expected).to_owned()), "{expected}: {}", ran.text());
    }
    assert_eq!(cases.len(), 17);
}

#[test]
fn what_every_release_changes_is_shown_and_not_marked() {
    let place = two_releases();
    let same = place.json(&["diff", "old", "old"]).ok().object();
    assert_eq!(same["changes"].as_array().map(Vec::len), Some(0));
    for (file, from, to, subject) in [
        ("release.toml", "sequence-number = 42", "sequence-number = 43", "release"),
        ("notes.txt", "length", "width", "evidence"),
        ("sbom.json", "T10:00:00Z", "T11:00:00Z", "evidence"),
    ] {
        let ran = changed(&place, file, from, to).ok();
        let object = ran.object();
        assert!(marked(&object).is_empty(), "{object}");
        assert!(
            object["changes"].as_array().expect("a list").iter().any(|change| change["subject"] == subject),
            "{object}"
        );
    }
    place.write("app.bin", flipped(&place.read("app.bin"), 7));
    let arguments = ["sign", "--release", "release.toml", "--identity", "id", "--out", "new", "--overwrite"];
    place.run(&arguments).ok();
    let text = place.run(&["diff", "old", "new"]).ok().text();
    assert!(text.contains("NOT VERIFIED") && text.contains("image         app: "), "{text}");
}

#[test]
fn other_keys_are_marked_and_a_store_that_does_not_know_them_is_no_answer() {
    let place = two_releases();
    place.run(&["keygen", "--out", "id2", "--set", "ml-dsa-65"]).ok();
    place.run(&["sign", "--release", "release.toml", "--identity", "id2", "--out", "new"]).ok();
    let ran = place.json(&["diff", "old", "new"]);
    assert_eq!(ran.code, 1);
    let seals = marked(&ran.object()).into_iter().filter(|change| change.starts_with("seal ")).count();
    assert_eq!(seals, 4, "two are gone and two are new");
    place.run(&["diff", "old", "new", "--trust", "trust.cbor"]).failed("new: can not be compared");
}

#[test]
fn what_can_not_be_compared_is_a_failure() {
    let place = two_releases();
    place.run(&["strip", "old", "--out", "stripped"]).ok();
    place.run(&["diff", "old", "stripped"]).failed("its evidence was stripped");
    place.write("short", &place.read("old")[..2000]);
    place.run(&["diff", "short", "old"]).failed("short: can not be compared");
    place.run(&["diff", "old", "none"]).failed("none: can not be read");
}

#[test]
fn a_hostile_name_in_an_sbom_acts_on_no_terminal() {
    let place = two_releases();
    let hostile = place.read("sbom.json");
    let text =
        String::from_utf8(hostile).expect("text").replace("\"name\": \"net\"", "\"name\": \"n\\u001b[2J\\u202eet\"");
    place.write("sbom.json", text);
    place.run(&["sign", "--release", "release.toml", "--identity", "id", "--out", "new"]).ok();
    let ran = place.run(&["diff", "old", "new"]);
    assert_eq!(ran.code, 1);
    assert!(
        !ran.text().contains(['\u{1b}', '\u{202e}']) && ran.text().contains("n\\u{1b}[2J\\u{202e}et"),
        "{}",
        ran.text()
    );
}

#[test]
fn a_bundle_lists_its_own_cryptography_and_always_in_the_same_bytes() {
    for (set, level, digest) in [("ml-dsa-44", 2, "SHA-256"), ("ml-dsa-65", 3, "SHA-384"), ("ml-dsa-87", 5, "SHA-512")]
    {
        let place = Place::with_bundle(set);
        let report = place.json(&["cbom", "good", "--out", "cbom.json"]).ok().object();
        assert_eq!(report["assets"], 5);
        let first = place.read("cbom.json");
        place.run(&["cbom", "good", "--out", "cbom.json"]).failed("cbom.json");
        assert!(place.run(&["cbom", "good", "--out", "-"]).ok().out == first, "the same bytes");
        let document: Value = serde_json::from_slice(&first).expect("JSON");
        let assets = document["components"].as_array().expect("a list");
        let named = |name: &str| assets.iter().find(|asset| asset["name"] == name).unwrap_or_else(|| panic!("{name}"));
        named("Ed25519");
        named(digest);
        let lattice = &named(&set.to_uppercase())["cryptoProperties"]["algorithmProperties"];
        assert_eq!(lattice["nistQuantumSecurityLevel"], level);
        // It can be carried as evidence by the next release, which reads it.
        let release = String::from_utf8(place.read("release.toml")).expect("text");
        place.write("release.toml", release.replace("path = \"sbom.json\"", "path = \"cbom.json\"\nkind = \"cbom\""));
        place.sign("release.toml", "next").ok();
    }
}
