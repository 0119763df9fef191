//! While a bundle streams in, only the verifier writes.
use twinseal_verifier::{AdmittedManifest, Install, Slot};

pub fn misuse<S: Slot>(admitted: AdmittedManifest<'_, Install>, mut slot: S) {
    let _ = slot.extent(0);
    let Ok(mut reception) = admitted.receive(slot) else { return };
    let _ = slot.write(0, 0, b"other bytes"); // misuse: E0382
    let _ = reception.push(b"the bundle's bytes");
}

fn main() {}
