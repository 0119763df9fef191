//! This device: where things lie in its flash, what it is, and how it is opened for a step.

use twinseal_installer::embedded_storage::nor_flash::ReadNorFlash as _;
use twinseal_installer::verifier::formats::{ClassId, VendorId};
use twinseal_installer::verifier::{
    Ed25519, MlDsa44, MlDsa65, MlDsa87, SealVerifier, StorageFault, TrustStore, Verifier,
};
use twinseal_installer::{
    Area, Error, Facts, FlashCounter, InstallError, Installer, Layout, Memory, MonotonicCounter as _, SlotId,
    SlotLayout,
};

use crate::board::Buffer;
use crate::board::nor::Nor;

/// What the device is. `twinseal-device life` makes releases for it.
pub(super) const FACTS: Facts<'static> =
    Facts { vendor: VendorId([0x11; 16]), class: ClassId([0x22; 16]), components: &["app"], trials: 2 };

const LAYOUT: Layout<'static> = Layout {
    slots: [
        SlotLayout { envelope: area(0, 0x2000), images: &[area(0x40000, 0x20000)] },
        SlotLayout { envelope: area(0x2000, 0x2000), images: &[area(0x60000, 0x20000)] },
    ],
    state: area(0x4000, 0x3000),
    trust: Some(TRUST),
};
const TRUST: [Area; 2] = [area(0x10000, 0x4000), area(0x14000, 0x4000)];
const ROLLBACK: Area = area(0x7000, 0x3000);
const EPOCHS: Area = area(0xA000, 0x3000);

const fn area(start: u32, size: u32) -> Area {
    Area { start, size }
}

pub(super) type Counter = FlashCounter<Nor>;
pub(super) type Device = Installer<'static, Nor, Counter>;

/// Both counters. They are emulations: a device has fuses, or a secure element.
fn counters() -> Result<[Counter; 2], InstallError> {
    Ok([FlashCounter::new(Nor, ROLLBACK, MOST)?, FlashCounter::new(Nor, EPOCHS, MOST)?])
}

/// Whether the device has a state.
pub(super) fn provisioned() -> Result<(), InstallError> {
    let [rollback, _] = counters()?;
    Installer::open(Nor, rollback, LAYOUT).map(drop)
}

/// The last step of the factory: what its programmer put into slot A is verified with the store that it put beside it.
pub(super) fn provision() -> Result<(), Error> {
    let [mut rollback, mut epochs] = counters()?;
    for counter in [&mut rollback, &mut epochs] {
        // Power may have been lost here before.
        if counter.read().is_err() {
            counter.provision().map_err(|_| InstallError::CounterWriteFault)?;
        }
    }
    STORE.with(|buffer| {
        let store = TrustStore::parse(first_store(buffer).map_err(|_| InstallError::TrustUnreadable)?)?;
        let verifier = Verifier::new(store, ALGORITHMS)?;
        with_memory(|memory| {
            Installer::provision(Nor, rollback, LAYOUT, SlotId::A, &verifier, &FACTS, memory).map(drop)
        })
    })?;
    say!("loader: provisioned");
    Ok(())
}

/// What the factory's programmer put into the first place of trust stores.
fn first_store(buffer: &mut [u8]) -> Result<&[u8], StorageFault> {
    let [Area { start, .. }, _] = TRUST;
    let mut size = [0; 4];
    Nor.read(start, &mut size).map_err(|_| StorageFault)?;
    let size = usize::try_from(u32::from_le_bytes(size)).map_err(|_| StorageFault)?;
    let store = buffer.get_mut(..size).ok_or(StorageFault)?;
    Nor.read(start.saturating_add(4), store).map_err(|_| StorageFault)?;
    Ok(store)
}

/// Opens the device for a step: its state, the trust store in use, and a verifier made of that.
pub(super) fn open<T>(
    step: impl FnOnce(&mut Device, &Verifier<'_>, &mut Counter, Memory<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let [rollback, mut epochs] = counters()?;
    let mut device = Installer::open(Nor, rollback, LAYOUT)?;
    STORE.with(|buffer| {
        let store = device.trust_store(&mut epochs, buffer)?;
        let verifier = Verifier::new(store, ALGORITHMS)?;
        with_memory(|memory| step(&mut device, &verifier, &mut epochs, memory))
    })
}

fn with_memory<T>(step: impl FnOnce(Memory<'_>) -> T) -> T {
    FRAME.with(|frame| SCRATCH.with(|scratch| step(Memory { frame, scratch })))
}

/// From the keys' bytes, because keys change.
const ALGORITHMS: &[&dyn SealVerifier] = &[&Ed25519, &MlDsa44, &MlDsa65, &MlDsa87];

static STORE: Buffer<0x4000> = Buffer::new();
static FRAME: Buffer<0x2000> = Buffer::new();
static SCRATCH: Buffer<256> = Buffer::new();

/// As many as there would be fuses.
const MOST: u32 = 64;
