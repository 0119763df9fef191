//! Errors are values with stable numbers: a stage in the high byte, a rule in the low byte (docs/errors.md).

use core::fmt;
use core::num::{NonZeroU16, NonZeroU32};

/// Where on the road from bytes to an activated image something was refused.
///
/// A stage says which bytes were looked at, or what they were held against; docs/procedure.md gives the order of the steps. A
/// configuration is the device maker's, and evidence is read by hosts only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The envelope's framing: everything up to and including the manifest's byte string, and the payloads' heads.
    Frame = 1,
    /// The manifest's own bytes, read only after they are authentic.
    Manifest = 2,
    /// The bytes of a trust store or a trust update.
    Trust = 3,
    /// The seals, against the trust store.
    Authenticate = 4,
    /// An authentic manifest, against this device.
    Admit = 5,
    /// The images, against an admitted manifest.
    Image = 6,
    /// What the device maker configured: never a bundle's fault.
    Configuration = 7,
    /// The evidence behind the payloads: read by hosts, never by a device.
    Evidence = 8,
    /// A trust update, against the trust store in use and this device.
    Update = 9,
    /// What lies in a device's flash and counters: installing, trying, confirming, reverting.
    Install = 10,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 10] = [
        Self::Frame,
        Self::Manifest,
        Self::Trust,
        Self::Authenticate,
        Self::Admit,
        Self::Image,
        Self::Configuration,
        Self::Evidence,
        Self::Update,
        Self::Install,
    ];

    /// The stage's number: the high byte of its error codes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Frame => 1,
            Self::Manifest => 2,
            Self::Trust => 3,
            Self::Authenticate => 4,
            Self::Admit => 5,
            Self::Image => 6,
            Self::Configuration => 7,
            Self::Evidence => 8,
            Self::Update => 9,
            Self::Install => 10,
        }
    }

    /// The stage's name: what stands before the dot in an error's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Manifest => "manifest",
            Self::Trust => "trust",
            Self::Authenticate => "authenticate",
            Self::Admit => "admit",
            Self::Image => "image",
            Self::Configuration => "configuration",
            Self::Evidence => "evidence",
            Self::Update => "update",
            Self::Install => "install",
        }
    }
}

/// The stable number of an error: `stage << 8 | rule`. A number is never given to another rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(NonZeroU16);

impl ErrorCode {
    /// The code of a rule within a stage.
    #[must_use]
    pub const fn new(stage: Stage, rule: u8) -> Self {
        let number = u16::from_be_bytes([stage.number(), rule]);
        match NonZeroU16::new(number) {
            Some(number) => Self(number),
            // A stage's number is never zero, so neither is the whole.
            None => Self(NonZeroU16::MIN),
        }
    }

    /// The number itself, as a device puts it into a register.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04x}", self.number())
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04x}", self.number())
    }
}

/// One row of docs/errors.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorEntry {
    /// The number.
    pub code: ErrorCode,
    /// The stage, the part of the name before the dot.
    pub stage: Stage,
    /// The rule, the part of the name after the dot.
    pub rule: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

impl ErrorEntry {
    /// A row; for the tables of the crates that have errors of their own.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(code: ErrorCode, stage: Stage, rule: &'static str, meaning: &'static str) -> Self {
        Self { code, stage, rule, meaning }
    }
}

/// Bytes that are not what the format says, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// Which bytes were being read.
    pub stage: Stage,
    /// Which rule they break.
    pub fault: Fault,
    /// Where, counted in bytes from the start of the object that was being read (envelope, manifest, store ...).
    pub offset: u32,
}

impl ParseError {
    /// An error at an offset of the object that is being read.
    #[must_use]
    pub const fn new(stage: Stage, fault: Fault, offset: u32) -> Self {
        Self { stage, fault, offset }
    }

    /// The stable number.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::new(self.stage, self.fault.rule())
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} at byte {}: {}", self.stage.name(), self.fault.name(), self.offset, self.fault.meaning())
    }
}

impl core::error::Error for ParseError {}

/// A broken rule and where, in one word: what reading functions hand on to each other; the stage joins it at the end. That word, instead of a
/// [`ParseError`], is what makes reading small in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Breach(NonZeroU32);

