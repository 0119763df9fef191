//! The states that a device can come to, one event after the other: whatever is asked of it, in whatever order, with power cut at every
//! operation of every event. The device is the product's installer on the flash model; nothing is modelled beside it.
//!
//! The search goes into depth. Two devices are the same if nothing that the installer reads tells them apart: what each sector of records holds,
//! relative to the newest, in whatever order the sectors lie; every other byte, and how it reads; what runs; and what the test has seen.

use std::collections::{BTreeMap, HashMap};

use twinseal_installer::{Area, Error, InstallError, Reason, SlotId, SlotState};

use crate::bench::{Bench, Job, Kind, Places};
use crate::device::Device;
use crate::flash::{Cells, Chip, Tear};
use crate::invariants::{Invariant, Seen, Started};

/// Few operations, few bytes.
pub(crate) const KIND: Kind = Kind(256, 1024, 1, 0xff);

/// How far the search goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Explore {
    /// Events on one road.
    pub(crate) events: u8,
    /// Cuts on one road.
    pub(crate) cuts: u8,
    pub(crate) tears: &'static [Tear],
    /// The life of every so-many-th state is lived to its end.
    pub(crate) ends: u64,
}

/// What was found, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) events: BTreeMap<Event, u64>,
    pub(crate) cuts: u64,
    pub(crate) ends: u64,
    /// Refusals, by number of the error.
    pub(crate) refused: BTreeMap<u16, u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Event {
    /// Power comes (if it was there, it was lost before), and a release is started.
    Start,
    /// What runs confirms itself.
    Confirm,
    /// What runs installs a release, older ones and itself included.
    Install(u8),
    /// What runs changes trust.
    Trust,
    /// The images of the release that was confirmed last are damaged.
    Rot,
}

const EVENTS: [Event; 7] =
    [Event::Start, Event::Confirm, Event::Install(0), Event::Install(1), Event::Install(2), Event::Trust, Event::Rot];

/// A device with what runs on it.
#[derive(Clone)]
struct Node {
    cells: Cells,
    running: Option<Started>,
    rotten: bool,
}

struct Search<F> {
    device: Device<F>,
    limits: Explore,
    /// The most events and cuts that were left when a state was come to.
    known: HashMap<u64, Vec<(u8, u8)>>,
    found: Explored,
    road: Vec<(Event, Option<(usize, Tear)>)>,
}

impl Job for Explore {
    type Outcome = Explored;

    fn on<F: Chip>(self, kind: Kind) -> Explored {
        let device = Device::<F>::made(Bench::quick(), kind);
        let cells = device.flash.cells().borrow().clone();
        let mut search =
            Search { device, limits: self, known: HashMap::new(), found: Explored::default(), road: Vec::new() };
        search.visit(&Node { cells, running: None, rotten: false }, self.events, self.cuts);
        search.found.states = search.known.len();
        search.found.clone()
    }
}

impl<F> Drop for Search<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was on the road {:?}", self.road);
        }
    }
}

impl<F: Chip> Search<F> {
    fn visit(&mut self, node: &Node, events: u8, cuts: u8) {
        let left = self.known.entry(self.key(node)).or_default();
        if left.iter().any(|known| known.0 >= events && known.1 >= cuts) {
            return;
        }
        let is_new = left.is_empty();
        left.retain(|known| known.0 > events || known.1 > cuts);
        left.push((events, cuts));
        if is_new && !node.rotten && (self.known.len() as u64).is_multiple_of(self.limits.ends) {
            self.found.ends += 1;
            self.holding(node.cells.clone()).live(crate::device::Plan::Everything, &[]);
        }
        let Some(events) = events.checked_sub(1) else { return };
        for event in EVENTS {
            // What reads either way is tried each way.
            for whim in 0..if node.cells.is_odd() { 3 } else { 1 } {
                self.happen(node, event, whim, events, cuts);
            }
        }
    }

    /// An event, and what is left when it is cut short.
    fn happen(&mut self, node: &Node, event: Event, whim: u64, events: u8, cuts: u8) {
        let mut before = node.cells.clone();
        before.reseed(SEEDS[whim as usize]);
        let device = self.holding(before.clone());
        device.flash.record();
        self.road.push((event, None));
        let Some(after) = self.after(&device, node, event) else {
            self.road.pop();
            return;
        };
        *self.found.events.entry(event).or_default() += 1;
        let operations = device.flash.recorded();
        self.visit(&after, events, cuts);
        self.road.pop();
        let Some(cuts) = cuts.checked_sub(1) else { return };
        for (at, operation) in operations.iter().enumerate() {
            for tear in self.limits.tears {
                let mut cells = before.clone();
                cells.replay(operation, Some(*tear));
                self.found.cuts += 1;
                self.road.push((event, Some((at, *tear))));
                self.visit(&Node { cells, running: None, rotten: node.rotten }, events, cuts);
                self.road.pop();
            }
            before.replay(operation, None);
        }
    }

