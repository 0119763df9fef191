//! Disks that are full, and such as can not be written: a message that says so, exit code 2, and everything as it was before.
//!
//! The disks are real ones in memory, filled to the last page but a few, and mounts that are read-only; in a namespace of their own, in which
//! this test runs itself again. Needs Linux with user namespaces, and `unshare`, `setpriv`, `mount` and `umount`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]
#![cfg(target_os = "linux")]

#[path = "support/needs.rs"]
mod needs;
#[path = "support/prepared.rs"]
mod prepared;
#[path = "support/tool.rs"]
mod tool;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use prepared::{begin, prepared};
use tool::{Place, RELEASE, Ran, TOOL};

/// A command that writes into `disk`, and what must succeed with what it wrote; `whole` adds what several have.
type Writes = (&'static [&'static str], &'static [&'static str]);

const APPLY: [&str; 8] =
    ["--trust", "roots-0.cbor", "--vendor", "acme.example", "--model", "thermostat", "--epoch-counter", "0"];

const DEVICE: [&str; 4] = ["--trust", "both.cbor", "--device", "device.toml"];

fn writes() -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let all: [Writes; 8] = [
        (
            &["sign", "--release", "release.toml", "--identity", "id", "--journal", "disk/j", "--out", "disk/out"],
            &["verify", "disk/out"],
        ),
        (
            &[
                "sign",
                "--release",
                "release.toml",
                "--identity",
                "id",
                "--journal",
                "disk/j",
                "--overwrite",
                "--out",
                "disk/old",
            ],
            &["verify", "disk/old"],
        ),
        (
            &[
                "seals",
                "append",
                "disk/old",
                "--trust",
                "both.cbor",
                "--identity",
                "other",
                "--journal",
                "disk/j",
                "--out",
                "disk/out",
            ],
            &["verify", "disk/out"],
        ),
        (
            &[
                "trust",
                "update",
                "--replaces",
                "roots-0.cbor",
                "--store",
                "roots-1.cbor",
                "--identity",
                "other",
                "--journal",
                "disk/j",
                "--out",
                "disk/out",
            ],
            &["trust", "apply", "disk/out", "--dry-run"],
        ),
        (&["trust", "apply", "update", "--out", "disk/out"], &["trust", "show", "disk/out"]),
        (&["keygen", "--out", "disk/out", "--set", "ml-dsa-44"], &["key", "check", "disk/out"]),
        (
            &["key", "passwd", "disk/keys", "--new-passphrase-source", "file:words"],
            &["key", "check", "disk/keys", "--passphrase-source", "file:words"],
        ),
        (&["journal", "new", "disk/out"], &["journal", "verify", "disk/out"]),
    ];
    let whole = |words: &[&'static str]| match words {
        ["trust", "apply", ..] => [words, &APPLY].concat(),
        ["verify", ..] => [words, &DEVICE].concat(),
        _ => words.to_vec(),
    };
    all.map(|(command, holds)| (whole(command), whole(holds))).into()
}

/// Everything that the commands need, and `disk`, on which they write.
struct Disk {
    place: Place,
    mounted: bool,
}

impl Disk {
    fn new(options: &str) -> Self {
        let place = prepared();
        place.make_directory("disk");
        let mounted = !options.is_empty();
        let disk = Self { place, mounted };
        if mounted {
            disk.mount(&["-t", "tmpfs", "-o", options, "none"]);
        }
        begin(&disk.place, "disk/");
        disk.place.run(&["keygen", "--out", "disk/keys", "--set", "ml-dsa-44"]).ok();
        disk
    }

    /// A copy of what is not mounted.
    fn copy(&self) -> Self {
        let place = Place::empty();
        let copied =
            Command::new("cp").arg("-a").args([&self.place.path().join("."), place.path()]).status().expect("cp");
        assert!(copied.success() && !self.mounted);
        Self { place, mounted: false }
    }

    fn mount(&self, arguments: &[&str]) {
        let mounted = Command::new("mount").args(arguments).arg(self.place.at("disk")).status().expect("mount");
        assert!(mounted.success(), "{arguments:?}");
    }

