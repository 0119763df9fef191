//! Boot: the stored bundle and the slot are examined again.

use twinseal_verifier::{AuthenticManifest, Boot, Error, Verifier};

use super::{DEVICE, authenticate};
use crate::board::given::{APP, RADIO};
use crate::storage::Images;

#[inline(never)]
pub(super) fn boot(bundle: &[u8], verifier: &Verifier<'_>) -> Result<(), Error> {
    verify(authenticate(bundle, verifier))
}

/// Apart, so that none of this is on the stack while seals are verified.
#[inline(never)]
fn verify(authentic: Result<AuthenticManifest<'_>, Error>) -> Result<(), Error> {
    let admitted = authentic?.admit::<Boot>(&DEVICE)?;
    match admitted.verify_images(Images(&[APP.bytes(), RADIO.bytes()]), &mut [0; 64]) {
        Ok(verified) => {
            let _ = core::hint::black_box(verified.confirmed_security_version());
            Ok(())
        }
        Err(refused) => Err(refused.error()),
    }
}
