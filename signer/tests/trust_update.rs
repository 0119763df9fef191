//! Keys are rotated and revoked: trust updates sealed at hand and in a ceremony, and decided about as a device does.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use serde_json::Value;
use tool::Place;
use twinseal_verifier::CombSize;

/// Roots a, b, c of which two are demanded; the next store has d in c's place; `good` is the confirmed release.
fn place() -> Place {
    let place = Place::with_release("ml-dsa-44");
    for name in ["a", "b", "c", "d", "id2"] {
        place.run(&["keygen", "--out", name, "--set", "ml-dsa-44"]).ok();
    }
    let roots = |last| ["--root", "a", "--root", "b", "--root", last, "--require", "root=2"];
    place.trust("old", &[&roots("c")[..], &["--release", "id"]].concat());
    place.trust("new", &[&roots("d")[..], &["--release", "id", "--release", "id2", "--epoch", "1"]].concat());
    place.trust("gone", &[&roots("d")[..], &["--release", "id2", "--epoch", "1"]].concat());
    place.sign("release.toml", "good").ok();
    place
}

fn update<'a>(store: &'a str, identities: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["trust", "update", "--replaces", "old", "--store", store, "--out", "u"];
    for identity in identities {
        arguments.extend(["--identity", identity]);
    }
    arguments
}

fn apply<'a>(trust: &'a str, counter: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let arguments = ["trust", "apply", "u", "--trust", trust, "--vendor", "acme.example", "--model", "thermostat"];
    [&arguments[..], &["--epoch-counter", counter, "--out", "taken"], more].concat()
}

fn refused(place: &Place, arguments: &[&str], part: &str) {
    let before = place.everything();
    let ran = place.run(arguments);
    assert_eq!(ran.code, 1, "{part}: {ran:?}");
    assert!(ran.text().contains(part), "{part}: {}", ran.text());
    assert!(place.everything() == before, "{part}");
}

#[test]
fn a_key_is_rotated_and_a_stolen_one_rotates_nothing() {
    let place = place();
    let unmet = "authenticate.requirement-not-met";
    for thief in [&["c"][..], &["a"], &["a", "id"], &["c", "d"]] {
        place.fails_and_changes_nothing(&update("new", thief), unmet);
    }
    place.fails_and_changes_nothing(&update("new", &["a", "c"]), "update.new-requirement-not-met");
    place.fails_and_changes_nothing(&update("old", &["a", "b"]), "update.epoch-step");
    place.run(&["journal", "new", "j"]).ok();
    place.run(&[&update("new", &["a", "b"])[..], &["--journal", "j"]].concat()).ok();
    let entry = place.json(&["journal", "show", "j"]).ok().object()["entries"][1]["entry"].clone();
    assert_eq!((&entry["what"], &entry["epoch"]), (&"trust-update".into(), &1.into()));

    refused(&place, &apply("old", "1", &[]), "update.store-replaced");
    refused(&place, &apply("new", "1", &[]), "update.replaces-another");
    // Shown first: as the device decides, with nothing written.
    let before = place.everything();
    let dry =
        ["trust", "apply", "u", "--trust", "old", "--vendor", "acme.example", "--model", "thermostat", "--dry-run"];
    let shown = place.json(&[&dry[..], &["--epoch-counter", "0", "--confirmed", "good"]].concat()).ok().object();
    assert_eq!((&shown["dry_run"], &shown["store"]), (&true.into(), &Value::Null));
    assert_eq!((&shown["summary"]["epoch"], shown["sealed_by"].as_array().map(Vec::len)), (&1.into(), Some(2)));
    assert_eq!(shown["update_id"], entry["update_id"]);
    refused(&place, &[&dry[..], &["--epoch-counter", "1"]].concat(), "update.");
    assert_eq!(place.run(&[&dry[..], &["--epoch-counter", "0", "--out", "x"]].concat()).code, 2);
    assert!(place.everything() == before);
    let said = place.run(&apply("old", "0", &["--confirmed", "good"])).ok().text();
    assert!(said.contains("ADDS:           d (root)") && said.contains("REVOKES:        c (root)"), "{said}");
    assert_eq!(place.read("taken"), place.read("new"));
    place.json(&["verify", "good", "--trust", "taken", "--device", "device.toml"]).ok();
}

