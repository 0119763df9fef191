//! The seeds: where each target begins. They are small, and made by a command (`cargo run --bin seeds`), so that what is checked in can be
//! made again.

#[path = "../../signer/tests/support/documents.rs"]
mod documents;

use std::fs;
use std::path::Path;

use documents::Builder;
use twinseal::Hex;
use twinseal::ceremony::{Answer, Object, Request};
use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{Role, SealAlgorithm, SealType};
use twinseal_tests::bundle::{Bundle, Form};
use twinseal_tests::identity::Identity;
use twinseal_tests::rotation::Rotation;
use twinseal_tests::trust::{Store, StoredAnchor};

use crate::fixture::{STORE, WORLD};
use crate::key_file::pem;

/// A seed: its target, its name, its bytes.
type Seed = (&'static str, String, Vec<u8>);

/// Writes every seed to a directory for each target.
pub fn write(directory: &Path) -> std::io::Result<usize> {
    let seeds = all();
    for (target, name, bytes) in &seeds {
        let place = directory.join(target);
        fs::create_dir_all(&place)?;
        fs::write(place.join(name), bytes)?;
    }
    Ok(seeds.len())
}

/// Every seed.
fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |target, name: &str, bytes: Vec<u8>| seeds.push((target, name.to_owned(), bytes));
    let mut world = WORLD.clone();
    world.release = world.release.with_evidence();
    let bundle = world.bundle();
    let (full, bare) = (bundle.to_bytes(Form::Full), bundle.to_bytes(Form::Bare));

    add("pull", "full", full.clone());
    add("pull", "bare", bare.clone());
    add("pull", "post-quantum-half-missing", without(&bundle, 1));
    add("pull", "another-payload", {
        let mut other = bundle.clone();
        other.payloads[1][0] ^= 1;
        other.to_bytes(Form::Full)
    });
    add("push", "whole", [&[0][..], &full].concat());
    add("push", "pieces-of-7", [&[7][..], &full].concat());
    add("push", "irregular", [&[200, 1][..], &full].concat());
    add("push", "ends-early", [&[64][..], &full[..full.len() / 2]].concat());
    add("inspect", "full", full);
    add("inspect", "bare", bare.clone());
    add("inspect", "another-profile", another_profile(&bundle));

    // Recipes: see the targets for what each byte decides.
    for (name, recipe) in RESEALED {
        add("resealed", name, recipe.to_vec());
    }
    for (name, recipe) in TRUST_UPDATES {
        add("trust_update", name, recipe.to_vec());
    }
    for (name, recipe) in INSTALLER {
        add("installer", name, recipe.to_vec());
    }
    for (name, recipe) in ML_DSA {
        add("ml_dsa", name, recipe.to_vec());
    }
    for (name, recipe) in ED25519 {
        add("ed25519", name, recipe.to_vec());
    }

    let kind = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let next = Rotation::new(SealAlgorithm::MlDsa44);
    let single = Store { single_class: true, ..Store::of(vec![classical_anchor()]) };
    let body = encode::trust_update_body(&next.replaces(), &single.encode()).expect("a good body");
    add("second_reader", "manifest", kind(0, &bundle.manifest));
    add("second_reader", "frame", kind(1, &bare));
    add("second_reader", "trust-store", kind(2, &single.encode()));
    add("second_reader", "trust-update-body", kind(3, &body));
    add("second_reader", "trust-update", kind(4, &small_update(&body)));
    add("second_reader", "evidence-index", kind(5, &bundle.evidence[0]));

    add("trust_store", "hybrid", STORE.clone());
    add("trust_store", "single-class", single.encode());
    add("trust_store", "no-requirement", Store { requirements: vec![(Role::Root, 1)], ..single.clone() }.encode());
    add("trust_store", "weak-key", weak(single).encode());

    keys(&mut add);
    evidence(&mut add);
    ceremony(&mut add);
    journal(&mut add);
    images(&mut add);
    seeds
}

/// The bundle without one of its seals.
fn without(bundle: &Bundle, seal: usize) -> Vec<u8> {
    let mut other = bundle.clone();
    other.seals.remove(seal);
    other.to_bytes(Form::Full)
}

/// The envelope without its tag, which is good SUIT, and not ours.
fn another_profile(bundle: &Bundle) -> Vec<u8> {
    bundle.to_bytes(Form::Full)[2..].to_vec()
}

