//! Every small change of a small good bundle is refused by the tool's own decision, which reads on to the end of the file: all
//! truncations, all one-byte extensions, all single-bit flips, for each parameter set, with evidence.

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

use core::sync::atomic::{AtomicUsize, Ordering};
use std::fs;
use std::path::Path;

use tool::{Place, SETS};
use twinseal::bundle::Bundle;
use twinseal::device::DeviceFile;
use twinseal::judge::{Purpose, judge};
use twinseal::store;
use twinseal::trouble::Trouble;

const SMALL: &str = r#"
[release]
vendor = "acme.example"
model = "thermostat"
version = "1.4.0"
sequence-number = 42
security-version = 3

[[component]]
id = "app"
path = "app.bin"

[[component]]
id = "radio"
path = "radio.bin"

[[evidence]]
name = "notes.txt"
path = "notes.txt"
media-type = "text/plain"
"#;

/// A change of the good bundle.
#[derive(Clone, Copy)]
enum Change {
    Cut(usize),
    Add(u8),
    Flip(usize),
}

impl Change {
    fn of(self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        match self {
            Self::Cut(length) => bytes.truncate(length),
            Self::Add(byte) => bytes.push(byte),
            Self::Flip(bit) => bytes[bit / 8] ^= 1 << (bit % 8),
        }
        bytes
    }
}

/// Whether the tool's decision about these bytes is yes.
fn accepted(bytes: &[u8], file: &Path, verifier: &twinseal_verifier::Verifier<'_>, device: &DeviceFile) -> bool {
    fs::write(file, bytes).expect("a file is written");
    let bundle = Bundle::open(file).expect("the file is there");
    let nowhere = file.with_extension("payloads");
    device.with(|device| match judge(&bundle, verifier, device, Purpose::Install, &nowhere) {
        Ok(_) => true,
        Err(Trouble::Refused(_)) => false,
        Err(Trouble::Failed(failure)) => panic!("a changed bundle is examined, not failed at: {failure}"),
    })
}

#[test]
fn every_small_change_is_refused() {
    let mut total = 0;
    for set in SETS {
        let place = Place::with_release(set);
        for (file, bytes) in [("app.bin", &b"sixteen bytes ok"[..]), ("radio.bin", b"9"), ("notes.txt", b"note")] {
            place.write(file, bytes);
        }
        place.write("small.toml", SMALL);
        place.sign("small.toml", "small").ok();
        let good = place.read("small");
        let trust = place.read("trust.cbor");
        let verifier = store::open(&trust).expect("a trust store");
        let device = DeviceFile::load(&place.at("device.toml")).expect("a device file");
        assert!(accepted(&good, &place.at("file"), &verifier, &device), "the good bundle itself");

        let cuts = (0..good.len()).map(Change::Cut);
        let adds = (0..=u8::MAX).map(Change::Add);
        let flips = (0..good.len() * 8).map(Change::Flip);
        let changes: Vec<Change> = cuts.chain(adds).chain(flips).collect();
        let next = AtomicUsize::new(0);
        let tried: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    let (changes, next, good, verifier, device) = (&changes, &next, &good, &verifier, &device);
                    let file = place.at(&format!("changed-{thread}"));
                    scope.spawn(move || {
                        let mut tried = 0;
                        while let Some(change) = changes.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let bytes = change.of(good);
                            assert!(!accepted(&bytes, &file, verifier, device), "accepted: {}", describe(*change));
                            tried += 1;
                        }
                        tried
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no change is accepted, and none panics")).sum()
        });
        println!("{set}: {} bytes; {tried} changes refused", good.len());
        assert_eq!(tried, good.len() + 256 + good.len() * 8);
        total += tried;
    }
    println!("{total} changes refused, 0 accepted");
}

fn describe(change: Change) -> String {
    match change {
        Change::Cut(length) => format!("the first {length} bytes"),
        Change::Add(byte) => format!("{byte:#04x} behind the end"),
        Change::Flip(bit) => format!("bit {bit} flipped"),
    }
}
