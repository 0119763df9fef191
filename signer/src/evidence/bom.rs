//! What a bill of materials says, whatever format it is written in.

use serde::Serialize;

use super::date::Moment;
use super::digests::Digests;
use super::vex::Statement;

/// A bill of materials: of software, of cryptography, or both.
#[derive(Clone, Debug)]
pub struct Bom {
    /// `CycloneDX` or `SPDX`.
    pub format: &'static str,
    /// The version of the format, `1.6`.
    pub spec_version: String,
    /// What it calls itself: a serial number, or the id of the document.
    pub id: Option<String>,
    /// When it was made.
    pub timestamp: Option<Moment>,
    /// Who made it: people and organisations.
    pub authors: Vec<String>,
    /// What made it.
    pub tools: Vec<String>,
    /// In which phases of the life cycle it was made (`build`, `post-build`, ...): its generation context.
    pub lifecycles: Vec<String>,
    /// What it is about.
    pub subject: Option<Component>,
    /// What that consists of, nested components included, cryptographic assets not.
    pub components: Vec<Component>,
    /// What depends on what, by reference.
    pub dependencies: Vec<Dependency>,
    /// Cryptographic assets.
    pub crypto: Vec<CryptoAsset>,
    /// What it says of vulnerabilities.
    pub vulnerabilities: Vec<Statement>,
}

/// A component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Component {
    /// What other parts of the document call it; empty if nothing can.
    pub reference: String,
    /// `firmware`, `library`, `file`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name, with its group before a `/` if it has one.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Who supplies it.
    pub supplier: Option<String>,
    /// Its package URL.
    pub purl: Option<String>,
    /// Its CPE.
    pub cpe: Option<String>,
    /// Licence ids, names and expressions.
    pub licences: Vec<String>,
    /// What its bytes hash to.
    pub digests: Digests,
}

impl Component {
    /// What tells a component from others across versions: its package URL without version and qualifiers, or else its type and name.
    #[must_use]
    pub fn identity(&self) -> String {
        match &self.purl {
            Some(purl) => purl.split(['@', '?', '#']).next().unwrap_or_default().to_owned(),
            None => format!("{}:{}", self.kind, self.name),
        }
    }
}

/// What one component depends on directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The reference of the component.
    pub reference: String,
    /// The references of what it depends on.
    pub on: Vec<String>,
}

/// A cryptographic asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CryptoAsset {
    /// What other parts of the document call it; empty if nothing can.
    pub reference: String,
    /// Its name, `ML-DSA-65`.
    pub name: String,
    /// `algorithm`, `certificate`, `protocol` or `related-crypto-material`.
    pub asset_type: String,
    /// For an algorithm: `signature`, `hash`, ...
    pub primitive: Option<String>,
    /// For an algorithm: `65`.
    pub parameter_set: Option<String>,
    /// Its object identifier.
    pub oid: Option<String>,
}

impl Bom {
    /// Components and the subject, with the subject first.
    pub fn all(&self) -> impl Iterator<Item = &Component> {
        self.subject.iter().chain(&self.components)
    }

    /// Whether everything listed can be reached from the subject by what the document says depends on what (or contains it).
    #[must_use]
    pub fn is_connected(&self) -> bool {
        let Some(subject) = &self.subject else { return false };
        let edges: alloc::collections::BTreeMap<&str, &[String]> =
            self.dependencies.iter().map(|edge| (edge.reference.as_str(), edge.on.as_slice())).collect();
        let mut seen = alloc::collections::BTreeSet::from([subject.reference.as_str()]);
        let mut left = vec![subject.reference.as_str()];
        while let Some(reference) = left.pop() {
            for on in edges.get(reference).copied().unwrap_or_default() {
                if seen.insert(on) {
                    left.push(on);
                }
            }
        }
        self.components.iter().all(|component| seen.contains(component.reference.as_str()))
    }
}
