//! The rows of the report: for each subject of the catalogue what was looked at, and the verdict that follows (docs/audit.md).

use super::catalogue::{SUBJECTS, Subject};
use super::facts::Facts;
use super::report::Row;
use super::verdict::{Check, Outcome, Verdict, conclude};
use crate::evidence::{Kind, ReleaseStatement};
use crate::text::Shown;

mod declared;
mod sbom;
mod seals;
mod vulnerabilities;

pub(super) use declared::is_of;

/// What came of one subject.
pub(super) enum Judged {
    /// Things were looked at: the checks, and what they were looked at in.
    Looked(Vec<Check>, Vec<String>),
    /// The verdict does not depend on what is in the bundle, or there is nothing to look at.
    Is(Verdict, String),
}

/// Computes every row.
pub(super) fn rows(facts: &Facts<'_>) -> Vec<Row> {
    SUBJECTS.iter().map(|subject| row(subject, facts)).collect()
}

fn row(subject: &Subject, facts: &Facts<'_>) -> Row {
    let (verdict, reason, checks, evidence) = match judge(subject.id, facts) {
        Judged::Is(verdict, reason) => (verdict, reason, Vec::new(), Vec::new()),
        Judged::Looked(checks, evidence) => {
            let (verdict, reason) = conclude(&checks);
            (verdict, reason, checks, evidence)
        }
    };
    Row {
        id: subject.id,
        title: subject.title,
        eu: subject.eu,
        us: subject.us,
        verdict,
        reason,
        checks,
        evidence,
        can_not_show: subject.can_not_show,
    }
}

fn judge(id: &str, facts: &Facts<'_>) -> Judged {
    let outside = |reason: &str| Judged::Is(Verdict::OutsideAnyBundle, reason.to_owned());
    match id {
        "A-01" => seals::authenticity(facts),
        "A-10" => outside(
            "how an update travels is in no bundle; that it needs no trust in the way it travels is what A-01 shows",
        ),
        "A-18" => outside(
            "the signing journal is a file of the vendor's; `twinseal journal verify` reads its chain, not a bundle",
        ),
        "A-22" => outside("a valid seal shows that the key was used, not who could use it"),
        _ if facts.manifest.is_none() => Judged::Is(
            Verdict::NotEvidenced,
            "the bundle is not sealed as the trust store demands, so nothing in it is anybody's word".to_owned(),
        ),
        "A-02" => seals::cryptography(facts),
        "A-03" => seals::agility(facts),
        "A-04" => seals::rollback(facts),
        "A-05" => declared::identification(facts),
        "A-06" => sbom::components(facts),
        "A-07" => vulnerabilities::known(facts),
        "A-08" => vulnerabilities::separation(facts),
        "A-09" => vulnerabilities::disclosure(facts),
        "A-11" => vulnerabilities::delay(facts),
        "A-12" => declared::installation(facts),
        "A-13" => declared::disruption(facts),
        "A-14" => declared::support(facts),
        "A-15" => declared::availability(facts),
        "A-16" => declared::contacts(facts),
        "A-17" => sbom::provenance(facts),
        "A-19" => declared::conformity(facts),
        "A-20" => seals::revocation(facts),
        "A-21" => seals::authorisation(facts),
        _ => Judged::Is(Verdict::NotEvidenced, "nothing is known of this row".to_owned()),
    }
}

/// Looks at the release statement, or says that there is none.
fn of_statement(
    facts: &Facts<'_>,
    look: impl FnOnce(&ReleaseStatement, &mut Vec<Check>) -> Option<(Verdict, String)>,
) -> Judged {
    match facts.statement() {
        Some((name, statement)) => {
            let mut checks = Vec::new();
            match look(statement, &mut checks) {
                Some((verdict, reason)) => Judged::Is(verdict, reason),
                None => Judged::Looked(checks, vec![name.to_owned()]),
            }
        }
        None => {
            Judged::Looked(vec![absent(facts, "statement", "release statement", &[Kind::ReleaseStatement])], Vec::new())
        }
    }
}

/// Why there is no document of some kinds: none is carried, this form leaves it out, or one is not what it claims to be.
fn absent(facts: &Facts<'_>, name: &'static str, what: &str, kinds: &[Kind]) -> Check {
    match facts.unreadable(kinds).next() {
        Some((file, error)) => Check::new(name, Outcome::Contradicted, format!("{file} {error}")),
        None if facts.evidence_stripped => Check::new(
            name,
            Outcome::Missing,
            format!("no {what}: this form of the release leaves the evidence out (`twinseal attach` puts it back)"),
        ),
        None => Check::new(name, Outcome::Missing, format!("the release carries no {what}")),
    }
}

/// Documents that claim to be of some kinds and are not, as checks.
fn bad_ones(facts: &Facts<'_>, name: &'static str, kinds: &[Kind]) -> Vec<Check> {
    facts
        .unreadable(kinds)
        .map(|(file, error)| Check::new(name, Outcome::Contradicted, format!("{file} {error}")))
        .collect()
}

/// The vendor's and the release's own names of a document, for a list of what was looked at.
fn names<'f, D: 'f>(documents: impl Iterator<Item = (&'f str, D)>) -> Vec<String> {
    documents.map(|(name, _)| name.to_owned()).collect()
}

/// A check that something is said: declared if it is, missing if not.
fn said(name: &'static str, value: Option<&str>, what: &str) -> Check {
    match value.filter(|text| !text.trim().is_empty()) {
        Some(text) => Check::new(name, Outcome::Declared, format!("{what}: {}", Shown(text))),
        None => Check::new(name, Outcome::Missing, format!("{what}: not said")),
    }
}
