//! What every byte of a bundle is: sealed, covered by a digest, a signature, or framing that the format fixes (F-1 to F-9).
//!
//! The map is built from the first byte to the last without a gap, each length from the format and not from a search; that it ends where
//! the file ends is a condition of there being a map at all.

use serde::Serialize;
use twinseal_formats::{
    EntryHead, Envelope, EvidenceIndex, Manifest, Seal, SealAlgorithm, evidence_name, payload_name,
};

use crate::bundle::{Bundle, Entry, Layout};
use crate::error::{Failure, Result, name};
use crate::forms::text;

/// Why a byte is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cover {
    /// Signed: changing it breaks the seals that `by` names.
    Sealed,
    /// Its digest is in something that is sealed: changing it breaks that digest.
    Digest,
    /// A signature. Nothing covers it, and nothing needs to: another signature that holds says the same.
    Signature,
    /// Fixed by the format: another value is refused, or is another form of the same release.
    Framing,
}

impl Cover {
    /// In one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Digest => "digest",
            Self::Signature => "signature",
            Self::Framing => "framing",
        }
    }
}

/// Bytes in a row of which the same is true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Range {
    /// The first byte.
    pub start: u64,
    /// The byte behind the last.
    pub end: u64,
    /// Why they are what they are.
    pub cover: Cover,
    /// What they are.
    pub what: String,
    /// What covers them: the seals, or the digest and where it stands.
    pub by: String,
}

/// What the release has and this form of it leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Absent {
    /// What it is.
    pub what: String,
    /// What will cover it where it is.
    pub by: String,
}

/// Every byte of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ByteMap {
    /// The ranges, from the first byte to the last, without a gap.
    pub ranges: Vec<Range>,
    /// What is absent by form.
    pub absent: Vec<Absent>,
}

impl ByteMap {
    /// Accounts for every byte. The layout must be that of the bundle, and its heads compared.
    ///
    /// # Errors
    ///
    /// Failed: the ranges do not end where the file ends. That would be a fault of this code, and no map is shown.
    pub fn new(bundle: &Bundle, envelope: &Envelope<'_>, manifest: &Manifest<'_>, layout: &Layout) -> Result<Self> {
        let mut map = Cursor::default();
        map.frame(envelope);
        for component in manifest.components() {
            let (entry_name, id) = (text(payload_name(component.index())), component.id());
            let digest = format!("{} in the manifest", component.digest());
            match layout.payloads.get(usize::from(component.index())) {
                Some(entry) => map.entry(entry, &entry_name, &format!("payload of {id}"), &digest),
                None => map.absent(format!("{entry_name}: payload of {id}, {} bytes", component.size()), &digest),
            }
        }
        if let Some(commitment) = manifest.evidence() {
            let by = format!("{} in the manifest", commitment.digest);
            match &layout.evidence {
                None => map.absent(format!("evidence index and {} evidence files", commitment.count), &by),
                Some(evidence) => {
                    map.entry(&evidence.index_entry, &text(evidence_name(0)), "evidence index", &by);
                    let index = EvidenceIndex::parse(&evidence.index, commitment.digest.algorithm());
                    let files = index.iter().flat_map(EvidenceIndex::files);
                    for (number, (file, entry)) in (1..u8::MAX).zip(files.zip(&evidence.files)) {
                        let what = format!("evidence {} ({})", file.name, file.media_type);
                        let by = format!("{} in the evidence index", file.digest);
                        map.entry(entry, &text(evidence_name(number)), &what, &by);
                    }
                }
            }
        }
        map.close(bundle)
    }

    /// How many bytes are covered in that way.
    #[must_use]
    pub fn total(&self, cover: Cover) -> u64 {
        self.ranges.iter().filter(|range| range.cover == cover).map(|range| range.end.saturating_sub(range.start)).sum()
    }
}

/// A map in the making, and how far it has come.
#[derive(Default)]
struct Cursor {
    position: u64,
    ranges: Vec<Range>,
    absent: Vec<Absent>,
}

impl Cursor {
    /// The next `size` bytes.
    fn take(&mut self, size: usize, cover: Cover, what: impl Into<String>, by: &str) {
        let end = self.position.saturating_add(u64::try_from(size).unwrap_or(u64::MAX));
        self.take_to(end, cover, what.into(), by);
    }

    fn take_to(&mut self, end: u64, cover: Cover, what: String, by: &str) {
        self.ranges.push(Range { start: self.position, end, cover, what, by: by.to_owned() });
        self.position = end;
    }

    fn framing(&mut self, size: usize, what: impl Into<String>) {
        self.take(size, Cover::Framing, what, "the format");
    }

    fn absent(&mut self, what: String, by: &str) {
        self.absent.push(Absent { what, by: by.to_owned() });
    }

