//! The empty image: everything that the others have around what they measure.

use crate::board::given::{ED25519_SEAL, ED25519_TAMPERED};
use crate::measure::measure;

pub(crate) fn run() -> ! {
    measure(|| verify(ED25519_SEAL.bytes()), || verify(ED25519_TAMPERED.bytes()))
}

#[inline(never)]
fn verify(seal: &[u8]) -> u32 {
    u32::from(seal.first() != ED25519_SEAL.bytes().first())
}