impl Breach {
    /// An offset of 2^24 - 1 or more is kept as that.
    #[inline(never)]
    pub(crate) fn new(fault: Fault, offset: usize) -> Self {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX).min(MOST_OFFSET);
        // The lowest bit says nothing, and is why the word is never zero.
        Self(NonZeroU32::MIN | (u32::from(fault.rule()) << RULE_AT) | (offset << OFFSET_AT))
    }

    /// The same as an error of that stage.
    #[inline(never)]
    pub(crate) fn in_stage(self, stage: Stage) -> ParseError {
        let word = self.0.get();
        ParseError::new(stage, Fault::of_rule(word >> RULE_AT), (word >> OFFSET_AT) & MOST_OFFSET)
    }
}

const OFFSET_AT: u32 = 1;
const RULE_AT: u32 = 25;
const MOST_OFFSET: u32 = 0xFF_FFFF;

/// Declares [`Fault`] once: variant, rule number, stages it can occur in, name, meaning.
macro_rules! faults {
    ($($variant:ident = $rule:literal in [$($stage:ident),+] $name:literal, $meaning:literal;)+) => {
        /// The rules of docs/format.md that bytes can break. The number of a rule is the same in every stage it occurs in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $(#[doc = $meaning] $variant = $rule,)+
        }

        impl Fault {
            /// The rule's number: the low byte of the error code.
            #[must_use]
            pub const fn rule(self) -> u8 {
                match self { $(Self::$variant => $rule,)+ }
            }

            /// The fault with that rule. Each has another and all are below 128, so it is none but the one that was asked for its rule.
            const fn of_rule(rule: u32) -> Self {
                match rule { $($rule => Self::$variant,)+ _ => Self::Truncated }
            }

            /// The rule's name: what stands after the dot in an error's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }

        /// Every error this crate can report.
        pub const PARSE_ERRORS: &[ErrorEntry] = &[
            $($(ErrorEntry::new(ErrorCode::new(Stage::$stage, $rule), Stage::$stage, $name, $meaning),)+)+
        ];
    };
}

