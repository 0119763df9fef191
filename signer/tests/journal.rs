//! The signing journal as users and build servers have it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use std::process::{Command, Stdio};

use serde_json::Value;
use tool::{Place, RELEASE, Ran, TOOL};

/// A release and a journal.
fn place() -> Place {
    let place = Place::with_release("ml-dsa-44");
    place.run(&["journal", "new", "j"]).ok();
    place
}

fn sign(place: &Place, out: &str, more: &[&str]) -> Ran {
    let arguments = ["sign", "--release", "release.toml", "--identity", "id", "--journal", "j", "--out", out];
    place.json(&[&arguments, more].concat())
}

fn entries(place: &Place) -> Vec<Value> {
    let shown = place.json(&["journal", "show", "j"]).ok().object();
    assert_eq!(shown["schema"], "twinseal.journal-show/1");
    shown["entries"].as_array().expect("a list").clone()
}

#[test]
fn a_line_says_who_sealed_what_with_which_keys_and_when() {
    let place = place();
    let signed = sign(&place, "out", &[]).ok().object();
    assert_eq!((&signed["journal_line"], &signed["existing"]), (&1.into(), &false.into()));
    let entries = entries(&place);
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0]["entry"]["what"], "begun");
    let (line, entry) = (&entries[1], &entries[1]["entry"]);
    assert_eq!(line["number"], 1);
    assert_eq!(line["tool"], concat!("twinseal ", env!("CARGO_PKG_VERSION")));
    assert!(line["time"].as_str().is_some_and(|time| time.len() == 20 && time.ends_with('Z')), "{line}");
    assert_eq!(entry["what"], "release");
    assert_eq!(entry["sequence_number"], 42);
    assert_eq!(entry["version"], "1.4.0");
    assert_eq!(entry["release_id"], signed["release_id"]);
    assert_eq!(entry["sealed_by"][0]["anchor_id"], signed["identities"][0]);
    let algorithms: Vec<_> =
        entry["sealed_by"][0]["keys"].as_array().expect("keys").iter().map(|key| &key["algorithm"]).collect();
    assert_eq!(algorithms, ["ed25519", "ml-dsa-44"]);
    let text = place.run(&["journal", "show", "j", "--sequence-number", "42"]).ok().text();
    assert!(text.contains("release 1.4.0, sequence number 42") && text.contains("the chain holds"), "{text}");
    assert!(!text.contains("begun"), "{text}");
}

#[test]
fn a_line_has_the_time_at_which_it_was_written_whatever_the_environment_says() {
    let place = place();
    for (epoch, number) in [("1", "42"), ("no number", "43")] {
        place.write("release.toml", RELEASE.replace("= 42", &format!("= {number}")));
        let arguments = ["sign", "--release", "release.toml", "--identity", "id", "--journal", "j", "--out", number];
        let mut command = place.command(&arguments);
        Ran::new(command.env("SOURCE_DATE_EPOCH", epoch).output().expect("the tool starts"), &arguments).ok();
    }
    let entries = entries(&place);
    assert_eq!(entries.len(), 3);
    for line in &entries {
        assert!(line["time"].as_str().is_some_and(|time| time >= "2026"), "{line}");
    }
}

#[test]
fn another_release_of_the_same_number_is_refused_and_the_same_release_gives_back_the_bundle() {
    let place = place();
    sign(&place, "out", &[]).ok();
    let sealed = place.read("out");
    // The same again, and under another name.
    let again = sign(&place, "out", &[]).ok().object();
    assert_eq!((&again["existing"], &again["journal_line"]), (&true.into(), &1.into()));
    assert_eq!(place.read("out"), sealed);
    assert_eq!(sign(&place, "copy", &[]).ok().object()["existing"], false);
    assert_eq!(entries(&place).len(), 2, "nothing new was sealed");

    // One byte of one payload: another release.
    let app = place.read("app.bin");
    place.write("app.bin", tool::flipped(&app, 7));
    let before = place.everything();
    for (out, more) in [("out", &[][..]), ("other", &[]), ("out", &["--overwrite"])] {
        let refused = sign(&place, out, more);
        assert_eq!(refused.code, 1, "{refused:?}");
        let refused = refused.object();
        assert_eq!((&refused["sequence_number"], &refused["journal_line"]), (&42.into(), &1.into()));
        assert!(place.everything() == before, "{out} {more:?}");
    }
    let said = place.run(&["sign", "--release", "release.toml", "--identity", "id", "--journal", "j", "--out", "x"]);
    assert_eq!(said.code, 1);
    assert!(said.text().contains("REFUSED, nothing was sealed") && said.text().contains("help: "), "{}", said.text());

    // Told before anything is sealed, too.
    for dry in [&["--dry-run"][..], &["--dry-run", "--overwrite"]] {
        let refused = sign(&place, "other", dry);
        assert_eq!((refused.code, &refused.object()["journal_line"]), (1, &1.into()));
        assert!(place.everything() == before);
    }

    // With the next number it goes.
    place.write("release.toml", RELEASE.replace("= 42", "= 43"));
    assert_eq!(sign(&place, "next", &[]).ok().object()["journal_line"], 2);
    // Another class is another scope.
    place.write("release.toml", RELEASE.replace("\"thermostat\"", "\"gate\""));
    assert_eq!(sign(&place, "gate", &[]).ok().object()["journal_line"], 3);
}

