//! Bad evidence in sealed bundles, as only the vendor itself could make them: named, bounded, and nothing of it acts on what shows it.

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
#[path = "support/sealed.rs"]
mod sealed;
#[path = "support/tool.rs"]
mod tool;

use std::fs::File;

use desk::{ADVISORY, BUILT, Desk, SBOM, STATEMENT, VEX};
use documents::{Builder, hex};
use serde_json::Value;
use tool::{Place, bytes};
use twinseal::audit::{Verdict, Weight};
use twinseal::text::is_deceptive;
use twinseal_formats::DigestAlgorithm;

/// What is bad about which document, the row that tells it, and the code of the finding.
type Case = (&'static str, usize, fn(&str) -> String, &'static str, &'static str);

const CASES: &[Case] = &[
    ("truncated", SBOM, |text| text[..text.len() - 2].to_owned(), "A-06", "not-json"),
    ("empty", SBOM, |_| String::new(), "A-06", "not-json"),
    (
        "nested",
        SBOM,
        |_| format!("{{\"bomFormat\": {}0{}}}", "[".repeat(50_000), "]".repeat(50_000)),
        "A-06",
        "too-deep",
    ),
    ("many values", SBOM, |_| format!("[{}0]", "0,".repeat(600_000)), "A-06", "too-many-values"),
    (
        "doubled",
        SBOM,
        |text| text.replacen("\"version\": 1,", "\"version\": 1, \"version\": 2,", 1),
        "A-06",
        "duplicate-key",
    ),
    ("too long", SBOM, |text| format!("{text}{}", " ".repeat(17 << 20)), "A-06", "too-long"),
    ("of an older format", SBOM, |text| text.replace("\"1.6\"", "\"1.4\""), "A-06", "version"),
    ("without a name", SBOM, |text| text.replace("\"name\": \"net\"", "\"name\": 7"), "A-06", "shape"),
    (
        "for other bytes",
        SBOM,
        |text| text.replace(&image_in_hex(DigestAlgorithm::Sha512), &hex(DigestAlgorithm::Sha512, b"x")),
        "A-06",
        "sbom-for-other-bytes",
    ),
    ("not OpenVEX", VEX, |text| text.replace("v0.2.0", "v9"), "A-07", "version"),
    (
        "fixed without a status",
        VEX,
        |text| text.replace("\"status\": \"fixed\"", "\"status\": \"fxied\""),
        "A-07",
        "shape",
    ),
    (
        "not affected without a reason",
        VEX,
        |text| text.replace(", \"justification\": \"vulnerable_code_not_present\"", ""),
        "A-07",
        "rule",
    ),
    ("for another version", ADVISORY, |text| text.replace("1.4.0", "9.9.9"), "A-09", "advisory-for-another-version"),
    (
        "two statuses for one product",
        ADVISORY,
        |text| text.replace("\"fixed\": [\"P140\"]", "\"fixed\": [\"P130\"]"),
        "A-09",
        "rule",
    ),
    (
        "a product that is nowhere",
        ADVISORY,
        |text| text.replace("\"fixed\": [\"P140\"]", "\"fixed\": [\"P1\"]"),
        "A-09",
        "rule",
    ),
    ("a misspelt field", STATEMENT, |text| text.replace("\"support\"", "\"suport\""), "A-14", "shape"),
    ("a date that is none", STATEMENT, |text| text.replace("\"2031-12\"", "\"2031-13\""), "A-14", "shape"),
    ("combined without a reason", STATEMENT, |text| text.replace("\"security\"", "\"combined\""), "A-08", "rule"),
    (
        "of another version",
        STATEMENT,
        |text| text.replace("\"version\": \"1.4.0\"", "\"version\": \"1.5.0\""),
        "A-05",
        "version",
    ),
    (
        "for other bytes",
        BUILT,
        |text| text.replace(&image_in_hex(DigestAlgorithm::Sha384), &hex(DigestAlgorithm::Sha384, b"x")),
        "A-17",
        "provenance-for-other-bytes",
    ),
    ("without a subject", BUILT, |text| text.replace("\"subject\": [", "\"subject\": [], \"was\": ["), "A-17", "rule"),
    (
        "doubled inside",
        BUILT,
        |text| text.replacen("\"subject\"", "\"subject\": [], \"subject\"", 1),
        "A-17",
        "duplicate-key",
    ),
    (
        "of another predicate",
        BUILT,
        |text| text.replace("slsa.dev/provenance/v1", "slsa.dev/provenance/v0.2"),
        "A-17",
        "version",
    ),
];

fn image_in_hex(algorithm: DigestAlgorithm) -> String {
    hex(algorithm, &bytes(4_000))
}

#[test]
fn bad_evidence_is_named_in_its_row_and_refuses_the_audit() {
    for (what, document, change, row, code) in CASES {
        let mut desk = Desk::good();
        let text = desk.documents[*document].take().expect("it is carried");
        let changed = change(&text);
        assert_ne!(changed, text, "{what}");
        desk.documents[*document] = Some(changed);
        let audit = desk.audit();
        let found = audit.row(row).expect("a row");
        assert_eq!(found.verdict, Verdict::NotEvidenced, "{what}: {found:?}");
        let named = audit.findings.iter().any(|one| one.code == *code && one.weight == Weight::Contradiction);
        assert!(named && audit.is_refused(), "{what}: {:?}", audit.findings);
        // The device does not look at evidence: the release is none the less sealed and intact.
        assert!(audit.refusal.is_none(), "{what}: {:?}", audit.refusal);
    }
    println!("audit: {} bad documents named", CASES.len());
    assert_eq!(CASES.len(), 23);
}

#[test]
fn a_second_release_statement_and_a_builder_who_releases_are_contradictions() {
    let mut twice = Desk::good();
    let statement = twice.documents[STATEMENT].clone().expect("it is carried");
    let kind = "application/vnd.twinseal.release-statement+json".to_owned();
    twice.made.evidence.push(("f-statement.json".to_owned(), kind, statement.into_bytes()));
    assert!(twice.audit().findings.iter().any(|one| one.code == "release-statements"));

    let mut release_key = Desk::good();
    release_key.builder = desk::RELEASE;
    // Not even if the auditor was given that key as a builder's.
    release_key.builder_key = Some(desk::RELEASE);
    let audit = release_key.audit();
    assert!(audit.row("A-17").is_some_and(|row| row.verdict == Verdict::NotEvidenced), "{:?}", audit.row("A-17"));
    assert!(audit.is_refused());
}

/// Characters that clear a screen, turn text round, hide it, end a line, and open markup.
const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{202e}gnp\u{2066}\u{200b}\u{2028}\u{e0041}\n<script>alert(1)</script>\"'&";

/// Puts the hostile text in front of every text in a document, but where the format takes certain values only.
fn poisoned(text: &str) -> (String, usize) {
    let mut value: Value = serde_json::from_str(text).expect("JSON");
    let mut count = 0;
    poison(&mut value, &mut count);
    (value.to_string(), count)
}

fn poison(value: &mut Value, count: &mut usize) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, count)),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(text) if !FIXED.contains(&name.as_str()) => {
                        *text = format!("{HOSTILE}{text}");
                        *count += 1;
                    }
                    other => poison(other, count),
                }
            }
        }
        _ => {}
    }
}

