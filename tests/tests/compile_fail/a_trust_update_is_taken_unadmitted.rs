//! A store is written only after admission.
use twinseal_verifier::AuthenticTrustUpdate;

pub fn misuse(authentic: AuthenticTrustUpdate<'_>, read_back: &[u8]) {
    let _ = (&authentic, read_back);
    let _ = authentic.written(read_back); // misuse: E0599
}

fn main() {}
