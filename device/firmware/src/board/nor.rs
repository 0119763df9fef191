//! A NOR flash, simulated in the memory of the board that QEMU keeps in a file of the host: what it holds outlives QEMU, as flash outlives power.
//!
//! It has the rules of such flash: code runs where it lies; erasing makes whole units all ones; writing takes whole units that are erased, each
//! once. And its power can be cut: a word behind it counts operations down, and the one that is cut is done by half.

use twinseal_installer::embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

use super::{exit, print};

/// Where it lies in the processor's memory.
pub(crate) const BASE: u32 = 0x2100_0000;

/// How large it is.
const SIZE: usize = 1 << 20;

/// Behind it: in how many operations from now the power is cut; 0 for never. It stands for the hand at the plug.
const PLUG: u32 = BASE + (1 << 20);

/// The flash. It is one; whoever names it may use it, one after the other.
#[derive(Debug)]
pub(crate) struct Nor;

/// The flash could not do it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NorFault(NorFlashErrorKind);

impl NorFlashError for NorFault {
    fn kind(&self) -> NorFlashErrorKind {
        self.0
    }
}

impl Nor {
    /// The cell at an offset, which the caller has seen to be in the flash.
    fn cell(offset: usize) -> *mut u8 {
        let base = usize::try_from(BASE).unwrap_or(0);
        core::ptr::with_exposed_provenance_mut(base.wrapping_add(offset))
    }

    fn load(offset: usize) -> u8 {
        // SAFETY: within the flash, which no reference of Rust points into.
        unsafe { Self::cell(offset).read_volatile() }
    }

    fn store(offset: usize, byte: u8) {
        // SAFETY: as in `load`.
        unsafe { Self::cell(offset).write_volatile(byte) }
    }

    /// Sees that a range is in the flash and on whole units.
    fn range(offset: u32, size: usize, unit: usize) -> Result<usize, NorFault> {
        let start = usize::try_from(offset).map_err(|_| NorFault(NorFlashErrorKind::OutOfBounds))?;
        if !start.is_multiple_of(unit) || !size.is_multiple_of(unit) {
            return Err(NorFault(NorFlashErrorKind::NotAligned));
        }
        match start.checked_add(size) {
            Some(end) if end <= SIZE => Ok(start),
            _ => Err(NorFault(NorFlashErrorKind::OutOfBounds)),
        }
    }

    /// One operation on one unit; cut, if this is the one.
    fn operate(start: usize, bytes: impl ExactSizeIterator<Item = u8>) {
        let plug = core::ptr::with_exposed_provenance_mut::<u32>(usize::try_from(PLUG).unwrap_or(0));
        // SAFETY: a word behind the flash that nothing else uses.
        let left = unsafe { plug.read_volatile() };
        let cut = left == 1;
        if left > 0 {
            // SAFETY: as above.
            unsafe { plug.write_volatile(left.wrapping_sub(1)) };
        }
        let done = if cut { bytes.len() / 2 } else { bytes.len() };
        for (offset, byte) in (start..).zip(bytes.take(done)) {
            Self::store(offset, byte);
        }
        if cut {
            print("the power is cut\n");
            exit(0);
        }
    }
}

impl ErrorType for Nor {
    type Error = NorFault;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFault> {
        let start = Self::range(offset, bytes.len(), 1)?;
        for (place, byte) in (start..).zip(bytes) {
            *byte = Self::load(place);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFault> {
        let size = to.checked_sub(from).and_then(|size| usize::try_from(size).ok());
        let size = size.ok_or(NorFault(NorFlashErrorKind::OutOfBounds))?;
        let start = Self::range(from, size, Self::ERASE_SIZE)?;
        for unit in (start..start.wrapping_add(size)).step_by(Self::ERASE_SIZE) {
            Self::operate(unit, core::iter::repeat_n(0xff, Self::ERASE_SIZE));
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFault> {
        let start = Self::range(offset, bytes.len(), Self::WRITE_SIZE)?;
        for (unit, bytes) in (start..).step_by(Self::WRITE_SIZE).zip(bytes.chunks(Self::WRITE_SIZE)) {
            if (unit..).take(Self::WRITE_SIZE).any(|place| Self::load(place) != 0xff) {
                return Err(NorFault(NorFlashErrorKind::Other));
            }
            Self::operate(unit, bytes.iter().copied());
        }
        Ok(())
    }
}
