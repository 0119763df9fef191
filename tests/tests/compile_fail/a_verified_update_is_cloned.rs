//! A proof stands for one look at one storage.
use twinseal_verifier::{Install, VerifiedUpdate};

pub fn misuse(update: VerifiedUpdate<'_, Install, u8>) {
    let _ = update.clone(); // misuse: E0599
    let _ = update.into_storage();
}

fn main() {}
