//! The algorithms that profile 1 names: for seals (F-20) and for digests (F-21).

use core::fmt;

/// An algorithm a seal can be made with, and the size of its keys and signatures.
///
/// A bundle may also carry seals of algorithms that are not in this list; a device skips those by anchors it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SealAlgorithm {
    /// Ed25519 (RFC 8032), COSE algorithm -19 (RFC 9864).
    Ed25519,
    /// ML-DSA-44 (FIPS 204), COSE algorithm -48 (RFC 9964).
    MlDsa44,
    /// ML-DSA-65 (FIPS 204), COSE algorithm -49 (RFC 9964).
    MlDsa65,
    /// ML-DSA-87 (FIPS 204), COSE algorithm -50 (RFC 9964).
    MlDsa87,
}

impl SealAlgorithm {
    /// Every algorithm of the list, classical first.
    pub const ALL: [Self; 4] = [Self::Ed25519, Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// The algorithm registered under a COSE number, if it is one of the list.
    #[must_use]
    pub const fn from_cose(number: i64) -> Option<Self> {
        match number {
            -19 => Some(Self::Ed25519),
            -48 => Some(Self::MlDsa44),
            -49 => Some(Self::MlDsa65),
            -50 => Some(Self::MlDsa87),
            _ => None,
        }
    }

    /// The number in the COSE algorithms registry.
    #[must_use]
    pub const fn cose(self) -> i64 {
        match self {
            Self::Ed25519 => -19,
            Self::MlDsa44 => -48,
            Self::MlDsa65 => -49,
            Self::MlDsa87 => -50,
        }
    }

    /// Whether a quantum computer breaks it.
    #[must_use]
    pub const fn class(self) -> AlgorithmClass {
        match self {
            Self::Ed25519 => AlgorithmClass::Classical,
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => AlgorithmClass::PostQuantum,
        }
    }

    /// Bytes of a verifying key.
    #[must_use]
    pub const fn key_size(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::MlDsa44 => 1312,
            Self::MlDsa65 => 1952,
            Self::MlDsa87 => 2592,
        }
    }

    /// Bytes of a signature.
    #[must_use]
    pub const fn signature_size(self) -> usize {
        match self {
            Self::Ed25519 => 64,
            Self::MlDsa44 => 2420,
            Self::MlDsa65 => 3309,
            Self::MlDsa87 => 4627,
        }
    }

    /// The name the standard gives it, in lower case: `ed25519`, `ml-dsa-65`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
        }
    }

    /// The algorithm of that [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// What stands between a forger and a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AlgorithmClass {
    /// Discrete logarithms: falls to a quantum computer.
    Classical,
    /// Module lattices: young, and not known to fall to one.
    PostQuantum,
}

/// A digest algorithm of profile 1, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// SHA-256, COSE algorithm -16 (RFC 9054).
    Sha256,
    /// SHA-384, COSE algorithm -43 (RFC 9054).
    Sha384,
    /// SHA-512, COSE algorithm -44 (RFC 9054).
    Sha512,
}

impl DigestAlgorithm {
    /// Every algorithm of the list, weakest first.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The algorithm registered under a COSE number, if it is one of the list.
    #[must_use]
    pub const fn from_cose(number: i64) -> Option<Self> {
        match number {
            -16 => Some(Self::Sha256),
            -43 => Some(Self::Sha384),
            -44 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The number in the COSE algorithms registry.
    #[must_use]
    pub const fn cose(self) -> i64 {
        match self {
            Self::Sha256 => -16,
            Self::Sha384 => -43,
            Self::Sha512 => -44,
        }
    }

    /// Bytes of a digest.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest whose collision resistance matches the seal (design decision in ADR 7).
    #[must_use]
    pub const fn matching(seal: SealAlgorithm) -> Self {
        match seal {
            SealAlgorithm::Ed25519 | SealAlgorithm::MlDsa44 => Self::Sha256,
            SealAlgorithm::MlDsa65 => Self::Sha384,
            SealAlgorithm::MlDsa87 => Self::Sha512,
        }
    }

    /// The name the standard gives it, in lower case: `sha-384`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// The algorithm of that [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for SealAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
