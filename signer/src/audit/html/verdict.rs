//! How verdicts look: a word, a shape of its own and a colour, so that none of them is needed alone.

use super::{Markup, Verdict};
use crate::audit::Outcome;

/// The name of the class and of the shape.
pub(super) const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proven => "proven",
        Verdict::Consistent => "consistent",
        Verdict::Declared => "declared",
        Verdict::NotEvidenced => "missing",
        Verdict::OutsideAnyBundle => "outside",
        Verdict::NotApplicable => "none",
    }
}

/// Those of a single check.
pub(super) const fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Proven => "proven",
        Outcome::Consistent => "consistent",
        Outcome::Declared => "declared",
        Outcome::Missing | Outcome::Contradicted => "missing",
    }
}

/// The word, with its shape before it.
pub(super) fn badge(page: &mut Markup, class: &'static str, words: &str) {
    page.element("span", &[("class", &format_args!("badge {class}"))], |badge| {
        glyph(badge, class);
        badge.text(words);
    });
}

/// The shape alone, where the word stands beside it.
pub(super) fn glyph(page: &mut Markup, class: &'static str) {
    let attributes: [(&str, &dyn core::fmt::Display); 5] = [
        ("class", &format_args!("glyph {class}")),
        ("viewBox", &"0 0 12 12"),
        ("width", &"12"),
        ("height", &"12"),
        ("aria-hidden", &"true"),
    ];
    page.element("svg", &attributes, |svg| svg.shape("use", &[("href", &format_args!("#v-{class}"))]));
}

/// The shapes, drawn once. They are inked with the colour of the text around them.
pub(super) fn symbols(page: &mut Markup) {
    let attributes: [(&str, &dyn core::fmt::Display); 4] =
        [("class", &"symbols"), ("width", &"0"), ("height", &"0"), ("aria-hidden", &"true")];
    page.element("svg", &attributes, |svg| {
        for (id, outline, solid) in SHAPES {
            svg.element("symbol", &[("id", &format_args!("v-{id}")), ("viewBox", &"0 0 12 12")], |symbol| {
                if !solid.is_empty() {
                    symbol.shape("path", &[("d", &solid), ("fill", &"currentColor")]);
                }
                if !outline.is_empty() {
                    symbol.shape(
                        "path",
                        &[("d", &outline), ("fill", &"none"), ("stroke", &"currentColor"), ("stroke-width", &"1.6")],
                    );
                }
            });
        }
    });
}

const SQUARE: &str = "M1.3 1.3h9.4v9.4h-9.4z";

/// Name, what is drawn as lines, what is filled. From full to empty, as the verdicts go.
const SHAPES: [(&str, &str, &str); 6] = [
    ("proven", SQUARE, "M1 1h10v10h-10z"),
    ("consistent", SQUARE, "M1 1h5v10h-5z"),
    ("declared", SQUARE, ""),
    ("missing", "M2 2l8 8M10 2l-8 8", ""),
    ("outside", "M1.3 4v-2.7h2.7M8 1.3h2.7v2.7M10.7 8v2.7h-2.7M4 10.7h-2.7v-2.7", ""),
    ("none", "M2 6h8", ""),
];
