//! `verify DIR`: many bundles at once, and what is wrong with one of them stops no other.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[cfg(target_os = "linux")]
#[path = "support/needs.rs"]
mod needs;
#[path = "support/tool.rs"]
mod tool;

use std::os::unix::fs::symlink;

use serde_json::Value;
use tool::{Place, flipped};

const VERIFY: [&str; 6] = ["verify", "many", "--trust", "trust.cbor", "--device", "device.toml"];

#[test]
fn one_line_each_in_order_and_the_rest_goes_on() {
    let place = Place::with_bundle("ml-dsa-44");
    let good = place.read("good");
    place.make_directory("many");
    place.make_directory("many/below");
    for number in 0..20 {
        place.write(&format!("many/{number:02}.twinseal"), &good);
    }
    place.write("many/03.twinseal", flipped(&good, good.len() / 2));
    place.write("many/05.twinseal", &good[..good.len() / 2]);
    place.write("many/below/deep.twinseal", &good);
    place.write("many/notes.txt", "no bundle");
    symlink("nowhere", place.at("many/07-gone.twinseal")).expect("a link");
    place.make_directory("many/directory.twinseal");

    let ran = place.run(&[&VERIFY[..], &["--format=json"]].concat());
    assert_eq!(ran.code, 2, "{}", ran.text());
    let lines: Vec<Value> =
        ran.text().lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    assert_eq!(lines.len(), 23);
    let names: Vec<&str> = lines[..22].iter().map(|line| line["bundle"].as_str().expect("a name")).collect();
    assert!(names.is_sorted(), "{names:?}");
    let summary = &lines[22];
    assert_eq!(summary["schema"], "twinseal.summary/1");
    let counts = ["bundles", "accepted", "refused", "failed", "disagreements", "other_files"];
    let counts = counts.map(|field| summary[field].as_u64().expect("a number"));
    assert_eq!(counts, [22, 19, 2, 1, 0, 1]);
    let gone = lines.iter().find(|line| line["schema"] == "twinseal.failure/1").expect("a failure");
    assert_eq!(gone["bundle"], "many/07-gone.twinseal");

    let people = place.run(&VERIFY);
    assert_eq!(people.code, 2);
    assert!(people.text().contains("REFUSED many/03.twinseal: image.digest-mismatch"), "{}", people.text());
    assert!(
        people
            .text()
            .ends_with("22 bundles below many: 19 accepted, 2 refused, 1 could not be examined, 0 disagreements\n")
    );
    // The same again, however the cores shared it.
    assert_eq!(people.text(), place.run(&VERIFY).text());
}

#[test]
fn the_exit_code_is_the_gravest_and_nothing_to_examine_is_a_failure() {
    let place = Place::with_bundle("ml-dsa-44");
    place.make_directory("many");
    place.run(&VERIFY).failed("no file below it is named *.twinseal");
    let good = place.read("good");
    place.write("many/a.twinseal", &good);
    place.run(&VERIFY).ok();
    place.write("many/b.twinseal", flipped(&good, good.len() / 2));
    assert_eq!(place.run(&VERIFY).code, 1);
    place.run(&["verify", "many", "--trust", "nowhere", "--device", "device.toml"]).failed("nowhere");
}

#[test]
fn a_directory_that_can_not_be_read_is_told_and_the_rest_goes_on() {
    let place = Place::with_bundle("ml-dsa-44");
    place.make_directory("many");
    place.make_directory("many/b-closed");
    for file in ["many/a.twinseal", "many/b-closed/hidden.twinseal", "many/c.twinseal"] {
        place.write(file, place.read("good"));
    }
    place.permit("many/b-closed", 0o000);
    place.permit(".", 0o755);
    // To root nothing is closed: the tool is copied to where somebody else can run it. `cp` does that, since a program that this process has open
    // for writing, if only in the child of another test, can not be started.
    let root = rustix::process::geteuid().is_root();
    let copied = std::process::Command::new("cp").arg(tool::TOOL).arg(place.at("tool")).status().expect("cp starts");
    assert!(copied.success());
    let mut command = std::process::Command::new(if root { "setpriv" } else { "./tool" });
    if root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "./tool"]);
    }
    let ran = command.args(VERIFY).current_dir(place.path()).output().expect("it starts");
    place.permit("many/b-closed", 0o700);
    let text = String::from_utf8(ran.stdout).expect("text");
    assert_eq!(ran.status.code(), Some(2), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(
        lines[0].starts_with("ACCEPTED many/a.twinseal") && lines[2].starts_with("ACCEPTED many/c.twinseal"),
        "{text}"
    );
    assert!(lines[1].contains("many/b-closed") && lines[1].contains("can not be read"), "{text}");
    assert_eq!(lines[3], "3 bundles below many: 2 accepted, 0 refused, 1 could not be examined, 0 disagreements");
}

/// The one that is named and one below it, at the end of reading: what was read of them is known by then.
#[test]
#[cfg(target_os = "linux")]
fn a_directory_that_the_system_does_not_close_makes_no_difference() {
    let directories = ["many", "many/below"];
    if !needs::program("strace", "directories that do not close", directories.len()) {
        return;
    }
    let place = Place::with_bundle("ml-dsa-44");
    place.make_directory("many");
    place.make_directory("many/below");
    for file in ["many/a.twinseal", "many/below/b.twinseal"] {
        place.write(file, place.read("good"));
    }
    let expected = place.run(&VERIFY).ok().text();
    for directory in directories {
        let mut command = std::process::Command::new("strace");
        command.args(["-f", "-qq", "-o", "log", "-e", "trace=close", "-e", "inject=close:error=EIO", "-P"]);
        let ran = command.arg(place.at(directory)).arg(tool::TOOL).args(VERIFY).current_dir(place.path()).output();
        let ran = ran.expect("it starts");
        assert_eq!(ran.status.code(), Some(0), "{directory}: {}", String::from_utf8_lossy(&ran.stderr));
        assert_eq!(String::from_utf8(ran.stdout).expect("text"), expected, "{directory}");
        assert!(String::from_utf8_lossy(&place.read("log")).contains("INJECTED"), "{directory}: nothing was injected");
    }
}
