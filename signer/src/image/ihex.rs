//! Intel HEX, read strictly.
//!
//! The crate decodes a record; what a sequence of records means is here. Start addresses (types 3 and 5) are accepted
//! and dropped. Blank lines and both line ends are accepted; anything behind the end-of-file record is not.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ihex::{ReaderError, Record};

use super::{FlattenError, Piece, Place};

/// The data of all records, one after the other, and where each belongs.
pub(super) fn read(source: &[u8]) -> Result<(Vec<u8>, Vec<Piece>), FlattenError> {
    let mut data = Vec::new();
    let mut pieces = Vec::new();
    // What the last address record says is added to the 16 bits of each data record.
    let mut base = 0u64;
    let mut ended = false;
    for (line, number) in source.split(|&byte| byte == b'\n').zip(1..) {
        let place = Place::Line(number);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if ended {
            return Err(FlattenError::Bad(place, "there is more after the end-of-file record".to_string()));
        }
        let line = str::from_utf8(line).map_err(|_| FlattenError::Bad(place, "not text".to_string()))?;
        match Record::from_record_string(line).map_err(|error| FlattenError::Bad(place, explain(error)))? {
            Record::Data { value, .. } if value.is_empty() => {}
            Record::Data { offset, value } => {
                let start = base.saturating_add(offset.into());
                // Cannot be cut: a record has at most 255 bytes.
                let size = u64::try_from(value.len()).unwrap_or(u64::MAX);
                // At the end of its 64 KiB a record wraps around to their start in segmented addressing and goes on
                // straight in linear addressing, and tools disagree. No linker writes one.
                if u64::from(offset).saturating_add(size) > 0x1_0000 {
                    return Err(FlattenError::Bad(place, "the record crosses a 64 KiB boundary".to_string()));
                }
                let from = data.len();
                data.extend_from_slice(&value);
                pieces.push(Piece { at: start..start.saturating_add(size), from: from..data.len(), place });
            }
            Record::ExtendedSegmentAddress(paragraph) => base = u64::from(paragraph) << 4,
            Record::ExtendedLinearAddress(high) => base = u64::from(high) << 16,
            Record::StartSegmentAddress { .. } | Record::StartLinearAddress(_) => {}
            Record::EndOfFile => ended = true,
        }
    }
    if ended { Ok((data, pieces)) } else { Err(FlattenError::NoEnd) }
}

/// The crate's own text says of a wrong checksum the opposite of what it means.
fn explain(error: ReaderError) -> String {
    match error {
        ReaderError::ChecksumMismatch(computed, found) => {
            format!("the checksum is {found:02X}, the record's bytes give {computed:02X}")
        }
        other => other.to_string(),
    }
}
