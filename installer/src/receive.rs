//! Receiving an update into the inactive slot, in chunks of any size, and going on after a reset (docs/procedure.md, I-3 to I-7).

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::formats::Stage;
use twinseal_verifier::{AdmittedManifest, Device, Envelope, ImageError, Install, Reception, VerifiedUpdate, Verifier};

use crate::counter::MonotonicCounter;
use crate::error::{Error, InstallError};
use crate::installer::{Facts, Installer, Kept};
use crate::layout::SlotId;
use crate::slot::ReceivingSlot;
use crate::store;

/// Where the payloads of a stream lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format knows two")]
pub enum Payloads {
    /// In the envelope, as entries with their heads.
    Enclosed,
    /// Beside it: the contents of the payload files one after the other.
    Detached,
}

/// A release on its way into the inactive slot.
#[derive(Debug)]
#[must_use]
pub struct Receiving<'m, 'i, F: NorFlash> {
    /// Or why it has ended.
    reception: Result<Reception<'m, ReceivingSlot<'m, 'i, F>>, Error>,
}

impl<F: NorFlash, C: MonotonicCounter> Installer<'_, F, C> {
    /// Begins to receive a release into the slot that is not running, or goes on where an earlier attempt at the same release was cut off.
    ///
    /// `running` is the slot that the caller was started from; its release must be confirmed. `frame` is the bundle's frame, untrusted, in memory
    /// that nothing else writes. Everything that can be refused is refused before anything is written.
    ///
    /// # Errors
    /// [`InstallError::NotConfirmed`], [`InstallError::StateWriteFault`], [`InstallError::CounterUnreadable`], [`InstallError::EnvelopeTooLarge`], and whatever the verifier
    /// refuses in V-1 to V-17, V-30 to V-32, and in what was received before.
    pub fn receive<'m>(
        &mut self,
        running: SlotId,
        verifier: &Verifier<'_>,
        facts: &Facts<'_>,
        frame: &'m [u8],
        payloads: Payloads,
        scratch: &mut [u8],
    ) -> Result<Receiving<'m, '_, F>, Error> {
        if !self.state.is_confirmed(running) {
            return Err(InstallError::NotConfirmed.into());
        }
        self.writable()?;
        let device = self.device(facts)?;
        let envelope = Envelope::parse(frame)?;
        let frame = frame.get(..envelope.size()).unwrap_or(frame);
        let admitted = admitted(verifier, &envelope, &device)?;
        self.begin(running.other(), admitted, frame, payloads, scratch)
    }

    /// Begins to receive what was admitted, or goes on with it.
    #[inline(never)]
    fn begin<'m>(
        &mut self,
        target: SlotId,
        admitted: AdmittedManifest<'m, Install>,
        frame: &'m [u8],
        payloads: Payloads,
        scratch: &mut [u8],
    ) -> Result<Receiving<'m, '_, F>, Error> {
        let place = target.of(&self.layout.slots);
        let (size, room) = (u32::try_from(frame.len()).unwrap_or(u32::MAX), store::room(place.envelope));
        if size > room {
            return Err(InstallError::EnvelopeTooLarge { size, room }.into());
        }
        let manifest = *admitted.manifest();
        let kept = Kept { flash: &mut self.flash, journal: &mut self.journal, state: &mut self.state };
        let mine = (target, place.envelope, place.images);
        let slot = ReceivingSlot::new(kept, mine, (*admitted.release_id(), frame), &manifest);
        let held = slot.held_bytes(&manifest);
        let begun = match payloads {
            Payloads::Enclosed => admitted.receive(slot),
            Payloads::Detached => admitted.receive_detached(slot),
        };
        let mut reception = begun.map_err(|refused| refused.error())?;
        let resumed = reception.resume(held, scratch);
        let mut this = Receiving { reception: Ok(reception) };
        match resumed {
            Ok(()) => Ok(this),
            Err(error) => Err(this.end(error.into())),
        }
    }
}

/// Holds the release against the seals and the device. Apart, as the beginning is, so that nothing of the reception lies on the stack while seals are
/// verified (ADR 20).
#[inline(never)]
fn admitted<'m>(
    verifier: &Verifier<'_>,
    envelope: &Envelope<'m>,
    device: &Device<'_>,
) -> Result<AdmittedManifest<'m, Install>, Error> {
    Ok(verifier.authenticate(envelope)?.admit(device)?)
}

impl<'m, 'i, F: NorFlash> Receiving<'m, 'i, F> {
    /// Where the stream goes on, counted in bytes: from the bundle's first one, or, if the payloads lie beside it, from the end of the frame.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.reception.as_ref().map_or(0, Reception::position)
    }

    /// Takes in a chunk of any size.
    ///
    /// # Errors
    /// The first fault, and from then on always that one.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let pushed = match &mut self.reception {
            Ok(reception) => reception.push(chunk),
            Err(fault) => return Err(*fault),
        };
        pushed.map_err(|error| self.end(error.into()))
    }

    /// Whether the last byte of the last payload has come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.reception.as_ref().is_ok_and(Reception::is_complete)
    }

    /// Ends the reception: every image is read back out of the flash. What comes is for [`activate`].
    ///
    /// # Errors
    /// The first fault of the stream, truncation if it ended early, or what reading back found.
    pub fn finish(self, scratch: &mut [u8]) -> Result<VerifiedUpdate<'m, Install, ReceivingSlot<'m, 'i, F>>, Error> {
        self.reception?.finish(scratch).map_err(|refused| {
            let error = refused.error().into();
            forget_if_useless(error, refused.into_storage());
            error
        })
    }

    /// Ends after a fault.
    fn end(&mut self, error: Error) -> Error {
        if let Ok(reception) = core::mem::replace(&mut self.reception, Err(error))
            && let Err(refused) = reception.finish(&mut [])
        {
            forget_if_useless(error, refused.into_storage());
        }
        error
    }
}

/// What was received and can not become the release is not gone on with; what was merely cut off is.
fn forget_if_useless<F: NorFlash>(error: Error, mut slot: ReceivingSlot<'_, '_, F>) {
    let useless = [ImageError::DigestMismatch { component: 0 }.code(), ImageError::ReadFault { component: 0 }.code()];
    if error.stage() == Stage::Image && useless.contains(&error.code()) {
        // Should this fail, the next attempt comes to the same place, and here again.
        let _ = slot.abandon();
    }
}

/// The release in the inactive slot is tried at the next boot. Its stored envelope is compared with the one that was verified first.
///
/// # Errors
/// [`InstallError::EnvelopeNotStored`], [`InstallError::StateWriteFault`]; [`ImageError::Fault`] for a proof that did not come about as it
/// should have.
pub fn activate<F: NorFlash>(update: VerifiedUpdate<'_, Install, ReceivingSlot<'_, '_, F>>) -> Result<(), Error> {
    update.affirm()?;
    update.into_storage().activate()
}
