//! The manifest of a release: one declarative shape in SUIT's words (F-10 to F-19).

use crate::algorithm::DigestAlgorithm;
use crate::cbor::{Key, Reader, Result};
use crate::component::{self, Component};
use crate::digest::Digest;
use crate::error::{Breach, Fault, ParseError, Stage};
use crate::id::{self, ClassId, SecurityVersion, SequenceNumber, TrustEpoch, VendorId};
use crate::limits::{MAX_COMPONENTS, MAX_EVIDENCE};
use crate::version::are_release_version;

/// A manifest of profile 1. It says nothing of who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manifest<'a> {
    sequence_number: SequenceNumber,
    vendor: &'a [u8; 16],
    class: &'a [u8; 16],
    digest_algorithm: DigestAlgorithm,
    component_count: usize,
    component_ids: &'a [u8],
    shared_sequence: &'a [u8],
    release_version: &'a [u8],
    security_version: SecurityVersion,
    minimum_trust_epoch: TrustEpoch,
    /// How many files, and the digest of the index.
    evidence: Option<(u8, &'a [u8])>,
}

/// What a manifest says about its evidence: how many files, and the digest of the index that names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two facts, fixed by profile 1")]
pub struct EvidenceCommitment {
    /// Evidence files, the index not counted: 0 to 32.
    pub count: u8,
    /// The digest of the index's bytes.
    pub digest: Digest,
}

impl EvidenceCommitment {
    /// How many entries the evidence takes in an envelope: the index and the files.
    #[must_use]
    pub fn entries(&self) -> usize {
        usize::from(self.count).saturating_add(1)
    }
}

impl<'a> Manifest<'a> {
    /// Reads a manifest.
    ///
    /// A device calls this on authentic bytes only, through the verifier; whoever calls it on others must say so to their user.
    ///
    /// # Errors
    /// Any rule of docs/format.md section 4 that the bytes break. Offsets count from the manifest's first byte.
    #[inline(never)]
    pub fn parse(bytes: &'a [u8]) -> core::result::Result<Self, ParseError> {
        Self::read(Reader::new(bytes)).map_err(|breach| breach.in_stage(Stage::Manifest))
    }

    fn read(mut reader: Reader<'a>) -> Result<Self> {
        reader.map(6, 6, Fault::UnexpectedKey)?;
        reader.key(None, VERSION)?;
        reader.literal(&[1], Fault::Version)?;
        reader.key(Some(VERSION), SEQUENCE_NUMBER)?;
        let sequence_number = SequenceNumber(reader.uint()?);
        reader.key(Some(SEQUENCE_NUMBER), COMMON)?;
        let common = Common::read(&mut reader)?;
        let count = common.count;
        reader.key(Some(COMMON), VALIDATE)?;
        read_sequence(&mut reader, count, component::VALIDATE_ITEMS, Fault::ValidateSequence, |sequence, index| {
            sequence.literal(&component::validate_sequence(index), Fault::ValidateSequence)
        })?;
        reader.key(Some(VALIDATE), INSTALL)?;
        read_sequence(&mut reader, count, component::INSTALL_ITEMS, Fault::InstallSequence, |sequence, index| {
            sequence.literal(&component::install_sequence(index), Fault::InstallSequence)
        })?;
        reader.key(Some(INSTALL), EXTENSIONS)?;
        let entries = reader.map(4, 5, Fault::UnexpectedKey)?;
        reader.key(None, PROFILE)?;
        reader.literal(&[1], Fault::Profile)?;
        reader.key(Some(PROFILE), RELEASE_VERSION)?;
        let release_version = reader.text(Fault::ReleaseVersion, are_release_version)?;
        reader.key(Some(RELEASE_VERSION), SECURITY_VERSION)?;
        let security_version = SecurityVersion(reader.uint32()?);
        reader.key(Some(SECURITY_VERSION), MINIMUM_TRUST_EPOCH)?;
        let minimum_trust_epoch = TrustEpoch(reader.uint32()?);
        let evidence = if entries == 5 {
            reader.key(Some(MINIMUM_TRUST_EPOCH), EVIDENCE)?;
            Some(read_evidence(&mut reader, common.digest_algorithm)?)
        } else {
            None
        };
        reader.end()?;
        Ok(Self {
            sequence_number,
            vendor: common.vendor,
            class: common.class,
            digest_algorithm: common.digest_algorithm,
            component_count: count,
            component_ids: common.ids,
            shared_sequence: common.shared,
            release_version,
            security_version,
            minimum_trust_epoch,
            evidence,
        })
    }

