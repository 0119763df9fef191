//! Large payloads through the tool: around 2^31 and 2^32 bytes, where others broke (RAUC, CVE-2026-34155), and 5 GiB in little memory.
//!
//! The payloads are sparse: they are hashed whole, and take no room. By default one size behind each border runs here; all six run
//! with TWINSEAL_LARGE=1, and always, without files, in the workspace's `tests` crate (tests/sizes.rs).

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
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Instant;
use std::{env, thread};

use tool::{DEVICE, Place, Ran};

const SIZES: [u64; 6] = [(1 << 31) - 1, 1 << 31, (1 << 31) + 1, (1 << 32) - 1, 1 << 32, (1 << 32) + 1];

/// Those that always run here.
const BEHIND_THE_BORDERS: [u64; 2] = [SIZES[2], SIZES[5]];

/// Both tests want a processor of their own.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A release of one component of that size: a few bytes at its ends, and a hole.
fn place(size: u64) -> Place {
    let place = Place::with_release("ml-dsa-44");
    place.write(
        "release.toml",
        "[release]\nvendor = \"acme.example\"\nmodel = \"thermostat\"\nversion = \"1.0.0\"\nsequence-number = 1\nsecurity-version = 3\n\
         digest = \"sha-256\"\n[[component]]\nid = \"app\"\npath = \"large.bin\"\n",
    );
    place.write("device.toml", DEVICE.replace(r#"["app", "radio"]"#, r#"["app"]"#));
    let file = File::create(place.at("large.bin")).expect("a file");
    file.set_len(size).expect("room for a hole");
    file.write_all_at(b"first", 0).expect("written");
    file.write_all_at(b"last", size - 4).expect("written");
    place
}

fn change_length(place: &Place, file: &str, by: i64) {
    let file = OpenOptions::new().write(true).open(place.at(file)).expect("a file");
    let length = file.metadata().expect("metadata").len();
    file.set_len(length.checked_add_signed(by).expect("a length")).expect("set");
}

#[test]
fn sizes_around_two_to_the_31_and_32() {
    let _alone = ONE_AT_A_TIME.lock().expect("no other test failed");
    let all = env::var("TWINSEAL_LARGE").as_deref() == Ok("1");
    let sizes = if all { &SIZES[..] } else { &BEHIND_THE_BORDERS };
    for size in sizes {
        let begun = Instant::now();
        let place = place(*size);
        place.sign("release.toml", "good").ok();
        let bundle = fs::metadata(place.at("good")).expect("a bundle");
        assert!(bundle.len() > *size);
        // Other systems are not asked where the holes are.
        assert!(!cfg!(target_os = "linux") || bundle.blocks() * 512 < 1 << 20, "a hole stays a hole");
        place.verify("good", &[]).ok();
        assert_eq!(place.json(&["inspect", "good"]).ok().object()["contents"]["components"][0]["size"], *size);

        change_length(&place, "good", -1);
        place.verify("good", &[]).refused("image.truncated", 1540);
        place.json(&["inspect", "good"]).refused("frame.truncated", 257);
        // The byte is back, but it is another one.
        change_length(&place, "good", 1);
        place.verify("good", &[]).refused("image.digest-mismatch", 1541);
        let file = OpenOptions::new().write(true).open(place.at("good")).expect("a file");
        file.write_all_at(b"t", bundle.len() - 1).expect("written");
        change_length(&place, "good", 1);
        place.json(&["inspect", "good"]).refused("frame.trailing-bytes", 263);
        place.json(&["extract", "good", "--out", "new"]).refused("frame.trailing-bytes", 263);
        println!("{size} bytes: sealed, verified, refused with a byte less, another and more: {:?}", begun.elapsed());
    }
    if all {
        println!("sizes: 6 through the tool");
    } else {
        println!("sizes: {} through the tool, 4 skipped: needs TWINSEAL_LARGE=1", sizes.len());
    }
    assert_eq!(sizes.len(), if all { 6 } else { 2 });
}

/// Runs the tool and watches how much memory it holds at most, in KiB.
fn watched(place: &Place, arguments: &[&str]) -> (Ran, u64) {
    let mut child =
        place.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the tool starts");
    let status = format!("/proc/{}/status", child.id());
    let (mut peak, mut samples) = (0, 0);
    // The high-water mark only rises, so the last one that is seen is the highest; between a look and the end are milliseconds of minutes.
    while child.try_wait().expect("a child").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(seen) =
            line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.trim().parse().ok())
        {
            peak = seen;
            samples += 1;
        }
        thread::sleep(Duration::from_millis(2));
    }
    assert!(samples > 100, "too short to be watched: {samples} looks");
    (Ran::new(child.wait_with_output().expect("its output"), arguments), peak)
}

#[test]
fn five_gibibytes_in_64_mebibytes_of_memory() {
    let _alone = ONE_AT_A_TIME.lock().expect("no other test failed");
    if !fs::exists("/proc/self/status").unwrap_or(false) {
        println!("memory: 0 runs, 2 skipped: needs /proc");
        return;
    }
    let place = place(5 << 30);
    let begun = Instant::now();
    let (signed, sign_peak) =
        watched(&place, &["sign", "--release", "release.toml", "--identity", "id", "--out", "good"]);
    signed.ok();
    let sign_time = begun.elapsed();
    let begun = Instant::now();
    let (verified, verify_peak) =
        watched(&place, &["verify", "good", "--trust", "trust.cbor", "--device", "device.toml"]);
    verified.ok();
    println!(
        "5 GiB: sign {sign_time:?}, at most {sign_peak} KiB; verify {:?}, at most {verify_peak} KiB",
        begun.elapsed()
    );
    assert!(sign_peak <= 64 << 10 && verify_peak <= 64 << 10, "{sign_peak} KiB, {verify_peak} KiB");
}