#[test]
fn the_journal_is_asked_before_a_key_is_opened() {
    let place = place();
    place.run(&["keygen", "--out", "root", "--set", "ml-dsa-44"]).ok();
    place.trust("roots-0.cbor", &["--root", "root", "--release", "id"]);
    for (store, component) in [("roots-1.cbor", "gate"), ("roots-2.cbor", "valve")] {
        place.trust(store, &["--root", "root", "--release", "id", "--epoch", "1", "--model", component]);
    }
    sign(&place, "known", &[]).ok();
    let update = |store| ["trust", "update", "--replaces", "roots-0.cbor", "--store", store, "--journal", "j"];
    place.run(&[&update("roots-1.cbor")[..], &["--identity", "root", "--out", "update"]].concat()).ok();
    // Sealed where nobody asked.
    let app = place.read("app.bin");
    place.write("app.bin", tool::flipped(&app, 7));
    place.sign("release.toml", "stray").ok();

    let append = ["seals", "append", "stray", "--trust", "trust.cbor", "--journal", "j"];
    let before = place.everything();
    for taken in [&append[..], &update("roots-2.cbor")] {
        // Opening that would be a failure.
        let refused = place.json(&[taken, &["--identity", "nobody", "--out", "out"]].concat());
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.object()["journal_line"].is_u64());
        assert!(place.everything() == before);
    }
}

#[test]
fn a_bundle_that_is_there_and_is_not_what_was_sealed_is_left_alone() {
    let place = place();
    place.write("out", "something else");
    let sign = ["sign", "--release", "release.toml", "--identity", "id", "--journal", "j", "--out", "out"];
    place.fails_and_changes_nothing(&sign, "already exists");
    std::fs::remove_file(place.at("out")).expect("removed");
    place.run(&sign).ok();
    let sealed = place.read("out");
    for at in [10, 300, sealed.len() / 2, sealed.len() - 1] {
        place.write("out", tool::flipped(&sealed, at));
        place.fails_and_changes_nothing(&sign, "is there already, and is not this release");
    }
    place.write("out", &sealed);
    // Another identity did not seal the bundle that is there.
    place.run(&["keygen", "--out", "id2", "--set", "ml-dsa-44"]).ok();
    let other = ["sign", "--release", "release.toml", "--identity", "id2", "--journal", "j", "--out", "out"];
    place.fails_and_changes_nothing(&other, "is there already, and is not this release");
}

#[test]
fn no_bundle_appears_without_a_line() {
    let place = place();
    let sign = |journal: &'static str| {
        ["sign", "--release", "release.toml", "--identity", "id", "--journal", journal, "--out", "out"]
    };
    let missing = place.fails_and_changes_nothing(&sign("none"), "none: can not be read");
    assert!(missing.err.contains("journal new none"), "{}", missing.err);
    place.fails_and_changes_nothing(&sign("release.toml"), "the chain of the journal does not hold");
    place.fails_and_changes_nothing(&sign("."), "is not a plain file");
    place.fails_and_changes_nothing(&["journal", "new", "j"], "already exists");
    place.permit("j", 0o666);
    place.fails_and_changes_nothing(&sign("j"), "everybody may change it");
    place.permit("j", 0o644);
    let text = String::from_utf8(place.read("j")).expect("text");
    place.write("j", text.replace("begun", "began"));
    place.fails_and_changes_nothing(&sign("j"), "the chain of the journal does not hold");
    place.write("j", text);
    // The store that is given refuses the bundle: then there is no line either.
    place.run(&["keygen", "--out", "id2", "--set", "ml-dsa-44"]).ok();
    place.trust("other.cbor", &["--release", "id2"]);
    place.fails_and_changes_nothing(&[&sign("j")[..], &["--trust", "other.cbor"]].concat(), "would refuse this bundle");
    place.run(&sign("j")).ok();
}