    fn frame(&mut self, envelope: &Envelope<'_>) {
        let seals = envelope.seals();
        let all: Vec<String> = seals.iter().map(|seal| seal_name(&seal)).collect();
        let all = all.join(", ");
        let wrapper = seals.iter().fold(
            head_size(seals.digest_bytes().len()).saturating_add(seals.digest_bytes().len()).saturating_add(1),
            |size, seal| size.saturating_add(head_size(seal_size(&seal))).saturating_add(seal_size(&seal)),
        );
        self.framing(2, "tag 107, a SUIT envelope");
        self.framing(head_size(envelope.entries()), "number of entries");
        self.framing(1_usize.saturating_add(head_size(wrapper)).saturating_add(1), "key 2, head of the seals");
        self.framing(head_size(seals.digest_bytes().len()), "head of the digest");
        self.take(seals.digest_bytes().len(), Cover::Sealed, "digest of the manifest", &all);
        for seal in seals.iter() {
            let own = seal_name(&seal);
            // Byte string, tag 18, array of four; then the protected header's own head.
            let head = head_size(seal_size(&seal)).saturating_add(2).saturating_add(head_size(seal.protected().len()));
            self.framing(head, format!("head of the seal {own}"));
            self.take(seal.protected().len(), Cover::Sealed, "protected header: algorithm, anchor id, type", &own);
            let head = head_size(seal.signature().len()).saturating_add(2);
            self.framing(head, "empty unprotected header, no payload, head of the signature");
            self.take(seal.signature().len(), Cover::Signature, format!("signature of {own}"), "itself");
        }
        self.framing(1, "key 3");
        let by = format!("{} and so by {all}", seals.digest());
        self.take(envelope.sealed_bytes().len(), Cover::Sealed, "manifest with its head", &by);
    }

    fn entry(&mut self, entry: &Entry, entry_name: &str, what: &str, by: &str) {
        self.take_to(entry.contents, Cover::Framing, format!("name {entry_name} and size of the entry"), "the format");
        self.take_to(entry.end(), Cover::Digest, what.to_owned(), by);
    }

    fn close(self, bundle: &Bundle) -> Result<ByteMap> {
        let gapless = self.ranges.windows(2).all(|pair| matches!(pair, [one, next] if one.end == next.start));
        if self.position == bundle.size() && gapless {
            return Ok(ByteMap { ranges: self.ranges, absent: self.absent });
        }
        let (end, size) = (self.position, bundle.size());
        Err(Failure::new(format!("{}: {end} of {size} bytes are accounted for", name(bundle.path())))
            .remedy("this is a fault of the tool, or the file changed while it was read: please report it"))
    }
}

/// A seal by the start of the anchor id that it names, and its algorithm.
fn seal_name(seal: &Seal<'_>) -> String {
    let algorithm = SealAlgorithm::from_cose(seal.cose_algorithm())
        .map_or_else(|| format!("algorithm {}", seal.cose_algorithm()), |known| known.name().to_owned());
    let anchor: String = seal.anchor().to_string().chars().take(SHORT).collect();
    format!("{algorithm} by {anchor}")
}

/// The encoded size of a seal: tag, array, protected header, two fixed bytes, signature.
fn seal_size(seal: &Seal<'_>) -> usize {
    let part = |size: usize| head_size(size).saturating_add(size);
    part(seal.protected().len()).saturating_add(part(seal.signature().len())).saturating_add(4)
}

/// The size of a CBOR head for that number or length.
fn head_size(length: usize) -> usize {
    match length {
        0..=0x17 => 1,
        0x18..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// Compares the heads of the payloads, which elsewhere only the verifier does.
///
/// # Errors
///
/// Refused: another name or size, or the file ends first. Failed: a read error.
pub fn compare_payload_heads(
    bundle: &Bundle,
    manifest: &Manifest<'_>,
    layout: &Layout,
) -> crate::trouble::Examined<()> {
    let mut source = bundle.source(crate::progress::Progress::hidden())?;
    for (component, entry) in manifest.components().zip(&layout.payloads) {
        let head = EntryHead::payload(component.index(), component.size());
        let mut found = [0; EntryHead::MAX];
        let left = usize::try_from(source.len().saturating_sub(entry.start)).unwrap_or(EntryHead::MAX);
        let found = found.get_mut(..left.min(EntryHead::MAX)).unwrap_or_default();
        source.read_at(entry.start, found)?;
        head.compare(found)?;
    }
    Ok(())
}

const SHORT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_as_long_as_cbor_says() {
        for (length, size) in
            [(0, 1), (23, 1), (24, 2), (255, 2), (256, 3), (65_535, 3), (65_536, 5), (1 << 32, 9), (usize::MAX, 9)]
        {
            assert_eq!(head_size(length), size, "{length}");
        }
    }
}
