//! Random bytes where the device's own should be.

use crate::bench::{Bench, Job, Kind};
use crate::device::Device;
use crate::flash::Chip;

/// What is filled with random bytes behind the device's back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wreck {
    State,
    Envelope,
    Images,
    Rollback,
    Epoch,
    Store,
}

/// The number of the error with which a device refuses to start after that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrecked(pub(crate) Wreck);

impl Job for Wrecked {
    type Outcome = u16;

    fn on<F: Chip>(self, kind: Kind) -> u16 {
        let device = Device::<F>::made(Bench::quick(), kind);
        let area = match self.0 {
            Wreck::State => device.places.state,
            Wreck::Envelope => device.places.envelopes[0],
            Wreck::Images => device.places.images[0][0],
            Wreck::Rollback => device.places.rollback,
            Wreck::Epoch => device.places.epoch,
            Wreck::Store => device.places.stores[0],
        };
        device.flash.scramble(area.start as usize..(area.start + area.size) as usize);
        device.start(|_| Ok(())).expect_err("it is refused").code().number()
    }
}
