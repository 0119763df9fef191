//! Every small change of a small good bundle, for each algorithm set, with evidence and without: every truncation, every flipped bit,
//! every inserted and every deleted byte. A device accepts what agrees with the good bundle up to the last byte it needs, the end of
//! the last payload, and nothing else; pull and push say the same.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use twinseal_formats::Digest;
use twinseal_tests::bundle::Form;
use twinseal_tests::device::MemorySlot;
use twinseal_tests::roads::{self, Chunks, code};
use twinseal_tests::trust;
use twinseal_tests::world::{POST_QUANTUM, World};
use twinseal_verifier::Verifier;

/// Of the changes within an ML-DSA signature, pull is tried with each and push with one in so many: each costs push a verification
/// more, and between the frame's end and the verdict the two roads share their code. A prime, so that no bit position is left out.
const PUSH_SAMPLE: usize = 61;

/// A good bundle, and everything needed to judge what becomes of it.
struct Good<'a> {
    world: &'a World,
    verifier: Verifier<'a>,
    release_id: Digest,
    bytes: Vec<u8>,
    /// How many bytes a device needs: up to the end of the last payload.
    needed: usize,
    /// Where the ML-DSA signature lies.
    signature: Range<usize>,
    judged: AtomicUsize,
}

impl<'a> Good<'a> {
    fn new(world: &'a World, store: &'a [u8]) -> Self {
        let mut bundle = world.bundle();
        let bytes = bundle.to_bytes(Form::Full);
        let behind = bundle.tail(Form::Full).len() - bundle.tail(Form::Stripped).len();
        let signature = bundle.seal_mut(&world.signer, world.post_quantum).signature.clone();
        let start = bytes.windows(signature.len()).position(|window| window == signature).expect("it is in there");
        Self {
            world,
            verifier: trust::verifier(store).expect("a good store"),
            release_id: bundle.digest,
            needed: bytes.len() - behind,
            bytes,
            signature: start..start + signature.len(),
            judged: AtomicUsize::new(0),
        }
    }

    /// Judges changed bytes: accepted exactly if a device can not see the change.
    fn judge(&self, changed: &[u8], place: usize, number: usize, what: &str) {
        let pulled = roads::pull(changed, &self.verifier, &self.world.facts);
        let unseen = changed.get(..self.needed) == Some(&self.bytes[..self.needed]);
        if unseen {
            assert_eq!(pulled, Ok(self.release_id), "{what} at {place} of {}", self.world.post_quantum);
        } else {
            assert!(pulled.is_err(), "{what} at {place} of {} was accepted", self.world.post_quantum);
        }
        if !self.signature.contains(&place) || number.is_multiple_of(PUSH_SAMPLE) {
            let mut slot = MemorySlot::inactive(self.world.facts.components.len());
            let pushed = roads::push(changed, Chunks::Of(64), &self.verifier, &self.world.facts, &mut slot);
            assert_eq!(code(&pushed), code(&pulled), "{what} at {place} of {}", self.world.post_quantum);
        }
        self.judged.fetch_add(1, Ordering::Relaxed);
    }

    /// Does something for every number of a range, on every core; returns how many judgements that made.
    fn each(&self, numbers: usize, work: impl Fn(usize) + Sync) -> usize {
        let before = self.judged.load(Ordering::Relaxed);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for first in 0..threads {
                let work = &work;
                scope.spawn(move || (first..numbers).step_by(threads).for_each(work));
            }
        });
        self.judged.load(Ordering::Relaxed) - before
    }

    fn truncations(&self) -> usize {
        self.each(self.bytes.len(), |size| self.judge(&self.bytes[..size], size, size, "truncation"))
    }

    fn flips(&self) -> usize {
        self.each(self.needed * 8, |number| {
            let mut changed = self.bytes.clone();
            changed[number / 8] ^= 1 << (number % 8);
            self.judge(&changed, number / 8, number, "flip");
        })
    }

    /// At every place, in front of the byte there: zero, all ones, that byte again, and its opposite.
    fn insertions(&self) -> usize {
        self.each(self.needed * 4, |number| {
            let place = number / 4;
            let there = self.bytes[place];
            let inserted = [0, 0xff, there, !there][number % 4];
            let mut changed = self.bytes.clone();
            changed.insert(place, inserted);
            self.judge(&changed, place, number, "insertion");
        })
    }

    fn deletions(&self) -> usize {
        self.each(self.needed, |place| {
            let mut changed = self.bytes.clone();
            changed.remove(place);
            self.judge(&changed, place, place, "deletion");
        })
    }

    /// One byte behind the end, each there is: nothing that a device would see.
    fn extensions(&self) -> usize {
        self.each(256, |value| {
            let last = u8::try_from(value).expect("a byte");
            self.judge(&[&self.bytes[..], &[last]].concat(), self.bytes.len(), value, "extension");
        })
    }
}

/// The sizes of the bundle and of what a device needs of it: fixed by the format, the seeds and the sample release. `lengths` are
/// without evidence and with it.
fn every_change_of(set: usize, lengths: [(usize, usize); 2]) {
    for (evidence, (length, needed)) in [false, true].into_iter().zip(lengths) {
        let mut world = World::new(POST_QUANTUM[set]);
        if evidence {
            world.release = world.release.with_evidence();
        }
        let store = world.store.encode();
        let good = Good::new(&world, &store);
        assert_eq!((good.bytes.len(), good.needed), (length, needed), "the bundle as it has always been");

        let counts = [good.truncations(), good.flips(), good.insertions(), good.deletions(), good.extensions()];
        println!(
            "{}, evidence: {evidence}: {length} bytes, {needed} needed; truncations, flips, insertions, deletions, \
                  extensions: {counts:?}",
            world.post_quantum
        );
        assert_eq!(counts, [length, needed * 8, needed * 4, needed, 256], "none was left out");
    }
}

#[test]
fn every_change_of_a_bundle_with_ml_dsa_44() {
    every_change_of(0, [(3043, 3043), (3296, 3080)]);
}

#[test]
fn every_change_of_a_bundle_with_ml_dsa_65() {
    every_change_of(1, [(3983, 3983), (4284, 4036)]);
}

#[test]
fn every_change_of_a_bundle_with_ml_dsa_87() {
    every_change_of(2, [(5350, 5350), (5699, 5419)]);
}
