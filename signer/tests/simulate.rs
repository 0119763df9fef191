//! `simulate`: a bundle decided about in many device states, each as that device would.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use core::fmt::Write as _;

use serde_json::Value;
use tool::{Place, flipped};

const DEFAULTS: &str = r#"
[defaults]
vendor = "acme.example"
model = "thermostat"
components = ["radio", "app"]
rollback-counter = 3
trust = "trust.cbor"
"#;

const SIMULATE: [&str; 4] = ["simulate", "good", "--fleet", "fleet.toml"];

fn fleet(place: &Place, states: &str) {
    place.write("fleet.toml", format!("{DEFAULTS}{states}"));
}

/// Runs `simulate` as JSON, which must end with that exit code and change nothing.
fn simulated(place: &Place, more: &[&str], code: i32) -> Value {
    let before = place.everything();
    let ran = place.json(&[&SIMULATE[..], more].concat());
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(place.everything() == before);
    ran.object()
}

fn verdicts(report: &Value) -> Vec<(&str, &str)> {
    let states = report["states"].as_array().expect("states");
    states
        .iter()
        .map(|state| (state["name"].as_str().expect("a name"), state["code"].as_str().unwrap_or("accepted")))
        .collect()
}

#[test]
fn every_state_decides_as_verify_does() {
    let place = Place::with_bundle("ml-dsa-44");
    let id = place.verify("good", &[]).ok().object()["release"]["release_id"].as_str().expect("an id").to_owned();
    let other = format!("sha-384:{}", "00".repeat(48));
    let expected = [
        ("", "accepted"),
        ("rollback-counter = 4", "admit.security-rollback"),
        ("vendor = \"other.example\"", "admit.vendor-mismatch"),
        ("model = \"fridge\"", "admit.class-mismatch"),
        ("components = [\"app\"]", "admit.component-unknown"),
        ("components = [\"app\", \"boot\", \"radio\"]", "admit.component-missing"),
        ("rollback-counter-limit = 2\nrollback-counter = 2", "admit.counter-exhausted"),
        (&format!("confirmed = {{ sequence-number = 43, release-id = \"{id}\" }}"), "admit.sequence-rollback"),
        (&format!("confirmed = {{ sequence-number = 42, release-id = \"{id}\" }}"), "accepted"),
        (&format!("confirmed = {{ sequence-number = 42, release-id = \"{other}\" }}"), "admit.sequence-taken"),
        (&format!("confirmed = {{ sequence-number = 41, release-id = \"{other}\" }}"), "accepted"),
        ("components = [\"app\", \"app\"]", "configuration.component-list"),
    ];
    let states = expected.iter().fold(String::new(), |text, (state, _)| format!("{text}[[state]]\n{state}\n"));
    fleet(&place, &states);
    let report = simulated(&place, &[], 1);
    let found: Vec<&str> = verdicts(&report).into_iter().map(|(_, code)| code).collect();
    assert_eq!(found, expected.map(|(_, code)| code));

    // The same facts as a device file give `verify` the same number.
    for (number, (state, code)) in expected.iter().enumerate().skip(1).filter(|(_, (_, code))| *code != "accepted") {
        let text = format!("{DEFAULTS}{state}\n").replace("[defaults]\n", "").replace("trust = \"trust.cbor\"\n", "");
        let own = |line: &&str| {
            let field = line.split_once(" = ").map(|(field, _)| format!("{field} = "));
            field.is_none_or(|field| line == state || !state.lines().any(|said| said.starts_with(&field)))
        };
        let mut lines: Vec<&str> = text.lines().filter(own).collect();
        lines.extend(state.lines().filter(|said| !lines.contains(said)).collect::<Vec<_>>());
        place.write("device.toml", lines.join("\n"));
        let number = u16::try_from(report["states"][number]["number"].as_u64().expect("a number")).expect("small");
        place.verify("good", &[]).refused(code, number);
    }

    let boot = simulated(&place, &["--procedure", "boot"], 1);
    assert_eq!(verdicts(&boot)[9].1, "accepted", "to boot, sequence numbers do not count");
    fleet(&place, "[[state]]\n[[state]]\nname = \"b\"\ndevices = 7\n");
    let report = simulated(&place, &[], 0);
    assert_eq!((&report["schema"], &report["verdict"]), (&"twinseal.simulate/1".into(), &"accepted".into()));
    assert_eq!((&report["accepted"]["devices"], &report["all"]["states"]), (&8.into(), &2.into()));
}

