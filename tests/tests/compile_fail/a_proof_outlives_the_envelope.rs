//! The manifest is read from the bytes that were sealed, so they must stay.
use twinseal_verifier::{AuthenticManifest, Envelope, Verifier};

pub fn misuse(verifier: &Verifier<'_>) {
    let kept: Option<AuthenticManifest<'_>>;
    {
        let bytes = [0; 64];
        let Ok(envelope) = Envelope::parse(&bytes) else { return };
        kept = verifier.authenticate(&envelope).ok();
        let _ = kept.is_some();
    }
    let _ = kept.is_none(); // misuse: E0597
}

fn main() {}
