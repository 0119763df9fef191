//! A device whose flash holds anything: what it starts is authentic and not below its counter, whatever its records say. Some records are
//! written with a good checksum, so that what lies behind it is reached.

use std::sync::LazyLock;

use twinseal_formats::Digest;
use twinseal_installer::{
    Area, CounterFault, Error, Facts, Installer, Layout, Memory, MonotonicCounter, Payloads, SlotId, SlotLayout,
    activate,
};
use twinseal_tests::bundle::Form;
use twinseal_verifier::Envelope;

use crate::fixture::{VERIFIER, WORLD};
use crate::flash::Flash;
use crate::note::note;
use crate::recipe::Recipe;

const SECTOR: u32 = 1024;
const STATE: Area = Area { start: 0, size: 3 * SECTOR };
const ENVELOPES: [Area; 2] = [Area { start: 3072, size: 4096 }, Area { start: 7168, size: 4096 }];
const IMAGES: [[Area; 2]; 2] = [
    [Area { start: 11264, size: 512 }, Area { start: 11776, size: 256 }],
    [Area { start: 12032, size: 512 }, Area { start: 12544, size: 256 }],
];
const FLASH: usize = 12800;
const LAYOUT: Layout<'static> = Layout {
    slots: [
        SlotLayout { envelope: ENVELOPES[0], images: &IMAGES[0] },
        SlotLayout { envelope: ENVELOPES[1], images: &IMAGES[1] },
    ],
    state: STATE,
    trust: None,
};

/// A counter that holds what it is told.
#[derive(Debug)]
struct Counter(u32);

impl MonotonicCounter for Counter {
    fn read(&mut self) -> Result<u32, CounterFault> {
        Ok(self.0)
    }

    fn limit(&self) -> u32 {
        100
    }

    fn raise(&mut self, to: u32) -> Result<(), CounterFault> {
        assert!(to > self.0 && to <= 100, "a counter rises, and not beyond its limit");
        self.0 = to;
        Ok(())
    }
}

/// The device's two releases, and its flash with the first confirmed in slot A and the second pending in slot B.
struct Device {
    bundles: [Vec<u8>; 2],
    ids: [Digest; 2],
    flash: Vec<u8>,
}

static DEVICE: LazyLock<Device> = LazyLock::new(|| {
    let mut world = WORLD.clone();
    let old = world.bundle();
    world.release.sequence_number += 1;
    world.release.security_version += 1;
    world.release.components[0].1 = vec![0x33; 300];
    let new = world.bundle();
    let (bundles, ids) = ([old.to_bytes(Form::Stripped), new.to_bytes(Form::Stripped)], [old.digest, new.digest]);

    let mut flash = vec![0xff; FLASH];
    let size = Envelope::parse(&bundles[0]).expect("a bundle").size();
    put(&mut flash, ENVELOPES[0], &[&(size as u32).to_le_bytes(), &bundles[0][..size]].concat());
    for (area, payload) in IMAGES[0].into_iter().zip(&old.payloads) {
        put(&mut flash, area, payload);
    }
    let (mut frame, mut scratch) = ([0; 8192], [0; 61]);
    let memory = Memory { frame: &mut frame, scratch: &mut scratch };
    let mut device =
        Installer::provision(Flash(&mut flash), Counter(0), LAYOUT, SlotId::A, &VERIFIER, &facts(), memory)
            .expect("the factory's release is good");
    receive(&mut device, SlotId::A, &bundles[1]).expect("the second release is good");
    drop(device);
    Device { bundles, ids, flash }
});

pub fn run(data: &[u8]) {
    let mut recipe = Recipe::new(data);
    let mut flash = DEVICE.flash.clone();
    let mut counter = Counter(recipe.below(6) as u32);
    for _ in 0..recipe.below(4) {
        record(&mut recipe, &mut flash);
    }
    for _ in 0..recipe.below(8) {
        let at = usize::from(recipe.word()) % FLASH;
        let bytes = recipe.string();
        let end = (at + bytes.len()).min(FLASH);
        flash[at..end].copy_from_slice(&bytes[..end - at]);
    }
    for _ in 0..3 {
        match turn(&mut recipe, &mut flash, &mut counter) {
            Ok(done) => note(done),
            Err(error) => note(format!("{}.{}", error.stage().name(), error.name())),
        }
        if recipe.is_over() {
            break;
        }
    }
}

