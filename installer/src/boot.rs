//! What a boot loader does: choose a slot, verify it again, start it (docs/procedure.md, I-8 to I-11).

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::formats::Digest;
use twinseal_verifier::{Boot, ConfirmedRelease, Device, Envelope, VerifiedUpdate, Verifier};

use crate::counter::{self, MonotonicCounter};
use crate::error::{Error, InstallError};
use crate::installer::{Facts, Installer, Kept, Memory, device};
use crate::journal::Journal;
use crate::layout::{Layout, SlotId};
use crate::slot::SlotStorage;
use crate::state::{SlotState, State};
use crate::store;

/// Why a slot is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a boot loader tells them all apart")]
pub enum Reason {
    /// It holds the release that was confirmed last.
    Confirmed,
    /// It holds a release that is tried, for the how-many-th time.
    Trial(u8),
    /// It holds an older release that was confirmed once; the one confirmed last can not be booted.
    Fallback,
}

impl State {
    /// What the next boot looks at, in this order, if a release may be started `trials` times on trial. Whether a slot holds what may be booted is
    /// for [`Installer::boot`] to find out.
    #[must_use]
    pub fn candidates(&self, trials: u8) -> [Option<(SlotId, Reason)>; 3] {
        let preferred = self.preferred();
        let trial = SlotId::ALL.into_iter().find_map(|slot| Some((slot, self.trials(slot, trials)?)));
        [
            trial.map(|(slot, begun)| (slot, Reason::Trial(begun.saturating_add(1)))),
            self.is_confirmed(preferred).then_some((preferred, Reason::Confirmed)),
            self.is_confirmed(preferred.other()).then_some((preferred.other(), Reason::Fallback)),
        ]
    }
}

impl<'l, F: NorFlash, C: MonotonicCounter> Installer<'l, F, C> {
    /// Writes the first state of a device: the release in `slot` is verified as for booting, and counts as confirmed.
    ///
    /// At the factory, or on a device that lost its state. The other slot counts as empty.
    ///
    /// # Errors
    /// [`InstallError::StatePresent`] if there is a state; what verifying the slot refused; what could not be read or written.
    pub fn provision(
        mut flash: F,
        mut counter: C,
        layout: Layout<'l>,
        slot: SlotId,
        verifier: &Verifier<'_>,
        facts: &Facts<'_>,
        memory: Memory<'_>,
    ) -> Result<Self, Error> {
        layout.examine(&flash)?;
        match Journal::load(&mut flash, layout.state) {
            Ok(None) => {}
            Ok(Some((_, payload))) if State::decode(&payload).is_none() => {}
            Ok(Some(_)) => return Err(InstallError::StatePresent.into()),
            Err(_) => return Err(InstallError::StateUnreadable.into()),
        }
        let device = device(facts, None, &mut counter)?;
        let verified = verify(&mut flash, &layout, (slot, None), verifier, &device, memory)?;
        let confirmed = confirmed_release(&verified);
        let trust = crate::trust::provisioned(&mut flash, &layout, verifier)?;
        let state = State::provisioned(slot, confirmed, trust);
        let (payload, size) = state.encode().ok_or(InstallError::StateWriteFault)?;
        let payload = payload.get(..size).ok_or(InstallError::StateWriteFault)?;
        let journal = Journal::begin(&mut flash, layout.state, payload).map_err(|_| InstallError::StateWriteFault)?;
        Ok(Self { flash, counter, layout, journal, state })
    }

    /// Chooses a slot, verifies it, and calls `start` with the proof and the reason. Each candidate is tried once, so this ends.
    ///
    /// First comes what is pending or on trial, if it was not started too often already; that it is started is written down before. Then what
    /// was confirmed last, then the other slot if it was confirmed once. `refused` is told of each that could not be started, and why.
    ///
    /// What has been confirmed raises the rollback counter here if power was lost before it could.
    ///
    /// # Errors
    /// [`InstallError::CounterUnreadable`]: nothing is booted without knowing what is too old. [`InstallError::NothingBootable`] after the
    /// last candidate.
    pub fn boot<R>(
        &mut self,
        verifier: &Verifier<'_>,
        facts: &Facts<'_>,
        memory: Memory<'_>,
        mut refused: impl FnMut(SlotId, Error),
        start: impl FnOnce(VerifiedUpdate<'_, Boot, SlotStorage<'_, F>>, SlotId, Reason) -> R,
    ) -> Result<R, Error> {
        let device = self.device(facts)?;
        for (slot, reason) in self.state.candidates(facts.trials).into_iter().flatten() {
            if let Reason::Trial(begun) = reason
                && let Err(error) = self.begin_trial(slot, begun)
            {
                refused(slot, error.into());
                continue;
            }
            let memory = Memory { frame: &mut *memory.frame, scratch: &mut *memory.scratch };
            let place = (slot, self.state.release_in(slot));
            let verified = match verify(&mut self.flash, &self.layout, place, verifier, &device, memory) {
                Ok(verified) => verified,
                Err(error) => {
                    refused(slot, error);
                    continue;
                }
            };
            if reason == Reason::Confirmed && self.journal.is_settled() {
                let version = verified.confirmed_security_version();
                if let Err(error) = counter::raise(&mut self.counter, version.0) {
                    refused(slot, error.into());
                }
            }
            return Ok(start(verified, slot, reason));
        }
        Err(InstallError::NothingBootable.into())
    }

