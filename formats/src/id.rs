//! Identifiers and numbers, each its own type so that one can not stand where another belongs.

use core::fmt;

use crate::cbor::{Reader, Result};
use crate::error::Fault;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(clippy::exhaustive_structs, reason = "an identifier is its bytes")]
        pub struct $name(pub [u8; $size]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

id! {
    /// The vendor: `UUIDv5(DNS namespace, vendor's domain)`, as SUIT derives it.
    VendorId, 16
}

id! {
    /// The class of devices a release is for: `UUIDv5(vendor id, model name)`, as SUIT derives it.
    ClassId, 16
}

id! {
    /// A trust anchor's name: the SHA-256 of the deterministic CBOR array of its keys' RFC 9679 thumbprints, sorted (F-45).
    AnchorId, 32
}

macro_rules! uuid {
    ($name:ident) => {
        impl $name {
            pub(crate) fn read(reader: &mut Reader<'_>, fault: Fault) -> Result<Self> {
                reader.bytes_array(fault).copied().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for (index, byte) in self.0.iter().enumerate() {
                    if matches!(index, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
        }
    };
}

uuid!(VendorId);
uuid!(ClassId);

impl fmt::Display for AnchorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(clippy::exhaustive_structs, reason = "a number is its value")]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// Orders the releases of one (vendor, class); installation never goes below the confirmed one.
    SequenceNumber, u64
}

number! {
    /// Compared with the device's rollback counter; rises when older code must never run again.
    SecurityVersion, u32
}

number! {
    /// Counts the trust stores a device has had; each trust update raises it by one.
    TrustEpoch, u32
}

/// Text that was seen to be of the profile, which is ASCII.
pub(crate) const fn text(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// A component id or an evidence name: 1 to 32 of `a-z 0-9 . _ -`, beginning with a letter or digit (F-12).
///
/// The alphabet is small on purpose: names become file names, appear in terminals and reports, and must not differ by case or by
/// an invisible character.
#[must_use]
pub fn is_name(name: &[u8]) -> bool {
    let allowed = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let begins_well = name.first().is_some_and(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
    begins_well && name.len() <= crate::limits::MAX_NAME && name.iter().all(allowed)
}
