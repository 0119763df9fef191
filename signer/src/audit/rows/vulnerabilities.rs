//! What is said of vulnerabilities: known ones, fixed ones, how and when they were disclosed.

use alloc::collections::BTreeSet;

use super::super::facts::{Facts, listed};
use super::super::verdict::{Check, Outcome, Verdict};
use super::declared::not_applicable;
use super::{Judged, absent, bad_ones, names, of_statement};
use crate::evidence::release_statement::ReleaseKind;
use crate::evidence::vex::Status;
use crate::evidence::{Csaf, Day, Document, Kind, Moment};
use crate::text::Shown;

const VEXES: [Kind; 3] = [Kind::OpenVex, Kind::Csaf, Kind::CycloneDx];

///
pub(super) fn known(facts: &Facts<'_>) -> Judged {
    let vex = facts.vex();
    if vex.is_empty() {
        return Judged::Looked(vec![absent(facts, "vex", "statement on vulnerabilities (VEX)", &VEXES)], Vec::new());
    }
    let mut checks = Vec::new();
    // Only statements that are about this version of the product, or about bytes of this release.
    let here: Vec<_> = vex
        .iter()
        .flat_map(|(name, document, statements)| {
            statements.iter().filter(|one| facts.concerns(document, one)).map(move |one| (*name, one))
        })
        .collect();
    checks.push(if here.is_empty() {
        let text = format!("{} is about no product of this release", listed(vex.iter().map(|(name, ..)| *name)));
        Check::new("products", Outcome::Contradicted, text)
    } else {
        let of_status = |status| here.iter().filter(move |(_, one)| one.status == Some(status));
        let affected: BTreeSet<&str> = of_status(Status::Affected).map(|(_, one)| one.vulnerability.as_str()).collect();
        let said = if affected.is_empty() {
            "nothing is said to affect it".to_owned()
        } else {
            format!("said to affect it: {}", listed(affected))
        };
        Check::new("products", Outcome::Consistent, format!("statements about this release: {}; {said}", here.len()))
    });
    let names_one = |id: &str, one: &crate::evidence::vex::Statement| {
        one.vulnerability == id || one.aliases.iter().any(|alias| alias == id)
    };
    if let Some((_, statement)) = facts.statement() {
        let ids = statement.vulnerabilities_known.iter().map(String::as_str);
        let untold: Vec<&str> =
            ids.filter(|id| !here.iter().any(|(_, one)| one.status.is_some() && names_one(id, one))).collect();
        checks.push(if untold.is_empty() {
            let text = format!(
                "each vulnerability that the release statement calls known has a status: {} of them",
                statement.vulnerabilities_known.len()
            );
            Check::new("known", Outcome::Consistent, text)
        } else {
            Check::new(
                "known",
                Outcome::Contradicted,
                format!("known to be in it, and without a status: {}", listed(untold)),
            )
        });
        let fixed = facts.fixed();
        let still: Vec<&str> = here
            .iter()
            .filter(|(_, one)| matches!(one.status, Some(Status::Affected | Status::UnderInvestigation)))
            .filter_map(|(_, one)| fixed.iter().find(|id| names_one(id, one)).copied())
            .collect();
        checks.push(if still.is_empty() {
            Check::new("fixed", Outcome::Consistent, "nothing that it fixes is said to affect it")
        } else {
            Check::new("fixed", Outcome::Contradicted, format!("fixed by it, and said to affect it: {}", listed(still)))
        });
    }
    let without: Vec<&str> = here
        .iter()
        .filter(|(_, one)| one.status == Some(Status::Affected) && !one.is_complete())
        .map(|(_, one)| one.vulnerability.as_str())
        .collect();
    checks.push(if without.is_empty() {
        Check::new("remedies", Outcome::Consistent, "whatever affects it has a remedy")
    } else {
        Check::new(
            "remedies",
            Outcome::Missing,
            format!("it is affected, and nothing says what to do: {}", listed(without)),
        )
    });
    checks.extend(age(facts, &vex));
    // A CycloneDX document that can not be read is told as an SBOM; as a VEX only what is nothing else.
    checks.extend(bad_ones(facts, "vex", &[Kind::OpenVex]));
    Judged::Looked(checks, names(vex.iter().map(|(name, ..)| (*name, ()))))
}

