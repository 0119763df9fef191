//! The evidence index: which files a release brings for people who examine it (F-30 to F-35). Read by hosts, never by a device.

use crate::algorithm::DigestAlgorithm;
use crate::cbor::{Reader, Result};
use crate::digest::Digest;
use crate::error::{Breach, Fault, ParseError, Stage};
use crate::id;
use crate::limits::{MAX_COMPONENTS, MAX_EVIDENCE, MAX_EVIDENCE_INDEX, MAX_MEDIA_TYPE};

/// The evidence index of a release.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceIndex<'a> {
    algorithm: DigestAlgorithm,
    files: (usize, &'a [u8]),
    sources: (usize, &'a [u8]),
}

/// One evidence file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "four facts, fixed by profile 1")]
pub struct EvidenceFile<'a> {
    /// Its name: 1 to 32 of `a-z 0-9 . _ -`.
    pub name: &'a str,
    /// Its media type, without parameters.
    pub media_type: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub digest: Digest,
}

/// The file that a component's image was converted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "four facts, fixed by profile 1")]
pub struct EvidenceSource<'a> {
    /// The component's place among the release's components.
    pub component: u8,
    /// What the file was: `elf`, `ihex`.
    pub format: &'a str,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub digest: Digest,
}

impl<'a> EvidenceIndex<'a> {
    /// Reads an index whose digests are of the manifest's algorithm.
    ///
    /// # Errors
    /// Any rule of docs/format.md section 5 that the bytes break.
    pub fn parse(bytes: &'a [u8], algorithm: DigestAlgorithm) -> core::result::Result<Self, ParseError> {
        Self::read(bytes, algorithm).map_err(|breach| breach.in_stage(Stage::Evidence))
    }

    fn read(bytes: &'a [u8], algorithm: DigestAlgorithm) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        if bytes.len() > MAX_EVIDENCE_INDEX {
            return Err(reader.fault(Fault::EntrySize));
        }
        reader.array(3, 3, Fault::UnexpectedType)?;
        reader.literal(&[1], Fault::Profile)?;
        let start = reader.offset();
        let files = reader.array(0, MAX_EVIDENCE, Fault::EvidenceCount)?;
        let files_encoded = reader.rest();
        let mut previous = "";
        for _ in 0..files {
            let start = reader.offset();
            let file = EvidenceFile::read(&mut reader, algorithm)?;
            if file.name <= previous {
                return Err(Breach::new(Fault::NameOrder, start));
            }
            previous = file.name;
        }
        let sources = reader.array(0, MAX_COMPONENTS, Fault::SourceOrder)?;
        let sources_encoded = reader.rest();
        let mut previous = None;
        for _ in 0..sources {
            let start = reader.offset();
            let source = EvidenceSource::read(&mut reader, algorithm)?;
            if previous.is_some_and(|previous| previous >= source.component) {
                return Err(Breach::new(Fault::SourceOrder, start));
            }
            previous = Some(source.component);
        }
        reader.end()?;
        if files == 0 && sources == 0 {
            return Err(Breach::new(Fault::EvidenceCount, start));
        }
        Ok(Self { algorithm, files: (files, files_encoded), sources: (sources, sources_encoded) })
    }

    /// The algorithm of the digests: the manifest's.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// How many files there are: 0 to 32.
    #[must_use]
    pub const fn file_count(&self) -> usize {
        self.files.0
    }

    /// The files, ascending by name; the n-th (from 1) lies under `eNN.bin`.
    pub fn files(&self) -> impl Iterator<Item = EvidenceFile<'a>> + use<'a> {
        let (count, encoded) = self.files;
        let algorithm = self.algorithm;
        let mut reader = Reader::new(encoded);
        (0..count).map_while(move |_| EvidenceFile::read(&mut reader, algorithm).ok())
    }

    /// What converted images were converted from, ascending by component.
    pub fn sources(&self) -> impl Iterator<Item = EvidenceSource<'a>> + use<'a> {
        let (count, encoded) = self.sources;
        let algorithm = self.algorithm;
        let mut reader = Reader::new(encoded);
        (0..count).map_while(move |_| EvidenceSource::read(&mut reader, algorithm).ok())
    }
}

impl<'a> EvidenceFile<'a> {
    fn read(reader: &mut Reader<'a>, algorithm: DigestAlgorithm) -> Result<Self> {
        reader.array(4, 4, Fault::UnexpectedType)?;
        let name = read_name(reader)?;
        let media_type = id::text(reader.text(Fault::MediaType, |text| is_media_type(id::text(text)))?);
        let size = reader.uint()?;
        let digest = Digest::read_value(reader, algorithm)?;
        Ok(Self { name, media_type, size, digest })
    }
}

impl<'a> EvidenceSource<'a> {
    fn read(reader: &mut Reader<'a>, algorithm: DigestAlgorithm) -> Result<Self> {
        reader.array(4, 4, Fault::UnexpectedType)?;
        let start = reader.offset();
        let component = u8::try_from(reader.uint()?)
            .ok()
            .filter(|component| usize::from(*component) < MAX_COMPONENTS)
            .ok_or_else(|| Breach::new(Fault::SourceOrder, start))?;
        let format = read_name(reader)?;
        let size = reader.uint()?;
        let digest = Digest::read_value(reader, algorithm)?;
        Ok(Self { component, format, size, digest })
    }
}

fn read_name<'a>(reader: &mut Reader<'a>) -> Result<&'a str> {
    reader.text(Fault::Name, id::is_name).map(id::text)
}

/// `type/subtype` in the characters of RFC 6838 section 4.2, lower case, without parameters.
fn is_media_type(text: &str) -> bool {
    let is_part = |part: &str| {
        part.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$&-^_.+".contains(&byte))
    };
    text.len() <= MAX_MEDIA_TYPE
        && text.split_once('/').is_some_and(|(kind, subtype)| is_part(kind) && is_part(subtype))
}
