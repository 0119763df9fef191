//! The code of docs/integrating.md, run: a device is made, takes an update in, starts it on trial and confirms it. The page shows the parts that a
//! device maker writes, to the letter (`the_page_shows_this_code`).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the bench: a test that can not go on must stop where it is. What the page shows needs none of this"
)]

use core::convert::Infallible;

use twinseal_formats::SealAlgorithm;
use twinseal_installer::embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use twinseal_installer::verifier::formats::{ClassId, VendorId};
use twinseal_installer::verifier::{Ed25519, Intake, MlDsa65, SealVerifier, TrustStore, Verifier};
use twinseal_installer::{
    Area, CounterFault, Error, Facts, InstallError, Installer, Layout, Memory, MonotonicCounter, Payloads, Reason,
    SlotId, SlotLayout, activate,
};
use twinseal_tests::bundle::Form;
use twinseal_tests::world::World;

/// What this device is: its vendor id and class id, as `twinseal trust show` prints them, and its components, ascending.
const FACTS: Facts<'static> =
    Facts { vendor: VendorId([0x11; 16]), class: ClassId([0x22; 16]), components: &["app", "radio"], trials: 3 };

/// Where things lie in its flash: whole erase units, of which no two share a byte.
const LAYOUT: Layout<'static> = Layout {
    slots: [
        SlotLayout { envelope: area(0x0000, 0x2000), images: &[area(0x8000, 0x2000), area(0xa000, 0x1000)] },
        SlotLayout { envelope: area(0x2000, 0x2000), images: &[area(0xb000, 0x2000), area(0xd000, 0x1000)] },
    ],
    state: area(0x4000, 0x3000),
    trust: None, // the trust store is compiled in
};

const fn area(start: u32, size: u32) -> Area {
    Area { start, size }
}

/// The algorithms of its trust store's keys, and no others.
static ALGORITHMS: &[&dyn SealVerifier] = &[&Ed25519, &MlDsa65];

/// The boot loader: which slot to start, and where its first image begins.
fn boot<F: NorFlash, C: MonotonicCounter>(
    installer: &mut Installer<'_, F, C>,
    verifier: &Verifier<'_>,
    memory: Memory<'_>,
    mut log: impl FnMut(u16),
) -> Result<(SlotId, Reason, u32), Error> {
    installer.boot(
        verifier,
        &FACTS,
        memory,
        |_, error| log(error.code().number()),
        |update, slot, reason| {
            let image = update.storage().area(0).ok_or(InstallError::Layout)?;
            update.affirm()?; // the last thing before the jump
            Ok((slot, reason, image.start))
        },
    )?
}

/// The application: takes a bundle into the slot that is not running. `next` fills a buffer with the bundle's bytes from a position on.
fn update<F: NorFlash, C: MonotonicCounter>(
    installer: &mut Installer<'_, F, C>,
    running: SlotId,
    verifier: &Verifier<'_>,
    memory: Memory<'_>,
    mut next: impl FnMut(u64, &mut [u8]) -> usize,
) -> Result<(), Error> {
    let mut chunk = [0; 256];
    // The frame first. Nothing behind it is looked at before both seals hold.
    let mut intake = Intake::new(memory.frame);
    let mut position = 0;
    loop {
        let come = next(position, &mut chunk);
        let come = chunk.get(..come).unwrap_or_default();
        if come.is_empty() || intake.push(come)?.is_some() {
            break;
        }
        position = position.saturating_add(u64::try_from(come.len()).unwrap_or(u64::MAX));
    }
    let size = intake.envelope()?.size();
    let frame = memory.frame.get(..size).unwrap_or_default();
    // Then the payloads, from where the installer says: after a reset that is where the last attempt ended.
    let mut receiving = installer.receive(running, verifier, &FACTS, frame, Payloads::Enclosed, memory.scratch)?;
    while !receiving.is_complete() {
        let come = next(receiving.position(), &mut chunk);
        if come == 0 {
            break; // `finish` says that it ended early
        }
        receiving.push(chunk.get(..come).unwrap_or_default())?;
    }
    activate(receiving.finish(memory.scratch)?)
}

