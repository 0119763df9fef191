//! Files that are no bundles: other people's SUIT envelopes, what this tool writes for other purposes, and junk. Each is refused by the
//! rule it breaks, or is a failure that names it; none is taken for something else.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use std::fs;
use std::path::Path;

use tool::{Place, bytes};
use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{AnchorId, DigestAlgorithm};
use twinseal_verifier::Hasher;

/// What every command that takes a bundle is asked with it.
fn commands(bundle: &str) -> [Vec<&str>; 8] {
    [
        vec!["verify", bundle, "--trust", "trust.cbor", "--device", "device.toml"],
        vec!["verify", bundle, "--trust", "trust.cbor", "--device", "device.toml", "--procedure", "boot"],
        vec!["inspect", bundle],
        vec!["inspect", bundle, "--trust", "trust.cbor"],
        vec!["extract", bundle, "--out", "new"],
        vec!["strip", bundle, "--out", "new"],
        vec!["detach", bundle, "--out", "new", "--payloads", "www"],
        vec!["attach", bundle, "--out", "new"],
    ]
}

#[test]
fn the_official_suit_examples_are_refused_by_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/suit-examples");
    if !folder.is_dir() {
        println!("SUIT examples: 0 refused, 13 skipped: needs ../shared/vectors");
        return;
    }
    let place = Place::with_release("ml-dsa-44");
    place.make_directory("www");
    let mut refused = 0;
    for entry in fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "cbor") {
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        place.write(&name, fs::read(&path).expect("a file"));
        // Either there is a digest that nobody vouches for, or an ES256 seal without an anchor id.
        let sealed = name.contains("with_COSE");
        let (code, number) = if sealed { ("frame.seal-header", 276) } else { ("frame.seal-count", 274) };
        for arguments in commands(&name) {
            place.refuses_and_changes_nothing(&arguments, code, number);
        }
        let people = place.run(&["inspect", &name]);
        assert_eq!(people.code, 1);
        assert!(people.text().contains(&format!("NOT VERIFIED, and refused\n  {code} ")), "{}", people.text());
        // Refused, and still told what it is: each of them is whole.
        let foreign = place.json(&["inspect", &name]).object()["foreign"].clone();
        assert_eq!(foreign["kind"], "a SUIT envelope of another profile", "{name}");
        assert_eq!(foreign["digest_holds"], true, "{name}");
        assert_eq!(foreign["manifest_version"], 1, "{name}");
        assert_eq!(foreign["seals"].as_array().map(Vec::len), Some(usize::from(sealed)), "{name}");
        assert!(!foreign["components"].as_array().expect("a list").is_empty(), "{name}");
        assert!(people.text().contains("(holds)"), "{}", people.text());
        refused += 1;
    }
    println!("SUIT examples: {refused} refused by name, each by {} commands", commands("").len());
    assert_eq!(refused, 13);
}

/// A trust update with one seal whose signature nobody looks at.
fn trust_update(store: &[u8]) -> Vec<u8> {
    let digest = |bytes: &[u8]| Hasher::digest(DigestAlgorithm::Sha256, bytes).expect("a digest");
    let body = encode::trust_update_body(&digest(store), store).expect("a body");
    let seal = NewSeal { anchor: AnchorId([7; 32]), cose_algorithm: -19, signature: vec![1; 64] };
    encode::trust_update(&digest(&encode::with_head(&body)), &[seal], &body).expect("an update")
}

#[test]
fn what_is_no_bundle_is_refused_for_what_it_is() {
    let place = Place::with_bundle("ml-dsa-44");
    place.make_directory("www");
    let store = place.read("trust.cbor");
    place.write("update", trust_update(&store));
    place.write("junk", bytes(200_000));
    place.write("short-junk", [0x00]);
    place.write("nothing", "");
    place.write("tag", [0xd8]);
    place.write("only-tag", [0xd8, 0x6b]);
    place.write("text", "d86ba4");
    place.write("zeros", vec![0; 1 << 20]);
    place.write("nested", [vec![0xd8, 0x6b, 0xa4, 0x02], vec![0x81; 100_000]].concat());
    place.write("long", [&[0xd8, 0x6b, 0xa4, 0x02, 0x5b][..], &[0xff; 8], &[0; 100]].concat());
    let cases = [
        ("junk", "frame.not-an-envelope", 272),
        ("short-junk", "frame.not-an-envelope", 272),
        ("nothing", "frame.truncated", 257),
        ("tag", "frame.truncated", 257),
        ("only-tag", "frame.truncated", 257),
        ("text", "frame.not-an-envelope", 272),
        ("zeros", "frame.not-an-envelope", 272),
        ("nested", "frame.unexpected-type", 260),
        ("long", "frame.seal-length", 279),
        ("trust.cbor", "frame.not-an-envelope", 272),
        ("update", "frame.not-an-envelope", 272),
        ("id/ed25519.pub.pem", "frame.not-an-envelope", 272),
        ("id/ed25519.key.pem", "frame.not-an-envelope", 272),
        ("device.toml", "frame.not-an-envelope", 272),
        ("app.bin", "frame.not-an-envelope", 272),
    ];
    for (file, code, number) in cases {
        for arguments in commands(file) {
            place.refuses_and_changes_nothing(&arguments, code, number);
        }
    }
    println!("no bundles: {} files refused, each by {} commands", cases.len(), commands("").len());
    assert_eq!(cases.len(), 15);
    for (file, part) in
        [("www", "www: "), (".", ".: "), ("/dev/null", "/dev/null: is not a plain file"), ("/dev/zero", "plain file")]
    {
        for arguments in commands(file) {
            place.fails_and_changes_nothing(&arguments, part);
        }
    }
}

#[test]
fn what_is_no_trust_store_is_a_failure_that_says_why() {
    let place = Place::with_bundle("ml-dsa-44");
    place.write("update", trust_update(&place.read("trust.cbor")));
    place.write("nothing", "");
    place.write("huge", vec![0xa7; 1 << 20]);
    let cases = [
        ("good", "trust.unexpected-type"),
        ("update", "trust."),
        ("nothing", "trust.store-length"),
        ("huge", "trust.store-length"),
        ("id/ml-dsa-44.pub.pem", "trust.unexpected-type"),
        ("release.toml", "trust."),
        ("/dev/zero", "trust.store-length"),
        ("id", "id: can not be read"),
    ];
    for (file, part) in cases {
        for arguments in [
            &["verify", "good", "--trust", file, "--device", "device.toml"][..],
            &["inspect", "good", "--trust", file],
            &["extract", "good", "--trust", file, "--out", "new"],
            &["sign", "--release", "release.toml", "--identity", "id", "--trust", file, "--out", "new"],
        ] {
            place.fails_and_changes_nothing(arguments, part);
        }
    }
    println!("no trust stores: {} files, each a failure of 4 commands", cases.len());
    assert_eq!(cases.len(), 8);
}

#[test]
fn what_is_no_device_file_or_release_file_is_a_failure_that_names_it() {
    let place = Place::with_bundle("ml-dsa-44");
    place.write("nothing", "");
    for (file, part) in [
        ("good", "good: is not UTF-8"),
        ("nothing", "nothing, line 1: missing field"),
        ("id/ed25519.key.pem", "id/ed25519.key.pem, line 1: "),
        ("/dev/zero", "/dev/zero: longer than 1048576 bytes"),
        ("id", "id: can not be read"),
    ] {
        place.fails_and_changes_nothing(&["verify", "good", "--trust", "trust.cbor", "--device", file], part);
        place.fails_and_changes_nothing(&["sign", "--release", file, "--identity", "id", "--out", "new"], part);
    }
}
