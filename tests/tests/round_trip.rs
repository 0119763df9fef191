//! One value has one encoding, and one encoding has one value: parse(encode(x)) = x for arbitrary x, and encode(parse(b)) = b for
//! every b that a reader accepts. For the second, good encodings are changed at random; whatever of it a reader still accepts must be
//! exactly what the writer writes. So no two byte strings mean the same, and nothing can hide in an encoding.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test ends where something is not as it must be"
)]
#![allow(clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "round_trip/envelope.rs"]
mod envelope;
#[path = "round_trip/evidence.rs"]
mod evidence;
#[path = "round_trip/manifest.rs"]
mod manifest;
#[path = "round_trip/names.rs"]
mod names;
#[path = "round_trip/trust.rs"]
mod trust;

use core::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use twinseal_formats::{Digest, DigestAlgorithm};

/// Arbitrary values of each kind, and changed encodings of each value.
const CASES: u32 = 500;
const MUTANTS: usize = 32;

/// Runs both properties over values of one kind.
///
/// `encode` writes a value, asserts that reading gives the value back, and returns the bytes. `rewrite` reads bytes and writes what it
/// read; `None` if the reader refuses them.
fn round_trip<S: Strategy>(
    kind: &str,
    values: S,
    encode: impl Fn(&S::Value) -> Vec<u8>,
    rewrite: impl Fn(&S::Value, &[u8]) -> Option<Vec<u8>>,
) {
    let (tried, accepted, values_seen) = (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    // The same cases in every run: a failure is one that everybody has.
    let config = Config {
        cases: CASES,
        rng_seed: RngSeed::Fixed(0x7477_696e_7365_616c),
        failure_persistence: None,
        ..Config::default()
    };
    let strategy = (values, vec(vec(any::<Mutation>(), 1..4), MUTANTS));
    let result = TestRunner::new(config).run(&strategy, |(value, mutants)| {
        let bytes = encode(&value);
        let again = rewrite(&value, &bytes);
        prop_assert_eq!(again.as_ref(), Some(&bytes));
        values_seen.set(values_seen.get() + 1);
        for mutations in mutants {
            let mutant = mutations.iter().fold(bytes.clone(), |bytes, mutation| mutation.apply(bytes));
            if mutant == bytes {
                continue;
            }
            tried.set(tried.get() + 1);
            if let Some(again) = rewrite(&value, &mutant) {
                accepted.set(accepted.get() + 1);
                prop_assert_eq!(again, mutant);
            }
        }
        Ok(())
    });
    let (tried, accepted) = (tried.get(), accepted.get());
    println!(
        "round trip, {kind}: {} values; {tried} changed encodings, {accepted} of them accepted",
        values_seen.get()
    );
    if let Err(error) = result {
        panic!("{kind}: {error}");
    }
    assert_eq!(values_seen.get(), CASES);
    // A change inside a digest or a number can be accepted, one of a head can not: both must have occurred to have shown anything.
    assert!(accepted > 0 && accepted < tried, "{kind}: {accepted} of {tried}");
}

/// A change to an encoding; places are taken modulo its length.
#[derive(Clone, Debug)]
enum Mutation {
    /// One bit the other way.
    Flip(usize, u8),
    /// Another byte in a place.
    Replace(usize, u8),
    /// A byte more.
    Insert(usize, u8),
    /// A byte taken for a head, its argument in the next longer form: the same value, not in its shortest encoding.
    Widen(usize),
    /// Some bytes fewer.
    Delete(usize, usize),
    /// Some bytes copied to another place, in front of what is there or over it.
    Splice { from: usize, length: usize, to: usize, over: bool },
}

impl Arbitrary for Mutation {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        // Half of the places lie in the first 200 bytes, where heads, keys and numbers are: elsewhere there is mostly key and signature.
        let place = || prop_oneof![0..200_usize, any::<usize>()];
        prop_oneof![
            4 => (place(), 0..8_u8).prop_map(|(at, bit)| Self::Flip(at, bit)),
            2 => (place(), any::<u8>()).prop_map(|(at, byte)| Self::Replace(at, byte)),
            1 => (place(), any::<u8>()).prop_map(|(at, byte)| Self::Insert(at, byte)),
            1 => place().prop_map(Self::Widen),
            1 => (place(), 1..40_usize).prop_map(|(at, length)| Self::Delete(at, length)),
            1 => (place(), 1..80_usize, place(), any::<bool>())
                .prop_map(|(from, length, to, over)| Self::Splice { from, length, to, over }),
        ]
        .boxed()
    }
}

impl Mutation {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let size = bytes.len();
        if size == 0 {
            return bytes;
        }
        let end = |at: usize, length: usize| (at + length).min(size);
        match *self {
            Self::Flip(at, bit) => bytes[at % size] ^= 1 << bit,
            Self::Replace(at, byte) => bytes[at % size] = byte,
            Self::Insert(at, byte) => bytes.insert(at % (size + 1), byte),
            Self::Widen(at) => {
                let head = bytes[at % size];
                let longer = match head & 0x1f {
                    value @ 0..=23 => vec![head & 0xe0 | 24, value],
                    24 => vec![head + 1, 0],
                    25 => vec![head + 1, 0, 0],
                    _ => vec![head],
                };
                drop(bytes.splice(at % size..=at % size, longer));
            }
            Self::Delete(at, length) => drop(bytes.drain(at % size..end(at % size, length))),
            Self::Splice { from, length, to, over } => {
                let (from, to) = (from % size, to % size);
                let part = bytes[from..end(from, length)].to_vec();
                let replaced = if over { to..end(to, part.len()) } else { to..to };
                drop(bytes.splice(replaced, part));
            }
        }
        bytes
    }
}

fn names() -> impl Strategy<Value = String> {
    "[a-z0-9][a-z0-9._-]{0,31}"
}

fn digest_algorithms() -> impl Strategy<Value = DigestAlgorithm> {
    prop::sample::select(&DigestAlgorithm::ALL[..])
}

/// A digest value of an algorithm, out of enough bytes for any.
fn digest(algorithm: DigestAlgorithm, bytes: &[u8; 64]) -> Digest {
    Digest::new(algorithm, &bytes[..algorithm.size()]).unwrap()
}

fn digests() -> impl Strategy<Value = Digest> {
    (digest_algorithms(), any::<[u8; 64]>()).prop_map(|(algorithm, bytes)| digest(algorithm, &bytes))
}

/// Many bytes out of few: keys and signatures, in which there is nothing to shrink.
fn expand(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    core::iter::repeat_with(next).take(size).collect()
}
