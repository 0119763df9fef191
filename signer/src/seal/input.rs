//! What goes into a bundle: files opened once, hashed while they are copied, so that what is sealed is what was copied.

use core::ops::Range;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use twinseal_formats::{Digest, DigestAlgorithm, is_name};
use twinseal_verifier::Hasher;

use crate::error::{Failure, Result, name};
use crate::evidence::{Artifact, Digests, Document, EvidenceError, Fault, Kind, Reader, Role};
use crate::image::{self, ImageFormat};
use crate::input::{self, unreadable};
use crate::parallel;
use crate::progress::Progress;
use crate::release::{ComponentFile, EvidenceFile};
use crate::source::pieces::{Piece, Pieces};
use crate::source::read_in_order;

/// A component, ready to be copied.
#[derive(Debug)]
pub(super) struct Component {
    pub(super) id: String,
    pub(super) size: u64,
    pub(super) content: Content,
    pub(super) flattened: Option<Flattened>,
}

/// An evidence file, ready to be copied.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) size: u64,
    pub(super) content: Content,
    pub(super) document: Document,
    pub(super) deceptive: Option<String>,
}

/// What became of a source file that is no flat image itself.
#[derive(Clone, Debug)]
pub struct Flattened {
    /// The component.
    pub component: String,
    /// How the source was written.
    pub format: ImageFormat,
    /// The size of the source.
    pub source_size: u64,
    /// The digest of the source.
    pub source_digest: Digest,
    /// The same, and those that evidence asked for.
    pub(super) source_digests: Vec<Digest>,
    /// Where the image begins.
    pub base: u64,
    /// Bytes of gaps, filled with 0xff.
    pub filled: u64,
    /// Addresses with data that the window leaves out: no seal covers them.
    pub left_out: Vec<Range<u64>>,
}

/// Bytes that go into the bundle.
#[derive(Debug)]
pub(super) enum Content {
    /// A file of a known size.
    File { file: File, path: PathBuf, size: u64 },
    /// An image made from a source file.
    Memory(Vec<u8>),
}

impl Component {
    /// What evidence can be about: the image, and the file it was converted from.
    pub(super) fn artifacts(&self, image: Vec<Digest>) -> impl Iterator<Item = Artifact> {
        let component = self.id.clone();
        let image = Artifact { component, source_format: None, size: self.size, digests: Digests::of(image) };
        let source = self.flattened.as_ref().map(|source| Artifact {
            component: self.id.clone(),
            source_format: Some(source.format.name().to_owned()),
            size: source.source_size,
            digests: Digests::of(source.source_digests.iter().copied()),
        });
        core::iter::once(image).chain(source)
    }
}

/// Opens every component's file, and converts those that are no flat images.
pub(super) fn open_components(files: &[ComponentFile], algorithms: &[DigestAlgorithm]) -> Result<Vec<Component>> {
    let mut components: Vec<Component> = Vec::new();
    for file in files {
        named(&file.id, "component", components.last().map(|previous| previous.id.as_str()))?;
        let component = match file.format {
            ImageFormat::Raw if file.window.is_none() => {
                let (content, size) = open(&file.path)?;
                Component { id: file.id.clone(), size, content, flattened: None }
            }
            format => flatten(file, format, algorithms)?,
        };
        if component.size == 0 {
            return Err(
                Failure::new(format!("{}: is empty", name(&file.path))).remedy("an image has at least one byte")
            );
        }
        components.push(component);
    }
    Ok(components)
}