#[test]
fn a_rotation_is_seen_before_it_is_published() {
    let place = Place::with_bundle("ml-dsa-44");
    place.run(&["keygen", "--out", "id2", "--set", "ml-dsa-44"]).ok();
    place.trust("both.cbor", &["--release", "id", "--release", "id2"]);
    place.trust("after.cbor", &["--release", "id2"]);
    place.run(&["sign", "--release", "release.toml", "--identity", "id2", "--out", "switched"]).ok();
    let states = "[[state]]\nname = \"old\"\ndevices = 100\n\
        [[state]]\nname = \"both\"\ndevices = 20\ntrust = \"both.cbor\"\n\
        [[state]]\nname = \"after\"\ndevices = 3\ntrust = \"after.cbor\"\n";
    fleet(&place, states);
    let unmet = "authenticate.requirement-not-met";
    let report = simulated(&place, &[], 1);
    assert_eq!(verdicts(&report), [("old", "accepted"), ("both", "accepted"), ("after", unmet)]);
    assert_eq!(report["accepted"]["devices"], 120);
    let switched = place.json(&["simulate", "switched", "--fleet", "fleet.toml"]);
    assert_eq!(switched.code, 1);
    let switched = switched.object();
    assert_eq!(verdicts(&switched), [("old", unmet), ("both", "accepted"), ("after", "accepted")]);
    assert_eq!(switched["matrix"].as_array().map(Vec::len), Some(3));
    assert_eq!((&switched["matrix"][0]["devices"], &switched["matrix"][0]["code"]), (&100.into(), &unmet.into()));

    let number = switched["states"][0]["number"].as_u64().expect("a number");
    let people = place.run(&["simulate", "switched", "--fleet", "fleet.toml"]);
    assert_eq!(people.code, 1);
    for part in [&format!("REFUSED  old (100): {number} {unmet}"), "ACCEPTED both (20)\n", "23 of 123 devices, 2 of 3"]
    {
        assert!(people.text().contains(part), "{}", people.text());
    }
}

#[test]
fn a_bad_image_is_refused_by_all_who_would_admit_it() {
    let place = Place::with_bundle("ml-dsa-44");
    let good = place.read("good");
    place.write("good", flipped(&good, good.len() / 2));
    fleet(&place, "[[state]]\n[[state]]\nname = \"ahead\"\nrollback-counter = 9\n[[state]]\n");
    let report = simulated(&place, &[], 1);
    let image = "image.digest-mismatch";
    assert_eq!(verdicts(&report), [("1", image), ("ahead", "admit.security-rollback"), ("3", image)]);
    place.write("good", "no bundle at all");
    let report = simulated(&place, &[], 1);
    assert_eq!((&report["accepted"]["states"], &report["refusals"][0]["stage"]), (&0.into(), &"frame".into()));
}

#[test]
fn a_bad_fleet_file_is_told_and_changes_nothing() {
    let place = Place::with_bundle("ml-dsa-44");
    place.write("no.cbor", "no store");
    for (states, part) in [
        ("", "fleet.toml: has no [[state]]"),
        ("[[state]]\nname = \"a\"\n[[state]]\nname = \"a\"\n", "state \"a\": is there twice"),
        ("[[state]]\nname = \"2\"\n[[state]]\n", "state \"2\": is there twice"),
        ("[[state]]\ncolour = 1\n", "unknown field `colour`"),
        ("[[state]]\nrollback-counter = -1\n", "fleet.toml, line 9: "),
        ("[[state]]\ndevices = 0\n", "state \"1\": devices = 0"),
        ("[[state]]\nvendor = \"ACME\"\n", "state \"1\": vendor `ACME`"),
        ("[[state]]\nmodel = \"\"\n", "state \"1\": model ``"),
        ("[[state]]\ntrust = \"gone.cbor\"\n", "gone.cbor: can not be read"),
        ("[[state]]\ntrust = \"-\"\n", "./-: can not be read"),
        ("[[state]]\ntrust = \"no.cbor\"\n", "no.cbor: is no trust store"),
        (
            "[[state]]\nconfirmed = { sequence-number = 1, release-id = \"x\" }\n",
            "state \"1\": release-id = \"x\" is none",
        ),
        ("[[state]]\n[[state\n", "fleet.toml, line 9: "),
    ] {
        fleet(&place, states);
        place.fails_and_changes_nothing(&SIMULATE, part);
    }
    for field in ["vendor", "model", "components", "rollback-counter", "trust"] {
        let kept: Vec<&str> = DEFAULTS.lines().filter(|line| !line.starts_with(&format!("{field} ="))).collect();
        place.write("fleet.toml", format!("{}\n[[state]]\n", kept.join("\n")));
        place.fails_and_changes_nothing(&SIMULATE, &format!("says no {field}, and [defaults] neither"));
    }
    place.write("fleet.toml", format!("{DEFAULTS}name = \"x\"\n[[state]]\n"));
    place.fails_and_changes_nothing(&SIMULATE, "[defaults] has a name");
    place.fails_and_changes_nothing(&["simulate", "good", "--fleet", "gone.toml"], "gone.toml: can not be read");
    place.fails_and_changes_nothing(&["simulate", "-", "--fleet", "-"], "can not both come from standard input");
    fleet(&place, "[[state]]\n");
    place.fails_and_changes_nothing(&["simulate", "gone", "--fleet", "fleet.toml"], "gone: can not be read");
}

#[test]
fn ten_thousand_states_are_decided_in_order() {
    let place = Place::with_bundle("ml-dsa-44");
    let mut states = String::new();
    for number in 0..10_000 {
        writeln!(states, "[[state]]\nname = \"d{number}\"\nrollback-counter = {}", number % 5).expect("memory");
    }
    fleet(&place, &states);
    let report = simulated(&place, &[], 1);
    let found = verdicts(&report);
    assert_eq!(found.len(), 10_000);
    for (number, (name, code)) in found.into_iter().enumerate() {
        assert_eq!(name, format!("d{number}"));
        assert_eq!(code, if number % 5 == 4 { "admit.security-rollback" } else { "accepted" });
    }
    assert_eq!(report["accepted"]["states"], 8_000);
}
