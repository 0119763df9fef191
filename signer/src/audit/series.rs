//! A release after those before it: what may only rise, what may not shrink, and what a security release may change.

use alloc::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use twinseal_formats::Manifest;
use twinseal_verifier::Verifier;

use super::facts::{Facts, listed};
use super::verdict::{Check, Outcome};
use crate::bundle::Bundle;
use crate::error::{Failure, Result, name};
use crate::evidence::release_statement::ReleaseKind;
use crate::evidence::{Bom, Day, Document, ReleaseStatement, Role, carried};
use crate::forms::Opened;
use crate::text::Shown;
use crate::trouble::Trouble;

/// What was found out about the releases before.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Series {
    /// The releases before, by sequence number.
    pub releases: Vec<Earlier>,
    /// What was compared.
    pub checks: Vec<Check>,
    /// What the SBOM changed since the last release before.
    pub sbom: Option<SbomChanges>,
}

/// A release before the one that is audited.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Earlier {
    /// The file, as it was named.
    pub bundle: String,
    /// Whether it is sealed as the trust store demands. If not, nothing of it is compared.
    pub authentic: bool,
    /// The release identity.
    pub release_id: String,
    /// The release version.
    pub version: String,
    /// The sequence number.
    pub sequence_number: u64,
    /// The security version.
    pub security_version: u32,
    /// When it was issued, as its release statement declares.
    pub issued: Option<Day>,
    /// When its support ends, likewise.
    pub support_end: Option<Day>,
    #[serde(skip)]
    scope: String,
    #[serde(skip)]
    sbom: Option<Versions>,
}

/// The components of an SBOM, by what tells them apart.
type Versions = BTreeMap<String, BTreeSet<String>>;

/// How an SBOM differs from the one before it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SbomChanges {
    /// The version of the release before.
    pub since: String,
    /// What is new.
    pub added: Vec<String>,
    /// What is gone.
    pub removed: Vec<String>,
    /// What has another version: what, before, after.
    pub changed: Vec<(String, String, String)>,
}

impl Earlier {
    /// Reads a release before.
    ///
    /// # Errors
    ///
    /// The file can't be read, or is no whole bundle of profile 1.
    pub(super) fn read(path: &Path, verifier: &Verifier<'_>) -> Result<Self> {
        let bundle = Bundle::open(path)?;
        let opened = Trouble::finding(Opened::new(&bundle))?.map_err(|error| {
            Failure::new(format!("{}: is no whole bundle to compare with", name(path)))
                .because(error)
                .remedy("`twinseal inspect` says more")
        })?;
        let manifest = &opened.manifest;
        let documents = carried(&bundle, &opened.layout, manifest.digest_algorithm())?;
        let read = || documents.iter().filter_map(|file| file.document.as_ref().ok());
        let statement = read().find_map(|document| match document {
            Document::ReleaseStatement(statement) => Some(statement),
            _ => None,
        });
        Ok(Self {
            bundle: name(path),
            authentic: verifier.authenticate(opened.envelope()).is_ok(),
            release_id: opened.envelope().seals().digest().to_string(),
            version: manifest.release_version().to_owned(),
            sequence_number: manifest.sequence_number().0,
            security_version: manifest.security_version().0,
            issued: statement.map(|statement| statement.release.issued.day()),
            support_end: statement.and_then(|statement| support_end(statement)),
            scope: scope(manifest),
            sbom: read().find_map(|document| match document {
                Document::Bom(bom) if document.roles().contains(&Role::Sbom) => Some(versions(bom)),
                _ => None,
            }),
        })
    }
}

fn scope(manifest: &Manifest<'_>) -> String {
    format!("{} {}", manifest.vendor(), manifest.class())
}

fn support_end(statement: &ReleaseStatement) -> Option<Day> {
    statement.support.as_ref().map(|support| support.end.last())
}

fn versions(bom: &Bom) -> Versions {
    let mut versions = Versions::new();
    for component in &bom.components {
        let version = component.version.as_deref().unwrap_or("no version");
        versions.entry(component.identity()).or_default().insert(version.to_owned());
    }
    versions
}

impl Series {
    /// Holds an authentic release against those before it.
    pub(super) fn new(
        mut releases: Vec<Earlier>,
        manifest: &Manifest<'_>,
        release_id: &str,
        facts: &Facts<'_>,
    ) -> Self {
        releases.sort_by(|a, b| (a.sequence_number, &a.release_id).cmp(&(b.sequence_number, &b.release_id)));
        let statement = facts.statement().map(|(_, statement)| statement);
        let mut checks = Vec::new();
        if let Some(stranger) = releases.iter().find(|earlier| !earlier.authentic) {
            let text = format!("{} is not sealed as the trust store demands", stranger.bundle);
            checks.push(Check::new("authentic", Outcome::Missing, text));
        } else if let Some(other) = releases.iter().find(|earlier| earlier.scope != scope(manifest)) {
            let text = format!("{} is for another vendor or class", other.bundle);
            checks.push(Check::new("same-product", Outcome::Contradicted, text));
        } else {
            checks.push(sequence(&releases, manifest, release_id));
            checks.push(security_version(&releases, manifest));
            checks.extend(support(&releases, statement));
            checks.extend(predecessor(&releases, statement));
        }
        let last = releases.iter().rev().find(|earlier| earlier.authentic && earlier.release_id != release_id);
        let now = facts.sboms().next().map(|(_, bom)| versions(bom));
        let sbom = last.and_then(|last| Some(changes(&last.version, last.sbom.as_ref()?, now.as_ref()?)));
        let this = Self { releases, checks, sbom };
        let kind = statement.map(|statement| this.changes_fit(statement));
        Self { checks: this.checks.into_iter().chain(kind.flatten()).collect(), ..this }
    }

