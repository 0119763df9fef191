//! Evidence: the documents that a release brings for people who examine it, read into the facts that an examination needs.
//!
//! docs/evidence.md says what is read out of each kind. Every document is untrusted here, also behind valid seals: a seal says who
//! vouches for its bytes, not that they are sane. So nothing is read that is too large, nested too deeply, or has two readings; what
//! a field says is text to be shown with [`Shown`](crate::text::Shown), never to be acted upon.

pub mod bom;
pub mod builder_key;
mod carried;
pub mod csaf;
mod cyclonedx;
pub mod date;
pub mod digests;
mod error;
mod finding;
mod json;
mod openvex;
pub mod provenance;
pub mod release_statement;
mod spdx;
pub mod vex;

pub use bom::Bom;
pub use builder_key::BuilderKey;
pub use carried::{Artifact, Bound, Carried, algorithms, artifacts, bound, carried};
pub use csaf::Csaf;
pub use date::{Date, Day, Moment};
pub use digests::{Comparison, Digests};
pub use error::{EvidenceError, Fault};
pub use finding::{Finding, Findings, Subject, findings};
pub use provenance::Provenance;
pub use release_statement::ReleaseStatement;
pub use vex::Vex;

use twinseal_formats::{Digest, DigestAlgorithm};

use json::Wrong;

/// The kinds of documents that are read, by media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// CycloneDX 1.6 or 1.7.
    CycloneDx,
    /// SPDX 3.0.
    Spdx,
    /// OpenVEX 0.2.
    OpenVex,
    /// CSAF 2.0.
    Csaf,
    /// SLSA provenance v1 in a DSSE envelope.
    Provenance,
    /// A release statement.
    ReleaseStatement,
    /// Release notes.
    Notes,
    /// Anything else: carried by digest, not read.
    Other,
}

impl Kind {
    /// Every kind that is read.
    pub const READ: [Self; 7] =
        [Self::CycloneDx, Self::Spdx, Self::OpenVex, Self::Csaf, Self::Provenance, Self::ReleaseStatement, Self::Notes];

    /// The media types of the kind, the preferred one first.
    #[must_use]
    pub const fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::CycloneDx => &["application/vnd.cyclonedx+json"],
            Self::Spdx => &["application/spdx+json"],
            Self::OpenVex => &["application/vnd.openvex+json", "application/openvex+json"],
            Self::Csaf => &["application/csaf+json"],
            Self::Provenance => &["application/vnd.in-toto.provenance+dsse", "application/vnd.dsse.envelope.v1+json"],
            Self::ReleaseStatement => &["application/vnd.twinseal.release-statement+json"],
            Self::Notes => &["text/markdown", "text/plain"],
            Self::Other => &[],
        }
    }

    /// The kind of a media type. What the bytes look like is never asked.
    #[must_use]
    pub fn of(media_type: &str) -> Self {
        Self::READ.into_iter().find(|kind| kind.media_types().contains(&media_type)).unwrap_or(Self::Other)
    }

    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::CycloneDx => "CycloneDX document",
            Self::Spdx => "SPDX document",
            Self::OpenVex => "OpenVEX document",
            Self::Csaf => "CSAF document",
            Self::Provenance => "provenance in a DSSE envelope",
            Self::ReleaseStatement => "release statement",
            Self::Notes => "text",
            Self::Other => "known kind of evidence",
        }
    }
}

/// What an evidence file can serve as. One file may serve as several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A bill of materials of software.
    Sbom,
    /// A bill of materials of cryptography.
    Cbom,
    /// How the release stands to vulnerabilities.
    Vex,
    /// A security advisory.
    Advisory,
    /// Where the images come from.
    Provenance,
    /// What the vendor declares.
    ReleaseStatement,
    /// Release notes.
    Notes,
    /// None that is known here.
    Other,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Sbom,
        Self::Cbom,
        Self::Vex,
        Self::Advisory,
        Self::Provenance,
        Self::ReleaseStatement,
        Self::Notes,
        Self::Other,
    ];

    /// Its name in release files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sbom => "sbom",
            Self::Cbom => "cbom",
            Self::Vex => "vex",
            Self::Advisory => "advisory",
            Self::Provenance => "provenance",
            Self::ReleaseStatement => "release-statement",
            Self::Notes => "notes",
            Self::Other => "other",
        }
    }

    /// The role of that [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A document that is what its media type says.
#[derive(Clone, Debug)]
pub enum Document {
    /// CycloneDX or SPDX.
    Bom(Box<Bom>),
    /// OpenVEX.
    Vex(Box<Vex>),
    /// CSAF.
    Csaf(Box<Csaf>),
    /// Provenance.
    Provenance(Box<Provenance>),
    /// A release statement.
    ReleaseStatement(Box<ReleaseStatement>),
    /// Text.
    Notes(String),
    /// Bytes of some other media type.
    Other,
}

