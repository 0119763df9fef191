//! A trust store as source code, for firmware that has it built in.

use core::fmt::Write as _;

use super::contents::{Contents, sha256};
use crate::error::{Failure, Result};

/// The name of the array.
#[derive(Clone, Debug)]
pub(super) struct Symbol(String);

impl Symbol {
    /// Takes a name that is an identifier in C and Rust.
    ///
    /// # Errors
    ///
    /// It is not, or is a word of C.
    pub(super) fn new(symbol: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let identifier = symbol.starts_with(|first: char| first.is_ascii_alphabetic())
            && symbol.len() <= MAX_SYMBOL
            && symbol.bytes().all(allowed);
        if !identifier || C_WORDS.contains(&symbol) {
            return Err(Failure::new(format!("symbol `{}`: can not name an array", symbol.escape_default())).remedy(
                format!("give 1 to {MAX_SYMBOL} letters, digits and `_`, the first a letter, and no word of C"),
            ));
        }
        Ok(Self(symbol.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn upper(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

/// A C header (C99). It defines the array, so one source file should include it.
pub(super) fn c_header(symbol: &Symbol, contents: &Contents, bytes: &[u8]) -> String {
    let (name, upper) = (&symbol.0, symbol.upper());
    let mut text = "/* A trust store, made by `twinseal trust make`. Do not edit.\n *\n".to_owned();
    for (word, fact) in facts(contents, bytes) {
        // Writing to a `String` does not fail.
        let _ = writeln!(text, " * {word:<14}  {}", inert(&fact));
    }
    let _ = write!(
        text,
        " */\n#ifndef {upper}_H\n#define {upper}_H\n\n/* Its length in bytes. */\n#define {upper}_LEN {}\n\n\
         static const unsigned char {name}[{upper}_LEN] = {{\n",
        bytes.len(),
    );
    lines(&mut text, bytes);
    let _ = write!(text, "}};\n\n#endif /* {upper}_H */\n");
    text
}

/// A Rust source file.
pub(super) fn rust(symbol: &Symbol, contents: &Contents, bytes: &[u8]) -> String {
    let mut text = "// A trust store, made by `twinseal trust make`. Do not edit.\n//\n".to_owned();
    for (word, fact) in facts(contents, bytes) {
        let _ = writeln!(text, "// {word:<14}  {fact}");
    }
    let _ = write!(
        text,
        "\n/// What the device trusts: the bytes that `TrustStore::parse` reads in place.\n#[rustfmt::skip]\n\
         pub static {}: [u8; {}] = [\n",
        symbol.upper(),
        bytes.len(),
    );
    lines(&mut text, bytes);
    text.push_str("];\n");
    text
}

/// What stands in the comment: enough to find the store's file, and to see what it trusts.
fn facts(contents: &Contents, bytes: &[u8]) -> Vec<(&'static str, String)> {
    let mut facts = contents.facts();
    facts.push(("sha-256", sha256(bytes)));
    facts
}

pub(super) fn lines(text: &mut String, bytes: &[u8]) {
    for line in bytes.chunks(BYTES_PER_LINE) {
        let cells: Vec<_> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
        let _ = writeln!(text, "    {},", cells.join(", "));
    }
}

/// A text that can not end a comment of C, nor be a trigraph or a continued line: a model's name may hold any printable character.
fn inert(text: &str) -> String {
    let escaped =
        |c: char| if matches!(c, '*' | '\\' | '?') { format!("\\x{:02x}", u32::from(c)) } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// Sixteen bytes fill a line of 100 characters.
const BYTES_PER_LINE: usize = 16;

/// C99 promises that compilers tell names apart by their first 63 characters; `_LEN` must fit as well.
pub(super) const MAX_SYMBOL: usize = 48;

/// The words of C up to C23 that are made of letters only, and could be given as a name.
const C_WORDS: [&str; 47] = [
    "alignas",
    "alignof",
    "asm",
    "auto",
    "bool",
    "break",
    "case",
    "char",
    "const",
    "constexpr",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "extern",
    "false",
    "float",
    "for",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "main",
    "nullptr",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "struct",
    "switch",
    "thread_local",
    "true",
    "typedef",
    "typeof",
    "typeof_unqual",
    "union",
    "unsigned",
    "void",
    "volatile",
    "while",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_an_identifier() {
        for symbol in ["s", "twinseal_trust_store", "Store2", &"s".repeat(48)] {
            Symbol::new(symbol).unwrap();
        }
        for symbol in ["", "2s", "_s", "a-b", "a b", "int", "while", "\u{e4}", &"s".repeat(49)] {
            assert!(Symbol::new(symbol).unwrap_err().advice().is_some(), "{symbol}");
        }
    }

    #[test]
    fn a_comment_can_not_be_left() {
        assert_eq!(inert("a*/b /*c ??/ \\"), "a\\x2a/b /\\x2ac \\x3f\\x3f/ \\x5c");
        assert_eq!(inert("Thermostat 2 (EU)"), "Thermostat 2 (EU)");
    }
}
