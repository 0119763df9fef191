//! A stretch of a file, piece by piece, with its holes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::PIECE;

/// Reads from one place of a file to another in pieces of [`PIECE`] bytes.
///
/// Holes of sparse files are not read: the file system says that they are zeros, and asking it for gigabytes of them would only fill memory.
#[derive(Debug)]
pub(crate) struct Pieces<'f> {
    file: &'f File,
    position: u64,
    end: u64,
    /// No data lies between the position and this place.
    next_data: u64,
}

/// What a piece is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Bytes that were read.
    Data,
    /// Zeros that lie nowhere.
    Hole,
}

impl<'f> Pieces<'f> {
    pub(crate) const fn new(file: &'f File, start: u64, end: u64) -> Self {
        Self { file, position: start, end, next_data: 0 }
    }

    /// Fills `buffer` with the next piece; `None` at the end.
    pub(crate) fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Piece>> {
        let left = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(PIECE);
        let take = left.min(PIECE);
        if take == 0 {
            return Ok(None);
        }
        buffer.resize(take, 0);
        let piece_end = self.position.saturating_add(u64::try_from(take).unwrap_or(u64::MAX));
        if self.next_data < piece_end {
            self.next_data = next_data(self.file, self.position, self.end)?;
        }
        let piece = if self.next_data >= piece_end {
            buffer.fill(0);
            Piece::Hole
        } else {
            self.file.read_exact_at(buffer, self.position)?;
            Piece::Data
        };
        self.position = piece_end;
        Ok(Some(piece))
    }
}

/// Where the next data lies, from `position` on: `end` if there is none, `position` if the system can not tell.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn next_data(file: &File, position: u64, end: u64) -> io::Result<u64> {
    use rustix::fs::{SeekFrom, seek};
    use rustix::io::Errno;

    match seek(file, SeekFrom::Data(position)) {
        Ok(data) => Ok(data),
        // Nothing but a hole up to the end of the file, if the file reaches as far as it did.
        Err(Errno::NXIO) if file.metadata()?.len() >= end => Ok(end),
        Err(_) => Ok(position),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn next_data(_: &File, position: u64, _: u64) -> io::Result<u64> {
    Ok(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparse_file_reads_as_it_would_byte_by_byte() {
        let file = tempfile::tempfile().unwrap();
        let size = u64::try_from(5 * PIECE + 100).unwrap();
        file.write_all_at(&[7; 10], u64::try_from(2 * PIECE + 9).unwrap()).unwrap();
        file.set_len(size).unwrap();
        let mut plain = vec![0; usize::try_from(size).unwrap()];
        file.read_exact_at(&mut plain, 0).unwrap();

        let (mut read, mut buffer, mut data) = (Vec::new(), vec![9; 3], 0);
        let mut pieces = Pieces::new(&file, 3, size);
        while let Some(piece) = pieces.next(&mut buffer).unwrap() {
            read.extend_from_slice(&buffer);
            data += usize::from(piece == Piece::Data);
        }
        assert_eq!(read, plain[3..]);
        // How much is a hole is the file system's to say, but not all of it can be.
        assert!((1..=6).contains(&data), "{data}");
    }

    #[test]
    fn a_file_that_is_too_short_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(10).unwrap();
        let mut pieces = Pieces::new(&file, 0, 11);
        assert_eq!(pieces.next(&mut Vec::new()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
