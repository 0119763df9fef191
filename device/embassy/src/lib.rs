//! embassy-boot with Twinseal's verifier in front of it: an update is marked for the boot loader only with the proof that it is a release's.
//!
//! [`Gate`] owns embassy-boot's updater, so that nothing else reaches its `mark_updated`. It lends the DFU partition as a [`DfuSlot`], into which the
//! verifier receives a release; what comes of a reception that ended well is a [`VerifiedUpdate`], and [`mark_updated`] takes that, by value:
//!
//! ```
//! use embassy_boot::{BlockingFirmwareUpdater, State};
//! use embedded_storage::nor_flash::NorFlash;
//! use twinseal_embassy::{Error, Gate, mark_updated};
//! use twinseal_verifier::{Device, Envelope, Install, Verifier};
//!
//! fn update<DFU: NorFlash, STATE: NorFlash>(
//!     gate: &mut Gate<'_, DFU, STATE>,
//!     verifier: &Verifier<'_>,
//!     device: &Device<'_>,
//!     frame: &[u8],
//!     payload: impl Iterator<Item = [u8; 20]>,
//! ) -> Result<(), Error> {
//!     let envelope = Envelope::parse(frame)?;
//!     let admitted = verifier.authenticate(&envelope)?.admit::<Install>(device)?;
//!     let mut reception = admitted.receive_detached(gate.slot()).map_err(|refused| refused.error())?;
//!     for chunk in payload {
//!         reception.push(&chunk)?;
//!     }
//!     mark_updated(reception.finish(&mut [0; 256]).map_err(|refused| refused.error())?)
//! }
//! ```
//!
//! Whoever has no proof has nothing to call it with:
//!
//! ```compile_fail,E0308
//! # use embedded_storage::nor_flash::NorFlash;
//! # use twinseal_embassy::{DfuSlot, Error, mark_updated};
//! fn in_a_hurry<DFU: NorFlash, STATE: NorFlash>(slot: DfuSlot<'_, '_, DFU, STATE>) -> Result<(), Error> {
//!     mark_updated(slot)
//! }
//! ```
//!
//! What this gate can not give: embassy-boot verifies nothing when it swaps or boots, and it knows no rollback counter. README.md says who has to.

#![no_std]

use embassy_boot::{BlockingFirmwareUpdater, FirmwareUpdaterError, State};
use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::{Extent, Install, Slot, Storage, StorageFault, VerifiedUpdate};

/// Why an update was not marked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The verifier refused it.
    Verify(twinseal_verifier::Error),
    /// embassy-boot could not write its state.
    Boot(FirmwareUpdaterError),
}

impl<E: Into<twinseal_verifier::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Verify(error.into())
    }
}

/// embassy-boot's updater, behind the gate.
pub struct Gate<'d, DFU: NorFlash, STATE: NorFlash> {
    updater: BlockingFirmwareUpdater<'d, DFU, STATE>,
    room: u32,
}

impl<'d, DFU: NorFlash, STATE: NorFlash> Gate<'d, DFU, STATE> {
    /// Takes the updater for good. `room` is the size of the *active* partition: the DFU partition is a page larger, and what does not fit
    /// the active one could be received but not swapped.
    pub const fn new(updater: BlockingFirmwareUpdater<'d, DFU, STATE>, room: u32) -> Self {
        Self { updater, room }
    }

    /// What embassy-boot's state says.
    ///
    /// # Errors
    /// [`Error::Boot`] if it could not be read.
    pub fn state(&mut self) -> Result<State, Error> {
        self.updater.get_state().map_err(Error::Boot)
    }

    /// What runs has proven itself: embassy-boot does not go back to the one before. The rollback counter may rise after this, not before.
    ///
    /// # Errors
    /// [`Error::Boot`] if it could not be written.
    pub fn mark_booted(&mut self) -> Result<(), Error> {
        self.updater.mark_booted().map_err(Error::Boot)
    }

    /// The DFU partition, as the slot that a release with one component is received into.
    pub fn slot(&mut self) -> DfuSlot<'_, 'd, DFU, STATE> {
        DfuSlot { gate: self, unit: [0xff; MOST_UNIT], filled: 0, at: 0 }
    }
}

/// The DFU partition while a release is received into it, through embassy-boot's own writer. Only [`Gate::slot`] makes one.
pub struct DfuSlot<'g, 'd, DFU: NorFlash, STATE: NorFlash> {
    gate: &'g mut Gate<'d, DFU, STATE>,
    /// What has come of the unit that is not full.
    unit: [u8; MOST_UNIT],
    filled: usize,
    /// Where the unit is to be written.
    at: usize,
}

/// embassy-boot swaps at the next start. Only who has the verifier's proof can call this, and once for each proof.
///
/// # Errors
/// [`Error::Verify`] for a proof that did not come about as it should have (`image.fault`); [`Error::Boot`] if the state could not be written.
pub fn mark_updated<DFU: NorFlash, STATE: NorFlash>(
    update: VerifiedUpdate<'_, Install, DfuSlot<'_, '_, DFU, STATE>>,
) -> Result<(), Error> {
    update.affirm()?;
    update.into_storage().gate.updater.mark_updated().map_err(Error::Boot)
}

impl<DFU: NorFlash, STATE: NorFlash> DfuSlot<'_, '_, DFU, STATE> {
    /// embassy-boot's writer erases each page before the first byte in it.
    fn write_unit(&mut self) -> Result<(), StorageFault> {
        let unit = self.unit.get(..DFU::WRITE_SIZE).ok_or(StorageFault)?;
        self.gate.updater.write_firmware(self.at, unit).map_err(|_| StorageFault)?;
        self.at = self.at.checked_add(DFU::WRITE_SIZE).ok_or(StorageFault)?;
        (self.unit, self.filled) = ([0xff; MOST_UNIT], 0);
        Ok(())
    }
}

impl<DFU: NorFlash, STATE: NorFlash> Storage for DfuSlot<'_, '_, DFU, STATE> {
    /// There is one partition, so there is one component.
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault> {
        const { assert!(DFU::WRITE_SIZE <= MOST_UNIT && DFU::READ_SIZE == 1, "this example knows no such flash") };
        Ok((component == 0).then_some(Extent::Room(self.gate.room.into())))
    }

    fn read(&mut self, _: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        let offset = u32::try_from(offset).map_err(|_| StorageFault)?;
        self.gate.updater.read_dfu(offset, buffer).map_err(|_| StorageFault)
    }
}

impl<DFU: NorFlash, STATE: NorFlash> Slot for DfuSlot<'_, '_, DFU, STATE> {
    /// Erases the whole partition, which embassy-boot refuses while a mark or a trial stands. Its writer erases each page once more, but for the one that it
    /// erased last in an earlier reception: without this, that one would be written over.
    fn invalidate(&mut self) -> Result<(), StorageFault> {
        self.gate.updater.prepare_update().map(|_| ()).map_err(|_| StorageFault)
    }

    fn write(&mut self, _: u8, _: u64, bytes: &[u8]) -> Result<(), StorageFault> {
        // The verifier hands over an image's bytes in order and without gaps.
        for byte in bytes {
            *self.unit.get_mut(self.filled).ok_or(StorageFault)? = *byte;
            self.filled = self.filled.saturating_add(1);
            if self.filled == DFU::WRITE_SIZE {
                self.write_unit()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self, _: u8) -> Result<(), StorageFault> {
        if self.filled > 0 { self.write_unit() } else { Ok(()) }
    }
}

/// The largest unit of writing that this example buffers.
const MOST_UNIT: usize = 32;