    /// Orders releases of this vendor and class.
    #[must_use]
    pub const fn sequence_number(&self) -> SequenceNumber {
        self.sequence_number
    }

    /// The vendor that all components name.
    #[must_use]
    pub const fn vendor(&self) -> VendorId {
        VendorId(*self.vendor)
    }

    /// The class that all components name.
    #[must_use]
    pub const fn class(&self) -> ClassId {
        ClassId(*self.class)
    }

    /// The one algorithm of the image digests and of the evidence index's digest.
    #[must_use]
    pub const fn digest_algorithm(&self) -> DigestAlgorithm {
        self.digest_algorithm
    }

    /// The version for people: SemVer text.
    #[must_use]
    pub const fn release_version(&self) -> &'a str {
        id::text(self.release_version)
    }

    /// Compared with the rollback counter.
    #[must_use]
    pub const fn security_version(&self) -> SecurityVersion {
        self.security_version
    }

    /// The oldest trust store this release may be installed under.
    #[must_use]
    pub const fn minimum_trust_epoch(&self) -> TrustEpoch {
        self.minimum_trust_epoch
    }

    /// What the release says about its evidence, if it has any.
    #[must_use]
    pub fn evidence(&self) -> Option<EvidenceCommitment> {
        let (count, digest) = self.evidence?;
        Some(EvidenceCommitment { count, digest: Digest::new(self.digest_algorithm, digest)? })
    }

    /// How many components there are: 1 to 16.
    #[must_use]
    pub const fn component_count(&self) -> usize {
        self.component_count
    }

    /// The components, ascending by id.
    pub fn components(&self) -> impl Iterator<Item = Component<'a>> + use<'a> {
        let mut ids = Reader::new(self.component_ids);
        let mut shared = Reader::new(self.shared_sequence);
        indices(self.component_count).map_while(move |index| {
            let id = component::read_id(&mut ids).ok()?;
            let part = component::read_shared(&mut shared, index).ok()?;
            Some(Component { index, id, size: part.size, digest: part.digest })
        })
    }

    /// How many entries the evidence takes in an envelope that encloses it: its index and its files, or none if there is none.
    #[must_use]
    pub fn evidence_entries(&self) -> usize {
        self.evidence.map_or(0, |(count, _)| usize::from(count).saturating_add(1))
    }

    /// Whether an envelope with this many entries can be a form of this release (F-8).
    #[must_use]
    pub fn allows_entries(&self, entries: usize) -> bool {
        let payloads = [0, self.component_count];
        let evidence = [0, self.evidence_entries()];
        payloads.iter().any(|p| evidence.iter().any(|e| p.saturating_add(*e).saturating_add(2) == entries))
    }
}

/// The common section: components and the shared sequence.
struct Common<'a> {
    count: usize,
    ids: &'a [u8],
    shared: &'a [u8],
    vendor: &'a [u8; 16],
    class: &'a [u8; 16],
    digest_algorithm: DigestAlgorithm,
}