    /// Runs a command that must fail and say so, and change nothing, on the disk or elsewhere.
    fn fails(&self, program: &[&str], arguments: &[&str], part: &str) {
        let before = self.place.everything();
        let ran = self.run(program, arguments).failed(part);
        let after = self.place.everything();
        let left: Vec<&PathBuf> = after.keys().filter(|path| !before.contains_key(*path)).collect();
        assert!(left.is_empty(), "`{arguments:?}` left {left:?}: {}", ran.err);
        assert!(after == before, "`{arguments:?}` changed something");
        self.place.run(&["journal", "verify", "disk/j"]).ok();
    }

    fn run(&self, program: &[&str], arguments: &[&str]) -> Ran {
        let words = [program, &[TOOL], arguments].concat();
        let output =
            Command::new(words[0]).args(&words[1..]).current_dir(self.place.path()).stdin(Stdio::null()).output();
        Ran::new(output.expect("the tool starts"), arguments)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").arg(self.place.at("disk")).status();
        }
    }
}

/// Whether this is the run in a namespace of its own; if not, starts that.
fn within(test: &str, runs: usize) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let works = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    // Root may have a namespace for mounts without one for users, where those are forbidden.
    let flags = ["-rm", "-m"].into_iter().find(|flags| works("unshare", &[flags, "true"]));
    let flags = flags.filter(|_| works("setpriv", &["--version"]) && works("mount", &["--version"]));
    let Some(flags) = flags else {
        needs::skipped(test, runs, "mounts of its own: `unshare -rm true`, setpriv and mount");
        return false;
    };
    let own = std::env::current_exe().expect("this test");
    let again =
        Command::new("unshare").arg(flags).arg(own).args(["--exact", test, "--nocapture"]).env(INSIDE, "1").output();
    let again = again.expect("unshare starts");
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(again.status.success(), "{said}{}", String::from_utf8_lossy(&again.stderr));
    assert!(said.contains(&format!("{test}: {runs} ")), "not so many runs as there are to be: {said}");
    said.lines().filter(|line| line.starts_with(test)).for_each(|line| println!("{line}"));
    false
}

#[test]
fn a_disk_that_becomes_full_at_any_page_leaves_what_was_there() {
    let test = "a_disk_that_becomes_full_at_any_page_leaves_what_was_there";
    if !within(test, writes().len()) {
        return;
    }
    let mut failed = 0;
    for (command, holds) in writes() {
        let disk = Disk::new("size=512k");
        let mut free = 0;
        loop {
            fill(&disk.place.at("disk/filler"), free);
            if disk.run(&[], &command).code == 0 {
                break;
            }
            disk.fails(&[], &command, "No space left on device");
            failed += 1;
            free += 1;
            assert!(free < 64, "{command:?}: there is room");
        }
        disk.place.run(&holds).ok();
        disk.place.run(&["journal", "verify", "disk/j"]).ok();
        // The journal's line has room in the page that is there; everything else needs one.
        assert!(free > 0, "{command:?}");
    }
    assert!(failed > 40, "{failed}");
    println!("{test}: {} commands, {failed} times told that the disk is full", writes().len());
}

/// Fills the disk but for so many pages.
fn fill(filler: &Path, free: u64) {
    let mut file = File::create(filler).expect("a file");
    while file.write_all(&[0xaa; 4096]).is_ok() {}
    let length = file.metadata().expect("it is open").len();
    file.set_len((length / 4096 - free) * 4096).expect("it is made shorter");
}

#[test]
fn a_disk_without_room_for_names_leaves_what_was_there() {
    let test = "a_disk_without_room_for_names_leaves_what_was_there";
    if !within(test, writes().len()) {
        return;
    }
    let mut failed = 0;
    for (command, holds) in writes() {
        let disk = Disk::new("size=4m,nr_inodes=40");
        let mut fillers: Vec<PathBuf> = (0..)
            .map(|number| disk.place.at(&format!("disk/filler-{number}")))
            .take_while(|path| File::create(path).is_ok())
            .collect();
        let before = failed;
        while disk.run(&[], &command).code != 0 {
            disk.fails(&[], &command, "No space left on device");
            failed += 1;
            fs::remove_file(fillers.pop().expect("there is room at last")).expect("it was made");
        }
        assert!(failed > before, "{command:?}");
        disk.place.run(&holds).ok();
    }
    assert!(failed > 10, "{failed}");
    println!("{test}: {} commands, {failed} times told that the disk is full", writes().len());
}

