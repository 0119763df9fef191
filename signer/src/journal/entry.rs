//! What a line of a journal says.

use alloc::collections::BTreeSet;
use core::{fmt, iter};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::{Failure, Result};
use crate::hex::Hex;
use crate::identity::PublicIdentity;

/// One line. Its text is this value as JSON, with the fields in this order and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Line {
    /// Counted from 0.
    pub number: u64,
    /// The SHA-256 of the line before, without its line end, in hexadecimal; zeros in the first.
    pub previous: String,
    /// When it was written, by the clock of the machine that wrote it (RFC 3339, UTC).
    pub time: String,
    /// Which tool wrote it.
    pub tool: String,
    /// What happened.
    pub entry: Entry,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Entry {
    /// The journal was begun.
    Begun {
        /// The name and version of the format.
        schema: String,
        /// Random, so that no two journals share a chain.
        id: String,
    },
    /// Something was sealed.
    #[serde(untagged)]
    Sealed(Act),
}

/// Something that was sealed, by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Act {
    /// A release.
    Release {
        /// Whose release it is.
        vendor_id: String,
        /// For which class of devices.
        class_id: String,
        /// Orders the releases of one vendor and class.
        sequence_number: u64,
        /// For people.
        version: String,
        /// Is compared with rollback counters.
        security_version: u32,
        /// The identity of the release.
        release_id: String,
        /// Who sealed it.
        sealed_by: Vec<Sealer>,
    },
    /// A trust update.
    TrustUpdate {
        /// Whose devices it is for.
        vendor_id: String,
        /// The new store's epoch.
        epoch: u32,
        /// The digest of the replaced store.
        replaces: String,
        /// The identity of the update.
        update_id: String,
        /// Who sealed it.
        sealed_by: Vec<Sealer>,
        /// The replaced store's digests by all algorithms, of which lines name one.
        #[serde(skip)]
        replaces_also: Vec<String>,
    },
}

/// What can belong to one release or trust update only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Claim {
    /// A place in the order of the releases for one vendor and class.
    SequenceNumber {
        /// The vendor's id.
        vendor_id: String,
        /// The class's id.
        class_id: String,
        /// The number.
        number: u64,
    },
    /// The place of a trust store, which has this digest.
    PlaceOf(String),
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SequenceNumber { number, .. } => write!(f, "sequence number {number}"),
            Self::PlaceOf(store) => write!(f, "the place of the trust store {store}"),
        }
    }
}

/// A signing identity that sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sealer {
    /// Its name.
    pub anchor_id: String,
    /// Its keys.
    pub keys: Vec<Key>,
}

/// A key that sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Key {
    /// Its algorithm.
    pub algorithm: String,
    /// Its RFC 9679 thumbprint, in hexadecimal.
    pub thumbprint: String,
}

impl Line {
    pub(super) fn new(number: u64, previous: impl Into<String>, entry: Entry) -> Result<Self> {
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let time =
            now.format(&Rfc3339).map_err(|error| Failure::new("the clock can not be written down").because(error))?;
        let tool = concat!("twinseal ", env!("CARGO_PKG_VERSION")).to_owned();
        Ok(Self { number, previous: previous.into(), time, tool, entry })
    }

    /// The line with its end.
    pub(super) fn to_text(&self) -> Result<String> {
        let text = serde_json::to_string(self)
            .map_err(|error| Failure::new("a line of the journal can not be written").because(error))?;
        Ok(text + "\n")
    }
}

impl Entry {
    pub(super) fn begin() -> Result<Self> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| Failure::new("there are no random numbers").because(error))?;
        Ok(Self::Begun { schema: SCHEMA.to_owned(), id: Hex(&id).to_string() })
    }
}

impl From<Act> for Entry {
    fn from(act: Act) -> Self {
        Self::Sealed(act)
    }
}

impl Act {
    /// What was sealed: the digest that all seals share.
    #[must_use]
    pub fn identity(&self) -> &str {
        match self {
            Self::Release { release_id, .. } => release_id,
            Self::TrustUpdate { update_id, .. } => update_id,
        }
    }

    /// Who sealed.
    #[must_use]
    pub fn sealed_by(&self) -> &[Sealer] {
        match self {
            Self::Release { sealed_by, .. } | Self::TrustUpdate { sealed_by, .. } => sealed_by,
        }
    }

    /// What no other can have besides it.
    pub(super) fn claim(&self) -> Claim {
        match self {
            Self::Release { vendor_id, class_id, sequence_number, .. } => Claim::SequenceNumber {
                vendor_id: vendor_id.clone(),
                class_id: class_id.clone(),
                number: *sequence_number,
            },
            Self::TrustUpdate { replaces, .. } => Claim::PlaceOf(replaces.clone()),
        }
    }

    /// That, by every name under which a line may have it.
    pub(super) fn claims(&self) -> impl Iterator<Item = Claim> {
        let others = match self {
            Self::Release { .. } => &[][..],
            Self::TrustUpdate { replaces_also, .. } => replaces_also,
        };
        iter::once(self.claim()).chain(others.iter().cloned().map(Claim::PlaceOf))
    }

    pub(super) fn sealers(&self) -> BTreeSet<String> {
        self.sealed_by().iter().map(|sealer| sealer.anchor_id.clone()).collect()
    }
}

impl From<&PublicIdentity> for Sealer {
    fn from(identity: &PublicIdentity) -> Self {
        let keys = identity.keys().iter().map(|key| Key {
            algorithm: key.algorithm().name().to_owned(),
            thumbprint: Hex(&twinseal_verifier::thumbprint(&key.as_anchor_key())).to_string(),
        });
        Self { anchor_id: identity.anchor_id().to_string(), keys: keys.collect() }
    }
}

/// The name and version of the format.
pub(super) const SCHEMA: &str = "twinseal.journal/1";
