//! The last step is private: it is taken behind the last digest only.
use twinseal_verifier::{AdmittedManifest, Boot, VerifiedUpdate};

pub fn misuse<'m, S>(admitted: AdmittedManifest<'m, Boot>, storage: S) -> Option<VerifiedUpdate<'m, Boot, S>> {
    return Some(admitted.verified(storage)); // misuse: E0624
    #[allow(unreachable_code, reason = "reachable in the twin")]
    None
}

fn main() {}
