//! Trust stores: what a device trusts, read in place (F-40 to F-45).

use core::fmt;

use crate::algorithm::{AlgorithmClass, DigestAlgorithm, SealAlgorithm};
use crate::cbor::{Key, Reader, Result};
use crate::error::{Breach, Fault, ParseError, Stage};
use crate::id::{self, AnchorId, ClassId, TrustEpoch, VendorId};
use crate::limits::{MAX_ANCHORS, MAX_CLASSES, MAX_STORE};

/// What an anchor's identity may vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Seals trust updates.
    Root,
    /// Seals releases.
    Release,
    /// Countersigns releases: a test house, a customer.
    Assessor,
}

impl Role {
    /// Every role, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Root, Self::Release, Self::Assessor];

    /// The role's number in a trust store.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Root => 1,
            Self::Release => 2,
            Self::Assessor => 3,
        }
    }

    /// The role's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Release => "release",
            Self::Assessor => "assessor",
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let start = reader.offset();
        let number = reader.uint()?;
        Self::ALL
            .into_iter()
            .find(|role| u64::from(role.number()) == number)
            .ok_or_else(|| Breach::new(Fault::Role, start))
    }
}

/// "At least so many distinct anchors of this role."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two facts, fixed by profile 1")]
pub struct Requirement {
    /// The role.
    pub role: Role,
    /// How many distinct anchors. The reader lets 0 through: refusing it is the verifier's, as a configuration error.
    pub threshold: u8,
}

/// One key of an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a verifying key is")]
pub struct AnchorKey<'a> {
    /// What the key is for.
    pub algorithm: SealAlgorithm,
    /// The key: exactly [`SealAlgorithm::key_size`] bytes.
    pub bytes: &'a [u8],
}

/// A trust anchor: the public half of a signing identity, with one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor<'a> {
    id: &'a [u8; 32],
    role: Role,
    label: &'a [u8],
    first: AnchorKey<'a>,
    second: Option<AnchorKey<'a>>,
}

impl<'a> Anchor<'a> {
    /// The anchor id as stored; whether it is that of the keys is for the verifier to compute.
    #[must_use]
    pub const fn id(&self) -> AnchorId {
        AnchorId(*self.id)
    }

    /// The one role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// A name for people: 1 to 32 of `a-z 0-9 . _ -`. It decides nothing.
    #[must_use]
    pub const fn label(&self) -> &'a str {
        id::text(self.label)
    }

    /// The keys, one or two, the classical one first.
    pub fn keys(&self) -> impl Iterator<Item = AnchorKey<'a>> + use<'a> {
        core::iter::once(self.first).chain(self.second)
    }

    /// Whether the identity holds both a classical and a post-quantum key.
    #[must_use]
    pub const fn is_hybrid(&self) -> bool {
        self.second.is_some()
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self> {
        reader.map(4, 4, Fault::UnexpectedKey)?;
        reader.key(None, ANCHOR_ID)?;
        let id = reader.bytes_array(Fault::AnchorId)?;
        reader.key(Some(ANCHOR_ID), ANCHOR_ROLE)?;
        let role = Role::read(reader)?;
        reader.key(Some(ANCHOR_ROLE), ANCHOR_LABEL)?;
        let label = reader.text(Fault::Name, id::is_name)?;
        reader.key(Some(ANCHOR_LABEL), ANCHOR_KEYS)?;
        let start = reader.offset();
        let keys = reader.array(1, 2, Fault::KeyCount)?;
        let first = AnchorKey::read(reader)?;
        let second = if keys == 2 { Some(AnchorKey::read(reader)?) } else { None };
        // With one algorithm class each and the classical one first, two keys are always Ed25519 and an ML-DSA.
        let classes = (first.algorithm.class(), second.map(|key| key.algorithm.class()));
        if !matches!(classes, (_, None) | (AlgorithmClass::Classical, Some(AlgorithmClass::PostQuantum))) {
            return Err(Breach::new(Fault::KeyClasses, start));
        }
        Ok(Self { id, role, label, first, second })
    }
}

