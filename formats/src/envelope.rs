//! The SUIT envelope: framing only (F-1 to F-9).

use crate::cbor::{Key, Reader, Result};
use crate::error::{Fault, ParseError, Stage};
use crate::limits::{MAX_COMPONENTS, MAX_EVIDENCE, MAX_MANIFEST};
use crate::seal::{SealType, Seals};

/// A framed bundle: seals and a manifest as bytes. It says nothing about who made either.
///
/// The payloads and evidence that may follow are not looked at; [`EntryHead`](crate::EntryHead) says how each must begin.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    entries: usize,
    seals: Seals<'a>,
    manifest: &'a [u8],
    sealed_bytes: &'a [u8],
    size: usize,
}

impl<'a> Envelope<'a> {
    /// Frames the beginning of a bundle: everything up to the end of the manifest. Bytes beyond are not read.
    ///
    /// `bytes` is untrusted. It must lie in memory that nothing else writes until the last use of what is derived from it.
    ///
    /// # Errors
    /// Any rule of docs/format.md section 3 that the frame breaks; [`Fault::Truncated`] if more bytes might make it whole.
    #[inline(never)]
    pub fn parse(bytes: &'a [u8]) -> core::result::Result<Self, ParseError> {
        Self::read(Reader::new(bytes)).map_err(|breach| breach.in_stage(Stage::Frame))
    }

    fn read(mut reader: Reader<'a>) -> Result<Self> {
        reader.literal(&[0xd8, 0x6b], Fault::NotAnEnvelope)?;
        let entries = reader.map(LEAST_ENTRIES, MOST_ENTRIES, Fault::EntryCount)?;
        let (seals, manifest, sealed_bytes) =
            read_sealed(&mut reader, SealType::Release, MAX_MANIFEST, Fault::ManifestLength)?;
        Ok(Self { entries, seals, manifest, sealed_bytes, size: reader.offset() })
    }

    /// The seals.
    #[must_use]
    pub const fn seals(&self) -> &Seals<'a> {
        &self.seals
    }

    /// The manifest's bytes; nothing in them may steer a device before they are authentic.
    #[must_use]
    pub const fn manifest_bytes(&self) -> &'a [u8] {
        self.manifest
    }

    /// What the digest is computed over: the manifest with its byte-string head, as SUIT has it.
    #[must_use]
    pub const fn sealed_bytes(&self) -> &'a [u8] {
        self.sealed_bytes
    }

    /// How many bytes the frame takes: payloads and evidence, if any, begin here.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// How many entries the envelope says it has, seals and manifest included.
    #[must_use]
    pub const fn entries(&self) -> usize {
        self.entries
    }
}

/// Reads entry 2 (the seals) and entry 3 (what is sealed), which releases and trust updates have in common.
pub(crate) fn read_sealed<'a>(
    reader: &mut Reader<'a>,
    seal_type: SealType,
    most: usize,
    length: Fault,
) -> Result<(Seals<'a>, &'a [u8], &'a [u8])> {
    reader.key(None, SEALS)?;
    let seals = Seals::read(reader, seal_type)?;
    reader.key(Some(SEALS), SEALED)?;
    let start = *reader;
    let contents = reader.bytes_within(1, most, length)?;
    let taken = start.rest().len().saturating_sub(reader.rest().len());
    let with_head = start.rest().get(..taken).unwrap_or_default();
    Ok((seals, contents, with_head))
}

pub(crate) const SEALS: Key = 2;
pub(crate) const SEALED: Key = 3;
const LEAST_ENTRIES: usize = 2;
const MOST_ENTRIES: usize = 3_usize.saturating_add(MAX_COMPONENTS).saturating_add(MAX_EVIDENCE);
