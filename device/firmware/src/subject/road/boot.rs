//! Boot: the stored bundle and the slot are examined again.

use twinseal_verifier::{Boot, Envelope, Error, Verifier};

use super::DEVICE;
use crate::board::given::{APP, RADIO};
use crate::storage::Images;

#[inline(never)]
pub(super) fn boot(bundle: &[u8], verifier: &Verifier<'_>) -> Result<(), Error> {
    let envelope = Envelope::parse(bundle)?;
    let admitted = verifier.authenticate(&envelope)?.admit::<Boot>(&DEVICE)?;
    match admitted.verify_images(Images(&[APP.bytes(), RADIO.bytes()]), &mut [0; 64]) {
        Ok(verified) => {
            let _ = core::hint::black_box(verified.confirmed_security_version());
            Ok(())
        }
        Err(refused) => Err(refused.error()),
    }
}
