//! `quickstart`: what a newcomer runs first. Everything it says must be so, and every command it prints must work when typed.

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
use std::process::Command;

use serde_json::Value;
use tool::{Place, TOOL, bytes};

/// The steps of a report: command and exit code.
fn steps(report: &Value) -> Vec<(String, i64)> {
    assert_eq!(report["schema"], "twinseal.quickstart/1");
    let steps = report["steps"].as_array().expect("steps").iter();
    steps
        .map(|step| (step["command"].as_str().expect("text").to_owned(), step["exit"].as_i64().expect("a number")))
        .collect()
}

/// Runs a command as it is printed, by a shell that finds the tool.
fn typed(place: &Place, command: &str) -> i32 {
    let tools = Path::new(TOOL).parent().and_then(Path::to_str).expect("UTF-8");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", command])
        .env("PATH", format!("{tools}:{path}"))
        .current_dir(place.path())
        .output();
    output.expect("a shell").status.code().expect("an exit code")
}

#[test]
fn it_runs_and_tells_each_step() {
    let place = Place::empty();
    let ran = place.run(&["quickstart"]).ok();
    assert!(ran.err.is_empty(), "{}", ran.err);
    let text = ran.text();
    for part in [
        "Sealing the sample thermostat (device/sample) (raw)\n",
        "   $ twinseal keygen --out twinseal-quickstart/identity\n",
        "   ACCEPTED to install: twinseal-quickstart/firmware-1.0.0.twinseal\n",
        "   REFUSED to install: twinseal-quickstart/flipped.twinseal\n     image.digest-mismatch (0x0605)",
        "   (exit code 1)\n",
        "   sealed as the trust store demands\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let sample = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../device/sample/thermostat.bin")).expect("the sample");
    assert!(place.read("twinseal-quickstart/thermostat.bin") == sample, "it seals what device/sample makes");
    place.run(&["extract", "twinseal-quickstart/firmware-1.0.0.twinseal", "--out", "taken"]).ok();
    assert!(place.read("taken/components/firmware") == sample);
    place.fails_and_changes_nothing(&["quickstart"], "twinseal-quickstart: can not be made: File exists");
}

#[test]
fn the_commands_it_prints_work_when_typed() {
    let place = Place::empty();
    // A name that a shell would take apart, if it were not quoted.
    let report = place.json(&["quickstart", "--out", "try it's $HOME"]).ok().object();
    let steps = steps(&report);
    assert_eq!(steps.iter().map(|(_, exit)| *exit).collect::<Vec<_>>(), [0, 0, 0, 0, 1, 0]);
    for (command, exit) in &steps {
        // What it made is there already, and is not replaced; what it looked at can be looked at again.
        let makes =
            ["twinseal keygen", "twinseal trust make", "twinseal sign"].iter().any(|begin| command.starts_with(begin));
        let expected = if makes { 2 } else { i32::try_from(*exit).expect("an exit code") };
        assert_eq!(typed(&place, command), expected, "{command}");
    }
    for (command, exit) in &steps {
        let fresh = command.replace("/identity", "/identity-2").replace("/trust.cbor", "/trust-2.cbor");
        let fresh = fresh.replace("/firmware-1.0.0.twinseal", "/again.twinseal");
        assert_eq!(i64::from(typed(&place, &fresh)), *exit, "{fresh}");
    }
    let made = ["identity-2/ed25519.key.pem", "trust-2.cbor", "again.twinseal"];
    assert!(made.iter().all(|file| place.at("try it's $HOME").join(file).is_file()));
    println!("quickstart: {} commands typed, twice", steps.len());
    assert_eq!(steps.len(), 6);
}

#[test]
fn it_takes_firmware_of_ones_own() {
    let place = Place::empty();
    // A letter and its accent apart: what Rust would write as an escape that is none in TOML.
    let names = ["app.bin", "with \"quotes\" and \\.img", "e\u{301}.bin"];
    for (number, name) in names.into_iter().enumerate() {
        place.write(name, bytes(5_000));
        let out = format!("out{number}");
        let report = place.json(&["quickstart", "--firmware", name, "--out", &out]).ok().object();
        assert_eq!((&report["format"], &report["firmware"]), (&"raw".into(), &name.into()));
        let bundle = format!("{out}/firmware-1.0.0.twinseal");
        place.run(&["extract", &bundle, "--out", &format!("taken{number}")]).ok();
        assert!(place.read(&format!("taken{number}/components/firmware")) == bytes(5_000));
    }
    place.write("small.hex", ":0400100001020304E2\n:00000001FF\n");
    let report = place.json(&["quickstart", "--firmware", "small.hex", "--out", "hex"]).ok().object();
    assert_eq!(report["format"], "ihex");
    place.run(&["extract", "hex/firmware-1.0.0.twinseal", "--out", "taken-hex"]).ok();
    assert_eq!(place.read("taken-hex/components/firmware"), [1, 2, 3, 4]);
}

#[test]
fn what_it_can_not_use_fails() {
    let place = Place::empty();
    place.write("there", "kept");
    place.fails_and_changes_nothing(&["quickstart", "--out", "there"], "there: can not be made: File exists");
    place.fails_and_changes_nothing(&["quickstart", "--firmware", "nope"], "nope: can not be read: No such file");
    place.fails_and_changes_nothing(&["quickstart", "--window", "0x0..0x10"], "--firmware");
    for window in ["0x0", "0x0..", "0x0..0xg", "-1..2", "0..0x1ffffffffffffffff"] {
        place.fails_and_changes_nothing(
            &["quickstart", "--firmware", "there", &format!("--window={window}")],
            "0x0..0x40000",
        );
    }
    // The step that failed is named as it can be typed, and what was made stays, to look into.
    place.write("empty.bin", "");
    place
        .run(&["quickstart", "--firmware", "empty.bin", "--out", "empty"])
        .failed("`twinseal sign --release empty/release.toml");
    assert!(place.at("empty/release.toml").is_file() && !place.at("empty/firmware-1.0.0.twinseal").exists());
}
