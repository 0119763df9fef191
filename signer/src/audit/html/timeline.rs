//! When support and availability begin and end, beside the dates that policies set.

use super::{Anchor, Audit, Markup, columns, figure, section};
use crate::evidence::Day;

/// The section.
pub(super) fn write(audit: &Audit, main: &mut Markup) {
    let timeline = &audit.timeline;
    section(main, Anchor("timeline", 0), "Support and availability", |section| {
        let declared: [(&str, Option<Day>, &str); 6] = [
            ("On the market since", timeline.placed_on_market, DECLARED),
            ("Support begins", timeline.support_start, DECLARED),
            ("Issued", timeline.issued, DECLARED),
            ("Support ends", timeline.support_end, DECLARED),
            ("Available until", timeline.available_until, DECLARED),
            ("Ten years after issue", timeline.ten_years_after_issue, "computed"),
        ];
        drawing(audit, section);
        if timeline.issued.is_none() {
            section.leaf(
                "p",
                &[],
                "The release has no statement that was sealed with it, so its own dates are not known.",
            );
        }
        section.element("table", &[("class", &"dates")], |table| {
            table.leaf("caption", &[], "The dates, in order");
            columns(table, &["Date", "What", "Whose"]);
            let mut all: Vec<(Day, String, &str)> =
                declared.into_iter().filter_map(|(what, day, whose)| Some((day?, what.to_owned(), whose))).collect();
            all.extend(timeline.audited.map(|day| (day, "This audit".to_owned(), "given")));
            all.extend(
                timeline
                    .classical_only_until
                    .map(|day| (day, "The last day on which classical seals alone are enough".to_owned(), "policy")),
            );
            all.extend(
                (1..)
                    .zip(&timeline.milestones)
                    .map(|(number, one): (usize, _)| (one.date, format!("({number}) {}", one.what), "policy")),
            );
            all.sort();
            table.element("tbody", &[], |body| {
                for (day, what, whose) in all {
                    body.element("tr", &[], |row| {
                        row.leaf("th", &[("scope", &"row")], day);
                        row.leaf("td", &[], what);
                        row.leaf("td", &[], whose);
                    });
                }
            });
        });
    });
}

