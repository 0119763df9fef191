//! A Linux device's whole life, with the real tool: install, trial, confirm, go back; refusals; killed at each write; two at once.

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
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;
use tool::{Place, Ran, TOOL, bytes, flipped};

const DEVICE: &str = r#"
vendor = "acme.example"
model = "thermostat"
state = "state"
[slot-a]
app = "app-a"
radio = "radio-a"
[slot-b]
app = "app-b"
radio = "radio-b"
"#;

/// A place with releases 1 to 3 (security versions 0, 1, 1) and files for slots; what it takes to be a device.
fn place() -> Place {
    let place = Place::with_release("ml-dsa-44");
    for (number, security_version) in [(1, 0), (2, 1), (3, 1)] {
        place.write("app.bin", bytes(300_000 + number));
        release(&place, number, security_version);
        place.sign(&format!("{number}.toml"), &number.to_string()).ok();
    }
    place.write("gateway.toml", DEVICE);
    for file in ["app-a", "app-b"] {
        place.write(file, vec![0; 512 << 10]);
    }
    for file in ["radio-a", "radio-b"] {
        place.write(file, vec![0; 64 << 10]);
    }
    place
}

fn release(place: &Place, number: usize, security_version: u32) {
    let text = format!(
        "[release]\nvendor = \"acme.example\"\nmodel = \"thermostat\"\nversion = \"{number}.0.0\"\nsequence-number = {number}\n\
         security-version = {security_version}\n[[component]]\nid = \"app\"\npath = \"app.bin\"\n\
         [[component]]\nid = \"radio\"\npath = \"radio.bin\"\n"
    );
    place.write(&format!("{number}.toml"), text);
}

/// The same, provisioned with release 1.
fn device() -> Place {
    let place = place();
    run(&place, "init", &["--trust", "trust.cbor", "1"]).ok();
    place
}

fn arguments<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["device", command, "--device", "gateway.toml"], more].concat()
}

fn run(place: &Place, command: &str, more: &[&str]) -> Ran {
    place.json(&arguments(command, more))
}

fn boots(place: &Place, slot: &str, reason: &str, version: &str) -> Value {
    let object = run(place, "boot", &[]).ok().object();
    let found = ["slot", "reason", "release_version"].map(|field| object[field].as_str().unwrap_or_default());
    assert_eq!(found, [slot, reason, version], "{object}");
    object
}

fn state_of(place: &Place, slot: usize) -> String {
    run(place, "status", &[]).ok().object()["slots"][slot]["state"].as_str().expect("a state").to_owned()
}

#[test]
fn a_device_lives() {
    let place = device();
    boots(&place, "a", "confirmed", "1.0.0");
    let installed = run(&place, "install", &["--running", "a", "2"]).ok().object();
    assert_eq!((installed["slot"].as_str(), installed["state"].as_str()), (Some("b"), Some("pending")));
    assert_eq!(boots(&place, "b", "trial", "2.0.0")["trial"], 1);
    run(&place, "install", &["--running", "b", "3"]).refused("install.not-confirmed", 0x0a0c);
    run(&place, "confirm", &["--running", "a"]).ok();
    let confirmed = run(&place, "confirm", &["--running", "b"]).ok().object();
    assert_eq!(confirmed["rollback_counter"], 1);
    boots(&place, "b", "confirmed", "2.0.0");
    run(&place, "install", &["--running", "b", "1"]).refused("admit.security-rollback", 0x0507);

    // From standard input, as from a network; and then it never confirms itself.
    place.piped("3", &arguments("install", &["--running", "b", "-"])).ok();
    for begun in 1..=3 {
        assert_eq!(boots(&place, "a", "trial", "3.0.0")["trial"], begun);
    }
    boots(&place, "b", "confirmed", "2.0.0");
    run(&place, "confirm", &["--running", "b"]).ok();
    let status = run(&place, "status", &[]).ok().object();
    assert_eq!((&status["confirmed"]["sequence_number"], &status["rollback_counter"]), (&2.into(), &1.into()));
}

