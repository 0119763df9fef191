//! Builder keys: whose signature provenance carries, and whose it does not.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/documents.rs"]
mod documents;

use documents::{Builder, sha256, slsa};
use twinseal::evidence::{BuilderKey, Document, Kind, Provenance, Reader};

fn read(envelope: &str) -> Box<Provenance> {
    match Reader::default().read(Kind::Provenance, envelope.as_bytes()).expect("provenance") {
        Document::Provenance(provenance) => provenance,
        other => panic!("{other:?}"),
    }
}

fn key(builder: &Builder) -> BuilderKey {
    BuilderKey::from_pem(builder.pem().as_bytes()).expect("a key")
}

#[test]
fn a_signature_is_that_of_its_key_over_these_bytes_and_of_no_other() {
    let payload = slsa("app.bin", "sha256", &sha256(b"image"));
    for (builder, other, name) in [
        (Builder::ed25519(), Builder::ed25519(), "ed25519"),
        (Builder::ecdsa(), Builder::ecdsa(), "ecdsa-p256"),
        (Builder::ed25519(), Builder::ecdsa(), "ed25519"),
        (Builder::ecdsa(), Builder::ed25519(), "ecdsa-p256"),
    ] {
        let envelope = builder.envelope(&payload);
        let provenance = read(&envelope);
        assert_eq!(key(&builder).algorithm(), name);
        assert!(provenance.signed_by(&key(&builder)));
        assert!(!provenance.signed_by(&key(&other)));
        // The signature of one payload beside another: the same length, another digest.
        let changed = builder.envelope(&slsa("app.bin", "sha256", &sha256(b"other")));
        let signature = |text: &str| text.split("\"sig\": ").nth(1).expect("a signature").to_owned();
        let swapped = envelope.replace(&signature(&envelope), &signature(&changed));
        assert_ne!(swapped, envelope);
        assert!(!read(&swapped).signed_by(&key(&builder)));
    }
}

#[test]
fn what_is_no_builder_key_is_refused() {
    let good = Builder::ed25519().pem();
    let cases = [
        String::new(),
        "key".to_owned(),
        good.replace("PUBLIC", "PRIVATE"),
        format!("{good}{good}"),
        good.replacen("MCow", "MCox", 1),
        // X25519 in the place of Ed25519.
        good.replacen("K2Vw", "K2Vu", 1),
    ];
    for case in &cases {
        assert!(BuilderKey::from_pem(case.as_bytes()).is_err(), "{case}");
    }
    assert_eq!(cases.len(), 6);
}
