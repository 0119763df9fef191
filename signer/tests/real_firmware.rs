//! Firmware that nobody of this project wrote: MicroPython for the micro:bit (Intel HEX), OpenSBI and U-Boot, alone and as three
//! components of one release.
//!
//! Fetched by `tests/real-firmware.sh` with apt-get. Where that does not work the tests are skipped and said to be; with
//! TWINSEAL_REQUIRE_TOOLS=1 that is a failure.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

extern crate alloc;

use alloc::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use ring::digest::{SHA384, digest};
use serde_json::json;
use tool::{Place, flipped, position};

/// Where the firmware is; `None`, and said so, if it can not be fetched here.
fn firmware() -> Option<&'static Path> {
    static FETCHED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let fetched = FETCHED.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let output = Command::new("sh").arg("tests/real-firmware.sh").current_dir(&root).output();
        if output.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(root.join("target/real-firmware"));
        }
        let why = output
            .map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output.stderr).into_owned());
        assert!(env::var("TWINSEAL_REQUIRE_TOOLS").as_deref() != Ok("1"), "needs apt-get: {why}");
        None
    });
    if fetched.is_none() {
        println!("real firmware: 0 runs, 1 skipped: needs apt-get and its package lists");
    }
    fetched.as_deref()
}

/// A reader of Intel HEX of its own, as small as can be: every byte by its address.
fn hex(text: &str) -> BTreeMap<u64, u8> {
    let (mut bytes, mut base) = (BTreeMap::new(), 0);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let digits = line.strip_prefix(':').expect("a record");
        let record: Vec<u8> =
            (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect();
        assert_eq!(record.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)), 0, "a checksum: {line}");
        let two = |at: usize| u64::from(record[at]) << 8 | u64::from(record[at + 1]);
        match record[3] {
            0 => {
                let data = &record[4..record.len() - 1];
                bytes.extend((base + two(1)..).zip(data.iter().copied()));
            }
            2 => base = two(4) << 4,
            4 => base = two(4) << 16,
            1 | 3 | 5 => {}
            other => panic!("record type {other}"),
        }
    }
    bytes
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const RELEASE: &str = r#"
[release]
vendor = "acme.example"
model = "three-in-one"
version = "2026.8.21-real+three"
sequence-number = 1
security-version = 0

[[component]]
id = "micropython"
path = "micropython.hex"
format = "ihex"
window = [0x0, 0x40000]

[[component]]
id = "opensbi"
path = "opensbi-fw_dynamic.bin"

[[component]]
id = "u-boot"
path = "u-boot.bin"
"#;

