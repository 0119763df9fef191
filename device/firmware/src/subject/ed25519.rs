//! Ed25519 alone: from the seal's bytes to a verdict, over a message as long as to-be-signed bytes are.

use twinseal_verifier::SealVerifier as _;

use crate::board::given::{ED25519_KEY, ED25519_SEAL, ED25519_TAMPERED, MESSAGE};
use crate::keys;
use crate::measure::measure;

pub(crate) fn run() -> ! {
    measure(|| verify(ED25519_SEAL.bytes()), || verify(ED25519_TAMPERED.bytes()))
}

#[inline(never)]
fn verify(seal: &[u8]) -> u32 {
    let verdict = keys::ed25519().map(|it| it.verify(ED25519_KEY.bytes(), MESSAGE.bytes(), seal));
    u32::from(verdict != Some(Ok(())))
}
