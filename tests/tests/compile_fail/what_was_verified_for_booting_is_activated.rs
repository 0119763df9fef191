//! Booting does not look at sequence numbers, so it may not lead to activation.
use twinseal_verifier::{Boot, Install, VerifiedUpdate};

pub fn activate<S>(update: VerifiedUpdate<'_, Install, S>) {
    let _ = update.into_storage();
}

pub fn misuse<S>(update: VerifiedUpdate<'_, Boot, S>) {
    let _ = update.release_id();
    activate(update); // misuse: E0308
}

fn main() {}