/// The page that a line of the journal begins in is full, and there is no other.
#[test]
fn a_journal_that_has_no_room_for_a_line_stays_as_it_was() {
    let test = "a_journal_that_has_no_room_for_a_line_stays_as_it_was";
    if !within(test, 1) {
        return;
    }
    let disk = Disk::new("size=512k");
    let sign = |number: u64| {
        disk.place.write("release.toml", RELEASE.replace("= 42", &format!("= {number}")));
        let out = format!("out-{number}");
        disk.run(&[], &["sign", "--release", "release.toml", "--identity", "id", "--journal", "disk/j", "--out", &out])
    };
    let line = |text: Vec<u8>| text.split_inclusive(|byte| *byte == b'\n').next_back().expect("a line").len();
    let mut number = 42;
    while disk.place.read("disk/j").len() % 4096 + line(disk.place.read("disk/j")) <= 4096 {
        sign(number).ok();
        number += 1;
    }
    fill(&disk.place.at("disk/filler"), 0);
    let before = disk.place.read("disk/j");
    let said = sign(number).failed("No space left on device");
    assert!(said.err.contains("disk/j: can not be written"), "{}", said.err);
    assert!(disk.place.read("disk/j") == before && !disk.place.at(&format!("out-{number}")).exists());
    fs::remove_file(disk.place.at("disk/filler")).expect("it is there");
    sign(number).ok();
    disk.place.run(&["journal", "verify", "disk/j"]).ok();
    println!("{test}: 1 line refused by the disk, and written when there was room");
}

#[test]
fn what_can_not_be_written_is_told_and_stays() {
    let test = "what_can_not_be_written_is_told_and_stays";
    if !within(test, 2 * writes().len()) {
        return;
    }
    let mut runs = 0;
    // A mount, for which it does not matter who asks.
    let disk = Disk::new("size=4m");
    disk.mount(&["-o", "remount,ro"]);
    for (command, _) in writes() {
        disk.fails(&[], &command, "Read-only file system");
        runs += 1;
    }
    // A directory, for one who may do no more than its mode says.
    let disk = Disk::new("");
    let plain = ["setpriv", "--inh-caps", "-all", "--bounding-set", "-all"];
    for directory in ["disk/keys", "disk"] {
        disk.place.permit(directory, 0o500);
    }
    for (command, _) in writes() {
        disk.fails(&plain, &command, "Permission denied");
        runs += 1;
    }
    disk.place.permit("disk", 0o700);
    println!("{test}: {runs} runs told");
}

#[test]
fn a_report_that_nobody_can_take_is_a_failure_and_what_was_written_stays() {
    let (start, mut runs) = (Disk::new(""), 0);
    for format in [&[][..], &["--format", "json"]] {
        for (command, holds) in writes() {
            let disk = start.copy();
            let full = File::options().write(true).open("/dev/full").expect("it is there on Linux");
            let output =
                disk.place.command(&[&command[..], format].concat()).stdout(full).output().expect("the tool starts");
            assert_eq!(output.status.code(), Some(2), "{command:?}");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("No space left on device"), "{command:?}: {said}");
            disk.place.run(&holds).ok();

            // Who has stopped reading has what he wanted.
            let disk = start.copy();
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            let output =
                disk.place.command(&[&command[..], format].concat()).stdout(writer).output().expect("the tool starts");
            assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{command:?}");
            disk.place.run(&holds).ok();
            runs += 2;
        }
    }
    println!("reports that nobody can take: {runs} runs");
    assert_eq!(runs, 2 * 2 * writes().len());
}

const INSIDE: &str = "TWINSEAL_TEST_INSIDE";
