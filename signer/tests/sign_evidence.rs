//! `sign` and evidence: what is read, what is refused and changes nothing, and what is noted.

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

use documents::{Builder, CSAF, OPENVEX, STATEMENT, cyclonedx, sha256, slsa, spdx};
use serde_json::json;
use tool::{Place, RELEASE, bytes};

const CDX: &str = "application/vnd.cyclonedx+json";
const SPDX: &str = "application/spdx+json";
const VEX: &str = "application/vnd.openvex+json";
const ADVISORY: &str = "application/csaf+json";
const DSSE: &str = "application/vnd.in-toto.provenance+dsse";
const DECLARED: &str = "application/vnd.twinseal.release-statement+json";

/// The release with one evidence file `d` in the place of its own.
fn with(place: &Place, media_type: &str, kind: Option<&str>, document: &[u8]) {
    let head = RELEASE.split("[[evidence]]").next().expect("a head");
    let kind = kind.map(|kind| format!("kind = \"{kind}\"\n")).unwrap_or_default();
    let table = format!("[[evidence]]\nname = \"d\"\npath = \"d\"\nmedia-type = \"{media_type}\"\n{kind}");
    place.write("release.toml", format!("{head}{table}"));
    place.write("d", document);
}

const SIGN: [&str; 7] = ["sign", "--release", "release.toml", "--identity", "id", "--out", "out"];

#[test]
fn every_kind_is_taken_when_it_is_what_it_claims() {
    let place = Place::with_release("ml-dsa-44");
    let app = bytes(40_000);
    let built = Builder::ed25519().envelope(&slsa("app.bin", "sha256", &sha256(&app)));
    let vex = CSAF.replace("csaf_security_advisory", "csaf_vex");
    let good: [(&str, &str, &str); 9] = [
        (CDX, "sbom", &cyclonedx(&app)),
        (CDX, "cbom", &cyclonedx(&app)),
        (CDX, "vex", &cyclonedx(&app).replace("\"1.6\"", "\"1.7\"")),
        (SPDX, "sbom", &spdx(&app)),
        (VEX, "vex", OPENVEX),
        (ADVISORY, "advisory", CSAF),
        (ADVISORY, "vex", &vex),
        (DSSE, "provenance", &built),
        (DECLARED, "release-statement", STATEMENT),
    ];
    for (media_type, kind, document) in good {
        with(&place, media_type, Some(kind), document.as_bytes());
        let signed = place.json(&[&SIGN[..], &["--overwrite"]].concat()).ok().object();
        assert_eq!(signed["findings"], json!([]), "{kind}: {signed}");
    }
}