fn classical_anchor() -> StoredAnchor {
    StoredAnchor::of(&Identity::classical(5), Role::Release, "release")
}

/// A key of small order, under which anybody could seal.
fn weak(mut store: Store) -> Store {
    let anchor = &mut store.anchors[0];
    anchor.keys[0].1 = [&[1], &[0; 31][..]].concat();
    anchor.id = twinseal_tests::identity::anchor_id_of(&anchor.keys);
    store
}

/// A trust update whose one seal is by a classical key.
fn small_update(body: &[u8]) -> Vec<u8> {
    let digest = twinseal_tests::release::digest(twinseal_formats::DigestAlgorithm::Sha256, &encode::with_head(body));
    let seals: Vec<NewSeal> = Identity::classical(5).seals(SealType::TrustUpdate, &digest);
    encode::trust_update(&digest, &seals, body).expect("a good update")
}

fn keys(add: &mut impl FnMut(&'static str, &str, Vec<u8>)) {
    let (small, hybrid) = (Identity::classical(5), Identity::hybrid(SealAlgorithm::MlDsa44, 5));
    let pkcs8 = |oid: &[u8], inner: &[u8]| {
        let contents =
            [&[2, 1, 0, 0x30, oid.len() as u8 + 2, 6, oid.len() as u8], oid, &[4, inner.len() as u8], inner].concat();
        [&[0x30, contents.len() as u8], contents.as_slice()].concat()
    };
    let classical = pkcs8(&[0x2b, 0x65, 0x70], &[&[4, 32][..], &[5; 32]].concat());
    let seed_only = pkcs8(&ML_DSA_44, &[&[0x80, 32][..], &[5; 32]].concat());
    add("key_file", "pkcs8-ed25519-pem", [&[0], pem("PRIVATE KEY", &classical).as_bytes()].concat());
    add("key_file", "pkcs8-ed25519", [&[1], classical.as_slice()].concat());
    add("key_file", "pkcs8-ml-dsa-44", [&[1], seed_only.as_slice()].concat());
    for (name, key) in [("ed25519", &small.keys()[0]), ("ml-dsa-44", &hybrid.keys()[1])] {
        let der =
            twinseal::key::VerifyingKey::from_raw(key.0, &key.1).and_then(|key| Ok(key.to_spki_der().expect("a key")));
        let der = der.expect("a key");
        add("key_file", &format!("spki-{name}"), [&[2], der.as_slice()].concat());
        add("key_file", &format!("spki-{name}-pem"), [&[3], pem("PUBLIC KEY", &der).as_bytes()].concat());
    }
    let der = twinseal::key::VerifyingKey::from_raw(SealAlgorithm::Ed25519, &small.keys()[0].1).expect("a key");
    let text = der.to_pem().expect("a key");
    add("key_file", "two-in-one-file", [&[4], text.as_bytes(), text.as_bytes()].concat());
    for (name, parameters) in [("pbkdf2", true), ("scrypt", false)] {
        add("key_file_encrypted", name, encrypted(parameters, &classical, b"a passphrase"));
    }
    add("key_file_encrypted", "another-passphrase", encrypted(true, &classical, b"another"));
}

/// An encrypted key that costs next to nothing to open.
fn encrypted(pbkdf2: bool, der: &[u8], passphrase: &[u8]) -> Vec<u8> {
    use pkcs8::der::{Encode as _, asn1::OctetStringRef};
    use pkcs8::pkcs5::{EncryptionScheme, pbes2::Parameters, scrypt};
    let iv = [7; 16];
    let parameters = if pbkdf2 {
        Parameters::generate_pbkdf2_sha256_aes256cbc(2, b"salt of 16 bytes", iv)
    } else {
        Parameters::generate_scrypt_aes256cbc(scrypt::Params::new(1, 1, 1).expect("possible"), b"salt of 16 bytes", iv)
    }
    .expect("possible");
    let data = parameters.encrypt(passphrase, der).expect("it fits");
    let info = pkcs8::EncryptedPrivateKeyInfo {
        encryption_algorithm: EncryptionScheme::from(parameters),
        encrypted_data: OctetStringRef::new(&data).expect("short"),
    };
    info.to_der().expect("DER")
}

fn evidence(add: &mut impl FnMut(&'static str, &str, Vec<u8>)) {
    let provenance = documents::slsa("app.bin", "sha256", &documents::sha256(b"image"));
    let documents = [
        ("cyclonedx", documents::cyclonedx(b"image")),
        ("spdx", documents::spdx(b"image")),
        ("openvex", documents::OPENVEX.to_owned()),
        ("csaf", documents::CSAF.to_owned()),
        ("provenance", Builder::of_seed(&[9; 32]).envelope(&provenance)),
        ("release-statement", documents::STATEMENT.to_owned()),
        ("notes", "# What is new\n".to_owned()),
    ];
    for ((name, text), kind) in documents.iter().zip(0..) {
        add("evidence", name, [&[kind], text.as_bytes()].concat());
    }
}

fn ceremony(add: &mut impl FnMut(&'static str, &str, Vec<u8>)) {
    let single = Store { single_class: true, ..Store::of(vec![classical_anchor()]) };
    let object = Object::release(WORLD.release.manifest(), single.encode());
    let request = Request::new(&object).expect("a good request").to_bytes().expect("it can be written");
    add("ceremony", "request", [&[0], request.as_slice()].concat());
    add("ceremony", "release", vec![1]);
    let rotation = Rotation::new(SealAlgorithm::MlDsa44);
    let mut next = WORLD.store.clone();
    next.epoch += 1;
    let replaces = twinseal_tests::release::digest(rotation.algorithm, &STORE);
    let body = encode::trust_update_body(&replaces, &next.encode()).expect("a good body");
    add("ceremony", "trust-update", [&[2], body.as_slice()].concat());
    let bundle = WORLD.bundle();
    for (name, seals) in [("answer", &bundle.seals[..]), ("half-an-answer", &bundle.seals[..1])] {
        let answer = Answer::new("release", bundle.digest, seals).to_bytes().expect("it can be written");
        add("ceremony", name, [&[3], answer.as_slice()].concat());
    }
}

fn journal(add: &mut impl FnMut(&'static str, &str, Vec<u8>)) {
    let begun = format!(
        r#"{{"number":0,"previous":"{}","time":"2026-11-20T10:00:00Z","tool":"twinseal 0.1.0","entry":{{"what":"begun","schema":"twinseal.journal/1","id":"00"}}}}"#,
        Hex(&[0; 32])
    );
    let sealed = r#"{"number":1,"previous":"","time":"2026-11-20T10:00:01Z","tool":"twinseal 0.1.0","entry":{"what":"release","vendor_id":"v","class_id":"c","sequence_number":7,"version":"1.2.3","security_version":3,"release_id":"sha-256:00","sealed_by":[{"anchor_id":"00","keys":[{"algorithm":"ed25519","thumbprint":"00"}]}]}}"#;
    add("journal", "begun", [&[0], begun.as_bytes()].concat());
    add("journal", "mended", [&[1], begun.as_bytes(), b"\n", sealed.as_bytes(), b"\n", sealed.as_bytes()].concat());
    add("journal", "broken", [&[0], begun.as_bytes(), b"\n", sealed.as_bytes()].concat());
    add("journal", "begun-twice", [&[1], begun.as_bytes(), b"\n", begun.as_bytes()].concat());
}

fn images(add: &mut impl FnMut(&'static str, &str, Vec<u8>)) {
    let hex = b":020000040800F2\n:0400000001020304F2\n:00000001FF\n";
    add("image_file", "hex", [&[3, 0][..], hex].concat());
    add("image_file", "records", vec![4, 0, 4, 0, 0, 2, 8, 0, 0, 0, 0, 4, 1, 2, 3, 4, 0, 16, 0, 2, 5, 6]);
    add("image_file", "overlap", vec![4, 0, 0, 0, 0, 2, 5, 6, 0, 1, 0, 2, 5, 6]);
    add(
        "image_file",
        "window",
        [&[3, 1, 0, 0, 255, 255][..], b":0400000001020304F2\n:020000040800F2\n:0400000001020304F2\n:00000001FF\n"]
            .concat(),
    );
    add("image_file", "raw", vec![0, 0, 1, 2, 3]);
    add("image_file", "elf", [&[1, 0][..], &elf()].concat());
}

/// Two segments, 32 bits, little-endian.
fn elf() -> Vec<u8> {
    let mut file = b"\x7FELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x28\0".to_vec();
    for word in [1_u32, 0, 52, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    for half in [52_u16, 32, 2, 40, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    for (offset, address) in [(116_u32, 0x800_0000_u32), (120, 0x800_0008)] {
        for word in [1, offset, 0x2000_0000, address, 4, 4, 5, 4] {
            file.extend(word.to_le_bytes());
        }
    }
    file.extend([1, 2, 3, 4, 5, 6, 7, 8]);
    file
}

/// 2.16.840.1.101.3.4.3.17.
const ML_DSA_44: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11];

/// Evidence, sequence number, security version, epoch; vendor and components, counter, limit, confirmed; form, size of chunks, whether; then
/// how many parts are replaced, each by its number and a string; then splices.
const RESEALED: [(&str, &[u8]); 14] = [
    ("honest", &[]),
    ("with-evidence", &[1, 0, 0, 0, 0, 0, 0, 0, 1]),
    ("bare", &[0, 0, 0, 0, 0, 0, 0, 0, 2]),
    ("another-vendor", &[0, 0, 0, 0, 1]),
    ("another-class", &[0, 0, 0, 0, 2]),
    ("component-missing", &[0, 0, 0, 0, 4]),
    ("component-unknown", &[0, 0, 0, 0, 3]),
    ("security-rollback", &[0, 0, 1, 0, 0, 1]),
    ("sequence-rollback", &[0, 1, 0, 0, 0, 0, 0, 1]),
    ("sequence-taken", &[0, 0, 0, 0, 0, 0, 0, 1]),
    ("counter-exhausted", &[0, 0, 3, 0, 0, 0, 1]),
    ("trust-epoch", &[0, 0, 0, 2]),
    ("another-version", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 1, 1, 6, 2, 0x61, b'1']),
    ("another-payload", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 1, 0, 0, 1, 0, 0, 1, 1, b'x']),
];

/// Epoch, what is changed in the store, splices of the store, whether another is replaced, splices of the body, signers, state.
const TRUST_UPDATES: [(&str, &[u8]); 9] = [
    ("honest", &[]),
    ("epoch", &[1]),
    ("another-vendor", &[0, 1]),
    ("no-root", &[0, 3]),
    ("threshold-not-met", &[0, 5]),
    ("replaces-another", &[0, 0, 0, 1]),
    ("one-root", &[0, 0, 0, 0, 0, 1]),
    ("another-class-of-device", &[0, 0, 0, 0, 0, 3, 1]),
    ("written-badly", &[0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0, 1, 1, 7]),
];

/// Counter, records, patches, then what each start does.
const INSTALLER: [(&str, &[u8]); 9] = [
    ("trial", &[0, 0, 0, 0]),
    ("confirm", &[0, 0, 0, 1, 0]),
    ("counter-too-high", &[5, 0, 0]),
    ("state-torn", &[0, 0, 2, 0, 0, 1, 0, 0, 4, 1, 0]),
    ("both-confirmed", &[0, 1, 200, 0, 0, 0, 0, 4, 0, 0, 4, 0, 1, 1, 7, 0, 0]),
    ("first-confirmed", &[0, 1, 200, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1, 7, 0, 0, 0, 3]),
    ("nothing-confirmed", &[0, 1, 200, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("record-of-another-length", &[0, 1, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3]),
    ("image-changed", &[0, 0, 2, 0, 0x2c, 1, 9, 0, 0x2f, 1, 9]),
];

/// Set, message, changes of the signature, of the message, of the key.
const ML_DSA: [(&str, &[u8]); 9] = [
    ("44", &[0]),
    ("65", &[1]),
    ("87", &[2]),
    ("44-challenge", &[0, 0, 1, 3, 0, 0, 1]),
    ("65-z", &[1, 1, 1, 0, 1, 0, 1]),
    ("87-hint", &[2, 2, 1, 9, 0, 1, 200]),
    ("44-another-message", &[0, 1, 0, 1, 1, 0, 0, 0, 1, 9]),
    ("65-another-key", &[1, 1, 0, 0, 1, 40, 0, 9]),
    ("87-key-of-zeros", &[2, 1, 0, 0, 1, 40, 0, 9, 1, 0]),
];

/// Teeth, key, whether it is replaced; message; changes of the signature, whether it is replaced.
const ED25519: [(&str, &[u8]); 6] = [
    ("4-teeth", &[0, 0, 0, 3, 1, 2, 3]),
    ("5-teeth", &[1, 1, 0, 3, 1, 2, 3]),
    ("6-teeth", &[2, 2, 0, 0]),
    ("changed", &[0, 0, 0, 3, 1, 2, 3, 1, 40, 1]),
    (
        "neutral-element",
        &[0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ),
    ("no-point", &[0, 0, 1, 2]),
];