// What follows is the bench: memory in place of flash and fuses, and a vendor.

/// NOR flash in memory: 64 KiB, written in units of 8 bytes, erased in units of 4096.
struct Ram(Vec<u8>);

impl ErrorType for Ram {
    type Error = Infallible;
}

impl ReadNorFlash for Ram {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Ram {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        self.0[from as usize..to as usize].fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        let place = &mut self.0[offset as usize..][..bytes.len()];
        assert!(place.iter().all(|byte| *byte == 0xff), "written twice at {offset:#x}");
        place.copy_from_slice(bytes);
        Ok(())
    }
}

/// Sixty-four fuses.
#[derive(Debug, Default)]
struct Fuses(u32);

impl MonotonicCounter for Fuses {
    fn read(&mut self) -> Result<u32, CounterFault> {
        Ok(self.0)
    }

    fn limit(&self) -> u32 {
        64
    }

    fn raise(&mut self, to: u32) -> Result<(), CounterFault> {
        if to < self.0 || to > self.limit() {
            return Err(CounterFault);
        }
        self.0 = to;
        Ok(())
    }
}

/// A device that left the factory, and a vendor with its next release.
struct Bench {
    flash: Ram,
    fuses: Fuses,
    store: Vec<u8>,
    next: Vec<u8>,
    frame: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        let world = World::new(SealAlgorithm::MlDsa65);
        let mut flash = Ram(vec![0xff; 0x10000]);
        // The factory's programmer writes the frame with its length in front, and the images.
        let frame = world.bundle().to_bytes(Form::Bare);
        let length = u32::try_from(frame.len()).unwrap().to_le_bytes();
        for (place, bytes) in [(0, &length[..]), (4, &frame)] {
            flash.0[place..][..bytes.len()].copy_from_slice(bytes);
        }
        for (image, payload) in LAYOUT.slots[0].images.iter().zip(world.release.payloads()) {
            flash.0[image.start as usize..][..payload.len()].copy_from_slice(&payload);
        }
        let mut release = world.release.clone();
        release.sequence_number += 1;
        release.security_version = 4;
        release.components[0].1 = b"the next application".repeat(300);
        let next = release.sealed_by(&[&world.signer]).to_bytes(Form::Stripped);
        let mut this =
            Self { flash, fuses: Fuses::default(), store: world.store.encode(), next, frame: vec![0; 0x2000] };
        this.step(|flash, fuses, verifier, memory| {
            Installer::provision(flash, fuses, LAYOUT, SlotId::A, verifier, &FACTS, memory).map(drop)
        })
        .unwrap();
        this
    }

    fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Ram, &mut Fuses, &Verifier<'_>, Memory<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let verifier = Verifier::from_write_protected(TrustStore::parse(&self.store)?, ALGORITHMS)?;
        let memory = Memory { frame: &mut self.frame, scratch: &mut [0; 256] };
        step(&mut self.flash, &mut self.fuses, &verifier, memory)
    }

    fn boot(&mut self) -> (SlotId, Reason, u32) {
        self.step(|flash, fuses, verifier, memory| {
            let mut installer = Installer::open(flash, fuses, LAYOUT)?;
            boot(&mut installer, verifier, memory, |number| panic!("a candidate was refused: {number}"))
        })
        .unwrap()
    }

    /// What becomes of these bytes, of which at most `pieces` chunks arrive.
    fn update(&mut self, running: SlotId, bytes: &[u8], pieces: usize) -> Result<(), Error> {
        let mut left = pieces;
        self.step(|flash, fuses, verifier, memory| {
            let mut installer = Installer::open(flash, fuses, LAYOUT)?;
            update(&mut installer, running, verifier, memory, |position, buffer| {
                let rest = bytes.get(position as usize..).unwrap_or_default();
                let count = rest.len().min(buffer.len()) * usize::from(left > 0);
                left = left.saturating_sub(1);
                buffer[..count].copy_from_slice(&rest[..count]);
                count
            })
        })
    }

    fn confirm(&mut self, running: SlotId) -> Result<(), Error> {
        self.step(|flash, fuses, verifier, memory| {
            Installer::open(flash, fuses, LAYOUT)?.confirm(running, verifier, &FACTS, memory).map(drop)
        })
    }
}

