//! The releases before, and what changed since.

use super::{Anchor, Audit, Markup, columns, section, verdict};
use crate::audit::SbomChanges;

/// The section; there is none if no release before was given.
pub(super) fn write(audit: &Audit, main: &mut Markup) {
    let Some(series) = &audit.series else { return };
    section(main, Anchor("series", 0), "Series", |section| {
        section.element("table", &[("class", &"stack")], |table| {
            table.leaf("caption", &[], "The releases, oldest first");
            columns(table, &["Version", "Sequence number", "Security version", "Issued", "Support ends", "Release id"]);
            table.element("tbody", &[], |body| {
                let mut line =
                    |version: &str, numbers: (u64, u32), days: [Option<String>; 2], id: &str, authentic: bool| {
                        body.element("tr", &[], |row| {
                            row.element("th", &[("scope", &"row")], |cell| {
                                cell.text(version);
                                if !authentic {
                                    cell.text(" ");
                                    verdict::badge(cell, "missing", "not sealed as the trust store demands");
                                }
                            });
                            row.leaf("td", &[("data-name", &"Sequence number"), ("class", &"numeric")], numbers.0);
                            row.leaf("td", &[("data-name", &"Security version"), ("class", &"numeric")], numbers.1);
                            for (name, day) in ["Issued", "Support ends"].into_iter().zip(days) {
                                row.leaf("td", &[("data-name", &name)], day.as_deref().unwrap_or("not said"));
                            }
                            row.leaf("td", &[("data-name", &"Release id"), ("class", &"hash")], id);
                        });
                    };
                for earlier in &series.releases {
                    let days = [earlier.issued, earlier.support_end].map(|day| day.map(|day| day.to_string()));
                    let numbers = (earlier.sequence_number, earlier.security_version);
                    line(&earlier.version, numbers, days, &earlier.release_id, earlier.authentic);
                }
                if let Some(release) = &audit.release {
                    let days =
                        [audit.timeline.issued, audit.timeline.support_end].map(|day| day.map(|day| day.to_string()));
                    let version = format!("{} (this one)", release.version);
                    line(
                        &version,
                        (release.sequence_number, release.security_version),
                        days,
                        &release.release_id,
                        true,
                    );
                }
            });
        });
        section.element("ul", &[("class", &"checks")], |list| {
            for check in &series.checks {
                let class = verdict::outcome_class(check.outcome);
                list.element("li", &[("class", &class)], |item| {
                    verdict::badge(item, class, check.outcome.word());
                    item.element("span", &[], |text| text.text(&check.text));
                });
            }
        });
        if let Some(changes) = &series.sbom {
            sbom(changes, section);
        }
    });
}

fn sbom(changes: &SbomChanges, page: &mut Markup) {
    page.leaf("h3", &[], format_args!("The SBOM since {}", changes.since));
    if changes.added.is_empty() && changes.removed.is_empty() && changes.changed.is_empty() {
        page.leaf("p", &[], "It lists the same components in the same versions.");
        return;
    }
    page.element("ul", &[("class", &"plain changes")], |list| {
        for (word, what) in [("new", &changes.added), ("gone", &changes.removed)] {
            for one in what {
                list.element("li", &[], |item| {
                    item.leaf("b", &[], word);
                    item.text(format_args!(" {one}"));
                });
            }
        }
        for (what, before, after) in &changes.changed {
            list.element("li", &[], |item| {
                item.leaf("b", &[], "changed");
                item.text(format_args!(" {what}: {before} \u{2192} {after}"));
            });
        }
    });
}
