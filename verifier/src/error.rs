//! What the verifier refuses, and with which number (docs/errors.md).

use core::fmt;

use twinseal_formats::{
    DigestAlgorithm, ErrorCode, ErrorEntry, ParseError, Role, SealAlgorithm, SecurityVersion, SequenceNumber, Stage,
    TrustEpoch,
};

/// Declares a stage's errors once: variant, facts, rule number, name, meaning.
macro_rules! errors {
    (
        $(#[$doc:meta])* $type:ident at $stage:ident, listed in $list:ident;
        $($variant:ident $({ $($field:ident: $kind:ty),+ })? = $rule:literal $name:literal, $meaning:literal;)+
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "the fields are facts, named in the meaning beside them")]
        pub enum $type {
            $(#[doc = $meaning] $variant $({ $($field: $kind),+ })?,)+
        }

        impl $type {
            /// The stable number.
            #[must_use]
            pub const fn code(&self) -> ErrorCode {
                let rule = match self { $(Self::$variant { .. } => $rule,)+ };
                ErrorCode::new(Stage::$stage, rule)
            }

            /// The rule's name: what stands after the dot in an error's name.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}.{}: ", Stage::$stage.name(), self.name())?;
                match self {
                    $(Self::$variant $({ $($field),+ })? => {
                        f.write_str($meaning)?;
                        $($(write!(f, "; {}: {}", stringify!($field), $field)?;)+)?
                    })+
                }
                Ok(())
            }
        }

        impl core::error::Error for $type {}

        impl From<$type> for Error {
            fn from(error: $type) -> Self {
                Self::$stage(error)
            }
        }

        /// Every error of this stage.
        pub const $list: &[ErrorEntry] = &[
            $(ErrorEntry::new(ErrorCode::new(Stage::$stage, $rule), Stage::$stage, $name, $meaning),)+
        ];
    };
}

errors! {
    /// The seals do not satisfy the trust store.
    AuthenticateError at Authenticate, listed in AUTHENTICATE_ERRORS;
    DigestNotAvailable { algorithm: DigestAlgorithm } = 0x01 "digest-not-available", "the digest algorithm is not compiled into this verifier";
    DigestTooWeak { algorithm: DigestAlgorithm, minimum: DigestAlgorithm } = 0x02 "digest-too-weak", "the digest algorithm is weaker than the trust store demands";
    DigestMismatch = 0x03 "digest-mismatch", "the sealed digest is not the digest of what it stands beside";
    ClassicalSealMissing = 0x04 "classical-seal-missing", "an anchor sealed with its post-quantum key only: the classical half is missing";
    PostQuantumSealMissing = 0x05 "post-quantum-seal-missing", "an anchor sealed with its classical key only: the post-quantum half is missing";
    ClassicalSealBad = 0x06 "classical-seal-bad", "the classical half of an anchor's seals is not valid";
    PostQuantumSealBad = 0x07 "post-quantum-seal-bad", "the post-quantum half of an anchor's seals is not valid";
    SealSurplus = 0x08 "seal-surplus", "a seal names a known anchor and an algorithm that the anchor has no key for";
    SealSize { algorithm: SealAlgorithm } = 0x09 "seal-size", "a known anchor's signature is not exactly as long as its algorithm says";
    RequirementNotMet { role: Role, valid: u8, threshold: u8 } = 0x0a "requirement-not-met", "fewer distinct anchors of a role sealed it than the trust store demands";
    Fault = 0x0b "fault", "two looks at the seals do not agree: the processor made a mistake, or was made to";
}

errors! {
    /// The release is authentic, and not for this device, or not now.
    AdmitError at Admit, listed in ADMIT_ERRORS;
    VendorMismatch = 0x01 "vendor-mismatch", "the release is another vendor's";
    ClassMismatch = 0x02 "class-mismatch", "the release is for another class of device";
    ComponentMissing = 0x03 "component-missing", "the release lacks a component that the device has";
    ComponentUnknown = 0x04 "component-unknown", "the release has a component that the device lacks";
    SequenceRollback { offered: SequenceNumber, confirmed: SequenceNumber } = 0x05 "sequence-rollback", "the sequence number is below that of the confirmed release";
    SequenceTaken { offered: SequenceNumber } = 0x06 "sequence-taken", "the sequence number is that of the confirmed release, and the release is another one";
    SecurityRollback { offered: SecurityVersion, counter: SecurityVersion } = 0x07 "security-rollback", "the security version is below the rollback counter";
    CounterExhausted { offered: SecurityVersion, limit: SecurityVersion } = 0x08 "counter-exhausted", "the rollback counter can never reach the security version";
    TrustEpoch { demanded: TrustEpoch, present: TrustEpoch } = 0x09 "trust-epoch", "the release demands a newer trust store than the device has";
    Fault = 0x0a "fault", "two looks at the release do not agree: the processor made a mistake, or was made to";
}

errors! {
    /// An image is not what the admitted manifest says, or could not be read or written.
    ImageError at Image, listed in IMAGE_ERRORS;
    Missing { component: u8 } = 0x01 "missing", "there is no image for a component";
    SizeMismatch { component: u8, expected: u64, found: u64 } = 0x02 "size-mismatch", "an image is not as long as the manifest says";
    TooLarge { component: u8, size: u64, room: u64 } = 0x03 "too-large", "an image does not fit its slot";
    Truncated { component: u8 } = 0x04 "truncated", "the bytes end before the image does";
    DigestMismatch { component: u8 } = 0x05 "digest-mismatch", "an image's digest is not the one in the manifest";
    ReadFault { component: u8 } = 0x06 "read-fault", "the storage could not be read";
    WriteFault { component: u8 } = 0x07 "write-fault", "the slot could not be written";
    InvalidateFault = 0x08 "invalidate-fault", "the slot could not be invalidated";
    NotEnclosed = 0x09 "not-enclosed", "the payloads do not lie in the envelope";
    Fault = 0x0a "fault", "two looks at the road to an update do not agree: the processor made a mistake, or was made to";
}

