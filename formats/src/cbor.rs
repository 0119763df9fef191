//! A strict cursor over deterministic CBOR (RFC 8949 section 4.2.1): the only reader of the workspace's own formats.
//!
//! It accepts one encoding for each value: shortest integers and lengths, definite lengths only. What a map may hold is fixed by
//! the profile, so maps are read key by key in the one order they can have.

use crate::error::{Breach, Fault};

pub(crate) type Result<T> = core::result::Result<T, Breach>;

/// A map key of the profile.
pub(crate) type Key = i16;

/// A cursor. What it refuses carries the offset from the start of the whole object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Offset of the end of `rest` within the whole object.
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, end: bytes.len() }
    }

    pub(crate) const fn offset(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    /// What has not been read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn fault(&self, fault: Fault) -> Breach {
        Breach::new(fault, self.offset())
    }

    /// Ends the reading: anything left is a fault.
    pub(crate) fn end(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.fault(Fault::TrailingBytes)) }
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8]> {
        if let Some((taken, rest)) = self.rest.split_at_checked(size) {
            self.rest = rest;
            Ok(taken)
        } else {
            Err(Breach::new(Fault::Truncated, self.end))
        }
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// Major type and argument of the next item.
    fn head(&mut self) -> Result<(u8, u64)> {
        let start = self.offset();
        let [initial] = self.take_array()?;
        let (argument, least) = match initial & 0x1f {
            value @ 0..=23 => (u64::from(value), 0),
            24 => (u64::from(u8::from_be_bytes(self.take_array()?)), 24),
            25 => (u64::from(u16::from_be_bytes(self.take_array()?)), 0x100),
            26 => (u64::from(u32::from_be_bytes(self.take_array()?)), 0x1_0000),
            27 => (u64::from_be_bytes(self.take_array()?), 0x1_0000_0000),
            _ => return Err(Breach::new(Fault::NotDefinite, start)),
        };
        if argument < least {
            return Err(Breach::new(Fault::NotShortest, start));
        }
        Ok((initial >> 5, argument))
    }

    fn typed(&mut self, major: u8) -> Result<u64> {
        let start = self.offset();
        match self.head()? {
            (found, argument) if found == major => Ok(argument),
            _ => Err(Breach::new(Fault::UnexpectedType, start)),
        }
    }

    pub(crate) fn uint(&mut self) -> Result<u64> {
        self.typed(UINT)
    }

    /// An unsigned integer of at most 32 bits.
    pub(crate) fn uint32(&mut self) -> Result<u32> {
        let start = self.offset();
        u32::try_from(self.uint()?).map_err(|_| Breach::new(Fault::OutOfRange, start))
    }

    /// An integer of either sign.
    pub(crate) fn int(&mut self) -> Result<i64> {
        let start = self.offset();
        let (major, argument) = self.head()?;
        let magnitude = i64::try_from(argument).map_err(|_| Breach::new(Fault::OutOfRange, start))?;
        match major {
            UINT => Ok(magnitude),
            NEGATIVE => Ok(!magnitude),
            _ => Err(Breach::new(Fault::UnexpectedType, start)),
        }
    }

    fn string(&mut self, major: u8) -> Result<&'a [u8]> {
        let size = self.typed(major)?;
        // A length beyond the address space is beyond the bytes at hand as well.
        self.take(usize::try_from(size).unwrap_or(usize::MAX))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8]> {
        self.string(BYTES)
    }

    /// A byte string of `least` to `most` bytes. Its head alone decides: one that is too long is refused before its bytes are there, so
    /// that whoever reads all of it and whoever collects it piece by piece say the same.
    pub(crate) fn bytes_within(&mut self, least: usize, most: usize, fault: Fault) -> Result<&'a [u8]> {
        let size = self.count(BYTES, least, most, fault)?;
        self.take(size)
    }

    /// A byte string of exactly `N` bytes.
    pub(crate) fn bytes_array<const N: usize>(&mut self, fault: Fault) -> Result<&'a [u8; N]> {
        let start = self.offset();
        self.bytes()?.try_into().map_err(|_| Breach::new(fault, start))
    }

    /// A text string that is as it must be. All text of the profile is ASCII, and is handed on as bytes: what a device does with it needs no more.
    pub(crate) fn text(&mut self, fault: Fault, good: impl FnOnce(&[u8]) -> bool) -> Result<&'a [u8]> {
        let start = self.offset();
        let text = self.string(TEXT)?;
        if good(text) { Ok(text) } else { Err(Breach::new(fault, start)) }
    }

    /// A cursor over the contents of a byte string that holds CBOR; its offsets go on from here.
    pub(crate) fn nested(&mut self) -> Result<Self> {
        let contents = self.bytes()?;
        Ok(self.within(contents))
    }

    /// The same, if it has at most so many bytes.
    pub(crate) fn nested_within(&mut self, most: usize, fault: Fault) -> Result<Self> {
        let contents = self.bytes_within(0, most, fault)?;
        Ok(self.within(contents))
    }

    /// A cursor over what was just read.
    const fn within(&self, contents: &'a [u8]) -> Self {
        Self { rest: contents, end: self.offset() }
    }

    /// An array's number of items, which lies between `least` and `most`.
    pub(crate) fn array(&mut self, least: usize, most: usize, fault: Fault) -> Result<usize> {
        self.count(ARRAY, least, most, fault)
    }

    /// A map's number of entries, which lies between `least` and `most`.
    pub(crate) fn map(&mut self, least: usize, most: usize, fault: Fault) -> Result<usize> {
        self.count(MAP, least, most, fault)
    }

    /// A head's count of items, entries or bytes, which lies between `least` and `most`.
    fn count(&mut self, major: u8, least: usize, most: usize, fault: Fault) -> Result<usize> {
        let start = self.offset();
        let count = self.typed(major)?;
        usize::try_from(count)
            .ok()
            .filter(|count| (least..=most).contains(count))
            .ok_or_else(|| Breach::new(fault, start))
    }

    /// The key `expected`, which stands after `previous` in the profile's order.
    pub(crate) fn key(&mut self, previous: Option<Key>, expected: Key) -> Result<()> {
        let start = self.offset();
        let found = self.int()?;
        if found == i64::from(expected) {
            return Ok(());
        }
        let disordered = previous.is_some_and(|previous| canonical_order(found) <= canonical_order(previous.into()));
        Err(Breach::new(if disordered { Fault::KeyOrder } else { Fault::UnexpectedKey }, start))
    }

    /// Exactly these bytes.
    pub(crate) fn literal(&mut self, expected: &[u8], fault: Fault) -> Result<()> {
        if let Some(rest) = self.rest.strip_prefix(expected) {
            self.rest = rest;
            Ok(())
        } else if expected.starts_with(self.rest) {
            self.take(expected.len()).map(|_| ())
        } else {
            Err(self.fault(fault))
        }
    }
}