#[test]
fn verify_finds_what_was_changed_and_with_a_head_what_was_cut() {
    let place = place();
    for number in [1, 2, 3] {
        place.write("release.toml", RELEASE.replace("= 42", &format!("= {number}")));
        sign(&place, &format!("out{number}"), &[]).ok();
    }
    let good = String::from_utf8(place.read("j")).expect("text");
    let verified = place.json(&["journal", "verify", "j"]).ok().object();
    assert_eq!((&verified["lines"], &verified["unfinished"]), (&4.into(), &0.into()));
    let head = verified["head"].as_str().expect("a head").to_owned();
    assert!(head.starts_with("3:"), "{head}");
    place.run(&["journal", "verify", "j", "--head", &head]).ok();

    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    place.write("j", lines[..3].concat());
    place.run(&["journal", "verify", "j"]).ok();
    let cut = place.run(&["journal", "verify", "j", "--head", &head]);
    assert_eq!(cut.code, 1);
    assert!(cut.text().contains("line 3 is not there as it was noted"), "{}", cut.text());

    for (changed, part) in [
        (good.replace("\"sequence_number\":2", "\"sequence_number\":9"), "line 3 does not follow"),
        ([lines[0], lines[2], lines[3]].concat(), "line 1 has the number 2"),
        (good.replace("\"version\":\"1.4.0\"", "\"version\": \"1.4.0\""), "not written as"),
        (String::new(), "it has no line"),
    ] {
        place.write("j", changed);
        for command in ["verify", "show"] {
            let found = place.run(&["journal", command, "j"]);
            assert_eq!(found.code, 1, "{part}");
            assert!(found.text().contains(part), "{}", found.text());
        }
    }
    place.write("j", format!("{good}{{\"number\":"));
    assert_eq!(place.json(&["journal", "verify", "j"]).ok().object()["unfinished"], 10);
    let piped = place.piped("j", &["journal", "verify", "-"]).ok();
    assert!(piped.text().contains("half a line"), "{}", piped.text());
    for head in ["3", "3:", "x:00", "3:00", &head[..head.len() - 1], "-1:00"] {
        assert_eq!(place.run(&["journal", "verify", "j", "--head", head]).code, 2, "{head}");
    }
}

/// 8 processes at once, each a hundred times: TWINSEAL_LONG=1 as the issue of many build servers has it, else a tenth of it.
#[test]
fn many_signers_at_once_lose_and_double_nothing() {
    let rounds = if std::env::var_os("TWINSEAL_LONG").is_some() { 100 } else { 12 };
    let place = place();
    place.write("small.bin", [7; 100]);
    let template = "[release]\nvendor = \"acme.example\"\nmodel = \"thermostat\"\nversion = \"1.0.0\"\nsequence-number = NUMBER\n\
                    security-version = 1\n[[component]]\nid = \"app\"\npath = \"small.bin\"\n";
    for signer in 0..8 {
        for round in 0..rounds {
            let number = (signer * rounds + round + 1).to_string();
            place.write(&format!("r{signer}-{round}.toml"), template.replace("NUMBER", &number));
        }
    }
    // One further number that all of them want at once, each for a release of its own.
    for signer in 0..8 {
        let wanted = template.replace("NUMBER", "999999").replace("1.0.0", &format!("2.0.{signer}"));
        place.write(&format!("r{signer}-wanted.toml"), wanted);
    }
    let signers: Vec<_> = (0..8)
        .map(|signer| {
            let script = format!(
                "set -e\nfor round in wanted $(seq 0 {}); do\n  \"$TOOL\" sign --release r{signer}-$round.toml --identity id \
                 --journal j --out b{signer}-$round >/dev/null || [ $? = 1 -a $round = wanted ]\ndone",
                rounds - 1
            );
            let mut command = Command::new("sh");
            command.args(["-c", &script]).env("TOOL", TOOL).current_dir(place.path()).stdin(Stdio::null());
            command.spawn().expect("a shell")
        })
        .collect();
    for mut signer in signers {
        assert!(signer.wait().expect("it ends").success());
    }
    let entries = entries(&place);
    let mut numbers: Vec<u64> = entries
        .iter()
        .filter_map(|line| line["entry"]["sequence_number"].as_u64())
        .filter(|number| *number != 999_999)
        .collect();
    numbers.sort_unstable();
    let all: Vec<u64> = (1..=8 * rounds).collect();
    assert_eq!(numbers, all, "none lost, none double");
    assert_eq!(
        u64::try_from(entries.len()).expect("few"),
        8 * rounds + 2,
        "and one of eight has the number that all wanted"
    );
    let bundles = |name: &str| (0..8).filter(|signer| place.at(&format!("b{signer}-{name}")).exists()).count();
    assert_eq!(bundles("wanted"), 1);
    assert!((0..rounds).all(|round| bundles(&round.to_string()) == 8));
    println!("8 processes x {rounds} signings at once: {} entries, none lost, none double", numbers.len());
}
