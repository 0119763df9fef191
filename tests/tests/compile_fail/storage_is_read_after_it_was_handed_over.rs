//! What was verified is owned by its proof.
use twinseal_verifier::{AdmittedManifest, Install, Storage};

pub fn misuse<S: Storage>(admitted: AdmittedManifest<'_, Install>, mut storage: S, scratch: &mut [u8]) {
    let _ = storage.extent(0);
    let _ = admitted.verify_images(storage, &mut [0; 16]);
    let _ = storage.read(0, 0, scratch); // misuse: E0382
    let _ = scratch;
}

fn main() {}
