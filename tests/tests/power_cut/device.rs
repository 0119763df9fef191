//! A device on the bench: how it starts, what its application can do, and the lives that it is taken through.

use twinseal_formats::TrustStore;
use twinseal_installer::{
    Area, Error, FlashCounter, InstallError, Installer, Memory, MonotonicCounter as _, Payloads, Reason, SlotId,
    SlotState, activate,
};
use twinseal_verifier::{Boot, Storage, VerifiedUpdate, Verifier};

use crate::bench::{Bench, Kind, Places};
use crate::flash::{Chip, Cut};
use crate::invariants::{Invariant, Seen, Started};

/// What a device is taken through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// The next release is received, tried, confirmed; the counter rises.
    Update,
    /// The next release is received and tried, never confirms itself, and the device goes back.
    Revert,
    /// The trust store is replaced, and the counter of epochs rises.
    Trust,
    /// An update, another trust store, a second update.
    Everything,
}

impl Plan {
    pub(crate) const EACH: [Self; 3] = [Self::Update, Self::Revert, Self::Trust];
}

/// A device, without power.
#[derive(Clone)]
pub(crate) struct Device<F> {
    pub(crate) bench: &'static Bench,
    pub(crate) places: Places,
    pub(crate) flash: F,
    /// Bytes to a chunk of the stream.
    pub(crate) chunk: usize,
}

/// A device that has started a release.
pub(crate) struct Awake<'a, F: Chip> {
    device: &'a Device<F>,
    pub(crate) installer: Installer<'a, F, FlashCounter<F>>,
    pub(crate) epochs: FlashCounter<F>,
    verifier: &'a Verifier<'a>,
    pub(crate) epoch: u32,
    pub(crate) started: Started,
    frame: Vec<u8>,
}

impl<F: Chip> Device<F> {
    /// A new device: nobody cuts the power at the factory.
    pub(crate) fn made(bench: &'static Bench, kind: Kind) -> Self {
        let places = Places::of::<F>();
        let this = Self { bench, places, flash: F::of_size(places.size, kind.3), chunk: 97 };
        let (factory, [first, _]) = (&bench.releases[0], &bench.stores);
        this.program(places.envelopes[0], &with_length(&factory.bundle[..factory.frame]));
        this.program(places.stores[0], &with_length(first));
        for (area, payload) in places.images[0].into_iter().zip(&factory.payloads) {
            this.program(area, payload);
        }
        this.counter(places.rollback).provision().expect("a new counter");
        this.counter(places.epoch).provision().expect("a new counter");
        let store = TrustStore::parse(first).expect("a good store");
        let verifier = Verifier::from_write_protected(store, bench.algorithms).expect("a good store");
        let (mut frame, mut scratch) = (vec![0; FRAME], [0; SCRATCH]);
        let made = Installer::provision(
            this.flash.clone(),
            this.counter(places.rollback),
            places.layout(),
            SlotId::A,
            &verifier,
            &bench.facts,
            Memory { frame: &mut frame, scratch: &mut scratch },
        );
        drop(made.expect("the factory's release is good"));
        this.flash.power(None);
        this
    }

    /// Writes bytes into an area, as a factory's programmer does.
    pub(crate) fn program(&self, area: Area, bytes: &[u8]) {
        let mut padded = bytes.to_vec();
        padded.resize(bytes.len().next_multiple_of(F::WRITE_SIZE), 0xff);
        let mut flash = self.flash.clone();
        flash.erase(area.start, area.start + area.size).expect("power is on");
        flash.write(area.start, &padded).expect("power is on");
    }

    /// The same device with another flash.
    pub(crate) fn with(&self, flash: F) -> Self {
        Self { flash, ..*self }
    }

    pub(crate) fn counter(&self, area: Area) -> FlashCounter<F> {
        FlashCounter::new(self.flash.clone(), area, LIMIT).expect("the area is large enough")
    }

