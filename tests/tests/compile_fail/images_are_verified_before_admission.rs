//! What is authentic may still be for another device.
use twinseal_verifier::{AdmittedManifest, AuthenticManifest, Boot, Storage};

pub fn misuse<S: Storage>(authentic: AuthenticManifest<'_>, storage: S, scratch: &mut [u8]) {
    let _ = authentic.verify_images(storage, scratch); // misuse: E0599
}

/// The same by the proper road, so that the misuse is not refused for a name that nobody has.
pub fn proper<S: Storage>(admitted: AdmittedManifest<'_, Boot>, storage: S, scratch: &mut [u8]) {
    let _ = admitted.verify_images(storage, scratch);
}

fn main() {}
