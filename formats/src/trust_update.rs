//! Trust updates: a new trust store, sealed (F-50 to F-52).

use crate::cbor::{Key, Reader, Result};
use crate::digest::Digest;
use crate::envelope::read_sealed;
use crate::error::{Fault, ParseError, Stage};
use crate::limits::MAX_STORE;
use crate::seal::{SealType, Seals};
use crate::trust::TrustStore;

/// A framed trust update: seals and a body as bytes.
#[derive(Clone, Copy, Debug)]
pub struct TrustUpdate<'a> {
    seals: Seals<'a>,
    body: &'a [u8],
    sealed_bytes: &'a [u8],
}

impl<'a> TrustUpdate<'a> {
    /// Frames a trust update; `bytes` is untrusted and is all of it.
    ///
    /// # Errors
    /// Any rule of docs/format.md sections 6 and 8 that the frame breaks.
    pub fn parse(bytes: &'a [u8]) -> core::result::Result<Self, ParseError> {
        Self::read(Reader::new(bytes)).map_err(|breach| breach.in_stage(Stage::Trust))
    }

    fn read(mut reader: Reader<'a>) -> Result<Self> {
        reader.map(2, 2, Fault::UnexpectedType)?;
        let (seals, body, sealed_bytes) =
            read_sealed(&mut reader, SealType::TrustUpdate, MAX_BODY, Fault::StoreLength)?;
        reader.end()?;
        Ok(Self { seals, body, sealed_bytes })
    }

    /// The seals.
    #[must_use]
    pub const fn seals(&self) -> &Seals<'a> {
        &self.seals
    }

    /// The body's bytes; nothing in them may steer a device before they are authentic.
    #[must_use]
    pub const fn body_bytes(&self) -> &'a [u8] {
        self.body
    }

    /// What the digest is computed over: the body with its byte-string head.
    #[must_use]
    pub const fn sealed_bytes(&self) -> &'a [u8] {
        self.sealed_bytes
    }
}

/// What a trust update says.
#[derive(Clone, Copy, Debug)]
pub struct TrustUpdateBody<'a> {
    replaces: Digest,
    store: TrustStore<'a>,
}

impl<'a> TrustUpdateBody<'a> {
    /// Reads the body of a trust update.
    ///
    /// # Errors
    /// Any rule of docs/format.md sections 7 and 8 that the bytes break.
    pub fn parse(bytes: &'a [u8]) -> core::result::Result<Self, ParseError> {
        let read = Self::read(Reader::new(bytes)).map_err(|breach| breach.in_stage(Stage::Trust));
        let (replaces, store) = read?;
        Ok(Self { replaces, store: TrustStore::parse(store)? })
    }

    /// The digest, and the store's bytes.
    fn read(mut reader: Reader<'a>) -> Result<(Digest, &'a [u8])> {
        reader.map(3, 3, Fault::UnexpectedKey)?;
        reader.key(None, PROFILE)?;
        reader.literal(&[1], Fault::Profile)?;
        reader.key(Some(PROFILE), REPLACES)?;
        let replaces = Digest::read(&mut reader)?;
        reader.key(Some(REPLACES), STORE)?;
        let store = reader.bytes_within(1, MAX_STORE, Fault::StoreLength)?;
        reader.end()?;
        Ok((replaces, store))
    }

    /// The digest of the store it replaces.
    #[must_use]
    pub const fn replaces(&self) -> &Digest {
        &self.replaces
    }

    /// The whole new store.
    #[must_use]
    pub const fn store(&self) -> &TrustStore<'a> {
        &self.store
    }
}

pub(crate) const PROFILE: Key = 1;
pub(crate) const REPLACES: Key = 2;
pub(crate) const STORE: Key = 3;

/// A store and what stands before it in the body.
const MAX_BODY: usize = MAX_STORE.saturating_add(128);
