//! Seals: one COSE_Sign1 (RFC 9052) per key, over a digest that all seals of an object share (F-20 to F-26).

use crate::cbor::{self, Key, Reader, Result};
use crate::digest::Digest;
use crate::error::{Breach, Fault};
use crate::id::AnchorId;
use crate::limits::{MAX_AUTHENTICATION, MAX_SEALS, MAX_SIGNATURE};

/// What a seal was made for: the `typ` header (RFC 9596), so that no object can be presented as one of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SealType {
    /// A release: the payload is the digest of a manifest.
    Release,
    /// A trust update: the payload is the digest of the update's body.
    TrustUpdate,
    /// A checkpoint of a signing journal.
    Checkpoint,
}

impl SealType {
    /// The text of the `typ` header.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Release => "application/vnd.twinseal.release",
            Self::TrustUpdate => "application/vnd.twinseal.trust-update",
            Self::Checkpoint => "application/vnd.twinseal.checkpoint",
        }
    }
}

/// One seal, as framed: it says who claims to have made it; it proves nothing before it is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal<'a> {
    anchor: &'a [u8; 32],
    algorithm: i64,
    protected: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Seal<'a> {
    /// The anchor id in the `kid` header: the whole identity this seal commits to.
    #[must_use]
    pub const fn anchor(&self) -> AnchorId {
        AnchorId(*self.anchor)
    }

    /// The COSE number in the `alg` header; it may be of an algorithm that nothing here knows.
    #[must_use]
    pub const fn cose_algorithm(&self) -> i64 {
        self.algorithm
    }

    /// The protected header's bytes, as they go into the to-be-signed bytes.
    #[must_use]
    pub const fn protected(&self) -> &'a [u8] {
        self.protected
    }

    /// The signature's bytes: 1 to 8192 of them.
    #[must_use]
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// Reads a seal out of its byte string's contents.
    fn read(reader: &mut Reader<'a>, seal_type: SealType) -> Result<Self> {
        let mut seal = reader.nested()?;
        seal.literal(&[0xd2], Fault::SealTag)?;
        seal.array(4, 4, Fault::SealTag)?;
        let mut header = seal.nested()?;
        let protected = header.rest();
        header.map(3, 3, Fault::SealHeader)?;
        header.key(None, ALG)?;
        let algorithm = header.int()?;
        header.key(Some(ALG), KID)?;
        let anchor = header.bytes_array(Fault::SealHeader)?;
        header.key(Some(KID), TYP)?;
        header.text(Fault::SealType, |text| text == seal_type.text().as_bytes())?;
        header.end()?;
        seal.literal(&[0xa0], Fault::SealHeader)?;
        seal.literal(&[0xf6], Fault::SealPayload)?;
        let signature = seal.bytes_within(1, MAX_SIGNATURE, Fault::SealLength)?;
        seal.end()?;
        Ok(Self { anchor, algorithm, protected, signature })
    }

    const fn order(&self) -> (&'a [u8; 32], (bool, i64)) {
        (self.anchor, cbor::canonical_order(self.algorithm))
    }
}

/// The digest that an object's seals share, and the seals: ascending by (anchor id, algorithm), each pair once.
#[derive(Clone, Copy, Debug)]
pub struct Seals<'a> {
    seal_type: SealType,
    digest: Digest,
    digest_bytes: &'a [u8],
    count: usize,
    /// The encoded seals, each known to be readable.
    encoded: &'a [u8],
}