    /// The check of that name.
    pub(super) fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// Whether a security release changes nothing but what it names.
    fn changes_fit(&self, statement: &ReleaseStatement) -> Option<Check> {
        let sbom = self.sbom.as_ref()?;
        if statement.release.kind != ReleaseKind::Security {
            return None;
        }
        let named = |identity: &str| {
            // An identity ends with the name: `library:net`, `pkg:generic/acme/net`.
            let allowed = &statement.release.changed_components;
            let ends = |name: &String| {
                identity.strip_suffix(name.as_str()).is_some_and(|head| head.is_empty() || head.ends_with([':', '/']))
            };
            allowed.iter().any(ends)
        };
        let touched = sbom.added.iter().chain(&sbom.removed).chain(sbom.changed.iter().map(|(what, ..)| what));
        let beyond: Vec<&str> = touched.map(String::as_str).filter(|identity| !named(identity)).collect();
        Some(if beyond.is_empty() {
            let text = format!("since {} the SBOM changed only in what the release names", Shown(&sbom.since));
            Check::new("sbom-changes", Outcome::Consistent, text)
        } else {
            let text = format!(
                "a security release, and since {} the SBOM also changed {}",
                Shown(&sbom.since),
                listed(beyond)
            );
            Check::new("sbom-changes", Outcome::Contradicted, text)
        })
    }
}

fn sequence(releases: &[Earlier], manifest: &Manifest<'_>, release_id: &str) -> Check {
    let mut last: Option<(u64, &str)> = None;
    let this = (manifest.sequence_number().0, release_id);
    for (number, id) in releases.iter().map(|one| (one.sequence_number, one.release_id.as_str())).chain([this]) {
        if let Some((before, other)) = last.filter(|(before, other)| number <= *before && id != *other) {
            let text = if number == before {
                format!("two releases have the sequence number {number}: {other} and {id}")
            } else {
                format!("the sequence number is {number}, and there was {before} before it")
            };
            return Check::new("sequence-number", Outcome::Contradicted, text);
        }
        last = Some((number, id));
    }
    let text = format!("the sequence number rises with every release, to {}", this.0);
    Check::new("sequence-number", Outcome::Proven, text)
}

fn security_version(releases: &[Earlier], manifest: &Manifest<'_>) -> Check {
    let this = manifest.security_version().0;
    let all = || releases.iter().map(|earlier| earlier.security_version).chain([this]);
    let falls = all().zip(all().skip(1)).find(|(before, after)| after < before);
    match falls {
        Some((before, after)) => {
            let text = format!("the security version falls from {before} to {after}");
            Check::new("security-version", Outcome::Contradicted, text)
        }
        None => {
            Check::new("security-version", Outcome::Proven, format!("the security version never falls; it is {this}"))
        }
    }
}

fn support(releases: &[Earlier], statement: Option<&ReleaseStatement>) -> Option<Check> {
    let now = statement.and_then(support_end);
    let longest = releases.iter().filter_map(|earlier| earlier.support_end.map(|end| (end, &earlier.version))).max();
    let (before, version) = longest?;
    Some(match now {
        None => {
            let text = format!("{} promised support until {before}, and this release says nothing", Shown(version));
            Check::new("support-end", Outcome::Missing, text)
        }
        Some(now) if now < before => {
            let text = format!("support ends on {now}, and {} promised it until {before}", Shown(version));
            Check::new("support-end", Outcome::Contradicted, text)
        }
        Some(now) => {
            Check::new("support-end", Outcome::Consistent, format!("support never became shorter; it ends on {now}"))
        }
    })
}

/// Whether the release that the statement names as its predecessor is the one that was given.
fn predecessor(releases: &[Earlier], statement: Option<&ReleaseStatement>) -> Option<Check> {
    let named = statement?.release.predecessor.as_ref()?;
    let last = releases.last()?;
    let same_id = named.release_id.as_ref().is_none_or(|id| *id == last.release_id);
    Some(if named.version == last.version && same_id {
        let text = format!("the predecessor it names, {}, is the release before it", Shown(&named.version));
        Check::new("predecessor", Outcome::Consistent, text)
    } else {
        let text =
            format!("it names {} as its predecessor, and before it is {}", Shown(&named.version), Shown(&last.version));
        Check::new("predecessor", Outcome::Contradicted, text)
    })
}

fn changes(since: &str, before: &Versions, after: &Versions) -> SbomChanges {
    let shown = |identity: &String| Shown(identity).to_string();
    let joined = |versions: &BTreeSet<String>| listed(versions.iter().map(String::as_str));
    SbomChanges {
        since: since.to_owned(),
        added: after.keys().filter(|key| !before.contains_key(*key)).map(shown).collect(),
        removed: before.keys().filter(|key| !after.contains_key(*key)).map(shown).collect(),
        changed: (before.iter())
            .filter_map(|(key, old)| {
                let new = after.get(key).filter(|new| *new != old)?;
                Some((shown(key), joined(old), joined(new)))
            })
            .collect(),
    }
}
