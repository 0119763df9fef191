//! Exit code 3: a bundle about which two implementations disagree. It is made on purpose, with the release's own key.
//!
//! A signature of Ed25519 whose R is the neutral element satisfies the equation of RFC 8032, and `ring` takes it. The device's code is
//! strict and refuses a small-order R: whoever makes such a signature gives the signing key away (S is then the key times a number that
//! everybody can compute).

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

use curve25519_dalek::Scalar;
use desk::{Desk, RELEASE};
use ring::digest::{SHA512, digest};
use serde_json::Value;
use tool::{Place, position};
use twinseal::audit::Outcome;
use twinseal_formats::{Envelope, SealAlgorithm, ToBeSigned};

/// The bundle with its Ed25519 seal replaced by one that has the neutral element as R.
fn degenerate(bundle: &mut [u8]) {
    let (at, forged) = {
        let envelope = Envelope::parse(bundle).expect("a frame");
        let seals = envelope.seals();
        let ed25519 = SealAlgorithm::Ed25519.cose();
        let seal = seals.iter().find(|seal| seal.cose_algorithm() == ed25519).expect("it sealed");
        let message = ToBeSigned::new(seal.protected(), seals.digest_bytes()).expect("it is short");
        (position(seal.signature(), bundle), neutral(&[RELEASE; 32], message.as_bytes()))
    };
    bundle[at..at + forged.len()].copy_from_slice(&forged);
}

/// R = O, and so S = k times a.
fn neutral(seed: &[u8; 32], message: &[u8]) -> Vec<u8> {
    let expanded = digest(&SHA512, seed);
    let mut a: [u8; 32] = expanded.as_ref()[..32].try_into().expect("32 bytes");
    a[0] &= 248;
    a[31] &= 127;
    a[31] |= 64;
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed");
    let public = ring::signature::KeyPair::public_key(&pair).as_ref().to_vec();
    let mut r = vec![0; 32];
    r[0] = 1;
    let k = digest(&SHA512, &[r.as_slice(), &public, message].concat());
    let k = Scalar::from_bytes_mod_order_wide(k.as_ref().try_into().expect("64 bytes"));
    [r, (k * Scalar::from_bytes_mod_order(a)).to_bytes().to_vec()].concat()
}

fn disagreeing() -> Desk {
    let mut desk = Desk::good();
    desk.damage = Some(|bytes| degenerate(bytes));
    desk
}

#[test]
fn the_audit_tells_the_disagreement_apart_from_a_seal_that_is_bad_to_both() {
    let audit = disagreeing().audit();
    let [told] = audit.disagreements.as_slice() else { panic!("{:?}", audit.disagreements) };
    assert!(told.contains("ed25519") && told.contains("not valid to the device's code, valid to the second"), "{told}");
    let row = audit.row("A-01").expect("a row");
    let opinion = row.checks.iter().find(|check| check.name == "second-opinion").expect("it was asked");
    assert_eq!(opinion.outcome, Outcome::Contradicted);
    let halves =
        &audit.seals.as_ref().expect("a matrix").identities.iter().find(|one| one.label.is_some()).expect("one").halves;
    assert_eq!((halves[0].device, halves[0].independent), (Some(false), Some(true)));
    assert_eq!((halves[1].device, halves[1].independent), (Some(true), Some(true)));
    assert_eq!(audit.profiles.len(), 4);
    assert!(audit.profiles.iter().all(|profile| !profile.met), "nothing may be concluded");

    let mut bad = Desk::good();
    bad.damage = Some(|bytes| {
        degenerate(bytes);
        let envelope = Envelope::parse(bytes).expect("a frame");
        let at = envelope.seals().iter().map(|seal| position(seal.signature(), bytes)).min().expect("seals");
        bytes[at + 40] ^= 1;
    });
    let audit = bad.audit();
    assert!(audit.disagreements.is_empty() && audit.is_refused(), "{:?}", audit.disagreements);
}

#[test]
fn verify_and_audit_end_with_3_and_say_so_first() {
    let place = Place::empty();
    let desk = disagreeing();
    place.make_directory("many");
    place.write("many/a.twinseal", Desk::good().bundle());
    place.write("many/b.twinseal", desk.bundle());
    place.write("trust.cbor", desk.store());
    place.write(
        "device.toml",
        "vendor = \"acme.example\"\nmodel = \"thermostat\"\ncomponents = [\"app\"]\nrollback-counter = 3\n",
    );
    let known = ["--trust", "trust.cbor", "--device", "device.toml"];
    let verify = |bundle: &str, more: &[&str]| place.run(&[&["verify", bundle], &known[..], more].concat());

    // The device's code decides alone when nobody else is asked.
    assert_eq!(verify("many/b.twinseal", &[]).code, 1);
    assert_eq!(verify("many/a.twinseal", &["--independent"]).code, 0);
    let ran = verify("many/b.twinseal", &["--independent"]);
    assert_eq!(ran.code, 3, "{}", ran.text());
    assert!(ran.text().contains("DISAGREEMENT: the ed25519 seal"), "{}", ran.text());
    let object = verify("many/b.twinseal", &["--independent", "--format", "json"]).object();
    assert_eq!(object["independent"]["disagreements"].as_array().map(Vec::len), Some(1));
    assert_eq!(verify("many", &["--independent"]).code, 3);

    let audit = |bundle: &str, more: &[&str]| {
        place.run(&[&["audit", bundle, "--trust", "trust.cbor", "--date", "2026-11-26"], more].concat())
    };
    assert_eq!(audit("many/a.twinseal", &[]).code, 0);
    let ran = audit("many/b.twinseal", &[]);
    assert_eq!(ran.code, 3, "{}", ran.text());
    assert!(ran.text().starts_with("DISAGREEMENT: the ed25519 seal"), "{}", ran.text());
    let object = audit("many/b.twinseal", &["--format", "json"]).object();
    assert_eq!((&object["verdict"], object["disagreements"].as_array().map(Vec::len)), (&"refused".into(), Some(1)));

    // Among many it stops nothing, and is the gravest.
    let ran = audit("many", &["--format=json"]);
    assert_eq!(ran.code, 3);
    let lines: Vec<Value> = ran.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines.len(), &lines[2]["disagreements"], &lines[2]["accepted"]), (3, &1.into(), &1.into()));
    assert!(audit("many", &[]).text().contains("DISAGREEMENT many/b.twinseal ("));
}