    /// Power comes: state and trust store are read, a release is chosen, verified and started. Holds it against the invariants.
    pub(crate) fn start<T>(&self, then: impl FnOnce(&mut Awake<'_, F>) -> Result<T, Error>) -> Result<T, Error> {
        self.open(|awake| {
            let mut scratch = [0; SCRATCH];
            let started = awake.installer.boot(
                awake.verifier,
                &self.bench.facts,
                Memory { frame: &mut awake.frame, scratch: &mut scratch },
                |_, _| {},
                |update, slot, reason| self.examine(&update, slot, reason),
            )?;
            let counter = awake.installer.counter().read().map_err(|_| InstallError::CounterUnreadable)?;
            let confirmed = awake.installer.state().confirmed().map(|one| one.release_id);
            let confirmed = self.release(confirmed.as_ref());
            self.seen(|seen| seen.note(self.bench, started, counter, confirmed));
            awake.started = started;
            then(awake)
        })
    }

    /// What was started goes on: the application opens state and trust store for itself.
    pub(crate) fn resume<T>(
        &self,
        started: Started,
        then: impl FnOnce(&mut Awake<'_, F>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.open(|awake| {
            awake.started = started;
            then(awake)
        })
    }

    fn open<T>(&self, then: impl FnOnce(&mut Awake<'_, F>) -> Result<T, Error>) -> Result<T, Error> {
        let mut installer =
            Installer::open(self.flash.clone(), self.counter(self.places.rollback), self.places.layout())?;
        let mut epochs = self.counter(self.places.epoch);
        let (mut buffer, frame) = (vec![0; FRAME], vec![0; FRAME]);
        let store = installer.trust_store(&mut epochs, &mut buffer)?;
        let epoch = store.epoch().0;
        Invariant::TrustRises
            .holds(self.bench.stores.iter().any(|one| one == store.as_bytes()), &"a store nobody made");
        self.seen(|seen| seen.note_trust(epoch));
        let verifier = Verifier::from_write_protected(store, self.bench.algorithms).map_err(Error::from)?;
        let started = Started { release: 0, slot: SlotId::A, reason: Reason::Fallback };
        then(&mut Awake { device: self, installer, epochs, verifier: &verifier, epoch, started, frame })
    }

    /// A bit of the image that was confirmed last falls over.
    pub(crate) fn rot(&self) {
        let preferred = Installer::open(self.flash.clone(), self.counter(self.places.rollback), self.places.layout())
            .map(|installer| installer.state().preferred());
        let images = self.places.images[usize::from(preferred == Ok(SlotId::B))];
        self.flash.cells().borrow_mut().flip(images[0].start as usize + 5);
    }

    /// What is about to run is a release that the vendor made, to the byte.
    fn examine<S: Storage>(&self, update: &VerifiedUpdate<'_, Boot, S>, slot: SlotId, reason: Reason) -> Started {
        let release = self.release(Some(update.release_id()));
        let images = self.places.images[usize::from(slot == SlotId::B)];
        let cells = self.flash.cells().borrow();
        for (area, payload) in images.into_iter().zip(&self.bench.releases[usize::from(release)].payloads) {
            let start = area.start as usize;
            let (bytes, ..) = cells.contents(start..start + payload.len());
            Invariant::Authentic.holds(bytes == payload, &(slot, reason));
        }
        Started { release, slot, reason }
    }

    fn release(&self, id: Option<&twinseal_formats::Digest>) -> u8 {
        let found = (0..).zip(&self.bench.releases).find(|(_, one)| Some(&one.id) == id);
        Invariant::Authentic.holds(found.is_some(), &id);
        found.map_or(0, |(place, _)| place)
    }

    fn seen(&self, with: impl FnOnce(&mut Seen)) {
        with(&mut self.flash.cells().borrow_mut().seen);
    }

    /// Lives until what was planned is done. An error is excused by a fault since power came, or by something that reads badly.
    pub(crate) fn live(&self, plan: Plan, cuts: &[Cut]) {
        let mut cuts = cuts.iter();
        self.flash.power(cuts.next().copied());
        for _ in 0..ROUNDS {
            if self.flash.is_struck() {
                self.flash.power(cuts.next().copied());
            }
            let mut runs = false;
            let went = self.start(|awake| {
                runs = true;
                awake.go_on(plan)
            });
            match went {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    let excused = self.flash.is_struck() || self.flash.is_odd();
                    let broken = if runs { Invariant::ComesToAnEnd } else { Invariant::AlwaysBoots };
                    broken.holds(excused, &error);
                }
            }
        }
        Invariant::ComesToAnEnd.holds(false, &plan);
    }
}