#[test]
fn a_detached_release_and_variables_for_a_shell() {
    let place = device();
    place.make_directory("www");
    place.run(&["detach", "2", "--out", "www/2", "--payloads", "www"]).ok();
    place
        .piped("www/2", &[&arguments("install", &["--running", "a", "-"])[..], &["--format", "json"]].concat())
        .refused("image.not-enclosed", 0x0609);
    run(&place, "install", &["--running", "a", "www/2"]).ok();
    let text = place.run(&arguments("boot", &["--shell"])).ok().text();
    assert!(text.starts_with("TWINSEAL_SLOT=b\nTWINSEAL_REASON=trial\nTWINSEAL_IMAGE_0='app-b'\n"), "{text}");
}

#[test]
fn what_was_tampered_with_never_comes_to_trial() {
    let place = device();
    let good = place.read("2");
    // In an image, and in a seal: the one is found out while it comes, the other before anything is written.
    place.write("bad", flipped(&good, good.len() - 1));
    run(&place, "install", &["--running", "a", "bad"]).refused("image.digest-mismatch", 0x0605);
    assert_eq!(state_of(&place, 1), "empty", "what can not become the release is forgotten");
    let before = place.everything();
    place.write("bad", flipped(&good, 400));
    let ran = run(&place, "install", &["--running", "a", "bad"]);
    assert_eq!((ran.code, ran.refusal()["stage"].as_str()), (1, Some("authenticate")), "{ran:?}");
    place.write("bad", flipped(&good, good.len() - 1));
    assert!(place.everything() == before, "nothing is written for what is not authentic");
    boots(&place, "a", "confirmed", "1.0.0");
    place.write("short", &good[..good.len() - 1]);
    run(&place, "install", &["--running", "a", "short"]).refused("image.truncated", 0x0604);
    boots(&place, "a", "confirmed", "1.0.0");
    // What came is not lost: the rest is enough.
    let again = run(&place, "install", &["--running", "a", "2"]).ok().object();
    assert!(again["went_on_at"].as_u64().is_some_and(|at| at > 200_000), "{again}");
}

#[test]
fn what_rots_is_passed_over_and_without_anything_else_nothing_is_started() {
    let place = device();
    run(&place, "install", &["--running", "a", "2"]).ok();
    boots(&place, "b", "trial", "2.0.0");
    place.write("app-b", flipped(&place.read("app-b"), 1000));
    let object = boots(&place, "a", "confirmed", "1.0.0");
    assert_eq!(object["refused"][0]["refusal"]["code"], "image.digest-mismatch");
    place.write("app-a", flipped(&place.read("app-a"), 1000));
    run(&place, "boot", &[]).refused("install.nothing-bootable", 0x0a0b);
    assert_eq!(place.run(&arguments("boot", &["--shell"])).text(), "false\n");
}

#[test]
fn trust_changes_only_as_the_store_in_use_demands() {
    let place = place();
    place.run(&["keygen", "--out", "root", "--set", "ml-dsa-44"]).ok();
    place.run(&["keygen", "--out", "new", "--set", "ml-dsa-44"]).ok();
    place.trust("one.cbor", &["--root", "root", "--release", "id", "--epoch", "1"]);
    place.trust("two.cbor", &["--root", "root", "--release", "id", "--release", "new", "--epoch", "2"]);
    let made =
        ["trust", "update", "--replaces", "one.cbor", "--store", "two.cbor", "--identity", "root", "--out", "update"];
    place.run(&made).ok();
    run(&place, "init", &["--trust", "one.cbor", "1"]).ok();
    place.write("bad", flipped(&place.read("update"), place.read("update").len() - 1));
    assert_eq!(run(&place, "trust", &["--running", "a", "bad"]).code, 1);
    assert_eq!(run(&place, "status", &[]).ok().object()["trust_epoch"], 1);
    assert_eq!(run(&place, "trust", &["--running", "a", "update"]).ok().object()["trust_epoch"], 2);
    run(&place, "trust", &["--running", "a", "update"]).refused("update.replaces-another", 0x0902);
    place.run(&["sign", "--release", "2.toml", "--identity", "new", "--out", "by-new"]).ok();
    run(&place, "install", &["--running", "a", "by-new"]).ok();
    run(&place, "trust", &["--running", "a", "update"]).refused("install.on-trial", 0x0a11);
}

