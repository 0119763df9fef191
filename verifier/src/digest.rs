//! Digests, computed (FIPS 180-4, by the crate `sha2`).

use core::fmt;

#[cfg(any(feature = "sha256", feature = "sha512"))]
use sha2::Digest as _;
use twinseal_formats::{Digest, DigestAlgorithm};

/// A digest in the making.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    #[cfg(feature = "sha256")]
    Sha256(sha2::Sha256),
    #[cfg(feature = "sha512")]
    Sha384(sha2::Sha384),
    #[cfg(feature = "sha512")]
    Sha512(sha2::Sha512),
    /// So that the type exists without any algorithm; there is no value of it.
    #[cfg(not(any(feature = "sha256", feature = "sha512")))]
    #[expect(dead_code, reason = "it can not be constructed")]
    Nothing(core::convert::Infallible),
}

impl Hasher {
    /// Starts a digest; `None` if the algorithm is not compiled in.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Option<Self> {
        match algorithm {
            #[cfg(feature = "sha256")]
            DigestAlgorithm::Sha256 => Some(Self(State::Sha256(sha2::Sha256::new()))),
            #[cfg(feature = "sha512")]
            DigestAlgorithm::Sha384 => Some(Self(State::Sha384(sha2::Sha384::new()))),
            #[cfg(feature = "sha512")]
            DigestAlgorithm::Sha512 => Some(Self(State::Sha512(sha2::Sha512::new()))),
            _ => None,
        }
    }

    /// Takes in more bytes.
    #[cfg_attr(
        not(any(feature = "sha256", feature = "sha512")),
        expect(unused_variables, reason = "there is nothing to take bytes in")
    )]
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            #[cfg(feature = "sha256")]
            State::Sha256(state) => state.update(bytes),
            #[cfg(feature = "sha512")]
            State::Sha384(state) => state.update(bytes),
            #[cfg(feature = "sha512")]
            State::Sha512(state) => state.update(bytes),
            #[cfg(not(any(feature = "sha256", feature = "sha512")))]
            State::Nothing(never) => match *never {},
        }
    }

    /// The digest of everything taken in. `None` can not occur: each algorithm's output is as long as its digests are.
    #[must_use]
    pub fn finish(self) -> Option<Digest> {
        match self.0 {
            #[cfg(feature = "sha256")]
            State::Sha256(state) => Digest::new(DigestAlgorithm::Sha256, &state.finalize()),
            #[cfg(feature = "sha512")]
            State::Sha384(state) => Digest::new(DigestAlgorithm::Sha384, &state.finalize()),
            #[cfg(feature = "sha512")]
            State::Sha512(state) => Digest::new(DigestAlgorithm::Sha512, &state.finalize()),
            #[cfg(not(any(feature = "sha256", feature = "sha512")))]
            State::Nothing(never) => match never {},
        }
    }

    /// The digest of some bytes; `None` if the algorithm is not compiled in.
    #[must_use]
    #[inline(never)]
    pub fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Option<Digest> {
        let mut hasher = Self::new(algorithm)?;
        hasher.update(bytes);
        hasher.finish()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}
