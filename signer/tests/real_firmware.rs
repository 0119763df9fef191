//! Firmware that nobody here wrote: MicroPython for the micro:bit, OpenSBI, U-Boot. `tests/real-firmware.sh` fetches it.

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

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tool::Place;

/// The directory with the firmware, fetched once for all tests.
fn firmware() -> Option<&'static Path> {
    static FETCHED: OnceLock<Option<PathBuf>> = OnceLock::new();
    FETCHED.get_or_init(fetch).as_deref()
}

/// The directory with the firmware, or nothing if it can not be had: then the test is skipped, or fails where tools are demanded.
fn fetch() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let directory = root.join("target/real-firmware");
    let ran = Command::new("sh").arg(root.join("tests/real-firmware.sh")).arg(&directory).output().expect("sh");
    if ran.status.success() {
        return Some(directory.canonicalize().expect("it was made"));
    }
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(std::env::var_os("TWINSEAL_REQUIRE_TOOLS").is_none(), "real firmware is demanded: {said}");
    println!("skipped: needs apt-get");
    None
}

#[test]
fn one_bundle_with_three_of_them_as_components() {
    let Some(firmware) = firmware() else { return };
    let place = Place::with_release("ml-dsa-65");
    let of = |file: &str| firmware.join(file).to_str().expect("UTF-8").to_owned();
    place.write(
        "three.toml",
        format!(
            "[release]\nvendor = \"acme.example\"\nmodel = \"thermostat\"\nversion = \"1.0.0\"\nsequence-number = 1\n\
             security-version = 3\n\
             [[component]]\nid = \"python\"\npath = {:?}\nformat = \"ihex\"\nwindow = [0x0, 0x40000]\n\
             [[component]]\nid = \"sbi\"\npath = {:?}\n[[component]]\nid = \"u-boot\"\npath = {:?}\n",
            of("micropython.hex"),
            of("opensbi-fw_dynamic.bin"),
            of("u-boot.bin")
        ),
    );
    let signed = place.json(&["sign", "--release", "three.toml", "--identity", "id", "--out", "three"]).ok().object();
    assert_eq!(signed["converted"][0]["component"], "python");
    assert_eq!(signed["converted"][0]["left_out"].as_array().map(Vec::len), Some(1), "the UICR is named as left out");

    place.write(
        "device.toml",
        "vendor = \"acme.example\"\nmodel = \"thermostat\"\ncomponents = [\"u-boot\", \"python\", \"sbi\"]\nrollback-counter = 3\n",
    );
    assert_eq!(place.verify("three", &[]).ok().object()["release"]["components"], 3);
    place.json(&["extract", "three", "--trust", "trust.cbor", "--out", "out"]).ok();
    assert_eq!(place.read("out/components/sbi"), fs::read(of("opensbi-fw_dynamic.bin")).unwrap());
    assert_eq!(place.read("out/components/u-boot"), fs::read(of("u-boot.bin")).unwrap());
    let flat = from_hex(&fs::read_to_string(of("micropython.hex")).unwrap(), 0x40000);
    assert!(flat.len() > 200_000);
    assert_eq!(place.read("out/components/python"), flat);

    let shown = place.json(&["inspect", "three"]).ok().object();
    let source = &shown["contents"]["sources"][0];
    assert_eq!(source["format"], "ihex");
    assert_eq!(source["size"], fs::metadata(of("micropython.hex")).unwrap().len());
    assert_eq!(source["digest"], signed["converted"][0]["source_digest"]);

    let offset = shown["contents"]["components"][2]["offset"].as_u64().expect("enclosed");
    place.write("flipped", tool::flipped(&place.read("three"), usize::try_from(offset).unwrap() + 4711));
    place.verify("flipped", &[]).refused("image.digest-mismatch", 0x0605);
    println!("1 bundle with 3 components of real firmware");
}

#[test]
fn the_main_job_on_each_of_them() {
    let Some(firmware) = firmware() else { return };
    let place = Place::empty();
    let cases: [(&str, &[&str]); 4] = [
        ("micropython.hex", &["--window", "0x0..0x40000"]),
        ("opensbi-fw_dynamic.bin", &[]),
        ("opensbi-fw_dynamic.elf", &[]),
        ("u-boot.bin", &[]),
    ];
    for (file, more) in cases {
        let path = firmware.join(file);
        let arguments = [&["quickstart", "--firmware", path.to_str().unwrap(), "--out", file], more].concat();
        let done = place.json(&arguments).ok().object();
        let exits: Vec<_> = done["steps"].as_array().expect("steps").iter().map(|step| step["exit"].as_i64()).collect();
        assert_eq!(exits, [Some(0), Some(0), Some(0), Some(0), Some(1), Some(0)], "{file}");
    }
    println!("{} real firmware files sealed, accepted, and refused with one bit flipped", cases.len());
}

/// Intel HEX below an address, flat from 0: as simple as it can be, and none of the tool's code.
fn from_hex(text: &str, below: usize) -> Vec<u8> {
    let (mut flat, mut base) = (Vec::new(), 0_usize);
    for line in text.lines() {
        let byte = |at: usize| usize::from_str_radix(&line[1 + 2 * at..3 + 2 * at], 16).unwrap();
        let (count, address, kind) = (byte(0), byte(1) << 8 | byte(2), byte(3));
        match kind {
            0 if base + address < below => {
                flat.resize(flat.len().max(base + address + count), 0xff);
                for at in 0..count {
                    flat[base + address + at] = u8::try_from(byte(4 + at)).unwrap();
                }
            }
            2 => base = (byte(4) << 8 | byte(5)) << 4,
            4 => base = (byte(4) << 8 | byte(5)) << 16,
            _ => {}
        }
    }
    flat
}