/// A key by which integers sort as their deterministic encodings do.
pub(crate) const fn canonical_order(number: i64) -> (bool, i64) {
    if number < 0 { (true, !number) } else { (false, number) }
}

pub(crate) const UINT: u8 = 0;
pub(crate) const NEGATIVE: u8 = 1;
pub(crate) const BYTES: u8 = 2;
pub(crate) const TEXT: u8 = 3;
pub(crate) const ARRAY: u8 = 4;
pub(crate) const MAP: u8 = 5;
#[cfg(feature = "alloc")]
pub(crate) const TAG: u8 = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Stage;

    fn fault<T: core::fmt::Debug>(read: Result<T>) -> Fault {
        read.unwrap_err().in_stage(Stage::Frame).fault
    }

    fn reader(bytes: &[u8]) -> Reader<'_> {
        Reader::new(bytes)
    }

    #[test]
    fn each_integer_has_one_encoding() {
        let good: [(&[u8], u64); 8] = [
            (&[0x00], 0),
            (&[0x17], 23),
            (&[0x18, 24], 24),
            (&[0x18, 255], 255),
            (&[0x19, 1, 0], 256),
            (&[0x1a, 0, 1, 0, 0], 65536),
            (&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0], 1 << 32),
            (&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255], u64::MAX),
        ];
        for (bytes, value) in good {
            assert_eq!(reader(bytes).uint(), Ok(value));
        }
        let long: [&[u8]; 4] =
            [&[0x18, 23], &[0x19, 0, 255], &[0x1a, 0, 0, 255, 255], &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255]];
        for bytes in long {
            assert_eq!(fault(reader(bytes).uint()), Fault::NotShortest);
        }
    }

    #[test]
    fn reserved_and_indefinite_heads_are_refused() {
        for initial in [0x1c, 0x1d, 0x1e, 0x1f, 0x5f, 0x7f, 0x9f, 0xbf, 0xff] {
            let bytes = [initial, 0, 0];
            assert_eq!(fault(reader(&bytes).head()), Fault::NotDefinite, "{initial:#x}");
        }
    }

    #[test]
    fn lengths_beyond_the_bytes_at_hand_are_truncation() {
        for bytes in
            [&[0x41][..], &[0x5a, 0xff, 0xff, 0xff, 0xff, 0], &[0x5b, 255, 255, 255, 255, 255, 255, 255, 255, 1]]
        {
            assert_eq!(fault(reader(bytes).bytes()), Fault::Truncated);
        }
    }

    #[test]
    fn negative_integers_are_read_and_bounded() {
        assert_eq!(reader(&[0x20]).int(), Ok(-1));
        assert_eq!(reader(&[0x38, 48]).int(), Ok(-49));
        assert_eq!(reader(&[0x39, 1, 0]).int(), Ok(-257));
        assert_eq!(fault(reader(&[0x3b, 255, 255, 255, 255, 255, 255, 255, 255]).int()), Fault::OutOfRange);
        assert_eq!(fault(reader(&[0x41, 0]).int()), Fault::UnexpectedType);
    }

    #[test]
    fn keys_report_order_apart_from_strangers() {
        assert_eq!(reader(&[3]).key(Some(2), 3), Ok(()));
        assert_eq!(fault(reader(&[2]).key(Some(2), 3)), Fault::KeyOrder);
        assert_eq!(fault(reader(&[1]).key(Some(2), 3)), Fault::KeyOrder);
        assert_eq!(fault(reader(&[4]).key(Some(2), 3)), Fault::UnexpectedKey);
        assert_eq!(fault(reader(&[5]).key(Some(-1), -2)), Fault::KeyOrder);
        assert_eq!(fault(reader(&[0x22]).key(Some(-1), -2)), Fault::UnexpectedKey);
    }

    #[test]
    fn literals_tell_truncation_from_difference() {
        assert_eq!(fault(reader(&[1, 2]).literal(&[1, 2, 3], Fault::Form)), Fault::Truncated);
        assert_eq!(fault(reader(&[1, 3]).literal(&[1, 2, 3], Fault::Form)), Fault::Form);
        assert_eq!(reader(&[1, 2, 3, 4]).literal(&[1, 2, 3], Fault::Form), Ok(()));
    }

    #[test]
    fn integers_sort_as_their_encodings_do() {
        let sorted = [0, 1, 23, 24, 255, 256, i64::MAX, -1, -2, -24, -25, -256, -257, i64::MIN];
        assert!(sorted.is_sorted_by(|one, next| canonical_order(*one) < canonical_order(*next)));
    }
}
