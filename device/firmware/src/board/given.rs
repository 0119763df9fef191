//! What `twinseal-device` made for the image, in sections of its own.

/// Aligned as the words of a table have to be.
#[repr(C, align(8))]
pub(crate) struct Aligned<T>(pub(crate) T);

impl<const SIZE: usize> Aligned<[u8; SIZE]> {
    /// The bytes, read where they lie: an optimiser that saw them would decide at compile time.
    pub(crate) fn bytes(&self) -> &[u8] {
        core::hint::black_box(&self.0)
    }

    /// The same as words.
    #[allow(dead_code, reason = "not every image has a table of words")]
    pub(crate) fn words(&self) -> &[u32] {
        // SAFETY: every word is a value; what would not be aligned lies in front or behind, and nothing does.
        unsafe { self.bytes().align_to().1 }
    }
}

include!(concat!(env!("OUT_DIR"), "/given.rs"));
