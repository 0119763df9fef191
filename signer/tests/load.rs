//! Ten thousand bundles in one `verify DIR`: memory stays where it was at a thousand, and what is wrong with some of them stops no other.
//!
//! By default 250 and 1,000; with TWINSEAL_LONG=1 also 10,000, as docs/assurance.md has it. Then one `sign` after the other, with a journal and without:
//! 30, or as many as TWINSEAL_LOOP says.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use core::time::Duration;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::time::Instant;
use std::{env, fs};

use serde_json::Value;
use tool::{Place, flipped};

/// What one run over a directory came to.
struct Run {
    /// Every line but the last, by the bundle's name, with what it says.
    bundles: Vec<Value>,
    summary: Value,
    code: i32,
    /// The most memory it held, in KiB; nothing where /proc does not tell.
    peak: Option<u64>,
    time: Duration,
}

/// Verifies a directory. `meanwhile` is called when the first line has come: by then the directory was walked, and the tool waits for its lines
/// to be read long before it comes to bundle [`FAR`].
fn verify(place: &Place, directory: &str, meanwhile: impl FnOnce()) -> Run {
    let arguments = ["verify", directory, "--trust", "trust.cbor", "--device", "device.toml", "--format=json"];
    let begun = Instant::now();
    let mut child = place.command(&arguments).stdout(Stdio::piped()).spawn().expect("the tool starts");
    let process = child.id();
    let (mut lines, mut peak, mut meanwhile) = (Vec::new(), None, Some(meanwhile));
    for line in BufReader::new(child.stdout.take().expect("a pipe")).lines() {
        let line = line.expect("UTF-8");
        lines.push(serde_json::from_str::<Value>(&line).expect("one JSON object a line"));
        // The mark only rises.
        if lines.len() % 50 == 1 {
            peak = peak.max(held(process));
        }
        if let Some(meanwhile) = meanwhile.take() {
            meanwhile();
        }
    }
    let code = child.wait().expect("a child").code().expect("no signal");
    let summary = lines.pop().expect("a summary");
    assert_eq!(summary["schema"], "twinseal.summary/1");
    Run { bundles: lines, summary, code, peak, time: begun.elapsed() }
}

