//! Writing the evidence index.

use super::{Encoded, Writer};
use crate::algorithm::DigestAlgorithm;
use crate::evidence::{EvidenceFile, EvidenceIndex, EvidenceSource};

/// The index of evidence files (ascending by name) and of what converted images were converted from (ascending by component).
///
/// # Errors
/// The rule of docs/format.md that the reader says it would break.
pub fn evidence_index(
    algorithm: DigestAlgorithm,
    files: &[EvidenceFile<'_>],
    sources: &[EvidenceSource<'_>],
) -> Encoded {
    let mut writer = Writer::new();
    writer.array(3);
    writer.uint(1);
    writer.array(files.len());
    for file in files {
        writer.array(4);
        writer.text(file.name);
        writer.text(file.media_type);
        writer.uint(file.size);
        writer.bytes(file.digest.as_bytes());
    }
    writer.array(sources.len());
    for source in sources {
        writer.array(4);
        writer.uint(source.component.into());
        writer.text(source.format);
        writer.uint(source.size);
        writer.bytes(source.digest.as_bytes());
    }
    let bytes = writer.into_bytes();
    EvidenceIndex::parse(&bytes, algorithm)?;
    Ok(bytes)
}
