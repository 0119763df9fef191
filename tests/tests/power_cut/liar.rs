//! Storage that gives other bytes at a second look: what is read again is never taken for what was proven (time of check, time of use).

use crate::bench::{Bench, Job, Kind, Places};
use crate::device::{Device, Plan, with_length};
use crate::flash::{Chip, Meddler};

/// From every so-many-th read of a life on, or in that read alone, what is given back is not what is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lies {
    pub(crate) plan: Plan,
    pub(crate) most: usize,
}

/// What is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// A bit is wrong, this once.
    Once,
    /// A bit is wrong, from now on.
    Always,
    /// Slot A's envelope and images are those of another authentic release, from now on.
    Another,
    /// The envelope alone is.
    AnotherEnvelope,
}

impl Job for Lies {
    /// How many lies were told, out of how many reads.
    type Outcome = (u64, u32);

    fn on<F: Chip>(self, kind: Kind) -> (u64, u32) {
        let device = Device::<F>::made(Bench::quick(), kind);
        let uncut = device.with(device.flash.fork());
        uncut.live(self.plan, &[]);
        let reads = uncut.flash.reads();
        let mut told = 0;
        for from in (0..reads).step_by((reads as usize / self.most).max(1)) {
            for lie in [Lie::Once, Lie::Always, Lie::Another, Lie::AnotherEnvelope] {
                let device = device.with(device.flash.fork());
                device.flash.meddle(Some(meddler(lie, from, device.bench, &device.places)));
                // Whatever comes of it: nothing may start that should not, and nothing may be forgotten.
                for _ in 0..6 {
                    let _ = device.start(|awake| awake.go_on(self.plan));
                }
                device.flash.meddle(None);
                device.live(self.plan, &[]);
                told += 1;
            }
        }
        (told, reads)
    }
}

fn meddler(lie: Lie, from: u32, bench: &'static Bench, places: &Places) -> Meddler {
    let other = &bench.releases[1];
    let (envelope, images) = (places.envelopes[0], places.images[0]);
    let stored = with_length(&other.bundle[..other.frame]);
    Box::new(move |number, start, bytes| {
        let mut put = |at: u32, content: &[u8]| {
            for (place, byte) in (start..).zip(bytes.iter_mut()) {
                if let Some(new) = place.checked_sub(at as usize).and_then(|offset| content.get(offset)) {
                    *byte = *new;
                }
            }
        };
        match lie {
            _ if number < from => {}
            Lie::Once if number > from => {}
            Lie::Once | Lie::Always => bytes[0] ^= 1,
            Lie::AnotherEnvelope => put(envelope.start, &stored),
            Lie::Another => {
                put(envelope.start, &stored);
                for (image, payload) in images.into_iter().zip(&other.payloads) {
                    put(image.start, payload);
                }
            }
        }
        Ok(())
    })
}
