//! What belongs to every report: what no bundle can show, the documents, the instruments, and how to make the same report again.

use super::head::Grouped;
use super::{Anchor, Audit, Markup, columns, section};

/// The section that does not depend on the bundle.
pub(super) fn can_not_show(audit: &Audit, main: &mut Markup) {
    section(main, Anchor("limits", 0), "What this bundle can not show", |section| {
        section.leaf("p", &[], "Nor can any other. Whoever needs to know it has to look elsewhere:");
        section.element("ul", &[("class", &"limits")], |list| {
            audit.can_not_show.iter().for_each(|text| list.leaf("li", &[], text));
        });
    });
}

/// What the bundle carries: images, and documents about them.
pub(super) fn documents(audit: &Audit, main: &mut Markup) {
    section(main, Anchor("evidence", 0), "Components and evidence", |section| {
        components(audit, section);
        if audit.documents.is_empty() {
            section.leaf("p", &[], "No document could be looked at: the bundle carries none, or none that is sealed.");
            return;
        }
        section.leaf(
            "p",
            &[],
            "The digest of each document is under the seals: whoever sealed the release vouches for its bytes, not for its truth.",
        );
        section.element("table", &[("class", &"stack")], |table| {
            table.leaf("caption", &[], "Documents in the bundle");
            columns(table, &["Document", "Serves as", "What it is", "Bytes"]);
            table.element("tbody", &[], |body| {
                for (number, document) in (1..).zip(&audit.documents) {
                    body.element("tr", &[("id", &Anchor("document", number))], |row| {
                        row.element("th", &[("scope", &"row")], |cell| {
                            cell.leaf("span", &[("class", &"name")], &document.name);
                            cell.leaf("span", &[("class", &"hash")], &document.digest);
                        });
                        row.leaf("td", &[("data-name", &"Serves as"), ("class", &"kind")], document.roles.join(", "));
                        row.element("td", &[("data-name", &"What it is"), ("class", &"said")], |cell| {
                            cell.text(&document.summary);
                            if let Some(error) = &document.error {
                                cell.leaf("strong", &[("class", &"missing")], format_args!(" {error}"));
                            }
                            cell.leaf("span", &[("class", &"meaning")], &document.media_type);
                        });
                        row.leaf("td", &[("class", &"numeric"), ("data-name", &"Bytes")], Grouped(document.size));
                    });
                }
            });
        });
    });
}

fn components(audit: &Audit, page: &mut Markup) {
    let Some(release) = &audit.release else { return };
    page.element("table", &[("class", &"stack")], |table| {
        table.leaf("caption", &[], "Images in the release");
        columns(table, &["Component", "Digest, as sealed", "Bytes"]);
        table.element("tbody", &[], |body| {
            for component in &release.components {
                body.element("tr", &[], |row| {
                    row.leaf("th", &[("scope", &"row"), ("class", &"name")], &component.id);
                    row.leaf("td", &[("class", &"hash"), ("data-name", &"Digest")], &component.digest);
                    row.leaf("td", &[("class", &"numeric"), ("data-name", &"Bytes")], Grouped(component.size));
                });
            }
        });
    });
}

/// The instruments whose provisions the rows name.
pub(super) fn sources(audit: &Audit, main: &mut Markup) {
    section(main, Anchor("sources", 0), "Instruments", |section| {
        section.element("table", &[], |table| {
            table.leaf("caption", &[], "The instruments, in the versions that the rows were written after");
            columns(table, &["Short", "Side", "Instrument", "Version"]);
            table.element("tbody", &[], |body| {
                for source in audit.sources {
                    body.element("tr", &[], |row| {
                        row.leaf("th", &[("scope", &"row")], source.short);
                        row.leaf("td", &[], if source.side == "eu" { "EU" } else { "US" });
                        row.leaf("td", &[], source.title);
                        row.leaf("td", &[], source.version);
                    });
                }
            });
        });
    });
}

/// The end of the page.
pub(super) fn foot(audit: &Audit, body: &mut Markup) {
    body.element("footer", &[], |foot| {
        foot.leaf(
            "p",
            &[],
            format_args!(
                "Made by {} for {}. The same bundle, trust store, keys, earlier releases and date give the same bytes of this file. \
                 It holds no script and fetches nothing.",
                audit.tool, audit.date
            ),
        );
    });
}
