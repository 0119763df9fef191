//! The 13 example envelopes of draft-ietf-suit-manifest: each is good SUIT, none is of profile 1, and each is refused by name.

use twinseal_formats::{Envelope, Fault, Manifest, Stage};

use crate::{files, shared};

/// Sealed with ES256 under `{1: -7}`: no kid, no typ.
const OTHER_SEALS: (Fault, &str, u16) = (Fault::SealHeader, "seal-header", 0x0114);
/// A digest, and nobody who vouches for it.
const NO_SEALS: (Fault, &str, u16) = (Fault::SealCount, "seal-count", 0x0112);

/// File; what the frame is refused for; what the manifest, taken out by itself, would be refused for.
#[rustfmt::skip]
const EXAMPLES: [(&str, (Fault, &str, u16), Fault); 13] = [
    ("example0.Envelope_with_COSE_authentication_object", OTHER_SEALS, Fault::UnexpectedKey),
    ("example0.Envelope_without_COSE_authentication_object", NO_SEALS, Fault::UnexpectedKey),
    ("example1.Envelope_with_COSE_authentication_object", OTHER_SEALS, Fault::UnexpectedKey),
    ("example1.Envelope_without_COSE_authentication_object", NO_SEALS, Fault::UnexpectedKey),
    ("example2.Envelope_with_COSE_authentication_object_and_Severable_Eleme", OTHER_SEALS, Fault::UnexpectedKey),
    ("example2.the_Envelope_with_COSE_authentication_object_but_without_Sev", OTHER_SEALS, Fault::UnexpectedKey),
    ("example2.the_Envelope_without_COSE_authentication_object_or_Severable", NO_SEALS, Fault::UnexpectedKey),
    ("example3.Envelope_with_COSE_authentication_object", OTHER_SEALS, Fault::UnexpectedKey),
    ("example3.Envelope_without_COSE_authentication_object", NO_SEALS, Fault::UnexpectedKey),
    ("example4.Envelope_with_COSE_authentication_object", OTHER_SEALS, Fault::UnexpectedKey),
    ("example4.Envelope_without_COSE_authentication_object", NO_SEALS, Fault::UnexpectedKey),
    ("example5.Envelope_with_COSE_authentication_object", OTHER_SEALS, Fault::Name),
    ("example5.Envelope_without_COSE_authentication_object", NO_SEALS, Fault::Name),
];

#[test]
fn suit_examples_are_refused_by_name() {
    let Some(folder) = shared("suit-examples") else { return };
    let files = files(&folder, "cbor");
    let names: Vec<_> = files.iter().map(|(name, _)| name.strip_suffix(".cbor").unwrap()).collect();
    assert_eq!(names, EXAMPLES.map(|(name, ..)| name));
    for ((name, bytes), (_, (fault, rule, code), manifest_fault)) in files.iter().zip(EXAMPLES) {
        let error = Envelope::parse(bytes).unwrap_err();
        println!("{name}: {error}");
        assert_eq!((error.stage, error.fault, error.fault.name()), (Stage::Frame, fault, rule), "{name}");
        assert_eq!(error.code().number(), code, "{name}");

        let error = Manifest::parse(&manifest(bytes)).unwrap_err();
        assert_eq!((error.stage, error.fault), (Stage::Manifest, manifest_fault), "{name}: {error}");
    }
    println!("SUIT: {} example envelopes refused by name", files.len());
    assert_eq!(files.len(), 13);
}

/// The manifest out of an envelope of any kind.
fn manifest(envelope: &[u8]) -> Vec<u8> {
    let envelope: ciborium::Value = ciborium::from_reader(envelope).unwrap();
    let (tag, entries) = envelope.into_tag().unwrap();
    assert_eq!(tag, 107);
    let mut entries = entries.into_map().unwrap().into_iter();
    let (_, manifest) = entries.find(|(key, _)| *key == ciborium::Value::from(3)).unwrap();
    manifest.into_bytes().unwrap()
}
