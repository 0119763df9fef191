//! An update that was only installed has not shown that it runs.
use twinseal_verifier::{Boot, Install, VerifiedUpdate};

pub fn misuse<S>(update: VerifiedUpdate<'_, Install, S>) {
    let _ = update.confirmed_security_version(); // misuse: E0599
    let _ = update.into_storage();
}

/// The same by the proper road, so that the misuse is not refused for a name that nobody has.
pub fn proper<S>(update: VerifiedUpdate<'_, Boot, S>) {
    let _ = update.confirmed_security_version();
}

fn main() {}
