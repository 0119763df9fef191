//! `audit` as its users run it: the same inputs give the same bytes, profiles decide the exit code, many bundles go in one run.

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

use std::fs;
use std::process::Command;

use desk::Desk;
use documents::Builder;
use serde_json::Value;
use tool::{Place, TOOL, flipped};

fn place() -> Place {
    let (place, desk) = (Place::empty(), Desk::good());
    place.write("good", desk.bundle());
    place.write("before", desk.before.as_ref().expect("there is one").bundle());
    place.write("trust.cbor", desk.store());
    place.write("builder.pem", Builder::of_seed(&[desk::BUILDER; 32]).pem());
    place
}

const AUDIT: [&str; 4] = ["audit", "good", "--trust", "trust.cbor"];
const ALL: [&str; 10] = [
    "audit",
    "good",
    "--trust",
    "trust.cbor",
    "--date",
    "2026-11-26",
    "--previous",
    "before",
    "--builder-key",
    "builder.pem",
];

#[test]
fn the_same_inputs_give_the_same_bytes_and_the_date_is_one_of_them() {
    let place = place();
    for form in ["human", "json"] {
        let with = |more: &[&str]| place.run(&[&ALL[..], more, &["--format", form]].concat()).ok().out;
        assert!(with(&[]) == with(&[]), "{form}");
    }
    let by_epoch = |seconds: &str| {
        let mut command = place.command(&[&AUDIT[..], &["--format", "json"]].concat());
        command.env("SOURCE_DATE_EPOCH", seconds).output().expect("it starts")
    };
    let dated = |day: &str| place.json(&[&AUDIT[..], &["--date", day]].concat()).ok().out;
    assert!(by_epoch("1795651200").stdout == dated("2026-11-26"), "both are of one day");
    assert!(dated("2026-11-26") != dated("2026-11-27"));
    for bad in ["", "soon", "99999999999999999999"] {
        assert_eq!(by_epoch(bad).status.code(), Some(2), "{bad}");
    }
    place.run(&[&AUDIT[..], &["--date", "26.11.2026"]].concat()).failed("no day as in 2026-11-26");
    // Nothing is written and nothing is changed.
    let before = place.everything();
    place.run(&ALL).ok();
    assert!(place.everything() == before);
}

#[test]
fn a_required_profile_that_is_not_met_is_exit_1() {
    let place = place();
    for (profile, code) in [("eu-hybrid", 0), ("fips-pqc", 0), ("cnsa2", 1), ("classical-only", 1)] {
        let ran = place.run(&[&AUDIT[..], &["--date", "2026-11-26", "--profile", profile]].concat());
        assert_eq!(ran.code, code, "{profile}: {}", ran.text());
        assert_eq!(ran.text().contains("REQUIRED AND NOT MET"), code == 1, "{profile}");
    }
    let both =
        place.json(&[&AUDIT[..], &["--date", "2026-11-26", "--profile", "cnsa2", "--profile", "eu-hybrid"]].concat());
    assert_eq!((both.code, &both.object()["unmet"]), (1, &serde_json::json!(["cnsa2"])));
    place.run(&[&AUDIT[..], &["--profile", "best"]].concat()).failed("invalid value 'best'");
}

#[test]
fn what_can_not_be_found_out_is_exit_2_and_names_the_file() {
    let place = place();
    place.write("half", &place.read("before")[..2_000]);
    place.write("no.pem", "no key");
    let with = |more: &[&str]| place.run(&[&AUDIT[..], more].concat());
    with(&["--previous", "half"]).failed("half: is no whole bundle to compare with");
    with(&["--previous", "nowhere"]).failed("nowhere");
    with(&["--builder-key", "no.pem"]).failed("no.pem: no builder key");
    place.run(&["audit", "nowhere", "--trust", "trust.cbor"]).failed("nowhere");
    place.run(&["audit", "good", "--trust", "good"]).failed("good: can not be used as a trust store");
    place.make_directory("many");
    place.run(&["audit", "many", "--trust", "trust.cbor"]).failed("no file below it is named *.twinseal");
    place
        .run(&["audit", "many", "--trust", "trust.cbor", "--previous", "before"])
        .failed("--previous is for one bundle");
}

#[test]
fn the_word_that_no_bundle_can_earn_is_in_no_report() {
    let place = place();
    for form in ["human", "json"] {
        let text = place.run(&[&ALL[..], &["--format", form]].concat()).ok().text().to_lowercase();
        assert!(!text.contains("complian") && !text.contains("mutually recogn"), "{form}");
    }
}

#[test]
fn evidence_that_was_stripped_is_said_to_be_and_refuses_nothing() {
    let place = place();
    place.run(&["strip", "good", "--out", "stripped"]).ok();
    let audit = place.json(&["audit", "stripped", "--trust", "trust.cbor", "--date", "2026-11-26"]).ok().object();
    assert_eq!((&audit["release"]["evidence"], &audit["verdict"]), (&"stripped".into(), &"accepted".into()));
    for row in ["A-05", "A-06", "A-07", "A-09", "A-14", "A-17"] {
        let rows = audit["rows"].as_array().expect("a list");
        let found = rows.iter().find(|one| one["id"] == row).expect("a row");
        assert_eq!(found["verdict"], "not-evidenced", "{row}");
        assert!(found["reason"].as_str().expect("text").contains("leaves the evidence out"), "{found}");
    }
}

#[test]
fn many_bundles_are_one_line_each_in_order_and_within_bounded_memory() {
    let place = place();
    place.make_directory("many");
    let good = place.read("good");
    place.write("many/000.twinseal", &good);
    for number in 1..400 {
        fs::hard_link(place.at("many/000.twinseal"), place.at(&format!("many/{number:03}.twinseal"))).expect("a link");
    }
    place.write("many/bad.twinseal", flipped(&good, 300));
    place.write("many/cut.twinseal", &good[..good.len() - 1]);
    place.write("many/none.twinseal", "nothing");
    place.write("many/readme.txt", "no bundle");
    let audit = "audit many --trust trust.cbor --date 2026-11-26 --format json";
    // Everything within 256 MiB of address space; at most a window of results waits for the one before them.
    let limited = format!("ulimit -v 262144; exec {TOOL} {audit}");
    let run = || Command::new("sh").args(["-c", &limited]).current_dir(place.path()).output().expect("it starts");
    let output = run();
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(lines.len(), 404);
    let names: Vec<&str> = lines[..403].iter().map(|line| line["bundle"].as_str().expect("a name")).collect();
    assert!(names.is_sorted());
    let counts = ["bundles", "accepted", "refused", "failed", "disagreements", "other_files"];
    assert_eq!(counts.map(|field| lines[403][field].as_u64().expect("a number")), [403, 400, 3, 0, 0, 1]);
    // In that order and in these bytes however the cores shared it.
    assert!(run().stdout == text.into_bytes());
    let people = place.run(&["audit", "many", "--trust", "trust.cbor", "--date", "2026-11-26"]);
    assert_eq!((people.code, people.text().lines().count()), (1, 404));
    assert!(people.text().contains("ACCEPTED many/007.twinseal (4 PROVEN, "), "{}", people.text());
    assert!(people.text().contains("REFUSED many/none.twinseal (19 NOT EVIDENCED): frame."), "{}", people.text());
}
