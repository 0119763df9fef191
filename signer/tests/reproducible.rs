//! The same release gives the same signed bytes, whoever runs the tool and in whatever order the release file says it. Only the ML-DSA
//! signatures differ from run to run: they are hedged, with fresh randomness each (FIPS 204).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

extern crate alloc;

use alloc::collections::BTreeSet;

use tool::{Place, RELEASE, position};
use twinseal_formats::{Envelope, SealAlgorithm};

/// A bundle taken apart: what is signed, the one signature that differs, and everything else.
struct Parts {
    release_id: String,
    signed: Vec<u8>,
    ml_dsa: Vec<u8>,
    rest: Vec<u8>,
}

fn parts(bundle: &[u8]) -> Parts {
    let envelope = Envelope::parse(bundle).expect("an envelope");
    let seals: Vec<_> = envelope.seals().iter().collect();
    let [classical, post_quantum] = seals.as_slice() else { panic!("two seals") };
    assert_eq!(classical.cose_algorithm(), SealAlgorithm::Ed25519.cose());
    let ml_dsa = post_quantum.signature().to_vec();
    let at = position(&ml_dsa, bundle);
    Parts {
        release_id: envelope.seals().digest().to_string(),
        signed: envelope.sealed_bytes().to_vec(),
        rest: [&bundle[..at], &bundle[at + ml_dsa.len()..]].concat(),
        ml_dsa,
    }
}

fn sealed(place: &Place, out: &str) -> Parts {
    place.sign("release.toml", out).ok();
    parts(&place.read(out))
}

/// The same as `RELEASE`, said in another order: keys within tables, tables, inline tables, and what is the default said aloud.
const ORDERS: [&str; 5] = [
    r#"
[[evidence]]
media-type = "text/plain"
name = "notes.txt"
path = "notes.txt"

[[component]]
path = "app.bin"
id = "app"

[[evidence]]
path = "sbom.json"
media-type = "application/vnd.cyclonedx+json"
name = "sbom.cdx.json"

[[component]]
format = "raw"
path = "radio.bin"
id = "radio"

[release]
security-version = 3
sequence-number = 42
version = "1.4.0"
model = "thermostat"
vendor = "acme.example"
"#,
    r#"
component = [{ id = "app", path = "./app.bin" }, { path = "radio.bin", id = "radio" }]
evidence = [
    { path = "notes.txt", name = "notes.txt", media-type = "text/plain" },
    { path = "sbom.json", name = "sbom.cdx.json", media-type = "application/vnd.cyclonedx+json" },
]
release = { vendor = "acme.example", model = "thermostat", version = "1.4.0", sequence-number = 42, security-version = 3 }
"#,
    r#"
component = [{ path = "radio.bin", id = "radio" }, { id = "app", path = "app.bin", format = "raw" }]
release.version = "1.4.0"
release.security-version = 0x3
release.sequence-number = 4_2
release.minimum-trust-epoch = 0
release.model = 'thermostat'
release.vendor = "acme.example"
[[evidence]]
name = "sbom.cdx.json"
media-type = "application/vnd.cyclonedx+json"
path = "sbom.json"
[[evidence]]
name = "notes.txt"
media-type = "text/plain"
path = "notes.txt"
"#,
    r#"
[release]
digest = "sha-256"
vendor = "acme.example"
version = "1.4.0"
model = "thermostat"
security-version = 3
sequence-number = 42
[[component]]
id = "app"
path = "app.bin"
[[evidence]]
name = "notes.txt"
path = "notes.txt"
media-type = "text/plain"
[[component]]
id = "radio"
path = "radio.bin"
[[evidence]]
name = "sbom.cdx.json"
path = "sbom.json"
media-type = "application/vnd.cyclonedx+json"
"#,
    RELEASE,
];

#[test]
fn twenty_runs_sign_the_same_bytes() {
    let place = Place::with_release("ml-dsa-44");
    let runs: Vec<Parts> = (0..20).map(|run| sealed(&place, &format!("run{run}"))).collect();
    for run in &runs {
        assert_eq!(run.release_id, runs[0].release_id);
        assert!(run.signed == runs[0].signed, "the manifest differs");
        assert!(run.rest == runs[0].rest, "something but the ML-DSA signature differs");
    }
    let signatures: BTreeSet<_> = runs.iter().map(|run| &run.ml_dsa).collect();
    println!("reproducible: {} runs signed the same bytes, with {} ML-DSA signatures", runs.len(), signatures.len());
    assert_eq!((runs.len(), signatures.len()), (20, 20));
}

#[test]
fn the_order_of_the_release_file_does_not_matter() {
    let place = Place::with_release("ml-dsa-44");
    let first = sealed(&place, "first");
    for (number, order) in ORDERS.iter().enumerate() {
        place.write("release.toml", order);
        let again = sealed(&place, &format!("order{number}"));
        assert_eq!(again.release_id, first.release_id, "{order}");
        assert!(again.signed == first.signed && again.rest == first.rest, "{order}");
    }
    // Line ends of another system change nothing; a changed value does.
    place.write("release.toml", RELEASE.replace('\n', "\r\n"));
    assert!(sealed(&place, "lines").rest == first.rest);
    place.write("release.toml", RELEASE.replace("security-version = 3", "security-version = 4"));
    assert_ne!(sealed(&place, "other").release_id, first.release_id);
    println!("reproducible: {} orders of one release file", ORDERS.len() + 1);
    assert_eq!(ORDERS.len(), 5);
}

#[test]
fn neither_the_place_nor_the_identities_change_what_is_signed() {
    let place = Place::with_release("ml-dsa-65");
    let first = sealed(&place, "first");
    // Every environment in which dates, languages or sizes of terminals could creep in.
    let arguments = ["sign", "--release", "release.toml", "--identity", "id", "--out", "again"];
    let mut command = place.command(&arguments);
    command.env("TZ", "Pacific/Chatham").env("LANG", "tr_TR.UTF-8").env("COLUMNS", "40").env("SOURCE_DATE_EPOCH", "1");
    assert!(command.output().expect("the tool starts").status.success());
    assert!(parts(&place.read("again")).rest == first.rest);
    // From elsewhere, by a whole path, into another directory.
    let elsewhere = Place::empty();
    let at = |file: &str| place.at(file).to_str().expect("UTF-8").to_owned();
    elsewhere.run(&["sign", "--release", &at("release.toml"), "--identity", &at("id"), "--out", "bundle"]).ok();
    assert!(parts(&elsewhere.read("bundle")).rest == first.rest);
    // Another signer vouches for the same bytes, and two in either order make the same bundle.
    place.run(&["keygen", "--out", "other", "--set", "ml-dsa-65"]).ok();
    let sign = |first: &str, second: &str, out: &str| {
        place.run(&["sign", "--release", "release.toml", "--identity", first, "--identity", second, "--out", out]).ok();
        let bundle = place.read(out);
        let envelope = Envelope::parse(&bundle).expect("an envelope");
        assert!(envelope.sealed_bytes() == first_signed(&place), "{first}, {second}");
        envelope.seals().iter().map(|seal| seal.protected().to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(sign("id", "other", "two"), sign("other", "id", "owt"));
}

fn first_signed(place: &Place) -> Vec<u8> {
    parts(&place.read("first")).signed
}
