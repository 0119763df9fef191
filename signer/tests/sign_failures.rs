//! `sign` when something is wrong: a reason that names it, exit code 2, and not a byte on the disk that was not there before.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use tool::{Place, RELEASE, Ran, TOOL, bytes};

const SIGN: [&str; 7] = ["sign", "--release", "release.toml", "--identity", "id", "--out", "out"];

/// What is wrong with a release file: what is replaced by what, and a part of what is said.
const WRONG: &[(&str, &str, &str)] = &[
    // The file as such.
    ("[release]", "[release", "release.toml, line 2: "),
    ("[release]\n", "", "release.toml, line 3: unknown field `model`"),
    ("[release]\n", "[release]\ncolour = \"red\"\n", "release.toml, line 3: unknown field `colour`"),
    ("path = \"app.bin\"", "path = \"app.bin\"\nfromat = \"raw\"", "release.toml, line 16: unknown field `fromat`"),
    ("media-type = \"text/plain\"", "media_type = \"text/plain\"", "release.toml, line 25: unknown field `media_type`"),
    ("version = \"1.4.0\"\n", "", "release.toml, line 2: missing field `version`"),
    ("path = \"app.bin\"\n", "", "release.toml, line 13: missing field `path`"),
    ("sequence-number = 42", "sequence-number = \"42\"", "release.toml, line 6: "),
    ("sequence-number = 42", "sequence-number = -1", "release.toml, line 6: "),
    ("sequence-number = 42", "sequence-number = 4.2", "release.toml, line 6: "),
    ("security-version = 3", "security-version = 4294967296", "release.toml, line 7: "),
    ("security-version = 3", "security-version = 3\nminimum-trust-epoch = -1", "release.toml, line 8: "),
    ("security-version = 3", "security-version = 3\nsecurity-version = 4", "release.toml, line 8: duplicate key"),
    (
        "path = \"app.bin\"",
        "path = \"app.bin\"\nwindow = [1, 2, 3]",
        "release.toml, line 16: a window is two addresses",
    ),
    ("path = \"app.bin\"", "path = \"app.bin\"\nwindow = \"0x0..0x10\"", "release.toml, line 16: "),
    // Values.
    ("\"1.4.0\"", "\"1.4\"", "manifest.release-version"),
    ("\"1.4.0\"", "\"v1.4.0\"", "manifest.release-version"),
    ("\"1.4.0\"", "\"01.4.0\"", "manifest.release-version"),
    ("\"acme.example\"", "\"Acme.example\"", "vendor `Acme.example`"),
    ("\"acme.example\"", "\"acme\"", "vendor `acme`"),
    ("\"thermostat\"", "\" thermostat\"", "model ` thermostat`"),
    ("\"thermostat\"", "\"\"", "model ``"),
    ("security-version = 3", "security-version = 3\ndigest = \"sha-1\"", "release.toml: digest = \"sha-1\""),
    (
        "path = \"app.bin\"",
        "path = \"app.bin\"\nformat = \"srec\"",
        "release.toml: component \"app\": format = \"srec\"",
    ),
    ("path = \"app.bin\"", "path = \"app.bin\"\nformat = \"ihex\"", "app.bin: no flat image: "),
    ("path = \"app.bin\"", "path = \"app.bin\"\nformat = \"elf\"", "app.bin: no flat image: "),
    ("path = \"app.bin\"", "path = \"app.bin\"\nwindow = [0, 16]", "app.bin: no flat image: "),
    // Names.
    ("id = \"app\"", "id = \"App\"", "component \"App\": can not be a name"),
    ("id = \"app\"", "id = \"\"", "component \"\": can not be a name"),
    ("id = \"app\"", "id = \"../app\"", "component \"../app\": can not be a name"),
    ("id = \"app\"", "id = \".app\"", "component \".app\": can not be a name"),
    ("id = \"app\"", "id = \"a\\u001b[2J\"", "component \"a\\u{1b}[2J\": can not be a name"),
    ("id = \"app\"", "id = \"radio\"", "component \"radio\": is in the release file twice"),
    ("name = \"notes.txt\"", "name = \"no/tes\"", "evidence \"no/tes\": can not be a name"),
    ("name = \"notes.txt\"", "name = \"sbom.cdx.json\"", "evidence \"sbom.cdx.json\": is in the release file twice"),
    ("\"text/plain\"", "\"text\"", "evidence.media-type"),
    ("\"text/plain\"", "\"Text/plain\"", "evidence.media-type"),
    // Files.
    ("\"app.bin\"", "\"missing.bin\"", "missing.bin: can not be read: No such file"),
    ("\"app.bin\"", "\"id\"", "id: is not a plain file"),
    ("\"app.bin\"", "\"empty.bin\"", "empty.bin: is empty"),
    ("\"app.bin\"", "\"/dev/zero\"", "/dev/zero: is not a plain file"),
    ("\"notes.txt\"\nmedia", "\"missing.txt\"\nmedia", "missing.txt: can not be read: No such file"),
    ("\"notes.txt\"\nmedia", "\"id\"\nmedia", "id: is not a plain file"),
];

