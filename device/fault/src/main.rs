//! Decides about one of the bundles in its flash, and ends in one of two places. See README.md.

#![no_std]
#![no_main]

use core::arch::asm;
use core::hint::black_box;
use core::panic::PanicInfo;

use twinseal_verifier::formats::{ClassId, SecurityVersion, SequenceNumber, VendorId};
use twinseal_verifier::{
    ConfirmedRelease, Device, Envelope, Error, Extent, Hasher, Install, SealVerifier, Storage, StorageFault,
    TrustStore, VerifiedUpdate, Verifier,
};

#[cfg(not(feature = "real"))]
mod stand_in;

/// The algorithms: stand-ins, or what a device has whose anchor was expanded.
#[cfg(not(feature = "real"))]
fn algorithms() -> Option<(impl SealVerifier, impl SealVerifier)> {
    use twinseal_verifier::formats::SealAlgorithm::{Ed25519, MlDsa44};
    Some((stand_in::StandIn(Ed25519), stand_in::StandIn(MlDsa44)))
}

#[cfg(feature = "real")]
fn algorithms() -> Option<(impl SealVerifier, impl SealVerifier)> {
    use twinseal_verifier::{BaseComb, ExpandedEd25519, ExpandedMlDsa, Fast, Set44};
    let [classical_key, post_quantum_key] = KEYS;
    let classical = ExpandedEd25519::from_write_protected(CLASSICAL_TABLE, classical_key, BaseComb::TEETH_8).ok()?;
    let post_quantum = ExpandedMlDsa::<Set44, Fast>::from_write_protected(POST_QUANTUM_TABLE, post_quantum_key).ok()?;
    Some((classical, post_quantum))
}

/// A bundle as it lies in flash: its frame, and what the slot holds.
struct Given {
    frame: &'static [u8],
    images: [&'static [u8]; 2],
}

include!(concat!(env!("OUT_DIR"), "/given.rs"));

/// Where the emulator begins: the number of the bundle in the first register.
#[unsafe(no_mangle)]
pub extern "C" fn start(number: u32) -> ! {
    let Some((classical, post_quantum)) = algorithms() else { refused() };
    let algorithms: [&dyn SealVerifier; 2] = [&classical, &post_quantum];
    let store = TrustStore::parse(black_box(STORE));
    let verifier = store.map(|store| Verifier::from_write_protected(store, &algorithms));
    // The release that was confirmed before: another one, with a lower number.
    let release_id = Hasher::digest(twinseal_verifier::formats::DigestAlgorithm::Sha256, b"before");
    let given = GIVEN.get(number as usize);
    let (Ok(Ok(verifier)), Some(release_id), Some(given)) = (verifier, release_id, given) else { refused() };
    let device = Device {
        vendor: VendorId(*b"the vendor's id."),
        class: ClassId(*b"the class's id.."),
        components: &["app", "radio"],
        confirmed: Some(ConfirmedRelease { sequence_number: SequenceNumber(6), release_id }),
        counter: SecurityVersion(3),
        counter_limit: SecurityVersion(63),
    };
    boot(black_box(&verifier), black_box(&device), black_box(given))
}

/// What a boot loader does: from here on faults are injected, until it starts the code or does not.
#[unsafe(no_mangle)]
#[inline(never)]
fn boot(verifier: &Verifier<'_>, device: &Device<'_>, given: &Given) -> ! {
    if let Ok(update) = decide(verifier, device, given)
        && update.affirm().is_ok()
    {
        black_box(&update);
        accepted()
    }
    refused()
}

#[inline(never)]
fn decide<'a>(
    verifier: &Verifier<'_>,
    device: &Device<'_>,
    given: &'a Given,
) -> Result<VerifiedUpdate<'a, Install, Flash>, Error> {
    let envelope = Envelope::parse(given.frame)?;
    let admitted = verifier.authenticate(&envelope)?.admit::<Install>(device)?;
    admitted.verify_images(Flash(given.images), &mut [0; 64]).map_err(|refused| refused.error())
}

/// Two images in flash.
struct Flash([&'static [u8]; 2]);

impl Storage for Flash {
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault> {
        Ok(self.0.get(usize::from(component)).map(|image| Extent::Exactly(image.len() as u64)))
    }

    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        let image = self.0.get(usize::from(component)).ok_or(StorageFault)?;
        let start = usize::try_from(offset).map_err(|_| StorageFault)?;
        let end = start.checked_add(buffer.len()).ok_or(StorageFault)?;
        buffer.copy_from_slice(image.get(start..end).ok_or(StorageFault)?);
        Ok(())
    }
}

/// The code is started.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn accepted() -> ! {
    // SAFETY: a breakpoint, at which the emulator has stopped long before.
    unsafe { asm!("bkpt 1", options(noreturn)) }
}

/// The code is not started.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn refused() -> ! {
    // SAFETY: as above.
    unsafe { asm!("bkpt 2", options(noreturn)) }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    refused()
}
