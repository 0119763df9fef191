//! Admission consumes the proof before it.
use twinseal_verifier::{AuthenticManifest, Boot, Device, Install};

pub fn misuse(authentic: AuthenticManifest<'_>, device: &Device<'_>) {
    let _ = authentic.admit::<Install>(device);
    let _ = authentic.admit::<Boot>(device); // misuse: E0382
}

fn main() {}