#[test]
fn a_wrong_release_file_is_named_and_nothing_is_written() {
    let place = Place::with_release("ml-dsa-44");
    place.write("empty.bin", "");
    for (from, to, part) in WRONG {
        assert_eq!(RELEASE.matches(from).count(), 1, "{from:?} stands once");
        place.write("release.toml", RELEASE.replace(from, to));
        place.fails_and_changes_nothing(&SIGN, part);
    }
    println!("release files: {} refused by name", WRONG.len());
    assert_eq!(WRONG.len(), 43);
    place.write("release.toml", RELEASE);
    place.run(&SIGN).ok();
}

#[test]
fn what_is_too_many_is_refused_and_what_just_fits_is_sealed() {
    let place = Place::with_release("ml-dsa-44");
    place.write("empty", "");
    let head = RELEASE.split("[[component]]").next().expect("a head").to_owned();
    let release = |components: usize, evidence: usize| {
        let mut text = head.clone();
        for number in 0..components {
            text += &format!("[[component]]\nid = \"{number:032}\"\npath = \"radio.bin\"\n");
        }
        for number in 0..evidence {
            text += &format!("[[evidence]]\nname = \"{number:032}\"\npath = \"empty\"\nmedia-type = \"a/b\"\n");
        }
        text
    };
    for (components, evidence, part) in
        [(0, 0, "missing field `component`"), (17, 0, "manifest.component-count"), (1, 33, "evidence-count")]
    {
        place.write("release.toml", release(components, evidence));
        place.fails_and_changes_nothing(&SIGN, part);
    }
    place.write("release.toml", release(16, 32));
    place.run(&SIGN).ok();
    let names: Vec<String> = (0..16).map(|number| format!("\"{number:032}\"")).collect();
    place.write("device.toml", tool::DEVICE.replace(r#""app", "radio""#, &names.join(", ")));
    place.verify("out", &[]).ok();
}

#[test]
fn a_missing_or_exposed_key_is_named_and_nothing_is_written() {
    let place = Place::with_release("ml-dsa-44");
    let key = "id/ed25519.key.pem";
    for (file, mode, part) in [
        (key, 0o640, "id/ed25519.key.pem: others than its owner may use it (mode 0640)"),
        ("id/ml-dsa-44.key.pem", 0o604, "id/ml-dsa-44.key.pem: others than its owner may use it (mode 0604)"),
        ("id", 0o770, "id: others may exchange the keys in it"),
    ] {
        let usual = if file == "id" { 0o700 } else { 0o600 };
        place.permit(file, mode);
        let ran = place.fails_and_changes_nothing(&SIGN, part);
        assert!(ran.err.contains("\n  help: `chmod "), "{}", ran.err);
        place.permit(file, usual);
    }
    let kept = place.read(key);
    std::fs::remove_file(place.at(key)).expect("removed");
    place.fails_and_changes_nothing(&SIGN, "id: is no signing identity: ed25519.key.pem is missing");
    place.write("elsewhere.pem", &kept);
    symlink(place.at("elsewhere.pem"), place.at(key)).expect("a link");
    place.fails_and_changes_nothing(&SIGN, "id/ed25519.key.pem: ");
    std::fs::remove_file(place.at(key)).expect("removed");
    place.write(key, &kept);
    place.permit(key, 0o600);
    place.run(&["keygen", "--out", "other", "--set", "ml-dsa-44"]).ok();
    let own = place.read("id/ed25519.pub.pem");
    place.write("id/ed25519.pub.pem", place.read("other/ed25519.pub.pem"));
    place.fails_and_changes_nothing(&SIGN, "id/ed25519.pub.pem: does not belong to the signing key beside it");
    place.write("id/ed25519.pub.pem", own);
    place.run(&SIGN).ok();

    let twice = ["sign", "--release", "release.toml", "--identity", "id", "--identity", "./id", "--out", "new"];
    place.fails_and_changes_nothing(&twice, "was given twice");
}

#[test]
fn files_that_are_not_there_are_failures_of_every_command() {
    let place = Place::with_bundle("ml-dsa-44");
    place.make_directory("www");
    let verify = |bundle, trust, device| ["verify", bundle, "--trust", trust, "--device", device];
    let cases: &[&[&str]] = &[
        &verify("nope", "trust.cbor", "device.toml"),
        &verify("good", "nope", "device.toml"),
        &verify("good", "trust.cbor", "nope"),
        &["inspect", "nope"],
        &["inspect", "good", "--trust", "nope"],
        &["extract", "nope", "--out", "new"],
        &["extract", "good", "--trust", "nope", "--out", "new"],
        &["strip", "nope", "--out", "new"],
        &["detach", "nope", "--out", "new", "--payloads", "www"],
        &["attach", "nope", "--out", "new"],
        &["sign", "--release", "nope", "--identity", "id", "--out", "new"],
        &["sign", "--release", "release.toml", "--identity", "nope", "--out", "new"],
        &["sign", "--release", "release.toml", "--identity", "id", "--trust", "nope", "--out", "new"],
        &["trust", "show", "nope"],
        &["trust", "make", "--out", "new", "--vendor", "a.example", "--model", "m", "--release", "nope"],
        &["quickstart", "--firmware", "nope", "--out", "new"],
    ];
    for arguments in cases {
        let ran = place.fails_and_changes_nothing(arguments, "nope: can not be read: No such file");
        assert!(ran.err.starts_with("error: nope: "), "{}", ran.err);
    }
    println!("commands with a file that is not there: {} failed", cases.len());
    assert_eq!(cases.len(), 16);

    place.write("device.toml", place.read("good"));
    place.fails_and_changes_nothing(&verify("good", "trust.cbor", "device.toml"), "device.toml: is not UTF-8");
    for (text, part) in [
        ("vendor = 1", "device.toml, line 1: "),
        ("rollback-counter = -1", "device.toml, line 1: "),
        ("rollback-counter = 4294967296", "device.toml, line 1: "),
        ("colour = 1", "device.toml, line 1: unknown field `colour`"),
        (&format!("{}\n[confirmed]\nsequence-number = 1\nrelease-id = \"sha-384:00\"", tool::DEVICE), "release-id"),
        (&tool::DEVICE.replace("acme.example", "ACME"), "vendor `ACME`"),
    ] {
        place.write("device.toml", text);
        place.fails_and_changes_nothing(&verify("good", "trust.cbor", "device.toml"), part);
    }
}

#[test]
fn nothing_is_ever_replaced_without_being_asked() {
    let place = Place::with_bundle("ml-dsa-44");
    place.make_directory("www");
    place.make_directory("taken");
    place.write("there", "kept");
    symlink("nowhere", place.at("link")).expect("a link");
    for out in ["there", "link", "taken"] {
        for arguments in [
            &["sign", "--release", "release.toml", "--identity", "id", "--out", out][..],
            &["strip", "good", "--out", out],
            &["detach", "good", "--out", out, "--payloads", "www"],
            &["attach", "good", "--out", out],
            &["extract", "good", "--out", out],
            &["keygen", "--out", out],
            &["trust", "make", "--out", out, "--vendor", "a.example", "--model", "m", "--release", "id"],
        ] {
            place.fails_and_changes_nothing(arguments, &format!("{out}: already exists"));
        }
        place.fails_and_changes_nothing(&["quickstart", "--out", out], &format!("{out}: "));
    }
    place.run(&[&SIGN[..5], &["--out", "there", "--overwrite"]].concat()).ok();
    place.verify("there", &[]).ok();
    place.run(&["strip", "there", "--out", "there", "--overwrite"]).ok();
    place.verify("there", &[]).ok();
    // A link is replaced, never followed.
    place.run(&["strip", "good", "--out", "link", "--overwrite"]).ok();
    assert!(!place.at("link").is_symlink() && !place.at("nowhere").exists());
    // Not even when asked: a directory is no bundle.
    place.fails_and_changes_nothing(&[&SIGN[..5], &["--out", "taken", "--overwrite"]].concat(), "not a plain file");
}

#[test]
fn a_directory_that_is_not_there_is_not_made() {
    let place = Place::with_bundle("ml-dsa-44");
    for arguments in [
        &["sign", "--release", "release.toml", "--identity", "id", "--out", "no/out"][..],
        &["strip", "good", "--out", "no/out"],
        &["detach", "good", "--out", "out", "--payloads", "no"],
        &["detach", "good", "--out", "no/out", "--payloads", "."],
        &["attach", "good", "--out", "no/out"],
        &["extract", "good", "--out", "no/out"],
        &["keygen", "--out", "no/out"],
    ] {
        let ran = place.fails_and_changes_nothing(arguments, "can not be written: No such file");
        assert!(ran.err.contains("(os error 2)\n  help: make the directory no first"), "{}", ran.err);
    }
    place.fails_and_changes_nothing(&["quickstart", "--out", "no/out"], "no/out: can not be made");
}

/// Runs the tool with files limited to so many bytes: as on a full disk, writing more is an error in the middle of a file.
fn limited(place: &Place, bytes: usize, arguments: &[&str]) -> Ran {
    // A shell counts in blocks of 512 bytes. The signal that comes with the limit is ignored, so that the write fails instead.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", bytes / 512);
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh", TOOL]).args(arguments).current_dir(place.path());
    Ran::new(command.output().expect("a shell"), arguments)
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let place = Place::with_bundle("ml-dsa-44");
    place.write("tail.bin", [bytes(70_000), vec![0; 4096]].concat());
    place.make_directory("www");
    let before = place.everything();
    let mut runs = 0;
    for room in [0, 512, 4096, 20_480, 40_960, 45_056] {
        for arguments in [
            &SIGN[..],
            &["strip", "good", "--out", "out"],
            &["attach", "good", "--out", "out"],
            &["detach", "good", "--out", "out", "--payloads", "www"],
            &["extract", "good", "--out", "out"],
        ] {
            // What is written in several files needs no more room than the longest of them.
            let one_file = !matches!(arguments[0], "detach" | "extract");
            if !one_file && room > 36_000 {
                continue;
            }
            limited(&place, room, arguments).failed("can not be written");
            assert!(place.everything() == before, "{arguments:?} with {room} bytes left something behind");
            runs += 1;
        }
    }
    println!("full disks: {runs} failed and left nothing");
    assert_eq!(runs, 26);
    limited(&place, 1 << 20, &SIGN).ok();
}

#[test]
fn a_tool_that_is_killed_while_writing_leaves_no_file_of_that_name() {
    let place = Place::with_release("ml-dsa-44");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -f 8; exec \"$@\"", "sh", TOOL]).args(SIGN).current_dir(place.path());
    let status = command.status().expect("a shell");
    // Where the limit's signal is not ignored, it ends the tool where it stands.
    assert!(status.signal().is_some() || status.code() == Some(2), "{status}");
    assert!(!place.at("out").exists());
}
