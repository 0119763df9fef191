//! What the installer refuses, and with which number (docs/errors.md). What the verifier refuses keeps the verifier's number.

use core::fmt;

use twinseal_verifier::formats::{ErrorCode, ErrorEntry, Stage};

/// Declares the stage's errors once: variant, facts, rule number, name, meaning.
macro_rules! errors {
    ($($variant:ident $({ $($field:ident: $kind:ty),+ })? = $rule:literal $name:literal, $meaning:literal;)+) => {
        /// Flash, counters or the state in them do not allow what was asked. Never a bundle's fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "the fields are facts, named in the meaning beside them")]
        pub enum InstallError {
            $(#[doc = $meaning] $variant $({ $($field: $kind),+ })?,)+
        }

        impl InstallError {
            /// The stable number.
            #[must_use]
            pub const fn code(&self) -> ErrorCode {
                let rule = match self { $(Self::$variant { .. } => $rule,)+ };
                ErrorCode::new(Stage::Install, rule)
            }

            /// The rule's name: what stands after the dot in an error's name.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)+ }
            }
        }

        impl fmt::Display for InstallError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}.{}: ", Stage::Install.name(), self.name())?;
                match self {
                    $(Self::$variant $({ $($field),+ })? => {
                        f.write_str($meaning)?;
                        $($(write!(f, "; {}: {}", stringify!($field), $field)?;)+)?
                    })+
                }
                Ok(())
            }
        }

        /// Every error of this stage.
        pub const INSTALL_ERRORS: &[ErrorEntry] = &[
            $(ErrorEntry::new(ErrorCode::new(Stage::Install, $rule), Stage::Install, $name, $meaning),)+
        ];
    };
}

errors! {
    Layout = 0x01 "layout", "the areas of slots, state or trust stores do not lie in the flash as they must";
    StateMissing = 0x02 "state-missing", "there is no state record that can be read: the device was never provisioned, or lost it";
    StateUnreadable = 0x03 "state-unreadable", "the state records could not be read";
    StateWriteFault = 0x04 "state-write-fault", "a state record could not be written, or is not what was written";
    StatePresent = 0x05 "state-present", "the device has a state already: it is provisioned once";
    EnvelopeUnreadable = 0x06 "envelope-unreadable", "a slot's stored envelope could not be read, or there is none";
    EnvelopeTooLarge { size: u32, room: u32 } = 0x07 "envelope-too-large", "the envelope's frame does not fit its area or the memory for it";
    EnvelopeNotStored = 0x08 "envelope-not-stored", "the stored envelope, read back, is not the one that was verified";
    CounterUnreadable = 0x09 "counter-unreadable", "a monotonic counter could not be read";
    CounterWriteFault = 0x0a "counter-write-fault", "a monotonic counter could not be raised, or does not hold what it was raised to";
    NothingBootable = 0x0b "nothing-bootable", "no slot holds a release that may be booted";
    NotConfirmed = 0x0c "not-confirmed", "the running release is not confirmed: nothing is installed beside a release on trial";
    NotOnTrial = 0x0d "not-on-trial", "the running release is not on trial: there is nothing to confirm";
    TrustUnreadable = 0x0e "trust-unreadable", "the stored trust store could not be read, or is not the one that the state names";
    TrustTooLarge { size: u32, room: u32 } = 0x0f "trust-too-large", "the trust store does not fit its area or the memory for it";
    TrustWriteFault = 0x10 "trust-write-fault", "the new trust store could not be written";
    OnTrial = 0x11 "on-trial", "trust does not change while a release is pending or on trial";
    TrustNotKept = 0x12 "trust-not-kept", "this device keeps no trust store in its flash";
    // 0x13 was `ended`, which nothing led to.
    ReleaseDiffers = 0x14 "release-differs", "the slot holds another release than the state says";
}

/// Why the installer did not do what it was asked: by itself, or because the verifier refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Flash, counters or state.
    Install(InstallError),
    /// The bundle, the images or the configuration.
    Verify(twinseal_verifier::Error),
}

impl Error {
    /// The stable number, the same on device and host.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Install(error) => error.code(),
            Self::Verify(error) => error.code(),
        }
    }

    /// The stage at which it was refused.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Install(_) => Stage::Install,
            Self::Verify(error) => error.stage(),
        }
    }

    /// The rule's name: what stands after the dot in an error's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Install(error) => error.name(),
            Self::Verify(error) => error.name(),
        }
    }
}

impl From<InstallError> for Error {
    fn from(error: InstallError) -> Self {
        Self::Install(error)
    }
}

impl<E: Into<twinseal_verifier::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Verify(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Install(error) => error.fmt(f),
            Self::Verify(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InstallError {}
impl core::error::Error for Error {}
