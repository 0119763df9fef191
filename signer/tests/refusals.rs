//! Every change of one bit, every truncation and every extension by one byte of a small good bundle, through the host's whole decision: the
//! device's code, and then evidence and the end of the file. In one process, for the number of cases; the tool is this function.

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
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::thread;

use tool::{DEVICE, Place, RELEASE, SETS, bytes};
use twinseal::bundle::Bundle;
use twinseal::device::DeviceFile;
use twinseal::judge::{Purpose, judge};
use twinseal::store;
use twinseal::trouble::Trouble;
use twinseal_verifier::{Error, Verifier};

/// A bundle of one 16-byte component and one evidence file, its trust store and its device.
struct Small {
    bundle: Vec<u8>,
    store: Vec<u8>,
    device: DeviceFile,
}

impl Small {
    fn new(set: &str) -> Self {
        let place = Place::with_release(set);
        let head = RELEASE.split("[[component]]").next().expect("a head");
        let rest = "[[component]]\nid = \"app\"\npath = \"app.bin\"\n[[evidence]]\nname = \"n\"\npath = \"notes.txt\"\nmedia-type = \"a/b\"\n";
        place.write("release.toml", format!("{head}{rest}"));
        place.write("device.toml", DEVICE.replace(r#"["app", "radio"]"#, r#"["app"]"#));
        place.write("app.bin", bytes(16));
        place.write("notes.txt", bytes(24));
        place.sign("release.toml", "good").ok();
        place.verify("good", &[]).ok();
        let device = DeviceFile::load(&place.at("device.toml")).expect("a device file");
        Self { bundle: place.read("good"), store: place.read("trust.cbor"), device }
    }

    /// Judges each changed bundle for installing; returns how often each error was named. None may pass, and none may fail to be judged.
    fn refused(
        &self,
        what: &str,
        count: usize,
        change: impl Fn(usize, &mut Vec<u8>) + Sync,
    ) -> BTreeMap<String, usize> {
        let verifier = store::open(&self.store).expect("a trust store");
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let judge_some = |first: usize| {
            let mut named = BTreeMap::new();
            let file = tempfile::tempfile().expect("a file");
            let mut changed = Vec::new();
            for case in (first..count).step_by(threads) {
                changed.clone_from(&self.bundle);
                change(case, &mut changed);
                assert!(changed != self.bundle, "{what} {case} changes nothing");
                let Err(error) = self.judge(&verifier, &file, &changed) else { panic!("{what} {case} was accepted") };
                let stage = format!("{}.{}", error.stage().name(), error.name());
                *named.entry(stage).or_insert(0) += 1;
            }
            named
        };
        thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || judge_some(first))).collect();
            let mut all = BTreeMap::new();
            for named in running.into_iter().map(|thread| thread.join().expect("no panic")) {
                for (name, times) in named {
                    *all.entry(name).or_insert(0) += times;
                }
            }
            all
        })
    }

    fn judge(&self, verifier: &Verifier<'_>, file: &File, bytes: &[u8]) -> Result<(), Error> {
        file.write_all_at(bytes, 0).expect("written");
        file.set_len(bytes.len().try_into().expect("64 bits")).expect("set");
        let bundle = Bundle::from_file(file.try_clone().expect("a handle"), Path::new("changed")).expect("a file");
        let judged =
            self.device.with(|device| judge(&bundle, verifier, device, Purpose::Install, Path::new("/nonexistent")));
        Trouble::finding(judged).expect("it could be read").map(drop)
    }
}

/// All stages that a host goes through for these bundles must have had something to refuse: none is there for nothing.
fn all_stages(named: &BTreeMap<String, usize>, stages: &[&str]) {
    for stage in stages {
        assert!(named.keys().any(|name| name.starts_with(stage)), "nothing was refused as {stage}: {named:?}");
    }
}

fn total(named: &BTreeMap<String, usize>) -> usize {
    named.values().sum()
}

/// Flips every bit.
fn flips(small: &Small, set: &str) {
    let count = small.bundle.len() * 8;
    let named = small.refused("the flip", count, |case, bytes| bytes[case / 8] ^= 1 << (case % 8));
    println!("{set}: {} of {count} flipped bits refused: {named:?}", total(&named));
    assert_eq!(total(&named), count);
    all_stages(
        &named,
        &[
            "frame.",
            "authenticate.classical-",
            "authenticate.post-quantum-",
            "authenticate.digest-",
            "image.",
            "evidence.",
        ],
    );
}

#[test]
fn every_flipped_bit_is_refused() {
    for set in SETS {
        flips(&Small::new(set), set);
    }
}

#[test]
fn every_truncation_is_refused() {
    for set in SETS {
        let small = Small::new(set);
        let count = small.bundle.len();
        let named = small.refused("the length", count, |case, bytes| bytes.truncate(case));
        println!("{set}: {} truncations refused: {named:?}", total(&named));
        assert_eq!(total(&named), count);
        assert!(named.keys().all(|name| name.ends_with(".truncated")), "{named:?}");
        all_stages(&named, &["frame.", "image.", "evidence."]);
    }
}

#[test]
fn every_extension_by_one_byte_is_refused() {
    for set in SETS {
        let small = Small::new(set);
        let named = small.refused("the extension", 256, |case, bytes| bytes.push(u8::try_from(case).expect("a byte")));
        println!("{set}: {} extensions refused: {named:?}", total(&named));
        assert_eq!(named, BTreeMap::from([("frame.trailing-bytes".to_owned(), 256)]));
    }
}

#[test]
fn every_byte_put_in_or_taken_out_is_refused() {
    let small = Small::new("ml-dsa-44");
    let length = small.bundle.len();
    // Another value than its neighbour has: the same one put in beside it is the same change twice.
    let named = small.refused("the byte put in at", length, |at, bytes| bytes.insert(at, bytes[at] ^ 0x55));
    assert_eq!(total(&named), length);
    let taken = small.refused("the byte taken out at", length, |at, bytes| {
        bytes.remove(at);
    });
    println!("ml-dsa-44: {} bytes put in and {} taken out, all refused", total(&named), total(&taken));
    assert_eq!(total(&taken), length);
}

#[test]
fn what_is_changed_here_is_accepted_as_it_was() {
    for set in SETS {
        let small = Small::new(set);
        let verifier = store::open(&small.store).expect("a trust store");
        let file = tempfile::tempfile().expect("a file");
        assert_eq!(small.judge(&verifier, &file, &small.bundle), Ok(()), "{set}");
        assert!(small.judge(&verifier, &file, &small.bundle[1..]).is_err(), "{set}");
        assert_eq!(small.judge(&verifier, &file, &small.bundle), Ok(()), "{set}");
    }
}
