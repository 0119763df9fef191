//! Every small change of a small good bundle, for each algorithm set, with evidence and without, by one identity and by two of three:
//! every truncation, every flipped bit, every byte inserted anywhere and every deleted one, and every pair of flipped bits in the framing. A
//! device accepts what agrees with the good bundle up to the last byte it needs, the end of the last payload, and nothing else; pull and
//! push say the same.
//!
//! With `TWINSEAL_LONG=1` thresholds are tried for every set, and in the heads every pair of bytes with all of their values.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::{env, thread};

use twinseal_formats::{Digest, Envelope, Role, SealAlgorithm};
use twinseal_tests::bundle::Form;
use twinseal_tests::device::MemorySlot;
use twinseal_tests::identity::Identity;
use twinseal_tests::roads::{self, Chunks, code};
use twinseal_tests::trust::{self, Store, StoredAnchor};
use twinseal_tests::world::{POST_QUANTUM, World};
use twinseal_verifier::Verifier;

/// Pull is tried with each change, and push with one in so many of those within an ML-DSA signature and of the inserted bytes: each costs
/// push a verification or a frame more, and between the frame's end and the verdict the two roads share their code. A prime, so that no bit
/// position and no value is left out.
const PUSH_SAMPLE: usize = 61;

/// A good bundle, and everything needed to judge what becomes of it.
struct Good<'a> {
    world: &'a World,
    verifier: Verifier<'a>,
    release_id: Digest,
    bytes: Vec<u8>,
    /// How many bytes a device needs: up to the end of the last payload.
    needed: usize,
    /// Where the ML-DSA signatures lie.
    signatures: Vec<Range<usize>>,
    /// The bytes of the frame that are neither of a signature nor of the manifest.
    framing: Vec<usize>,
    judged: AtomicUsize,
}