#[test]
fn three_real_images_in_one_release() {
    let Some(firmware) = firmware() else { return };
    let read = |file: &str| fs::read(firmware.join(file)).expect("firmware");
    let place = Place::empty();
    for file in ["micropython.hex", "opensbi-fw_dynamic.bin", "u-boot.bin"] {
        place.write(file, read(file));
    }
    place.write("release.toml", RELEASE);
    place.write(
        "device.toml",
        "vendor = \"acme.example\"\nmodel = \"three-in-one\"\ncomponents = [\"micropython\", \"opensbi\", \"u-boot\"]\nrollback-counter = 0\n",
    );
    place.run(&["keygen", "--out", "id"]).ok();
    let trust = [
        "trust",
        "make",
        "--out",
        "trust.cbor",
        "--vendor",
        "acme.example",
        "--model",
        "three-in-one",
        "--release",
        "id",
    ];
    place.run(&trust).ok();

    let source = String::from_utf8(read("micropython.hex")).expect("text");
    let addressed = hex(&source);
    let inside: Vec<(u64, u8)> = addressed.range(..0x40000).map(|(address, byte)| (*address, *byte)).collect();
    let outside: Vec<u64> = addressed.range(0x40000..).map(|(address, _)| *address).collect();
    assert!(inside.len() > 100_000 && !outside.is_empty(), "there is flash, and there is UICR");
    let (first, last) = (inside[0].0, inside[inside.len() - 1].0);
    let mut flat = vec![0xff; usize::try_from(last - first + 1).expect("in memory")];
    inside.iter().for_each(|(address, byte)| flat[usize::try_from(address - first).expect("in memory")] = *byte);

    let signed = place.json(&["sign", "--release", "release.toml", "--identity", "id", "--out", "three"]).ok().object();
    let source_digest = format!("sha-384:{}", hexadecimal(digest(&SHA384, source.as_bytes()).as_ref()));
    let converted = &signed["converted"][0];
    assert_eq!(signed["converted"].as_array().map(Vec::len), Some(1));
    assert_eq!((&converted["source_digest"], &converted["base"]), (&json!(source_digest), &json!(first)));
    assert_eq!(converted["filled"], flat.len() - inside.len());
    // What the seals do not cover is told, to the byte.
    let left_out = converted["left_out"].as_array().expect("ranges").iter();
    let told: Vec<u64> = left_out
        .flat_map(|range| range[0].as_u64().expect("an address")..range[1].as_u64().expect("an address"))
        .collect();
    assert_eq!(told, outside);

    let verdict = place.verify("three", &[]).ok().object();
    assert_eq!(verdict["release"]["components"], 3);
    let inspected = place.json(&["inspect", "three", "--trust", "trust.cbor"]).ok().object();
    let expected =
        json!([{"component": "micropython", "format": "ihex", "size": source.len(), "digest": source_digest}]);
    assert_eq!(inspected["contents"]["sources"], expected);
    assert_eq!(inspected["contents"]["evidence"], "enclosed");

    place.run(&["extract", "three", "--trust", "trust.cbor", "--out", "taken"]).ok();
    assert!(place.read("taken/components/micropython") == flat, "another reader of Intel HEX gives the same image");
    assert!(place.read("taken/components/opensbi") == read("opensbi-fw_dynamic.bin"));
    assert!(place.read("taken/components/u-boot") == read("u-boot.bin"));

    let three = place.read("three");
    for payload in [flat, read("opensbi-fw_dynamic.bin"), read("u-boot.bin")] {
        let at = position(&payload, &three) + payload.len() / 2;
        place.write("flipped", flipped(&three, at));
        place.verify("flipped", &[]).refused("image.digest-mismatch", 1541);
    }
    println!("real firmware: one release of 3 components, {} bytes", three.len());
    assert!(three.len() > 1_000_000);

    // Without the window there is flash and something far away, and the tool does not choose.
    place.write("release.toml", RELEASE.replace("window = [0x0, 0x40000]\n", ""));
    place.fails_and_changes_nothing(
        &["sign", "--release", "release.toml", "--identity", "id", "--out", "new"],
        "no flat image",
    );
    // And a window that ends within a record is none.
    place.write("release.toml", RELEASE.replace("0x40000", "0x20001"));
    place.fails_and_changes_nothing(
        &["sign", "--release", "release.toml", "--identity", "id", "--out", "new"],
        "no flat image",
    );
}

#[test]
fn quickstart_seals_each_of_them() {
    let Some(firmware) = firmware() else { return };
    let at = |file: &str| firmware.join(file).to_str().expect("UTF-8").to_owned();
    let place = Place::empty();
    for (number, (file, format, more)) in [
        ("u-boot.bin", "raw", &[][..]),
        ("opensbi-fw_dynamic.bin", "raw", &[]),
        ("opensbi-fw_dynamic.elf", "elf", &[]),
        ("micropython.hex", "ihex", &["--window", "0x0..0x40000"]),
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("out{number}");
        let report =
            place.json(&[&["quickstart", "--firmware", &at(file), "--out", &out], more].concat()).ok().object();
        assert_eq!((&report["format"], report["steps"].as_array().map(Vec::len)), (&json!(format), Some(6)), "{file}");
        place.run(&["extract", &format!("{out}/firmware-1.0.0.twinseal"), "--out", &format!("{out}/taken")]).ok();
        let taken = place.read(&format!("{out}/taken/components/firmware"));
        if format == "raw" {
            assert!(taken == fs::read(at(file)).expect("firmware"), "{file}");
        } else {
            assert!(taken.len() > 10_000, "{file}");
        }
    }
    // The flat OpenSBI is made from its ELF, by others.
    assert!(place.read("out1/taken/components/firmware") == place.read("out2/taken/components/firmware"));
    place.run(&["quickstart", "--firmware", &at("micropython.hex"), "--out", "no-window"]).failed("--window");
    println!("real firmware: quickstart with 4 images");
}
