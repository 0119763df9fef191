//! What lies on the bench: a vendor's releases and trust stores, kinds of flash, and the device's places in one.

use std::sync::LazyLock;

use twinseal_formats::{ClassId, Digest, DigestAlgorithm, Role, SealAlgorithm, VendorId};
use twinseal_installer::{Area, Facts, Layout, SlotLayout};
use twinseal_tests::bundle::Form;
use twinseal_tests::release::{self, Release};
use twinseal_tests::trust::{self, ALGORITHMS, Store, StoredAnchor};
use twinseal_tests::world::World;
use twinseal_verifier::{BadSeal, SealVerifier, WeakKey};

use crate::flash::{Chip, Flash};

/// Units of writing, erasing and reading, and what an erased byte reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) usize, pub(crate) usize, pub(crate) usize, pub(crate) u8);

/// Large units to write: few operations, so that all pairs of them can be tried.
pub(crate) const COARSE: Kind = Kind(256, 4096, 1, 0xff);

/// Something to be done on a flash of some kind.
pub(crate) trait Job {
    type Outcome;
    fn on<F: Chip>(self, kind: Kind) -> Self::Outcome;
}

macro_rules! units {
    ($($write:literal $erase:literal $read:literal),+) => {
        const UNITS: &[(usize, usize, usize)] = &[$(($write, $erase, $read)),+];

        impl Kind {
            /// Does the job on a flash of this kind.
            pub(crate) fn run<J: Job>(self, job: J) -> J::Outcome {
                match (self.0, self.1, self.2) {
                    $(($write, $erase, $read) => job.on::<Flash<$write, $erase, $read>>(self),)+
                    _ => panic!("{self:?} is not in the list"),
                }
            }
        }
    };
}

units!(
    1 256 1, 2 128 1, 2 1024 2, 4 64 1, 4 256 4, 4 4096 4, 8 512 1, 8 2048 8, 16 1024 1, 16 8192 16, 32 1024 32, 32 128 1,
    64 512 1, 256 1024 1, 256 4096 1
);

/// Every kind: each of the units, erased to ones and to zeros.
pub(crate) fn kinds() -> impl Iterator<Item = Kind> {
    UNITS.iter().flat_map(|&(write, erase, read)| [0xff, 0].map(|blank| Kind(write, erase, read, blank)))
}

/// A release as the vendor made it.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) bundle: Vec<u8>,
    /// How much of it is the frame.
    pub(crate) frame: usize,
    pub(crate) id: Digest,
    pub(crate) payloads: Vec<Vec<u8>>,
    pub(crate) security_version: u32,
}

/// Everything that the tests share and nobody changes.
pub(crate) struct Bench {
    /// In the order of their sequence numbers; the first is the factory's.
    pub(crate) releases: [Made; 3],
    /// The trust stores of epoch 1 and 2.
    pub(crate) stores: [Vec<u8>; 2],
    /// From the one to the other.
    pub(crate) update: Vec<u8>,
    pub(crate) algorithms: &'static [&'static dyn SealVerifier],
    pub(crate) facts: Facts<'static>,
}

impl Bench {
    /// The algorithms accept every signature: what is tested is not the seals' mathematics, which would take a hundred times as long.
    pub(crate) fn quick() -> &'static Self {
        static BENCH: LazyLock<Bench> = LazyLock::new(|| Bench::with(&ANYTHING));
        &BENCH
    }

    /// The same with real algorithms.
    pub(crate) fn real() -> &'static Self {
        static BENCH: LazyLock<Bench> = LazyLock::new(|| Bench::with(&ALGORITHMS));
        &BENCH
    }

    fn with(algorithms: &'static [&'static dyn SealVerifier]) -> Self {
        let world = World::new(SealAlgorithm::MlDsa44);
        let releases = [0, 1, 2].map(|place| made(&world, place));
        let next = Store {
            epoch: 2,
            ..Store::of(vec![
                StoredAnchor::of(&world.root, Role::Root, "root"),
                StoredAnchor::of(&world.signer, Role::Release, "renamed"),
            ])
        };
        let stores = [world.store.encode(), next.encode()];
        let replaces = release::digest(DigestAlgorithm::Sha256, &stores[0]);
        let update = trust::trust_update(&replaces, &stores[1], &[&world.root]);
        let facts = Facts {
            vendor: VendorId([0x11; 16]),
            class: ClassId([0x22; 16]),
            components: &["app", "radio"],
            trials: 2,
        };
        Self { releases, stores, update, algorithms, facts }
    }
}

fn made(world: &World, place: u32) -> Made {
    let mut release = Release { ..world.release.clone() };
    release.sequence_number += u64::from(place);
    // The third release closes no hole: the device may go back from it to the second, but not from the second to the first.
    release.security_version += place.min(1);
    let size = 700 - 150 * place;
    release.components[0].1 = (0..size).map(|at| (at * (place + 3)).to_le_bytes()[0] ^ 0x33).collect();
    let bundle = release.sealed_by(&[&world.signer]);
    let (id, bytes) = (bundle.digest, bundle.to_bytes(Form::Stripped));
    let frame = twinseal_verifier::Envelope::parse(&bytes).expect("a bundle").size();
    Made { bundle: bytes, frame, id, payloads: release.payloads(), security_version: release.security_version }
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

static ANYTHING: [&dyn SealVerifier; 2] = [&Anything(SealAlgorithm::Ed25519), &Anything(SealAlgorithm::MlDsa44)];

/// Where everything lies in the flash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) envelopes: [Area; 2],
    pub(crate) images: [[Area; 2]; 2],
    pub(crate) state: Area,
    pub(crate) rollback: Area,
    pub(crate) epoch: Area,
    pub(crate) stores: [Area; 2],
    pub(crate) size: usize,
}

impl Places {
    pub(crate) fn of<F: Chip>() -> Self {
        let mut end = 0;
        let mut area = |size: usize| {
            let size = u32::try_from(size.next_multiple_of(F::ERASE_SIZE)).expect("small");
            let start = end;
            end += size;
            Area { start, size }
        };
        let whole = |size: usize| size.next_multiple_of(F::WRITE_SIZE);
        let sector = (whole(304) + 4 * whole(12)).next_multiple_of(F::ERASE_SIZE);
        Self {
            envelopes: [area(4096), area(4096)],
            images: [[area(1024), area(64)], [area(1024), area(64)]],
            state: area(3 * sector),
            rollback: area(3 * sector),
            epoch: area(3 * sector),
            stores: [area(4096), area(4096)],
            size: end as usize,
        }
    }

    pub(crate) fn layout(&self) -> Layout<'_> {
        let slots = [0, 1].map(|slot| SlotLayout { envelope: self.envelopes[slot], images: &self.images[slot] });
        Layout { slots, state: self.state, trust: Some(self.stores) }
    }

    /// The three sectors of an area of records.
    pub(crate) fn sectors(area: Area) -> [core::ops::Range<usize>; 3] {
        let (start, size) = (area.start as usize, area.size as usize / 3);
        [0, 1, 2].map(|place| start + place * size..start + (place + 1) * size)
    }
}
