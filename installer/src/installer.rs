//! What a device holds open while it installs, boots and confirms.

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::formats::{ClassId, SecurityVersion, VendorId};
use twinseal_verifier::{ConfirmedRelease, Device};

use crate::counter::{self, MonotonicCounter};
use crate::error::InstallError;
use crate::journal::Journal;
use crate::layout::Layout;
use crate::state::{SlotState, State};

/// What a device is, besides its state. It comes from the device maker.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a device must state every fact: a forgotten one does not compile")]
pub struct Facts<'a> {
    /// Whose device it is.
    pub vendor: VendorId,
    /// Which class of device it is.
    pub class: ClassId,
    /// The ids of exactly the components it has, ascending. The layout's areas are in the same order.
    pub components: &'a [&'a str],
    /// How often a release is started on trial before the device goes back; at least once.
    pub trials: u8,
}

/// Memory that a device lends for the time of a step. Nothing else writes it meanwhile (O-1).
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "two buffers")]
pub struct Memory<'b> {
    /// For a stored frame: as large as the largest that the device accepts.
    pub frame: &'b mut [u8],
    /// For reading images in pieces: of any size but zero.
    pub scratch: &'b mut [u8],
}

/// The device's flash, its rollback counter, and the state that was found.
///
/// Boot loader and application each make one after a reset; never two at a time.
#[derive(Debug)]
pub struct Installer<'l, F, C> {
    pub(crate) flash: F,
    pub(crate) counter: C,
    pub(crate) layout: Layout<'l>,
    pub(crate) journal: Journal,
    pub(crate) state: State,
}

impl<'l, F: NorFlash, C: MonotonicCounter> Installer<'l, F, C> {
    /// Reads the state. If it stands only once, it is written a second time before anything is done by it.
    ///
    /// # Errors
    /// [`InstallError::Layout`]; [`InstallError::StateMissing`] on a device that was never provisioned;
    /// [`InstallError::StateUnreadable`] if too little of the records can be read to know which counts. Nothing is written then: what can not be
    /// read now may be read after the next reset.
    pub fn open(mut flash: F, counter: C, layout: Layout<'l>) -> Result<Self, InstallError> {
        layout.examine(&flash)?;
        let loaded = Journal::load(&mut flash, layout.state).map_err(|_| InstallError::StateUnreadable)?;
        let (journal, payload) = loaded.ok_or(InstallError::StateMissing)?;
        let mut state = State::decode(&payload).ok_or(InstallError::StateMissing)?;
        if let Some(marked) = journal.last_mark(&mut flash) {
            for slot in &mut state.slots {
                if let SlotState::Receiving { blocks, .. } = slot {
                    *blocks = marked.max(*blocks);
                }
            }
        }
        let mut this = Self { flash, counter, layout, journal, state };
        // Should the flash be worn out, the device still boots what is confirmed; it only writes nothing any more.
        let _ = this.journal.settle(&mut this.flash);
        Ok(this)
    }

    /// What the device remembers.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The rollback counter.
    pub const fn counter(&mut self) -> &mut C {
        &mut self.counter
    }

    /// Gives flash and counter back.
    #[must_use]
    pub fn into_parts(self) -> (F, C) {
        (self.flash, self.counter)
    }

    /// Refuses before anything is written by a state that may not be the one in the flash.
    pub(crate) const fn writable(&self) -> Result<(), InstallError> {
        if self.journal.has_failed() { Err(InstallError::StateWriteFault) } else { Ok(()) }
    }

    pub(crate) const fn kept(&mut self) -> Kept<'_, F> {
        Kept { flash: &mut self.flash, journal: &mut self.journal, state: &mut self.state }
    }

    /// The facts as the verifier takes them, with what state and counter hold now.
    pub(crate) fn device<'a>(&mut self, facts: &Facts<'a>) -> Result<Device<'a>, InstallError> {
        device(facts, self.state.confirmed(), &mut self.counter)
    }
}

/// The facts as the verifier takes them.
pub(crate) fn device<'a, C: MonotonicCounter>(
    facts: &Facts<'a>,
    confirmed: Option<ConfirmedRelease>,
    counter: &mut C,
) -> Result<Device<'a>, InstallError> {
    Ok(Device {
        vendor: facts.vendor,
        class: facts.class,
        components: facts.components,
        confirmed,
        counter: SecurityVersion(counter::read(counter)?),
        counter_limit: SecurityVersion(counter.limit()),
    })
}

/// The flash and the state in it, borrowed for one step.
#[derive(Debug)]
pub(crate) struct Kept<'i, F> {
    pub(crate) flash: &'i mut F,
    pub(crate) journal: &'i mut Journal,
    pub(crate) state: &'i mut State,
}

impl<F: NorFlash> Kept<'_, F> {
    /// Writes a new state, and only then goes by it. After a failure nothing more is written before the next reset: flash and memory may differ.
    pub(crate) fn write(&mut self, state: State) -> Result<(), InstallError> {
        let (payload, size) = state.encode().ok_or(InstallError::StateWriteFault)?;
        let payload = payload.get(..size).ok_or(InstallError::StateWriteFault)?;
        self.journal.write(self.flash, payload).map_err(|_| InstallError::StateWriteFault)?;
        *self.state = state;
        Ok(())
    }
}
