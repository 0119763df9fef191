//! One road to each number of the stage `install`, and counters that fail: refused by that number, and nothing is written that need not be.

use twinseal_formats::TrustStore;
use twinseal_installer::{
    Area, CounterFault, Error, INSTALL_ERRORS, InstallError, Installer, Layout, Memory, MonotonicCounter, Payloads,
    SlotId, activate,
};
use twinseal_verifier::Verifier;

use crate::bench::{Bench, Job, Kind};
use crate::device::{Device, Plan, with_length};
use crate::flash::{Chip, Cut, Tear};

/// Takes every road, and counts them. An erase unit must be too small for an envelope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EveryNumber;

/// What leads to a refusal.
type Road<F> = fn(&Rig<F>) -> Error;

impl Job for EveryNumber {
    type Outcome = usize;

    fn on<F: Chip>(self, kind: Kind) -> usize {
        let roads: [(InstallError, Road<F>); 21] = [
            (InstallError::Layout, areas_that_overlap),
            (InstallError::Layout, areas_off_their_units),
            (InstallError::StateMissing, no_state),
            (InstallError::StateUnreadable, a_state_that_can_not_be_read),
            (InstallError::StateWriteFault, a_state_that_can_not_be_written),
            (InstallError::StatePresent, provisioned_twice),
            (InstallError::EnvelopeUnreadable, an_envelope_of_no_length),
            (InstallError::EnvelopeTooLarge { size: 0, room: 0 }, an_envelope_without_room),
            (InstallError::EnvelopeNotStored, an_envelope_that_changed),
            (InstallError::CounterUnreadable, a_counter_that_can_not_be_read),
            (InstallError::CounterWriteFault, a_counter_that_does_not_rise),
            (InstallError::CounterWriteFault, an_epoch_counter_that_does_not_rise),
            (InstallError::NothingBootable, nothing_to_boot),
            (InstallError::NotConfirmed, an_update_beside_a_trial),
            (InstallError::NotOnTrial, confirmed_before_it_ran),
            (InstallError::TrustUnreadable, a_store_that_nobody_wrote),
            (InstallError::TrustTooLarge { size: 0, room: 0 }, a_store_without_room),
            (InstallError::TrustWriteFault, a_store_on_dead_flash),
            (InstallError::OnTrial, trust_beside_a_pending_release),
            (InstallError::TrustNotKept, trust_without_a_place),
            (InstallError::ReleaseDiffers, another_release_in_the_slot),
        ];
        for (number, road) in &roads {
            let rig = Rig { device: Device::<F>::made(Bench::quick(), kind) };
            let refused = road(&rig);
            assert_eq!(refused.code(), number.code(), "{number:?}: {refused}");
            rig.device.flash.meddle(None);
        }
        for entry in INSTALL_ERRORS {
            let reached = roads.iter().any(|(number, _)| number.code() == entry.code);
            assert!(reached, "{}", entry.rule);
        }
        roads.len()
    }
}

/// A device, and what its maker might get wrong.
struct Rig<F> {
    device: Device<F>,
}

/// A counter in no flash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter {
    value: u32,
    limit: u32,
    deaf: bool,
    stuck: bool,
}

const SOUND: Counter = Counter { value: 1, limit: 100, deaf: false, stuck: false };

impl MonotonicCounter for Counter {
    fn read(&mut self) -> Result<u32, CounterFault> {
        if self.deaf { Err(CounterFault) } else { Ok(self.value) }
    }

    fn limit(&self) -> u32 {
        self.limit
    }

    fn raise(&mut self, to: u32) -> Result<(), CounterFault> {
        if !self.stuck {
            self.value = to;
        }
        Ok(())
    }
}

type Opened<'a, F> = Installer<'a, F, Counter>;

