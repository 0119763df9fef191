//! The main road from outside, for each parameter set: keygen, trust make, sign, verify, inspect; and every verdict that a device file
//! and a trust store can lead to.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use serde_json::json;
use tool::{DEVICE, Place, RELEASE, SETS, flipped, position};

#[test]
fn the_whole_road_for_each_parameter_set() {
    for (set, digest) in SETS.into_iter().zip(["sha-256", "sha-384", "sha-512"]) {
        let place = Place::with_release(set);
        let signed =
            place.json(&["sign", "--release", "release.toml", "--identity", "id", "--out", "good"]).ok().object();
        assert_eq!(signed["schema"], "twinseal.sign/1");
        assert_eq!(signed["size"], place.read("good").len());
        assert_eq!(signed["components"], json!(["app", "radio"]));
        assert_eq!(signed["evidence"], json!(["notes.txt", "sbom.cdx.json"]));
        assert_eq!(signed["seals"], 2);
        let release_id = signed["release_id"].as_str().expect("text");
        assert!(release_id.starts_with(&format!("{digest}:")), "{release_id}");

        let verdict = place.verify("good", &[]).ok().object();
        let expected = json!({
            "schema": "twinseal.verify/1", "bundle": "good", "procedure": "install", "verdict": "accepted", "single_class": false,
            "form": {"payloads_enclosed": true, "evidence_enclosed": true},
            "release": {
                "release_id": release_id, "version": "1.4.0", "sequence_number": 42, "security_version": 3, "components": 2,
            },
        });
        assert_eq!(verdict, expected);

        let alone = place.json(&["inspect", "good"]).ok().object();
        assert_eq!((&alone["schema"], &alone["status"]), (&json!("twinseal.inspect/1"), &json!("NOT VERIFIED")));
        assert_eq!(alone["contents"]["digest_holds"], true);
        let held = place.json(&["inspect", "good", "--trust", "trust.cbor"]).ok().object();
        assert_eq!(held["status"], "sealed as the trust store demands");
        assert_eq!(held["contents"]["release_id"], release_id);
        let algorithms: Vec<_> = held["contents"]["seals"].as_array().expect("seals").iter().collect();
        // The encoding of a COSE algorithm number decides: -19 stands before -48.
        assert_eq!([&algorithms[0]["algorithm"], &algorithms[1]["algorithm"]], [&json!("ed25519"), &json!(set)]);
        assert!(algorithms.iter().all(|seal| seal["known_as"] == "id (release)"));
        let bundle = place.read("good");
        for (component, file) in [(0, "app.bin"), (1, "radio.bin")] {
            let offset =
                usize::try_from(held["contents"]["components"][component]["offset"].as_u64().expect("a place"));
            let payload = place.read(file);
            assert_eq!(bundle[offset.expect("in memory")..][..payload.len()], payload);
        }

        let people = place.run(&["inspect", "good"]).ok().text();
        assert!(people.contains("\nNOT VERIFIED\n") && people.contains("(holds)"), "{people}");
        let people = place.run(&["inspect", "good", "--trust", "trust.cbor"]).ok().text();
        assert!(
            people.contains("\nsealed as the trust store demands\n") && !people.contains("NOT VERIFIED"),
            "{people}"
        );
    }
}

