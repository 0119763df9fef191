//! The report as one HTML file for people to hand on: readable without a network and without scripts, on paper, on a telephone, in the dark.
//!
//! [`render`] is a pure function of the audit: the same audit gives the same bytes. Everything goes through the private module `markup`.

use super::report::Audit;
use super::verdict::Verdict;

mod annex;
mod bytes;
mod head;
mod markup;
mod rows;
mod seals;
mod series;
mod timeline;
mod verdict;

use markup::{Anchor, Markup};

/// Writes the report.
#[must_use]
pub fn render(audit: &Audit) -> String {
    let mut page = Markup::document();
    page.element("html", &[("lang", &"en")], |html| {
        html.element("head", &[], |head| {
            head.void("meta", &[("charset", &"utf-8")]);
            // Nothing may be fetched or run, whatever a mistake in this file would let in.
            head.void("meta", &[("http-equiv", &"Content-Security-Policy"), ("content", &POLICY)]);
            head.void("meta", &[("name", &"viewport"), ("content", &"width=device-width, initial-scale=1")]);
            head.void("meta", &[("name", &"color-scheme"), ("content", &"light dark")]);
            head.void("meta", &[("name", &"generator"), ("content", &audit.tool)]);
            head.leaf("title", &[], format_args!("Audit of {}", head::title(audit)));
            head.style(STYLE);
        });
        html.element("body", &[], |body| {
            verdict::symbols(body);
            head::write(audit, body);
            body.element("main", &[], |main| {
                head::glance(audit, main);
                rows::table(audit, main);
                annex::can_not_show(audit, main);
                seals::write(audit, main);
                timeline::write(audit, main);
                series::write(audit, main);
                annex::documents(audit, main);
                rows::details(audit, main);
                bytes::write(audit, main);
                annex::sources(audit, main);
            });
            annex::foot(audit, body);
        });
    });
    page.finish()
}

/// A section with its heading.
fn section(page: &mut Markup, anchor: Anchor, heading: &'static str, inside: impl FnOnce(&mut Markup)) {
    let labelled = format!("{anchor}-heading");
    page.element("section", &[("id", &anchor), ("aria-labelledby", &labelled)], |section| {
        section.leaf("h2", &[("id", &labelled)], heading);
        inside(section);
    });
}

/// A drawing in a frame that can be scrolled where the screen is narrower than it. `told` says in words what is drawn.
fn figure(
    page: &mut Markup,
    id: Anchor,
    (title, told): (&str, &str),
    size: (u64, u64),
    draw: impl FnOnce(&mut Markup),
) {
    let (width, height) = size;
    page.element("figure", &[], |figure| {
        let name = format!("{id}-title");
        figure.element(
            "div",
            &[("class", &"scroll"), ("tabindex", &"0"), ("role", &"group"), ("aria-labelledby", &name)],
            |frame| {
                let told_id = format!("{id}-desc");
                frame.element(
                    "svg",
                    &[
                        ("role", &"img"),
                        ("aria-labelledby", &format_args!("{name} {told_id}")),
                        ("viewBox", &format_args!("0 0 {width} {height}")),
                        ("width", &width),
                        ("height", &height),
                    ],
                    |svg| {
                        svg.leaf("title", &[("id", &name)], title);
                        svg.leaf("desc", &[("id", &told_id)], told);
                        draw(svg);
                    },
                );
            },
        );
    });
}

/// A row of headings over a table's columns.
fn columns(table: &mut Markup, names: &[&'static str]) {
    table.element("thead", &[], |head| {
        head.element("tr", &[], |row| names.iter().for_each(|name| row.leaf("th", &[("scope", &"col")], name)));
    });
}

/// The places that the contents list.
const SECTIONS: [(Anchor, &str); 10] = [
    (Anchor("glance", 0), "At a glance"),
    (Anchor("provisions", 0), "Provisions"),
    (Anchor("limits", 0), "What this bundle can not show"),
    (Anchor("seals", 0), "Seals"),
    (Anchor("timeline", 0), "Support and availability"),
    (Anchor("series", 0), "Series"),
    (Anchor("evidence", 0), "Components and evidence"),
    (Anchor("rows", 0), "Row by row"),
    (Anchor("bytes", 0), "Every byte"),
    (Anchor("sources", 0), "Instruments"),
];

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const STYLE: &str = include_str!("html/report.css");
