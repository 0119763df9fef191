//! Where bundles and images lie: in flash, or in memory that was lent.
#![allow(dead_code, reason = "each road needs some of it")]

use twinseal_verifier::{Extent, Slot, Source, Storage, StorageFault};

/// A whole bundle where it lies.
#[derive(Debug)]
pub(crate) struct Flash<'a>(pub(crate) &'a [u8]);

impl Source for Flash<'_> {
    fn size(&mut self) -> Result<u64, StorageFault> {
        u64::try_from(self.0.len()).map_err(|_| StorageFault)
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        read(self.0, offset, buffer)
    }
}

/// Images where they lie, one for each component.
#[derive(Debug)]
pub(crate) struct Images<'a>(pub(crate) &'a [&'a [u8]]);

impl Storage for Images<'_> {
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault> {
        let image = self.0.get(usize::from(component));
        Ok(image.map(|image| Extent::Exactly(u64::try_from(image.len()).unwrap_or(u64::MAX))))
    }

    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        read(self.0.get(usize::from(component)).ok_or(StorageFault)?, offset, buffer)
    }
}

/// An inactive slot in memory, with the same room for each component.
#[derive(Debug)]
pub(crate) struct Memory<'a> {
    room: &'a mut [u8],
    components: usize,
}

impl<'a> Memory<'a> {
    pub(crate) const fn new(room: &'a mut [u8], components: usize) -> Self {
        Self { room, components }
    }

    fn share(&self) -> usize {
        self.room.len().checked_div(self.components).unwrap_or(0)
    }

    /// Where a component's room is; `None` if there is no such component.
    fn image(&mut self, component: u8) -> Option<&mut [u8]> {
        let share = self.share();
        let begin = usize::from(component).checked_mul(share)?;
        self.room.get_mut(begin..begin.checked_add(share)?)
    }
}

impl Storage for Memory<'_> {
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault> {
        Ok(self.image(component).map(|room| Extent::Room(u64::try_from(room.len()).unwrap_or(u64::MAX))))
    }

    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        read(self.image(component).ok_or(StorageFault)?, offset, buffer)
    }
}

impl Slot for Memory<'_> {
    fn invalidate(&mut self) -> Result<(), StorageFault> {
        self.room.fill(0xFF);
        Ok(())
    }

    fn write(&mut self, component: u8, offset: u64, bytes: &[u8]) -> Result<(), StorageFault> {
        let begin = usize::try_from(offset).map_err(|_| StorageFault)?;
        let place = self.image(component).and_then(|room| room.get_mut(begin..)).ok_or(StorageFault)?;
        if place.len() < bytes.len() {
            return Err(StorageFault);
        }
        place.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    fn flush(&mut self, _: u8) -> Result<(), StorageFault> {
        Ok(())
    }
}

/// Fills the buffer, or fails: there are no short reads.
fn read(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
    let begin = usize::try_from(offset).map_err(|_| StorageFault)?;
    let end = begin.checked_add(buffer.len()).ok_or(StorageFault)?;
    let found = bytes.get(begin..end).ok_or(StorageFault)?;
    buffer.iter_mut().zip(found).for_each(|(to, from)| *to = *from);
    Ok(())
}
