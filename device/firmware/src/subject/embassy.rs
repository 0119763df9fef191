//! What embassy-boot costs in the installer's place: `receive` writes an update through its updater, in chunks of 64 bytes, and marks it; `start` is its
//! boot loader, which swaps an active partition of four pages. It verifies nothing.

#[cfg(feature = "receive")]
use embassy_boot::{BlockingFirmwareUpdater, FirmwareUpdaterConfig};
#[cfg(feature = "start")]
use embassy_boot::{BootLoader, BootLoaderConfig, State};
use embedded_storage::nor_flash::NorFlash as _;

use crate::board::Ram;
#[cfg(feature = "receive")]
use crate::board::given::{APP, RADIO};
use crate::measure::measure;

pub(crate) fn run() -> ! {
    measure(|| installing(true), || installing(false))
}

/// 0 if an update that is good comes to its end, 1 if what is bad does not.
#[inline(never)]
fn installing(good: bool) -> u32 {
    prepare(good);
    #[cfg(feature = "receive")]
    if receive(good).is_none() {
        return 1;
    }
    #[cfg(feature = "start")]
    if start() != Some(State::Swap) {
        return 1;
    }
    0
}

/// Takes away what an earlier run left. The boot loader's part alone begins with a mark of embassy-boot's, which is a word of one value.
fn prepare(good: bool) {
    let mut state = state();
    let _ = state.erase(0, PAGE);
    if good && !cfg!(feature = "receive") {
        let _ = state.write(0, &[SWAP; 8]);
    }
}

/// An update that is not good is one that lies beyond the partition.
#[cfg(feature = "receive")]
#[inline(never)]
fn receive(good: bool) -> Option<()> {
    let mut unit = [0; 8];
    let mut updater = BlockingFirmwareUpdater::new(FirmwareUpdaterConfig { dfu: dfu(), state: state() }, &mut unit);
    let mut chunk = [0xff; 64];
    for (place, byte) in chunk.iter_mut().zip(APP.bytes().iter().chain(RADIO.bytes())) {
        *place = *byte;
    }
    let at = if good { 0 } else { 5 * 4096 };
    updater.write_firmware(at, &chunk).ok()?;
    updater.mark_updated().ok()
}

/// The update is swapped into the active partition, if it is marked.
#[cfg(feature = "start")]
#[inline(never)]
fn start() -> Option<State> {
    let mut loader = BootLoader::new(BootLoaderConfig { active: active(), dfu: dfu(), state: state() });
    loader.prepare_boot(&mut [0; 256]).ok()
}

#[cfg(feature = "start")]
fn active() -> Ram {
    part(0, 4)
}

#[allow(dead_code, reason = "not every image needs all")]
fn dfu() -> Ram {
    part(4, 5)
}

fn state() -> Ram {
    part(9, 1)
}

fn part(first: usize, pages: usize) -> Ram {
    // SAFETY: the parts are apart, and of each there is one at a time.
    #[allow(unsafe_code, reason = "the board's memory stands for the flash")]
    unsafe {
        Ram::at(first.wrapping_mul(4096), pages.wrapping_mul(4096))
    }
}

const PAGE: u32 = 4096;
/// How embassy-boot marks an update.
const SWAP: u8 = 0xF0;
