//! Digest values.

use core::fmt;

use crate::algorithm::DigestAlgorithm;
use crate::cbor::{Reader, Result};
use crate::error::{Breach, Fault};

/// A digest value with its algorithm.
///
/// Compared as plain bytes: digests are public here, so there is nothing for a timing side channel to tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    /// Zero beyond the algorithm's size, so that derived equality is equality of digests.
    bytes: [u8; 64],
}

impl Digest {
    /// A digest value; `None` unless it is exactly as long as its algorithm says.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm, value: &[u8]) -> Option<Self> {
        if value.len() != algorithm.size() {
            return None;
        }
        let mut bytes = [0; 64];
        bytes.get_mut(..value.len())?.copy_from_slice(value);
        Some(Self { algorithm, bytes })
    }

    /// The algorithm it was computed with.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The value: 32, 48 or 64 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.size()).unwrap_or(&self.bytes)
    }

    /// Reads a `SUIT_Digest`: `[algorithm, value]`.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.array(2, 2, Fault::UnexpectedType)?;
        let start = reader.offset();
        let algorithm =
            DigestAlgorithm::from_cose(reader.int()?).ok_or_else(|| Breach::new(Fault::DigestAlgorithm, start))?;
        Self::read_value(reader, algorithm)
    }

    /// Reads a bare value whose algorithm is known from elsewhere.
    pub(crate) fn read_value(reader: &mut Reader<'_>, algorithm: DigestAlgorithm) -> Result<Self> {
        let start = reader.offset();
        Self::new(algorithm, reader.bytes()?).ok_or_else(|| Breach::new(Fault::DigestLength, start))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.algorithm.name())?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
