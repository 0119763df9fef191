//! Standard input is read once, and standard output is no file: `-` in each place where a name is given.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use tool::Place;

#[test]
fn a_result_that_is_read_back_does_not_go_to_standard_output_nor_into_a_file_called_dash() {
    let place = Place::with_bundle("ml-dsa-44");
    let commands: [&[&str]; 11] = [
        &["keygen", "--out", "-"],
        &["sign", "--release", "release.toml", "--identity", "id", "--out", "-"],
        &["sign", "--release", "release.toml", "--identity", "id", "--out", "-", "--overwrite"],
        &["strip", "good", "--out", "-"],
        &["detach", "good", "--out", "-", "--payloads", "."],
        &["attach", "good", "--out", "-"],
        &["extract", "good", "--out", "-"],
        &["ceremony", "request", "--release", "release.toml", "--trust", "trust.cbor", "--out", "-"],
        &["trust", "expand", "trust.cbor", "--out", "-"],
        &["journal", "new", "-"],
        &["man", "--out", "-"],
    ];
    for command in commands {
        let ran =
            place.fails_and_changes_nothing(command, "error: -: this command writes no result to standard output");
        assert!(ran.err.contains("`./-`"), "{}", ran.err);
    }
    place.run(&["keygen", "--out", "./-"]).ok();
    assert!(place.at("-").is_dir());
}

#[test]
fn two_inputs_do_not_come_from_one_standard_input() {
    let place = Place::with_bundle("ml-dsa-44");
    let commands: [&[&str]; 8] = [
        &["verify", "-", "--trust", "-", "--device", "device.toml"],
        &["verify", "-", "--trust", "trust.cbor", "--device", "-"],
        &["inspect", "-", "--trust", "-"],
        &["extract", "-", "--trust", "-", "--out", "new"],
        &["audit", "-", "--trust", "-"],
        &["diff", "-", "-"],
        &["simulate", "-", "--fleet", "-"],
        &["sign", "--release", "-", "--identity", "id", "--trust", "-", "--out", "new"],
    ];
    for command in commands {
        let before = place.everything();
        // Whichever is read first may be what standard input holds; the second is not.
        let inputs = ["good", "trust.cbor", "device.toml", "release.toml"];
        let ran = inputs.map(|input| place.piped(input, command));
        assert!(ran.iter().all(|ran| ran.code != 0), "{command:?}: {ran:?}");
        let said = ran.iter().filter(|ran| ran.err.contains("two inputs can not both come from standard input"));
        assert!(said.count() > 0, "{command:?}: {ran:?}");
        assert!(place.everything() == before, "{command:?} changed something");
    }
    let verified = place.piped("good", &["verify", "-", "--trust", "trust.cbor", "--device", "device.toml"]);
    verified.ok();
}