/// Fields whose values the readers know: another one is refused, and told in the same escaped way.
const FIXED: [&str; 25] = [
    "product_id",
    "schema",
    "bomFormat",
    "specVersion",
    "@context",
    "csaf_version",
    "status",
    "timestamp",
    "issued",
    "end",
    "start",
    "until",
    "known-since",
    "placed-on-market",
    "kind",
    "state",
    "content",
    "initial_release_date",
    "current_release_date",
    "date",
    "_type",
    "predicateType",
    "sha384",
    "startedOn",
    "finishedOn",
];

#[test]
fn nothing_in_any_text_field_acts_in_any_form_of_any_report() {
    let place = Place::empty();
    let mut desk = Desk::good();
    let mut fields = 0;
    for document in [SBOM, VEX, ADVISORY, STATEMENT, BUILT] {
        let (text, count) = poisoned(desk.documents[document].as_ref().expect("it is carried"));
        desk.documents[document] = Some(text);
        fields += count;
    }
    place.write("hostile", desk.bundle());
    place.write("before", desk.before.as_ref().expect("there is one").bundle());
    place.write("trust.cbor", desk.store());
    place.write("builder.pem", Builder::of_seed(&[desk::BUILDER; 32]).pem());
    place.write(
        "device.toml",
        "vendor = \"acme.example\"\nmodel = \"thermostat\"\ncomponents = [\"app\"]\nrollback-counter = 3\n",
    );
    let audit = ["audit", "hostile", "--trust", "trust.cbor", "--date", "2026-11-26"];
    let mut shown = 0;
    for command in [
        audit.to_vec(),
        [&audit[..], &["--previous", "before", "--builder-key", "builder.pem"]].concat(),
        vec!["inspect", "hostile", "--trust", "trust.cbor", "--bytes"],
        vec!["verify", "hostile", "--trust", "trust.cbor", "--device", "device.toml", "--independent"],
        vec!["diff", "before", "hostile"],
    ] {
        for form in ["human", "json"] {
            let ran = place.run(&[&command[..], &["--format", form]].concat());
            let text = ran.text();
            let acting: Vec<char> =
                text.chars().chain(ran.err.chars()).filter(|c| is_deceptive(*c) && *c != '\n').collect();
            assert!(acting.is_empty(), "{command:?} {form}: {acting:?}");
            if form == "json" {
                assert_eq!(text.lines().count(), 1, "{command:?}");
            }
            shown += usize::from(text.contains("\\u{1b}[2J") || text.contains("\\\\u{1b}[2J"));
        }
    }
    println!("audit: {fields} text fields poisoned, shown escaped in {shown} of 10 reports");
    assert!(fields >= 60 && shown >= 4, "{fields} fields, shown in {shown}");
    // A file name is a text of others, too.
    let name = "x\u{1b}[2J\u{202e}.twinseal";
    place.write(name, desk.bundle());
    for form in ["human", "json"] {
        let text = place.run(&["audit", name, "--trust", "trust.cbor", "--format", form]).text();
        assert!(!text.chars().any(|c| is_deceptive(c) && c != '\n'), "{form}");
    }
}

#[test]
fn a_gibibyte_of_evidence_is_not_read_into_memory() {
    // The bundle commits to the digest of a sparse file of 1 GiB that claims to be an SBOM; its bytes are hashed and never kept.
    let place = Place::empty();
    let desk = Desk::good();
    let head = desk.made.before_zeros("sbom.json", "application/vnd.cyclonedx+json", 1 << 30);
    place.write("bomb", &head);
    let file = File::options().write(true).open(place.at("bomb")).expect("a file");
    file.set_len(u64::try_from(head.len()).expect("64 bits") + (1 << 30)).expect("a sparse file");
    place.write("trust.cbor", desk.store());
    let mut command = std::process::Command::new("sh");
    // 256 MiB of address space for everything: a gibibyte can not be in it.
    let limited =
        format!("ulimit -v 262144; exec {} audit bomb --trust trust.cbor --date 2026-11-26 --format json", tool::TOOL);
    command.args(["-c", &limited]).current_dir(place.path());
    let output = command.output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_str(&text).expect("one object");
    let codes: Vec<&str> =
        report["findings"].as_array().expect("a list").iter().filter_map(|one| one["code"].as_str()).collect();
    assert!(codes.contains(&"too-long") && report["refusal"].is_null(), "{codes:?}");
}
