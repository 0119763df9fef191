//! The forms of a release from outside: strip, detach, attach and extract. Whatever is taken apart is put together again to the byte, no
//! seal changes on the way, and nothing that does not match is written.

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

use tool::{DEVICE, Place, RELEASE, SETS, bytes, flipped, position};
use twinseal_formats::Envelope;

/// The four forms of `good`: itself, without evidence, without payloads, with neither; payload files in `www`, evidence in `both`.
fn four_forms(set: &str) -> Place {
    let place = Place::with_bundle(set);
    place.make_directory("www");
    place.make_directory("both");
    place.run(&["strip", "good", "--out", "stripped"]).ok();
    place.run(&["detach", "good", "--out", "www/detached", "--payloads", "www"]).ok();
    place.run(&["detach", "good", "--out", "both/bare", "--payloads", "both", "--evidence"]).ok();
    place
}

const FORMS: [&str; 4] = ["good", "stripped", "www/detached", "both/bare"];

#[test]
fn every_form_has_the_same_seals_over_the_same_bytes() {
    for set in SETS {
        let place = four_forms(set);
        let shown = FORMS.map(|form| place.json(&["inspect", form, "--trust", "trust.cbor"]).ok().object());
        let files = FORMS.map(|form| place.read(form));
        let envelopes = files.each_ref().map(|bytes| Envelope::parse(bytes).expect("an envelope"));
        for (form, (object, envelope)) in FORMS.into_iter().zip(shown.iter().zip(&envelopes)) {
            assert_eq!(object["status"], "sealed as the trust store demands", "{form}");
            assert_eq!(object["contents"]["release_id"], shown[0]["contents"]["release_id"], "{form}");
            assert_eq!(object["contents"]["seals"], shown[0]["contents"]["seals"], "{form}");
            assert_eq!(envelope.sealed_bytes(), envelopes[0].sealed_bytes(), "{form}");
            let seals = |envelope: &Envelope<'_>| -> Vec<_> {
                envelope.seals().iter().map(|seal| (seal.protected().to_vec(), seal.signature().to_vec())).collect()
            };
            assert_eq!(seals(envelope), seals(&envelopes[0]), "{form}");
            place.verify(form, &[]).ok();
            place.verify(form, &["--procedure", "boot"]).ok();
        }
        let forms: Vec<_> =
            shown.iter().map(|object| [&object["contents"]["payloads"], &object["contents"]["evidence"]]).collect();
        assert_eq!(
            forms,
            [
                ["enclosed", "enclosed"],
                ["enclosed", "stripped"],
                ["beside the envelope", "enclosed"],
                ["beside the envelope", "stripped"]
            ]
        );
        assert_eq!(
            place.json(&["inspect", "stripped"]).object()["contents"]["evidence_files"].as_array().map(Vec::len),
            Some(0)
        );
        assert_eq!(envelopes.map(|envelope| envelope.entries()), [7, 4, 5, 2]);
    }
}

#[test]
fn what_is_taken_apart_goes_together_again_to_the_byte() {
    let place = four_forms("ml-dsa-44");
    let whole = place.read("good");
    let ways: &[(&[&str], &str)] = &[
        (&["attach", "good", "--out", "way0"], "good"),
        (&["attach", "stripped", "--payloads", "both", "--out", "way1"], "good"),
        (&["attach", "www/detached", "--out", "way2"], "good"),
        (&["attach", "both/bare", "--out", "way3"], "good"),
        (&["attach", "both/bare", "--payloads", "www", "--out", "way4"], "stripped"),
        (&["strip", "stripped", "--out", "way5"], "stripped"),
        (&["strip", "www/detached", "--out", "way6"], "both/bare"),
        (&["strip", "both/bare", "--out", "way7"], "both/bare"),
    ];
    for (way, expected) in ways {
        let done = place.json(way).ok().object();
        assert_eq!((&done["schema"], &done["refusal"]), (&"twinseal.forms/1".into(), &serde_json::Value::Null));
        let made = place.read(way[way.len() - 1]);
        assert!(made == place.read(expected), "{way:?} is not {expected}");
        assert_eq!(done["written"][0]["size"], made.len());
    }
    println!("forms: {} ways back to the same bytes", ways.len());
    assert_eq!(ways.len(), 8);
    for (file, payload) in
        [("c00.bin", "app.bin"), ("c01.bin", "radio.bin"), ("e01.bin", "notes.txt"), ("e02.bin", "sbom.json")]
    {
        assert!(place.read(&format!("both/{file}")) == place.read(payload), "{file}");
    }
    assert!(!place.at("www/e00.bin").exists());
    place.piped("both/bare", &["attach", "-", "--payloads", "both", "--out", "piped"]).ok();
    assert!(place.read("piped") == whole);
}