#[test]
fn a_refusal_is_exit_code_1_with_its_name_and_number() {
    let place = Place::with_bundle("ml-dsa-44");
    let good = place.read("good");
    place.write("bad", flipped(&good, position(&place.read("radio.bin"), &good) + 8_999));
    let refused = place.verify("bad", &[]).refused("image.digest-mismatch", 1541).object();
    assert_eq!(
        (&refused["verdict"], &refused["stage"], &refused["procedure"]),
        (&json!("refused"), &json!("image"), &json!("install"))
    );
    assert_eq!((&refused["form"], &refused["release"]), (&json!(null), &json!(null)));
    let ran = place.run(&["verify", "bad", "--trust", "trust.cbor", "--device", "device.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert!(ran.text().starts_with("REFUSED to install: bad\n  image.digest-mismatch (0x0605): "), "{}", ran.text());
    assert!(ran.text().contains("\n  help: "));

    place.write("device.toml", DEVICE.replace("thermostat", "boiler"));
    let ran =
        place.json(&["verify", "good", "--trust", "trust.cbor", "--device", "device.toml", "--procedure", "boot"]);
    assert_eq!(ran.refused("admit.class-mismatch", 1282).object()["procedure"], "boot");
}

#[test]
fn a_bundle_from_standard_input_is_the_same_bundle() {
    let place = Place::with_bundle("ml-dsa-44");
    let arguments = ["verify", "-", "--trust", "trust.cbor", "--device", "device.toml", "--format", "json"];
    assert_eq!(place.piped("good", &arguments).ok().object()["verdict"], "accepted");
    place.write("short", &place.read("good")[..1000]);
    place.piped("short", &arguments).refused("frame.truncated", 257);
    assert_eq!(place.piped("good", &["inspect", "-"]).ok().code, 0);
    place.piped("good", &["extract", "-", "--out", "taken"]).ok();
    assert_eq!(place.read("taken/components/app"), place.read("app.bin"));
    // The trust store may come that way as well.
    let arguments = ["verify", "good", "--trust", "-", "--device", "device.toml", "--format", "json"];
    place.piped("trust.cbor", &arguments).ok();
}

#[test]
fn two_identities_of_three() {
    let place = Place::with_release("ml-dsa-44");
    for name in ["a", "b", "c"] {
        place.run(&["keygen", "--out", name, "--set", "ml-dsa-44"]).ok();
    }
    place.trust("two.cbor", &["--release", "a", "--release", "b", "--release", "c", "--require", "release=2"]);
    let sign = |identities: &[&str], out: &str| -> Vec<String> {
        let mut words: Vec<String> = ["sign", "--release", "release.toml", "--out", out].map(str::to_owned).into();
        words.extend(identities.iter().flat_map(|name| ["--identity".to_owned(), (*name).to_owned()]));
        words
    };
    let words = |words: &[String], more: &[&str]| -> Vec<String> {
        words.iter().cloned().chain(more.iter().map(|word| (*word).to_owned())).collect()
    };
    fn borrowed(words: &[String]) -> Vec<&str> {
        words.iter().map(String::as_str).collect()
    }
    let verify = |bundle: &str| place.json(&["verify", bundle, "--trust", "two.cbor", "--device", "device.toml"]);

    // One is not enough: the tool says so before there is a bundle, and a device would say so as well.
    for alone in [&["a"][..], &["id"], &["a", "id"]] {
        let with_trust = words(&sign(alone, "out"), &["--trust", "two.cbor"]);
        let ran = place.fails_and_changes_nothing(&borrowed(&with_trust), "authenticate.requirement-not-met");
        assert!(ran.err.contains("the trust store that was given would refuse this bundle"), "{}", ran.err);
    }
    place.run(&borrowed(&sign(&["a"], "one"))).ok();
    verify("one").refused("authenticate.requirement-not-met", 1034);
    let inspected =
        place.json(&["inspect", "one", "--trust", "two.cbor"]).refused("authenticate.requirement-not-met", 1034);
    assert_eq!(inspected.object()["status"], "NOT VERIFIED");

    for (number, enough) in [&["a", "b"][..], &["c", "b"], &["a", "b", "c"], &["id", "c", "a"]].into_iter().enumerate()
    {
        let out = format!("enough{number}");
        place.run(&borrowed(&words(&sign(enough, &out), &["--trust", "two.cbor"]))).ok();
        verify(&out).ok();
    }
    place.fails_and_changes_nothing(&borrowed(&sign(&["a", "b", "a"], "out")), "was given twice");
}

#[test]
fn a_single_class_trust_store_is_noted_in_every_report() {
    let place = Place::with_bundle("ml-dsa-44");
    place.trust("single.cbor", &["--release", "id", "--single-class"]);
    let arguments = ["verify", "good", "--trust", "single.cbor", "--device", "device.toml"];
    let note = "note: this trust store is single-class";
    assert!(place.run(&arguments).ok().text().contains(note));
    assert_eq!(place.json(&arguments).ok().object()["single_class"], true);
    place.write("device.toml", DEVICE.replace("rollback-counter = 3", "rollback-counter = 4"));
    assert_eq!(place.json(&arguments).refused("admit.security-rollback", 1287).object()["single_class"], true);
    assert!(place.run(&arguments).text().contains(note), "a refusal says it, too");
    assert!(!place.run(&["verify", "good", "--trust", "trust.cbor", "--device", "device.toml"]).text().contains(note));
}

/// Device file; what installing leads to, and what booting does: nothing means accepted.
type Case = (String, Option<(&'static str, u16)>, Option<(&'static str, u16)>);

fn device_cases(good: &str, other: &str) -> Vec<Case> {
    let confirmed =
        |number: u64, id: &str| format!("{DEVICE}\n[confirmed]\nsequence-number = {number}\nrelease-id = \"{id}\"\n");
    let with = |from: &str, to: &str| DEVICE.replace(from, to);
    let both = |device: String, code, number| (device, Some((code, number)), Some((code, number)));
    let install = |device: String, code, number| (device, Some((code, number)), None);
    let counter = |value: &str| with("rollback-counter = 3", value);
    let components = |list: &str| with(r#"["app", "radio"]"#, list);
    vec![
        (counter("rollback-counter = 0"), None, None),
        (confirmed(41, other), None, None),
        (confirmed(42, good), None, None),
        // The order in the file is the author's own.
        (components(r#"["radio", "app"]"#), None, None),
        install(confirmed(43, other), "admit.sequence-rollback", 1285),
        install(confirmed(43, good), "admit.sequence-rollback", 1285),
        install(confirmed(9_223_372_036_854_775_807, good), "admit.sequence-rollback", 1285),
        install(confirmed(42, other), "admit.sequence-taken", 1286),
        both(counter("rollback-counter = 4"), "admit.security-rollback", 1287),
        both(counter("rollback-counter = 4294967295"), "admit.security-rollback", 1287),
        (counter("rollback-counter = 2\nrollback-counter-limit = 3"), None, None),
        install(counter("rollback-counter = 2\nrollback-counter-limit = 2"), "admit.counter-exhausted", 1288),
        both(with("acme.example", "other.example"), "admit.vendor-mismatch", 1281),
        both(with("thermostat", "Thermostat"), "admit.class-mismatch", 1282),
        both(components(r#"["app"]"#), "admit.component-unknown", 1284),
        both(components(r#"["app", "radio", "zzz"]"#), "admit.component-missing", 1283),
        both(components(r#"["app", "radiO"]"#), "admit.component-missing", 1283),
        both(components(r#"["app", "app"]"#), "configuration.component-list", 1803),
        both(components("[]"), "configuration.component-list", 1803),
    ]
}

#[test]
fn what_the_device_knows_decides() {
    let place = Place::with_bundle("ml-dsa-44");
    let id = |bundle: &str| {
        let object = place.json(&["inspect", bundle]).ok().object();
        object["contents"]["release_id"].as_str().expect("text").to_owned()
    };
    place.write("other.toml", RELEASE.replace("1.4.0", "1.4.1"));
    place.sign("other.toml", "other").ok();
    let (good, other) = (id("good"), id("other"));
    assert_ne!(good, other);
    let cases = device_cases(&good, &other);
    for (device, install, boot) in &cases {
        place.write("device.toml", device);
        for (procedure, expected) in [("install", install), ("boot", boot)] {
            let ran = place.verify("good", &["--procedure", procedure]);
            match expected {
                None => assert_eq!(ran.ok().object()["procedure"], procedure, "{device}"),
                Some((code, number)) => drop(ran.refused(code, *number)),
            }
        }
    }
    println!("device files: {} decided, for installing and for booting", cases.len());
    assert_eq!(cases.len(), 19);
}

#[test]
fn what_the_trust_store_says_decides() {
    let place = Place::with_release("ml-dsa-44");
    place.write("epoch.toml", RELEASE.replace("security-version = 3", "security-version = 3\nminimum-trust-epoch = 5"));
    place.sign("epoch.toml", "good").ok();
    place.run(&["keygen", "--out", "stranger", "--set", "ml-dsa-44"]).ok();
    place.run(&["keygen", "--out", "strong", "--set", "ml-dsa-87"]).ok();
    for (epoch, accepted) in [("4", false), ("5", true), ("6", true)] {
        place.trust("trust.cbor", &["--release", "id", "--epoch", epoch, "--overwrite"]);
        let ran = place.verify("good", &[]);
        if accepted {
            drop(ran.ok())
        } else {
            drop(ran.refused("admit.trust-epoch", 1289))
        }
        place.verify("good", &["--procedure", "boot"]).ok();
    }
    place.trust("trust.cbor", &["--release", "stranger", "--epoch", "5", "--overwrite"]);
    place.verify("good", &[]).refused("authenticate.requirement-not-met", 1034);
    place.trust("trust.cbor", &["--release", "id", "--release", "strong", "--epoch", "5", "--overwrite"]);
    place.verify("good", &[]).refused("authenticate.digest-too-weak", 1026);
    // The release is the device's and well sealed, but the store is another device's.
    let other =
        ["trust", "make", "--out", "trust.cbor", "--vendor", "acme.example", "--model", "boiler", "--release", "id"];
    place.run(&[&other[..], &["--overwrite", "--epoch", "5"]].concat()).ok();
    place.verify("good", &[]).refused("configuration.device-not-served", 1802);
    // A root identity seals trust updates, not releases.
    place.trust("trust.cbor", &["--release", "stranger", "--root", "id", "--epoch", "5", "--overwrite"]);
    place.verify("good", &[]).refused("authenticate.requirement-not-met", 1034);
    // An assessor is demanded beside the vendor.
    place.trust("trust.cbor", &["--release", "id", "--assessor", "stranger", "--epoch", "5", "--overwrite"]);
    place.verify("good", &[]).refused("authenticate.requirement-not-met", 1034);
    let both = ["sign", "--release", "epoch.toml", "--identity", "id", "--identity", "stranger", "--out", "both"];
    place.run(&both).ok();
    place.verify("both", &[]).ok();
}

#[test]
fn a_trust_store_that_can_not_be_used_is_a_devices_refusal_and_no_trust_store_is_a_failure() {
    let place = Place::with_bundle("ml-dsa-44");
    let store = place.read("trust.cbor");
    // Requirements (key 6): one, of the role release (2), threshold 1. Two can not be reached with one anchor.
    let at = position(&[0x06, 0x81, 0x82, 0x02, 0x01], &store) + 4;
    let mut unreachable = store.clone();
    unreachable[at] = 2;
    place.write("trust.cbor", &unreachable);
    place.verify("good", &[]).refused("configuration.threshold-unreachable", 1795);
    place.run(&["inspect", "good", "--trust", "trust.cbor"]).failed("configuration.threshold-unreachable");

    for (wrong, part) in [
        (&store[..store.len() - 1], "trust.truncated"),
        (&[&store[..], &[0xff]].concat(), "trust.trailing-bytes"),
        (&[], "trust.store-length"),
        (&place.read("good"), "trust."),
    ] {
        place.write("trust.cbor", wrong);
        let verify = ["verify", "good", "--trust", "trust.cbor", "--device", "device.toml"];
        let ran = place.run(&verify).failed(part);
        assert!(ran.err.contains("trust.cbor: is no trust store"), "{}", ran.err);
        assert_eq!(place.json(&verify).object()["schema"], "twinseal.failure/1");
    }
}

#[test]
fn a_digest_that_does_not_hold_is_refused_without_a_trust_store_too() {
    let place = Place::with_bundle("ml-dsa-44");
    let bundle = place.read("good");
    place.write("changed", flipped(&bundle, position(b"1.4.0", &bundle)));
    let ran = place.json(&["inspect", "changed"]).refused("authenticate.digest-mismatch", 0x0403);
    assert_eq!(ran.object()["contents"]["digest_holds"], false);
    assert_eq!(ran.object()["contents"]["version"], "0.4.0");
}

/// Every digest and key name that programs are given, people see to its last digit: two releases never look alike.
#[test]
fn digests_are_shown_whole() {
    fn digits(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => {
                let hex = text.rsplit(':').next().expect("some part");
                if hex.len() >= 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    found.push(hex.to_owned());
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| digits(item, found)),
            serde_json::Value::Object(fields) => fields.values().for_each(|field| digits(field, found)),
            _ => {}
        }
    }
    let place = Place::with_bundle("ml-dsa-65");
    let mut seen = 0;
    for arguments in [
        &["inspect", "good", "--trust", "trust.cbor"][..],
        &["inspect", "good"],
        &["verify", "good", "--trust", "trust.cbor", "--device", "device.toml"],
    ] {
        let (mut found, people) = (Vec::new(), place.run(arguments).ok().text());
        digits(&place.json(arguments).ok().object(), &mut found);
        let shortened: Vec<_> = found.iter().filter(|hex| !people.contains(hex.as_str())).collect();
        assert!(!found.is_empty() && shortened.is_empty(), "{arguments:?} shortens {shortened:?}");
        seen += found.len();
    }
    assert!(seen >= 10, "{seen}");
}
