//! The forms of one release: the same seals over the same bytes, with payloads and evidence enclosed or not (F-8).

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use twinseal_formats::encode::{self, NewSeal, with_entries};
use twinseal_formats::{
    Digest, EntryHead, Envelope, EvidenceIndex, Fault, Manifest, ParseError, Stage, evidence_name, payload_name,
};
use twinseal_verifier::{Hasher, ImageError};

use crate::bundle::{Bundle, Entry, Layout};
use crate::error::{Failure, Result, name};
use crate::input;
use crate::output::{Mode, NewFile, Overwrite};
use crate::progress::Progress;
use crate::source::FileSource;
use crate::source::pieces::Piece as Kind;
use crate::trouble::{Examined, Trouble};

/// A bundle whose contents can be copied: its frame is read, its digest holds, its layout is known. No seal was verified.
#[derive(Debug)]
pub struct Opened<'b> {
    bundle: &'b Bundle,
    envelope: Envelope<'b>,
    /// The manifest.
    pub manifest: Manifest<'b>,
    /// Where everything lies.
    pub layout: Layout,
}

/// A piece of a bundle: a payload or an evidence entry, wherever it is now.
#[derive(Debug)]
pub struct Piece {
    /// Its name as an entry: `c00.bin`, `e00.bin`.
    pub entry_name: [u8; 7],
    size: u64,
    digest: Digest,
    place: Place,
    /// Why its bytes are refused if they have another digest.
    mismatch: twinseal_verifier::Error,
    /// As in `verify`: a payload of another size is told from one of another digest.
    component: Option<u8>,
}

#[derive(Debug)]
enum Place {
    Bundle(Entry),
    File(PathBuf),
}

impl Piece {
    /// Its size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }
}

impl<'b> Opened<'b> {
    /// Reads a bundle that is to be taken apart or put together.
    ///
    /// # Errors
    ///
    /// Refused: the file breaks a rule of the format, or the digest in the seals is not that of the manifest.
    pub fn new(bundle: &'b Bundle) -> Examined<Self> {
        let envelope = bundle.envelope()?;
        let digest = envelope.seals().digest();
        if Hasher::digest(digest.algorithm(), envelope.sealed_bytes()).as_ref() != Some(digest) {
            return Err(twinseal_verifier::Error::from(twinseal_verifier::AuthenticateError::DigestMismatch).into());
        }
        let manifest = Manifest::parse(envelope.manifest_bytes())?;
        let layout = bundle.layout(&envelope, &manifest)?;
        layout.ends_at(bundle.size())?;
        Ok(Self { bundle, envelope, manifest, layout })
    }

