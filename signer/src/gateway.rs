//! A Linux device: the installer's state machine over partitions or files (docs/linux-devices.md, ADR 24).
//!
//! One directory holds the state (records, both trust stores, both stored envelopes) and the two counters; images lie in the places that the
//! device file names. Whoever works on a device has its lock.

use std::path::{Path, PathBuf};

use twinseal_formats::TrustEpoch;
use twinseal_formats::limits::MAX_FRAME;
use twinseal_installer::{
    Area, Error, Facts, FlashCounter, InstallError, Installer, Layout, Memory, MonotonicCounter as _, SlotId,
    SlotLayout,
};
use twinseal_verifier::Verifier;

use crate::error::{Failure, Result, name};
use crate::errors::Refusal;
use crate::source::PIECE;
use crate::store::ALGORITHMS;

mod config;
mod files;
mod flash;
mod init;
mod install;

use config::Config;
use flash::{FileFlash, Part, UNIT};

pub(crate) use init::Initial;

/// What a command does with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It only looks.
    Read,
    /// It changes something, and nobody else does meanwhile.
    Write,
}

/// A counter in a file. It is an emulation: whoever can write the file can set it back.
pub(crate) type Counter = FlashCounter<FileFlash>;

/// A device's installer.
pub(crate) type Device<'g> = Installer<'g, FileFlash, Counter>;

/// An opened device.
#[derive(Debug)]
pub(crate) struct Gateway {
    config: Config,
    flash: FileFlash,
    images: [Vec<Area>; 2],
}

/// What a step came to: done, or refused.
pub(crate) type Decided<T> = core::result::Result<T, Refusal>;

impl Gateway {
    /// Opens the device that a file describes.
    ///
    /// # Errors
    ///
    /// The file, the state or a place can't be opened or is not what it must be, or another process works on the device.
    pub(crate) fn open(path: &Path, access: Access) -> Result<Self> {
        Self::of(Config::load(path)?, access)
    }

    fn of(config: Config, access: Access) -> Result<Self> {
        let state = config.state.join(STATE);
        let file = files::state(&state, STATE_SIZE, access).map_err(|failure| match failure.advice() {
            Some(_) => failure,
            None => failure.remedy("`twinseal device init` makes a device out of a device file and its first release"),
        })?;
        files::lock(&file, &state, access)?;
        let mut parts = Parts::default();
        parts.push(state, file, STATE_SIZE.into(), true)?;
        for counter in [ROLLBACK, EPOCHS] {
            let path = config.state.join(counter);
            let file = files::state(&path, COUNTER_SIZE, access)?;
            parts.push(path, file, COUNTER_SIZE.into(), true)?;
        }
        let mut images = [Vec::new(), Vec::new()];
        for (slot, places) in images.iter_mut().zip(&config.places) {
            for path in places {
                let (file, size) = files::place(path, access)?;
                slot.push(parts.push(path.clone(), file, size, false)?);
            }
        }
        Ok(Self { config, flash: FileFlash::new(parts.parts), images })
    }

    fn layout(&self) -> Layout<'_> {
        let [a, b] = &self.images;
        let slot = |first, images| SlotLayout { envelope: units(first, 3), images };
        Layout { slots: [slot(5, a), slot(8, b)], state: units(0, 3), trust: Some([units(3, 1), units(4, 1)]) }
    }

    fn counters(&self) -> core::result::Result<[Counter; 2], InstallError> {
        let counter = |start| {
            let area = Area { start, size: COUNTER_SIZE };
            FlashCounter::new(self.flash.clone(), area, u32::MAX)
        };
        Ok([counter(STATE_SIZE)?, counter(STATE_SIZE.saturating_add(COUNTER_SIZE))?])
    }

    /// Where a slot's images lie, with the ids of their components.
    pub(crate) fn places(&self, slot: SlotId) -> impl Iterator<Item = (&str, &PathBuf)> {
        self.config.components.iter().map(String::as_str).zip(self.config.places(slot))
    }

    /// How often a release is started on trial.
    pub(crate) const fn trials(&self) -> u8 {
        self.config.trials
    }

    /// Opens the state and the trust store in use, and does something with them.
    ///
    /// # Errors
    ///
    /// What could not be found out: a file, the state, a counter. That something is refused is in the value.
    pub(crate) fn with<T>(
        &self,
        step: impl FnOnce(Open<'_, '_>) -> core::result::Result<T, Error>,
    ) -> Result<Decided<T>> {
        self.decided(self.opened(step))
    }

    fn opened<T>(
        &self,
        step: impl FnOnce(Open<'_, '_>) -> core::result::Result<T, Error>,
    ) -> core::result::Result<T, Error> {
        let [rollback, mut epochs] = self.counters()?;
        let mut device = Installer::open(self.flash.clone(), rollback, self.layout())?;
        let mut buffer = vec![0; ROOM_FOR_TRUST];
        let store = device.trust_store(&mut epochs, &mut buffer)?;
        let epoch = store.epoch();
        let verifier = Verifier::new(store, ALGORITHMS)?;
        self.step(|facts, memory| {
            step(Open { device: &mut device, verifier: &verifier, facts, epochs: &mut epochs, epoch, memory })
        })
    }

    fn step<T>(&self, step: impl FnOnce(&Facts<'_>, Memory<'_>) -> T) -> T {
        let components: Vec<&str> = self.config.components.iter().map(String::as_str).collect();
        let facts = Facts {
            vendor: self.config.vendor,
            class: self.config.class,
            components: &components,
            trials: self.config.trials,
        };
        let (mut frame, mut scratch) = (vec![0; MAX_FRAME], vec![0; PIECE]);
        step(&facts, Memory { frame: &mut frame, scratch: &mut scratch })
    }

    /// Tells a refusal from what could not be found out.
    fn decided<T>(&self, outcome: core::result::Result<T, Error>) -> Result<Decided<T>> {
        let error = match outcome {
            Ok(value) => return Ok(Ok(value)),
            Err(error) => error,
        };
        if let Some(trouble) = self.flash.take_trouble() {
            return Err(trouble);
        }
        let refusal = Refusal::from(error);
        if is_refusal(error) {
            return Ok(Err(refusal));
        }
        Err(Failure::new(format!("{}: {refusal}", name(&self.config.path))).remedy(refusal.remedy))
    }
}

