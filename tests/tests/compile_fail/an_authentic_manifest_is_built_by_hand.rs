//! Only the verifier makes a proof.
use twinseal_verifier::AuthenticManifest;
use twinseal_verifier::formats::{Digest, Manifest};

pub fn misuse<'m>(manifest: Manifest<'m>, release_id: Digest, other: AuthenticManifest<'m>) {
    let _ = AuthenticManifest { manifest, release_id, ..other }; // misuse: E0451
    let _ = (manifest, release_id);
}

fn main() {}
