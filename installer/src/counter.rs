//! Monotonic counters: what a device has in fuses, in an RPMB partition, or in a secure element (docs/procedure.md, I-10 to I-12).

use core::fmt::Debug;

use embedded_storage::nor_flash::NorFlash;

use crate::error::InstallError;
use crate::journal::{Journal, has_room, sectors};
use crate::layout::Area;

/// A counter could not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "devices must be able to say it")]
pub struct CounterFault;

/// A number that only ever rises, whoever writes the flash: the rollback counter, or the counter of trust epochs.
pub trait MonotonicCounter: Debug {
    /// What it holds.
    ///
    /// # Errors
    /// [`CounterFault`] if it could not be read. Zero is never a way to say so.
    fn read(&mut self) -> Result<u32, CounterFault>;

    /// The highest value that it can ever hold. Fuses run out: what is beyond is refused before anything is written.
    fn limit(&self) -> u32;

    /// Raises it. Power lost meanwhile leaves it anywhere between the old value and the new one; it never falls, and never goes beyond `to`.
    ///
    /// # Errors
    /// [`CounterFault`] if it could not be raised.
    fn raise(&mut self, to: u32) -> Result<(), CounterFault>;
}

impl<C: MonotonicCounter> MonotonicCounter for &mut C {
    fn read(&mut self) -> Result<u32, CounterFault> {
        C::read(self)
    }

    fn limit(&self) -> u32 {
        C::limit(self)
    }

    fn raise(&mut self, to: u32) -> Result<(), CounterFault> {
        C::raise(self, to)
    }
}

/// Reads a counter.
pub(crate) fn read<C: MonotonicCounter>(counter: &mut C) -> Result<u32, InstallError> {
    counter.read().map_err(|CounterFault| InstallError::CounterUnreadable)
}

/// Raises a counter if it is behind, and sees that it holds what it should.
pub(crate) fn raise<C: MonotonicCounter>(counter: &mut C, to: u32) -> Result<(), InstallError> {
    if read(counter)? >= to {
        return Ok(());
    }
    counter.raise(to).map_err(|CounterFault| InstallError::CounterWriteFault)?;
    if read(counter)? == to { Ok(()) } else { Err(InstallError::CounterWriteFault) }
}

/// An **emulation** of a monotonic counter in ordinary flash, for tests, examples and desks. It survives every loss of power, but it is no
/// protection: whoever can write the flash can set it back.
#[derive(Debug)]
pub struct FlashCounter<F> {
    flash: F,
    area: Area,
    limit: u32,
}

impl<F: NorFlash> FlashCounter<F> {
    /// A counter in an area of three sectors, which nothing else uses. It can be read once it was [`provision`](Self::provision)ed.
    ///
    /// # Errors
    /// [`InstallError::Layout`] if the area is too small or lies badly.
    pub fn new(flash: F, area: Area, limit: u32) -> Result<Self, InstallError> {
        let fits = has_room::<F>(area) && sectors(area).into_iter().all(|sector| sector.lies_in(&flash));
        if fits { Ok(Self { flash, area, limit }) } else { Err(InstallError::Layout) }
    }

    /// Writes zero where there is no record yet: at the factory.
    ///
    /// # Errors
    /// [`CounterFault`] if the flash could not do it, or holds a record.
    pub fn provision(&mut self) -> Result<(), CounterFault> {
        match Journal::load(&mut self.flash, self.area) {
            Ok(None) => {}
            _ => return Err(CounterFault),
        }
        Journal::begin(&mut self.flash, self.area, &0_u32.to_le_bytes()).map(|_| ()).map_err(|_| CounterFault)
    }

    /// What it holds. If it stands only once it is written a second time; where the flash can not do that any more, it can still be read.
    fn load(&mut self) -> Result<(Journal, u32), CounterFault> {
        let loaded = Journal::load(&mut self.flash, self.area).map_err(|_| CounterFault)?;
        let Some((mut journal, (payload, size))) = loaded else { return Err(CounterFault) };
        let value: [u8; 4] = payload.get(..size).and_then(|bytes| bytes.try_into().ok()).ok_or(CounterFault)?;
        let _ = journal.settle(&mut self.flash);
        Ok((journal, u32::from_le_bytes(value)))
    }
}

impl<F: NorFlash + Debug> MonotonicCounter for FlashCounter<F> {
    fn read(&mut self) -> Result<u32, CounterFault> {
        Ok(self.load()?.1)
    }

    fn limit(&self) -> u32 {
        self.limit
    }

    fn raise(&mut self, to: u32) -> Result<(), CounterFault> {
        let (mut journal, value) = self.load()?;
        if to <= value {
            return Ok(());
        }
        if to > self.limit {
            return Err(CounterFault);
        }
        journal.write(&mut self.flash, &to.to_le_bytes()).map_err(|_| CounterFault)
    }
}
