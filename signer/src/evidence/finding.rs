//! What is worth telling about evidence that is what it claims to be, but does not fit its release.

use alloc::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::carried::{Artifact, Bound, bound};
use super::vex::Statement;
use super::{Bom, Csaf, Document, Provenance};
use crate::text::Shown;

/// What evidence is held against.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The release version.
    pub version: &'a str,
    /// Its images, and the files they were converted from.
    pub artifacts: &'a [Artifact],
}

/// Something that does not fit. The name is stable (docs/evidence.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// An SBOM has no digest that could be compared with that of an image or of a source.
    SbomWithoutImageDigest,
    /// An SBOM has a digest for its subject that is of other bytes.
    SbomForOtherBytes,
    /// An advisory names no product of this version.
    AdvisoryForAnotherVersion,
    /// A statement about vulnerabilities is for products with digests that are of other bytes.
    VexForOtherBytes,
    /// Provenance names no bytes of the release.
    ProvenanceForOtherBytes,
    /// Provenance has subjects beside those of the release; they may be right, for a build has by-products.
    ProvenanceSubjectUnknown,
    /// A text has characters that act on what shows it.
    DeceptiveText,
}

impl Finding {
    /// The stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SbomWithoutImageDigest => "sbom-without-image-digest",
            Self::SbomForOtherBytes => "sbom-for-other-bytes",
            Self::AdvisoryForAnotherVersion => "advisory-for-another-version",
            Self::VexForOtherBytes => "vex-for-other-bytes",
            Self::ProvenanceForOtherBytes => "provenance-for-other-bytes",
            Self::ProvenanceSubjectUnknown => "provenance-subject-unknown",
            Self::DeceptiveText => "deceptive-text",
        }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// What was found about one document, each with words for people.
pub type Findings = Vec<(Finding, String)>;

/// Holds a document against the release that carries it.
#[must_use]
pub fn findings(document: &Document, deceptive: Option<&str>, subject: Subject<'_>) -> Findings {
    let mut found = Findings::new();
    match document {
        Document::Bom(bom) => about_bom(bom, subject, &mut found),
        Document::Csaf(csaf) => about_csaf(csaf, subject, &mut found),
        Document::Provenance(provenance) => about_provenance(provenance, subject, &mut found),
        Document::Vex(_) | Document::ReleaseStatement(_) | Document::Notes(_) | Document::Other => {}
    }
    about_products(document, subject, &mut found);
    if let Some(text) = deceptive {
        found.push((Finding::DeceptiveText, format!("\"{}\"", Shown(text))));
    }
    found
}

fn about_bom(bom: &Bom, subject: Subject<'_>, found: &mut Findings) {
    if bom.subject.is_none() && bom.components.is_empty() {
        return;
    }
    let is_bound = bom.all().any(|component| matches!(bound(&component.digests, subject.artifacts), Bound::To(..)));
    if is_bound {
        return;
    }
    match bom.subject.as_ref().map(|root| (root, bound(&root.digests, subject.artifacts))) {
        Some((root, Bound::ToOthers)) => found.push((
            Finding::SbomForOtherBytes,
            format!("the digest of its subject, {}, is that of no image and of no source", Shown(&root.name)),
        )),
        _ => found.push((
            Finding::SbomWithoutImageDigest,
            "nothing in it has the digest of an image or of a source, so nothing ties it to this release".to_owned(),
        )),
    }
}

fn about_csaf(csaf: &Csaf, subject: Subject<'_>, found: &mut Findings) {
    if csaf.of_version(subject.version).next().is_none() {
        let text = format!("{} names no product of version {}", Shown(&csaf.id), Shown(subject.version));
        found.push((Finding::AdvisoryForAnotherVersion, text));
    }
}

/// A document may speak of older releases beside this one, so a vulnerability is at odds with the release only if all that is said of it is
/// about other bytes.
fn about_products(document: &Document, subject: Subject<'_>, found: &mut Findings) {
    let mut by_vulnerability: BTreeMap<String, Vec<Statement>> = BTreeMap::new();
    for statement in document.statements() {
        by_vulnerability.entry(statement.vulnerability.clone()).or_default().push(statement);
    }
    for (vulnerability, statements) in by_vulnerability {
        if statements.iter().all(|statement| statement.is_of_others(subject.artifacts)) {
            let text = format!("what it says of {} is about other bytes", Shown(&vulnerability));
            found.push((Finding::VexForOtherBytes, text));
        }
    }
}

fn about_provenance(provenance: &Provenance, subject: Subject<'_>, found: &mut Findings) {
    let (mut of_release, mut strange) = (0_usize, Vec::new());
    for built in &provenance.subjects {
        match bound(&built.digests, subject.artifacts) {
            Bound::To(..) => of_release = of_release.saturating_add(1),
            Bound::ToOthers | Bound::Unknown => {
                strange.push(built.name.as_deref().unwrap_or("a subject without a name"))
            }
        }
    }
    if of_release == 0 {
        let text = "no subject is an image of this release, or a file that one was converted from".to_owned();
        found.push((Finding::ProvenanceForOtherBytes, text));
    } else if let Some(first) = strange.first() {
        let text = format!("{} of its subjects are no part of this release, as {}", strange.len(), Shown(first));
        found.push((Finding::ProvenanceSubjectUnknown, text));
    }
}
