//! The evidence of a bundle, and what it can be about: images, and the files they were converted from.

use twinseal_formats::{Digest, DigestAlgorithm, EvidenceIndex, Manifest};
use twinseal_verifier::Hasher;

use super::{Comparison, Digests, Document, EvidenceError, Kind, Reader};
use crate::bundle::{Bundle, Layout};
use crate::error::Result;
use crate::progress::Progress;
use crate::source::FileSource;

/// An evidence file of a bundle.
#[derive(Debug)]
pub struct Carried {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub size: u64,
    /// Its digest, which was compared.
    pub digest: Digest,
    /// What its media type stands for.
    pub kind: Kind,
    /// What it says, or why it is not what it claims.
    pub document: core::result::Result<Document, EvidenceError>,
    /// The beginning of a text in it that could deceive whoever sees it ([`Reader::deceptive`]).
    pub deceptive: Option<String>,
}

/// Reads the evidence of a bundle whose layout was read (and so every digest compared). Empty if there is none, or it was stripped.
///
/// # Errors
///
/// The file can't be read. A bad document is no error but a fact about it.
pub fn carried(bundle: &Bundle, layout: &Layout, algorithm: DigestAlgorithm) -> Result<Vec<Carried>> {
    let Some(evidence) = &layout.evidence else { return Ok(Vec::new()) };
    let Ok(index) = EvidenceIndex::parse(&evidence.index, algorithm) else { return Ok(Vec::new()) };
    let mut source = bundle.source(Progress::hidden())?;
    let mut reader = Reader::default();
    let mut all = Vec::new();
    for (file, entry) in index.files().zip(&evidence.files) {
        let kind = Kind::of(file.media_type);
        let document = match (kind, reader.admits(kind, file.size)) {
            (Kind::Other, _) => Ok(Document::Other),
            (_, Err(error)) => Err(error),
            (_, Ok(())) => {
                let mut bytes = vec![0; usize::try_from(file.size).unwrap_or_default()];
                source.read_at(entry.contents, &mut bytes)?;
                reader.read(kind, &bytes)
            }
        };
        all.push(Carried {
            name: file.name.to_owned(),
            media_type: file.media_type.to_owned(),
            size: file.size,
            digest: file.digest,
            kind,
            document,
            deceptive: reader.deceptive().map(str::to_owned),
        });
    }
    Ok(all)
}

/// Bytes that evidence can be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The component's id.
    pub component: String,
    /// `None` for the image itself; else it is the file that the image was converted from, in this format.
    pub source_format: Option<String>,
    /// Its size.
    pub size: u64,
    /// What is known of its bytes.
    pub digests: Digests,
}

impl Artifact {
    /// How it is shown: `image of app`, `elf of app`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} of {}", self.source_format.as_deref().unwrap_or("image"), self.component)
    }
}

/// Which bytes of a release some digests name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound<'a> {
    /// These, by the strongest algorithm in common.
    To(&'a Artifact, DigestAlgorithm),
    /// None of them.
    ToOthers,
    /// It can not be told: there are no digests, or none in an algorithm that is known of the release's bytes.
    Unknown,
}

/// Finds out which bytes of a release some digests name.
#[must_use]
pub fn bound<'a>(digests: &Digests, artifacts: &'a [Artifact]) -> Bound<'a> {
    let mut different = false;
    for artifact in artifacts {
        match digests.compare(&artifact.digests) {
            Comparison::Same(algorithm) => return Bound::To(artifact, algorithm),
            Comparison::Different => different = true,
            Comparison::NothingInCommon => {}
        }
    }
    if different { Bound::ToOthers } else { Bound::Unknown }
}

/// The digest algorithms that comparing documents with the release's bytes needs.
#[must_use]
pub fn algorithms(documents: &[Carried]) -> Vec<DigestAlgorithm> {
    let read = documents.iter().filter_map(|file| file.document.as_ref().ok());
    let mut all: Vec<DigestAlgorithm> = read.flat_map(Document::algorithms).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The images and sources of a release, with the digests that its manifest and evidence index have; images that are enclosed are
/// also hashed with the other algorithms that `also` names.
///
/// # Errors
///
/// The file can't be read.
pub fn artifacts(
    bundle: &Bundle,
    manifest: &Manifest<'_>,
    layout: &Layout,
    also: &[DigestAlgorithm],
) -> Result<Vec<Artifact>> {
    let mut source = bundle.source(Progress::hidden())?;
    let mut all = Vec::new();
    for component in manifest.components() {
        let known = *component.digest();
        let mut digests = vec![known];
        if let Some(entry) = layout.payloads.get(usize::from(component.index())) {
            let others: Vec<DigestAlgorithm> = DigestAlgorithm::ALL
                .into_iter()
                .filter(|one| also.contains(one) && *one != known.algorithm())
                .collect();
            digests.extend(digests_of(&mut source, entry, &others)?);
        }
        all.push(Artifact {
            component: component.id().to_owned(),
            source_format: None,
            size: component.size(),
            digests: Digests::of(digests),
        });
    }
    let Some(evidence) = &layout.evidence else { return Ok(all) };
    let algorithm = manifest.evidence().map(|commitment| commitment.digest.algorithm());
    let index = algorithm.and_then(|algorithm| EvidenceIndex::parse(&evidence.index, algorithm).ok());
    for file in index.iter().flat_map(EvidenceIndex::sources) {
        let component = manifest.components().nth(file.component.into());
        all.push(Artifact {
            component: component.map(|component| component.id().to_owned()).unwrap_or_default(),
            source_format: Some(file.format.to_owned()),
            size: file.size,
            digests: Digests::of([file.digest]),
        });
    }
    Ok(all)
}

/// Hashes an entry with several algorithms in one pass.
fn digests_of(
    source: &mut FileSource,
    entry: &crate::bundle::Entry,
    algorithms: &[DigestAlgorithm],
) -> Result<Vec<Digest>> {
    let mut hashers: Vec<Hasher> = algorithms.iter().copied().filter_map(Hasher::new).collect();
    if !hashers.is_empty() {
        source.each_piece(entry, |_, bytes| {
            hashers.iter_mut().for_each(|hasher| hasher.update(bytes));
            Ok(())
        })?;
    }
    Ok(hashers.into_iter().filter_map(Hasher::finish).collect())
}
