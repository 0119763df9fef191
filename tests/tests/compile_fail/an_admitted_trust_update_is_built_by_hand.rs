//! Only admission says that a store may be written.
use twinseal_verifier::{AdmittedTrustUpdate, TrustStore, formats::Digest};

pub fn misuse(store: TrustStore<'_>, update_id: Digest) {
    let _ = (store, update_id);
    let _ = AdmittedTrustUpdate { store, update_id }; // misuse: E0451
}

fn main() {}
