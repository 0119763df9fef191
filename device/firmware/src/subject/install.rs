//! What the installer costs: `receive` takes the bundle in chunks of 64 bytes into the slot that is not running, reads it back and activates it; `start`
//! is the boot loader's part: it reads the state, chooses, verifies again. Rollback counter and trust store lie outside of the flash.

use twinseal_installer::verifier::formats::{ClassId, VendorId};
use twinseal_installer::verifier::{SealVerifier, TrustStore, Verifier};
use twinseal_installer::{
    Area, CounterFault, Error, Facts, InstallError, Installer, Layout, Memory, MonotonicCounter, SlotId, SlotLayout,
};
#[cfg(feature = "receive")]
use twinseal_installer::{Payloads, activate};

use crate::board::given::{APP, BUNDLE, RADIO, STORE, TAMPERED};
use crate::board::{Buffer, Ram};
use crate::keys;
use crate::measure::measure;

pub(crate) fn run() -> ! {
    if let Err(error) = with_verifier(provision) {
        crate::board::print_number(u32::from(error.code().number()));
        crate::board::exit(1);
    }
    measure(
        || installing(BUNDLE.bytes()),
        || {
            program(SLOTS[0], TAMPERED.bytes());
            installing(TAMPERED.bytes())
        },
    )
}

/// What is measured.
#[inline(never)]
fn installing(bundle: &[u8]) -> u32 {
    number(with_verifier(|verifier| step(bundle, verifier)))
}

#[inline(never)]
fn step(bundle: &[u8], verifier: &Verifier<'_>) -> Result<(), Error> {
    #[cfg(feature = "receive")]
    receive(bundle, verifier)?;
    #[cfg(feature = "start")]
    start(verifier)?;
    let _ = bundle;
    Ok(())
}

#[cfg(feature = "receive")]
#[inline(never)]
fn receive(bundle: &[u8], verifier: &Verifier<'_>) -> Result<(), Error> {
    use twinseal_installer::verifier::Intake;
    let mut device = Installer::open(flash(), Fixed, LAYOUT)?;
    FRAME.with(|buffer| {
        let (mut chunks, mut behind) = (bundle.chunks(64), None);
        let mut intake = Intake::new(buffer);
        for chunk in chunks.by_ref() {
            behind = intake.push(chunk)?;
            if behind.is_some() {
                break;
            }
        }
        let size = intake.envelope()?.size();
        let frame = buffer.get(..size).unwrap_or_default();
        let mut receiving = device.receive(SlotId::A, verifier, &FACTS, frame, Payloads::Enclosed, &mut [0; 64])?;
        for chunk in behind.into_iter().chain(chunks) {
            receiving.push(chunk)?;
        }
        activate(receiving.finish(&mut [0; 64])?)
    })
}

#[cfg(feature = "start")]
#[inline(never)]
fn start(verifier: &Verifier<'_>) -> Result<(), Error> {
    let mut device = Installer::open(flash(), Fixed, LAYOUT)?;
    FRAME.with(|frame| {
        let memory = Memory { frame, scratch: &mut [0; 64] };
        let mut why = InstallError::NothingBootable.into();
        let started = device.boot(
            verifier,
            &FACTS,
            memory,
            |_, error| why = error,
            |update, slot, _| {
                core::hint::black_box(update.release_id());
                slot
            },
        );
        started.map(|_| ()).map_err(|_| why)
    })
}

/// The factory's part, which is not measured: both slots get the release, so that what is pending is the same as what is confirmed.
fn provision(verifier: &Verifier<'_>) -> Result<(), Error> {
    program(SLOTS[0], BUNDLE.bytes());
    FRAME.with(|frame| {
        let memory = Memory { frame, scratch: &mut [0; 64] };
        Installer::provision(flash(), Fixed, LAYOUT, SlotId::A, verifier, &FACTS, memory).map(drop)
    })
}

/// Writes a release into a slot, as a factory's programmer does: its frame with the length in front, and its images.
fn program(slot: SlotLayout<'_>, bundle: &[u8]) {
    use embedded_storage::nor_flash::NorFlash as _;
    let size = twinseal_installer::verifier::Envelope::parse(bundle).map_or(0, |envelope| envelope.size());
    let mut flash = flash();
    let mut write = |area: Area, head: &[u8], bytes: &[u8]| {
        // It fits, and memory does not fail.
        let _ = flash.erase(area.start, area.start.saturating_add(area.size));
        let (mut at, mut unit, mut filled) = (area.start, [0xff; 8], 0);
        for byte in head.iter().chain(bytes) {
            if let Some(place) = unit.get_mut(filled) {
                *place = *byte;
            }
            filled = filled.wrapping_add(1);
            if filled == unit.len() {
                let _ = flash.write(at, &unit);
                (at, unit, filled) = (at.saturating_add(8), [0xff; 8], 0);
            }
        }
        let _ = flash.write(at, &unit);
    };
    let frame = bundle.get(..size).unwrap_or_default();
    write(slot.envelope, &u32::try_from(size).unwrap_or(0).to_le_bytes(), frame);
    for (area, image) in slot.images.iter().zip([APP.bytes(), RADIO.bytes()]) {
        write(*area, &[], image);
    }
}

fn with_verifier<T>(then: impl FnOnce(&Verifier<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let (Some(ed25519), Some(ml_dsa)) = (keys::ed25519(), keys::ml_dsa()) else {
        return Err(InstallError::NothingBootable.into());
    };
    let algorithms: [&dyn SealVerifier; 2] = [&ed25519, &ml_dsa];
    then(&verifier(&algorithms)?)
}

/// Apart, so that what the store is read with is not held while the bundle is verified.
#[inline(never)]
fn verifier<'a>(algorithms: &'a [&'a dyn SealVerifier]) -> Result<Verifier<'a>, Error> {
    Ok(Verifier::from_write_protected(TrustStore::parse(STORE.bytes())?, algorithms)?)
}

fn number(outcome: Result<(), Error>) -> u32 {
    outcome.err().map_or(0, |error| u32::from(error.code().number()))
}

fn flash() -> Ram {
    // SAFETY: there is one at a time: whoever has one gives it up before the next is made.
    #[allow(unsafe_code, reason = "the board's memory stands for the flash")]
    unsafe {
        Ram::at(0, 0x10000)
    }
}

/// A counter in hardware, which costs nothing to read.
#[derive(Clone, Copy, Debug)]
struct Fixed;

impl MonotonicCounter for Fixed {
    fn read(&mut self) -> Result<u32, CounterFault> {
        Ok(0)
    }

    fn limit(&self) -> u32 {
        u32::MAX
    }

    fn raise(&mut self, _: u32) -> Result<(), CounterFault> {
        Ok(())
    }
}

const FACTS: Facts<'static> =
    Facts { vendor: VendorId([0x11; 16]), class: ClassId([0x22; 16]), components: &["app", "radio"], trials: 255 };

const fn area(start: u32, size: u32) -> Area {
    Area { start, size }
}

const SLOTS: [SlotLayout<'static>; 2] = [
    SlotLayout { envelope: area(0, 0x2000), images: &[area(0x8000, 0x1000), area(0x9000, 0x1000)] },
    SlotLayout { envelope: area(0x2000, 0x2000), images: &[area(0xA000, 0x1000), area(0xB000, 0x1000)] },
];

const LAYOUT: Layout<'static> = Layout { slots: SLOTS, state: area(0x4000, 0x3000), trust: None };

/// The largest frame that this device takes.
static FRAME: Buffer<4096> = Buffer::new();
