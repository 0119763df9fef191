//! Where a device keeps images and bundles: what it implements for the verifier. The verifier itself does no I/O.

use core::fmt::Debug;

/// Storage could not do what was asked. What exactly is the device's to know and to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "devices must be able to say it")]
pub struct StorageFault;

/// Images, each reachable by its component's place in the device's list: what is read is what is proven.
///
/// Nothing read from here is trusted. Reads may be repeated and must be of the storage itself, never of a copy made while receiving.
pub trait Storage {
    /// How much lies, or can lie, under a component; `None` if nothing does.
    ///
    /// # Errors
    /// [`StorageFault`] if it could not be found out.
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault>;

    /// Fills `buffer` from the image's bytes at `offset`. Called only within the extent.
    ///
    /// # Errors
    /// [`StorageFault`] if not every byte could be read.
    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault>;
}

/// How much there is under a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an extent is known, or it is a bound")]
pub enum Extent {
    /// Exactly so many bytes, as of a file: an image of another size is refused.
    Exactly(u64),
    /// Room for so many bytes, as in flash: an image that does not fit is refused.
    Room(u64),
}

/// An inactive slot: storage that images can be received into.
pub trait Slot: Storage {
    /// Makes the slot unbootable and ready to be written, whatever it held. Called once, before the first write.
    ///
    /// # Errors
    /// [`StorageFault`]: nothing is written then.
    fn invalidate(&mut self) -> Result<(), StorageFault>;

    /// Writes bytes of an image. Called in order: components ascending, offsets without gaps.
    ///
    /// # Errors
    /// [`StorageFault`]: the reception ends then; the slot stays invalid.
    fn write(&mut self, component: u8, offset: u64, bytes: &[u8]) -> Result<(), StorageFault>;

    /// Called once behind the last byte of each image: whatever is still buffered must be in the storage when it returns.
    ///
    /// # Errors
    /// [`StorageFault`]: the reception ends then; the slot stays invalid.
    fn flush(&mut self, component: u8) -> Result<(), StorageFault>;
}

/// A whole bundle lying somewhere a device can read at any place: a file, external flash.
pub trait Source {
    /// Its size in bytes.
    ///
    /// # Errors
    /// [`StorageFault`] if it could not be found out.
    fn size(&mut self) -> Result<u64, StorageFault>;

    /// Fills `buffer` from the bundle's bytes at `offset`. Called only within the size.
    ///
    /// # Errors
    /// [`StorageFault`] if not every byte could be read.
    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault>;
}

/// What a step that takes storage gives back when it refuses: the reason, and the storage, so that nothing is lost.
#[derive(Debug)]
pub struct Refused<S> {
    error: crate::Error,
    storage: S,
}

impl<S> Refused<S> {
    pub(crate) const fn new(error: crate::Error, storage: S) -> Self {
        Self { error, storage }
    }

    /// Why.
    #[must_use]
    pub const fn error(&self) -> crate::Error {
        self.error
    }

    /// The storage.
    #[must_use]
    pub fn into_storage(self) -> S {
        self.storage
    }
}
