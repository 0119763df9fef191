//! Text of others, made harmless for a terminal: nothing in it moves the cursor, splits a line, or turns the order of what is read.

/// The text with every character that acts instead of being seen written as an escape (`\u{202e}`).
///
/// These are control characters, and those of Unicode that change direction, join, hide or break lines.
#[must_use]
pub fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    shown
}

/// Whether a character does something else than being seen.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Soft hyphen, marks and overrides of direction, joiners, invisible operators, line and paragraph separators,
            // annotations, tags, variation selectors and the byte order mark.
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Writes bytes that are to be text: as they are if they are harmless UTF-8, else in hexadecimal.
#[must_use]
pub fn safe_bytes(bytes: &[u8]) -> String {
    match core::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && text.chars().all(|character| !character.is_control()) => safe(text),
        _ => format!("h'{}'", crate::Hex(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_escaped_and_what_is_seen_stays() {
        for (text, shown) in [
            ("plain", "plain"),
            ("Gr\u{f6}\u{df}e \u{65e5}\u{672c}", "Gr\u{f6}\u{df}e \u{65e5}\u{672c}"),
            ("a\u{1b}[2J", "a\\u{1b}[2J"),
            ("a\nerror: b\r", "a\\nerror: b\\r"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("\u{2028}", "\\u{2028}"),
        ] {
            assert_eq!(safe(text), shown);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_hexadecimal() {
        assert_eq!(safe_bytes(b"app"), "app");
        assert_eq!(safe_bytes(&[0, 255]), "h'00ff'");
        assert_eq!(safe_bytes(b""), "h''");
        assert_eq!(safe_bytes("\u{202e}x".as_bytes()), "\\u{202e}x");
    }
}
