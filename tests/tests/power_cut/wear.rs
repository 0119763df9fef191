//! How often each unit is erased: wear is part of the design (docs/installer.md).

use crate::bench::{Bench, Job, Kind};
use crate::device::{Device, Plan};
use crate::flash::Chip;

/// Erasures of each unit by one life, uncut: of the images, the envelopes, and the records of the state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wear(pub(crate) Plan);

/// The most erasures of one unit in each place, and those of all units of the state's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Erased {
    pub(crate) images: u32,
    pub(crate) envelope: u32,
    pub(crate) state: u32,
    pub(crate) state_in_all: u32,
    pub(crate) elsewhere_in_the_running_slot: u32,
}

impl Job for Wear {
    type Outcome = Erased;

    fn on<F: Chip>(self, kind: Kind) -> Erased {
        let device = Device::<F>::made(Bench::quick(), kind);
        let before = device.flash.cells().borrow().erasures().to_vec();
        device.live(self.0, &[]);
        let cells = device.flash.cells().borrow();
        let erased: Vec<_> = cells.erasures().iter().zip(before).map(|(now, before)| now - before).collect();
        let within = |start: u32, size: u32| {
            let (start, size) = (start as usize / F::ERASE_SIZE, size as usize / F::ERASE_SIZE);
            erased[start..start + size].iter().copied()
        };
        let most = |area: twinseal_installer::Area| within(area.start, area.size).max().expect("it is not empty");
        let places = device.places;
        let running = [places.envelopes[0], places.images[0][0], places.images[0][1]];
        let sector = places.state.size / 3 / F::ERASE_SIZE as u32;
        Erased {
            images: places.images[1].into_iter().map(most).max().expect("there are two"),
            envelope: most(places.envelopes[1]),
            state: most(places.state),
            state_in_all: within(places.state.start, places.state.size).sum::<u32>() / sector,
            elsewhere_in_the_running_slot: running.into_iter().map(most).sum(),
        }
    }
}
