//! A device's life on that flash: factory, update, trial, confirm; and what must hold whenever power comes back.

use twinseal_formats::{ClassId, SealAlgorithm, TrustStore, VendorId};
use twinseal_installer::{
    Area, Error, Facts, FlashCounter, Installer, Layout, Memory, MonotonicCounter, Payloads, Reason, SlotId,
    SlotLayout, activate,
};
use twinseal_tests::bundle::Form;
use twinseal_tests::trust::ALGORITHMS;
use twinseal_tests::world::World;
use twinseal_verifier::{BadSeal, Envelope, SealVerifier, Verifier, WeakKey};

use crate::flash::{Cut, Flash};

/// Units of writing, erasing and reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) usize, pub(crate) usize, pub(crate) usize);

/// The kinds of flash.
pub(crate) const KINDS: [Kind; 14] = [
    Kind(1, 256, 1),
    Kind(2, 128, 1),
    Kind(2, 1024, 2),
    Kind(4, 64, 1),
    Kind(4, 256, 4),
    Kind(4, 4096, 4),
    Kind(8, 512, 1),
    Kind(8, 2048, 8),
    Kind(16, 1024, 1),
    Kind(16, 8192, 16),
    Kind(32, 1024, 32),
    Kind(32, 128, 1),
    Kind(64, 512, 1),
    Kind(256, 4096, 1),
];

/// A device before its update.
pub(crate) struct Life {
    kind: Kind,
    /// Bytes to a chunk of the stream.
    chunk: usize,
    world: World,
    old: Vec<u8>,
    new: Vec<u8>,
    algorithms: &'static [&'static dyn SealVerifier],
    wreck: Option<Wreck>,
}

/// What is filled with random bytes behind the device's back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wreck {
    State,
    Slot,
    Images,
    Counter,
}

/// Accepts every signature: stands where the mathematics would.
#[derive(Debug)]
struct Anything(SealAlgorithm);

impl SealVerifier for Anything {
    fn algorithm(&self) -> SealAlgorithm {
        self.0
    }

    fn examine_key(&self, _: &[u8]) -> Result<(), WeakKey> {
        Ok(())
    }

    fn verify(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), BadSeal> {
        Ok(())
    }
}

pub(crate) static ANYTHING: [&dyn SealVerifier; 2] =
    [&Anything(SealAlgorithm::Ed25519), &Anything(SealAlgorithm::MlDsa44)];

impl Life {
    pub(crate) fn new(kind: Kind) -> Self {
        Self::with(kind, &ANYTHING)
    }

    /// On the first flash, with real seals.
    pub(crate) fn real() -> Self {
        Self::with(KINDS[4], &ALGORITHMS)
    }

