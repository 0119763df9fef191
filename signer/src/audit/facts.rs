//! What a bundle says and shows, read once and looked at by every row.

use alloc::collections::BTreeSet;

use twinseal_formats::{Manifest, TrustStore};

use super::seals::Matrix;
use super::series::Series;
use super::stripping::Stripped;
use crate::byte_map::ByteMap;
use crate::errors::Refusal;
use crate::evidence::vex::{Product, Statement};
use crate::evidence::{
    Artifact, Bom, Bound, BuilderKey, Carried, Csaf, Day, Document, Kind, Provenance, ReleaseStatement, Role, bound,
};
use crate::text::Shown;

/// Everything that rows are computed from.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) store: &'a TrustStore<'a>,
    pub(super) date: Day,
    pub(super) builder_keys: &'a [BuilderKey],
    /// The device's own verdict on the whole bundle.
    pub(super) refusal: Option<Refusal>,
    /// The manifest, if it is sealed as the trust store demands.
    pub(super) manifest: Option<Manifest<'a>>,
    /// Whether the release has evidence that this form of it leaves out.
    pub(super) evidence_stripped: bool,
    pub(super) documents: Vec<Carried>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) matrix: Option<Matrix>,
    pub(super) stripping: Vec<Stripped>,
    pub(super) disagreements: Vec<String>,
    pub(super) series: Option<Series>,
    pub(super) bytes: Option<ByteMap>,
}

impl Facts<'_> {
    /// The release statement, and the name of its file.
    pub(super) fn statement(&self) -> Option<(&str, &ReleaseStatement)> {
        self.read().find_map(|(name, document)| match document {
            Document::ReleaseStatement(statement) => Some((name, &**statement)),
            _ => None,
        })
    }

    /// The documents that are what they claim to be.
    pub(super) fn read(&self) -> impl Iterator<Item = (&str, &Document)> {
        self.documents.iter().filter_map(|file| Some((file.name.as_str(), file.document.as_ref().ok()?)))
    }

    /// Bills of materials of software.
    pub(super) fn sboms(&self) -> impl Iterator<Item = (&str, &Bom)> {
        self.read().filter(|(_, document)| document.roles().contains(&Role::Sbom)).filter_map(|(name, document)| {
            match document {
                Document::Bom(bom) => Some((name, &**bom)),
                _ => None,
            }
        })
    }

    /// Bills of materials of cryptography.
    pub(super) fn cboms(&self) -> impl Iterator<Item = (&str, &Bom)> {
        self.read().filter_map(|(name, document)| match document {
            Document::Bom(bom) if !bom.crypto.is_empty() => Some((name, &**bom)),
            _ => None,
        })
    }

    /// Security advisories.
    pub(super) fn advisories(&self) -> impl Iterator<Item = (&str, &Csaf)> {
        self.read().filter_map(|(name, document)| match document {
            Document::Csaf(csaf) if !csaf.is_vex() => Some((name, &**csaf)),
            _ => None,
        })
    }

    /// Provenance.
    pub(super) fn provenances(&self) -> impl Iterator<Item = (&str, &Provenance)> {
        self.read().filter_map(|(name, document)| match document {
            Document::Provenance(provenance) => Some((name, &**provenance)),
            _ => None,
        })
    }

    /// What documents whose purpose that is say of vulnerabilities.
    pub(super) fn vex(&self) -> Vec<(&str, &Document, Vec<Statement>)> {
        self.read()
            .filter(|(_, document)| document.roles().contains(&Role::Vex))
            .map(|(name, document)| (name, document, document.statements()))
            .collect()
    }

    /// Documents of these kinds that are not what they claim to be: name, and why not.
    pub(super) fn unreadable<'f>(&'f self, kinds: &'f [Kind]) -> impl Iterator<Item = (&'f str, String)> {
        self.documents.iter().filter(|file| kinds.contains(&file.kind)).filter_map(|file| {
            let error = file.document.as_ref().err()?;
            Some((file.name.as_str(), error.to_string()))
        })
    }

    /// Ids of vulnerabilities that the release statement says are fixed.
    pub(super) fn fixed(&self) -> BTreeSet<&str> {
        let fixed =
            self.statement().map(|(_, statement)| statement.vulnerabilities_fixed.as_slice()).unwrap_or_default();
        fixed.iter().map(|fixed| fixed.id.as_str()).collect()
    }

    /// Whether a statement about a vulnerability concerns this release, as far as its products tell. One without products is about
    /// the product of its document.
    pub(super) fn concerns(&self, document: &Document, statement: &Statement) -> bool {
        statement.products.is_empty() || statement.products.iter().any(|product| self.is_this(document, product))
    }

    fn is_this(&self, document: &Document, product: &Product) -> bool {
        match bound(&product.digests, &self.artifacts) {
            Bound::To(..) => return true,
            Bound::ToOthers => return false,
            Bound::Unknown => {}
        }
        let Some(version) = self.manifest.as_ref().map(Manifest::release_version) else { return false };
        match document {
            Document::Csaf(csaf) => csaf.of_version(version).any(|one| one.id == product.id),
            // A package URL names its version behind an `@`; an id that names none is about every version.
            _ => match product.id.rsplit_once('@') {
                Some((_, rest)) => rest.split(['?', '#']).next() == Some(version),
                None => true,
            },
        }
    }
}

/// `"x", "y" and 3 more`, for a reason.
pub(super) fn listed<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let all: Vec<&str> = texts.into_iter().collect();
    let mut shown: Vec<String> = all.iter().take(MOST).map(|text| Shown(text).to_string()).collect();
    if let Some(more) = all.len().checked_sub(MOST).filter(|more| *more > 0) {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

/// More are counted, not named.
const MOST: usize = 5;
