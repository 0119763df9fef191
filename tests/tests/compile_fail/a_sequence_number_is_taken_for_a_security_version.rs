//! Two numbers, two meanings, two types.
use twinseal_verifier::Device;
use twinseal_verifier::formats::{SecurityVersion, SequenceNumber};

pub fn misuse(device: &mut Device<'_>, offered: SequenceNumber) {
    device.counter = SecurityVersion(7);
    device.counter = offered; // misuse: E0308
    let _ = offered;
}

fn main() {}
