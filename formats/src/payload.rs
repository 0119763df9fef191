//! Where payloads and evidence lie in an envelope: fixed by the manifest alone, so that no length in the envelope steers anything.

use crate::component::payload_name;
use crate::error::{Fault, ParseError, Stage};

/// The head of an entry in the envelope: its key and the byte string's head, as they must be (F-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryHead {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl EntryHead {
    /// The longest head: an 8-byte key and a 9-byte string head.
    pub const MAX: usize = 17;

    /// Bytes of the key: a text string of seven characters.
    const KEY: usize = 8;

    /// The head of a component's payload of that many bytes.
    #[must_use]
    pub fn payload(index: u8, size: u64) -> Self {
        Self::new(payload_name(index), size)
    }

    /// The head of an entry of that name and size.
    #[must_use]
    pub fn new(name: [u8; 7], size: u64) -> Self {
        let mut bytes = [0; Self::MAX];
        let mut len: usize = 0;
        let (head, head_len) = byte_string_head(size);
        let key = [0x67].into_iter().chain(name);
        for (to, from) in bytes.iter_mut().zip(key.chain(head.into_iter().take(head_len))) {
            *to = from;
            len = len.saturating_add(1);
        }
        Self { bytes, len }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Compares what stands in the envelope with the head, from the head's first byte on.
    ///
    /// # Errors
    /// As [`compare_from`](Self::compare_from); [`Fault::Truncated`] if nothing differs and `found` is too short.
    pub fn compare(&self, found: &[u8]) -> Result<(), ParseError> {
        self.compare_from(0, found)?;
        if found.len() < self.len { Err(Self::fault(Fault::Truncated, found.len())) } else { Ok(()) }
    }

    /// Compares what stands in the envelope with the head from its byte `from` on, as far as both reach.
    ///
    /// # Errors
    /// [`Fault::PayloadName`] or [`Fault::PayloadSize`] by the first byte that differs. Offsets count from the head's first byte.
    pub fn compare_from(&self, from: usize, found: &[u8]) -> Result<(), ParseError> {
        for ((offset, expected), found) in self.as_bytes().iter().enumerate().skip(from).zip(found) {
            if expected != found {
                let fault = if offset < Self::KEY { Fault::PayloadName } else { Fault::PayloadSize };
                return Err(Self::fault(fault, offset));
            }
        }
        Ok(())
    }

    fn fault(fault: Fault, offset: usize) -> ParseError {
        ParseError::new(Stage::Frame, fault, u32::try_from(offset).unwrap_or(u32::MAX))
    }
}

/// The shortest head of a byte string, and its length.
fn byte_string_head(size: u64) -> ([u8; 9], usize) {
    let mut head = [0; 9];
    let (initial, width) = match size {
        0..=23 => (0x40 | size.to_be_bytes()[7], 0),
        24..=0xff => (0x58, 1),
        0x100..=0xffff => (0x59, 2),
        0x1_0000..=0xffff_ffff => (0x5a, 4),
        _ => (0x5b, 8),
    };
    head[0] = initial;
    let digits = size.to_be_bytes();
    let significant = digits.into_iter().skip(digits.len().saturating_sub(width));
    for (to, from) in head.iter_mut().skip(1).zip(significant) {
        *to = from;
    }
    (head, width.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_shortest() {
        let sizes: [(u64, &[u8]); 7] = [
            (1, &[0x41]),
            (23, &[0x57]),
            (24, &[0x58, 24]),
            (256, &[0x59, 1, 0]),
            (0x7fff_ffff, &[0x5a, 0x7f, 0xff, 0xff, 0xff]),
            (0xffff_ffff, &[0x5a, 0xff, 0xff, 0xff, 0xff]),
            (0x1_0000_0000, &[0x5b, 0, 0, 0, 1, 0, 0, 0, 0]),
        ];
        for (size, head) in sizes {
            let entry = EntryHead::payload(3, size);
            assert_eq!(&entry.as_bytes()[..8], b"\x67c03.bin");
            assert_eq!(&entry.as_bytes()[8..], head);
        }
    }

    #[test]
    fn the_first_difference_names_the_fault() {
        let head = EntryHead::payload(0, 300);
        assert_eq!(head.compare(head.as_bytes()), Ok(()));
        assert_eq!(head.compare(b"\x67c01.bin\x59\x01\x2c").unwrap_err().fault, Fault::PayloadName);
        assert_eq!(head.compare(b"\x67c00.bin\x59\x01\x2d").unwrap_err().fault, Fault::PayloadSize);
        assert_eq!(head.compare(b"\x67c00.bin\x59").unwrap_err().fault, Fault::Truncated);
        assert_eq!(head.compare(b"\x67e").unwrap_err().fault, Fault::PayloadName);
    }
}
