//! Reading while somebody else computes: the next pieces of a file, fetched by a thread of their own.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::pieces::Pieces;

/// The pieces of a file from some place on, in order.
#[derive(Debug)]
pub(super) struct ReadAhead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    spent: SyncSender<Vec<u8>>,
    piece: Vec<u8>,
    /// Where in the file the piece begins.
    start: u64,
}

impl ReadAhead {
    /// Begins to read a file from `start` to `end`; ends there, or when it is dropped.
    pub(super) fn new(file: File, start: u64, end: u64) -> Self {
        let (full, pieces) = sync_channel(DEPTH);
        let (spent, empty) = sync_channel::<Vec<u8>>(DEPTH.saturating_add(2));
        let unread = full.clone();
        let started = thread::Builder::new().spawn(move || {
            let mut pieces = Pieces::new(&file, start, end);
            loop {
                let mut piece = empty.try_recv().unwrap_or_default();
                let read = match pieces.next(&mut piece) {
                    Ok(None) => return,
                    Ok(Some(_)) => Ok(piece),
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                if full.send(read).is_err() || failed {
                    return;
                }
            }
        });
        if let Err(error) = started {
            // Whoever reads learns it; the channel has room.
            let _ = unread.try_send(Err(error));
        }
        Self { pieces, spent, piece: Vec::new(), start }
    }

    /// Whether the bytes at `offset` are the next ones.
    pub(super) fn continues_at(&self, offset: u64) -> bool {
        let end = self.start.saturating_add(u64::try_from(self.piece.len()).unwrap_or(u64::MAX));
        (self.start..=end).contains(&offset)
    }

    /// Fills `buffer` from `offset`, where this continues.
    pub(super) fn fill(&mut self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            let within = usize::try_from(offset.saturating_sub(self.start)).unwrap_or(usize::MAX);
            let there = self.piece.get(within..).unwrap_or_default();
            if there.is_empty() {
                self.advance()?;
                continue;
            }
            let take = there.len().min(buffer.len());
            let (now, later) = buffer.split_at_mut(take);
            now.copy_from_slice(there.get(..take).unwrap_or_default());
            buffer = later;
            offset = offset.saturating_add(u64::try_from(take).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    fn advance(&mut self) -> io::Result<()> {
        let next = self.pieces.recv().map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))??;
        self.start = self.start.saturating_add(u64::try_from(self.piece.len()).unwrap_or(u64::MAX));
        let spent = core::mem::replace(&mut self.piece, next);
        // A reader that has ended needs no buffers.
        let _ = self.spent.try_send(spent);
        Ok(())
    }
}

/// Pieces that are read before they are asked for.
const DEPTH: usize = 4;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;
    use crate::source::PIECE;

    #[test]
    fn pieces_are_what_the_file_holds() {
        let file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..251).cycle().take(3 * PIECE + 17).collect();
        file.write_all_at(&bytes, 0).unwrap();
        let place = |offset: usize| u64::try_from(offset).unwrap();
        let mut ahead = ReadAhead::new(file, 5, place(bytes.len()));
        let mut offset = 5;
        for size in [1, 7, PIECE, 100, PIECE + 3] {
            assert!(ahead.continues_at(place(offset)));
            let mut buffer = vec![0; size];
            ahead.fill(place(offset), &mut buffer).unwrap();
            assert_eq!(buffer, bytes[offset..offset + size]);
            offset += size;
        }
        let mut rest = vec![0; bytes.len() - offset + 1];
        assert_eq!(ahead.fill(place(offset), &mut rest).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
