//! A Linux device on storage as it is in the field: images larger than the memory, a disk that is full, block devices.

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

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::process::{Command, Output};

use tool::{Place, Ran, TOOL};

/// A place with releases 1 and 2 of one component of that size: a few bytes at its ends, and a hole.
fn place(size: u64) -> Place {
    let place = Place::with_release("ml-dsa-44");
    for number in [1, 2] {
        let file = File::create(place.at("large.bin")).expect("a file");
        file.set_len(size).expect("room for a hole");
        file.write_all_at(&[number; 64], 0).expect("written");
        file.write_all_at(&[number; 64], size - 64).expect("written");
        place.write(
            "release.toml",
            format!(
                "[release]\nvendor = \"acme.example\"\nmodel = \"thermostat\"\nversion = \"{number}.0.0\"\nsequence-number = {number}\n\
                 security-version = 0\ndigest = \"sha-256\"\n[[component]]\nid = \"app\"\npath = \"large.bin\"\n"
            ),
        );
        place.sign("release.toml", &number.to_string()).ok();
    }
    place
}

/// The description of a device with its places there.
fn description(state: &str, slot_a: &str, slot_b: &str) -> String {
    format!(
        "vendor = \"acme.example\"\nmodel = \"thermostat\"\nstate = {state:?}\n[slot-a]\napp = {slot_a:?}\n[slot-b]\napp = {slot_b:?}\n"
    )
}

fn arguments<'a>(command: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["device", command, "--device", "gateway.toml"], more].concat()
}

/// The slot and the reason of the next start.
fn boots(place: &Place) -> String {
    let object = place.json(&arguments("boot", &[])).ok().object();
    format!("{} {} {}", object["slot"], object["reason"], object["release_version"]).replace('"', "")
}

/// A whole life: init, install, trial, confirm.
fn lives(place: &Place, run: impl Fn(&[&str]) -> Ran) {
    run(&arguments("init", &["--trust", "trust.cbor", "1"])).ok();
    run(&arguments("install", &["--running", "a", "2"])).ok();
    assert_eq!(boots(place), "b trial 2.0.0");
    run(&arguments("confirm", &["--running", "b"])).ok();
    assert_eq!(boots(place), "b confirmed 2.0.0");
}

#[test]
fn an_image_larger_than_the_memory_is_installed() {
    const MEMORY: u64 = 64 << 20;
    const IMAGE: u64 = 96 << 20;
    let place = place(IMAGE);
    for file in ["app-a", "app-b"] {
        File::create(place.at(file)).and_then(|file| file.set_len(IMAGE + (64 << 10))).expect("room for a hole");
    }
    place.write("gateway.toml", description("state", "app-a", "app-b"));
    lives(&place, |arguments| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {}; exec \"$@\"", MEMORY >> 10), "sh", TOOL]).args(arguments);
        Ran::new(command.current_dir(place.path()).output().expect("a shell"), arguments)
    });
    let mut end = [0; 64];
    File::open(place.at("app-b")).expect("a file").read_exact_at(&mut end, IMAGE - 64).expect("read");
    assert_eq!(end, [2; 64], "all of it lies there");
}

/// Runs a script where it may mount; `None` where nobody may.
fn mounting(place: &Place, script: &str) -> Option<Output> {
    let allowed = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        needs::skipped("a full disk", 1, "unshare, and leave to mount");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-eu", "-c", script, "sh", TOOL]).current_dir(place.path());
    Some(command.output().expect("it was there"))
}

/// The slot's file is sparse, and its disk full in the middle of a reception.
#[test]
fn a_full_disk_is_a_failure_and_when_there_is_room_it_goes_on() {
    let place = place(3 << 20);
    place.make_directory("disk");
    place.write("gateway.toml", description("state", "app-a", "disk/app-b"));
    File::create(place.at("app-a")).and_then(|file| file.set_len(4 << 20)).expect("room for a hole");
    let script = r#"
        mount -t tmpfs -o size=4m none disk
        truncate -s 4m disk/app-b
        device() { command=$1; shift; "$tool" device "$command" --device gateway.toml "$@"; }
        tool=$1
        device init --trust trust.cbor 1 >init.out
        head -c 2m /dev/zero >disk/filler
        code=0; device install --running a 2 >full.out 2>full.err || code=$?
        echo "full: $code"
        device status --format json >status.out
        device boot --shell | grep SLOT= | sed 's/^/full, starts: /'
        rm disk/filler
        device install --running a 2 --format json >again.out
        device boot --shell | grep -e SLOT= | sed 's/^/room, starts: /'
        device confirm --running b >confirm.out
    "#;
    let Some(output) = mounting(&place, script) else { return };
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let why = String::from_utf8_lossy(&place.read("full.err")).into_owned();
    assert!(output.status.success(), "{said}{errors}{why}");
    println!("{said}{why}");
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["full: 2", "full, starts: TWINSEAL_SLOT=a", "room, starts: TWINSEAL_SLOT=b"]
    );
    assert!(why.contains("can not be written") && why.contains("No space left on device"), "{why}");
    let again: serde_json::Value = serde_json::from_slice(&place.read("again.out")).expect("JSON");
    assert!(again["went_on_at"].as_u64().is_some_and(|at| at > 1 << 20), "{again}");
}

/// A file as a block device, for as long as this lives.
struct Loop(String);

impl Loop {
    /// `None` where nobody may.
    fn over(place: &Place, file: &str) -> Option<Self> {
        let output = Command::new("losetup").args(["--find", "--show"]).arg(place.at(file)).output().ok()?;
        output.status.success().then(|| Self(String::from_utf8_lossy(&output.stdout).trim().to_owned()))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let detached = Command::new("losetup").args(["--detach", &self.0]).status();
        assert!(detached.is_ok_and(|status| status.success()), "{} stays attached", self.0);
    }
}

#[test]
fn slots_that_are_block_devices_live_the_same_life() {
    let place = place(3 << 20);
    for file in ["disk-a", "disk-b"] {
        fs::write(place.at(file), vec![0; 4 << 20]).expect("a file");
    }
    let (Some(a), Some(b)) = (Loop::over(&place, "disk-a"), Loop::over(&place, "disk-b")) else {
        needs::skipped("block devices", 1, "loop devices, and leave to attach them (losetup)");
        return;
    };
    place.write("gateway.toml", description("state", &a.0, &b.0));
    lives(&place, |arguments| place.run(arguments));
    println!("a life on {} and {}", a.0, b.0);
    drop((a, b));
    // What the kernel kept for the device is on the medium now.
    let medium = place.read("disk-b");
    assert_eq!((&medium[..64], &medium[(3 << 20) - 64..3 << 20]), (&[2; 64][..], &[2; 64][..]));
}
