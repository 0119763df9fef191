//! The bytes that were sealed can not be written while a proof stands on them.
use twinseal_verifier::{Device, Envelope, Install, Verifier};

pub fn misuse(bytes: &mut [u8; 64], verifier: &Verifier<'_>, device: &Device<'_>) {
    let Ok(envelope) = Envelope::parse(bytes) else { return };
    let Ok(authentic) = verifier.authenticate(&envelope) else { return };
    bytes[9] = 1; // misuse: E0506
    let _ = authentic.admit::<Install>(device);
}

fn main() {}