#[test]
fn where_two_forms_have_as_many_entries_they_are_told_apart() {
    // Two components, and an index with one evidence file.
    let place = Place::with_release("ml-dsa-44");
    let cut = RELEASE.rfind("[[evidence]]").expect("evidence");
    place.write("release.toml", &RELEASE[..cut]);
    place.sign("release.toml", "good").ok();
    place.make_directory("www");
    place.run(&["strip", "good", "--out", "stripped"]).ok();
    place.run(&["detach", "good", "--out", "www/detached", "--payloads", "www"]).ok();
    let entries = |file: &str| Envelope::parse(&place.read(file)).expect("an envelope").entries();
    assert_eq!((entries("stripped"), entries("www/detached")), (4, 4));
    for (file, payloads_enclosed) in [("stripped", true), ("www/detached", false)] {
        let form = place.verify(file, &[]).ok().object()["form"].clone();
        assert_eq!(
            form,
            serde_json::json!({"payloads_enclosed": payloads_enclosed, "evidence_enclosed": !payloads_enclosed})
        );
        place.run(&["extract", file, "--payloads", "www", "--out", &format!("{}-taken", file.replace('/', "-"))]).ok();
    }
    place.run(&["attach", "www/detached", "--out", "whole"]).ok();
    assert!(place.read("whole") == place.read("good"));
    assert!(!place.at("stripped-taken/evidence").exists());
    assert!(place.read("www-detached-taken/evidence/sbom.cdx.json") == place.read("sbom.json"));
}

#[test]
fn extract_gives_what_was_sealed() {
    let place = four_forms("ml-dsa-44");
    let ways: &[&[&str]] = &[
        &["extract", "good", "--out", "taken0"],
        &["extract", "good", "--trust", "trust.cbor", "--out", "taken1"],
        &["extract", "www/detached", "--payloads", "www", "--out", "taken2"],
        &["extract", "stripped", "--out", "taken3"],
    ];
    for (number, way) in ways.iter().enumerate() {
        let done = place.json(way).ok().object();
        assert_eq!(done["verified"], way.contains(&"--trust"));
        let taken = |file: &str| fs::read(place.at(&format!("taken{number}/{file}"))).ok();
        assert!(
            taken("components/app") == Some(place.read("app.bin"))
                && taken("components/radio") == Some(place.read("radio.bin"))
        );
        let evidence = [taken("evidence/notes.txt"), taken("evidence/sbom.cdx.json")];
        let expected = if way[1] == "stripped" {
            [None, None]
        } else {
            ["notes.txt", "sbom.json"].map(|file| Some(place.read(file)))
        };
        assert!(evidence == expected, "{way:?}");
    }
    place.fails_and_changes_nothing(&["extract", "www/detached", "--out", "new"], "its payloads lie beside it");

    place.run(&["keygen", "--out", "stranger", "--set", "ml-dsa-44"]).ok();
    place.trust("other.cbor", &["--release", "stranger"]);
    let arguments = ["extract", "good", "--trust", "other.cbor", "--out", "new"];
    place.refuses_and_changes_nothing(&arguments, "authenticate.requirement-not-met", 1034);
}

