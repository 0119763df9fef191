//! Memory that is lent. It lies in `.bss`, where its size can be read from the image: what a caller brings, apart from the stack.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

/// Bytes, all 0, aligned for words.
#[repr(C, align(8))]
pub(crate) struct Buffer<const SIZE: usize> {
    bytes: UnsafeCell<[u8; SIZE]>,
    lent: AtomicBool,
}

// SAFETY: `with` lends the bytes to one at a time, and there is one thread.
unsafe impl<const SIZE: usize> Sync for Buffer<SIZE> {}

#[allow(dead_code, reason = "not every image needs one")]
impl<const SIZE: usize> Buffer<SIZE> {
    pub(crate) const fn new() -> Self {
        Self { bytes: UnsafeCell::new([0; SIZE]), lent: AtomicBool::new(false) }
    }

    /// Lends the bytes for the time of a call; to who calls within that time, none.
    pub(crate) fn with<T>(&'static self, use_them: impl FnOnce(&mut [u8]) -> T) -> T {
        // Load and store, because there is one thread and not every processor here can swap.
        if self.lent.load(Ordering::Relaxed) {
            return use_them(&mut []);
        }
        self.lent.store(true, Ordering::Relaxed);
        // SAFETY: `lent` was false, so there is no other reference; this one ends before it is false again.
        let value = use_them(unsafe { &mut *self.bytes.get() });
        self.lent.store(false, Ordering::Relaxed);
        value
    }

    /// The same as words; bytes that fill none are left out.
    pub(crate) fn with_words<T>(&'static self, use_them: impl FnOnce(&mut [u32]) -> T) -> T {
        self.with(|bytes| {
            // SAFETY: every word is a value, and `u32` has no padding; what is not aligned lies in front or behind.
            let (_, words, _) = unsafe { bytes.align_to_mut() };
            use_them(words)
        })
    }
}
