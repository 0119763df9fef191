//! A manifest that nobody authenticated has no way to a device.
use twinseal_verifier::formats::Manifest;
use twinseal_verifier::{AuthenticManifest, Device, Install};

pub fn misuse(bytes: &[u8], device: &Device<'_>) {
    let Ok(manifest) = Manifest::parse(bytes) else { return };
    let _ = manifest.admit::<Install>(device); // misuse: E0599
    let _ = (manifest.sequence_number(), device);
}

/// The same by the proper road, so that the misuse is not refused for a name that nobody has.
pub fn proper(authentic: AuthenticManifest<'_>, device: &Device<'_>) {
    let _ = authentic.admit::<Install>(device);
}

fn main() {}