#[test]
fn a_changed_byte_is_refused_by_every_command_and_nothing_is_written() {
    let place = four_forms("ml-dsa-44");
    place.make_directory("empty");
    let good = place.read("good");
    // In the second payload: what comes before it must not be left behind either.
    let payload = position(&place.read("radio.bin"), &good) + 4_000;
    place.write("payload", flipped(&good, payload));
    place.verify("payload", &[]).refused("image.digest-mismatch", 1541);
    let evidence = position(&place.read("notes.txt"), &good) + 299;
    place.write("evidence", flipped(&good, evidence));
    place.verify("evidence", &[]).refused("evidence.file-digest", 2165);
    place.json(&["inspect", "evidence"]).refused("evidence.file-digest", 2165);
    place.json(&["inspect", "evidence", "--trust", "trust.cbor"]).refused("evidence.file-digest", 2165);
    let index = position(b"text/plain", &good);
    place.write("index", flipped(&good, index));
    place.verify("index", &[]).refused("evidence.index-digest", 2164);
    let manifest = position(b"1.4.0", &good) + 4;
    place.write("manifest", flipped(&good, manifest));
    place.verify("manifest", &[]).refused("authenticate.digest-mismatch", 1027);
    place.write("longer", [&good[..], &[0]].concat());
    place.verify("longer", &[]).refused("frame.trailing-bytes", 263);
    place.json(&["inspect", "longer"]).refused("frame.trailing-bytes", 263);

    let mut refused = 0;
    for (file, code, number) in [
        ("payload", "image.digest-mismatch", 1541),
        ("evidence", "evidence.file-digest", 2165),
        ("index", "evidence.index-digest", 2164),
        ("manifest", "authenticate.digest-mismatch", 1027),
        ("longer", "frame.trailing-bytes", 263),
    ] {
        for arguments in [
            &["extract", file, "--out", "new"][..],
            &["strip", file, "--out", "new"],
            &["detach", file, "--out", "new", "--payloads", "empty"],
            &["detach", file, "--out", "new", "--payloads", "empty", "--evidence"],
            &["attach", file, "--out", "new"],
        ] {
            let ran = place.refuses_and_changes_nothing(arguments, code, number);
            assert_eq!(ran.object()["written"].as_array().map(Vec::len), Some(0));
            refused += 1;
        }
    }
    println!("forms: {refused} refused, nothing written");
    assert_eq!(refused, 25);
    let said = place.run(&["detach", "payload", "--out", "new", "--payloads", "empty"]);
    assert!(said.text().starts_with("REFUSED, nothing was written: payload\n"), "{}", said.text());
}

#[test]
fn detach_writes_all_or_nothing() {
    let place = Place::with_bundle("ml-dsa-44");
    place.make_directory("www");
    place.write("there", "kept");
    place
        .fails_and_changes_nothing(&["detach", "good", "--out", "there", "--payloads", "www"], "there: already exists");
    place.write("www/c01.bin", "kept");
    place.fails_and_changes_nothing(
        &["detach", "good", "--out", "new", "--payloads", "www"],
        "www/c01.bin: already exists",
    );
    for more in [&[][..], &["--overwrite"]] {
        let arguments = ["detach", "good", "--out", "www/../www/c00.bin", "--payloads", "www"];
        place.fails_and_changes_nothing(&[&arguments, more].concat(), "named for the bundle and for a payload");
    }
    place.run(&["detach", "good", "--out", "there", "--payloads", "www", "--overwrite"]).ok();
    place.verify("there", &["--payloads", "www"]).ok();
}

#[test]
fn payloads_beside_the_bundle_are_held_against_it() {
    let place = four_forms("ml-dsa-44");
    let payload = place.read("www/c01.bin");
    // Beside the bundle, in a directory that is named, and out of standard input: then beside means here.
    place.verify("www/detached", &[]).ok();
    place.verify("both/bare", &["--payloads", "www"]).ok();
    place.verify("www/detached", &["--payloads", "."]).refused("image.missing", 1537);
    let arguments = ["verify", "-", "--trust", "trust.cbor", "--device", "device.toml", "--format", "json"];
    place.piped("www/detached", &arguments).refused("image.missing", 1537);
    place.piped("www/detached", &[&arguments[..6], &["--payloads", "www", "--format", "json"]].concat()).ok();

    let cases: &[(Option<Vec<u8>>, &str, u16)] = &[
        (None, "image.missing", 1537),
        (Some(payload[..8_999].to_vec()), "image.size-mismatch", 1538),
        (Some([&payload[..], &[0]].concat()), "image.size-mismatch", 1538),
        (Some(Vec::new()), "image.size-mismatch", 1538),
        (Some(flipped(&payload, 0)), "image.digest-mismatch", 1541),
        (Some(flipped(&payload, 8_999)), "image.digest-mismatch", 1541),
        (Some(bytes(9_001)[..9_000].to_vec()), "image.digest-mismatch", 1541),
    ];
    for (contents, code, number) in cases {
        fs::remove_file(place.at("www/c01.bin")).expect("removed");
        if let Some(contents) = contents {
            place.write("www/c01.bin", contents);
        }
        for procedure in ["install", "boot"] {
            place.verify("www/detached", &["--procedure", procedure]).refused(code, *number);
        }
        // What can not be verified can not be put together, either.
        if contents.is_some() {
            let arguments = ["attach", "www/detached", "--out", "new"];
            place.refuses_and_changes_nothing(&arguments, code, *number);
            let arguments = ["extract", "www/detached", "--payloads", "www", "--out", "new"];
            place.refuses_and_changes_nothing(&arguments, code, *number);
        } else {
            place
                .fails_and_changes_nothing(&["attach", "www/detached", "--out", "new"], "www/c01.bin: can not be read");
            place.write("www/c01.bin", "");
        }
    }
    println!("payload files: {} refused", cases.len());
    assert_eq!(cases.len(), 7);
    fs::remove_file(place.at("www/c01.bin")).expect("removed");
    place.make_directory("www/c01.bin");
    let verify = ["verify", "www/detached", "--trust", "trust.cbor", "--device", "device.toml"];
    place.fails_and_changes_nothing(&verify, "www/c01.bin: is not a plain file");
}