impl<F: Chip> Awake<'_, F> {
    /// What the application does next; whether it is done.
    pub(crate) fn go_on(&mut self, plan: Plan) -> Result<bool, Error> {
        let release = self.started.release;
        match self.started.reason {
            Reason::Trial(_) if plan == Plan::Revert => Ok(false),
            Reason::Trial(_) => self.confirm().map(|()| false),
            Reason::Fallback => Err(InstallError::NothingBootable.into()),
            Reason::Confirmed => match plan {
                Plan::Update if release == 1 => self.has_risen(),
                Plan::Revert if self.was_tried() => Ok(true),
                Plan::Update | Plan::Revert => self.install(1).map(|()| false),
                Plan::Trust if self.epoch == 2 => self.has_risen(),
                Plan::Everything if release == 2 => self.has_risen(),
                Plan::Trust => self.update_trust().map(|()| false),
                Plan::Everything if release == 1 && self.epoch == 1 => self.update_trust().map(|()| false),
                Plan::Everything => self.install(release + 1).map(|()| false),
            },
        }
    }

    /// Whether the other slot's release was started as often as it may be.
    fn was_tried(&self) -> bool {
        let trials = self.device.bench.facts.trials;
        matches!(self.installer.state().slot(self.started.slot.other()), SlotState::Trial { begun, .. } if begun >= trials)
    }

    /// Both counters stand where what runs demands it. If power was lost before they could rise, starting has raised them.
    fn has_risen(&mut self) -> Result<bool, Error> {
        let wanted = self.device.bench.releases[usize::from(self.started.release)].security_version;
        let behind = |_| Error::from(InstallError::CounterUnreadable);
        let (counter, epoch) = (self.installer.counter().read().map_err(behind)?, self.epochs.read().map_err(behind)?);
        if counter == wanted && epoch == self.epoch { Ok(true) } else { Err(InstallError::CounterWriteFault.into()) }
    }

    pub(crate) fn confirm(&mut self) -> Result<(), Error> {
        let mut scratch = [0; SCRATCH];
        let memory = Memory { frame: &mut self.frame, scratch: &mut scratch };
        let confirmed = self.installer.confirm(self.started.slot, self.verifier, &self.device.bench.facts, memory)?;
        let confirmed = self.device.release(Some(&confirmed.release_id));
        self.device.seen(|seen| seen.confirmed = seen.confirmed.max(confirmed));
        Ok(())
    }

    /// Streams a release in chunks, from where an earlier attempt ended.
    pub(crate) fn install(&mut self, release: u8) -> Result<(), Error> {
        let made = &self.device.bench.releases[usize::from(release)];
        let (facts, mut scratch) = (&self.device.bench.facts, [0; SCRATCH]);
        let frame = &made.bundle[..made.frame];
        let receiving =
            self.installer.receive(self.started.slot, self.verifier, facts, frame, Payloads::Enclosed, &mut scratch);
        let mut receiving = receiving?;
        let start = usize::try_from(receiving.position()).expect("small");
        for chunk in made.bundle[start..].chunks(self.device.chunk) {
            receiving.push(chunk)?;
        }
        activate(receiving.finish(&mut scratch)?)
    }

    pub(crate) fn update_trust(&mut self) -> Result<(), Error> {
        let mut scratch = [0; SCRATCH];
        let memory = Memory { frame: &mut self.frame, scratch: &mut scratch };
        let (slot, facts, update) = (self.started.slot, &self.device.bench.facts, &self.device.bench.update);
        self.installer.update_trust(slot, self.verifier, facts, &mut self.epochs, update, memory)?;
        self.device.seen(|seen| seen.epoch = 2);
        Ok(())
    }
}

/// Bytes as the installer keeps them.
pub(crate) fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).expect("small").to_le_bytes(), bytes].concat()
}

/// A device that needs more starts than this is wedged.
const ROUNDS: usize = 24;
const FRAME: usize = 4096;
const SCRATCH: usize = 61;
/// What the counters can hold.
pub(crate) const LIMIT: u32 = 100;