impl Document {
    /// What it can serve as; at least one.
    #[must_use]
    pub fn roles(&self) -> Vec<Role> {
        match self {
            Self::Bom(bom) => {
                let mut roles = Vec::new();
                if !bom.components.is_empty() || (bom.crypto.is_empty() && bom.vulnerabilities.is_empty()) {
                    roles.push(Role::Sbom);
                }
                if !bom.crypto.is_empty() {
                    roles.push(Role::Cbom);
                }
                if bom.vulnerabilities.iter().any(|statement| statement.status.is_some()) {
                    roles.push(Role::Vex);
                }
                if roles.is_empty() {
                    roles.push(Role::Other);
                }
                roles
            }
            Self::Vex(_) => vec![Role::Vex],
            Self::Csaf(csaf) if csaf.is_vex() => vec![Role::Vex],
            Self::Csaf(_) => vec![Role::Advisory],
            Self::Provenance(_) => vec![Role::Provenance],
            Self::ReleaseStatement(_) => vec![Role::ReleaseStatement],
            Self::Notes(_) => vec![Role::Notes],
            Self::Other => vec![Role::Other],
        }
    }

    /// The digest algorithms by which it names bytes that could be those of an image.
    #[must_use]
    pub fn algorithms(&self) -> Vec<DigestAlgorithm> {
        let mut found = Vec::new();
        let mut add = |digests: &Digests| found.extend(digests.known().iter().map(Digest::algorithm));
        match self {
            Self::Bom(bom) => bom.all().for_each(|component| add(&component.digests)),
            Self::Provenance(provenance) => provenance.subjects.iter().for_each(|subject| add(&subject.digests)),
            Self::Csaf(csaf) => csaf.products.iter().for_each(|product| add(&product.digests)),
            Self::Vex(vex) => {
                vex.statements.iter().flat_map(|of| &of.products).for_each(|product| add(&product.digests))
            }
            Self::ReleaseStatement(_) | Self::Notes(_) | Self::Other => {}
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What it says of vulnerabilities.
    #[must_use]
    pub fn statements(&self) -> Vec<vex::Statement> {
        match self {
            Self::Bom(bom) => bom.vulnerabilities.clone(),
            Self::Vex(vex) => vex.statements.clone(),
            Self::Csaf(csaf) => csaf.statements(),
            _ => Vec::new(),
        }
    }
}

/// Reads the documents of one release, within one bound for all of them.
#[derive(Debug)]
pub struct Reader {
    bytes: u64,
    values: usize,
    deceptive: Option<String>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { bytes: MAX_ALL, values: MAX_VALUES, deceptive: None }
    }
}

impl Reader {
    /// Whether a file of this size would be read, to be asked before it is read into memory.
    ///
    /// # Errors
    ///
    /// It is too long, by itself or with those before it.
    pub fn admits(&self, kind: Kind, size: u64) -> Result<(), EvidenceError> {
        let limit = MAX_DOCUMENT.min(self.bytes);
        if size > limit {
            return Err(EvidenceError { kind, fault: Fault::TooLong { size, limit }, place: String::new() });
        }
        Ok(())
    }

    /// Reads one document.
    ///
    /// # Errors
    ///
    /// It is not what its kind says, or too large.
    pub fn read(&mut self, kind: Kind, bytes: &[u8]) -> Result<Document, EvidenceError> {
        self.deceptive = None;
        if kind == Kind::Other {
            return Ok(Document::Other);
        }
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.admits(kind, size)?;
        self.bytes = self.bytes.saturating_sub(size);
        self.document(kind, bytes).map_err(|Wrong { fault, place }| EvidenceError { kind, fault, place })
    }

    /// The beginning of a text in the document that was read last that could deceive whoever sees it: control characters, changes of
    /// direction, characters without a width. `None` if there is none.
    #[must_use]
    pub fn deceptive(&self) -> Option<&str> {
        self.deceptive.as_deref()
    }

    fn document(&mut self, kind: Kind, bytes: &[u8]) -> Result<Document, Wrong> {
        let whole = |fault| Wrong { fault, place: String::new() };
        if kind != Kind::Notes {
            self.deceptive = json::strict(bytes, &mut self.values).map_err(whole)?;
        }
        Ok(match kind {
            Kind::CycloneDx => Document::Bom(Box::new(cyclonedx::read(bytes)?)),
            Kind::Spdx => Document::Bom(Box::new(spdx::read(bytes)?)),
            Kind::OpenVex => Document::Vex(Box::new(openvex::read(bytes)?)),
            Kind::Csaf => Document::Csaf(Box::new(csaf::read(bytes)?)),
            Kind::Provenance => {
                let (provenance, deceptive) = provenance::read(bytes, &mut self.values)?;
                self.deceptive = self.deceptive.take().or(deceptive);
                Document::Provenance(Box::new(provenance))
            }
            Kind::ReleaseStatement => Document::ReleaseStatement(Box::new(release_statement::read(bytes)?)),
            Kind::Notes => {
                let text = core::str::from_utf8(bytes).map_err(|error| whole(Fault::NotUtf8(error.valid_up_to())))?;
                self.deceptive = text.lines().find(|line| json::deceives(line)).map(str::to_owned);
                Document::Notes(text.to_owned())
            }
            Kind::Other => Document::Other,
        })
    }
}

/// The longest document that is read.
pub const MAX_DOCUMENT: u64 = 16 << 20;

/// The most bytes that are read of one release's documents.
pub const MAX_ALL: u64 = 48 << 20;

/// The most JSON values that are read of one release's documents.
pub const MAX_VALUES: usize = 500_000;
