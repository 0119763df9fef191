//! Deterministic CBOR, written: shortest heads by construction.

use alloc::vec::Vec;

use crate::algorithm::{AlgorithmClass, SealAlgorithm};
use crate::cbor::{ARRAY, BYTES, Key, MAP, NEGATIVE, TAG, TEXT, UINT};
use crate::digest::Digest;

pub(super) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    pub(super) const fn new() -> Self {
        Self { out: Vec::new() }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    fn head(&mut self, major: u8, argument: u64) {
        let initial = major << 5;
        let digits = argument.to_be_bytes();
        let (information, width) = match argument {
            0..=23 => (digits[7], 0),
            24..=0xff => (24, 1),
            0x100..=0xffff => (25, 2),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 8),
        };
        self.out.push(initial | information);
        self.out.extend(digits.iter().skip(digits.len().saturating_sub(width)));
    }

    pub(super) fn uint(&mut self, value: u64) {
        self.head(UINT, value);
    }

    pub(super) fn key(&mut self, key: Key) {
        self.int(key.into());
    }

    pub(super) fn int(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(UINT, value),
            Err(_) => self.head(NEGATIVE, (!value).unsigned_abs()),
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.count(BYTES, bytes.len());
        self.out.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.count(TEXT, text.len());
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(super) fn array(&mut self, items: usize) {
        self.count(ARRAY, items);
    }

    pub(super) fn map(&mut self, entries: usize) {
        self.count(MAP, entries);
    }

    pub(super) fn tag(&mut self, tag: u64) {
        self.head(TAG, tag);
    }

    /// Bytes that are CBOR already.
    pub(super) fn encoded(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn count(&mut self, major: u8, count: usize) {
        // usize is at most 64 bits wide on every target of Rust.
        self.head(major, u64::try_from(count).unwrap_or(u64::MAX));
    }

    pub(super) fn suit_digest(&mut self, digest: &Digest) {
        self.array(2);
        self.int(digest.algorithm().cose());
        self.bytes(digest.as_bytes());
    }

    /// A COSE_Key with its algorithm, as trust stores hold it.
    pub(super) fn cose_key(&mut self, algorithm: SealAlgorithm, key: &[u8]) {
        match algorithm.class() {
            AlgorithmClass::Classical => {
                self.encoded(&[0xa4, 0x01, 0x01, 0x03]);
                self.int(algorithm.cose());
                self.encoded(&[0x20, 0x06, 0x21]);
            }
            AlgorithmClass::PostQuantum => {
                self.encoded(&[0xa3, 0x01, 0x07, 0x03]);
                self.int(algorithm.cose());
                self.encoded(&[0x20]);
            }
        }
        self.bytes(key);
    }
}
