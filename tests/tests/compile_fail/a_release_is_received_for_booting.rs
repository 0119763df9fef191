//! Nothing is written while booting.
use twinseal_verifier::{AdmittedManifest, Boot, Install, Slot};

pub fn misuse<S: Slot>(admitted: AdmittedManifest<'_, Boot>, slot: S) {
    let _ = admitted.receive(slot); // misuse: E0599
}

/// The same by the proper road, so that the misuse is not refused for a name that nobody has.
pub fn proper<S: Slot>(admitted: AdmittedManifest<'_, Install>, slot: S) {
    let _ = admitted.receive(slot);
}

fn main() {}