#[test]
fn what_is_not_what_it_claims_is_refused_and_nothing_is_written() {
    let place = Place::with_release("ml-dsa-44");
    let app = bytes(40_000);
    let sbom = cyclonedx(&app);
    let deep = format!("{{\"bomFormat\": {}0{}}}", "[".repeat(50_000), "]".repeat(50_000));
    let many = format!("[{}0]", "0,".repeat(600_000));
    let wrong_subject = Builder::ed25519().envelope(&slsa("app.bin", "sha256", &sha256(b"other")));
    let not_slsa =
        Builder::ed25519().envelope("{\"_type\": \"https://in-toto.io/Statement/v0.1\", \"predicateType\": \"x\"}");
    let twice_inside = Builder::ed25519().envelope("{\"_type\": \"a\", \"_type\": \"b\"}");
    let bad: Vec<(&str, Option<&str>, Vec<u8>, &str)> = vec![
        (CDX, None, sbom.as_bytes()[..sbom.len() - 2].to_vec(), "[not-json]"),
        (CDX, None, b"".to_vec(), "[not-json]"),
        (CDX, None, b"{\"bomFormat\": \"\xff\"}".to_vec(), "[not-utf8]"),
        (CDX, None, deep.into_bytes(), "[too-deep]"),
        (CDX, None, many.into_bytes(), "[too-many-values]"),
        (
            CDX,
            None,
            sbom.replacen("\"version\": 1,", "\"version\": 1, \"version\": 1,", 1).into_bytes(),
            "\"version\" stands twice",
        ),
        (CDX, None, sbom.replace("\"1.6\"", "\"1.5\"").into_bytes(), "specVersion: is 1.5"),
        (CDX, None, sbom.replace("\"CycloneDX\"", "\"Cyclone\\u001b[2J\"").into_bytes(), "[version]"),
        (CDX, None, sbom.replace("\"name\": \"net\"", "\"name\": 7").into_bytes(), "components[1].name"),
        (
            CDX,
            None,
            sbom.replace("\"bom-ref\": \"net\"", "\"bom-ref\": \"crypto\"").into_bytes(),
            "stands for two things",
        ),
        (CDX, None, sbom.replace("\"SHA-512\"", "\"SHA-256\"").into_bytes(), "no sha-256 digest"),
        (CDX, None, sbom.replace("T10:00:00Z", "").into_bytes(), "metadata.timestamp"),
        (CDX, Some("advisory"), sbom.clone().into_bytes(), "kind = \"advisory\", and it is sbom and cbom and vex"),
        (CDX, Some("poem"), sbom.clone().into_bytes(), "kind = \"poem\" is none"),
        (SPDX, None, sbom.clone().into_bytes(), "@context"),
        (SPDX, None, spdx(&app).replace("SpdxDocument", "SpdxPaper").into_bytes(), "not exactly one SpdxDocument"),
        (
            VEX,
            None,
            OPENVEX.replace(", \"action_statement\": \"Turn off remote access.\"", "").into_bytes(),
            "statements[1]: affected",
        ),
        (VEX, None, OPENVEX.replace("v0.2.0", "v9").into_bytes(), "@context"),
        (ADVISORY, None, CSAF.replace("\"2.0\"", "\"2.1\"").into_bytes(), "document.csaf_version: is 2.1"),
        (
            ADVISORY,
            None,
            CSAF.replace("\"fixed\": [\"P140\"]", "\"fixed\": [\"P999\"]").into_bytes(),
            "not in the product tree",
        ),
        (ADVISORY, None, CSAF.replace("\"fixed\": [\"P140\"]", "\"fixed\": [\"P130\"]").into_bytes(), "is both"),
        (DSSE, None, wrong_subject.into_bytes(), "no subject is an image of this release"),
        (DSSE, None, not_slsa.into_bytes(), "payload: _type"),
        (DSSE, None, twice_inside.into_bytes(), "[duplicate-key]"),
        (
            DSSE,
            None,
            b"{\"payloadType\": \"application/vnd.in-toto+json\", \"payload\": \"?\", \"signatures\": []}".to_vec(),
            "[base64]",
        ),
        (DECLARED, None, STATEMENT.replace("\"1.4.0\"", "\"1.4.1\"").into_bytes(), "release.version is \"1.4.1\""),
        (
            DECLARED,
            None,
            STATEMENT.replace("acme.example\", \"model", "evil.example\", \"model").into_bytes(),
            "product.vendor",
        ),
        (DECLARED, None, STATEMENT.replace("\"support\"", "\"suport\"").into_bytes(), "suport"),
        (DECLARED, None, STATEMENT.replace("\"security\"", "\"combined\"").into_bytes(), "release.combined-reason"),
        (DECLARED, None, STATEMENT.replace("\"security\"", "\"functional\"").into_bytes(), "vulnerabilities-fixed"),
        (DECLARED, None, STATEMENT.replace("\"2031-12\"", "\"2031-13\"").into_bytes(), "support.end: no date"),
        (DECLARED, None, STATEMENT.replace("\"2031-12\"", "\"2025-12\"").into_bytes(), "support.end: is before"),
        ("text/plain", None, b"caf\xe9".to_vec(), "[not-utf8]"),
    ];
    for (media_type, kind, document, part) in &bad {
        with(&place, media_type, *kind, document);
        let ran = place.fails_and_changes_nothing(&SIGN, part);
        assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
    }
    println!("evidence: {} refused by name", bad.len());
    assert_eq!(bad.len(), 33);
}

