//! The link: the device says a line, and reads what the other end sends. It asks for bytes, so that either may stop and go on at any place.
//!
//! It is simulated: lines are what the debugger prints, and what comes is the input of QEMU. Reading waits.

use crate::board::{File, exit};

/// What comes in.
pub(super) struct Link(File);

impl Link {
    pub(super) fn open() -> Option<Self> {
        File::open(c"/dev/stdin").map(Self)
    }

    /// What the other end wants done.
    pub(super) fn command(&mut self) -> u8 {
        say!(">");
        self.byte()
    }

    /// Asks for bytes of what is being sent, at most as many as fit the buffer. Fewer come at its end.
    pub(super) fn ask<'b>(&mut self, position: u64, buffer: &'b mut [u8]) -> &'b [u8] {
        let wanted = buffer.len().min(usize::from(u8::MAX));
        say!("? {position} {wanted}");
        let come = usize::from(self.byte()).min(wanted);
        let (bytes, _) = buffer.split_at_mut(come);
        self.fill(bytes);
        bytes
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.fill(&mut byte);
        let [byte] = byte;
        byte
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        if self.0.read(bytes).is_none() {
            // Nobody is there any more.
            exit(1);
        }
    }
}

/// Sizes of chunks, one after the other, as no transport would cut them on purpose.
pub(super) struct Chunks(usize);

impl Chunks {
    pub(super) const fn new() -> Self {
        Self(0)
    }

    pub(super) fn next(&mut self) -> usize {
        let size = SIZES.get(self.0 % SIZES.len()).copied().unwrap_or(1);
        self.0 = self.0.wrapping_add(1);
        size
    }
}

const SIZES: [usize; 6] = [1, 251, 64, 7, 193, 97];