impl<'a> Seals<'a> {
    /// Reads the contents of a `SUIT_Authentication` byte string.
    pub(crate) fn read(reader: &mut Reader<'a>, seal_type: SealType) -> Result<Self> {
        let mut wrapper = reader.nested_within(MAX_AUTHENTICATION, Fault::SealLength)?;
        let items = wrapper.array(2, MAX_SEALS.saturating_add(1), Fault::SealCount)?;
        let mut digest_reader = wrapper.nested()?;
        let digest_bytes = digest_reader.rest();
        let digest = Digest::read(&mut digest_reader)?;
        digest_reader.end()?;
        let count = items.saturating_sub(1);
        let encoded = wrapper.rest();
        let mut previous: Option<Seal<'a>> = None;
        for _ in 0..count {
            let start = wrapper.offset();
            let seal = Seal::read(&mut wrapper, seal_type)?;
            if previous.is_some_and(|previous| previous.order() >= seal.order()) {
                return Err(Breach::new(Fault::SealOrder, start));
            }
            previous = Some(seal);
        }
        wrapper.end()?;
        Ok(Self { seal_type, digest, digest_bytes, count, encoded })
    }

    /// The digest over the sealed object, as the object itself states it.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The digest's encoding: the payload of every seal.
    #[must_use]
    pub const fn digest_bytes(&self) -> &'a [u8] {
        self.digest_bytes
    }

    /// What the seals were made for.
    #[must_use]
    pub const fn seal_type(&self) -> SealType {
        self.seal_type
    }

    /// How many seals there are: 1 to 16.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The seals in their order.
    pub fn iter(&self) -> impl Iterator<Item = Seal<'a>> + use<'a> {
        let mut reader = Reader::new(self.encoded);
        let seal_type = self.seal_type;
        (0..self.count).map_while(move |_| Seal::read(&mut reader, seal_type).ok())
    }
}

/// The bytes a signature is made over: the `Sig_structure` of RFC 9052 section 4.4, with empty external data.
#[derive(Clone, Debug)]
pub struct ToBeSigned {
    bytes: [u8; Self::CAPACITY],
    len: usize,
}

impl ToBeSigned {
    /// 12 bytes of array head and context, a protected header of at most 90 with its head of 2, 1 byte of empty external data, a digest of at most
    /// 71 with its head of 2. Not one more: they are on the stack while a seal is verified.
    const CAPACITY: usize = 178;

    /// The to-be-signed bytes for a protected header and the encoded digest. `None` if either is longer than profile 1 allows.
    #[must_use]
    #[inline(never)]
    pub fn new(protected: &[u8], digest_bytes: &[u8]) -> Option<Self> {
        let mut this = Self { bytes: [0; Self::CAPACITY], len: 0 };
        this.push(b"\x84\x6aSignature1")?;
        this.push_byte_string(protected)?;
        this.push(&[0x40])?;
        this.push_byte_string(digest_bytes)?;
        Some(this)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.checked_add(bytes.len())?;
        self.bytes.get_mut(self.len..end)?.copy_from_slice(bytes);
        self.len = end;
        Some(())
    }

    fn push_byte_string(&mut self, bytes: &[u8]) -> Option<()> {
        match u8::try_from(bytes.len()).ok()? {
            short @ 0..=23 => self.push(&[0x40 | short])?,
            long => self.push(&[0x58, long])?,
        }
        self.push(bytes)
    }
}

/// COSE header parameters (RFC 9052 section 3.1, RFC 9596).
pub(crate) const ALG: Key = 1;
pub(crate) const KID: Key = 4;
pub(crate) const TYP: Key = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// The structure of RFC 9052 section 4.4, with byte strings on both sides of where their heads become longer.
    #[test]
    fn what_is_signed_has_the_shortest_heads() {
        let to_be_signed = ToBeSigned::new(&[0xa1, 1, 0x26], &[7; 23]).unwrap();
        assert_eq!(to_be_signed.as_bytes(), [&b"\x84\x6aSignature1\x43\xa1\x01\x26\x40\x57"[..], &[7; 23]].concat());
        let to_be_signed = ToBeSigned::new(&[8; 24], &[]).unwrap();
        assert_eq!(to_be_signed.as_bytes(), [&b"\x84\x6aSignature1\x58\x18"[..], &[8; 24], b"\x40\x40"].concat());
        assert!(ToBeSigned::new(&[9; 90], &[9; 71]).is_some());
        assert!(ToBeSigned::new(&[9; 90], &[9; 72]).is_none());
    }
}