    /// The frame.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope<'b> {
        &self.envelope
    }

    /// The payloads: out of the bundle, or else out of a directory.
    ///
    /// # Errors
    ///
    /// Failed: they lie beside the bundle and no directory was named.
    pub fn payloads(&self, directory: Option<&Path>) -> Result<Vec<Piece>> {
        let enclosed = &self.layout.payloads;
        let mut pieces = Vec::new();
        for component in self.manifest.components() {
            let index = component.index();
            let place = match (enclosed.get(usize::from(index)), directory) {
                (Some(entry), _) => Place::Bundle(*entry),
                (None, Some(directory)) => Place::File(directory.join(text(payload_name(index)))),
                (None, None) => {
                    return Err(Failure::new(format!("{}: its payloads lie beside it", name(self.bundle.path())))
                        .remedy("say where with --payloads"));
                }
            };
            pieces.push(Piece {
                entry_name: payload_name(index),
                size: component.size(),
                digest: *component.digest(),
                place,
                mismatch: ImageError::DigestMismatch { component: index }.into(),
                component: Some(index),
            });
        }
        Ok(pieces)
    }

    /// The evidence, index first: out of the bundle, or else out of a directory. Empty if the release has none, or it is nowhere.
    ///
    /// # Errors
    ///
    /// Refused: the index in the directory is not that of the release. Failed: it can't be read.
    pub fn evidence(&self, directory: Option<&Path>) -> Examined<Vec<Piece>> {
        let Some(commitment) = self.manifest.evidence() else { return Ok(Vec::new()) };
        let index_file = directory.map(|directory| directory.join(text(evidence_name(0))));
        let (index, index_place) = match (&self.layout.evidence, &index_file) {
            (Some(evidence), _) => (evidence.index.clone(), Place::Bundle(evidence.index_entry)),
            (None, Some(path)) if path.exists() => (input::read(path, LONGEST_INDEX)?, Place::File(path.clone())),
            (None, _) => return Ok(Vec::new()),
        };
        let error = |fault| twinseal_verifier::Error::from(ParseError::new(Stage::Evidence, fault, 0));
        let algorithm = commitment.digest.algorithm();
        if Hasher::digest(algorithm, &index).as_ref() != Some(&commitment.digest) {
            return Err(error(Fault::IndexDigest).into());
        }
        let parsed = EvidenceIndex::parse(&index, algorithm)?;
        let mut pieces = vec![Piece {
            entry_name: evidence_name(0),
            size: u64::try_from(index.len()).unwrap_or(u64::MAX),
            digest: commitment.digest,
            place: index_place,
            mismatch: error(Fault::IndexDigest),
            component: None,
        }];
        for (number, file) in (1..u8::MAX).zip(parsed.files()) {
            let enclosed = self.layout.evidence.as_ref();
            let entry = enclosed.and_then(|evidence| evidence.files.get(usize::from(number).saturating_sub(1)));
            let place = match (entry, directory) {
                (Some(entry), _) => Place::Bundle(*entry),
                (None, Some(directory)) => Place::File(directory.join(text(evidence_name(number)))),
                (None, None) => return Ok(Vec::new()),
            };
            let mismatch = error(Fault::FileDigest);
            pieces.push(Piece {
                entry_name: evidence_name(number),
                size: file.size,
                digest: file.digest,
                place,
                mismatch,
                component: None,
            });
        }
        Ok(pieces)
    }

    /// Writes another form of the release: the same frame but for the number of entries, and these pieces. The file appears only if
    /// every piece has its digest.
    ///
    /// # Errors
    ///
    /// Refused: a piece is not what the manifest or the index says. Failed: something can't be read or written.
    pub fn write_form(&self, pieces: &[Piece], out: &Path, overwrite: Overwrite) -> Examined<u64> {
        let (new, size) = self.prepare_form(pieces, out, overwrite)?;
        new.commit()?;
        Ok(size)
    }

    /// As [`write_form`](Self::write_form), but the file does not appear before it is committed.
    ///
    /// # Errors
    ///
    /// As `write_form`.
    pub fn prepare_form(&self, pieces: &[Piece], out: &Path, overwrite: Overwrite) -> Examined<(NewFile, u64)> {
        let entries = pieces.len().saturating_add(2);
        self.prepare(&with_entries(self.bundle.frame(&self.envelope), entries)?, pieces, out, overwrite)
    }

    /// Writes a frame around the same manifest, with other seals, and the pieces that are in the bundle; the file does not appear before
    /// it is committed.
    ///
    /// # Errors
    ///
    /// As [`write_form`](Self::write_form); also a seal that the format does not allow.
    pub fn prepare_seals(&self, seals: &[NewSeal], out: &Path, overwrite: Overwrite) -> Examined<(NewFile, u64)> {
        let form = self.layout.form;
        let mut pieces = if form.payloads_enclosed { self.payloads(None)? } else { Vec::new() };
        if form.evidence_enclosed {
            pieces.extend(self.evidence(None)?);
        }
        let digest = self.envelope.seals().digest();
        let frame = encode::envelope(self.envelope.entries(), digest, seals, self.envelope.manifest_bytes())?;
        self.prepare(&frame, &pieces, out, overwrite)
    }

    fn prepare(&self, frame: &[u8], pieces: &[Piece], out: &Path, overwrite: Overwrite) -> Examined<(NewFile, u64)> {
        let new = NewFile::create(out, overwrite, Mode::Public)?;
        let failed = |error| Trouble::from(Failure::new(format!("{}: can not be written", name(out))).because(error));
        new.file().write_all_at(frame, 0).map_err(failed)?;
        let mut position = u64::try_from(frame.len()).unwrap_or(u64::MAX);
        let progress = Progress::new("copying", pieces.iter().fold(0, |sum, piece| piece.size.saturating_add(sum)));
        for piece in pieces {
            let head = EntryHead::new(piece.entry_name, piece.size);
            new.file().write_all_at(head.as_bytes(), position).map_err(failed)?;
            let entry = Entry::behind(position, &head, piece.size);
            self.copy(piece, new.file(), out, entry.contents, &progress)?;
            position = entry.end();
        }
        new.file().set_len(position).map_err(failed)?;
        let written = Bundle::from_file(new.reopen()?, new.path())?;
        Opened::new(&written)?;
        Ok((new, position))
    }

    /// Writes one piece as a file of its own, which appears only if it has its digest.
    ///
    /// # Errors
    ///
    /// As [`write_form`](Self::write_form).
    pub fn write_piece(&self, piece: &Piece, out: &Path, overwrite: Overwrite) -> Examined<()> {
        Ok(self.prepare_piece(piece, out, overwrite)?.commit()?)
    }

    /// As [`write_piece`](Self::write_piece), but the file does not appear before it is committed.
    ///
    /// # Errors
    ///
    /// As `write_piece`.
    pub fn prepare_piece(&self, piece: &Piece, out: &Path, overwrite: Overwrite) -> Examined<NewFile> {
        let new = NewFile::create(out, overwrite, Mode::Public)?;
        self.copy(piece, new.file(), out, 0, &Progress::new("copying", piece.size))?;
        new.file()
            .set_len(piece.size)
            .map_err(|error| Failure::new(format!("{}: can not be written", name(out))).because(error))?;
        Ok(new)
    }

    /// Copies a piece and compares the digest of what was read.
    fn copy(&self, piece: &Piece, out: &File, path: &Path, at: u64, progress: &Progress) -> Examined<()> {
        let (mut source, entry) = match &piece.place {
            Place::Bundle(entry) => (self.bundle.source(progress.clone())?, *entry),
            Place::File(path) => {
                let source = FileSource::open(path, progress.clone())
                    .map_err(|failure| failure.remedy("`--payloads` says where the files of a bundle's entries are"))?;
                if source.len() != piece.size {
                    let (expected, found) = (piece.size, source.len());
                    let size = |component| ImageError::SizeMismatch { component, expected, found }.into();
                    return Err(piece.component.map_or(piece.mismatch, size).into());
                }
                (source, Entry { start: 0, contents: 0, size: piece.size })
            }
        };
        let mut hasher = Hasher::new(piece.digest.algorithm());
        let mut position = at;
        source.each_piece(&entry, |kind, bytes| {
            if let Some(hasher) = &mut hasher {
                hasher.update(bytes);
            }
            if kind == Kind::Data {
                let failed = |error| Failure::new(format!("{}: can not be written", name(path))).because(error);
                out.write_all_at(bytes, position).map_err(failed)?;
            }
            position = position.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            Ok(())
        })?;
        if hasher.and_then(Hasher::finish) == Some(piece.digest) { Ok(()) } else { Err(piece.mismatch.into()) }
    }
}

/// An entry's name as text.
#[must_use]
pub fn text(entry_name: [u8; 7]) -> String {
    String::from_utf8_lossy(&entry_name).into_owned()
}

/// The format's limit, with room for the reader to say so itself.
const LONGEST_INDEX: u64 = 1 << 16;
