//! A bundle file on a host: its frame, where everything in it lies, and its evidence, read to the last byte (F-7 to F-9).

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use twinseal_formats::{
    Digest, EntryHead, Envelope, EvidenceIndex, Fault, Manifest, ParseError, Stage, evidence_name, limits,
};
use twinseal_verifier::Hasher;

use crate::error::{Failure, Result};
use crate::input::{is_stdin, open_plain, stdin, unreadable};
use crate::progress::Progress;
use crate::source::FileSource;
use crate::trouble::Examined;

/// An opened bundle. The file is opened once; everything is read through that handle.
#[derive(Debug)]
pub struct Bundle {
    path: PathBuf,
    file: File,
    size: u64,
    head: Vec<u8>,
}

impl Bundle {
    /// Opens a bundle; `-` is standard input, which is kept in an unnamed temporary file meanwhile.
    ///
    /// # Errors
    ///
    /// It can't be read, or is not a plain file.
    pub fn open(path: &Path) -> Result<Self> {
        if is_stdin(path) {
            let mut spool = tempfile::tempfile().map_err(|error| unreadable(path, error))?;
            let copied = io::copy(&mut stdin()?, &mut spool).and_then(|_| spool.flush());
            copied.map_err(|error| unreadable(path, error))?;
            return Self::from_file(spool, path);
        }
        let file = open_plain(path)
            .map_err(|failure| failure.remedy("a bundle is one file; `-` reads it from standard input"))?;
        Self::from_file(file, path)
    }

    /// Takes a bundle that is open already.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn from_file(file: File, path: &Path) -> Result<Self> {
        let size = file.metadata().map_err(|error| unreadable(path, error))?.len();
        let this = Self { path: path.to_owned(), file, size, head: Vec::new() };
        let mut source = this.source(Progress::hidden())?;
        let longest = u64::try_from(limits::MAX_FRAME).unwrap_or(u64::MAX);
        let mut head = vec![0; usize::try_from(this.size.min(longest)).unwrap_or(limits::MAX_FRAME)];
        source.read_at(0, &mut head)?;
        Ok(Self { head, ..this })
    }

    /// The file it was opened as.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The size of the file.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The frame.
    ///
    /// # Errors
    ///
    /// The rule of the format that it breaks.
    pub fn envelope(&self) -> core::result::Result<Envelope<'_>, ParseError> {
        Envelope::parse(&self.head)
    }

    /// The frame's bytes.
    #[must_use]
    pub fn frame(&self, envelope: &Envelope<'_>) -> &[u8] {
        self.head.get(..envelope.size()).unwrap_or_default()
    }

    /// The whole bundle for the verifier to read.
    ///
    /// # Errors
    ///
    /// The file can't be opened a second time.
    pub fn source(&self, progress: Progress) -> Result<FileSource> {
        let file = self.file.try_clone().map_err(|error| unreadable(&self.path, error))?;
        FileSource::new(file, &self.path, progress)
    }

    /// Where everything behind the frame lies. Payload heads are the verifier's to compare; evidence is read here.
    ///
    /// # Errors
    ///
    /// Refused: the number of entries fits no form of the release, or the evidence breaks a rule. Failed: a read error.
    pub fn layout(&self, envelope: &Envelope<'_>, manifest: &Manifest<'_>) -> Examined<Layout> {
        let mut source = self.source(Progress::hidden())?;
        let form = self.form(envelope, manifest)?;
        let mut position = u64::try_from(envelope.size()).unwrap_or(u64::MAX);
        let mut payloads = Vec::new();
        if form.payloads_enclosed {
            for component in manifest.components() {
                let head = EntryHead::payload(component.index(), component.size());
                payloads.push(Entry::behind(position, &head, component.size()));
                position = payloads.last().map_or(position, Entry::end);
            }
        }
        let evidence = match manifest.evidence() {
            Some(commitment) if form.evidence_enclosed => {
                let evidence = Evidence::read(&mut source, position, manifest, &commitment.digest, commitment.count)?;
                position = evidence.end;
                Some(evidence)
            }
            _ => None,
        };
        Ok(Layout { form, payloads, evidence, end: position })
    }

    /// Whether the payloads lie in the envelope.
    ///
    /// # Errors
    ///
    /// As [`layout`](Self::layout).
    pub fn payloads_enclosed(&self, envelope: &Envelope<'_>, manifest: &Manifest<'_>) -> Examined<bool> {
        self.form(envelope, manifest).map(|form| form.payloads_enclosed)
    }

    fn form(&self, envelope: &Envelope<'_>, manifest: &Manifest<'_>) -> Examined<Form> {
        let payloads = manifest.component_count();
        let evidence = manifest.evidence_entries();
        let behind_frame = envelope.entries().saturating_sub(2);
        // Where two forms have as many entries, the first entry's name tells which it is.
        let first_is_evidence = self.head.get(envelope.size().saturating_add(1)) == evidence_name(0).first();
        let (payloads_enclosed, evidence_enclosed) = if behind_frame == 0 {
            (false, false)
        } else if behind_frame == payloads.saturating_add(evidence) {
            (true, evidence > 0)
        } else if behind_frame == evidence && (evidence != payloads || first_is_evidence) {
            (false, true)
        } else if behind_frame == payloads {
            (true, false)
        } else {
            return Err(ParseError::new(Stage::Frame, Fault::Form, 2).into());
        };
        Ok(Form { payloads_enclosed, evidence_enclosed })
    }
}

