//! What the release statement declares, held against what is sealed and against itself.

use twinseal_formats::Manifest;

use super::super::facts::Facts;
use super::super::verdict::{Check, Outcome, Verdict};
use super::{Judged, of_statement, said};
use crate::evidence::release_statement::ReleaseKind;
use crate::evidence::{Day, ReleaseStatement};
use crate::ids;
use crate::text::Shown;

///
pub(super) fn identification(facts: &Facts<'_>) -> Judged {
    of_statement(facts, |statement, checks| {
        let manifest = facts.manifest.as_ref()?;
        let product = &statement.product;
        let named = format!("{} {}", Shown(&product.vendor), Shown(&product.model));
        checks.push(if is_of(statement, manifest) {
            let text = format!("\"{named}\" gives the vendor id and the class id that are sealed");
            Check::new("ids", Outcome::Consistent, text)
        } else {
            Check::new(
                "ids",
                Outcome::Contradicted,
                format!("\"{named}\" does not give the vendor id and the class id that are sealed"),
            )
        });
        let (declared, sealed) = (&statement.release.version, manifest.release_version());
        checks.push(if declared == sealed {
            Check::new("version", Outcome::Consistent, format!("the version is {sealed}, declared and sealed"))
        } else {
            let text = format!("the statement is about version {}, and {sealed} is sealed", Shown(declared));
            Check::new("version", Outcome::Contradicted, text)
        });
        for (name, bom) in facts.sboms() {
            if let Some(version) = bom.subject.as_ref().and_then(|subject| subject.version.as_ref()) {
                checks.push(if version == sealed {
                    Check::new("sbom-version", Outcome::Consistent, format!("{name} is about version {sealed}"))
                } else {
                    let text = format!("{name} is about version {}, and {sealed} is sealed", Shown(version));
                    Check::new("sbom-version", Outcome::Contradicted, text)
                });
            }
        }
        None
    })
}

/// Whether a statement's vendor and model are those whose ids are sealed.
pub(in super::super) fn is_of(statement: &ReleaseStatement, manifest: &Manifest<'_>) -> bool {
    let Ok(vendor) = ids::vendor_id(&statement.product.vendor) else { return false };
    vendor == manifest.vendor()
        && ids::class_id(vendor, &statement.product.model).is_ok_and(|class| class == manifest.class())
}

///
pub(super) fn installation(facts: &Facts<'_>) -> Judged {
    of_statement(facts, |statement, checks| {
        let Some(installation) = &statement.installation else {
            checks.push(Check::new("installation", Outcome::Missing, "how it is installed: not said"));
            return None;
        };
        if installation.automatic {
            checks.push(Check::new("automatic", Outcome::Declared, "devices install it by themselves"));
            checks.push(said("opt-out", installation.opt_out.as_deref(), "how users turn that off"));
        } else {
            checks.push(said(
                "automatic",
                installation.not_automatic_reason.as_deref(),
                "why devices do not install it by themselves",
            ));
            checks.push(said("instructions", installation.instructions.as_deref(), "how it is installed by hand"));
        }
        checks.push(if installation.notifies_users {
            Check::new("notification", Outcome::Declared, "users are told that there is an update")
        } else {
            Check::new("notification", Outcome::Missing, "users are not told that there is an update")
        });
        let text = installation.postponable_days.map(|days| format!("users can put it off for {days} days"));
        checks.push(match text {
            Some(text) => Check::new("postponing", Outcome::Declared, text),
            None => Check::new("postponing", Outcome::Missing, "whether users can put it off: not said"),
        });
        None
    })
}

///
pub(super) fn disruption(facts: &Facts<'_>) -> Judged {
    of_statement(facts, |statement, checks| {
        let installation = statement.installation.as_ref();
        checks.push(said(
            "disruption",
            installation.and_then(|of| of.disruption.as_deref()),
            "what does not work meanwhile",
        ));
        checks.push(said("fallback", installation.and_then(|of| of.fallback.as_deref()), "what happens if it fails"));
        None
    })
}

///
pub(super) fn support(facts: &Facts<'_>) -> Judged {
    of_statement(facts, |statement, checks| {
        let Some(support) = &statement.support else {
            checks.push(Check::new("end", Outcome::Missing, "the end of the support period: not said"));
            return None;
        };
        let end = support.end;
        checks.push(Check::new("end", Outcome::Consistent, format!("support ends on {end}")));
        let start = support.start.or(statement.product.placed_on_market).map(|start| start.first());
        checks.push(match (start, support.expected_use_years.filter(|years| *years < FIVE)) {
            (None, _) => {
                Check::new("length", Outcome::Declared, "when support began is not said, so its length is not known")
            }
            (Some(start), shorter) => {
                let years = shorter.unwrap_or(FIVE);
                let why = if shorter.is_some() { "of expected use" } else { "at least" };
                let enough = start.plus_years(years.into()).is_some_and(|least| end.last() >= before(least));
                let text = format!("from {start} to {end}, where {years} years {why} are asked for");
                Check::new("length", if enough { Outcome::Consistent } else { Outcome::Contradicted }, text)
            }
        });
        let issued = statement.release.issued.day();
        checks.push(if end.last() >= issued {
            Check::new("not-over", Outcome::Consistent, format!("it was issued on {issued}, within the support period"))
        } else {
            let text = format!("it was issued on {issued}, after the end of the support period");
            Check::new("not-over", Outcome::Contradicted, text)
        });
        checks.extend(facts.series.as_ref().and_then(|series| series.check("support-end")).cloned());
        None
    })
}

