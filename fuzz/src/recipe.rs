//! Reads a fuzzer's bytes as a recipe. Bytes that are not there are zero: every input is a recipe, and a short one is a small one.

/// What is left of the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Recipe<'a>(&'a [u8]);

impl<'a> Recipe<'a> {
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    pub(crate) fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// At most so many bytes.
    pub(crate) fn bytes(&mut self, size: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(size.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Bytes with their number in front.
    pub(crate) fn string(&mut self) -> &'a [u8] {
        let size = self.byte();
        self.bytes(size.into())
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Changes bytes in place, as often as the recipe says: at a place, so many are taken out and others put in.
    pub(crate) fn splice(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.below(4) {
            let at = usize::from(self.word()) % (bytes.len() + 1);
            let end = (at + self.below(9)).min(bytes.len());
            let size = self.below(9);
            bytes.splice(at..end, self.bytes(size).iter().copied());
        }
    }
}
