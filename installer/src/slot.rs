//! A slot as the verifier sees it: to be read at boot, and to be received into.

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::formats::{Digest, Manifest};
use twinseal_verifier::{Extent, Slot, Storage, StorageFault};

use crate::error::{Error, InstallError};
use crate::flash::{self, Appender};
use crate::installer::Kept;
use crate::layout::{Area, SlotId};
use crate::state::SlotState;
use crate::store;

/// The images of a slot. What is read is the flash itself.
#[derive(Debug)]
pub struct SlotStorage<'i, F> {
    flash: &'i mut F,
    images: &'i [Area],
}

impl<'i, F: NorFlash> SlotStorage<'i, F> {
    pub(crate) const fn new(flash: &'i mut F, images: &'i [Area]) -> Self {
        Self { flash, images }
    }

    pub(crate) const fn into_flash(self) -> &'i mut F {
        self.flash
    }

    /// Where a component's image lies in the flash.
    #[must_use]
    pub fn area(&self, component: u8) -> Option<Area> {
        self.images.get(usize::from(component)).copied()
    }
}

impl<F: NorFlash> Storage for SlotStorage<'_, F> {
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault> {
        Ok(extent(self.images, component))
    }

    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        let at = place(self.images, component, offset).ok_or(StorageFault)?;
        flash::read(self.flash, at, buffer)
    }
}

/// The inactive slot while a release is received into it. Only [`Installer::receive`](crate::Installer::receive) makes one.
#[derive(Debug)]
pub struct ReceivingSlot<'m, 'i, F> {
    kept: Kept<'i, F>,
    images: &'i [Area],
    envelope: Area,
    slot: SlotId,
    frame: &'m [u8],
    release_id: Digest,
    /// Whole erase units from an earlier attempt; writes into them have been done.
    held: u32,
    /// Whole erase units, counted through all components.
    blocks: u32,
    /// How many come between two marks.
    stride: u32,
    appender: Appender,
    /// Whether the erase unit that is being written is not full.
    partial: bool,
}

impl<'m, 'i, F: NorFlash> ReceivingSlot<'m, 'i, F> {
    pub(crate) fn new(
        kept: Kept<'i, F>,
        (slot, envelope, images): (SlotId, Area, &'i [Area]),
        (release_id, frame): (Digest, &'m [u8]),
        manifest: &Manifest<'_>,
    ) -> Self {
        let all = manifest.components().map(|one| blocks_of::<F>(one.size())).fold(0, u32::saturating_add);
        let held = match kept.state.slot(slot) {
            SlotState::Receiving { release_id: present, blocks } if present == release_id => blocks.min(all),
            _ => 0,
        };
        let room = kept.journal.mark_room::<F>().max(1);
        let stride = all.div_ceil(room).max(1);
        let appender = Appender::new(0);
        Self { kept, images, envelope, slot, frame, release_id, held, blocks: held, stride, appender, partial: false }
    }

    /// How many payload bytes, through all components, lie in the slot from an earlier attempt.
    pub(crate) fn held_bytes(&self, manifest: &Manifest<'_>) -> u64 {
        let unit = u64::try_from(F::ERASE_SIZE).unwrap_or(u64::MAX);
        let mut left = self.held;
        manifest.components().fold(0, |bytes, component| {
            let taken = left.min(blocks_of::<F>(component.size()));
            left = left.saturating_sub(taken);
            bytes.saturating_add(u64::from(taken).saturating_mul(unit).min(component.size()))
        })
    }

    /// Forgets what was received: the next attempt begins anew.
    pub(crate) fn abandon(&mut self) -> Result<(), InstallError> {
        let state = self.kept.state.with(self.slot, SlotState::Empty);
        self.kept.write(state)
    }

    /// The release is whole, verified, and its envelope stored: it is tried at the next boot.
    pub(crate) fn activate(mut self) -> Result<(), Error> {
        match store::holds(self.kept.flash, self.envelope, self.frame) {
            Ok(true) => {}
            Ok(false) | Err(StorageFault) => return Err(InstallError::EnvelopeNotStored.into()),
        }
        let state = self.kept.state.with(self.slot, SlotState::Pending { release_id: self.release_id });
        Ok(self.kept.write(state)?)
    }

    fn block_done(&mut self) -> Result<(), StorageFault> {
        self.blocks = self.blocks.saturating_add(1);
        if self.blocks.is_multiple_of(self.stride) {
            self.kept.journal.mark(self.kept.flash, self.blocks)?;
        }
        Ok(())
    }
}

impl<F: NorFlash> Storage for ReceivingSlot<'_, '_, F> {
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault> {
        Ok(extent(self.images, component))
    }

    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        let at = place(self.images, component, offset).ok_or(StorageFault)?;
        flash::read(self.kept.flash, at, buffer)
    }
}

impl<F: NorFlash> Slot for ReceivingSlot<'_, '_, F> {
    /// Writes down that the slot holds nothing that may be booted, and only then touches it: first its envelope.
    fn invalidate(&mut self) -> Result<(), StorageFault> {
        let receiving = SlotState::Receiving { release_id: self.release_id, blocks: self.held };
        let state = self.kept.state.with(self.slot, receiving);
        self.kept.write(state).map_err(|_| StorageFault)?;
        // Another envelope of the same release, or a torn one, is replaced; the same one stays.
        if self.held > 0 && store::holds(self.kept.flash, self.envelope, self.frame) == Ok(true) {
            return Ok(());
        }
        store::write(self.kept.flash, self.envelope, self.frame)
    }

    fn write(&mut self, component: u8, offset: u64, bytes: &[u8]) -> Result<(), StorageFault> {
        let unit = u32::try_from(F::ERASE_SIZE).map_err(|_| StorageFault)?;
        let mut at = place(self.images, component, offset).ok_or(StorageFault)?;
        let mut rest = bytes;
        // Each turn takes at least one byte.
        while !rest.is_empty() {
            let within = at.checked_rem(unit).ok_or(StorageFault)?;
            if within == 0 {
                // Each erase unit is erased right before it is written: an earlier attempt may have begun it.
                flash::erase(self.kept.flash, Area { start: at, size: unit })?;
                self.appender = Appender::new(at);
            }
            let take = usize::try_from(unit.saturating_sub(within)).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = rest.split_at_checked(take).ok_or(StorageFault)?;
            self.appender.push(self.kept.flash, now)?;
            rest = later;
            at = at.saturating_add(u32::try_from(take).map_err(|_| StorageFault)?);
            self.partial = !at.is_multiple_of(unit);
            if !self.partial {
                self.block_done()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self, _component: u8) -> Result<(), StorageFault> {
        self.appender.finish(self.kept.flash)?;
        if core::mem::take(&mut self.partial) { self.block_done() } else { Ok(()) }
    }
}

/// An area is room for any image that fits.
fn extent(images: &[Area], component: u8) -> Option<Extent> {
    images.get(usize::from(component)).map(|area| Extent::Room(area.size.into()))
}

/// Where an image's byte lies in the flash.
fn place(images: &[Area], component: u8, offset: u64) -> Option<u32> {
    let area = images.get(usize::from(component))?;
    let offset = u32::try_from(offset).ok().filter(|offset| *offset <= area.size)?;
    area.start.checked_add(offset)
}

/// How many erase units an image takes.
fn blocks_of<F: NorFlash>(size: u64) -> u32 {
    let unit = u64::try_from(F::ERASE_SIZE).unwrap_or(u64::MAX).max(1);
    u32::try_from(size.div_ceil(unit)).unwrap_or(u32::MAX)
}