/// Whether the state of knowledge is that of the release.
fn age(facts: &Facts<'_>, vex: &[(&str, &Document, Vec<crate::evidence::vex::Statement>)]) -> Option<Check> {
    let moment = |document: &Document| -> Option<Moment> {
        match document {
            Document::Vex(vex) => Some(vex.timestamp.clone()),
            Document::Csaf(csaf) => Some(csaf.current.clone()),
            Document::Bom(bom) => bom.timestamp.clone(),
            _ => None,
        }
    };
    let newest = vex.iter().filter_map(|(_, document, _)| moment(document)).max_by_key(Moment::unix)?.day();
    let (_, statement) = facts.statement()?;
    let issued = statement.release.issued.day();
    let days = newest.until(issued);
    Some(if days <= FRESH {
        Check::new(
            "age",
            Outcome::Consistent,
            format!("the state of knowledge is of {newest}; it was issued on {issued}"),
        )
    } else {
        let text = format!("the state of knowledge is of {newest}, {days} days before it was issued");
        Check::new("age", Outcome::Declared, text)
    })
}

///
pub(super) fn separation(facts: &Facts<'_>) -> Judged {
    of_statement(facts, |statement, checks| {
        let release = &statement.release;
        match release.kind {
            ReleaseKind::Security => {
                let check = facts.series.as_ref().and_then(|series| series.check("sbom-changes")).cloned();
                checks.push(check.unwrap_or_else(|| {
                    let text =
                        "a security release; without the SBOM of the release before it, what changed is not compared";
                    Check::new("sbom-changes", Outcome::Declared, text)
                }));
            }
            ReleaseKind::Combined => {
                let reason = release.combined_reason.as_deref().unwrap_or_default();
                let text = format!("security and functionality together, because: {}", Shown(reason));
                checks.push(Check::new("combined", Outcome::Declared, text));
            }
            ReleaseKind::Functional => {
                let fixes = facts.advisories().flat_map(|(_, csaf)| fixed_in(facts, csaf)).collect::<BTreeSet<_>>();
                checks.push(if fixes.is_empty() {
                    Check::new(
                        "functional",
                        Outcome::Consistent,
                        "a functional release, and no advisory says that it fixes anything",
                    )
                } else {
                    let text = format!("a functional release, and an advisory says that it fixes {}", listed(fixes));
                    Check::new("functional", Outcome::Contradicted, text)
                });
            }
        }
        None
    })
}

///
pub(super) fn disclosure(facts: &Facts<'_>) -> Judged {
    let Some((file, statement)) = facts.statement() else { return of_statement(facts, |_, _| None) };
    let fixed = facts.fixed();
    if fixed.is_empty() {
        return fixes_nothing();
    }
    let advisories: Vec<(&str, &Csaf)> = facts.advisories().collect();
    let evidence = [vec![file.to_owned()], names(advisories.iter().map(|(name, csaf)| (*name, *csaf)))].concat();
    let mut checks = Vec::new();
    if advisories.is_empty() {
        checks.push(match &statement.delayed_disclosure {
            Some(delay) => until(facts.date, delay.until.last(), &delay.reason),
            None => absent(facts, "advisory", "advisory (CSAF)", &[Kind::Csaf]),
        });
        return Judged::Looked(checks, evidence);
    }
    let version = facts.manifest.as_ref().map(|manifest| manifest.release_version()).unwrap_or_default();
    let other: Vec<&str> = advisories
        .iter()
        .filter(|(_, csaf)| csaf.of_version(version).next().is_none())
        .map(|(name, _)| *name)
        .collect();
    checks.push(if other.is_empty() {
        Check::new("product", Outcome::Consistent, format!("the advisory names version {version}"))
    } else {
        Check::new("product", Outcome::Contradicted, format!("{} names no product of version {version}", listed(other)))
    });
    let told: BTreeSet<&str> = advisories.iter().flat_map(|(_, csaf)| fixed_in(facts, csaf)).collect();
    let (untold, unsaid): (Vec<&str>, Vec<&str>) =
        (fixed.difference(&told).copied().collect(), told.difference(&fixed).copied().collect());
    checks.push(if untold.is_empty() && unsaid.is_empty() {
        Check::new(
            "same-set",
            Outcome::Consistent,
            format!("statement and advisory agree on what is fixed: {}", listed(fixed)),
        )
    } else {
        let part = |what: &str, ids: Vec<&str>| {
            if ids.is_empty() { String::new() } else { format!("{what} {}; ", listed(ids)) }
        };
        let text = [part("in no advisory:", untold), part("only in an advisory:", unsaid)].concat();
        Check::new("same-set", Outcome::Contradicted, text.trim_end_matches("; ").to_owned())
    });
    checks.push(contents(&advisories));
    checks.extend(bad_ones(facts, "advisory", &[Kind::Csaf]));
    Judged::Looked(checks, evidence)
}