    fn with(kind: Kind, algorithms: &'static [&'static dyn SealVerifier]) -> Self {
        static WORLD: std::sync::OnceLock<World> = std::sync::OnceLock::new();
        let mut world = WORLD.get_or_init(|| World::new(SealAlgorithm::MlDsa44)).clone();
        static BUNDLES: std::sync::OnceLock<[Vec<u8>; 2]> = std::sync::OnceLock::new();
        let [old, new] = BUNDLES
            .get_or_init(|| {
                let old = world.bundle().to_bytes(Form::Stripped);
                world.release.sequence_number += 1;
                world.release.security_version += 1;
                world.release.components[0].1 = (0..700_u32).map(|place| place.to_le_bytes()[0] ^ 0x33).collect();
                [old, world.bundle().to_bytes(Form::Stripped)]
            })
            .clone();
        Self { kind, chunk: 97, world, old, new, algorithms, wreck: None }
    }

    /// How many operations the life takes without a cut.
    pub(crate) fn uncut(&self) -> u32 {
        self.run(&[]).0
    }

    /// How many reads.
    pub(crate) fn reads(&self) -> u32 {
        self.run(&[]).1
    }

    /// The life with cuts, one after the other.
    pub(crate) fn with_cuts(&self, cuts: &[Cut]) {
        self.run(cuts);
    }

    /// The number of the error with which a device refuses to start after that.
    pub(crate) fn wrecked(mut self, wreck: Wreck) -> u32 {
        self.wreck = Some(wreck);
        self.run(&[]).0
    }

    fn run(&self, cuts: &[Cut]) -> (u32, u32) {
        macro_rules! lives {
            ($($write:literal $erase:literal $read:literal),+) => {
                match self.kind {
                    $(Kind($write, $erase, $read) => self.live::<$write, $erase, $read>(cuts),)+
                    other => panic!("{other:?} is not in the list"),
                }
            };
        }
        lives!(
            1 256 1, 2 128 1, 2 1024 2, 4 64 1, 4 256 4, 4 4096 4, 8 512 1, 8 2048 8, 16 1024 1, 16 8192 16, 32 1024 32,
            32 128 1, 64 512 1, 256 4096 1
        )
    }

    /// The same with chunks of that many bytes.
    #[must_use]
    pub(crate) fn in_chunks(mut self, chunk: usize) -> Self {
        self.chunk = chunk;
        self
    }

    fn live<const W: usize, const E: usize, const R: usize>(&self, cuts: &[Cut]) -> (u32, u32) {
        let mut end = 0;
        let mut area = |size: usize| {
            let size = u32::try_from(size.next_multiple_of(E)).expect("small");
            let start = end;
            end += size;
            Area { start, size }
        };
        let sector = (3 * 304_usize.next_multiple_of(W) + 4 * 12_usize.next_multiple_of(W)).next_multiple_of(E);
        let envelopes = [area(4096), area(4096)];
        let images = [[area(1024), area(64)], [area(1024), area(64)]];
        let (state, count) = (area(3 * sector), area(3 * sector));
        let [a, b] = [0, 1].map(|slot| SlotLayout { envelope: envelopes[slot], images: &images[slot] });
        let layout = Layout { slots: [a, b], state, trust: None };
        let flash = Flash::<W, E, R>::new(end as usize);
        let counter = || FlashCounter::new(flash.clone(), count, 100).expect("the area is large enough");

        let store = self.world.store.encode();
        let store = TrustStore::parse(&store).expect("a good store");
        let verifier = Verifier::from_write_protected(store, self.algorithms).expect("a good store");
        let facts = Facts {
            vendor: VendorId([0x11; 16]),
            class: ClassId([0x22; 16]),
            components: &["app", "radio"],
            trials: 1,
        };
        let (mut frame, mut scratch) = (vec![0; 8192], [0; 61]);
        let memory = || (vec![0_u8; 8192], [0_u8; 61]);

        // At the factory nobody cuts the power: the first release is put into slot A.
        flash.power(None);
        self.put(&mut flash.clone(), &layout);
        counter().provision().expect("a new counter");
        let made = Installer::provision(
            flash.clone(),
            counter(),
            layout,
            SlotId::A,
            &verifier,
            &facts,
            Memory { frame: &mut frame, scratch: &mut scratch },
        );
        drop(made.expect("the factory's release is good"));
        let ids = [&self.old, &self.new].map(|one| *Envelope::parse(one).expect("a bundle").seals().digest());

        if let Some(wreck) = self.wreck {
            let area = match wreck {
                Wreck::State => state,
                Wreck::Slot => envelopes[0],
                Wreck::Images => images[0][0],
                Wreck::Counter => count,
            };
            flash.scramble(area.start as usize..(area.start + area.size) as usize);
            let (mut frame, mut scratch) = memory();
            let held = Memory { frame: &mut frame, scratch: &mut scratch };
            let booted = Installer::open(flash.clone(), counter(), layout)
                .map_err(Error::from)
                .and_then(|mut device| device.boot(&verifier, &facts, held, |_, _| {}, |_, _, _| ()));
            return (booted.expect_err("it is refused").code().number().into(), 0);
        }

        let mut cuts = cuts.iter();
        flash.power(cuts.next().copied());
        let mut new_started = false;
        let mut last_counter = 0;
        for _ in 0..ROUNDS {
            if flash.is_struck() {
                flash.power(cuts.next().copied());
            }
            let opened = Installer::open(flash.clone(), counter(), layout);
            let mut device = match opened {
                Ok(device) => device,
                Err(error) => {
                    assert!(flash.is_struck(), "{error}");
                    continue;
                }
            };
            let (mut frame, mut scratch) = memory();
            let held = Memory { frame: &mut frame, scratch: &mut scratch };
            let booted = device.boot(
                &verifier,
                &facts,
                held,
                |_, _| {},
                |update, slot, reason| (*update.release_id(), update.confirmed_security_version().0, slot, reason),
            );
            let (id, version, slot, reason) = match booted {
                Ok(booted) => booted,
                Err(error) => {
                    assert!(flash.is_struck(), "{error}");
                    continue;
                }
            };
            assert!(ids.contains(&id), "only authentic releases boot");
            let holds = match device.counter().read() {
                Ok(holds) => holds,
                Err(error) => {
                    assert!(flash.is_struck(), "{error:?}");
                    continue;
                }
            };
            assert!(version >= holds, "nothing below the counter boots");
            assert!(holds >= last_counter, "the counter never falls");
            last_counter = holds;
            let confirmed = device.state().confirmed().expect("there is always a confirmed release").release_id;
            assert!(confirmed == ids[0] || new_started, "nothing is confirmed that did not boot");
            assert!(holds <= 3 || confirmed == ids[1], "the counter never runs ahead of what is confirmed");
            match reason {
                Reason::Trial(1) => {
                    assert_eq!(id, ids[1]);
                    new_started = true;
                    let held = Memory { frame: &mut frame, scratch: &mut scratch };
                    let done = device.confirm(slot, &verifier, &facts, held);
                    assert!(done.is_ok() || flash.is_struck(), "{done:?}");
                }
                Reason::Confirmed if id == ids[1] && holds == 4 => {
                    return (flash.operations(), flash.reads());
                }
                Reason::Confirmed if id == ids[1] && flash.is_struck() => {}
                Reason::Confirmed if id == ids[1] => panic!("the counter of a confirmed release is raised at boot"),
                Reason::Confirmed => {
                    let done = self.update(&mut device, slot, &verifier, &facts);
                    assert!(done.is_ok() || flash.is_struck(), "{done:?}");
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("the update did not come to an end with {cuts:?} left");
    }

    /// Streams the new bundle in chunks, from where an earlier attempt ended.
    fn update<const W: usize, const E: usize, const R: usize>(
        &self,
        device: &mut Installer<'_, Flash<W, E, R>, FlashCounter<Flash<W, E, R>>>,
        running: SlotId,
        verifier: &Verifier<'_>,
        facts: &Facts<'_>,
    ) -> Result<(), Error> {
        let size = Envelope::parse(&self.new)?.size();
        let mut scratch = [0; 61];
        let frame = &self.new[..size];
        let mut receiving = device.receive(running, verifier, facts, frame, Payloads::Enclosed, &mut scratch)?;
        let start = usize::try_from(receiving.position()).expect("small");
        for chunk in self.new[start..].chunks(self.chunk) {
            receiving.push(chunk)?;
        }
        activate(receiving.finish(&mut scratch)?)
    }

    /// Writes the old release where slot A has its places, as a factory's programmer does.
    fn put<const W: usize, const E: usize, const R: usize>(&self, flash: &mut Flash<W, E, R>, layout: &Layout<'_>) {
        use twinseal_installer::embedded_storage::nor_flash::NorFlash as _;
        let size = Envelope::parse(&self.old).expect("a bundle").size();
        let stored = [&u32::try_from(size).expect("small").to_le_bytes(), &self.old[..size]].concat();
        let payloads = twinseal_tests::release::Release::sample(twinseal_formats::DigestAlgorithm::Sha256).payloads();
        let slot = &layout.slots[0];
        let areas = core::iter::once(slot.envelope).chain(slot.images.iter().copied());
        for (area, mut bytes) in areas.zip(core::iter::once(stored).chain(payloads)) {
            bytes.resize(bytes.len().next_multiple_of(W), 0xff);
            flash.erase(area.start, area.start + area.size).expect("power is on");
            flash.write(area.start, &bytes).expect("power is on");
        }
    }
}

/// A device that needs more resets than this is wedged.
const ROUNDS: usize = 16;
