//! Who sealed with what, what two implementations say of each seal, what happens without it, and which profiles that meets.

use super::{Anchor, Audit, Markup, columns, figure, section, verdict};
use crate::audit::{Half, Matrix, Sealing, Stripped};

/// The section.
pub(super) fn write(audit: &Audit, main: &mut Markup) {
    section(main, Anchor("seals", 0), "Seals", |section| {
        match &audit.seals {
            Some(matrix) => {
                drawing(audit, matrix, section);
                demands(matrix, section);
            }
            None => section.leaf("p", &[], "There is no frame that seals could be read from."),
        }
        stripping(audit, section);
        profiles(audit, section);
    });
}

/// The matrix: a line for each half of each identity, a column for each who was asked.
fn drawing(audit: &Audit, matrix: &Matrix, page: &mut Markup) {
    let lines: Vec<(&Sealing, &Half)> = matrix
        .identities
        .iter()
        .flat_map(|identity| identity.halves.iter().map(move |half| (identity, half)))
        .collect();
    let (valid, present) = matrix.tally();
    let told =
        format!("{valid} of {present} seals are valid to the device's code and to an independent implementation.");
    let height =
        u64::try_from(lines.len()).unwrap_or_default().saturating_mul(LINE).saturating_add(TOP).saturating_add(4);
    figure(page, Anchor("seal-matrix", 0), ("Seals by identity", &told), (WIDTH, height), |svg| {
        for (x, heading) in
            [(0, "Identity"), (200, "Half"), (330, "Device's code"), (470, "Independent code"), (600, "Without it")]
        {
            svg.leaf("text", &[("class", &"label"), ("x", &x), ("y", &14)], heading);
        }
        let mut y = TOP;
        for (place, (identity, half)) in lines.iter().enumerate() {
            let first = place
                .checked_sub(1)
                .and_then(|before| lines.get(before))
                .is_none_or(|(before, _)| before.anchor_id != identity.anchor_id);
            svg.shape(
                "path",
                &[
                    ("class", &if first { "rule strong" } else { "rule" }),
                    ("d", &format_args!("M{} {y}H{WIDTH}", if first { 0 } else { 200 })),
                ],
            );
            let base = y.saturating_add(21);
            if first {
                svg.leaf(
                    "text",
                    &[("x", &0), ("y", &base)],
                    cut(&who(identity.label.as_deref(), identity.role, &identity.anchor_id), 27),
                );
            }
            svg.leaf("text", &[("x", &200), ("y", &base)], cut(&half.algorithm, 15));
            cell(svg, 330, y, state(half, half.device));
            cell(svg, 470, y, state(half, half.independent));
            let stripped = audit
                .stripping
                .iter()
                .find(|one| one.anchor_id == identity.anchor_id && one.algorithm == half.algorithm);
            if let Some(stripped) = stripped {
                cell(
                    svg,
                    600,
                    y,
                    if stripped.accepted { ("missing", "still accepted") } else { ("proven", "refused") },
                );
            }
            y = y.saturating_add(LINE);
        }
        svg.shape("path", &[("class", &"rule strong"), ("d", &format_args!("M0 {y}H{WIDTH}"))]);
    });
}

fn cell(svg: &mut Markup, x: u64, y: u64, (class, word): (&'static str, &'static str)) {
    let attributes: [(&str, &dyn core::fmt::Display); 6] = [
        ("class", &class),
        ("href", &format_args!("#v-{class}")),
        ("x", &x),
        ("y", &y.saturating_add(10)),
        ("width", &"12"),
        ("height", &"12"),
    ];
    svg.shape("use", &attributes);
    svg.leaf("text", &[("class", &class), ("x", &x.saturating_add(18)), ("y", &y.saturating_add(21))], word);
}

const fn state(half: &Half, verdict: Option<bool>) -> (&'static str, &'static str) {
    match verdict {
        Some(true) => ("proven", "valid"),
        Some(false) => ("missing", "not valid"),
        None if half.present => ("none", "no key"),
        None => ("missing", "no seal"),
    }
}