/// A device, its state read, with a verifier of the trust store in use.
#[derive(Debug)]
pub(crate) struct Open<'o, 'g> {
    pub(crate) device: &'o mut Device<'g>,
    pub(crate) verifier: &'o Verifier<'o>,
    pub(crate) facts: &'o Facts<'o>,
    pub(crate) epochs: &'o mut Counter,
    pub(crate) epoch: TrustEpoch,
    pub(crate) memory: Memory<'o>,
}

impl Open<'_, '_> {
    /// What both counters hold: rollback, then epochs.
    pub(crate) fn counted(&mut self) -> core::result::Result<[u32; 2], Error> {
        let unreadable = |_| Error::from(InstallError::CounterUnreadable);
        let rollback = self.device.counter().read().map_err(unreadable)?;
        Ok([rollback, self.epochs.read().map_err(unreadable)?])
    }
}

/// Whether the device says no; else it could not find out.
const fn is_refusal(error: Error) -> bool {
    match error {
        Error::Verify(_) => true,
        Error::Install(error) => matches!(
            error,
            InstallError::StatePresent
                | InstallError::EnvelopeTooLarge { .. }
                | InstallError::NothingBootable
                | InstallError::NotConfirmed
                | InstallError::NotOnTrial
                | InstallError::TrustTooLarge { .. }
                | InstallError::OnTrial
        ),
        _ => false,
    }
}

/// Parts as they are put one behind the other.
#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    end: u32,
}

impl Parts {
    /// Adds a file; what of it fills no whole unit is left alone.
    fn push(&mut self, path: PathBuf, file: std::fs::File, size: u64, is_state: bool) -> Result<Area> {
        use std::os::unix::fs::MetadataExt as _;
        let same = |one: &std::fs::Metadata, two: &std::fs::Metadata| {
            (one.dev(), one.ino()) == (two.dev(), two.ino()) || (one.rdev() != 0 && one.rdev() == two.rdev())
        };
        let metadata = file.metadata().map_err(|error| crate::input::unreadable(&path, error))?;
        for part in &self.parts {
            if part.file.metadata().is_ok_and(|other| same(&metadata, &other)) {
                return Err(Failure::new(format!("{} and {} are one and the same", name(&part.path), name(&path)))
                    .remedy("give each component a place of its own in each slot"));
            }
        }
        let size = size.checked_div(UNIT.into()).unwrap_or(0).saturating_mul(UNIT.into());
        if size == 0 {
            return Err(Failure::new(format!("{}: is smaller than {UNIT} bytes", name(&path))));
        }
        let room = u32::MAX.saturating_sub(self.end);
        let size = u32::try_from(size).ok().filter(|size| *size <= room).ok_or_else(|| {
            Failure::new(format!("{}: with it, the places have more than 4 GiB together", name(&path)))
                .remedy("smaller partitions: the state machine counts bytes with 32 bits")
        })?;
        let area = Area { start: self.end, size };
        self.end = self.end.saturating_add(size);
        self.parts.push(Part { path, file, area, is_state, unsynced: core::cell::Cell::new(false) });
        Ok(area)
    }
}

const fn units(start: u32, count: u32) -> Area {
    Area { start: start.saturating_mul(UNIT), size: count.saturating_mul(UNIT) }
}

const STATE: &str = "state";
const ROLLBACK: &str = "rollback-counter";
const EPOCHS: &str = "epoch-counter";

/// Three sectors of records, two trust stores, two envelopes.
const STATE_SIZE: u32 = 11 * UNIT;
const COUNTER_SIZE: u32 = 3 * UNIT;

const ROOM_FOR_TRUST: usize = 64 << 10;