impl<'a> AnchorKey<'a> {
    /// What stands before the key's bytes in the COSE_Key that its RFC 9679 thumbprint is taken over: the required parameters only.
    #[must_use]
    pub const fn thumbprint_head(&self) -> &'static [u8] {
        match self.algorithm {
            SealAlgorithm::Ed25519 => &[0xa3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20],
            SealAlgorithm::MlDsa44 => &[0xa3, 0x01, 0x07, 0x03, 0x38, 0x2f, 0x20, 0x59, 0x05, 0x20],
            SealAlgorithm::MlDsa65 => &[0xa3, 0x01, 0x07, 0x03, 0x38, 0x30, 0x20, 0x59, 0x07, 0xa0],
            SealAlgorithm::MlDsa87 => &[0xa3, 0x01, 0x07, 0x03, 0x38, 0x31, 0x20, 0x59, 0x0a, 0x20],
        }
    }

    /// Reads a COSE_Key: OKP for Ed25519 (RFC 9053), AKP for ML-DSA (RFC 9964), with its algorithm.
    fn read(reader: &mut Reader<'a>) -> Result<Self> {
        let start = reader.offset();
        let entries = reader.map(3, 4, Fault::UnexpectedKey)?;
        reader.key(None, KEY_TYPE)?;
        let key_type = reader.uint()?;
        reader.key(Some(KEY_TYPE), KEY_ALG)?;
        let alg_start = reader.offset();
        let algorithm =
            SealAlgorithm::from_cose(reader.int()?).ok_or_else(|| Breach::new(Fault::KeyAlgorithm, alg_start))?;
        match algorithm {
            SealAlgorithm::Ed25519 => {
                if key_type != KEY_TYPE_OKP || entries != 4 {
                    return Err(Breach::new(Fault::KeyType, start));
                }
                reader.key(Some(KEY_ALG), OKP_CURVE)?;
                reader.literal(&[CURVE_ED25519], Fault::KeyType)?;
                reader.key(Some(OKP_CURVE), OKP_X)?;
            }
            _ => {
                if key_type != KEY_TYPE_AKP || entries != 3 {
                    return Err(Breach::new(Fault::KeyType, start));
                }
                reader.key(Some(KEY_ALG), AKP_PUB)?;
            }
        }
        let bytes_start = reader.offset();
        let bytes = reader.bytes()?;
        if bytes.len() != algorithm.key_size() {
            return Err(Breach::new(Fault::KeyLength, bytes_start));
        }
        Ok(Self { algorithm, bytes })
    }
}

/// A trust store of profile 1, as bytes that have the right shape.
///
/// Shape is all: whether it can be used (its requirements can be met, its keys are good) is the verifier's to say.
#[derive(Clone, Copy, Debug)]
pub struct TrustStore<'a> {
    bytes: &'a [u8],
    epoch: TrustEpoch,
    vendor: VendorId,
    classes: (usize, &'a [u8]),
    minimum_digest: DigestAlgorithm,
    requirements: (usize, &'a [u8]),
    anchors: (usize, &'a [u8]),
    single_class: bool,
}

impl<'a> TrustStore<'a> {
    /// Reads a trust store.
    ///
    /// # Errors
    /// Any rule of docs/format.md section 7 that the bytes break.
    #[inline(never)]
    pub fn parse(bytes: &'a [u8]) -> core::result::Result<Self, ParseError> {
        Self::read(bytes).map_err(|breach| breach.in_stage(Stage::Trust))
    }

    fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        if bytes.is_empty() || bytes.len() > MAX_STORE {
            return Err(reader.fault(Fault::StoreLength));
        }
        let entries = reader.map(7, 8, Fault::UnexpectedKey)?;
        reader.key(None, PROFILE)?;
        reader.literal(&[1], Fault::Profile)?;
        reader.key(Some(PROFILE), EPOCH)?;
        let epoch = TrustEpoch(reader.uint32()?);
        reader.key(Some(EPOCH), VENDOR)?;
        let vendor = VendorId::read(&mut reader, Fault::UnexpectedType)?;
        reader.key(Some(VENDOR), CLASSES)?;
        let classes = ascending(&mut reader, MAX_CLASSES, Fault::ClassCount, Fault::ClassOrder, |reader| {
            ClassId::read(reader, Fault::UnexpectedType)
        })?;
        reader.key(Some(CLASSES), MINIMUM_DIGEST)?;
        let start = reader.offset();
        let minimum_digest =
            DigestAlgorithm::from_cose(reader.int()?).ok_or_else(|| Breach::new(Fault::DigestAlgorithm, start))?;
        reader.key(Some(MINIMUM_DIGEST), REQUIREMENTS)?;
        let order = Fault::RequirementOrder;
        let requirements = ascending(&mut reader, Role::ALL.len(), order, order, |reader| {
            Requirement::read(reader).map(|one| one.role)
        })?;
        reader.key(Some(REQUIREMENTS), ANCHORS)?;
        let anchors = ascending(&mut reader, MAX_ANCHORS, Fault::AnchorCount, Fault::AnchorOrder, |reader| {
            Anchor::read(reader).map(|one| one.id)
        })?;
        let single_class = entries == 8;
        if single_class {
            reader.key(Some(ANCHORS), SINGLE_CLASS)?;
            reader.literal(&[0xf5], Fault::UnexpectedType)?;
        }
        reader.end()?;
        Ok(Self { bytes, epoch, vendor, classes, minimum_digest, requirements, anchors, single_class })
    }

    /// The store's bytes: what a trust update's digest names.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many stores came before, counted from provisioning.
    #[must_use]
    pub const fn epoch(&self) -> TrustEpoch {
        self.epoch
    }

    /// The vendor it is for.
    #[must_use]
    pub const fn vendor(&self) -> VendorId {
        self.vendor
    }

    /// The classes it is for: 1 to 16, ascending.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> + use<'a> {
        items(self.classes, |reader| ClassId::read(reader, Fault::UnexpectedType))
    }

    /// The weakest digest a release may use.
    #[must_use]
    pub const fn minimum_digest(&self) -> DigestAlgorithm {
        self.minimum_digest
    }

    /// The requirements, one a role at most.
    pub fn requirements(&self) -> impl Iterator<Item = Requirement> + use<'a> {
        items(self.requirements, Requirement::read)
    }

    /// The anchors, ascending by anchor id.
    pub fn anchors(&self) -> impl Iterator<Item = Anchor<'a>> + use<'a> {
        items(self.anchors, Anchor::read)
    }

    /// Whether the store says of itself that its anchors need not hold keys of both classes.
    #[must_use]
    pub const fn is_single_class(&self) -> bool {
        self.single_class
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Requirement {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.array(2, 2, Fault::UnexpectedType)?;
        let role = Role::read(reader)?;
        let start = reader.offset();
        let threshold = u8::try_from(reader.uint()?).map_err(|_| Breach::new(Fault::OutOfRange, start))?;
        Ok(Self { role, threshold })
    }
}