faults! {
    Truncated = 0x01 in [Frame, Manifest, Trust, Evidence] "truncated", "the bytes end inside an item";
    NotShortest = 0x02 in [Frame, Manifest, Trust, Evidence] "not-shortest", "an integer or a length is not in its shortest encoding";
    NotDefinite = 0x03 in [Frame, Manifest, Trust, Evidence] "not-definite", "an indefinite length, or a reserved initial byte";
    UnexpectedType = 0x04 in [Frame, Manifest, Trust, Evidence] "unexpected-type", "an item is of another CBOR type, or an array of another size, than the format says";
    KeyOrder = 0x05 in [Frame, Manifest, Trust] "key-order", "a map key occurs twice or stands out of order";
    UnexpectedKey = 0x06 in [Frame, Manifest, Trust] "unexpected-key", "a map has a key that the profile does not know, or lacks one that it demands";
    TrailingBytes = 0x07 in [Frame, Manifest, Trust, Evidence] "trailing-bytes", "bytes follow after the end of an item that should be the last";
    OutOfRange = 0x08 in [Frame, Manifest, Trust] "out-of-range", "a number is beyond the range of its field";
    Name = 0x09 in [Manifest, Trust, Evidence] "name", "a name is empty, too long, or holds a character outside a-z 0-9 . _ - (or does not begin with a letter or digit)";
    NameOrder = 0x0a in [Manifest, Evidence] "name-order", "names (component ids, evidence names) are not unique and in ascending order";
    DigestAlgorithm = 0x0b in [Frame, Manifest, Trust] "digest-algorithm", "a digest algorithm is not one of profile 1, or images and manifest use different ones";
    DigestLength = 0x0c in [Frame, Manifest, Trust, Evidence] "digest-length", "a digest is not exactly as long as its algorithm says";
    Profile = 0x0d in [Manifest, Trust, Evidence] "profile", "the profile number is not 1";
    NotAnEnvelope = 0x10 in [Frame] "not-an-envelope", "the bytes do not begin with the SUIT envelope tag (107)";
    EntryCount = 0x11 in [Frame] "entry-count", "the envelope's number of entries is not possible in profile 1";
    SealCount = 0x12 in [Frame, Trust] "seal-count", "there are no seals, or more than 16";
    SealTag = 0x13 in [Frame, Trust] "seal-tag", "a seal is not a tagged COSE_Sign1";
    SealHeader = 0x14 in [Frame, Trust] "seal-header", "a seal's headers are not exactly: protected alg, kid and typ, unprotected nothing";
    SealType = 0x15 in [Frame, Trust] "seal-type", "a seal was made for another type of object";
    SealPayload = 0x16 in [Frame, Trust] "seal-payload", "a seal carries a payload of its own";
    SealLength = 0x17 in [Frame, Trust] "seal-length", "a seal's signature is empty or longer than 8192 bytes, or the seals together are longer than 133120";
    SealOrder = 0x18 in [Frame, Trust] "seal-order", "seals are not unique and in ascending order of anchor id and algorithm";
    ManifestLength = 0x19 in [Frame] "manifest-length", "the manifest is empty or longer than 8192 bytes";
    Form = 0x1a in [Frame] "form", "the envelope's number of entries fits none of the release's forms";
    PayloadName = 0x1b in [Frame] "payload-name", "a payload does not stand under the name that its component has";
    PayloadSize = 0x1c in [Frame] "payload-size", "a payload's byte string is not as long as the manifest says";
    Version = 0x30 in [Manifest] "version", "the SUIT manifest version is not 1";
    ComponentCount = 0x31 in [Manifest] "component-count", "there are no components, or more than 16";
    SharedSequence = 0x32 in [Manifest] "shared-sequence", "the shared sequence is not the one that the profile fixes";
    VendorDiffers = 0x33 in [Manifest] "vendor-differs", "the components name different vendors";
    ClassDiffers = 0x34 in [Manifest] "class-differs", "the components name different classes";
    ImageSize = 0x35 in [Manifest] "image-size", "an image is empty, or all images together are 2^63 bytes or more";
    ValidateSequence = 0x36 in [Manifest] "validate-sequence", "the validate sequence is not the one that the profile fixes";
    InstallSequence = 0x37 in [Manifest] "install-sequence", "the install sequence is not the one that the profile fixes";
    ReleaseVersion = 0x38 in [Manifest] "release-version", "the release version is not SemVer 2.0.0 of at most 64 bytes";
    EvidenceCount = 0x39 in [Manifest, Evidence] "evidence-count", "there are more than 32 evidence files, or none and no source either, or not as many as the manifest says";
    ClassCount = 0x50 in [Trust] "class-count", "a trust store is for no class, or for more than 16";
    ClassOrder = 0x51 in [Trust] "class-order", "class ids are not unique and in ascending order";
    RequirementOrder = 0x52 in [Trust] "requirement-order", "requirements are missing, or not unique and in ascending order of role";
    Role = 0x53 in [Trust] "role", "a role is not root, release or assessor";
    AnchorCount = 0x54 in [Trust] "anchor-count", "a trust store holds no anchor, or more than 16";
    AnchorOrder = 0x55 in [Trust] "anchor-order", "anchors are not unique and in ascending order of anchor id";
    AnchorId = 0x56 in [Trust] "anchor-id", "an anchor id is not 32 bytes";
    KeyCount = 0x57 in [Trust] "key-count", "an anchor has no key, or more than two";
    KeyType = 0x58 in [Trust] "key-type", "a key is not of the type or the parameters that its algorithm has in COSE";
    KeyAlgorithm = 0x59 in [Trust] "key-algorithm", "a key is for an algorithm that profile 1 does not know";
    KeyLength = 0x5a in [Trust] "key-length", "a key is not exactly as long as its algorithm says";
    KeyClasses = 0x5b in [Trust] "key-classes", "an anchor has two keys of one class, or the post-quantum key first";
    StoreLength = 0x5c in [Trust] "store-length", "a trust store is empty or longer than 65535 bytes";
    MediaType = 0x70 in [Evidence] "media-type", "a media type is not of the form type/subtype in lower case";
    SourceOrder = 0x71 in [Evidence] "source-order", "sources are not unique and in ascending order of component, or name a component that is not there";
    EntryName = 0x72 in [Evidence] "entry-name", "an evidence file does not stand under the name that its place in the index gives it";
    EntrySize = 0x73 in [Evidence] "entry-size", "an evidence file is not as long as the index says, or the index is longer than 16384 bytes";
    IndexDigest = 0x74 in [Evidence] "index-digest", "the evidence index is not the one in the manifest";
    FileDigest = 0x75 in [Evidence] "file-digest", "an evidence file is not the one in the index";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breach_says_which_rule_and_where() {
        let most = usize::try_from(MOST_OFFSET).unwrap();
        let offsets = [0, 1, 0x55_5555, most - 1, most, most + 1, usize::MAX];
        for ErrorEntry { code, stage, .. } in PARSE_ERRORS {
            let fault = Fault::of_rule((code.number() & 0xff).into());
            for offset in offsets {
                let error = Breach::new(fault, offset).in_stage(*stage);
                assert_eq!((error.code(), usize::try_from(error.offset).unwrap()), (*code, offset.min(most)));
            }
        }
    }
}