#[test]
fn two_do_not_work_on_one_device() {
    let place = device();
    let mut command = place.command(&arguments("install", &["--running", "a", "-"]));
    let mut first = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the tool starts");
    let mut input = first.stdin.take().expect("a pipe");
    // It has read these, so it has the device.
    input.write_all(&place.read("2")[..200_000]).expect("it reads");
    for command in [&["boot"][..], &["status"], &["confirm", "--running", "a"], &["install", "--running", "a", "2"]] {
        place.run(&arguments(command[0], &command[1..])).failed("another process works on this device");
    }
    drop(input);
    assert_eq!(first.wait().expect("it ends").code(), Some(1), "its stream was cut off");
    run(&place, "install", &["--running", "a", "2"]).ok();
}

#[test]
fn only_what_is_the_devices_own_is_written() {
    let place = device();
    type Make = fn(&Place);
    let bad: [(&str, &str, Make); 6] = [
        ("is a symbolic link", "link", |place| {
            std::os::unix::fs::symlink("app-b", place.at("link")).expect("a link");
        }),
        ("others than its owner can write", "open", |place| {
            place.write("open", vec![0; 512 << 10]);
            place.permit("open", 0o666);
        }),
        ("has another name too", "hard", |place| {
            fs::write(place.at("one"), vec![0; 512 << 10]).expect("a file");
            fs::hard_link(place.at("one"), place.at("hard")).expect("a link");
        }),
        ("are one and the same", "app-a", |_| {}),
        ("is smaller than 65536 bytes", "small", |place| place.write("small", [0; 100])),
        ("can not be read", "absent", |_| {}),
    ];
    for (part, path, make) in bad {
        make(&place);
        place.write("bad.toml", DEVICE.replace("\"app-b\"", &format!("{path:?}")));
        for command in ["install", "boot"] {
            let more: &[&str] = if command == "install" { &["--running", "a", "2"] } else { &[] };
            let line = [&["device", command, "--device", "bad.toml"], more].concat();
            place.fails_and_changes_nothing(&line, part);
        }
    }
    // State that is not of that shape, from wherever it comes.
    place.write("state/rollback-counter", "7");
    place.fails_and_changes_nothing(&arguments("boot", &[]), "is no state of a device");
}

#[test]
fn nothing_is_made_where_something_is_in_the_way_or_there_is_no_room() {
    let place = place();
    place.write("app-a", vec![7; 512 << 10]);
    let init = arguments("init", &["--trust", "trust.cbor", "1"]);
    place.run(&init).failed("holds something already");
    place.write("app-a", vec![0; 512 << 10]);
    place.write("radio-b", vec![0; 100]);
    place.run(&init).failed("is smaller than");
    place.write("radio-b", vec![0; 64 << 10]);
    fs::remove_dir_all(place.at("state")).expect("it was made");
    // The limit counts in blocks of 512 bytes; its signal is ignored, so that writing fails as on a full disk.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 256; exec \"$@\"", "sh", TOOL]).args(&init).current_dir(place.path());
    Ran::new(command.output().expect("a shell"), &init).failed("can not be written");
    place.run(&init).ok();
    boots(&place, "a", "confirmed", "1.0.0");
    // Release 2 in a slot that is too small for it.
    place.write("app-b", vec![0; 64 << 10]);
    run(&place, "install", &["--running", "a", "2"]).refused("image.too-large", 0x0603);
    boots(&place, "a", "confirmed", "1.0.0");
}