/// The most memory that a process has held, in KiB; nothing if it is gone, or where /proc does not tell.
fn held(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// A bundle that is not looked at before a reader has taken some lines: beyond what a pipe holds of them and what is examined ahead.
const FAR: usize = 900;

fn name(number: usize) -> String {
    format!("{number:05}.twinseal")
}

/// A directory of so many good bundles: one file under many names.
fn many(place: &Place, count: usize) -> String {
    let directory = format!("many-{count}");
    place.make_directory(&directory);
    place.write(&format!("{directory}/{}", name(0)), place.read("good"));
    for number in 1..count {
        let from = place.at(&format!("{directory}/{}", name(number - number % 5_000)));
        let to = place.at(&format!("{directory}/{}", name(number)));
        // File systems limit how many names a file has.
        if number % 5_000 == 0 { fs::copy(place.at("good"), to).map(drop) } else { fs::hard_link(from, to) }
            .expect("a file");
    }
    directory
}

fn wide(number: usize) -> u64 {
    number.try_into().expect("64 bits")
}

fn count(run: &Run, field: &str) -> u64 {
    run.summary[field].as_u64().expect("a number")
}

#[test]
fn memory_stays_flat_however_many_bundles_there_are() {
    let place = Place::with_bundle("ml-dsa-65");
    let long = env::var("TWINSEAL_LONG").as_deref() == Ok("1");
    let counts: &[usize] = if long { &[250, 1_000, 10_000] } else { &[250, 1_000] };
    let mut peaks = Vec::new();
    for &bundles in counts {
        let run = verify(&place, &many(&place, bundles), || ());
        assert_eq!((run.code, run.bundles.len()), (0, bundles));
        assert_eq!((count(&run, "accepted"), count(&run, "bundles")), (wide(bundles), wide(bundles)));
        println!("{bundles} bundles verified in {:?}, at most {:?} KiB", run.time, run.peak);
        peaks.extend(run.peak);
    }
    if peaks.is_empty() {
        println!("memory: skipped: needs /proc");
        return;
    }
    assert_eq!(peaks.len(), counts.len());
    // What grows are the paths: about a hundred bytes each.
    assert!(peaks.iter().all(|peak| *peak <= peaks[0] + (4 << 10)), "it grows with the bundles: {peaks:?} KiB");
}

#[test]
fn what_is_wrong_with_some_stops_no_other() {
    let place = Place::with_bundle("ml-dsa-44");
    let good = place.read("good");
    let total = 1_000;
    let directory = many(&place, total);
    let path = |number: usize| place.at(&format!("{directory}/{}", name(number)));
    let replace = |number: usize, bytes: &[u8]| {
        fs::remove_file(path(number)).expect("a name of it");
        fs::write(path(number), bytes).expect("a file");
    };
    for number in [300, 500] {
        replace(number, &good[..good.len() / 3]);
    }
    replace(400, &flipped(&good, good.len() - 1));
    replace(401, &[]);
    // Not to be read: nowhere, what has no length, a pipe that nobody writes to. A link to a good one is one.
    for (number, target) in [(600, "nowhere"), (601, "/proc/self/mem"), (602, "../good")] {
        fs::remove_file(path(number)).expect("a name of it");
        symlink(target, path(number)).expect("a link");
    }
    fs::remove_file(path(603)).expect("a name of it");
    rustix::fs::mkfifoat(rustix::fs::CWD, path(603), rustix::fs::Mode::from_raw_mode(0o600)).expect("a pipe");

    let run = verify(&place, &directory, || {
        // After the directory was listed, and before anybody looked there.
        fs::remove_file(path(FAR)).expect("a name of it");
    });
    let bad = |line: &&Value| line["verdict"] != "accepted";
    let found: Vec<(String, String)> = run
        .bundles
        .iter()
        .filter(bad)
        .map(|line| {
            let bundle = line["bundle"].as_str().expect("a name").rsplit('/').next().expect("a name").to_owned();
            let what = line["code"].as_str().or(line["schema"].as_str()).expect("a code, or a failure");
            (bundle, what.to_owned())
        })
        .collect();
    let expected = [
        (300, "image.truncated"),
        (400, "evidence.file-digest"),
        (401, "frame.truncated"),
        (500, "image.truncated"),
        (600, "twinseal.failure/1"),
        (601, "frame.truncated"),
        (603, "twinseal.failure/1"),
        (FAR, "twinseal.failure/1"),
    ];
    let expected: Vec<_> = expected.map(|(number, what)| (name(number), what.to_owned())).to_vec();
    assert_eq!(found, expected);
    assert_eq!((run.code, run.bundles.len()), (2, total));
    let counts = ["bundles", "accepted", "refused", "failed"].map(|field| count(&run, field));
    assert_eq!(counts, [1_000, 992, 5, 3]);
    println!("1,000 bundles: 992 accepted, 5 refused, 3 that could not be read, one of them gone meanwhile");
}

/// Seals one release after the other, each with the next number: how long it took, and the most that one of the first and of the last ten held.
fn sign_in_a_loop(count: usize, journal: bool) -> (Duration, Option<u64>, Option<u64>) {
    let place = Place::with_release("ml-dsa-65");
    let release = place.read("release.toml");
    let release = String::from_utf8(release).expect("text");
    let mut arguments =
        vec!["sign", "--release", "next.toml", "--identity", "id", "--overwrite", "--out", "next.twinseal"];
    if journal {
        place.run(&["journal", "new", "journal"]).ok();
        arguments.extend(["--journal", "journal"]);
    }
    let (begun, mut first, mut last) = (Instant::now(), None, None);
    for number in 1..=count {
        place.write("next.toml", release.replace("sequence-number = 42", &format!("sequence-number = {number}")));
        let mut child = place.command(&arguments).stdout(Stdio::null()).spawn().expect("the tool starts");
        let mut most = None;
        while child.try_wait().expect("a child").is_none() {
            most = most.max(held(child.id()));
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(child.wait().expect("a child").code(), Some(0), "sign {number}");
        if number <= 10 {
            first = first.max(most);
        } else if number + 10 > count {
            last = last.max(most);
        }
    }
    let time = begun.elapsed();
    place.verify("next.twinseal", &[]).ok();
    if journal {
        let entries = place.read("journal").split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        assert!(entries >= count, "every release has its line: {entries}");
    }
    (time, first, last)
}

#[test]
fn one_signs_after_the_other_in_the_same_memory() {
    signs_in_the_same_memory(false);
}

#[test]
fn one_signs_after_the_other_with_a_journal_that_grows() {
    signs_in_the_same_memory(true);
}

fn signs_in_the_same_memory(journal: bool) {
    let count = env::var("TWINSEAL_LOOP").map_or(30, |count| count.parse().expect("a number"));
    let (time, first, last) = sign_in_a_loop(count, journal);
    let with = if journal { "with" } else { "without" };
    println!(
        "{count} releases sealed {with} a journal in {time:?}; the first held at most {first:?} KiB, the last {last:?} KiB"
    );
    let (Some(first), Some(last)) = (first, last) else {
        println!("memory: skipped: needs /proc");
        return;
    };
    // The journal is read whole (ADR 26): some hundred bytes for each release before.
    let more = if journal { u64::try_from(count).expect("64 bits") * 2 } else { 0 };
    assert!(last <= first + (4 << 10) + more, "it grows with the releases: {first}, then {last} KiB");
}