#[test]
fn a_gibibyte_is_refused_before_it_is_read() {
    let place = Place::with_release("ml-dsa-44");
    with(&place, CDX, None, b"{");
    std::fs::File::options()
        .write(true)
        .open(place.at("d"))
        .and_then(|file| file.set_len(1 << 30))
        .expect("a sparse file");
    let ran = place.run(&SIGN).failed("1073741824 bytes, where at most 16777216 are read [too-long]");
    assert!(ran.err.contains("help: "), "{}", ran.err);
}

#[test]
fn provenance_by_a_key_that_seals_is_refused() {
    let place = Place::with_release("ml-dsa-44");
    let pem = String::from_utf8(place.read("id/ed25519.key.pem")).expect("text");
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = <base64ct::Base64 as base64ct::Encoding>::decode_vec(&text).expect("PKCS#8");
    // The seed is the inner octet string of version-one PKCS#8 (RFC 8410).
    let start = der.windows(4).position(|bytes| bytes == [0x04, 0x22, 0x04, 0x20]).expect("a seed") + 4;
    let release_key = Builder::of_seed(&der[start..start + 32]);
    let built = slsa("app.bin", "sha256", &sha256(&bytes(40_000)));
    with(&place, DSSE, None, release_key.envelope(&built).as_bytes());
    place.fails_and_changes_nothing(&SIGN, "signed by a key that seals this release");
    with(&place, DSSE, None, Builder::ecdsa().envelope(&built).as_bytes());
    place.run(&SIGN).ok();
}

/// The advisory, with what the products of both its versions hash to.
fn csaf_of(before: &[u8], this: &[u8]) -> String {
    let with = |document: String, version: &str, image: &[u8]| {
        let named = format!("\"name\": \"Acme thermostat {version}\"");
        assert!(document.contains(&named));
        let hash = format!(
            r#"{named}, "product_identification_helper": {{"hashes": [{{"filename": "app", "file_hashes": [{{"algorithm": "sha256", "value": "{}"}}]}}]}}"#,
            sha256(image)
        );
        document.replace(&named, &hash)
    };
    with(with(CSAF.to_owned(), "1.3.0", before), "1.4.0", this)
}

#[test]
fn what_does_not_fit_is_noted() {
    let place = Place::with_release("ml-dsa-44");
    let app = bytes(40_000);
    let nameless = cyclonedx(&app).replace("\"hashes\"", "\"hushes\"");
    let notes = "Fine.\n\u{202e}gnp.exe\u{1b}[2J\n";
    for (media_type, document, expected) in [
        (CDX, tool::SBOM.to_owned(), None),
        (CDX, nameless, Some("sbom-without-image-digest")),
        (CDX, cyclonedx(b"other"), Some("sbom-for-other-bytes")),
        (SPDX, spdx(b"other"), Some("sbom-for-other-bytes")),
        (ADVISORY, CSAF.replace("1.4.0", "1.5.0"), Some("advisory-for-another-version")),
        (ADVISORY, csaf_of(b"older", b"other"), Some("vex-for-other-bytes")),
        (ADVISORY, csaf_of(b"older", &app), None),
        (CDX, cyclonedx(&app).replace("Acme build", "Acme\\u202e\\u0007 build"), Some("deceptive-text")),
        (ADVISORY, CSAF.replace("Overread in", "Over\\u001b[31mread in"), Some("deceptive-text")),
        (VEX, OPENVEX.replace("Acme PSIRT", "Acme\u{200b}PSIRT"), Some("deceptive-text")),
        (DECLARED, STATEMENT.replace("Acme Thermostat", "Acme\\u009b31m Thermostat"), Some("deceptive-text")),
        ("text/markdown", notes.to_owned(), Some("deceptive-text")),
        ("application/x-unknown", notes.to_owned(), None),
    ] {
        with(&place, media_type, None, document.as_bytes());
        let sign = [&SIGN[..], &["--overwrite"]].concat();
        let signed = place.json(&sign).ok().object();
        let codes: Vec<&str> = signed["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|found| found["finding"].as_str())
            .collect();
        assert_eq!(codes, expected.into_iter().collect::<Vec<_>>(), "{media_type}: {signed}");
        let shown = place.run(&sign).ok().text();
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7}', '\u{200b}']), "{shown}");
        assert_eq!(shown.contains("note: evidence d: "), expected.is_some(), "{shown}");
    }
}
