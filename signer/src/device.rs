//! Device files: what a device knows of itself, written down for a host to decide as that device would (TOML).

use std::path::Path;

use serde::Deserialize;
use twinseal_formats::{ClassId, Digest, DigestAlgorithm, SecurityVersion, SequenceNumber, VendorId};
use twinseal_verifier::{ConfirmedRelease, Device};

use crate::error::{Failure, Result, name};
use crate::hex::unhex;
use crate::ids;
use crate::release::toml_file;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    vendor: String,
    model: String,
    components: Vec<String>,
    rollback_counter: u32,
    rollback_counter_limit: Option<u32>,
    confirmed: Option<Confirmed>,
}

/// The confirmed release, as files say it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Confirmed {
    sequence_number: u64,
    release_id: String,
}

/// A device's facts, owned.
#[derive(Clone, Debug)]
pub struct DeviceFile {
    vendor: VendorId,
    class: ClassId,
    components: Vec<String>,
    confirmed: Option<ConfirmedRelease>,
    counter: SecurityVersion,
    counter_limit: SecurityVersion,
}

impl DeviceFile {
    /// Reads a device file.
    ///
    /// # Errors
    ///
    /// It can't be read or is not such a file, or the release id in it is none.
    pub fn load(path: &Path) -> Result<Self> {
        let file: File = toml_file(path, "`twinseal verify --help` shows a device file")?;
        let vendor = ids::vendor_id(&file.vendor)?;
        let class = ids::class_id(vendor, &file.model)?;
        let counter = (file.rollback_counter, file.rollback_counter_limit);
        Self::new((vendor, class), file.components, file.confirmed.as_ref(), counter)
            .map_err(|error| Failure::new(format!("{}: {error}", name(path))).remedy(RELEASE_ID_FORM))
    }

    /// Puts a device together. `counter` is what the rollback counter holds, and the highest value it can hold.
    ///
    /// # Errors
    ///
    /// The confirmed release id is none: what is wrong, without the file.
    pub(crate) fn new(
        (vendor, class): (VendorId, ClassId),
        mut components: Vec<String>,
        confirmed: Option<&Confirmed>,
        (counter, limit): (u32, Option<u32>),
    ) -> core::result::Result<Self, String> {
        components.sort_unstable();
        let confirmed = match confirmed {
            None => None,
            Some(Confirmed { sequence_number, release_id }) => Some(ConfirmedRelease {
                sequence_number: SequenceNumber(*sequence_number),
                release_id: parse_release_id(release_id)
                    .ok_or_else(|| format!("release-id = {release_id:?} is none"))?,
            }),
        };
        Ok(Self {
            vendor,
            class,
            components,
            confirmed,
            counter: SecurityVersion(counter),
            counter_limit: SecurityVersion(limit.unwrap_or(u32::MAX)),
        })
    }

    /// Calls `with` with the facts as the verifier takes them.
    pub fn with<T>(&self, with: impl FnOnce(&Device<'_>) -> T) -> T {
        let components: Vec<&str> = self.components.iter().map(String::as_str).collect();
        with(&Device {
            vendor: self.vendor,
            class: self.class,
            components: &components,
            confirmed: self.confirmed,
            counter: self.counter,
            counter_limit: self.counter_limit,
        })
    }
}

/// Reads a release id as reports show it: `sha-384:<hex>`.
#[must_use]
pub fn parse_release_id(text: &str) -> Option<Digest> {
    let (algorithm, value) = text.split_once(':')?;
    Digest::new(DigestAlgorithm::from_name(algorithm)?, &unhex(value)?)
}

/// What to do about a release id that is none.
pub(crate) const RELEASE_ID_FORM: &str = "write it as `twinseal inspect` shows it: sha-384:<hex>";