impl<'a> Good<'a> {
    fn new(world: &'a World, store: &'a [u8], signers: &[&Identity]) -> Self {
        let bundle = world.release.sealed_by(signers);
        let bytes = bundle.to_bytes(Form::Full);
        let behind = bundle.tail(Form::Full).len() - bundle.tail(Form::Stripped).len();
        let place = |part: &[u8]| {
            let start = bytes.windows(part.len()).position(|window| window == part).expect("it is in there");
            start..start + part.len()
        };
        let all: Vec<_> = bundle.seals.iter().map(|seal| (seal.cose_algorithm, place(&seal.signature))).collect();
        let frame = Envelope::parse(&bytes).expect("a good bundle").size();
        let framing = (0..frame - bundle.manifest.len()).filter(|at| !all.iter().any(|(_, range)| range.contains(at)));
        let framing = framing.collect();
        let classical = SealAlgorithm::Ed25519.cose();
        let signatures =
            all.into_iter().filter(|(algorithm, _)| *algorithm != classical).map(|(_, range)| range).collect();
        Self {
            world,
            verifier: trust::verifier(store).expect("a good store"),
            release_id: bundle.digest,
            needed: bytes.len() - behind,
            bytes,
            signatures,
            framing,
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
        let costs = what == "insertion" || self.signatures.iter().any(|signature| signature.contains(&place));
        if !costs || number.is_multiple_of(PUSH_SAMPLE) {
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

    /// Every byte there is, at every place, in front of the byte there.
    fn insertions(&self) -> usize {
        self.each(self.needed * 256, |number| {
            let (place, inserted) = (number / 256, u8::try_from(number % 256).expect("a byte"));
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

    /// Two bits flipped in the framing, at different places: every pair.
    fn pairs_of_flips(&self) -> usize {
        let places = self.framing.len();
        self.each(places * 8, |first| {
            for second in (first / 8 + 1) * 8..places * 8 {
                let flip = |number: usize| (self.framing[number / 8], 1_u8 << (number % 8));
                self.judge_pair([flip(first), flip(second)]);
            }
        })
    }

    /// Two heads changed, bytes to any other value: every pair of places, every pair of values.
    fn pairs_of_values(&self) -> usize {
        let heads = self.heads();
        self.each(heads.len() * 255, |number| {
            let (first, change) = (number / 255, u8::try_from(number % 255 + 1).expect("a byte"));
            for second in &heads[first + 1..] {
                for other in 1..=255 {
                    self.judge_pair([(heads[first], change), (*second, other)]);
                }
            }
        })
    }

    /// The framing without the values that it frames: digest, anchor ids, types.
    fn heads(&self) -> Vec<usize> {
        let values = |at: &usize| {
            let (digest, anchors) =
                (self.release_id.as_bytes(), self.world.store.anchors.iter().map(|one| &one.id.0[..]));
            let text = twinseal_formats::SealType::Release.text().as_bytes();
            let mut values = anchors.chain([digest, text]);
            values.any(|value| {
                let from = at.saturating_sub(value.len() - 1);
                (from..=*at).any(|start| self.bytes.get(start..start + value.len()) == Some(value))
            })
        };
        self.framing.iter().copied().filter(|at| !values(at)).collect()
    }

    fn judge_pair(&self, changes: [(usize, u8); 2]) {
        let mut changed = self.bytes.clone();
        for (place, change) in changes {
            changed[place] ^= change;
        }
        let pulled = roads::pull(&changed, &self.verifier, &self.world.facts);
        assert!(pulled.is_err(), "{changes:?} of {} was accepted", self.world.post_quantum);
        self.judged.fetch_add(1, Ordering::Relaxed);
    }
}

/// Every change of one good bundle, whose size and what a device needs of it are fixed by the format, the seeds and the sample release.
fn every_change(name: &str, good: &Good<'_>, (length, needed): (usize, usize)) {
    assert_eq!((good.bytes.len(), good.needed), (length, needed), "the bundle as it has always been");
    let counts = [good.truncations(), good.flips(), good.insertions(), good.deletions(), good.extensions()];
    println!(
        "{}, {name}: {length} bytes, {needed} needed; truncations, flips, insertions, deletions, extensions: {counts:?}",
        good.world.post_quantum
    );
    assert_eq!(counts, [length, needed * 8, needed * 256, needed, 256], "none was left out");
}

/// Without evidence and with it.
fn every_change_of(set: usize, lengths: [(usize, usize); 2]) {
    for (evidence, length) in [false, true].into_iter().zip(lengths) {
        let mut world = World::new(POST_QUANTUM[set]);
        if evidence {
            world.release = world.release.with_evidence();
        }
        let store = world.store.encode();
        let good = Good::new(&world, &store, &[&world.signer]);
        every_change(if evidence { "with evidence" } else { "without evidence" }, &good, length);
    }
}

/// Sealed by two of three whom the device knows, all of whom count.
fn every_change_of_a_threshold(set: usize, length: (usize, usize)) {
    let mut world = World::new(POST_QUANTUM[set]);
    let others = [31, 32].map(|seed| Identity::hybrid(world.post_quantum, seed));
    let all = [&world.signer, &others[0], &others[1]];
    let anchors = all.map(|one| StoredAnchor::of(one, Role::Release, "release")).to_vec();
    world.store = Store::of(anchors).demanding(Role::Release, 2);
    let store = world.store.encode();
    let good = Good::new(&world, &store, &all[..2]);
    every_change("two of three", &good, length);
}

fn is_long() -> bool {
    env::var_os("TWINSEAL_LONG").is_some()
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

#[test]
fn every_change_of_a_bundle_by_two_of_three() {
    let lengths = [(5696, 5696), (7525, 7525), (10210, 10210)];
    // The larger sets cost minutes and no other code.
    for (set, length) in lengths.into_iter().enumerate().take(if is_long() { 3 } else { 1 }) {
        every_change_of_a_threshold(set, length);
    }
}

#[test]
fn every_pair_of_changes_in_the_framing() {
    let world = World::new(SealAlgorithm::MlDsa44);
    let store = world.store.encode();
    let good = Good::new(&world, &store, &[&world.signer]);
    let (places, heads) = (good.framing.len(), good.heads().len());
    let flips = good.pairs_of_flips();
    println!("every pair of flipped bits in the {places} bytes of framing: {flips}");
    assert_eq!(flips, places * (places - 1) / 2 * 64, "none was left out");
    assert!(flips > 1_000_000, "more than a million");
    if is_long() {
        let values = good.pairs_of_values();
        println!("every pair of values in the {heads} bytes of heads: {values}");
        assert_eq!(values, heads * (heads - 1) / 2 * 255 * 255, "none was left out");
    }
}
