//! Reading and writing bytes where flash knows only units. Nothing here trusts what it reads.

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::StorageFault;

use crate::layout::{Area, MOST_UNIT};

/// How often a read is tried before it counts as failed.
const TRIES: u8 = 3;

/// Fills the buffer from any offset, whatever the flash's unit of reading.
pub(crate) fn read<F: NorFlash>(flash: &mut F, offset: u32, buffer: &mut [u8]) -> Result<(), StorageFault> {
    let unit = F::READ_SIZE;
    if unit <= 1 {
        return patiently(|| flash.read(offset, buffer));
    }
    let mut bounce = [0; MOST_UNIT];
    let bounce = bounce.get_mut(..unit).ok_or(StorageFault)?;
    let mut at = usize::try_from(offset).map_err(|_| StorageFault)?;
    let mut rest = buffer;
    // Each turn takes at least one byte.
    while !rest.is_empty() {
        let within = at.checked_rem(unit).ok_or(StorageFault)?;
        let start = u32::try_from(at.saturating_sub(within)).map_err(|_| StorageFault)?;
        patiently(|| flash.read(start, bounce))?;
        let found = bounce.get(within..).ok_or(StorageFault)?;
        let take = found.len().min(rest.len());
        let (to, behind) = rest.split_at_mut_checked(take).ok_or(StorageFault)?;
        to.copy_from_slice(found.get(..take).ok_or(StorageFault)?);
        rest = behind;
        at = at.saturating_add(take);
    }
    Ok(())
}

/// A read that fails once may be noise; three times it is not.
fn patiently<E>(mut read: impl FnMut() -> Result<(), E>) -> Result<(), StorageFault> {
    for _ in 0..TRIES {
        if read().is_ok() {
            return Ok(());
        }
    }
    Err(StorageFault)
}

pub(crate) fn erase<F: NorFlash>(flash: &mut F, area: Area) -> Result<(), StorageFault> {
    flash.erase(area.start, area.end()).map_err(|_| StorageFault)
}

/// Writes bytes one after the other into erased flash, in whole units; each unit is written once.
#[derive(Debug)]
pub(crate) struct Appender {
    at: u32,
    stage: [u8; MOST_UNIT],
    staged: usize,
}

impl Appender {
    pub(crate) const fn new(at: u32) -> Self {
        Self { at, stage: [BLANK; MOST_UNIT], staged: 0 }
    }

    pub(crate) fn push<F: NorFlash>(&mut self, flash: &mut F, bytes: &[u8]) -> Result<(), StorageFault> {
        let unit = F::WRITE_SIZE;
        let mut rest = bytes;
        // Each turn takes at least one byte.
        while !rest.is_empty() {
            let whole = rest.len().saturating_sub(rest.len().checked_rem(unit).ok_or(StorageFault)?);
            if self.staged == 0 && whole > 0 {
                let (now, later) = rest.split_at_checked(whole).ok_or(StorageFault)?;
                self.write(flash, now)?;
                rest = later;
                continue;
            }
            let take = unit.saturating_sub(self.staged).min(rest.len());
            let (now, later) = rest.split_at_checked(take).ok_or(StorageFault)?;
            let end = self.staged.saturating_add(take);
            self.stage.get_mut(self.staged..end).ok_or(StorageFault)?.copy_from_slice(now);
            self.staged = end;
            rest = later;
            if self.staged == unit {
                self.finish(flash)?;
            }
        }
        Ok(())
    }

    /// Writes what is still staged, as one unit.
    pub(crate) fn finish<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), StorageFault> {
        if self.staged == 0 {
            return Ok(());
        }
        let stage = core::mem::replace(&mut self.stage, [BLANK; MOST_UNIT]);
        self.staged = 0;
        self.write(flash, stage.get(..F::WRITE_SIZE).ok_or(StorageFault)?)
    }

    fn write<F: NorFlash>(&mut self, flash: &mut F, units: &[u8]) -> Result<(), StorageFault> {
        flash.write(self.at, units).map_err(|_| StorageFault)?;
        self.at = self.at.checked_add(u32::try_from(units.len()).map_err(|_| StorageFault)?).ok_or(StorageFault)?;
        Ok(())
    }
}

/// The next multiple of the unit of writing.
pub(crate) const fn whole_units<F: NorFlash>(size: usize) -> usize {
    match size.checked_next_multiple_of(F::WRITE_SIZE) {
        Some(whole) => whole,
        None => usize::MAX,
    }
}

/// What padding is: a word of it is what most flash holds when erased. Nothing is concluded from it.
const BLANK: u8 = 0xff;