/// Which form of its release a bundle is (F-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// The payloads lie in the envelope; else beside it.
    pub payloads_enclosed: bool,
    /// The evidence lies in the envelope; else it was stripped, or there is none.
    pub evidence_enclosed: bool,
}

/// Where everything behind the frame lies.
#[derive(Debug)]
pub struct Layout {
    /// Which form it is.
    pub form: Form,
    /// The payloads by component, if they are enclosed.
    pub payloads: Vec<Entry>,
    /// The evidence, if it is enclosed.
    pub evidence: Option<Evidence>,
    /// Where the last entry ends.
    pub end: u64,
}

impl Layout {
    /// Nothing may follow after the last entry, and nothing of it may be missing (F-9).
    ///
    /// # Errors
    ///
    /// Refused: the file is longer, or shorter.
    pub fn ends_at(&self, size: u64) -> Examined<()> {
        let fault = match size.cmp(&self.end) {
            core::cmp::Ordering::Equal => return Ok(()),
            core::cmp::Ordering::Greater => Fault::TrailingBytes,
            core::cmp::Ordering::Less => Fault::Truncated,
        };
        Err(ParseError::new(Stage::Frame, fault, u32::try_from(size.min(self.end)).unwrap_or(u32::MAX)).into())
    }
}

/// One entry behind the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where its key begins.
    pub start: u64,
    /// Where its contents begin.
    pub contents: u64,
    /// How many bytes of contents there are.
    pub size: u64,
}

impl Entry {
    /// An entry whose head begins at `start`.
    #[must_use]
    pub fn behind(start: u64, head: &EntryHead, size: u64) -> Self {
        let head_size = u64::try_from(head.as_bytes().len()).unwrap_or(u64::MAX);
        Self { start, contents: start.saturating_add(head_size), size }
    }

    /// Where the next entry begins.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.contents.saturating_add(self.size)
    }
}

/// The evidence of a bundle. Reading it compares the index with the manifest and every file with the index.
#[derive(Debug)]
pub struct Evidence {
    /// The index's bytes.
    pub index: Vec<u8>,
    /// Where the index lies.
    pub index_entry: Entry,
    /// Where the files lie, in the order of the index.
    pub files: Vec<Entry>,
    end: u64,
}

impl Evidence {
    fn read(
        source: &mut FileSource,
        position: u64,
        manifest: &Manifest<'_>,
        digest: &Digest,
        count: u8,
    ) -> Examined<Self> {
        let (index, index_entry) = read_index(source, position)?;
        let algorithm = digest.algorithm();
        if Hasher::digest(algorithm, &index).as_ref() != Some(digest) {
            return Err(evidence_error(Fault::IndexDigest, index_entry.contents).into());
        }
        let parsed = EvidenceIndex::parse(&index, algorithm)?;
        if parsed.file_count() != usize::from(count) {
            return Err(evidence_error(Fault::EvidenceCount, index_entry.contents).into());
        }
        if parsed.sources().any(|source| usize::from(source.component) >= manifest.component_count()) {
            return Err(evidence_error(Fault::SourceOrder, index_entry.contents).into());
        }
        let mut files = Vec::new();
        let mut position = index_entry.end();
        for (number, file) in (1..u8::MAX).zip(parsed.files()) {
            let head = EntryHead::new(evidence_name(number), file.size);
            compare_head(source, position, &head)?;
            let entry = Entry::behind(position, &head, file.size);
            if source.len() < entry.end() {
                return Err(evidence_error(Fault::Truncated, source.len()).into());
            }
            if digest_of(source, &entry, algorithm)? != file.digest {
                return Err(evidence_error(Fault::FileDigest, entry.contents).into());
            }
            position = entry.end();
            files.push(entry);
        }
        Ok(Self { index, index_entry, files, end: position })
    }
}