/// One start of the device, and what its application does then.
fn turn(recipe: &mut Recipe<'_>, flash: &mut [u8], counter: &mut Counter) -> Result<&'static str, Error> {
    let holds = counter.0;
    let mut device = Installer::open(Flash(flash), &mut *counter, LAYOUT)?;
    let (mut frame, mut scratch) = ([0; 8192], [0; 61]);
    let memory = Memory { frame: &mut frame, scratch: &mut scratch };
    let (slot, on_trial) = device.boot(
        &VERIFIER,
        &facts(),
        memory,
        |_, _| {},
        |update, slot, reason| {
            assert!(DEVICE.ids.contains(update.release_id()), "only authentic releases boot");
            assert!(update.confirmed_security_version().0 >= holds, "nothing below the counter boots");
            (slot, matches!(reason, twinseal_installer::Reason::Trial(_)))
        },
    )?;
    match recipe.below(4) {
        1 => {
            let memory = Memory { frame: &mut frame, scratch: &mut scratch };
            let confirmed = device.confirm(slot, &VERIFIER, &facts(), memory)?;
            assert!(DEVICE.ids.contains(&confirmed.release_id), "only authentic releases are confirmed");
            Ok("confirmed")
        }
        bundle @ 2..=3 => {
            let mut bundle = DEVICE.bundles[bundle - 2].clone();
            recipe.splice(&mut bundle);
            receive(&mut device, slot, &bundle)?;
            Ok("activated")
        }
        _ => Ok(if on_trial { "on trial" } else { "booted" }),
    }
}

fn receive<C: MonotonicCounter>(
    device: &mut Installer<'_, Flash<'_>, C>,
    running: SlotId,
    bundle: &[u8],
) -> Result<(), Error> {
    let size = Envelope::parse(bundle)?.size();
    let mut scratch = [0; 61];
    let mut receiving =
        device.receive(running, &VERIFIER, &facts(), &bundle[..size], Payloads::Enclosed, &mut scratch)?;
    let start = usize::try_from(receiving.position()).expect("small").min(bundle.len());
    for chunk in bundle[start..].chunks(97) {
        receiving.push(chunk)?;
    }
    activate(receiving.finish(&mut scratch)?)
}

const fn facts() -> Facts<'static> {
    Facts { vendor: WORLD_VENDOR, class: WORLD_CLASS, components: &["app", "radio"], trials: 2 }
}

const WORLD_VENDOR: twinseal_formats::VendorId = twinseal_formats::VendorId([0x11; 16]);
const WORLD_CLASS: twinseal_formats::ClassId = twinseal_formats::ClassId([0x22; 16]);

fn put(flash: &mut [u8], area: Area, bytes: &[u8]) {
    let start = area.start as usize;
    flash[start..start + bytes.len()].copy_from_slice(bytes);
}

/// A state record of the recipe's payload, as the installer would write it, in any sector: one half of a state, or both (ADR 22).
fn record(recipe: &mut Recipe<'_>, flash: &mut [u8]) {
    let (generation, place, alone) = (u32::from(recipe.word()) + 2, recipe.below(3), recipe.byte() == 1);
    let mut payload = state(recipe);
    recipe.splice(&mut payload);
    payload.truncate(288);
    for (place, generation) in
        [(place, generation), ((place + 1) % 3, generation ^ 1)].into_iter().take(2 - usize::from(alone))
    {
        let size = payload.len() as u32;
        let head = [b"TSJ2".as_slice(), &generation.to_le_bytes(), &size.to_le_bytes(), &payload].concat();
        let record = [head.as_slice(), &crc32(&head).to_le_bytes()].concat();
        let sector = place * SECTOR as usize;
        flash[sector..sector + SECTOR as usize].fill(0xff);
        flash[sector..][..record.len()].copy_from_slice(&record);
    }
}

/// Some state: what each slot is good for, and what was confirmed (ADR 28).
fn state(recipe: &mut Recipe<'_>) -> Vec<u8> {
    let id = |number: usize| [&[1], DEVICE.ids[number % 2].as_bytes()].concat();
    let mut bytes = vec![1, recipe.byte() % 3];
    for _ in 0..2 {
        let (tag, number) = (recipe.byte() % 6, recipe.byte());
        bytes.extend([tag]);
        bytes.extend(u32::from(if matches!(tag, 1 | 3) { number } else { 0 }).to_le_bytes());
        if tag != 0 {
            bytes.extend(id(recipe.byte().into()));
        }
    }
    if recipe.byte() % 4 != 0 {
        bytes.push(1);
        bytes.extend(u64::from(recipe.byte()).to_le_bytes());
        bytes.extend(id(recipe.byte().into()));
    } else {
        bytes.push(0);
    }
    bytes.push(0);
    bytes
}

/// CRC-32 (IEEE 802.3), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| crc >> 1 ^ 0xedb8_8320 & 0_u32.wrapping_sub(crc & 1);
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
}
