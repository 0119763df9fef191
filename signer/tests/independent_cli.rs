//! Others' code and ours, both ways: `tests/independent/twinseal_check.py` knows nothing of Twinseal but docs/format.md.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tool::{Place, SETS};

/// The device that the script's bundles are for.
const DEVICE: &str = "vendor = \"vendor.example\"\nmodel = \"widget\"\ncomponents = [\"application\", \"radio\"]\nrollback-counter = 1\n";

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/independent/twinseal_check.py")
}

fn python() -> String {
    std::env::var("TWINSEAL_PYTHON").unwrap_or_else(|_| "python3".into())
}

/// Whether the interpreter has what the script imports.
fn available() -> bool {
    let imports = "import cbor2, cryptography.hazmat.primitives.asymmetric.mldsa";
    let there = Command::new(python()).args(["-c", imports]).output().is_ok_and(|ran| ran.status.success());
    let demanded = std::env::var_os("TWINSEAL_REQUIRE_TOOLS").is_some();
    assert!(there || !demanded, "python3 with cbor2 and cryptography >= 50 is demanded");
    if !there {
        println!("skipped: needs python3 with cbor2 and cryptography >= 50");
    }
    there
}

fn run(place: &Place, arguments: &[&str]) -> Output {
    Command::new(python()).arg(script()).args(arguments).current_dir(place.path()).output().expect("python3 starts")
}

#[test]
fn what_the_tool_seals_the_script_verifies() {
    if !available() {
        return;
    }
    for set in SETS {
        let place = Place::with_bundle(set);
        let ran = run(&place, &["verify", "good", "trust.cbor"]);
        assert!(ran.status.success(), "{set}: {}", String::from_utf8_lossy(&ran.stderr));
        let bundle = place.read("good");
        place.write("flipped", tool::flipped(&bundle, bundle.len() / 2));
        assert_eq!(run(&place, &["verify", "flipped", "trust.cbor"]).status.code(), Some(1), "{set}");
    }
    println!("{} bundles of the tool verified by the script", SETS.len());
}

#[test]
fn what_the_script_seals_the_tool_accepts() {
    if !available() {
        return;
    }
    for set in SETS {
        let place = Place::empty();
        let ran = run(&place, &["make", ".", set.trim_start_matches("ml-dsa-")]);
        assert!(ran.status.success(), "{set}: {}", String::from_utf8_lossy(&ran.stderr));
        place.json(&["trust", "show", "store.cbor"]).ok();
        place.write("device.toml", DEVICE);
        let verify = ["verify", "bundle.suit", "--trust", "store.cbor", "--device", "device.toml"];
        assert_eq!(place.json(&verify).ok().object()["release"]["components"], 2);
        let inspected = place.json(&["inspect", "bundle.suit", "--trust", "store.cbor"]).ok().object();
        assert_eq!(inspected["status"], "sealed as the trust store demands");
        assert_eq!(inspected["contents"]["seals"][1]["algorithm"], set);
    }
    println!("{} bundles of the script accepted by the tool", SETS.len());
}
