//! A device states whether it confirmed a release: a fact that is forgotten does not compile.
use twinseal_verifier::{ConfirmedFrame, TrustState, formats::{ClassId, Digest, TrustEpoch, VendorId}};

pub fn misuse(vendor: VendorId, class: ClassId, release_id: Digest, epoch: TrustEpoch) {
    let _ = ConfirmedFrame { release_id, frame: &[] };
    let _ = TrustState { vendor, class, counter: epoch, counter_limit: epoch }; // misuse: E0063
}

fn main() {}