impl<F: Chip> Rig<F> {
    /// Opens the device with that layout and that counter.
    fn with<T>(
        &self,
        layout: Layout<'_>,
        counter: Counter,
        then: impl FnOnce(&mut Opened<'_, F>, &Verifier<'_>, Memory<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let device = &self.device;
        let mut installer = Installer::open(device.flash.clone(), counter, layout)?;
        let store = TrustStore::parse(&device.bench.stores[0]).expect("a good store");
        let verifier = Verifier::from_write_protected(store, device.bench.algorithms).expect("a good store");
        let (mut frame, mut scratch) = (vec![0; 4096], [0; 61]);
        then(&mut installer, &verifier, Memory { frame: &mut frame, scratch: &mut scratch })
    }

    fn boots(&self, counter: Counter) -> Result<Vec<Error>, Error> {
        self.with(self.device.places.layout(), counter, |installer, verifier, memory| {
            let mut refusals = Vec::new();
            let facts = &self.device.bench.facts;
            let booted = installer.boot(verifier, facts, memory, |_, error| refusals.push(error), |_, _, _| ());
            // What was refused on the way tells more than that nothing was left.
            booted.map_or_else(
                |error| if refusals.is_empty() { Err(error) } else { Ok(refusals.clone()) },
                |()| Ok(refusals.clone()),
            )
        })
    }

    fn receives(&self, layout: Layout<'_>, counter: Counter) -> Error {
        let (bench, before) = (self.device.bench, self.device.flash.operations());
        let made = &bench.releases[1];
        let refused = self.with(layout, counter, |installer, verifier, memory| {
            let frame = &made.bundle[..made.frame];
            let begun = installer.receive(SlotId::A, verifier, &bench.facts, frame, Payloads::Enclosed, memory.scratch);
            begun.map(|_| ())
        });
        assert_eq!(self.device.flash.operations(), before, "nothing was written");
        refused.expect_err("it is refused")
    }

    fn confirms(&self, slot: SlotId, counter: Counter) -> Result<(), Error> {
        self.with(self.device.places.layout(), counter, |installer, verifier, memory| {
            installer.confirm(slot, verifier, &self.device.bench.facts, memory).map(|_| ())
        })
    }

    fn changes_trust(&self, layout: Layout<'_>, epochs: Counter) -> Error {
        let changed = self.with(layout, SOUND, |installer, verifier, memory| {
            let (facts, update) = (&self.device.bench.facts, &self.device.bench.update);
            installer.update_trust(SlotId::A, verifier, facts, &mut { epochs }, update, memory).map(|_| ())
        });
        changed.expect_err("it is refused")
    }

    fn installed(&self) {
        self.device.start(|awake| awake.install(1)).expect("a good release");
    }

    /// The next release is started on trial.
    fn tried(&self) {
        self.installed();
        self.device.start(|_| Ok(())).expect("it starts");
    }

    fn kill(&self, area: Area) {
        self.device.flash.kill(area.start as usize..(area.start + area.size) as usize);
    }

    fn scramble(&self, area: Area) {
        self.device.flash.scramble(area.start as usize..(area.start + area.size) as usize);
    }
}

fn areas_that_overlap<F: Chip>(rig: &Rig<F>) -> Error {
    let mut layout = rig.device.places.layout();
    layout.slots[1].envelope = layout.slots[0].envelope;
    rig.with(layout, SOUND, |_, _, _| Ok(())).expect_err("it is refused")
}

fn areas_off_their_units<F: Chip>(rig: &Rig<F>) -> Error {
    let good = rig.device.places.layout();
    let Area { start, size } = good.state;
    let unit = F::ERASE_SIZE as u32;
    let end = rig.device.places.size as u32;
    let bad =
        [(start + 1, size), (start, size - 1), (start, 0), (end, size), (u32::MAX - unit + 1, size), (start, size + 1)];
    for (start, size) in bad {
        let layout = Layout { state: Area { start, size }, ..good };
        let refused = rig.with(layout, SOUND, |_, _, _| Ok(()));
        assert_eq!(refused, Err(InstallError::Layout.into()), "{start}, {size}");
    }
    let mut layout = good;
    layout.slots[1].images = &[];
    rig.with(layout, SOUND, |_, _, _| Ok(())).expect_err("it is refused")
}

fn no_state<F: Chip>(rig: &Rig<F>) -> Error {
    rig.scramble(rig.device.places.state);
    rig.boots(SOUND).expect_err("it is refused")
}

fn a_state_that_can_not_be_read<F: Chip>(rig: &Rig<F>) -> Error {
    let before = rig.device.flash.operations();
    rig.kill(rig.device.places.state);
    let refused = rig.boots(SOUND).expect_err("it is refused");
    assert_eq!(rig.device.flash.operations(), before, "nothing was written");
    refused
}

/// What failed once is not tried again before the next reset, and nothing else is written either.
fn a_state_that_can_not_be_written<F: Chip>(rig: &Rig<F>) -> Error {
    rig.tried();
    rig.device.flash.power(Some(Cut { at: 0, tear: Tear::Fails }));
    let refused = rig.with(rig.device.places.layout(), SOUND, |installer, verifier, memory| {
        let Memory { frame, scratch } = memory;
        let (facts, made) = (&rig.device.bench.facts, &rig.device.bench.releases[1]);
        let first =
            installer.confirm(SlotId::B, verifier, facts, Memory { frame: &mut *frame, scratch: &mut *scratch });
        let first = first.expect_err("it is refused");
        let operations = rig.device.flash.operations();
        let again =
            installer.confirm(SlotId::B, verifier, facts, Memory { frame: &mut *frame, scratch: &mut *scratch });
        assert_eq!(again, Err(first));
        let bundle = &made.bundle[..made.frame];
        let received = installer.receive(SlotId::A, verifier, facts, bundle, Payloads::Enclosed, scratch);
        assert_eq!(received.err(), Some(first));
        let (mut epochs, update) = (SOUND, &rig.device.bench.update);
        let trust = installer.update_trust(SlotId::A, verifier, facts, &mut epochs, update, Memory { frame, scratch });
        assert!(trust.is_err(), "nothing changes");
        assert_eq!(rig.device.flash.operations(), operations, "nothing was written");
        Err::<(), _>(first)
    });
    rig.device.flash.power(None);
    rig.device.live(Plan::Update, &[]);
    refused.expect_err("it is refused")
}

fn provisioned_twice<F: Chip>(rig: &Rig<F>) -> Error {
    let device = &rig.device;
    let store = TrustStore::parse(&device.bench.stores[0]).expect("a good store");
    let verifier = Verifier::from_write_protected(store, device.bench.algorithms).expect("a good store");
    let (mut frame, mut scratch) = (vec![0; 4096], [0; 61]);
    let memory = Memory { frame: &mut frame, scratch: &mut scratch };
    let (flash, layout) = (device.flash.clone(), device.places.layout());
    let made = Installer::provision(flash, SOUND, layout, SlotId::A, &verifier, &device.bench.facts, memory);
    made.expect_err("it is refused")
}

fn an_envelope_of_no_length<F: Chip>(rig: &Rig<F>) -> Error {
    rig.device.program(rig.device.places.envelopes[0], &[0xff; 16]);
    rig.boots(SOUND).expect("refusals")[0]
}

fn an_envelope_without_room<F: Chip>(rig: &Rig<F>) -> Error {
    let mut layout = rig.device.places.layout();
    layout.slots[1].envelope.size = F::ERASE_SIZE as u32;
    rig.receives(layout, SOUND)
}

fn an_envelope_that_changed<F: Chip>(rig: &Rig<F>) -> Error {
    let (bench, made) = (rig.device.bench, &rig.device.bench.releases[1]);
    let refused = rig.with(rig.device.places.layout(), SOUND, |installer, verifier, memory| {
        let frame = &made.bundle[..made.frame];
        let scratch = memory.scratch;
        let mut receiving = installer.receive(SlotId::A, verifier, &bench.facts, frame, Payloads::Enclosed, scratch)?;
        receiving.push(&made.bundle[made.frame..])?;
        let verified = receiving.finish(scratch)?;
        rig.device.flash.cells().borrow_mut().flip(rig.device.places.envelopes[1].start as usize + 100);
        activate(verified)
    });
    refused.expect_err("it is refused")
}

fn a_counter_that_can_not_be_read<F: Chip>(rig: &Rig<F>) -> Error {
    let deaf = Counter { deaf: true, ..SOUND };
    let wanted = Error::from(InstallError::CounterUnreadable);
    assert_eq!(rig.receives(rig.device.places.layout(), deaf), wanted);
    assert_eq!(rig.boots(deaf), Err(wanted));
    assert_eq!(rig.changes_trust(rig.device.places.layout(), deaf), wanted);
    rig.tried();
    rig.confirms(SlotId::B, deaf).expect_err("it is refused")
}

/// Starting goes on, and says so each time; confirming says so.
fn a_counter_that_does_not_rise<F: Chip>(rig: &Rig<F>) -> Error {
    let stuck = Counter { stuck: true, ..SOUND };
    assert_eq!(rig.boots(stuck), Ok(vec![InstallError::CounterWriteFault.into()]));
    rig.tried();
    let refused = rig.confirms(SlotId::B, stuck).expect_err("it is refused");
    assert_eq!(rig.confirms(SlotId::B, stuck), Err(refused), "as often as it is tried");
    assert_eq!(rig.confirms(SlotId::B, SOUND), Ok(()), "until the counter rises");
    refused
}

fn an_epoch_counter_that_does_not_rise<F: Chip>(rig: &Rig<F>) -> Error {
    let behind = Counter { value: 0, stuck: true, ..SOUND };
    let before = rig.device.flash.operations();
    let refused = rig.changes_trust(rig.device.places.layout(), behind);
    assert_eq!(rig.device.flash.operations(), before, "nothing was written");
    refused
}

fn nothing_to_boot<F: Chip>(rig: &Rig<F>) -> Error {
    rig.scramble(rig.device.places.images[0][0]);
    rig.device.start(|_| Ok(())).expect_err("it is refused")
}

fn an_update_beside_a_trial<F: Chip>(rig: &Rig<F>) -> Error {
    rig.installed();
    rig.device.start(|awake| awake.install(2)).expect_err("it is refused")
}

fn confirmed_before_it_ran<F: Chip>(rig: &Rig<F>) -> Error {
    rig.installed();
    rig.confirms(SlotId::B, SOUND).expect_err("it is refused")
}

fn a_store_that_nobody_wrote<F: Chip>(rig: &Rig<F>) -> Error {
    rig.scramble(rig.device.places.stores[0]);
    rig.device.start(|_| Ok(())).expect_err("it is refused")
}

fn a_store_without_room<F: Chip>(rig: &Rig<F>) -> Error {
    let mut layout = rig.device.places.layout();
    let [first, mut second] = rig.device.places.stores;
    second.size = F::ERASE_SIZE as u32;
    layout.trust = Some([first, second]);
    let before = rig.device.flash.operations();
    let refused = rig.changes_trust(layout, SOUND);
    assert_eq!(rig.device.flash.operations(), before, "nothing was written");
    refused
}

fn a_store_on_dead_flash<F: Chip>(rig: &Rig<F>) -> Error {
    rig.kill(rig.device.places.stores[1]);
    let refused = rig.changes_trust(rig.device.places.layout(), SOUND);
    assert!(rig.device.start(|_| Ok(())).is_ok(), "the old one stays in use");
    refused
}

fn trust_beside_a_pending_release<F: Chip>(rig: &Rig<F>) -> Error {
    rig.installed();
    rig.changes_trust(rig.device.places.layout(), SOUND)
}

fn trust_without_a_place<F: Chip>(rig: &Rig<F>) -> Error {
    let layout = Layout { trust: None, ..rig.device.places.layout() };
    rig.changes_trust(layout, SOUND)
}

/// An authentic one, whole, newer: but not the one that was confirmed there.
fn another_release_in_the_slot<F: Chip>(rig: &Rig<F>) -> Error {
    let (places, other) = (&rig.device.places, &rig.device.bench.releases[1]);
    rig.device.program(places.envelopes[0], &with_length(&other.bundle[..other.frame]));
    for (area, payload) in places.images[0].into_iter().zip(&other.payloads) {
        rig.device.program(area, payload);
    }
    let refusals = rig.boots(SOUND).expect("refusals");
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    refusals[0]
}

/// A counter that is used up is found before anything is written: for the next release, and for the next trust store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UsedUp;

impl Job for UsedUp {
    type Outcome = [u16; 2];

    fn on<F: Chip>(self, kind: Kind) -> [u16; 2] {
        let rig = Rig { device: Device::<F>::made(Bench::quick(), kind) };
        let layout = rig.device.places.layout();
        let release = rig.receives(layout, Counter { value: 3, limit: 3, ..SOUND });
        let before = rig.device.flash.operations();
        let trust = rig.changes_trust(layout, Counter { limit: 1, ..SOUND });
        assert_eq!(rig.device.flash.operations(), before, "nothing was written");
        [release, trust].map(|error| error.code().number())
    }
}
