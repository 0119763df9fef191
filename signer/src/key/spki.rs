//! Verifying keys as SubjectPublicKeyInfo (RFC 5280; RFC 8410 section 4, RFC 9881 section 4).

use pkcs8::der::asn1::BitStringRef;
use pkcs8::der::{Decode as _, Encode as _, ErrorKind, Tag};
use pkcs8::spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};

use super::{KeyFault, VerifyingKey, oid};

/// Reads a verifying key; nothing may follow it.
pub(super) fn read(der: &[u8]) -> Result<VerifyingKey, KeyFault> {
    let info = SubjectPublicKeyInfoRef::from_der(der)?;
    let algorithm = oid::read(&info.algorithm)?;
    VerifyingKey::from_raw(algorithm, octets(info.subject_public_key)?)
}

/// Writes a verifying key.
pub(super) fn write(key: &VerifyingKey) -> Result<Vec<u8>, KeyFault> {
    let algorithm = oid::write(key.algorithm()).ok_or(KeyFault::Unsupported(key.algorithm()))?;
    let subject_public_key = BitStringRef::new(0, key.as_bytes())?;
    Ok(SubjectPublicKeyInfo { algorithm, subject_public_key }.to_der()?)
}

/// The bytes of a bit string that has whole bytes.
pub(super) fn octets(bits: BitStringRef<'_>) -> Result<&[u8], KeyFault> {
    bits.as_bytes().ok_or_else(|| KeyFault::Der(ErrorKind::Value { tag: Tag::BitString }.into()))
}
