//! A proof lends its storage for looking only.
use twinseal_verifier::{Install, Slot, VerifiedUpdate};

pub fn misuse<S: Slot>(update: VerifiedUpdate<'_, Install, S>) {
    let _ = update.storage().write(0, 0, b"other bytes"); // misuse: E0596
    let _ = update.into_storage();
}

fn main() {}