    /// What an event makes of a device; `None` if it can not happen there.
    fn after(&mut self, device: &Device<F>, node: &Node, event: Event) -> Option<Node> {
        let mut rotten = node.rotten;
        let running = match (event, node.running) {
            (Event::Start, _) => match device.start(|awake| Ok(awake.started)) {
                Ok(started) => Some(started),
                Err(error) => {
                    self.refuse(error);
                    let lost = rotten && error == InstallError::NothingBootable.into();
                    Invariant::AlwaysBoots.holds(lost || device.flash.is_odd(), &error);
                    None
                }
            },
            (Event::Rot, _) => {
                if rotten {
                    return None;
                }
                rotten = true;
                device.rot();
                None
            }
            (_, None) => return None,
            (Event::Confirm, Some(started)) => {
                let done = device.resume(started, |awake| awake.confirm());
                let may = matches!(started.reason, Reason::Trial(_) | Reason::Confirmed);
                Invariant::ConfirmedBooted.holds(may || done.is_err(), &(started, done));
                self.note(done);
                Some(started)
            }
            (Event::Install(release), Some(started)) => {
                let confirmed = device.flash.cells().borrow().seen.confirmed;
                let done = device.resume(started, |awake| {
                    awake.install(release)?;
                    let state = awake.installer.state().slot(started.slot.other());
                    Invariant::ComesToAnEnd.holds(matches!(state, SlotState::Pending { .. }), &state);
                    Ok(())
                });
                Invariant::ConfirmedKept.holds(release >= confirmed || done.is_err(), &(release, confirmed));
                self.note(done);
                Some(started)
            }
            (Event::Trust, Some(started)) => {
                let done = device.resume(started, |awake| awake.update_trust());
                self.note(done);
                Some(started)
            }
        };
        let cells = device.flash.cells().borrow().clone();
        Some(Node { cells, running, rotten })
    }

    fn note(&mut self, done: Result<(), Error>) {
        if let Err(error) = done {
            self.refuse(error);
        }
    }

    fn refuse(&mut self, error: Error) {
        *self.found.refused.entry(error.code().number()).or_default() += 1;
    }

    fn holding(&self, mut cells: Cells) -> Device<F> {
        cells.power(None);
        self.device.with(F::holding(cells))
    }

    fn key(&self, node: &Node) -> u64 {
        let places = &self.device.places;
        let mut key = Key(0xcbf2_9ce4_8422_2325);
        for area in [places.state, places.rollback, places.epoch] {
            key.records(&node.cells, area);
        }
        let images = places.images.as_flattened();
        for area in places.envelopes.iter().chain(images).chain(&places.stores) {
            key.area(&node.cells, area.start as usize..(area.start + area.size) as usize);
        }
        let Seen { started, confirmed, counter, epoch } = node.cells.seen;
        key.bytes(&[started, confirmed, counter as u8, epoch as u8, u8::from(node.rotten)]);
        let running = node.running.map(|one| {
            let (kind, count) = match one.reason {
                Reason::Confirmed => (1, 0),
                Reason::Trial(count) => (2, count),
                Reason::Fallback => (3, 0),
            };
            [one.release, u8::from(one.slot == SlotId::B), kind, count]
        });
        key.bytes(&running.unwrap_or([0xff; 4]));
        key.0
    }
}

/// A hash over what tells devices apart. Nobody chooses what goes in, so it need not be strong.
struct Key(u64);

impl Key {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.word(u64::from(*byte) | 0x100);
        }
    }

    fn area(&mut self, cells: &Cells, area: core::ops::Range<usize>) {
        let (bytes, unstable, unreadable) = cells.contents(area);
        self.bytes(bytes);
        if cells.is_odd() {
            self.bytes(unstable);
            self.word(unreadable.iter().fold(0, |all, one| all.rotate_left(7) ^ u64::from(*one)));
        }
    }

    /// The halves in an area of records: without their generations, in the order of these. What else there is counts as it is.
    fn records(&mut self, cells: &Cells, area: Area) {
        let mut sectors: Vec<_> = Places::sectors(area)
            .into_iter()
            .map(|sector| {
                let (bytes, unstable, unreadable) = cells.contents(sector.clone());
                let sound = unstable.iter().all(|bits| *bits == 0) && !unreadable.contains(&true);
                let whole = sound && bytes.starts_with(b"TSJ2");
                let generation = u32::from_le_bytes(bytes[4..8].try_into().expect("four"));
                (if whole { generation } else { 0 }, sector)
            })
            .collect();
        sectors.sort_by_key(|one| one.0);
        let newest = sectors.last().map_or(0, |one| one.0 & !1);
        for (generation, sector) in sectors {
            if generation == 0 {
                self.area(cells, sector);
                continue;
            }
            let (bytes, ..) = cells.contents(sector);
            let (length, marks) = (u32::from_le_bytes(bytes[8..12].try_into().expect("four")) as usize, 512);
            self.word(u64::from(newest.wrapping_sub(generation)));
            // Behind the payload comes a checksum, which says nothing more; behind that, the rest of what was written.
            self.bytes(&bytes[8..12 + length.min(288)]);
            for mark in bytes[marks..].chunks(256) {
                self.bytes(&mark[4..8]);
            }
        }
    }
}

const SEEDS: [u64; 3] = [0x7477_696e, 0x7365_616c, 0x6861_6c66];
