//! Every byte of the file: drawn to scale, drawn so that the small ranges are seen as well, and listed.

use super::head::Grouped;
use super::{Anchor, Audit, Markup, columns, figure, section};
use crate::byte_map::{ByteMap, Cover, Range};

/// The section.
pub(super) fn write(audit: &Audit, main: &mut Markup) {
    section(main, Anchor("bytes", 0), "Every byte", |section| {
        let Some(map) = &audit.bytes else {
            section.leaf("p", &[], "There is no map: the file is not a whole, well-formed bundle, or not sealed as the trust store demands.");
            return;
        };
        section.leaf(
            "p",
            &[],
            format_args!(
                "The ranges add up to the {} bytes of the file. Nothing in it is unaccounted for.",
                Grouped(audit.size)
            ),
        );
        drawing(map, audit.size, section);
        section.element("ul", &[("class", &"legend")], |list| {
            for (cover, words) in COVERS {
                list.element("li", &[], |item| {
                    item.element(
                        "svg",
                        &[("class", &"swatch"), ("width", &"28"), ("height", &"14"), ("aria-hidden", &"true")],
                        |svg| {
                            block(svg, cover, (0, 28), (0, 14));
                        },
                    );
                    item.leaf("b", &[], cover.word());
                    item.text(format_args!(" {words}: {} bytes", Grouped(map.total(cover))));
                });
            }
        });
        ranges(map, section);
    });
}

fn drawing(map: &ByteMap, size: u64, page: &mut Markup) {
    let told = COVERS
        .iter()
        .map(|(cover, _)| format!("{} bytes {}", map.total(*cover), cover.word()))
        .collect::<Vec<_>>()
        .join(", ");
    figure(
        page,
        Anchor("byte-map", 0),
        ("The bytes of the file, from the first to the last", &told),
        (WIDTH, 132),
        |svg| {
            svg.element("defs", &[], |defs| {
                for (id, path) in
                    [("p-digest", "M-2 2l4-4M0 8l8-8M6 10l4-4"), ("p-signature", "M2 2h2v2h-2zM6 6h2v2h-2z")]
                {
                    defs.element(
                        "pattern",
                        &[("id", &id), ("width", &"8"), ("height", &"8"), ("patternUnits", &"userSpaceOnUse")],
                        |pattern| {
                            pattern.shape("path", &[("class", &id), ("d", &path)]);
                        },
                    );
                }
            });
            svg.leaf("text", &[("class", &"label"), ("x", &0), ("y", &12)], "To scale");
            let mut start = 0_u64;
            for range in &map.ranges {
                let (left, right) = (share(start, size), share(range.end, size));
                start = range.end;
                titled(svg, range, (left, right.saturating_sub(left)), (20, 28));
            }
            svg.leaf(
                "text",
                &[("class", &"label"), ("x", &0), ("y", &76)],
                "Each range as wide as its size has digits",
            );
            let all: u64 = map.ranges.iter().map(weight).sum();
            let mut before = 0_u64;
            for range in &map.ranges {
                let left = share(before, all);
                before = before.saturating_add(weight(range));
                titled(svg, range, (left, share(before, all).saturating_sub(left)), (84, 40));
            }
        },
    );
}

fn titled(svg: &mut Markup, range: &Range, (x, width): (u64, u64), (y, height): (u64, u64)) {
    svg.element("g", &[], |group| {
        group.leaf(
            "title",
            &[],
            format_args!("{}, bytes {} to {}, {}", range.what, range.start, range.end, range.cover.word()),
        );
        block(group, range.cover, (x, width), (y, height));
    });
}

/// A rectangle that is inked as what covers its bytes. The pattern lies over a ground of the same hue.
fn block(svg: &mut Markup, cover: Cover, (x, width): (u64, u64), (y, height): (u64, u64)) {
    let mut rect = |class: &str| {
        svg.shape("rect", &[("class", &class), ("x", &x), ("y", &y), ("width", &width.max(1)), ("height", &height)]);
    };
    rect(&format!("ground {}", cover.word()));
    if matches!(cover, Cover::Digest | Cover::Signature) {
        rect(&format!("pattern {}", cover.word()));
    }
}

fn ranges(map: &ByteMap, page: &mut Markup) {
    page.element("table", &[("class", &"stack ranges")], |table| {
        table.leaf("caption", &[], "All ranges");
        columns(table, &["From", "To", "Bytes", "What", "Kind", "Covered by"]);
        table.element("tbody", &[], |body| {
            for range in &map.ranges {
                body.element("tr", &[], |row| {
                    row.leaf("td", &[("class", &"numeric"), ("data-name", &"From")], range.start);
                    row.leaf("td", &[("class", &"numeric"), ("data-name", &"To")], range.end);
                    row.leaf(
                        "td",
                        &[("class", &"numeric"), ("data-name", &"Bytes")],
                        Grouped(range.end.saturating_sub(range.start)),
                    );
                    row.leaf("th", &[("scope", &"row")], &range.what);
                    row.leaf("td", &[("data-name", &"Kind")], range.cover.word());
                    row.leaf("td", &[("class", &"hash"), ("data-name", &"Covered by")], &range.by);
                });
            }
            for absent in &map.absent {
                body.element("tr", &[], |row| {
                    row.leaf("td", &[("colspan", &"3"), ("data-name", &"Where")], "not in this form");
                    row.leaf("th", &[("scope", &"row")], &absent.what);
                    row.leaf("td", &[("data-name", &"Kind")], "absent");
                    row.leaf("td", &[("class", &"hash"), ("data-name", &"Covered by")], &absent.by);
                });
            }
        });
    });
}

/// What part of the width it is.
fn share(part: u64, whole: u64) -> u64 {
    let across = u128::from(part).saturating_mul(u128::from(WIDTH)).checked_div(u128::from(whole)).unwrap_or_default();
    u64::try_from(across).unwrap_or(WIDTH)
}

/// How wide a range is where it is not drawn to scale.
fn weight(range: &Range) -> u64 {
    u64::from(range.end.saturating_sub(range.start).checked_ilog2().unwrap_or_default()).saturating_add(1)
}

const COVERS: [(Cover, &str); 4] = [
    (Cover::Sealed, "is signed; changing it breaks the seals"),
    (Cover::Digest, "has a digest in something that is sealed"),
    (Cover::Signature, "is a signature"),
    (Cover::Framing, "is fixed by the format"),
];

const WIDTH: u64 = 720;