/// Runs the tool under strace; `None` where that is not there.
fn traced(place: &Place, options: &[&str], arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-qq", "-o", "trace", "-e", "trace=pwrite64,fdatasync"]).args(options).arg(TOOL);
    match command.args(arguments).current_dir(place.path()).stdin(Stdio::null()).output() {
        Ok(_) => Some(String::from_utf8_lossy(&place.read("trace")).into_owned()),
        Err(_) if std::env::var_os("TWINSEAL_REQUIRE_TOOLS").is_none() => {
            println!("skipped: needs strace");
            None
        }
        Err(error) => panic!("needs strace: {error}"),
    }
}

#[test]
fn killed_at_any_write_it_boots_and_goes_on() {
    let place = device();
    let install = arguments("install", &["--running", "a", "2"]);
    let Some(trace) = traced(&place, &[], &install) else { return };
    let count = |call: &str| trace.lines().filter(|line| line.contains(&format!(" {call}("))).count();
    let (writes, syncs) = (count("pwrite64"), count("fdatasync"));
    assert!(writes > 20 && syncs > 20, "{writes} {syncs}");
    let (mut killed, mut went_on) = (0, 0);
    for (call, calls) in [("pwrite64", writes), ("fdatasync", syncs)] {
        for when in (1..=calls).step_by(3) {
            let place = device_again(&place);
            let inject = format!("inject={call}:signal=KILL:when={when}");
            traced(&place, &["-e", &inject], &install);
            let booted = run(&place, "boot", &[]).ok().object();
            let state = state_of(&place, 1);
            // Either it is whole and on trial now, or what was there before boots.
            assert!(booted["reason"] == "confirmed" || state == "trial", "{call} {when}: {booted} {state}");
            if state != "trial" {
                let again = run(&place, "install", &["--running", "a", "2"]).ok().object();
                went_on += u32::from(again["went_on_at"].as_u64().is_some_and(|at| at > 60_000));
                boots(&place, "b", "trial", "2.0.0");
            }
            run(&place, "confirm", &["--running", "b"]).ok();
            killed += 1;
        }
    }
    println!(
        "{killed} times killed, {went_on} times it went on in the middle; {writes} writes, {syncs} synchronisations"
    );
    assert!(killed > 15 && went_on > 3, "{killed} {went_on}");
}

/// The files of a device before its update, anew.
fn device_again(from: &Place) -> Place {
    let place = Place::empty();
    for file in ["1", "2", "trust.cbor", "gateway.toml"] {
        place.write(file, from.read(file));
    }
    for (file, size) in [("app-a", 512 << 10), ("app-b", 512 << 10), ("radio-a", 64 << 10), ("radio-b", 64 << 10)] {
        place.write(file, vec![0; size]);
    }
    run(&place, "init", &["--trust", "trust.cbor", "1"]).ok();
    place
}

#[test]
fn state_is_written_only_behind_what_it_says() {
    let place = device();
    let Some(trace) = traced(&place, &[], &arguments("install", &["--running", "a", "2"])) else { return };
    let (mut unsynced, mut records, mut images) = (Vec::new(), 0, 0);
    for line in trace.lines() {
        let file = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(file, _)| file);
        if line.contains(" fdatasync(") {
            unsynced.retain(|one| one != file);
        } else if file.contains("/state/") {
            assert!(unsynced.is_empty(), "{line}: written before {unsynced:?} was on the medium");
            unsynced.push(file.to_owned());
            records += 1;
        } else if line.contains(" pwrite64(") {
            unsynced.push(file.to_owned());
            images += 1;
        }
    }
    assert!(unsynced.is_empty(), "{unsynced:?}");
    assert!(records > 10 && images > 1, "{records} {images}");
}
