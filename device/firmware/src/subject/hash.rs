//! Hashing alone, 4 KiB of it: what a byte of a payload costs.

use core::hint::black_box;

use twinseal_verifier::Hasher;
use twinseal_verifier::formats::DigestAlgorithm;

use crate::measure::measure;

pub(crate) fn run() -> ! {
    measure(|| u32::from(digest() == 0), || u32::from(digest() != 0))
}

#[inline(never)]
fn digest() -> u32 {
    let Some(mut hasher) = Hasher::new(ALGORITHM) else { return 0 };
    for _ in 0..64 {
        hasher.update(black_box(&[0x5A; 64]));
    }
    hasher.finish().map_or(0, |digest| digest.as_bytes().iter().map(|byte| u32::from(*byte)).sum())
}

#[cfg(feature = "set44")]
const ALGORITHM: DigestAlgorithm = DigestAlgorithm::Sha256;
#[cfg(feature = "set65")]
const ALGORITHM: DigestAlgorithm = DigestAlgorithm::Sha384;
#[cfg(feature = "set87")]
const ALGORITHM: DigestAlgorithm = DigestAlgorithm::Sha512;
