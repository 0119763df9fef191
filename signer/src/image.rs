//! Firmware as build tools deliver it, made into the flat image that goes to flash: raw bytes, Intel HEX or ELF.
//!
//! What a device hashes is a run of bytes, so a file with addresses has to become one, and by a rule that anybody can
//! repeat, for this decides what a seal covers:
//!
//! - The image reaches from the lowest to the highest address that has data. What lies between is filled with
//!   [`FILL`], as erased flash reads. ELF: the file bytes of each `PT_LOAD` segment at its *physical* address (`p_paddr`),
//!   which is where a debugger or QEMU loads it; `.bss` is not part of it. Entry points are dropped: they are not flash.
//! - All fill together is at most [`MAX_FILL`]. More than that is no gap in a program but a second place, such as option
//!   bytes, fuses or UICR far from the flash, and it is refused rather than bridged or forgotten.
//! - For such a file the caller names a *window* of addresses. Only data inside is taken; what is left out is listed in
//!   [`Flat::left_out`] so that it can be shown: no seal covers it and no update will write it. Data that lies across an edge of the
//!   window is refused.
//! - No byte may be set twice, even to the same value, and a window does not excuse it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

mod elf;
mod ihex;
#[cfg(test)]
mod tests;

/// The value of a byte in a gap: what erased NOR flash reads as, so filling costs no programming.
pub const FILL: u8 = 0xFF;

/// The longest source file: 64 MiB. The largest firmware known to use such formats has a few MiB.
pub const MAX_SOURCE: usize = 64 << 20;

/// The longest flat image: 64 MiB.
pub const MAX_IMAGE: u64 = 64 << 20;

/// The most bytes that are filled in all gaps together: 1 MiB.
///
/// Enough for a boot loader at the start of a large microcontroller's flash and its settings page at the end; too little to reach
/// from there to anything that is not the same flash (nRF UICR: 256 MiB away).
pub const MAX_FILL: u64 = 1 << 20;

/// How a firmware file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageFormat {
    /// The image itself, without addresses.
    Raw,
    /// Intel HEX, with 16-bit, segmented and linear addresses.
    Ihex,
    /// ELF, 32 or 64 bits, either byte order, linked.
    Elf,
}

impl ImageFormat {
    /// Every format of the list.
    pub const ALL: [Self; 3] = [Self::Raw, Self::Ihex, Self::Elf];

    /// The name used in release files: `raw`, `ihex`, `elf`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Ihex => "ihex",
            Self::Elf => "elf",
        }
    }

    /// The format of that [`name`](Self::name). A file is never asked what it is: it could answer differently tomorrow.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// A flat image and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flat {
    /// Address of the first byte; 0 for a raw image, which does not know.
    pub base: u64,
    /// The bytes from there on.
    pub bytes: Vec<u8>,
    /// How many of them the source does not hold and [`FILL`] stands for.
    pub filled: u64,
    /// Addresses of the data that the window left out, ascending, neighbours joined.
    pub left_out: Vec<Range<u64>>,
}

/// Where in the source something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A line of an Intel HEX file, from 1.
    Line(usize),
    /// An entry of an ELF file's program header table, from 0 (as `readelf -l` lists them).
    Segment(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Segment(number) => write!(f, "segment {number}"),
        }
    }
}

/// Why a source is not a flat image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlattenError {
    /// The source is longer than [`MAX_SOURCE`].
    SourceTooLong(usize),
    /// A window was named for a raw image, which has no addresses.
    WindowForRaw,
    /// The window holds no address.
    EmptyWindow(Range<u64>),
    /// An Intel HEX record, or an ELF segment, is wrong in itself.
    Bad(Place, String),
    /// The Intel HEX file stops without its end-of-file record: part of it may be missing.
    NoEnd,
    /// It is not a linked ELF file.
    NotElf(String),
    /// Two records or segments set the byte at this address.
    Overlap(u64, Place, Place),
    /// These addresses lie partly inside the window.
    AcrossWindow(Place, Range<u64>),
    /// Gaps sum to more than [`MAX_FILL`]: the sum, and the widest gap.
    TooMuchFill(u64, Range<u64>),
    /// The flat image would be longer than [`MAX_IMAGE`].
    ImageTooLong(u64),
    /// There is no data, or none inside the window.
    NoData,
}

impl fmt::Display for FlattenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SourceTooLong(size) => {
                write!(f, "{size} bytes are more than the {MAX_SOURCE} that a source file may have")
            }
            Self::WindowForRaw => write!(f, "a raw image has no addresses, so a window of addresses means nothing"),
            Self::EmptyWindow(window) => write!(f, "the window {} holds no address", Addresses(window)),
            Self::Bad(place, fault) => write!(f, "{place}: {fault}"),
            Self::NoEnd => write!(f, "there is no end-of-file record (:00000001FF): the file is cut short"),
            Self::NotElf(fault) => write!(f, "not a linked ELF file: {fault}"),
            Self::Overlap(address, first, second) => {
                write!(f, "{first} and {second} both set the byte at {address:#x}")
            }
            Self::AcrossWindow(place, data) => {
                write!(f, "{place}: the data at {} lies across the edge of the window", Addresses(data))
            }
            Self::TooMuchFill(sum, widest) => write!(
                f,
                "{sum} bytes would have to be filled, {MAX_FILL} are allowed; the widest gap is {}: name the window of addresses \
                 to take",
                Addresses(widest)
            ),
            Self::ImageTooLong(size) => write!(f, "the flat image would have {size} bytes, {MAX_IMAGE} are allowed"),
            Self::NoData => write!(f, "there is no data to take"),
        }
    }
}