/// Reads the entry of the index, whose size only the index's digest vouches for.
fn read_index(source: &mut FileSource, position: u64) -> Examined<(Vec<u8>, Entry)> {
    let mut found = [0; EntryHead::MAX];
    let there = read_some(source, position, &mut found)?;
    let size = match found.get(KEY_SIZE..) {
        Some([short @ 0x40..=0x57, ..]) => u64::from(short & 0x1f),
        Some([0x58, one, ..]) => u64::from(*one),
        Some([0x59, high, low, ..]) => u64::from(u16::from_be_bytes([*high, *low])),
        // Whatever else stands there is too long, or no byte string; the comparison below names it.
        _ => u64::MAX,
    };
    // Where the file ends within the size, only the key can be compared.
    let cut = matches!(found.get(KEY_SIZE..there).unwrap_or_default(), [0x58 | 0x59] | [0x59, _]);
    let compared = if cut { KEY_SIZE } else { there };
    let head = EntryHead::new(evidence_name(0), size);
    head.compare(found.get(..compared).unwrap_or_default()).map_err(|error| as_evidence(error, position))?;
    let entry = Entry::behind(position, &head, size);
    if size > u64::try_from(limits::MAX_EVIDENCE_INDEX).unwrap_or(u64::MAX) {
        return Err(evidence_error(Fault::EntrySize, position).into());
    }
    if source.len() < entry.end() {
        return Err(evidence_error(Fault::Truncated, source.len()).into());
    }
    let mut index = vec![0; usize::try_from(size).unwrap_or(limits::MAX_EVIDENCE_INDEX)];
    source.read_at(entry.contents, &mut index)?;
    Ok((index, entry))
}

fn compare_head(source: &mut FileSource, position: u64, head: &EntryHead) -> Examined<()> {
    let mut found = [0; EntryHead::MAX];
    let there = read_some(source, position, &mut found)?;
    head.compare(found.get(..there).unwrap_or_default()).map_err(|error| as_evidence(error, position))?;
    Ok(())
}

/// Reads as much as there is of an entry's longest possible head.
fn read_some(source: &mut FileSource, position: u64, found: &mut [u8; EntryHead::MAX]) -> Result<usize> {
    let left = source.len().saturating_sub(position);
    let there = usize::try_from(left).unwrap_or(EntryHead::MAX).min(EntryHead::MAX);
    source.read_at(position, found.get_mut(..there).unwrap_or_default())?;
    Ok(there)
}

/// The digest of an entry's contents.
///
/// # Errors
///
/// They can't be read.
pub fn digest_of(
    source: &mut FileSource,
    entry: &Entry,
    algorithm: twinseal_formats::DigestAlgorithm,
) -> Result<Digest> {
    let mut hasher = Hasher::new(algorithm);
    source.each_piece(entry, |_, bytes| {
        if let Some(hasher) = &mut hasher {
            hasher.update(bytes);
        }
        Ok(())
    })?;
    hasher.and_then(Hasher::finish).ok_or_else(|| Failure::new(format!("{} is not compiled in", algorithm.name())))
}

/// A difference in a head, named as what it is in evidence.
fn as_evidence(error: ParseError, position: u64) -> ParseError {
    let fault = match error.fault {
        Fault::PayloadName => Fault::EntryName,
        Fault::PayloadSize => Fault::EntrySize,
        other => other,
    };
    evidence_error(fault, position.saturating_add(error.offset.into()))
}

fn evidence_error(fault: Fault, offset: u64) -> ParseError {
    ParseError::new(Stage::Evidence, fault, u32::try_from(offset).unwrap_or(u32::MAX))
}

/// A key of an entry: a text string of seven characters.
const KEY_SIZE: usize = 8;
