//! Sectors of records that can not be read, for a moment or for ever: what was acted upon is never forgotten (I-2).

use std::collections::BTreeMap;

use twinseal_installer::embedded_storage::nor_flash::NorFlashErrorKind;
use twinseal_installer::{Error, InstallError};

use crate::bench::{Bench, Job, Kind, Places};
use crate::device::{Device, Plan};
use crate::flash::Chip;
use crate::invariants::{Invariant, Seen};
use crate::sweep::recorded;

/// Sectors can not be read during one power cycle, at every start of a life; the next time they can.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deaf {
    pub(crate) plan: Plan,
    /// How many operations lie between two tries.
    pub(crate) stride: usize,
}

impl Job for Deaf {
    /// How often the device started at once, and how often it said first that its records can not be read.
    type Outcome = (u64, BTreeMap<u16, u64>);

    fn on<F: Chip>(self, kind: Kind) -> Self::Outcome {
        let device = Device::<F>::made(Bench::quick(), kind);
        let operations = recorded(&device, self.plan);
        let (mut started, mut refused) = (0, BTreeMap::new());
        let mut cells = device.flash.cells().borrow().clone();
        for (at, operation) in operations.iter().enumerate() {
            if at % self.stride == 0 {
                cells.seen = operation.seen;
                for area in [device.places.state, device.places.rollback, device.places.epoch] {
                    for deaf in 1..8_usize {
                        let device = device.with(F::holding(cells.clone()));
                        let sectors = Places::sectors(area);
                        device.flash.meddle(Some(Box::new(move |_, at, _| {
                            let hit = (0..3).any(|place| deaf & 1 << place != 0 && sectors[place].contains(&at));
                            if hit { Err(NorFlashErrorKind::Other) } else { Ok(()) }
                        })));
                        let seen = device.flash.cells().borrow().seen;
                        match device.start(|awake| awake.go_on(self.plan)) {
                            Ok(_) => started += 1,
                            Err(error) => {
                                let single = deaf.count_ones() == 1;
                                let boots = device.flash.cells().borrow().seen.started >= seen.started;
                                Invariant::AlwaysBoots.holds(boots, &error);
                                let answers = [
                                    InstallError::StateUnreadable,
                                    InstallError::CounterUnreadable,
                                    InstallError::StateWriteFault,
                                    InstallError::CounterWriteFault,
                                ];
                                let fits = single || answers.iter().any(|one| Error::from(*one) == error);
                                assert!(fits, "{kind:?}, operation {at}, sectors {deaf:03b} of {area:?}: {error}");
                                *refused.entry(error.code().number()).or_default() += 1;
                            }
                        }
                        device.flash.meddle(None);
                        device.live(self.plan, &[]);
                    }
                }
            }
            cells.replay(operation, None);
        }
        (started, refused)
    }
}

/// One sector of records dies for ever in the middle of a life. The device goes on starting what it confirmed, to the end of its days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dead {
    pub(crate) plan: Plan,
    pub(crate) stride: usize,
}

impl Job for Dead {
    type Outcome = u64;

    fn on<F: Chip>(self, kind: Kind) -> u64 {
        let device = Device::<F>::made(Bench::quick(), kind);
        let operations = recorded(&device, self.plan);
        let mut lives = 0;
        let mut cells = device.flash.cells().borrow().clone();
        for (at, operation) in operations.iter().enumerate() {
            if at % self.stride == 0 {
                cells.seen = operation.seen;
                for area in [device.places.state, device.places.rollback, device.places.epoch] {
                    for sector in Places::sectors(area) {
                        let device = device.with(F::holding(cells.clone()));
                        device.flash.kill(sector.clone());
                        for start in 0..6 {
                            let mut woke: Option<Seen> = None;
                            let went = device.start(|awake| {
                                woke = Some(device.flash.cells().borrow().seen);
                                awake.go_on(self.plan)
                            });
                            assert!(
                                woke.is_some(),
                                "{kind:?}, operation {at}, sector {sector:?}, start {start}: {went:?}"
                            );
                        }
                        lives += 1;
                    }
                }
            }
            cells.replay(operation, None);
        }
        lives
    }
}