impl core::error::Error for FlattenError {}

/// A range as people read it: `0x0..0x3b88c`.
struct Addresses<'a>(&'a Range<u64>);

impl fmt::Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}..{:#x}", self.0.start, self.0.end)
    }
}

/// Makes the flat image of a source file, by the rule at the top of this module.
///
/// # Errors
/// What is wrong with the source, or with the window for it; see [`FlattenError`].
///
/// # Example
/// The flash of an nRF51 without its UICR: `flatten(ImageFormat::Ihex, &hex, Some(0..0x4_0000))`.
pub fn flatten(format: ImageFormat, source: &[u8], window: Option<Range<u64>>) -> Result<Flat, FlattenError> {
    if source.len() > MAX_SOURCE {
        return Err(FlattenError::SourceTooLong(source.len()));
    }
    if let Some(window) = window.as_ref().filter(|window| window.is_empty()) {
        return Err(FlattenError::EmptyWindow(window.clone()));
    }
    match format {
        ImageFormat::Raw if window.is_some() => Err(FlattenError::WindowForRaw),
        ImageFormat::Raw if source.is_empty() => Err(FlattenError::NoData),
        ImageFormat::Raw => Ok(Flat { base: 0, bytes: source.to_vec(), filled: 0, left_out: Vec::new() }),
        ImageFormat::Ihex => {
            let (data, pieces) = ihex::read(source)?;
            lay_out(&data, pieces, window)
        }
        ImageFormat::Elf => lay_out(source, elf::read(source)?, window),
    }
}

/// Data that belongs at an address: a part of some buffer.
struct Piece {
    at: Range<u64>,
    from: Range<usize>,
    place: Place,
}

/// Puts the pieces, none of them empty, where they belong.
fn lay_out(buffer: &[u8], mut pieces: Vec<Piece>, window: Option<Range<u64>>) -> Result<Flat, FlattenError> {
    pieces.sort_by_key(|piece| piece.at.start);
    // Once sorted, the first overlap there is must be one of neighbours.
    for (first, second) in pieces.iter().zip(pieces.iter().skip(1)) {
        if second.at.start < first.at.end {
            return Err(FlattenError::Overlap(second.at.start, first.place, second.place));
        }
    }
    let mut left_out = Vec::new();
    if let Some(window) = window {
        let mut inside = Vec::new();
        for piece in pieces {
            if window.contains(&piece.at.start) && piece.at.end <= window.end {
                inside.push(piece);
            } else if piece.at.end <= window.start || piece.at.start >= window.end {
                join(&mut left_out, piece.at);
            } else {
                return Err(FlattenError::AcrossWindow(piece.place, piece.at));
            }
        }
        pieces = inside;
    }
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
        return Err(FlattenError::NoData);
    };
    let whole = first.at.start..last.at.end;
    let filled = check_fill(&pieces)?;
    // Both checks come before the first byte is copied: several ELF segments may name the same bytes of a file.
    let size = length(&whole);
    if size > MAX_IMAGE {
        return Err(FlattenError::ImageTooLong(size));
    }
    let mut bytes = Vec::new();
    let mut end = whole.start;
    for piece in &pieces {
        // Neither can fail, since the pieces ascend and were checked when they were read; if it did, no image would come out.
        let gap = usize::try_from(length(&(end..piece.at.start))).map_err(|_| FlattenError::ImageTooLong(size))?;
        let data = buffer.get(piece.from.clone()).ok_or(FlattenError::NoData)?;
        bytes.resize(bytes.len().saturating_add(gap), FILL);
        bytes.extend_from_slice(data);
        end = piece.at.end;
    }
    Ok(Flat { base: whole.start, bytes, filled, left_out })
}

/// The sum of all gaps between pieces in order.
fn check_fill(pieces: &[Piece]) -> Result<u64, FlattenError> {
    let mut sum = 0u64;
    let mut widest = 0..0;
    for (before, after) in pieces.iter().zip(pieces.iter().skip(1)) {
        let gap = before.at.end..after.at.start;
        sum = sum.saturating_add(length(&gap));
        if length(&gap) > length(&widest) {
            widest = gap;
        }
    }
    if sum > MAX_FILL { Err(FlattenError::TooMuchFill(sum, widest)) } else { Ok(sum) }
}

/// Adds a range behind the others, or to the last one if it follows on.
fn join(ranges: &mut Vec<Range<u64>>, next: Range<u64>) {
    match ranges.last_mut() {
        Some(last) if last.end == next.start => last.end = next.end,
        _ => ranges.push(next),
    }
}

const fn length(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}