#[test]
fn one_store_is_replaced_by_one_update() {
    let place = place();
    place.run(&["journal", "new", "j"]).ok();
    let update = |store: &'static str, identities: &[&'static str], out: &'static str| {
        let mut arguments =
            vec!["trust", "update", "--replaces", "old", "--store", store, "--journal", "j", "--out", out];
        identities.iter().for_each(|identity| arguments.extend(["--identity", identity]));
        arguments
    };
    place.run(&update("new", &["a", "b"], "u")).ok();
    // Another next store, and one whose keys make the update name the replaced one by another digest.
    place.run(&["keygen", "--out", "strong", "--set", "ml-dsa-87"]).ok();
    let roots = ["--root", "a", "--root", "b", "--root", "strong", "--require", "root=2"];
    place.trust("stronger", &[&roots[..], &["--release", "id", "--epoch", "1"]].concat());
    for store in ["gone", "stronger"] {
        let before = place.everything();
        let ran = place.json(&update(store, &["a", "b"], "w"));
        assert_eq!(ran.code, 1, "{ran:?}");
        assert_eq!(ran.object()["refused"], "another trust update replaces the trust store", "{store}");
        assert_eq!(ran.object()["journal_line"], 1);
        assert!(place.run(&update(store, &["a", "b"], "w")).text().contains("part the fleet"));
        assert!(place.everything() == before, "{store}");
    }
    // The same again is the same line; the file that is there stays.
    place.fails_and_changes_nothing(&update("new", &["a", "b"], "u"), "already exists");
    let again = place.json(&update("new", &["a", "b"], "again")).ok().object();
    assert_eq!(again["journal_line"], 1);
    // Without asking for seals in vain, a ceremony finds it out, too.
    place.run(&["ceremony", "request", "--replaces", "old", "--store", "gone", "--out", "request.json"]).ok();
    let request: Value = serde_json::from_slice(&place.read("request.json")).expect("JSON");
    let digest = request["digest"].as_str().expect("a digest").to_owned();
    let respond = ["ceremony", "respond", "request.json", "--confirm", &digest, "--out", "answer.json"];
    place.run(&[&respond[..], &["--identity", "a", "--identity", "b"]].concat()).ok();
    let assemble = ["ceremony", "assemble", "request.json", "--answer", "answer.json", "--journal", "j", "--out", "w"];
    let ran = place.json(&assemble);
    assert_eq!((ran.code, place.at("w").exists()), (1, false), "{ran:?}");
    assert_eq!(ran.object()["refused"], "another trust update replaces the trust store");
}