impl<'a> Common<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let mut common = reader.nested()?;
        common.map(2, 2, Fault::UnexpectedKey)?;
        common.key(None, COMPONENTS)?;
        let count = common.array(1, MAX_COMPONENTS, Fault::ComponentCount)?;
        let ids = common.rest();
        let mut previous: &[u8] = &[];
        for _ in 0..count {
            let start = common.offset();
            let id = component::read_id(&mut common)?;
            if id <= previous {
                return Err(Breach::new(Fault::NameOrder, start));
            }
            previous = id;
        }
        common.key(Some(COMPONENTS), SHARED_SEQUENCE)?;
        let mut first: Option<component::Shared> = None;
        let mut total: u64 = 0;
        let shared =
            read_sequence(&mut common, count, component::SHARED_ITEMS, Fault::SharedSequence, |sequence, index| {
                let start = sequence.offset();
                let part = component::read_shared(sequence, index)?;
                total = total.saturating_add(part.size);
                if total > MAX_TOTAL {
                    return Err(Breach::new(Fault::ImageSize, start));
                }
                let first = first.get_or_insert(part);
                let difference = if first.vendor != part.vendor {
                    Fault::VendorDiffers
                } else if first.class != part.class {
                    Fault::ClassDiffers
                } else if first.digest.algorithm() != part.digest.algorithm() {
                    Fault::DigestAlgorithm
                } else {
                    return Ok(());
                };
                Err(Breach::new(difference, start))
            })?;
        let end = common.offset();
        common.end()?;
        // There is at least one component, so there is a first.
        let first = first.ok_or_else(|| Breach::new(Fault::ComponentCount, end))?;
        let digest_algorithm = first.digest.algorithm();
        Ok(Self { count, ids, shared, vendor: first.vendor, class: first.class, digest_algorithm })
    }
}

/// Reads a command sequence of `items` items for each component; returns its encoded commands.
fn read_sequence<'a>(
    reader: &mut Reader<'a>,
    count: usize,
    items: usize,
    fault: Fault,
    mut part: impl FnMut(&mut Reader<'a>, u8) -> Result<()>,
) -> Result<&'a [u8]> {
    let mut sequence = reader.nested()?;
    let total = count.saturating_mul(items);
    sequence.array(total, total, fault)?;
    let commands = sequence.rest();
    for index in indices(count) {
        part(&mut sequence, index)?;
    }
    sequence.end()?;
    Ok(commands)
}

/// Component indices: there are at most 16 components, so an index is one byte in CBOR as well.
fn indices(count: usize) -> impl Iterator<Item = u8> {
    (0..u8::MAX).take(count)
}

fn read_evidence<'a>(reader: &mut Reader<'a>, algorithm: DigestAlgorithm) -> Result<(u8, &'a [u8])> {
    reader.array(2, 2, Fault::UnexpectedType)?;
    let start = reader.offset();
    let count = reader.uint()?;
    let count = u8::try_from(count)
        .ok()
        .filter(|count| usize::from(*count) <= MAX_EVIDENCE)
        .ok_or_else(|| Breach::new(Fault::EvidenceCount, start))?;
    let start = reader.offset();
    let digest = reader.bytes()?;
    if digest.len() == algorithm.size() { Ok((count, digest)) } else { Err(Breach::new(Fault::DigestLength, start)) }
}

// SUIT manifest and common keys (draft-ietf-suit-manifest-37, section 12), and ours.
pub(crate) const VERSION: Key = 1;
pub(crate) const SEQUENCE_NUMBER: Key = 2;
pub(crate) const COMMON: Key = 3;
pub(crate) const VALIDATE: Key = 7;
pub(crate) const INSTALL: Key = 20;
pub(crate) const EXTENSIONS: Key = -257;
pub(crate) const COMPONENTS: Key = 2;
pub(crate) const SHARED_SEQUENCE: Key = 4;
pub(crate) const PROFILE: Key = 1;
pub(crate) const RELEASE_VERSION: Key = 2;
pub(crate) const SECURITY_VERSION: Key = 3;
pub(crate) const MINIMUM_TRUST_EPOCH: Key = 4;
pub(crate) const EVIDENCE: Key = 5;

/// All images together stay below 2^63 bytes, so that no sum of sizes and heads can wrap (F-16).
const MAX_TOTAL: u64 = u64::MAX >> 1;
