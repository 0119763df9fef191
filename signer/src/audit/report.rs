//! What an audit found out: the type behind every form of the report (docs/schemas/audit-1.json).
//!
//! Every text in it is plain: what came out of a document was made harmless for terminals where it was taken in
//! ([`Shown`](crate::text::Shown)). For markup it is still text, to be escaped.

use serde::Serialize;
use twinseal_formats::{Role, TrustStore};

use super::catalogue::SOURCES;
use super::profiles::Profile;
use super::seals::Matrix;
use super::series::Series;
use super::stripping::Stripped;
use super::timeline::Timeline;
use super::verdict::{Check, Verdict};
use crate::byte_map::ByteMap;
use crate::errors::Refusal;
use crate::evidence::Day;

/// An audit of one bundle.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Audit {
    /// The file, as it was named.
    pub bundle: String,
    /// Its size in bytes.
    pub size: u64,
    /// The day the audit is made for: an input.
    pub date: Day,
    /// What made the report: `twinseal 0.1.0`.
    pub tool: &'static str,
    /// Whether a device of the release's vendor, class and components that holds the trust store would take it: `accepted`, `refused`.
    pub verdict: &'static str,
    /// Why not, with the device's own number.
    pub refusal: Option<Refusal>,
    /// The trust store that everything was held against.
    pub trust: Trust,
    /// What the sealed manifest says; absent if it is not sealed as the trust store demands.
    pub release: Option<Release>,
    /// Every seal, verified twice.
    pub seals: Option<Matrix>,
    /// Where two implementations do not agree. Not empty: trust neither (exit code 3).
    pub disagreements: Vec<String>,
    /// Each seal really removed, and decided again.
    pub stripping: Vec<Stripped>,
    /// Which cryptographic profiles the valid seals and the digests meet.
    pub profiles: Vec<Profile>,
    /// One row for each provision or group of provisions.
    pub rows: Vec<Row>,
    /// How many rows have which verdict, in the order of [`Verdict::ALL`].
    pub counts: Vec<Count>,
    /// The documents that the bundle carries.
    pub documents: Vec<DocumentRead>,
    /// The releases before it, if they were given.
    pub series: Option<Series>,
    /// When what begins and ends.
    pub timeline: Timeline,
    /// What contradicts itself, and what is worth knowing.
    pub findings: Vec<Finding>,
    /// What every byte of the file is.
    pub bytes: Option<ByteMap>,
    /// What this bundle, and every other, can not show.
    pub can_not_show: &'static [&'static str],
    /// The instruments whose provisions the rows name, in which version.
    pub sources: &'static [Source],
    /// Required profiles that are not met.
    pub unmet: Vec<&'static str>,
}

/// What a trust store says of itself.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Trust {
    /// The vendor it is for.
    pub vendor_id: String,
    /// Its epoch.
    pub epoch: u32,
    /// Whether it allows anchors with keys of one class only.
    pub single_class: bool,
    /// The weakest digest that it allows.
    pub minimum_digest: &'static str,
    /// Whether it can be updated: it has root anchors.
    pub updatable: bool,
}

/// What a sealed manifest says.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Release {
    /// The release identity.
    pub release_id: String,
    /// The release version.
    pub version: String,
    /// The sequence number.
    pub sequence_number: u64,
    /// The security version.
    pub security_version: u32,
    /// The minimum trust epoch.
    pub minimum_trust_epoch: u32,
    /// The vendor id.
    pub vendor_id: String,
    /// The class id.
    pub class_id: String,
    /// The vendor's domain, if a release statement says it and it gives the vendor id.
    pub vendor: Option<String>,
    /// The model, likewise.
    pub model: Option<String>,
    /// The name people know the product by, as the release statement declares it.
    pub product_name: Option<String>,
    /// `enclosed` or `beside the envelope`.
    pub payloads: &'static str,
    /// `enclosed`, `stripped` or `none`.
    pub evidence: &'static str,
    /// The components.
    pub components: Vec<ComponentRead>,
}

/// A component of a release.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ComponentRead {
    /// Its id.
    pub id: String,
    /// The size of its image.
    pub size: u64,
    /// The digest of its image.
    pub digest: String,
}

/// A document that a bundle carries.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DocumentRead {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub size: u64,
    /// Its digest, which was compared.
    pub digest: String,
    /// What it serves as; empty if it is not what it claims to be.
    pub roles: Vec<&'static str>,
    /// What it is, in one line.
    pub summary: String,
    /// Why it is not what it claims to be.
    pub error: Option<String>,
}

/// What was looked at for one row of docs/audit.md, and what came of it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// Its stable id: `A-01`.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// The provisions of the European Union's side.
    pub eu: &'static [Provision],
    /// The provisions of the United States' side.
    pub us: &'static [Provision],
    /// What the bundle shows.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub reason: String,
    /// What was looked at, one by one.
    pub checks: Vec<Check>,
    /// What it was looked at in: names of evidence files, or `manifest`, `seals`, `images`, `trust store`.
    pub evidence: Vec<String>,
    /// What the row does not show, whatever its verdict.
    pub can_not_show: &'static str,
}

/// A provision of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Provision {
    /// The [`Source::id`] of the instrument.
    pub source: &'static str,
    /// Where in it: `Annex I Part I (2)(f)`.
    pub id: &'static str,
    /// What it asks, in our own words.
    pub title: &'static str,
}

impl Provision {
    /// The short name of the instrument, as people write it.
    #[must_use]
    pub fn instrument(&self) -> &'static str {
        SOURCES.iter().find(|source| source.id == self.source).map_or(self.source, |source| source.short)
    }
}

/// An instrument: a law, a standard, a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Source {
    /// A stable short name, for programs.
    pub id: &'static str,
    /// A short name as people write it.
    pub short: &'static str,
    /// Which side it is of: `eu` or `us`.
    pub side: &'static str,
    /// Its name.
    pub title: &'static str,
    /// The version that the rows were written after.
    pub version: &'static str,
}

/// How many rows have a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Count {
    /// The verdict.
    pub verdict: Verdict,
    /// How many.
    pub rows: usize,
}

/// Something to be told apart from any row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Its stable name.
    pub code: String,
    /// Whether it refuses the audit (exit code 1).
    pub weight: Weight,
    /// What it is about: a row's id, an evidence file's name, or `bundle`.
    pub subject: String,
    /// What was found.
    pub text: String,
}

/// What a finding does to the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "it refuses, or it does not")]
pub enum Weight {
    /// Sealed data contradict themselves, their images or their series.
    Contradiction,
    /// Worth knowing.
    Note,
}

impl Trust {
    pub(super) fn of(store: &TrustStore<'_>) -> Self {
        Self {
            vendor_id: store.vendor().to_string(),
            epoch: store.epoch().0,
            single_class: store.is_single_class(),
            minimum_digest: store.minimum_digest().name(),
            updatable: store.requirements().any(|requirement| requirement.role == Role::Root),
        }
    }
}

impl Audit {
    /// The row of that id.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// Whether the bundle was refused, contradicts itself, or does not meet a required profile.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.refusal.is_some()
            || !self.unmet.is_empty()
            || self.findings.iter().any(|finding| finding.weight == Weight::Contradiction)
    }
}
