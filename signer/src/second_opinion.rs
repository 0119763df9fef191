//! Seals verified by implementations that took no part in making them, nor in the device's verdict: `fips204` for ML-DSA, `ring` for
//! Ed25519 and the digest. What the envelope says is read a second time too, by `minicbor`.

use core::fmt;

use ring::signature::{ED25519, UnparsedPublicKey};
use twinseal_formats::{AnchorId, DigestAlgorithm, Envelope, Seal, SealAlgorithm, ToBeSigned};

use crate::identity::PublicIdentity;

mod compare;

pub use compare::{SealOpinion, SecondReading, Sides, ask};

/// What a second implementation does not agree with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disagreement {
    /// The digest in the seals is not that of the manifest.
    Digest,
    /// A seal is not by one of the identities, or is of an algorithm that it has no key for.
    Stranger(AnchorId),
    /// A seal is not valid.
    Seal(AnchorId, SealAlgorithm),
    /// An identity has a key that made no seal.
    Missing(AnchorId, SealAlgorithm),
}

/// Verifies that an envelope carries a valid seal of every key of every identity, and no others. Returns how many that are.
///
/// # Errors
///
/// The first [`Disagreement`].
pub fn second_opinion(envelope: &Envelope<'_>, identities: &[PublicIdentity]) -> Result<usize, Disagreement> {
    let digest = envelope.seals().digest();
    let algorithm = match digest.algorithm() {
        DigestAlgorithm::Sha256 => &ring::digest::SHA256,
        DigestAlgorithm::Sha384 => &ring::digest::SHA384,
        _ => &ring::digest::SHA512,
    };
    if ring::digest::digest(algorithm, envelope.sealed_bytes()).as_ref() != digest.as_bytes() {
        return Err(Disagreement::Digest);
    }
    let mut verified = Vec::new();
    for seal in envelope.seals().iter() {
        let stranger = Disagreement::Stranger(seal.anchor());
        let identity = identities.iter().find(|identity| identity.anchor_id() == seal.anchor());
        let keys = identity.map(PublicIdentity::keys).unwrap_or_default();
        let key = keys.iter().find(|key| key.algorithm().cose() == seal.cose_algorithm()).ok_or(stranger)?;
        if !verify(key.algorithm(), key.as_bytes(), &seal, envelope.seals().digest_bytes()) {
            return Err(Disagreement::Seal(seal.anchor(), key.algorithm()));
        }
        verified.push((seal.anchor(), key.algorithm()));
    }
    for identity in identities {
        for key in identity.keys() {
            if !verified.contains(&(identity.anchor_id(), key.algorithm())) {
                return Err(Disagreement::Missing(identity.anchor_id(), key.algorithm()));
            }
        }
    }
    Ok(verified.len())
}

/// Whether a seal is valid, in the second implementation's opinion.
fn verify(algorithm: SealAlgorithm, key: &[u8], seal: &Seal<'_>, digest_bytes: &[u8]) -> bool {
    ToBeSigned::new(seal.protected(), digest_bytes)
        .is_some_and(|message| agrees(algorithm, key, message.as_bytes(), seal.signature()))
}

/// Whether the second implementation of an algorithm takes a signature over a message.
pub(crate) fn agrees(algorithm: SealAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    match algorithm {
        SealAlgorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok(),
        SealAlgorithm::MlDsa44 => ml_dsa::<fips204::ml_dsa_44::PublicKey, _, _>(key, message, signature),
        SealAlgorithm::MlDsa65 => ml_dsa::<fips204::ml_dsa_65::PublicKey, _, _>(key, message, signature),
        SealAlgorithm::MlDsa87 => ml_dsa::<fips204::ml_dsa_87::PublicKey, _, _>(key, message, signature),
        // A key of an algorithm this function does not know is no second opinion.
        _ => false,
    }
}

fn ml_dsa<K, const KEY: usize, const SIGNATURE: usize>(key: &[u8], message: &[u8], signature: &[u8]) -> bool
where
    K: fips204::traits::SerDes<ByteArray = [u8; KEY]> + fips204::traits::Verifier<Signature = [u8; SIGNATURE]>,
{
    let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
    K::try_from_bytes(key).is_ok_and(|key| key.verify(message, &signature, &[]))
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest => f.write_str("the digest in the seals is not that of the manifest"),
            Self::Stranger(anchor) => write!(f, "a seal by {anchor} that nobody asked for"),
            Self::Seal(anchor, algorithm) => write!(f, "the {algorithm} seal by {anchor} is not valid"),
            Self::Missing(anchor, algorithm) => write!(f, "the {algorithm} seal by {anchor} is missing"),
        }
    }
}

impl core::error::Error for Disagreement {}