/// The day before: a period of five years from 1 February ends with 31 January.
fn before(day: Day) -> Day {
    day.previous().unwrap_or(day)
}

///
pub(super) fn availability(facts: &Facts<'_>) -> Judged {
    of_statement(facts, |statement, checks| {
        let Some(availability) = &statement.availability else {
            checks.push(Check::new("until", Outcome::Missing, "until when the update can be had: not said"));
            return None;
        };
        let issued = statement.release.issued.day();
        let ten_years = issued.plus_years(TEN).map(before);
        let support_end = statement.support.as_ref().map(|support| support.end.last());
        let until = availability.until;
        let least = ten_years.max(support_end);
        checks.push(if least.is_some_and(|least| until.last() >= least) {
            let text = format!("available until {until}: ten years after it was issued, and as long as support lasts");
            Check::new("until", Outcome::Consistent, text)
        } else {
            let least = least.map_or_else(|| "a day that can not be computed".to_owned(), |day| day.to_string());
            let text = format!("available until {until}, where {least} is asked for");
            Check::new("until", Outcome::Contradicted, text)
        });
        checks.push(match (availability.free_of_charge, statement.release.kind) {
            (true, _) => Check::new("free-of-charge", Outcome::Consistent, "it is free of charge"),
            (false, ReleaseKind::Functional) => Check::new(
                "free-of-charge",
                Outcome::Consistent,
                "it is not free of charge, and fixes no vulnerability",
            ),
            (false, _) => {
                let text = "it fixes vulnerabilities, and is not free of charge";
                Check::new("free-of-charge", Outcome::Contradicted, text)
            }
        });
        None
    })
}

///
pub(super) fn contacts(facts: &Facts<'_>) -> Judged {
    of_statement(facts, |statement, checks| {
        let contacts = statement.contacts.as_ref();
        let reports = contacts.map(|of| of.vulnerability_reports.as_str());
        checks.push(
            match (reports, facts.advisories().find_map(|(name, csaf)| Some((name, csaf.contact.as_deref()?)))) {
                (Some(reports), Some((name, contact))) if contact.contains(reports) => {
                    let text = format!("vulnerabilities are reported to {}, and {name} says so too", Shown(reports));
                    Check::new("reports", Outcome::Consistent, text)
                }
                (Some(reports), Some((name, contact))) => {
                    let text = format!(
                        "vulnerabilities are reported to {}, and {name} names {}",
                        Shown(reports),
                        Shown(contact)
                    );
                    Check::new("reports", Outcome::Declared, text)
                }
                (reports, None) => said("reports", reports, "where vulnerabilities are reported"),
                (None, Some(_)) => said("reports", None, "where vulnerabilities are reported"),
            },
        );
        let policy = said("policy", contacts.and_then(|of| of.disclosure_policy.as_deref()), "the disclosure policy");
        checks.push(match policy.outcome {
            // An address is all that can be said of a policy; that it is said is what is asked for.
            Outcome::Declared => Check { outcome: Outcome::Consistent, ..policy },
            _ => policy,
        });
        None
    })
}

///
pub(super) fn conformity(facts: &Facts<'_>) -> Judged {
    of_statement(facts, |statement, checks| {
        let documents = &statement.documents;
        checks.push(match (&documents.eu_declaration_of_conformity, &documents.label_registry) {
            (None, None) => {
                let text = "neither the EU declaration of conformity nor a registry entry of a label is named";
                Check::new("reference", Outcome::Missing, text)
            }
            (eu, us) => {
                let named: Vec<String> = [("EU declaration of conformity", eu), ("registry entry", us)]
                    .into_iter()
                    .filter_map(|(what, address)| Some(format!("{what}: {}", Shown(address.as_deref()?))))
                    .collect();
                Check::new("reference", Outcome::Declared, named.join("; "))
            }
        });
        None
    })
}

const FIVE: u8 = 5;
const TEN: i32 = 10;

/// The verdict for what is not asked of this release.
pub(super) fn not_applicable(reason: &str) -> Option<(Verdict, String)> {
    Some((Verdict::NotApplicable, reason.to_owned()))
}
