//! A NOR flash in memory of the board that nothing else uses, and that is not counted: its driver costs as little as can be, so that what uses it shows.

use core::slice;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// Some units of that memory. Units are those of `nor.rs`: 8 bytes to write, 4096 to erase.
#[derive(Debug)]
pub(crate) struct Ram {
    bytes: &'static mut [u8],
}

impl Ram {
    /// The units from there on.
    ///
    /// # Safety
    /// No two that are alive share a byte.
    pub(crate) unsafe fn at(start: usize, size: usize) -> Self {
        let base = core::ptr::with_exposed_provenance_mut::<u8>(BASE.wrapping_add(start));
        // SAFETY: the board has 16 MiB there, which the linker gives to nobody; the caller says that this part of it is nobody else's.
        Self { bytes: unsafe { slice::from_raw_parts_mut(base, size) } }
    }

    fn range(&mut self, offset: u32, size: usize, unit: usize) -> Result<&mut [u8], NorFlashErrorKind> {
        let start = usize::try_from(offset).map_err(|_| NorFlashErrorKind::OutOfBounds)?;
        if !start.is_multiple_of(unit) || !size.is_multiple_of(unit) {
            return Err(NorFlashErrorKind::NotAligned);
        }
        let end = start.checked_add(size).ok_or(NorFlashErrorKind::OutOfBounds)?;
        self.bytes.get_mut(start..end).ok_or(NorFlashErrorKind::OutOfBounds)
    }
}

impl ErrorType for Ram {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Ram {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let size = bytes.len();
        bytes.copy_from_slice(self.range(offset, size, 1)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Ram {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let size = to.checked_sub(from).and_then(|size| usize::try_from(size).ok());
        self.range(from, size.ok_or(NorFlashErrorKind::OutOfBounds)?, Self::ERASE_SIZE)?.fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.range(offset, bytes.len(), Self::WRITE_SIZE)?.copy_from_slice(bytes);
        Ok(())
    }
}

/// The memory outside of the processor on an MPS2.
const BASE: usize = 0x2100_0000;