errors! {
    /// What the device maker configured can not be used. Never a bundle's fault.
    ConfigurationError at Configuration, listed in CONFIGURATION_ERRORS;
    NoReleaseRequirement = 0x01 "no-release-requirement", "the trust store demands no release anchor: anything would pass";
    ThresholdZero { role: Role } = 0x02 "threshold-zero", "a requirement demands zero anchors: anything would pass";
    ThresholdUnreachable { role: Role } = 0x03 "threshold-unreachable", "a requirement demands more anchors than the trust store has of that role";
    RoleWithoutRequirement { role: Role } = 0x04 "role-without-requirement", "the trust store has anchors of a role that nothing demands";
    AlgorithmNotAvailable { algorithm: SealAlgorithm } = 0x05 "algorithm-not-available", "an anchor has a key for an algorithm that is not compiled in";
    SharedKey = 0x06 "shared-key", "two anchors share a key";
    SingleClassAnchor = 0x07 "single-class-anchor", "an anchor has keys of one class only, and the trust store does not say single-class";
    AnchorIdMismatch = 0x08 "anchor-id-mismatch", "an anchor id is not that of the anchor's keys";
    WeakKey { algorithm: SealAlgorithm } = 0x09 "weak-key", "under an anchor's key anybody could make seals";
    DeviceNotServed = 0x0a "device-not-served", "the trust store is for another vendor or other classes than the device's";
    ComponentList = 0x0b "component-list", "the device's component ids are not 1 to 16, unique and ascending";
    NoScratch = 0x0c "no-scratch", "the working memory for reading images is empty";
    DigestNotAvailable { algorithm: DigestAlgorithm } = 0x0d "digest-not-available", "no digest algorithm that the trust store allows is compiled in";
    ConfirmedFrame = 0x0e "confirmed-frame", "the frame handed in beside a trust update is not that of the confirmed release";
}

errors! {
    /// A trust update is not one for the trust store in use, or not for this device, or not now.
    UpdateError at Update, listed in UPDATE_ERRORS;
    NoRootRequirement = 0x01 "no-root-requirement", "the trust store in use names no root anchors: it can never be updated";
    ReplacesAnother = 0x02 "replaces-another", "the trust update replaces another trust store than the one in use";
    EpochStep { offered: TrustEpoch, present: TrustEpoch } = 0x03 "epoch-step", "the new trust store's epoch is not the present one plus 1";
    VendorDiffers = 0x04 "vendor-differs", "the new trust store is for another vendor";
    NoNewRootRequirement = 0x05 "no-new-root-requirement", "the new trust store names no root anchors: it could never be updated again";
    NewRequirementNotMet { valid: u8, threshold: u8 } = 0x06 "new-requirement-not-met", "fewer distinct root anchors of the new trust store sealed the trust update than that store demands";
    StoreReplaced { present: TrustEpoch, counter: TrustEpoch } = 0x07 "store-replaced", "the trust store in use is older than the epoch counter: it was replaced once and came back";
    CounterExhausted { offered: TrustEpoch, limit: TrustEpoch } = 0x08 "counter-exhausted", "the epoch counter can never reach the new trust store's epoch";
    DeviceNotServed = 0x09 "device-not-served", "the new trust store is for other classes than the device's";
    ConfirmedReleaseRefused { reason: ErrorCode } = 0x0a "confirmed-release-refused", "the device's confirmed release does not authenticate under the new trust store: it would not boot again";
    NotWritten = 0x0b "not-written", "what was read back is not the new trust store";
}

/// Why a bundle was refused, whatever the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not what the format says.
    Parse(ParseError),
    /// The seals do not satisfy the trust store.
    Authenticate(AuthenticateError),
    /// The release is not for this device, or not now.
    Admit(AdmitError),
    /// An image is not what the manifest says.
    Image(ImageError),
    /// What the device maker configured can not be used.
    Configuration(ConfigurationError),
    /// A trust update is not for the trust store in use, or not for this device.
    Update(UpdateError),
}

impl Error {
    /// The stable number, the same on device and host.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Parse(error) => error.code(),
            Self::Authenticate(error) => error.code(),
            Self::Admit(error) => error.code(),
            Self::Image(error) => error.code(),
            Self::Configuration(error) => error.code(),
            Self::Update(error) => error.code(),
        }
    }

    /// The stage at which it was refused.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Parse(error) => error.stage,
            Self::Authenticate(_) => Stage::Authenticate,
            Self::Admit(_) => Stage::Admit,
            Self::Image(_) => Stage::Image,
            Self::Configuration(_) => Stage::Configuration,
            Self::Update(_) => Stage::Update,
        }
    }

    /// The rule's name: what stands after the dot in an error's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Parse(error) => error.fault.name(),
            Self::Authenticate(error) => error.name(),
            Self::Admit(error) => error.name(),
            Self::Image(error) => error.name(),
            Self::Configuration(error) => error.name(),
            Self::Update(error) => error.name(),
        }
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Authenticate(error) => error.fmt(f),
            Self::Admit(error) => error.fmt(f),
            Self::Image(error) => error.fmt(f),
            Self::Configuration(error) => error.fmt(f),
            Self::Update(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}