fn demands(matrix: &Matrix, page: &mut Markup) {
    page.element("ul", &[("class", &"plain")], |list| {
        for demand in &matrix.requirements {
            list.leaf(
                "li",
                &[],
                format_args!(
                    "Of the role {} the trust store demands {}; there is {}.",
                    demand.role, demand.threshold, demand.valid
                ),
            );
        }
        list.leaf(
            "li",
            &[],
            format_args!(
                "The digest under the seals is {} of the manifest: {} to the device's code, {} to an independent one.",
                matrix.digest_algorithm,
                said(matrix.digest_device),
                said(matrix.digest_independent)
            ),
        );
        for identity in &matrix.identities {
            list.element("li", &[], |item| {
                item.text(format_args!("{}: ", who(identity.label.as_deref(), identity.role, "a stranger")));
                item.leaf("span", &[("class", &"hash")], &identity.anchor_id);
            });
        }
    });
}

const fn said(holds: bool) -> &'static str {
    if holds { "it is right" } else { "it is wrong" }
}

/// What the device's code says without each seal.
fn stripping(audit: &Audit, page: &mut Markup) {
    if audit.stripping.is_empty() {
        return;
    }
    page.leaf("h3", &[], "Without one of the seals");
    page.leaf("p", &[], "Each seal was really taken out, and the device's code decided again.");
    page.element("table", &[("class", &"stack")], |table| {
        table.leaf("caption", &[], "Stripping test");
        columns(table, &["Taken out", "Of", "Then the release is"]);
        table.element("tbody", &[], |body| {
            for Stripped { label, algorithm, accepted, refusal, anchor_id } in &audit.stripping {
                body.element("tr", &[], |row| {
                    row.leaf("th", &[("scope", &"row")], algorithm);
                    row.leaf("td", &[("data-name", &"Of")], who(label.as_deref(), None, anchor_id));
                    row.element("td", &[("data-name", &"Then the release is")], |cell| match refusal {
                        Some(refusal) if !accepted => {
                            verdict::badge(cell, "proven", "refused");
                            cell.text(" ");
                            cell.leaf("code", &[], &refusal.code);
                        }
                        _ => verdict::badge(cell, "missing", "still accepted"),
                    });
                });
            }
        });
    });
}

fn profiles(audit: &Audit, page: &mut Markup) {
    page.leaf("h3", &[], "Cryptographic profiles");
    page.element("table", &[("class", &"stack")], |table| {
        table.leaf("caption", &[], "Profiles, by the seals that are valid and the digests");
        columns(table, &["Profile", "What it asks", "Here"]);
        table.element("tbody", &[], |body| {
            for profile in &audit.profiles {
                body.element("tr", &[], |row| {
                    row.leaf("th", &[("scope", &"row")], profile.name);
                    row.leaf("td", &[("data-name", &"What it asks")], profile.rule);
                    row.element("td", &[("data-name", &"Here")], |cell| {
                        let class = match (profile.met, profile.required) {
                            (true, _) => "proven",
                            (false, true) => "missing",
                            (false, false) => "none",
                        };
                        verdict::badge(cell, class, if profile.met { "met" } else { "not met" });
                        if profile.required {
                            cell.text(" (required)");
                        }
                        if let Some(until) = profile.until {
                            cell.text(format_args!(" until {until}"));
                        }
                        cell.leaf("span", &[("class", &"meaning")], &profile.reason);
                    });
                });
            }
        });
    });
}

fn who(label: Option<&str>, role: Option<&str>, otherwise: &str) -> String {
    match (label, role) {
        (Some(label), Some(role)) => format!("{label} ({role})"),
        (Some(label), None) => label.to_owned(),
        _ => otherwise.to_owned(),
    }
}

/// As much of a text as there is room for.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room.saturating_sub(1)).chain(['\u{2026}']).collect()
}

const WIDTH: u64 = 720;
const TOP: u64 = 24;
const LINE: u64 = 32;
