//! A second opinion on the tool: `tests/independent/twinseal_check.py`, which shares nothing with it but docs/format.md, verifies what
//! `twinseal sign` writes, and `twinseal verify` accepts what the script makes; for ML-DSA-44, -65 and -87.
//!
//! Needs `python3` (or what TWINSEAL_PYTHON names) with the modules of `tests/independent/requirements.txt`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/needs.rs"]
mod needs;
#[path = "support/tool.rs"]
mod tool;

use std::process::{Command, Output};

use tool::{Place, SETS, flipped, position};

/// The interpreter, if it can run the script.
fn interpreter(runs: usize) -> Option<String> {
    let imports = "import cbor2; from cryptography.hazmat.primitives.asymmetric import mldsa";
    needs::python_with(imports, "cbor2 and cryptography >= 50", "independent", runs)
}

fn script(interpreter: &str, place: &Place, arguments: &[&str]) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/independent/twinseal_check.py");
    Command::new(interpreter).arg(script).args(arguments).current_dir(place.path()).output().expect("it starts")
}

/// Whether the script accepts a bundle.
fn accepted(interpreter: &str, place: &Place, bundle: &str, store: &str) -> bool {
    let output = script(interpreter, place, &["verify", bundle, store]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => true,
        // An interpreter that fails exits with 1 as well: only this word is a verdict.
        Some(1) if said.starts_with("refused: ") => false,
        other => panic!("the script ended with {other:?}: {said}"),
    }
}

#[test]
fn what_the_tool_seals_the_script_verifies() {
    let Some(python) = interpreter(SETS.len()) else { return };
    let mut runs = 0;
    for set in SETS {
        let place = Place::with_bundle(set);
        assert!(accepted(&python, &place, "good", "trust.cbor"), "{set}");
        // Stripped is the same release; evidence is nothing the script looks at.
        place.run(&["strip", "good", "--out", "stripped"]).ok();
        assert!(accepted(&python, &place, "stripped", "trust.cbor"), "{set}");
        let good = place.read("good");
        for what in [position(b"1.4.0", &good), position(&place.read("app.bin"), &good), 100] {
            place.write("changed", flipped(&good, what));
            assert!(!accepted(&python, &place, "changed", "trust.cbor"), "{set}: a flipped bit at {what}");
        }
        place.run(&["keygen", "--out", "stranger", "--set", set]).ok();
        place.trust("other.cbor", &["--release", "stranger"]);
        assert!(!accepted(&python, &place, "good", "other.cbor"), "{set}");
        // Two of three, as the store of several identities demands.
        place.trust("two.cbor", &["--release", "id", "--release", "stranger", "--require", "release=2"]);
        assert!(!accepted(&python, &place, "good", "two.cbor"), "{set}");
        place
            .run(&["sign", "--release", "release.toml", "--identity", "id", "--identity", "stranger", "--out", "both"])
            .ok();
        assert!(accepted(&python, &place, "both", "two.cbor"), "{set}");
        runs += 1;
    }
    println!("independent: {runs} runs, sealed by the tool, verified by the script");
    assert_eq!(runs, 3);
}

#[test]
fn what_the_script_makes_the_tool_accepts() {
    let Some(python) = interpreter(SETS.len()) else { return };
    let mut runs = 0;
    for set in SETS {
        let place = Place::empty();
        let made = script(&python, &place, &["make", ".", set.trim_start_matches("ml-dsa-")]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        place.write(
            "device.toml",
            "vendor = \"vendor.example\"\nmodel = \"widget\"\ncomponents = [\"application\", \"radio\"]\nrollback-counter = 1\n",
        );
        let verify = |bundle: &str| place.json(&["verify", bundle, "--trust", "store.cbor", "--device", "device.toml"]);
        let verdict = verify("bundle.suit").ok().object();
        assert_eq!((&verdict["verdict"], &verdict["single_class"]), (&"accepted".into(), &false.into()));
        assert_eq!(verdict["release"]["version"], "1.2.3");
        place.run(&["trust", "show", "store.cbor"]).ok();
        let inspected = place.json(&["inspect", "bundle.suit", "--trust", "store.cbor"]).ok().object();
        assert_eq!(inspected["contents"]["seals"][1]["algorithm"], *set);

        let good = place.read("bundle.suit");
        let radio = position(b"radio firmware", &good);
        place.write("changed", flipped(&good, radio + 13));
        verify("changed").refused("image.digest-mismatch", 1541);
        place.run(&["extract", "bundle.suit", "--trust", "store.cbor", "--out", "taken"]).ok();
        assert_eq!(place.read("taken/components/radio"), b"radio firmware");
        place.make_directory("www");
        place.run(&["detach", "bundle.suit", "--out", "bare", "--payloads", "www"]).ok();
        place.run(&["attach", "bare", "--payloads", "www", "--out", "whole"]).ok();
        assert!(place.read("whole") == good);
        runs += 1;
    }
    println!("independent: {runs} runs, made by the script, accepted by the tool");
    assert_eq!(runs, 3);
}
