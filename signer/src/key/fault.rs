//! What is wrong with a key.

use core::{error::Error, fmt};

use pkcs8::ObjectIdentifier;
use twinseal_formats::SealAlgorithm;

/// Why something is not a key.
///
/// Knows nothing of files: whoever read one wraps this in a [`Failure`](crate::Failure) that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFault {
    /// The algorithm is none that Twinseal seals with.
    Algorithm(ObjectIdentifier),
    /// The algorithm identifier has parameters; RFC 8410 section 3 and RFC 9881 section 2 forbid them.
    AlgorithmParameters,
    /// The structure is not DER, or something follows it.
    Der(pkcs8::der::Error),
    /// The key is encrypted, and was to be read without a passphrase.
    Encrypted,
    /// An expanded ML-DSA key has a secret coefficient outside of [-eta, eta] (FIPS 204 Algorithm 25).
    ExpandedRange,
    /// An expanded ML-DSA key has a t0 that does not follow from its other parts.
    ExpandedT0,
    /// An expanded ML-DSA key has a tr that is not the digest of its verifying key.
    ExpandedTr,
    /// A PEM block has another label than expected.
    Label {
        /// The label that was expected.
        expected: &'static str,
        /// The label that was found.
        found: String,
    },
    /// The passphrase is not the one the key was encrypted with, or the file is damaged; the two can't be told apart.
    Passphrase,
    /// The text is not strict PEM (RFC 7468).
    Pem(pem_rfc7468::Error),
    /// The private key is in none of the forms of RFC 8410 or RFC 9881.
    PrivateForm,
    /// The key is encrypted in a way that is not read, or at a cost that is not paid.
    Protection(String),
    /// Everybody has the key: where it is published.
    PublishedKey(&'static str),
    /// The verifying key that the file carries is not the one that the signing key has.
    PublicKeyDiffers,
    /// The seed and the expanded key of a file that has both do not belong together (RFC 9881 section 6).
    SeedDiffers,
    /// The seed is all zeros: a broken random number generator or a placeholder.
    SeedIsZero,
    /// There are more PEM blocks than expected.
    SeveralBlocks,
    /// The key has the wrong length.
    Size {
        /// The length the algorithm has.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// There is text before, between or after the PEM blocks.
    TextOutsideBlocks,
    /// The algorithm is newer than this crate.
    Unsupported(SealAlgorithm),
    /// The private key carries something besides the key: attributes or unknown fields.
    Unaccounted,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(oid) => write!(f, "algorithm {oid} is neither Ed25519 nor ML-DSA"),
            Self::AlgorithmParameters => {
                f.write_str("the algorithm identifier has parameters, which its standard forbids")
            }
            Self::Der(error) => write!(f, "not canonical DER: {error}"),
            Self::Encrypted => f.write_str("the key is encrypted"),
            Self::ExpandedRange => f.write_str("the expanded key has a secret coefficient out of range"),
            Self::ExpandedT0 => f.write_str("the expanded key contradicts itself: t0 does not follow from s1 and s2"),
            Self::ExpandedTr => {
                f.write_str("the expanded key contradicts itself: tr is not the digest of its verifying key")
            }
            Self::Label { expected, found } => write!(f, "a PEM block `{}`, not `{expected}`", found.escape_debug()),
            Self::Passphrase => f.write_str("wrong passphrase, or a damaged file"),
            Self::Protection(why) => write!(f, "an encrypted key that is not decrypted: {why}"),
            Self::PublishedKey(source) => write!(f, "everybody has this key: it is from {source}"),
            Self::Pem(error) => write!(f, "not PEM: {error}"),
            Self::PrivateForm => f.write_str("the private key is neither a seed nor an expanded key nor both"),
            Self::PublicKeyDiffers => f.write_str("the verifying key in the file does not belong to the signing key"),
            Self::SeedDiffers => f.write_str("the seed and the expanded key in the file do not belong together"),
            Self::SeedIsZero => f.write_str("the seed is all zeros"),
            Self::SeveralBlocks => f.write_str("more PEM blocks than one"),
            Self::Size { expected, found } => {
                write!(f, "{found} bytes of key where {expected} are right")
            }
            Self::TextOutsideBlocks => f.write_str("text outside of the PEM blocks"),
            Self::Unsupported(algorithm) => {
                write!(f, "{} is not supported here", algorithm.name())
            }
            Self::Unaccounted => f.write_str("the private key file carries attributes or unknown fields"),
        }
    }
}

impl Error for KeyFault {}

impl From<pkcs8::der::Error> for KeyFault {
    fn from(error: pkcs8::der::Error) -> Self {
        Self::Der(error)
    }
}

impl From<pem_rfc7468::Error> for KeyFault {
    fn from(error: pem_rfc7468::Error) -> Self {
        Self::Pem(error)
    }
}
