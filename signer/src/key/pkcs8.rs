//! Signing keys as PKCS#8 (RFC 5958): RFC 8410 section 7 for Ed25519, RFC 9881 section 6 for ML-DSA.

use pkcs8::der::asn1::{AnyRef, ContextSpecific, OctetStringRef};
use pkcs8::der::{Decode as _, Encode as _, Reader as _, SliceReader, Tag, TagMode, TagNumber, Tagged as _};
use pkcs8::{PrivateKeyInfo, PrivateKeyInfoRef, der::asn1::BitStringRef};
use twinseal_formats::SealAlgorithm;
use zeroize::Zeroizing;

use super::{KeyFault, Seed, SigningKey, oid, spki};

/// Reads a signing key; nothing may follow it, and nothing in it may go unread.
pub(super) fn read(der: &[u8]) -> Result<SigningKey, KeyFault> {
    let info = PrivateKeyInfoRef::from_der(der)?;
    let algorithm = oid::read(&info.algorithm)?;
    // The reader skips attributes and unknown fields. What it skipped is missing when it writes.
    if *Zeroizing::new(info.to_der()?) != der {
        return Err(KeyFault::Unaccounted);
    }
    let key = match algorithm {
        SealAlgorithm::Ed25519 => read_ed25519(info.private_key.as_bytes())?,
        _ => read_ml_dsa(algorithm, info.private_key.as_bytes())?,
    };
    // PKCS#8 version 2 may carry the verifying key.
    if let Some(public) = info.public_key
        && spki::octets(public)? != key.verifying_key().as_bytes()
    {
        return Err(KeyFault::PublicKeyDiffers);
    }
    Ok(key)
}

/// `CurvePrivateKey ::= OCTET STRING`.
fn read_ed25519(der: &[u8]) -> Result<SigningKey, KeyFault> {
    let any = AnyRef::from_der(der)?;
    match any.tag() {
        Tag::OctetString => SigningKey::from_seed(SealAlgorithm::Ed25519, seed(any.value())?),
        _ => Err(KeyFault::PrivateForm),
    }
}

/// ```text
/// CHOICE { seed [0] OCTET STRING, expandedKey OCTET STRING,
///          both SEQUENCE { seed OCTET STRING, expandedKey OCTET STRING } }
/// ```
fn read_ml_dsa(algorithm: SealAlgorithm, der: &[u8]) -> Result<SigningKey, KeyFault> {
    let any = AnyRef::from_der(der)?;
    match any.tag() {
        SEED => SigningKey::from_seed(algorithm, seed(any.value())?),
        Tag::OctetString => SigningKey::from_expanded(algorithm, any.value()),
        Tag::Sequence => {
            let mut reader = SliceReader::new(any.value())?;
            let grown_from: &OctetStringRef = reader.decode()?;
            let expanded: &OctetStringRef = reader.decode()?;
            reader.finish()?;
            let key = SigningKey::from_seed(algorithm, seed(grown_from.as_bytes())?)?;
            let expected = key.expanded().ok_or(KeyFault::Unsupported(algorithm))?;
            if expanded.as_bytes().len() != expected.len() {
                return Err(KeyFault::Size { expected: expected.len(), found: expanded.as_bytes().len() });
            }
            if expanded.as_bytes() != expected.as_slice() {
                return Err(KeyFault::SeedDiffers);
            }
            Ok(key)
        }
        _ => Err(KeyFault::PrivateForm),
    }
}

fn seed(bytes: &[u8]) -> Result<Seed, KeyFault> {
    let mut seed = Seed::default();
    if bytes.len() != seed.len() {
        return Err(KeyFault::Size { expected: seed.len(), found: bytes.len() });
    }
    seed.copy_from_slice(bytes);
    Ok(seed)
}

/// Writes a signing key by its seed.
pub(super) fn write(algorithm: SealAlgorithm, seed: &Seed) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    let identifier = oid::write(algorithm).ok_or(KeyFault::Unsupported(algorithm))?;
    let octets = OctetStringRef::new(seed.as_slice())?;
    let inner = Zeroizing::new(match algorithm {
        SealAlgorithm::Ed25519 => octets.to_der()?,
        _ => ContextSpecific { tag_number: TagNumber(0), tag_mode: TagMode::Implicit, value: octets }.to_der()?,
    });
    let info: PrivateKeyInfo<AnyRef<'_>, &OctetStringRef, BitStringRef<'_>> =
        PrivateKeyInfo::new(identifier, OctetStringRef::new(&inner)?);
    Ok(Zeroizing::new(info.to_der()?))
}

const SEED: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };

#[cfg(test)]
mod tests;
