//! Install by pull.

use twinseal_verifier::{Envelope, Error, Install, Verifier};

use super::DEVICE;
use crate::storage::Flash;

#[inline(never)]
pub(super) fn pull(bundle: &[u8], verifier: &Verifier<'_>) -> Result<(), Error> {
    let envelope = Envelope::parse(bundle)?;
    let admitted = verifier.authenticate(&envelope)?.admit::<Install>(&DEVICE)?;
    match admitted.verify_enclosed(Flash(bundle), &mut [0; 64]) {
        Ok(verified) => {
            let _ = core::hint::black_box(verified.release_id());
            Ok(())
        }
        Err(refused) => Err(refused.error()),
    }
}