/// Reads an array of 1 to `most` items whose keys ascend strictly; returns their number and encoding.
fn ascending<'a, K: PartialOrd>(
    reader: &mut Reader<'a>,
    most: usize,
    count: Fault,
    order: Fault,
    mut item: impl FnMut(&mut Reader<'a>) -> Result<K>,
) -> Result<(usize, &'a [u8])> {
    let count = reader.array(1, most, count)?;
    let encoded = reader.rest();
    let mut previous: Option<K> = None;
    for _ in 0..count {
        let start = reader.offset();
        let key = item(reader)?;
        if previous.is_some_and(|previous| previous >= key) {
            return Err(Breach::new(order, start));
        }
        previous = Some(key);
    }
    Ok((count, encoded))
}

/// Reads the items of an array again that has been read before.
fn items<'a, T>(
    (count, encoded): (usize, &'a [u8]),
    mut item: impl FnMut(&mut Reader<'a>) -> Result<T>,
) -> impl Iterator<Item = T> {
    let mut reader = Reader::new(encoded);
    (0..count).map_while(move |_| item(&mut reader).ok())
}

// Keys of a trust store and of an anchor (F-40, F-44).
pub(crate) const PROFILE: Key = 1;
pub(crate) const EPOCH: Key = 2;
pub(crate) const VENDOR: Key = 3;
pub(crate) const CLASSES: Key = 4;
pub(crate) const MINIMUM_DIGEST: Key = 5;
pub(crate) const REQUIREMENTS: Key = 6;
pub(crate) const ANCHORS: Key = 7;
pub(crate) const SINGLE_CLASS: Key = 8;
pub(crate) const ANCHOR_ID: Key = 1;
pub(crate) const ANCHOR_ROLE: Key = 2;
pub(crate) const ANCHOR_LABEL: Key = 3;
pub(crate) const ANCHOR_KEYS: Key = 4;

// COSE_Key (RFC 9052 section 7, RFC 9053 section 7, RFC 9964 section 3).
const KEY_TYPE: Key = 1;
const KEY_ALG: Key = 3;
const KEY_TYPE_OKP: u64 = 1;
const KEY_TYPE_AKP: u64 = 7;
const OKP_CURVE: Key = -1;
const OKP_X: Key = -2;
const CURVE_ED25519: u8 = 6;
const AKP_PUB: Key = -1;