#[test]
fn the_tables_of_a_device_are_those_of_its_new_keys() {
    let place = place();
    std::fs::remove_file(place.at("old")).expect("removed");
    std::fs::remove_file(place.at("new")).expect("removed");
    // The release key is rotated, and the assessor stays.
    place.run(&["keygen", "--out", "lab", "--set", "ml-dsa-44"]).ok();
    let roots = ["--root", "a", "--root", "b", "--root", "c", "--require", "root=2", "--assessor", "lab"];
    place.trust("old", &[&roots[..], &["--release", "id"]].concat());
    place.trust("new", &[&roots[..], &["--release", "id2", "--epoch", "1"]].concat());
    place.run(&["trust", "expand", "old", "--out", "x-old"]).ok();
    place.run(&update("new", &["a", "b"])).ok();
    // What is refused writes no table either, nor does what only looks.
    refused(&place, &apply("old", "1", &["--expand", "x"]), "update.store-replaced");
    let looks = ["--epoch-counter", "0", "--dry-run", "--expand", "x"];
    let dry = ["trust", "apply", "u", "--trust", "old", "--vendor", "acme.example", "--model", "thermostat"];
    place.fails_and_changes_nothing(&[&dry[..], &looks].concat(), "cannot be used with");

    let applied = place.json(&apply("old", "0", &["--expand", "x", "--teeth", "6"])).ok().object();
    let tables = applied["tables"].as_array().expect("a list");
    let told: Vec<_> = tables.iter().map(|table| (&table["anchor"]["label"], &table["algorithm"])).collect();
    let of = |label: &str| {
        let ran = place.json(&[
            "trust",
            "expand",
            "taken",
            "--compare",
            &format!("x/{label}-ed25519.bin"),
            &format!("x/{label}-ml-dsa-44.bin"),
        ]);
        (ran.code, ran.object()["accepted"].clone())
    };
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!((of("id2"), of("lab")), ((0, true.into()), (0, true.into())));
    let size = place.read("x/id2-ed25519.bin").len();
    assert_eq!(size, CombSize::Teeth6.table_size(), "as many teeth as were asked for");

    // Of the tables that the device had, those of keys that stay are the same, and those of the key that is gone are nobody's.
    assert!(place.read("x-old/lab-ml-dsa-44.bin") == place.read("x/lab-ml-dsa-44.bin"));
    let compare = |file: &str| place.json(&["trust", "expand", "taken", "--compare", file]);
    assert_eq!(compare("x-old/lab-ed25519.bin").code, 0);
    for file in ["x-old/id-ed25519.bin", "x-old/id-ml-dsa-44.bin"] {
        let ran = compare(file);
        assert_eq!(
            (ran.code, ran.object()["tables"][0]["refusal"].as_str()),
            (1, Some("the expanded anchor is that of another key")),
            "{file}"
        );
    }
    // With the new key's name in front they are not that key's either.
    for (file, entries) in [("ed25519", 16 + 32), ("ml-dsa-44", 16 + 1312)] {
        let mut forged = place.read(&format!("x/id2-{file}.bin"));
        let revoked = match file {
            "ed25519" => {
                place.run(&["trust", "expand", "old", "--out", "x-six", "--teeth", "6"]).ok();
                place.read("x-six/id-ed25519.bin")
            }
            _ => place.read("x-old/id-ml-dsa-44.bin"),
        };
        forged[entries..].copy_from_slice(&revoked[entries..]);
        place.write("forged", &forged);
        assert_eq!(compare("forged").code, 1, "{file}");
    }
}

#[test]
fn a_device_that_would_not_boot_again_keeps_its_store() {
    let place = place();
    place.run(&update("gone", &["a", "b"])).ok();
    refused(&place, &apply("old", "0", &["--confirmed", "good"]), "update.confirmed-release-refused");
    place.run(&apply("old", "0", &[])).ok();
    place.write("u", tool::flipped(&place.read("u"), 700));
    place.run(&["trust", "show", "old"]).ok();
    refused(&place, &apply("old", "0", &["--overwrite"]), "authenticate.");
}

#[test]
fn a_trust_update_is_sealed_in_a_ceremony() {
    let place = place();
    place.run(&["ceremony", "request", "--replaces", "old", "--store", "new", "--out", "request.json"]).ok();
    let request: Value = serde_json::from_slice(&place.read("request.json")).expect("JSON");
    let digest = request["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(request["signers"].as_array().map(Vec::len), Some(4), "the roots of both stores");
    let answer = |identity: &str| {
        let out = format!("{identity}.json");
        place
            .run(&["ceremony", "respond", "request.json", "--identity", identity, "--confirm", &digest, "--out", &out])
            .ok();
    };
    answer("a");
    answer("c");
    answer("b");
    let assemble = ["ceremony", "assemble", "request.json", "--out", "u", "--answer", "a.json"];
    let missing = place.json(&[&assemble[..], &["--answer", "c.json"]].concat());
    assert_eq!(missing.code, 1);
    assert_eq!(
        missing.object()["missing"].as_array().map(Vec::len),
        Some(1),
        "enough for the old store, not for the new one"
    );
    place.run(&[&assemble[..], &["--answer", "b.json"]].concat()).ok();
    place.run(&apply("old", "0", &["--confirmed", "good"])).ok();
    assert_eq!(place.read("taken"), place.read("new"));
}
