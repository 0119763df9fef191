//! What a document says of vulnerabilities in a product, whatever format it is written in.

use serde::Serialize;

use super::carried::{Artifact, Bound, bound};
use super::date::Moment;
use super::digests::Digests;

/// How a product stands to a vulnerability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is affected; what to do is said with it.
    Affected,
    /// It is not affected; why is said with it.
    NotAffected,
    /// This release, or one before it, fixed it.
    Fixed,
    /// Nobody knows yet.
    UnderInvestigation,
}

impl Status {
    /// The name that OpenVEX gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::NotAffected => "not_affected",
            Self::Fixed => "fixed",
            Self::UnderInvestigation => "under_investigation",
        }
    }
}

/// One statement: this vulnerability, these products, that status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The vulnerability: `CVE-2026-1234`.
    pub vulnerability: String,
    /// Other names of the same.
    pub aliases: Vec<String>,
    /// The status; `None` if the document lists the vulnerability and says nothing.
    pub status: Option<Status>,
    /// For `not_affected`: why, as the label of the format.
    pub justification: Option<String>,
    /// For `affected` what to do; else the reason in words.
    pub detail: Option<String>,
    /// Which products, by whatever id the format gives them; empty if it is for the product of the whole document.
    pub products: Vec<Product>,
    /// When it was made.
    #[serde(skip)]
    pub timestamp: Option<Moment>,
}

impl Statement {
    /// Whether the statement carries what its status demands: a remediation for `affected`, a reason for `not_affected`.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        match self.status {
            Some(Status::Affected) => self.detail.is_some(),
            Some(Status::NotAffected) => self.detail.is_some() || self.justification.is_some(),
            Some(Status::Fixed | Status::UnderInvestigation) => true,
            None => false,
        }
    }

    /// Whether every product that it is about has digests, and none of them is of these bytes.
    #[must_use]
    pub fn is_of_others(&self, artifacts: &[Artifact]) -> bool {
        !self.products.is_empty()
            && self.products.iter().all(|product| bound(&product.digests, artifacts) == Bound::ToOthers)
    }
}

/// A product, as a statement names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Product {
    /// Its id.
    pub id: String,
    /// What its bytes hash to, if the document says so.
    pub digests: Digests,
}

/// A document of statements on its own: OpenVEX.
#[derive(Clone, Debug)]
pub struct Vex {
    /// The version of the format, `0.2.0`.
    pub spec_version: String,
    /// The id of the document.
    pub id: String,
    /// Who says it.
    pub author: String,
    /// The version of the document.
    pub version: u64,
    /// When it was made, or last changed: the state of knowledge.
    pub timestamp: Moment,
    /// What it says.
    pub statements: Vec<Statement>,
}
