//! The one way by which anything gets into a report: text is escaped, and tags and names of attributes are this program's own.

use core::fmt::{self, Display, Write as _};

use crate::text::is_deceptive;

/// A name of an attribute, and its value, which is escaped.
pub(super) type Attribute<'a> = (&'static str, &'a dyn Display);

/// HTML in the making. There is no way to put text in that is not escaped.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

/// A place in the report that can be linked to. Nothing of a bundle is in its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor(pub(super) &'static str, pub(super) usize);

impl Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(kind, number) = self;
        if *number == 0 { f.write_str(kind) } else { write!(f, "{kind}-{number}") }
    }
}

impl Markup {
    /// The declaration that every document begins with.
    pub(super) fn document() -> Self {
        Self("<!DOCTYPE html>\n".to_owned())
    }

    /// What was written.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// An element, and what is in it.
    pub(super) fn element(&mut self, tag: &'static str, attributes: &[Attribute<'_>], inside: impl FnOnce(&mut Self)) {
        self.start(tag, attributes);
        inside(self);
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
        if !INLINE.contains(&tag) {
            self.0.push('\n');
        }
    }

    /// An element with nothing but text in it.
    pub(super) fn leaf(&mut self, tag: &'static str, attributes: &[Attribute<'_>], text: impl Display) {
        self.element(tag, attributes, |inside| inside.text(text));
    }

    /// An element that can have nothing in it.
    pub(super) fn void(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) {
        self.start(tag, attributes);
        self.0.push('\n');
    }

    /// An element of a drawing that has nothing in it.
    pub(super) fn shape(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) {
        self.element(tag, attributes, |_| ());
    }

    /// A link to a place in the same report: the only kind there is.
    pub(super) fn link(&mut self, to: Anchor, text: impl Display) {
        self.element("a", &[("href", &format_args!("#{to}"))], |link| link.text(text));
    }

    /// Text.
    pub(super) fn text(&mut self, text: impl Display) {
        // A `String` takes everything.
        let _ = write!(Escaped(&mut self.0), "{text}");
    }

    /// The style sheet, which is this program's own.
    pub(super) fn style(&mut self, sheet: &'static str) {
        self.0.push_str("<style>\n");
        self.0.push_str(sheet);
        self.0.push_str("</style>\n");
    }

    fn start(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.text(value);
            self.0.push('"');
        }
        self.0.push('>');
    }
}

/// Escapes what it is given. What would act on the text around it instead of being seen is written as `\u{...}`.
struct Escaped<'m>(&'m mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ if is_deceptive(c) => write!(self.0, "\\u{{{:x}}}", u32::from(c))?,
                _ => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Between these and what follows a line break would be seen as a space.
const INLINE: [&str; 9] = ["a", "b", "code", "small", "span", "strong", "svg", "text", "use"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_values_can_not_become_markup() {
        let mut page = Markup::default();
        let bad = "</p><script>alert('1')</script>&amp;\"\u{202e}\u{1b}[2J\u{0}\n";
        page.leaf("p", &[("title", &bad)], bad);
        let shown =
            "&lt;/p&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;&quot;\\u{202e}\\u{1b}[2J\\u{0}\\u{a}";
        assert_eq!(page.finish(), format!("<p title=\"{shown}\">{shown}</p>\n"));
    }

    #[test]
    fn a_link_leads_to_a_place_in_the_report() {
        let mut page = Markup::default();
        page.link(Anchor("row", 2), "A-02");
        page.link(Anchor("seals", 0), "Seals");
        assert_eq!(page.finish(), "<a href=\"#row-2\">A-02</a><a href=\"#seals\">Seals</a>");
    }
}