#[test]
fn a_device_made_as_the_page_says_is_updated() {
    let mut bench = Bench::new();
    assert_eq!(bench.boot(), (SlotId::A, Reason::Confirmed, 0x8000));
    let next = bench.next.clone();
    bench.update(SlotId::A, &next, usize::MAX).unwrap();
    assert_eq!(bench.boot(), (SlotId::B, Reason::Trial(1), 0xb000));
    assert_eq!(bench.fuses.0, 3, "the factory's release is confirmed and has started");
    bench.confirm(SlotId::B).unwrap();
    assert_eq!(bench.fuses.0, 4);
    assert_eq!(bench.boot(), (SlotId::B, Reason::Confirmed, 0xb000));
    assert_eq!(&bench.flash.0[0xb000..][..20], b"the next application");
}

#[test]
fn what_is_not_the_vendors_is_refused_with_its_number_and_nothing_changes() {
    let mut bench = Bench::new();
    let good = bench.next.clone();
    let before = bench.flash.0.clone();
    let end = good.len();
    // A bit of the manifest, behind the seals, and a stream that ends within them.
    let mut changed = good.clone();
    changed[3700] ^= 1;
    let numbers =
        [&changed, &good[..2000]].map(|bytes| bench.update(SlotId::A, bytes, usize::MAX).unwrap_err().code().number());
    assert_eq!(numbers, [0x0403, 0x0101]);
    assert!(bench.flash.0 == before);
    // A bit of the last image is found when it is there; the slot stays what can not be started.
    let mut changed = good.clone();
    changed[end - 1] ^= 1;
    let error = bench.update(SlotId::A, &changed, usize::MAX).unwrap_err();
    assert_eq!((error.stage().name(), error.name()), ("image", "digest-mismatch"));
    assert_eq!(bench.boot(), (SlotId::A, Reason::Confirmed, 0x8000));
}

#[test]
fn an_update_that_was_cut_off_goes_on() {
    let mut bench = Bench::new();
    let next = bench.next.clone();
    let cut = bench.update(SlotId::A, &next, 36).unwrap_err();
    assert_eq!((cut.stage().name(), cut.name()), ("image", "truncated"));
    assert_eq!(bench.boot(), (SlotId::A, Reason::Confirmed, 0x8000));
    bench.update(SlotId::A, &next, usize::MAX).unwrap();
    assert_eq!(bench.boot().0, SlotId::B);
    // Never confirmed, it is started three times, and then the device goes back.
    let started: Vec<_> = (0..3).map(|_| bench.boot()).map(|(slot, reason, _)| (slot, reason)).collect();
    assert_eq!(started, [(SlotId::B, Reason::Trial(2)), (SlotId::B, Reason::Trial(3)), (SlotId::A, Reason::Confirmed)]);
}

#[test]
fn the_page_shows_this_code() {
    let (page, code) = (include_str!("../../docs/integrating.md"), include_str!("integrating.rs"));
    let blocks: Vec<&str> =
        page.split("```rust\n").skip(1).map(|rest| rest.split_once("```").expect("a block ends").0).collect();
    let shown = blocks.iter().filter(|block| code.contains(**block)).count();
    assert_eq!((shown, blocks.len()), (3, 3), "a block of docs/integrating.md is not in this file");
}
