//! Text that others wrote, shown so that it can not do anything.

use core::fmt;

/// Shows a text on one line, with every character escaped that could move a cursor, hide, or reorder what is seen; cut if it is long.
///
/// What is escaped: control characters (C0, DEL, C1), line and paragraph separators, marks that change the direction of text,
/// and characters without a width. `\` stays as it is: this is for reading, not for reading back.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, c) in self.0.chars().enumerate() {
            if number >= LONGEST {
                return f.write_str("...");
            }
            if is_deceptive(c) { write!(f, "\\u{{{:x}}}", u32::from(c))? } else { fmt::Write::write_char(f, c)? }
        }
        Ok(())
    }
}

/// Whether a character can act on what shows it, or on how its neighbours are seen, rather than be seen itself.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// More characters are not shown of one text.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_is_passed_on() {
        let shown = |text| Shown(text).to_string();
        assert_eq!(shown("a\u{1b}[2J\nb\u{9b}0m"), "a\\u{1b}[2J\\u{a}b\\u{9b}0m");
        assert_eq!(shown("x\u{202e}gnp.exe\u{2066}"), "x\\u{202e}gnp.exe\\u{2066}");
        assert_eq!(shown("in\u{200b}vis\u{e0041}ible\u{2028}"), "in\\u{200b}vis\\u{e0041}ible\\u{2028}");
        assert_eq!(shown("Gr\u{fc}\u{df}e, \u{65e5}\u{672c} <b>&\\"), "Gr\u{fc}\u{df}e, \u{65e5}\u{672c} <b>&\\");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(Shown(&"x".repeat(200)).to_string().len(), 200);
        assert_eq!(Shown(&"x".repeat(201)).to_string().len(), 203);
    }
}