/// Opens every evidence file. What is read is read here, and the bytes that were read are those that go into the bundle.
pub(super) fn open_evidence(files: &[EvidenceFile]) -> Result<Vec<Evidence>> {
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut reader = Reader::default();
    for file in files {
        named(&file.name, "evidence", evidence.last().map(|previous| previous.name.as_str()))?;
        let kind = Kind::of(&file.media_type);
        let wrong = |error: EvidenceError| {
            let remedy = match error.fault {
                Fault::TooLong { .. } | Fault::TooManyValues(_) => "carry less, or under a media type that is not read",
                _ => "media-type says what it is; docs/evidence.md lists what is read of each kind",
            };
            Failure::new(format!("{} (evidence {:?})", name(&file.path), file.name)).because(error).remedy(remedy)
        };
        let (mut content, size) = open(&file.path)?;
        if kind != Kind::Other {
            reader.admits(kind, size).map_err(wrong)?;
            content = content.into_memory()?;
        }
        let document = match &content {
            Content::Memory(bytes) => reader.read(kind, bytes).map_err(wrong)?,
            Content::File { .. } => Document::Other,
        };
        let roles = document.roles();
        if let Some(role) = file.role.filter(|role| !roles.contains(role)) {
            let found: Vec<&str> = roles.into_iter().map(Role::name).collect();
            return Err(Failure::new(format!(
                "{} (evidence {:?}): kind = {:?}, and it is {}",
                name(&file.path),
                file.name,
                role.name(),
                found.join(" and ")
            ))
            .remedy("kind is what the document must be able to serve as; leave it out if that does not matter"));
        }
        let deceptive = reader.deceptive().map(str::to_owned);
        let (name, media_type) = (file.name.clone(), file.media_type.clone());
        evidence.push(Evidence { name, media_type, size, content, document, deceptive });
    }
    Ok(evidence)
}

fn named(given: &str, what: &str, previous: Option<&str>) -> Result<()> {
    if !is_name(given.as_bytes()) {
        return Err(Failure::new(format!("{what} {given:?}: can not be a name in a bundle"))
            .remedy("use 1 to 32 of a-z 0-9 . _ - and begin with a letter or digit"));
    }
    if previous == Some(given) {
        return Err(Failure::new(format!("{what} {given:?}: is in the release file twice")));
    }
    Ok(())
}

fn open(path: &Path) -> Result<(Content, u64)> {
    let file = input::open_plain(path)?;
    let size = file.metadata().map_err(|error| unreadable(path, error))?.len();
    read_in_order(&file);
    Ok((Content::File { file, path: path.to_owned(), size }, size))
}

fn flatten(file: &ComponentFile, format: ImageFormat, algorithms: &[DigestAlgorithm]) -> Result<Component> {
    let limit = u64::try_from(image::MAX_SOURCE).unwrap_or(u64::MAX);
    let source = input::read(&file.path, limit)?;
    let flat = image::flatten(format, &source, file.window.clone())
        .map_err(|error| Failure::new(format!("{}: no flat image", name(&file.path))).because(error))?;
    let mut hashers = Hashers::new(algorithms)?;
    hashers.update(&source);
    let source_digests = hashers.finish()?;
    let source_digest = *source_digests.first().ok_or_else(|| Failure::new("no digest algorithm was chosen"))?;
    let size = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let flattened = Flattened {
        component: file.id.clone(),
        format,
        source_size: size(&source),
        source_digest,
        source_digests,
        base: flat.base,
        filled: flat.filled,
        left_out: flat.left_out,
    };
    Ok(Component {
        id: file.id.clone(),
        size: size(&flat.bytes),
        content: Content::Memory(flat.bytes),
        flattened: Some(flattened),
    })
}

impl Content {
    /// The digests of the bytes, which are copied nowhere.
    pub(super) fn digest(&self, algorithms: &[DigestAlgorithm], progress: &Progress) -> Result<Vec<Digest>> {
        let mut hashers = Hashers::new(algorithms)?;
        let (file, path, size) = match self {
            Self::Memory(bytes) => {
                progress.advance(bytes.len());
                hashers.update(bytes);
                return hashers.finish();
            }
            Self::File { file, path, size } => (file, path, *size),
        };
        let read = (|| {
            let (mut pieces, mut bytes) = (Pieces::new(file, 0, size), Vec::new());
            while pieces.next(&mut bytes)?.is_some() {
                hashers.update(&bytes);
                progress.advance(bytes.len());
            }
            same_size(file, size)
        })();
        read.map_err(|error| unreadable(path, error))?;
        hashers.finish()
    }

