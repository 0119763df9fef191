//! Components of a release, read out of the manifest's fixed command sequences (F-11 to F-16).

use crate::cbor::{Reader, Result};
use crate::digest::Digest;
use crate::error::{Breach, Fault};
use crate::id;

/// One component of a release: what its image must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component<'a> {
    pub(crate) index: u8,
    pub(crate) id: &'a [u8],
    pub(crate) size: u64,
    pub(crate) digest: Digest,
}

impl<'a> Component<'a> {
    /// Its place among the release's components: 0 to 15.
    #[must_use]
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// Its id: 1 to 32 of `a-z 0-9 . _ -`.
    #[must_use]
    pub const fn id(&self) -> &'a str {
        id::text(self.id)
    }

    /// The same as bytes.
    #[must_use]
    pub const fn id_bytes(&self) -> &'a [u8] {
        self.id
    }

    /// The image's size in bytes, never 0.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The image's digest.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// Reads a component id: an array of one byte string (F-11, F-12).
pub(crate) fn read_id<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8]> {
    reader.array(1, 1, Fault::UnexpectedType)?;
    let start = reader.offset();
    let bytes = reader.bytes()?;
    if id::is_name(bytes) { Ok(bytes) } else { Err(Breach::new(Fault::Name, start)) }
}

/// What the shared sequence says of one component.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) vendor: &'a [u8; 16],
    pub(crate) class: &'a [u8; 16],
    pub(crate) digest: Digest,
    pub(crate) size: u64,
}

/// Reads one component's part of the shared sequence (F-13).
pub(crate) fn read_shared<'a>(reader: &mut Reader<'a>, index: u8) -> Result<Shared<'a>> {
    reader.literal(&[SET_COMPONENT_INDEX, index, OVERRIDE_PARAMETERS, 0xa4, VENDOR_ID], Fault::SharedSequence)?;
    let vendor = reader.bytes_array(Fault::SharedSequence)?;
    reader.literal(&[CLASS_ID], Fault::SharedSequence)?;
    let class = reader.bytes_array(Fault::SharedSequence)?;
    reader.literal(&[IMAGE_DIGEST], Fault::SharedSequence)?;
    let mut nested = reader.nested()?;
    let digest = Digest::read(&mut nested)?;
    nested.end()?;
    reader.literal(&[IMAGE_SIZE], Fault::SharedSequence)?;
    let start = reader.offset();
    let size = reader.uint()?;
    if size == 0 {
        return Err(Breach::new(Fault::ImageSize, start));
    }
    reader.literal(&SHARED_CONDITIONS, Fault::SharedSequence)?;
    Ok(Shared { vendor, class, digest, size })
}

/// One component's part of the validate sequence: select it, match its image (F-14).
pub(crate) const fn validate_sequence(index: u8) -> [u8; 4] {
    [SET_COMPONENT_INDEX, index, IMAGE_MATCH, REPORT_ALL]
}

/// One component's part of the install sequence: select it, fetch its payload by relative reference, match its image (F-15).
pub(crate) const fn install_sequence(index: u8) -> [u8; 17] {
    let [c, tens, ones, dot, b, i, n] = payload_name(index);
    let [fetch, fetch_report] = FETCH_COMMAND;
    [
        SET_COMPONENT_INDEX,
        index,
        OVERRIDE_PARAMETERS,
        0xa1,
        URI,
        0x67,
        c,
        tens,
        ones,
        dot,
        b,
        i,
        n,
        fetch,
        fetch_report,
        IMAGE_MATCH,
        REPORT_ALL,
    ]
}

/// The name a component's payload has in the envelope or beside it: `c00.bin` to `c15.bin` (F-6).
#[must_use]
pub const fn payload_name(index: u8) -> [u8; 7] {
    entry_name(b'c', index)
}

/// The name of an evidence entry: `e00.bin` is the index, `e01.bin` to `e32.bin` the files (F-7).
#[must_use]
pub const fn evidence_name(number: u8) -> [u8; 7] {
    entry_name(b'e', number)
}

const fn entry_name(kind: u8, number: u8) -> [u8; 7] {
    let tens = (number / 10) % 10;
    let ones = number % 10;
    [kind, b'0'.saturating_add(tens), b'0'.saturating_add(ones), b'.', b'b', b'i', b'n']
}

/// Items of the command sequences for one component.
pub(crate) const SHARED_ITEMS: usize = 8;
pub(crate) const VALIDATE_ITEMS: usize = 4;
pub(crate) const INSTALL_ITEMS: usize = 8;

// Commands and parameters (draft-ietf-suit-manifest-37, section 12).
const VENDOR_ID: u8 = 1;
const CLASS_ID: u8 = 2;
const IMAGE_DIGEST: u8 = 3;
const IMAGE_SIZE: u8 = 14;
const URI: u8 = 21;
pub(crate) const IMAGE_MATCH: u8 = 3;
const SET_COMPONENT_INDEX: u8 = 12;
const OVERRIDE_PARAMETERS: u8 = 20;
/// Send a record on success and on failure, with system information: what the SUIT examples say on conditions.
const REPORT_ALL: u8 = 15;
/// Condition vendor identifier, condition class identifier.
pub(crate) const SHARED_CONDITIONS: [u8; 4] = [1, REPORT_ALL, 2, REPORT_ALL];
/// Directive fetch; a record on failure.
const FETCH_COMMAND: [u8; 2] = [21, 2];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_their_numbers() {
        assert_eq!(&payload_name(0), b"c00.bin");
        assert_eq!(&payload_name(15), b"c15.bin");
        assert_eq!(&evidence_name(32), b"e32.bin");
        assert!(payload_name(15) < evidence_name(0));
    }
}
