//! The provisions: once as a table by verdict, with both sides of the Atlantic beside each other, and once row by row with all checks.

use super::{Anchor, Audit, Markup, columns, section, verdict};
use crate::audit::{Check, Outcome, Provision, Row, Verdict};

/// The table.
pub(super) fn table(audit: &Audit, main: &mut Markup) {
    section(main, Anchor("provisions", 0), "Provisions", |section| {
        section.leaf(
            "p",
            &[],
            "Each row is one piece of evidence and the provisions of both sides that it speaks to. Names of instruments are short; \
             the last section has them in full.",
        );
        section.element("table", &[("class", &"provisions")], |table| {
            table.leaf("caption", &[], "What the bundle shows, by verdict");
            columns(table, &["Row", "What it is about", "European Union", "United States"]);
            for verdict in Verdict::ALL {
                let rows = || numbered(audit).filter(|(_, row)| row.verdict == verdict);
                if rows().next().is_none() {
                    continue;
                }
                let class = verdict::class(verdict);
                table.element("tbody", &[("class", &class)], |group| {
                    group.element("tr", &[("class", &"group")], |head| {
                        head.element("th", &[("colspan", &"4"), ("scope", &"rowgroup")], |cell| {
                            verdict::badge(cell, class, verdict.words());
                            cell.leaf("span", &[("class", &"meaning")], verdict.meaning());
                        });
                    });
                    for (anchor, row) in rows() {
                        group.element("tr", &[], |line| {
                            line.element("th", &[("scope", &"row")], |cell| cell.link(anchor, row.id));
                            line.element("td", &[], |cell| {
                                cell.leaf("strong", &[], row.title);
                                cell.leaf("span", &[("class", &"reason")], &row.reason);
                            });
                            for (name, side) in [("EU", row.eu), ("US", row.us)] {
                                line.element("td", &[("class", &"ids"), ("data-side", &name)], |cell| {
                                    side.iter().for_each(|provision| short(cell, provision));
                                });
                            }
                        });
                    }
                });
            }
        });
    });
}

/// Every row with everything that was looked at.
pub(super) fn details(audit: &Audit, main: &mut Markup) {
    section(main, Anchor("rows", 0), "Row by row", |section| {
        for (anchor, row) in numbered(audit) {
            let class = verdict::class(row.verdict);
            let heading = format!("{anchor}-heading");
            section.element(
                "article",
                &[("id", &anchor), ("class", &class), ("aria-labelledby", &heading)],
                |article| {
                    article.element("h3", &[("id", &heading)], |line| {
                        line.leaf("span", &[("class", &"id")], row.id);
                        line.text(" ");
                        line.text(row.title);
                    });
                    article.element("p", &[("class", &"verdict")], |line| {
                        verdict::badge(line, class, row.verdict.words());
                        line.text(" ");
                        line.text(&row.reason);
                    });
                    checks(row, article);
                    looked_at(audit, row, article);
                    article.element("dl", &[("class", &"sides")], |list| {
                        for (name, side) in [("European Union", row.eu), ("United States", row.us)] {
                            list.element("div", &[], |pair| {
                                pair.leaf("dt", &[], name);
                                side.iter().for_each(|provision| {
                                    pair.element("dd", &[], |item| {
                                        short(item, provision);
                                        item.text(format_args!(" {}", provision.title));
                                    })
                                });
                            });
                        }
                    });
                    article.element("p", &[("class", &"limit")], |line| {
                        line.leaf("strong", &[], "It does not show ");
                        line.text(row.can_not_show);
                        line.text(".");
                    });
                },
            );
        }
    });
}

fn checks(row: &Row, article: &mut Markup) {
    // The reason is one of them. It is not told twice, unless how it came out says more than the verdict does.
    let told = |check: &&Check| check.text != row.reason || check.outcome == Outcome::Contradicted;
    if !row.checks.iter().any(|check| told(&check)) {
        return;
    }
    article.element("ul", &[("class", &"checks")], |list| {
        for check in row.checks.iter().filter(told) {
            let class = verdict::outcome_class(check.outcome);
            list.element("li", &[("class", &class)], |item| {
                verdict::badge(item, class, check.outcome.word());
                item.element("span", &[], |text| text.text(&check.text));
            });
        }
    });
}

/// Where the statements of a row come from, with a link to each document.
fn looked_at(audit: &Audit, row: &Row, article: &mut Markup) {
    if row.evidence.is_empty() {
        return;
    }
    article.element("p", &[("class", &"looked")], |line| {
        line.text("Looked at: ");
        for (place, name) in row.evidence.iter().enumerate() {
            if place > 0 {
                line.text(", ");
            }
            match (1..).zip(&audit.documents).find(|(_, document)| document.name == *name) {
                Some((number, _)) => line.link(Anchor("document", number), name),
                None => line.text(name),
            }
        }
    });
}

/// The short name of an instrument, and where in it.
fn short(page: &mut Markup, provision: &Provision) {
    page.element("span", &[("class", &"provision")], |item| {
        item.leaf("b", &[], provision.instrument());
        item.text("\u{a0}");
        item.text(provision.id);
    });
}

fn numbered(audit: &Audit) -> impl Iterator<Item = (Anchor, &Row)> {
    (1..).map(|number| Anchor("row", number)).zip(&audit.rows)
}