    /// Copies the bytes to a place in the bundle; returns their digests, in the order of the algorithms.
    pub(super) fn write(
        &self,
        out: &File,
        at: u64,
        algorithms: &[DigestAlgorithm],
        progress: &Progress,
    ) -> Result<Vec<Digest>> {
        match self {
            Self::Memory(bytes) => {
                out.write_all_at(bytes, at).map_err(super::unwritable)?;
                progress.advance(bytes.len());
                let mut hashers = Hashers::new(algorithms)?;
                hashers.update(bytes);
                hashers.finish()
            }
            Self::File { file, path, size } => copy(file, path, *size, out, at, algorithms, progress),
        }
    }

    /// Reads all of a file of a known size.
    fn into_memory(self) -> Result<Self> {
        let Self::File { file, path, size } = self else { return Ok(self) };
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        file.read_exact_at(&mut bytes, 0).map_err(|error| unreadable(&path, error))?;
        Ok(Self::Memory(bytes))
    }
}

/// Several digests in one pass.
struct Hashers(Vec<Hasher>);

impl Hashers {
    fn new(algorithms: &[DigestAlgorithm]) -> Result<Self> {
        let hasher = |algorithm: &DigestAlgorithm| Hasher::new(*algorithm).ok_or_else(|| no_digest(*algorithm));
        algorithms.iter().map(hasher).collect::<Result<_>>().map(Self)
    }

    fn update(&mut self, bytes: &[u8]) {
        self.0.iter_mut().for_each(|hasher| hasher.update(bytes));
    }

    fn finish(self) -> Result<Vec<Digest>> {
        let digest = |hasher: Hasher| hasher.finish().ok_or_else(|| Failure::new("a digest could not be computed"));
        self.0.into_iter().map(digest).collect()
    }
}

/// Copies a file of a known size while hashing it. One thread reads and hashes, another writes: neither waits for the other.
fn copy(
    file: &File,
    path: &Path,
    size: u64,
    out: &File,
    at: u64,
    algorithms: &[DigestAlgorithm],
    progress: &Progress,
) -> Result<Vec<Digest>> {
    let mut hashers = Hashers::new(algorithms)?;
    let (full, to_write) = mpsc::sync_channel::<(u64, Piece, Vec<u8>)>(BUFFERS);
    let (written, free) = mpsc::sync_channel(BUFFERS);
    for _ in 0..BUFFERS {
        // The channel has room for all of them.
        let _ = written.send(Vec::new());
    }
    let copied = std::thread::scope(|scope| {
        let writer = parallel::spawn(scope, move || {
            for (position, piece, bytes) in to_write {
                // A sparse image stays sparse: its holes cost no disk.
                if piece == Piece::Data {
                    out.write_all_at(&bytes, position)?;
                }
                // The reader may be done with reading.
                let _ = written.send(bytes);
            }
            Ok(())
        })?;
        let read = (|| {
            let mut position = at;
            let mut pieces = Pieces::new(file, 0, size);
            // No buffer comes back from a writer that failed.
            while let Ok(mut bytes) = free.recv() {
                let Some(piece) = pieces.next(&mut bytes)? else { break };
                hashers.update(&bytes);
                progress.advance(bytes.len());
                let next = position.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                if full.send((position, piece, bytes)).is_err() {
                    break;
                }
                position = next;
            }
            same_size(file, size)
        })();
        drop(full);
        Ok::<_, Failure>((read, writer.join()))
    });
    match copied? {
        (Err(error), _) => return Err(unreadable(path, error)),
        (_, Ok(Err(error))) => return Err(super::unwritable(error)),
        (_, Err(_)) => return Err(Failure::new("a thread of this program stopped unexpectedly")),
        (Ok(()), Ok(Ok(()))) => {}
    }
    hashers.finish()
}

/// The size was laid out before; a file that grew meanwhile is as wrong as one that shrank.
fn same_size(file: &File, size: u64) -> io::Result<()> {
    if file.metadata()?.len() == size { Ok(()) } else { Err(io::Error::other("its size changed while it was read")) }
}

fn no_digest(algorithm: DigestAlgorithm) -> Failure {
    Failure::new(format!("{algorithm} is not compiled in"))
}

/// Buffers between reading and writing: enough for both to be busy.
const BUFFERS: usize = 4;