    /// Writes down that a release is started on trial, before it is.
    fn begin_trial(&mut self, slot: SlotId, begun: u8) -> Result<(), InstallError> {
        let (SlotState::Pending { release_id } | SlotState::Trial { release_id, .. }) = self.state.slot(slot) else {
            return Err(InstallError::NotOnTrial);
        };
        let state = self.state.with(slot, SlotState::Trial { release_id, begun });
        self.kept().write(state)
    }

    /// The running release, in slot `running`, has proven itself: from now on it is the one that boots, and nothing older is installed.
    ///
    /// Its slot is verified again, because only that gives the number for the counter. The state is written first, the counter raised second.
    /// Confirming what is confirmed already finishes what a loss of power left undone.
    ///
    /// # Errors
    /// [`InstallError::NotOnTrial`] if that slot was not started on trial; what verifying it refused; what could not be written.
    pub fn confirm(
        &mut self,
        running: SlotId,
        verifier: &Verifier<'_>,
        facts: &Facts<'_>,
        memory: Memory<'_>,
    ) -> Result<ConfirmedRelease, Error> {
        let again = self.state.is_confirmed(running) && self.state.preferred() == running;
        if !again && !matches!(self.state.slot(running), SlotState::Trial { begun: 1.., .. }) {
            return Err(InstallError::NotOnTrial.into());
        }
        let device = self.device(facts)?;
        let place = (running, self.state.release_in(running));
        let verified = verify(&mut self.flash, &self.layout, place, verifier, &device, memory)?;
        let (confirmed, version) = (confirmed_release(&verified), verified.confirmed_security_version());
        if version > device.counter_limit {
            return Err(InstallError::CounterWriteFault.into());
        }
        let mut kept =
            Kept { flash: verified.into_storage().into_flash(), journal: &mut self.journal, state: &mut self.state };
        if !again || !kept.journal.is_settled() {
            kept.write(kept.state.confirming(running, confirmed))?;
        }
        counter::raise(&mut self.counter, version.0)?;
        Ok(confirmed)
    }
}

/// Verifies a slot as for booting: the stored envelope, copied into memory once, and the images in the flash. It has to be the release that the
/// state says, if there is a state.
pub(crate) fn verify<'m, 'i, F: NorFlash>(
    flash: &'i mut F,
    layout: &Layout<'i>,
    (slot, expected): (SlotId, Option<Digest>),
    verifier: &Verifier<'_>,
    device: &Device<'_>,
    memory: Memory<'m>,
) -> Result<VerifiedUpdate<'m, Boot, SlotStorage<'i, F>>, Error> {
    let place = slot.of(&layout.slots);
    let stored = store::read(flash, place.envelope, memory.frame).map_err(|_| InstallError::EnvelopeUnreadable)?;
    let envelope = Envelope::parse(stored.ok_or(InstallError::EnvelopeUnreadable)?)?;
    let admitted = verifier.authenticate(&envelope)?.admit::<Boot>(device)?;
    if expected.is_some_and(|expected| expected != *admitted.release_id()) {
        return Err(InstallError::ReleaseDiffers.into());
    }
    let storage = SlotStorage::new(flash, place.images);
    let verified = admitted.verify_images(storage, memory.scratch).map_err(|refused| Error::from(refused.error()))?;
    // O-7: whatever is done with the proof, it is asked once more whether it came about as it should have.
    verified.affirm()?;
    Ok(verified)
}

/// What is remembered of a release once it is confirmed.
fn confirmed_release<S>(verified: &VerifiedUpdate<'_, Boot, S>) -> ConfirmedRelease {
    ConfirmedRelease { sequence_number: verified.manifest().sequence_number(), release_id: *verified.release_id() }
}
