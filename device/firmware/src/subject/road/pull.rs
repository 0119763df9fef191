//! Install by pull.

use twinseal_verifier::{AuthenticManifest, Error, Install, Verifier};

use super::{DEVICE, authenticate};
use crate::storage::Flash;

#[inline(never)]
pub(super) fn pull(bundle: &[u8], verifier: &Verifier<'_>) -> Result<(), Error> {
    verify(bundle, authenticate(bundle, verifier))
}

/// Apart, so that none of this is on the stack while seals are verified.
#[inline(never)]
fn verify(bundle: &[u8], authentic: Result<AuthenticManifest<'_>, Error>) -> Result<(), Error> {
    let admitted = authentic?.admit::<Install>(&DEVICE)?;
    match admitted.verify_enclosed(Flash(bundle), &mut [0; 64]) {
        Ok(verified) => {
            let _ = core::hint::black_box(verified.release_id());
            Ok(())
        }
        Err(refused) => Err(refused.error()),
    }
}
