//! When what begins and ends: what the vendor declares, and what policies set.

use serde::Serialize;

use super::profiles::classical_only_until;
use crate::evidence::{Day, ReleaseStatement};

/// Dates of a release. What was declared to the month is its first day where something begins, and its last where something ends.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Timeline {
    /// The day of the audit.
    pub audited: Option<Day>,
    /// Since when the product is on the market.
    pub placed_on_market: Option<Day>,
    /// When the release was issued.
    pub issued: Option<Day>,
    /// When support began.
    pub support_start: Option<Day>,
    /// When it ends.
    pub support_end: Option<Day>,
    /// Until when the update can be had.
    pub available_until: Option<Day>,
    /// Ten years after it was issued.
    pub ten_years_after_issue: Option<Day>,
    /// The last day on which classical seals alone are enough.
    pub classical_only_until: Option<Day>,
    /// What policies set.
    pub milestones: Vec<Milestone>,
}

/// A date that a policy sets.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Milestone {
    /// The date.
    pub date: Day,
    /// What is due.
    pub what: &'static str,
}

impl Timeline {
    pub(super) fn new(audited: Day, statement: Option<&ReleaseStatement>) -> Self {
        let support = statement.and_then(|statement| statement.support.as_ref());
        let issued = statement.map(|statement| statement.release.issued.day());
        Self {
            audited: Some(audited),
            placed_on_market: statement.and_then(|of| of.product.placed_on_market).map(|date| date.first()),
            issued,
            support_start: support.and_then(|support| support.start).map(|date| date.first()),
            support_end: support.map(|support| support.end.last()),
            available_until: statement.and_then(|of| of.availability.as_ref()).map(|of| of.until.last()),
            ten_years_after_issue: issued.and_then(|day| day.plus_years(10)),
            classical_only_until: classical_only_until(),
            milestones: MILESTONES
                .iter()
                .filter_map(|((year, month, day), what)| Some(Milestone { date: Day::new(*year, *month, *day)?, what }))
                .collect(),
        }
    }
}

const MILESTONES: [((i32, u8, u8), &str); 5] = [
    (
        (2027, 1, 1),
        "CNSA 2.0: new national security systems support its algorithms; ANSSI certifies post-quantum products only",
    ),
    ((2027, 12, 11), "Cyber Resilience Act: full application"),
    (
        (2030, 12, 31),
        "EU roadmap: high-risk uses, and upgrades of firmware, are quantum-safe; US contractors, key establishment",
    ),
    ((2031, 12, 31), "EO 14412: post-quantum digital signatures in high-value federal systems"),
    ((2035, 12, 31), "EU roadmap: medium-risk uses; NIST IR 8547 (draft): classical signatures are disallowed"),
];