fn drawing(audit: &Audit, page: &mut Markup) {
    let timeline = &audit.timeline;
    let lanes: [(&str, &'static str, Option<Day>, Option<Day>); 3] = [
        ("Support", "support", timeline.support_start.or(timeline.issued), timeline.support_end),
        ("Available", "available", timeline.issued, timeline.available_until),
        ("Ten years from issue", "floor", timeline.issued, timeline.ten_years_after_issue),
    ];
    let ends = lanes.iter().flat_map(|lane| [lane.2, lane.3]).flatten();
    let policy = timeline.milestones.iter().map(|one| one.date).chain(timeline.classical_only_until);
    let all: Vec<Day> = ends.chain(policy).chain(timeline.audited).collect();
    let (Some(first), Some(last)) = (all.iter().min(), all.iter().max()) else { return };
    let Some(scale) = Scale::of(first.year(), last.year()) else { return };
    let told = told(audit);
    figure(page, Anchor("timeline-drawing", 0), ("Support and availability in time", &told), (WIDTH, 232), |svg| {
        scale.years(svg, 208);
        for (day, class, word) in [(timeline.issued, "issued", "issued"), (timeline.audited, "audited", "audit")] {
            let Some(day) = day else { continue };
            let x = scale.at(day);
            svg.shape("path", &[("class", &class), ("d", &format_args!("M{x} 24V200"))]);
            let (anchor, at) =
                if class == "issued" { ("end", x.saturating_add(2)) } else { ("start", x.saturating_sub(2)) };
            svg.leaf("text", &[("class", &"date"), ("text-anchor", &anchor), ("x", &at), ("y", &16)], word);
        }
        let mut y = 34_u64;
        for (name, class, from, to) in lanes {
            svg.leaf("text", &[("class", &"label"), ("x", &0), ("y", &y.saturating_add(14))], name);
            match from.zip(to) {
                Some((from, to)) if to >= from => bar(svg, class, (scale.at(from), scale.at(to)), y, to),
                other => {
                    let words = if other.is_some() { "ends before it begins" } else { "not said" };
                    svg.leaf("text", &[("class", &"date"), ("x", &LEFT), ("y", &y.saturating_add(14))], words);
                }
            }
            y = y.saturating_add(34);
        }
        policy_lane(audit, &scale, svg, y);
    });
}

/// A bar with its last day in it, or beside it where it is short.
fn bar(svg: &mut Markup, class: &'static str, (left, right): (u64, u64), y: u64, until: Day) {
    let width = right.saturating_sub(left).max(2);
    svg.shape("rect", &[("class", &class), ("x", &left), ("y", &y), ("width", &width), ("height", &20)]);
    let (anchor, x) = match () {
        () if width > 120 => ("end", right.saturating_sub(6)),
        () if right < 580 => ("start", right.saturating_add(6)),
        () => ("end", left.saturating_sub(6)),
    };
    svg.leaf(
        "text",
        &[("class", &"date"), ("text-anchor", &anchor), ("x", &x), ("y", &y.saturating_add(14))],
        format_args!("until {until}"),
    );
}

/// Until when classical seals alone are enough, and the numbered milestones.
fn policy_lane(audit: &Audit, scale: &Scale, svg: &mut Markup, y: u64) {
    let timeline = &audit.timeline;
    svg.leaf("text", &[("class", &"label"), ("x", &0), ("y", &y.saturating_add(14))], "Policies");
    if let Some(until) = timeline.classical_only_until {
        let right = scale.at(until);
        svg.shape("path", &[("class", &"policy"), ("d", &format_args!("M{LEFT} {}H{right}", y.saturating_add(10)))]);
        svg.leaf(
            "text",
            &[("class", &"date"), ("x", &LEFT), ("y", &y.saturating_add(34))],
            format_args!("classical seals alone are enough until {until}"),
        );
    }
    for (number, milestone) in (1..).zip(&timeline.milestones) {
        let (x, number): (u64, usize) = (scale.at(milestone.date), number);
        svg.element("g", &[], |group| {
            group.leaf("title", &[], format_args!("{}: {}", milestone.date, milestone.what));
            group.shape("circle", &[("class", &"milestone"), ("cx", &x), ("cy", &y.saturating_add(10)), ("r", &9)]);
            group.leaf(
                "text",
                &[("class", &"date"), ("text-anchor", &"middle"), ("x", &x), ("y", &y.saturating_add(14))],
                number,
            );
        });
    }
}

fn told(audit: &Audit) -> String {
    let timeline = &audit.timeline;
    let said =
        |what: &str, day: Option<Day>| day.map_or_else(|| format!("{what} not said"), |day| format!("{what} {day}"));
    format!(
        "{}, {}, {}; audited on {}. The numbered points are policies; the table below has all dates.",
        said("issued", timeline.issued),
        said("supported until", timeline.support_end),
        said("available until", timeline.available_until),
        audit.date
    )
}

/// From days to places across the drawing, whole years at both ends.
struct Scale {
    first: Day,
    days: i64,
    years: core::ops::RangeInclusive<i32>,
}

impl Scale {
    fn of(first: i32, last: i32) -> Option<Self> {
        let years = first..=last.saturating_add(1);
        let (from, to) = (Day::new(*years.start(), 1, 1)?, Day::new(*years.end(), 1, 1)?);
        Some(Self { first: from, days: from.until(to), years })
    }

    fn at(&self, day: Day) -> u64 {
        let across = self.first.until(day).saturating_mul(SPAN).checked_div(self.days).unwrap_or_default();
        LEFT.saturating_add(u64::try_from(across).unwrap_or_default())
    }

    /// A line and a number for each year; for some of them where there are many.
    fn years(&self, svg: &mut Markup, base: u64) {
        let count = self.years.end().saturating_sub(*self.years.start());
        let step = STEPS.into_iter().find(|step| count <= step.saturating_mul(14)).unwrap_or(1000);
        for year in self.years.clone().filter(|year| year.checked_rem(step) == Some(0)) {
            let Some(day) = Day::new(year, 1, 1) else { continue };
            let x = self.at(day);
            svg.shape("path", &[("class", &"year"), ("d", &format_args!("M{x} 24V{}", base.saturating_sub(8)))]);
            svg.leaf(
                "text",
                &[("class", &"date"), ("text-anchor", &"middle"), ("x", &x), ("y", &base.saturating_add(10))],
                year,
            );
        }
    }
}

const STEPS: [i32; 8] = [1, 2, 5, 10, 50, 100, 500, 1000];
const DECLARED: &str = "declared";
const WIDTH: u64 = 720;
const LEFT: u64 = 150;
const SPAN: i64 = 550;
