//! The whole road of a device, from the bytes of its trust store and of a bundle to the proof that the images are the ones named.
//!
//! `pull` reads the bundle where it lies, in flash. `push` receives it in pieces of 64 bytes, as from a radio, into a slot in RAM. `boot` examines the
//! stored bundle and the slot again. What is lent (a buffer for the frame, the slot) lies in `.bss`.

use twinseal_verifier::formats::{ClassId, SecurityVersion, VendorId};
#[cfg(any(feature = "pull", feature = "boot"))]
use twinseal_verifier::{AuthenticManifest, Envelope};
use twinseal_verifier::{Device, Error, SealVerifier, TrustStore, Verifier};

use crate::board::given::{BUNDLE, STORE, TAMPERED};
use crate::keys;
use crate::measure::measure;

#[cfg(feature = "boot")]
#[path = "road/boot.rs"]
mod boot;
#[cfg(feature = "pull")]
#[path = "road/pull.rs"]
mod pull;
#[cfg(feature = "push")]
#[path = "road/push.rs"]
mod push;

pub(crate) fn run() -> ! {
    measure(|| number(road(BUNDLE.bytes())), || number(road(TAMPERED.bytes())))
}

#[inline(never)]
fn road(bundle: &[u8]) -> Result<(), Error> {
    // There are no tables that do not belong to their keys: the runner made both.
    let (Some(ed25519), Some(ml_dsa)) = (keys::ed25519(), keys::ml_dsa()) else { return Ok(()) };
    let algorithms: [&dyn SealVerifier; 2] = [&ed25519, &ml_dsa];
    // Lent where it is, for whatever is moved is on the stack twice.
    let verifier = &verifier(&algorithms);
    let verifier = verifier.as_ref().map_err(|error| *error)?;
    #[cfg(feature = "pull")]
    pull::pull(bundle, verifier)?;
    #[cfg(feature = "push")]
    push::push(bundle, verifier)?;
    #[cfg(feature = "boot")]
    boot::boot(bundle, verifier)?;
    Ok(())
}

/// The first half of the roads that read the bundle where it lies. Seals are verified while this is on the stack, so it holds nothing else.
#[cfg(any(feature = "pull", feature = "boot"))]
#[inline(never)]
fn authenticate<'m>(bundle: &'m [u8], verifier: &Verifier<'_>) -> Result<AuthenticManifest<'m>, Error> {
    match &Envelope::parse(bundle) {
        Ok(envelope) => verifier.authenticate(envelope),
        Err(error) => Err((*error).into()),
    }
}

/// Apart, so that what the store is read with is not held while the bundle is verified.
#[inline(never)]
fn verifier<'a>(algorithms: &'a [&'a dyn SealVerifier]) -> Result<Verifier<'a>, Error> {
    Ok(Verifier::from_write_protected(TrustStore::parse(STORE.bytes())?, algorithms)?)
}

/// 0, or the number of the error.
fn number(outcome: Result<(), Error>) -> u32 {
    outcome.err().map_or(0, |error| u32::from(error.code().number()))
}

/// What the device knows of itself.
const DEVICE: Device<'static> = Device {
    vendor: VendorId([0x11; 16]),
    class: ClassId([0x22; 16]),
    components: &["app", "radio"],
    confirmed: None,
    counter: SecurityVersion(0),
    counter_limit: SecurityVersion(u32::MAX),
};