/// Whether each vulnerability of an advisory has what users need.
fn contents(advisories: &[(&str, &Csaf)]) -> Check {
    let mut lacks = Vec::new();
    for (name, csaf) in advisories {
        for vulnerability in &csaf.vulnerabilities {
            for (what, there) in [
                ("description", vulnerability.description.is_some()),
                ("severity", vulnerability.score.is_some()),
                ("impact", vulnerability.impact.is_some()),
                ("remediation", !vulnerability.remediations.is_empty()),
            ] {
                if !there {
                    lacks.push(format!("{what} of {}", Shown(&vulnerability.id)));
                }
            }
        }
        if csaf.status != "final" {
            lacks.push(format!("{name} being final: it is {}", Shown(&csaf.status)));
        }
    }
    if lacks.is_empty() {
        Check::new("contents", Outcome::Consistent, "description, severity, impact and remediation are there")
    } else {
        Check::new("contents", Outcome::Declared, format!("what is missing: {}", lacks.join(", ")))
    }
}

fn until(date: Day, until: Day, reason: &str) -> Check {
    if date <= until {
        let text = format!("disclosure is delayed until {until}, because: {}", Shown(reason));
        Check::new("advisory", Outcome::Declared, text)
    } else {
        let text = format!("disclosure was delayed until {until}, which is over, and there is no advisory");
        Check::new("advisory", Outcome::Missing, text)
    }
}

///
pub(super) fn delay(facts: &Facts<'_>) -> Judged {
    of_statement(facts, |statement, checks| {
        if statement.vulnerabilities_fixed.is_empty() {
            return not_applicable(NOTHING_FIXED);
        }
        let issued = statement.release.issued.day();
        for fixed in &statement.vulnerabilities_fixed {
            let id = Shown(&fixed.id);
            checks.push(match fixed.known_since.map(|since| since.first()) {
                None => Check::new("known-since", Outcome::Missing, format!("since when {id} was known: not said")),
                Some(since) if since > issued => {
                    let text = format!("{id} is said to be known since {since}, after the release of {issued}");
                    Check::new("known-since", Outcome::Contradicted, text)
                }
                Some(since) => {
                    let exploited = if fixed.exploited { ", exploited" } else { "" };
                    let text = format!("{id}{exploited}: {} days from {since} to {issued}", since.until(issued));
                    Check::new("known-since", Outcome::Consistent, text)
                }
            });
        }
        checks.push(if issued <= facts.date {
            Check::new("issued", Outcome::Consistent, format!("it was issued on {issued}"))
        } else {
            let text = format!("it is said to be issued on {issued}, and this audit is of {}", facts.date);
            Check::new("issued", Outcome::Contradicted, text)
        });
        None
    })
}

/// The vulnerabilities that an advisory says this version fixes.
fn fixed_in<'c>(facts: &Facts<'_>, csaf: &'c Csaf) -> impl Iterator<Item = &'c str> {
    let version = facts.manifest.as_ref().map(|manifest| manifest.release_version().to_owned()).unwrap_or_default();
    let ids: Vec<&str> = csaf.of_version(&version).map(|product| product.id.as_str()).collect::<Vec<_>>();
    let is_fixed = |vulnerability: &&crate::evidence::csaf::Vulnerability| {
        vulnerability
            .products
            .get(&Status::Fixed)
            .is_some_and(|fixed| fixed.iter().any(|id| ids.contains(&id.as_str())))
    };
    csaf.vulnerabilities.iter().filter(is_fixed).map(|one| one.id.as_str()).collect::<Vec<_>>().into_iter()
}

fn fixes_nothing() -> Judged {
    Judged::Is(Verdict::NotApplicable, NOTHING_FIXED.to_owned())
}

const NOTHING_FIXED: &str = "the release statement names no vulnerability that this release fixes";

/// A statement on vulnerabilities may be so many days older than the release.
const FRESH: i64 = 30;