#[test]
fn evidence_of_another_release_is_not_attached() {
    let place = four_forms("ml-dsa-44");
    place.write("both/e01.bin", flipped(&place.read("both/e01.bin"), 0));
    place.refuses_and_changes_nothing(&["attach", "both/bare", "--out", "new"], "evidence.file-digest", 2165);
    place.write("both/e00.bin", flipped(&place.read("both/e00.bin"), 9));
    place.refuses_and_changes_nothing(&["attach", "both/bare", "--out", "new"], "evidence.index-digest", 2164);
    fs::remove_file(place.at("both/e00.bin")).expect("removed");
    place.run(&["attach", "both/bare", "--out", "new"]).ok();
    assert!(place.read("new") == place.read("stripped"));
}

#[test]
fn a_release_without_evidence_and_one_with_an_empty_file() {
    let place = Place::with_release("ml-dsa-44");
    let cut = RELEASE.find("[[evidence]]").expect("evidence");
    place.write("release.toml", &RELEASE[..cut]);
    place.sign("release.toml", "none").ok();
    place.run(&["strip", "none", "--out", "stripped"]).ok();
    assert!(place.read("stripped") == place.read("none"));
    assert_eq!(place.verify("none", &[]).ok().object()["form"]["evidence_enclosed"], false);
    assert_eq!(place.json(&["inspect", "none"]).ok().object()["contents"]["evidence"], "none");

    place.write("release.toml", RELEASE);
    place.write("notes.txt", "");
    place.sign("release.toml", "empty").ok();
    place.verify("empty", &[]).ok();
    place.make_directory("www");
    place.run(&["detach", "empty", "--out", "bare", "--payloads", "www", "--evidence"]).ok();
    place.run(&["attach", "bare", "--payloads", "www", "--out", "whole"]).ok();
    assert!(place.read("whole") == place.read("empty"));
    place.run(&["extract", "empty", "--out", "taken"]).ok();
    assert!(place.read("taken/evidence/notes.txt").is_empty());
}

#[test]
fn a_bundle_cut_short_anywhere_is_refused() {
    let place = Place::with_bundle("ml-dsa-44");
    let good = place.read("good");
    let places: Vec<usize> = (0..good.len()).step_by(997).chain([good.len() - 1]).collect();
    for length in &places {
        place.write("cut", &good[..*length]);
        let stages = [place.verify("cut", &[]), place.json(&["inspect", "cut"])].map(|ran| {
            assert_eq!(ran.code, 1, "{length}: {ran:?}");
            ran.refusal()["code"].as_str().map(str::to_owned)
        });
        for code in stages {
            let code = code.expect("a code");
            assert!(code.ends_with(".truncated"), "{length}: {code}");
        }
    }
    println!("cut short: {} places of {} bytes, refused by verify and inspect", places.len(), good.len());
    assert_eq!(places.len(), good.len().div_ceil(997) + 1);
    place.write("device.toml", DEVICE);
    place.verify("good", &[]).ok();
}
