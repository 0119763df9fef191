//! Records of a file of the host: a kind, a length, and so many bytes, in which pieces follow each other with their lengths in front.
#![cfg_attr(feature = "vectors", allow(dead_code, reason = "vectors have no lists"))]

use crate::board::File;

/// Reads the next record into `memory`; `None` at the end of the file.
pub(crate) fn next<'a>(file: &mut File, memory: &'a mut [u8]) -> Option<Record<'a>> {
    let mut kind = [0];
    file.read(&mut kind)?;
    let [kind] = kind;
    if kind == 0 {
        return None;
    }
    let mut size = [0; 4];
    file.read(&mut size)?;
    let mut left = usize::try_from(u32::from_le_bytes(size)).ok()?;
    if left <= memory.len() {
        let bytes = memory.get_mut(..left)?;
        file.read(bytes)?;
        return Some(Record { kind, contents: Some(Pieces(bytes)) });
    }
    // Too much for this board: it is passed over, and said to be.
    while left > 0 {
        let piece = left.min(memory.len());
        file.read(memory.get_mut(..piece)?)?;
        left = left.saturating_sub(piece);
    }
    Some(Record { kind, contents: None })
}

/// A record.
pub(crate) struct Record<'a> {
    pub(crate) kind: u8,
    /// Nothing if there is not enough memory for it.
    pub(crate) contents: Option<Pieces<'a>>,
}

/// What is still to be taken of a record.
#[derive(Clone, Copy)]
pub(crate) struct Pieces<'a>(pub(crate) &'a [u8]);

impl<'a> Pieces<'a> {
    pub(crate) fn bytes(&mut self, size: usize) -> Option<&'a [u8]> {
        let (piece, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(piece)
    }

    pub(crate) fn array<const SIZE: usize>(&mut self) -> Option<&'a [u8; SIZE]> {
        let (piece, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(piece)
    }

    pub(crate) fn number(&mut self) -> Option<u32> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// A piece with its length in front.
    pub(crate) fn piece(&mut self) -> Option<&'a [u8]> {
        let size = usize::try_from(self.number()?).ok()?;
        self.bytes(size)
    }

    /// So many pieces as a number in front says: into the front of `places`, which must be enough.
    pub(crate) fn list<'p, T>(&mut self, places: &'p mut [T], read: impl Fn(&'a [u8]) -> Option<T>) -> Option<&'p [T]> {
        let places = places.get_mut(..usize::try_from(self.number()?).ok()?)?;
        for place in places.iter_mut() {
            *place = read(self.piece()?)?;
        }
        Some(places)
    }
}
