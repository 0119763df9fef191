//! What expanded anchors of all algorithms have in common (docs/format.md, section 11): how they begin, and why one is refused.

use core::fmt;

use twinseal_formats::SealAlgorithm;

/// How an expanded anchor begins (F-66); the verifying key stands behind it.
pub(crate) const fn head(form: u8, algorithm: SealAlgorithm) -> [u8; HEAD_SIZE] {
    let [low, high, ..] = algorithm.cose().to_le_bytes();
    [b'T', b'S', b'X', b'A', PROFILE, form, low, high, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Bytes before the key.
pub(crate) const HEAD_SIZE: usize = 16;

/// The profile of expanded anchors.
const PROFILE: u8 = 1;

/// Why a table is refused as an expanded anchor. One that is not as it has to be is never used in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadTable {
    /// Not as long as such a table is (F-62, F-68).
    Length,
    /// Not the beginning of an expanded anchor of this algorithm and profile (F-61, F-67).
    Header,
    /// The table names another key (F-63, F-69).
    AnotherKey,
    /// The base point's comb has another number of teeth (F-64).
    AnotherSize,
    /// No key that an anchor may have (F-60, F-70).
    WeakKey,
    /// An entry is not the one that the key has (F-65, F-71).
    Entries,
}

impl fmt::Display for BadTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "the expanded anchor is not as long as such a table is",
            Self::Header => "this is no expanded anchor of the algorithm, or none of profile 1",
            Self::AnotherKey => "the expanded anchor is that of another key",
            Self::AnotherSize => "the expanded anchor and the base point's comb differ in size",
            Self::WeakKey => "this is no key that an anchor may have",
            Self::Entries => "the expanded anchor has entries that are not those of its key",
        })
    }
}

impl core::error::Error for BadTable {}
