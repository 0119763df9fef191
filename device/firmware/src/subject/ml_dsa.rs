//! ML-DSA alone: from the seal's bytes to a verdict, over a message as long as to-be-signed bytes are.

use twinseal_verifier::SealVerifier as _;

use crate::board::given::{MESSAGE, ML_DSA_KEY, ML_DSA_SEAL, ML_DSA_TAMPERED};
use crate::keys;
use crate::measure::measure;

pub(crate) fn run() -> ! {
    measure(|| verify(ML_DSA_SEAL.bytes()), || verify(ML_DSA_TAMPERED.bytes()))
}

#[inline(never)]
fn verify(seal: &[u8]) -> u32 {
    let verdict = keys::ml_dsa().map(|it| it.verify(ML_DSA_KEY.bytes(), MESSAGE.bytes(), seal));
    u32::from(verdict != Some(Ok(())))
}
