//! Release files: what a vendor says is to be sealed (TOML).

use core::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use twinseal_formats::{DigestAlgorithm, SecurityVersion, SequenceNumber, TrustEpoch};

use crate::error::{Failure, Result, name};
use crate::evidence::Role;
use crate::image::ImageFormat;
use crate::input;

/// A release file as it is written. A field it does not know is an error: a misspelt one must not be lost.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    release: Release,
    component: Vec<ComponentTable>,
    #[serde(default)]
    evidence: Vec<EvidenceTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Release {
    vendor: String,
    model: String,
    version: String,
    sequence_number: u64,
    security_version: u32,
    #[serde(default)]
    minimum_trust_epoch: u32,
    digest: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ComponentTable {
    id: String,
    path: PathBuf,
    #[serde(default = "raw")]
    format: String,
    window: Option<Window>,
}

/// `[from, to]`. Read as an array of any length first: serde takes the first two of three for a pair.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Vec<u64>")]
struct Window(Range<u64>);

impl TryFrom<Vec<u64>> for Window {
    type Error = &'static str;

    fn try_from(addresses: Vec<u64>) -> core::result::Result<Self, Self::Error> {
        match addresses.as_slice() {
            [from, to] => Ok(Self(*from..*to)),
            _ => Err("a window is two addresses, the first and the one behind the last, as in [0x0, 0x40000]"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct EvidenceTable {
    name: String,
    path: PathBuf,
    media_type: String,
    kind: Option<String>,
}

/// What is to be sealed. Components and evidence are in the order of the bundle, whatever their order in the file.
#[derive(Clone, Debug)]
pub struct ReleaseFile {
    /// The vendor's domain.
    pub vendor: String,
    /// The model name.
    pub model: String,
    /// The release version.
    pub version: String,
    /// The sequence number.
    pub sequence_number: SequenceNumber,
    /// The security version.
    pub security_version: SecurityVersion,
    /// The oldest trust store that may install it.
    pub minimum_trust_epoch: TrustEpoch,
    /// The digest algorithm, if the file names one.
    pub digest: Option<DigestAlgorithm>,
    /// The components, ascending by id.
    pub components: Vec<ComponentFile>,
    /// The evidence files, ascending by name.
    pub evidence: Vec<EvidenceFile>,
}

/// A component to be sealed.
#[derive(Clone, Debug)]
pub struct ComponentFile {
    /// Its id.
    pub id: String,
    /// Where its file is.
    pub path: PathBuf,
    /// How the file is written.
    pub format: ImageFormat,
    /// The addresses to take out of it.
    pub window: Option<Range<u64>>,
}

/// An evidence file to be carried.
#[derive(Clone, Debug)]
pub struct EvidenceFile {
    /// Its name in the bundle.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its media type.
    pub media_type: String,
    /// What it must be able to serve as, if the file says so.
    pub role: Option<Role>,
}

impl ReleaseFile {
    /// Reads a release file; paths in it are relative to its directory.
    ///
    /// # Errors
    ///
    /// It can't be read, is not such a file, or names a format or digest that does not exist. What the bundle format allows is asked
    /// when the manifest is written.
    pub fn load(path: &Path) -> Result<Self> {
        let file: File = toml_file(path, "`twinseal sign --help` shows a release file")?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let wrong = |what: String| Failure::new(format!("{}: {what}", name(path)));
        let digest = match &file.release.digest {
            None => None,
            Some(named) => Some(DigestAlgorithm::from_name(named).ok_or_else(|| {
                wrong(format!("digest = {named:?} is no digest algorithm")).remedy("use sha-256, sha-384 or sha-512")
            })?),
        };
        let mut components = Vec::new();
        for table in file.component {
            let format = ImageFormat::from_name(&table.format).ok_or_else(|| {
                wrong(format!("component {:?}: format = {:?} is none", table.id, table.format))
                    .remedy("use raw, ihex or elf")
            })?;
            let window = table.window.map(|Window(addresses)| addresses);
            components.push(ComponentFile { id: table.id, path: directory.join(table.path), format, window });
        }
        components.sort_by(|a, b| a.id.cmp(&b.id));
        let mut evidence = Vec::new();
        for table in file.evidence {
            let role = match &table.kind {
                None => None,
                Some(kind) => Some(Role::from_name(kind).ok_or_else(|| {
                    wrong(format!("evidence {:?}: kind = {kind:?} is none", table.name))
                        .remedy(format!("use {}", Role::ALL.map(Role::name).join(", ")))
                })?),
            };
            let path = directory.join(table.path);
            evidence.push(EvidenceFile { name: table.name, path, media_type: table.media_type, role });
        }
        evidence.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            vendor: file.release.vendor,
            model: file.release.model,
            version: file.release.version,
            sequence_number: SequenceNumber(file.release.sequence_number),
            security_version: SecurityVersion(file.release.security_version),
            minimum_trust_epoch: TrustEpoch(file.release.minimum_trust_epoch),
            digest,
            components,
            evidence,
        })
    }
}

/// Reads a TOML file into its type.
///
/// # Errors
///
/// It can't be read or is not such a file; the message has the line, and the advice is `example`, which says where such a file is shown.
pub(crate) fn toml_file<T: serde::de::DeserializeOwned>(path: &Path, example: &str) -> Result<T> {
    toml_file_within(path, LONGEST, example)
}

/// As [`toml_file`], of at most `longest` bytes.
pub(crate) fn toml_file_within<T: serde::de::DeserializeOwned>(path: &Path, longest: u64, example: &str) -> Result<T> {
    let bytes = input::read(path, longest).map_err(|failure| failure.remedy(example))?;
    let text = String::from_utf8(bytes)
        .map_err(|error| Failure::new(format!("{}: is not UTF-8", name(path))).because(error).remedy(example))?;
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count());
        let place = line.map(|line| format!(", line {}", line.saturating_add(1))).unwrap_or_default();
        Failure::new(format!("{}{place}: {}", name(path), error.message())).remedy(example)
    })
}

fn raw() -> String {
    ImageFormat::Raw.name().to_owned()
}

/// Far above what sixteen components and thirty-two evidence files need.
const LONGEST: u64 = 1 << 20;
