//! What the counter is raised to is known only when the new store was read back.
use twinseal_verifier::AdmittedTrustUpdate;

pub fn misuse(admitted: AdmittedTrustUpdate<'_>) {
    let _ = &admitted;
    let _ = admitted.epoch(); // misuse: E0599
}

fn main() {}
