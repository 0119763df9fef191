//! A flash in memory that takes whatever is written: what lies in it is the fuzzer's affair.

use twinseal_installer::embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// Units of 4 bytes to write, 256 to erase.
#[derive(Debug)]
pub(crate) struct Flash<'a>(pub(crate) &'a mut [u8]);

impl Flash<'_> {
    fn range(&mut self, from: u32, size: usize) -> Result<&mut [u8], NorFlashErrorKind> {
        let from = from as usize;
        let end = from.checked_add(size).ok_or(NorFlashErrorKind::OutOfBounds)?;
        self.0.get_mut(from..end).ok_or(NorFlashErrorKind::OutOfBounds)
    }
}

impl ErrorType for Flash<'_> {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        bytes.copy_from_slice(self.range(offset, bytes.len())?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Flash<'_> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 256;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        assert!(from.is_multiple_of(256) && to.is_multiple_of(256), "whole units are erased");
        self.range(from, to.checked_sub(from).ok_or(NorFlashErrorKind::OutOfBounds)? as usize)?.fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        assert!(offset.is_multiple_of(4) && bytes.len().is_multiple_of(4), "whole units are written");
        let place = self.range(offset, bytes.len())?;
        assert!(place.iter().all(|byte| *byte == 0xff), "only what was erased is written");
        place.copy_from_slice(bytes);
        Ok(())
    }
}
