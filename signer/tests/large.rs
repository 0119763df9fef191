//! Payloads of 2^31 and 2^32 bytes and their neighbours, and one larger than memory may be, as sparse files.

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

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;

use tool::{Place, TOOL};

fn release(digest: &str) -> String {
    format!(
        "[release]\nvendor = \"acme.example\"\nmodel = \"thermostat\"\nversion = \"1.0.0\"\nsequence-number = 1\n\
         security-version = 3\ndigest = {digest:?}\n[[component]]\nid = \"app\"\npath = \"large.bin\"\n"
    )
}

fn large(digest: &str) -> Place {
    let place = Place::with_release("ml-dsa-44");
    place.write("release.toml", release(digest));
    place.write(
        "device.toml",
        "vendor = \"acme.example\"\nmodel = \"thermostat\"\ncomponents = [\"app\"]\nrollback-counter = 3\n",
    );
    place
}

fn make(place: &Place, size: u64) {
    let file = File::create(place.at("large.bin")).expect("a file");
    file.set_len(size).expect("a sparse file");
    // Not only zeros: something at both ends.
    file.write_all_at(b"begin", 0).expect("room");
    file.write_all_at(b"end", size - 3).expect("room");
}

/// The library's own tests go through all six sizes; from outside, the two that break signed and 32-bit lengths are enough unless asked.
#[test]
fn sizes_beyond_31_and_32_bits() {
    let two = [(1 << 31) + 1, (1 << 32) + 1];
    let more = [(1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32];
    let all = std::env::var_os("TWINSEAL_LARGE").is_some();
    let sizes = if all { [&two[..], &more].concat() } else { two.to_vec() };
    let place = large("sha-256");
    for size in &sizes {
        make(&place, *size);
        place.run(&["sign", "--release", "release.toml", "--identity", "id", "--out", "good", "--overwrite"]).ok();
        assert_eq!(place.verify("good", &[]).ok().object()["verdict"], "accepted");
        let shown = place.json(&["inspect", "good"]).ok().object();
        assert_eq!(shown["contents"]["components"][0]["size"], *size);

        let bundle = OpenOptions::new().read(true).write(true).open(place.at("good")).expect("the bundle");
        let length = bundle.metadata().expect("a size").len();
        bundle.write_all_at(b"X", length - 1).expect("room");
        place.verify("good", &[]).refused("image.digest-mismatch", 0x0605);
        bundle.set_len(length - 1).expect("a size");
        place.verify("good", &[]).refused("image.truncated", 0x0604);
    }
    println!("{} sizes{}", sizes.len(), if all { "" } else { "; TWINSEAL_LARGE=1 runs all six" });
}

#[test]
fn five_gibibytes_in_little_memory() {
    let place = large("sha-256");
    make(&place, 5 << 30);
    let signed = peak(&place, &["sign", "--release", "release.toml", "--identity", "id", "--out", "good"]);
    let verified = peak(&place, &["verify", "good", "--trust", "trust.cbor", "--device", "device.toml"]);
    println!("5 GiB: sign in {signed} KiB, verify in {verified} KiB");
    assert!(signed.max(verified) <= 64 << 10);
}

/// Runs the tool to its good end; returns the most memory it was seen to have, in KiB.
fn peak(place: &Place, arguments: &[&str]) -> u64 {
    let mut child = place.command(arguments).stdout(std::process::Stdio::null()).spawn().expect("the tool starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a child of ours").is_none() {
        // The kernel keeps the high-water mark itself, so looking now and then is enough.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let seen = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
        peak = peak.max(seen);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().expect("a child of ours").success(), "{TOOL} {arguments:?}");
    assert!(peak > 0, "its memory was seen");
    peak
}
