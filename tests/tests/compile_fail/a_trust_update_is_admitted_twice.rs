//! Admission consumes the proof before it.
use twinseal_verifier::{AuthenticTrustUpdate, TrustState};

pub fn misuse(authentic: AuthenticTrustUpdate<'_>, device: &TrustState<'_>) {
    let _ = authentic.admit(device);
    let _ = authentic.admit(device); // misuse: E0382
}

fn main() {}
