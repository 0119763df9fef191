//! The tables as C and Rust source, for firmware that has them built in.

use alloc::collections::BTreeSet;
use core::fmt::Write as _;

use twinseal_formats::{Anchor, AnchorKey, Role, SealAlgorithm, TrustStore};
use twinseal_verifier::CombSize;

use super::super::source::{MAX_SYMBOL, Symbol, lines};
use super::{Owner, sha256};
use crate::error::{Failure, Result};
use crate::expanded;

/// The file for C.
pub(super) const C_HEADER: &str = "expanded_anchors.h";
/// The file for Rust.
pub(super) const RUST: &str = "expanded_anchors.rs";

/// The table of one key, and what it is called.
pub(super) struct Array<'a> {
    anchor: Anchor<'a>,
    pub(super) key: AnchorKey<'a>,
    pub(super) file: String,
    symbol: String,
    pub(super) bytes: Vec<u8>,
}

/// Makes the table of each key of anchors with these roles.
pub(super) fn arrays<'a>(
    store: &TrustStore<'a>,
    roles: &[Role],
    prefix: &Symbol,
    teeth: CombSize,
) -> Result<Vec<Array<'a>>> {
    let anchors: Vec<_> = store.anchors().filter(|anchor| roles.contains(&anchor.role())).collect();
    // Labels decide nothing, so several anchors may have one, or such that make one symbol.
    let distinct: BTreeSet<_> = anchors.iter().map(|anchor| as_symbol(anchor.label())).collect();
    let mut arrays = Vec::new();
    for anchor in &anchors {
        let id = anchor.id().to_string();
        let called = if distinct.len() == anchors.len() {
            anchor.label().to_owned()
        } else {
            format!("{}-{}", anchor.label(), id.get(..8).unwrap_or_default())
        };
        for key in anchor.keys() {
            let base = format!("{called}-{}", key.algorithm.name());
            let bytes = expanded::table(&key, teeth)
                .map_err(|error| Failure::new(format!("{base}: can not be expanded")).because(error))?;
            let symbol = format!("{}_{}", prefix.as_str(), as_symbol(&base));
            if symbol.len() > MAX_ARRAY {
                return Err(Failure::new(format!("symbol `{symbol}`: too long for C")).remedy(format!(
                    "give a shorter --symbol: with label and algorithm at most {MAX_ARRAY} characters"
                )));
            }
            arrays.push(Array { anchor: *anchor, key, file: format!("{base}.bin"), symbol, bytes });
        }
    }
    Ok(arrays)
}

/// What a label is in a symbol: labels have dots and hyphens too.
fn as_symbol(label: &str) -> String {
    label.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

impl Array<'_> {
    pub(super) fn owner(&self) -> (Owner, SealAlgorithm) {
        let owner = Owner { label: self.anchor.label().to_owned(), role: self.anchor.role().name() };
        (owner, self.key.algorithm)
    }

    /// How many elements: Ed25519 tables are bytes, ML-DSA tables words.
    fn count(&self) -> usize {
        if self.is_words() { expanded::words(&self.bytes).count() } else { self.bytes.len() }
    }

    fn is_words(&self) -> bool {
        self.key.algorithm != SealAlgorithm::Ed25519
    }

    fn facts(&self) -> [String; 3] {
        [
            format!("anchor:   {} ({}) {}", self.anchor.label(), self.anchor.role(), self.anchor.id()),
            format!("key:      {}", self.key.algorithm.name()),
            format!("sha-256:  {} ({} bytes, {})", sha256(&self.bytes), self.bytes.len(), self.file),
        ]
    }

    fn elements(&self, text: &mut String) {
        if self.is_words() {
            let words: Vec<_> = expanded::words(&self.bytes).map(|word| format!("0x{word:08x}")).collect();
            for line in words.chunks(WORDS_PER_LINE) {
                let _ = writeln!(text, "    {},", line.join(", "));
            }
        } else {
            lines(text, &self.bytes);
        }
    }
}

/// A C header (C99). It defines the arrays, so one source file should include it.
pub(super) fn c_header(arrays: &[Array<'_>]) -> String {
    let mut text = "/* Expanded trust anchors, made by `twinseal trust expand`. Do not edit, and keep where nobody can write. */\n\
         #ifndef TWINSEAL_EXPANDED_ANCHORS_H\n#define TWINSEAL_EXPANDED_ANCHORS_H\n\n#include <stdint.h>\n"
        .to_owned();
    for array in arrays {
        let (kind, upper) = (if array.is_words() { "uint32_t" } else { "uint8_t" }, array.symbol.to_ascii_uppercase());
        text.push_str("\n/*\n");
        for fact in array.facts() {
            // Writing to a `String` does not fail.
            let _ = writeln!(text, " * {fact}");
        }
        let (name, count) = (&array.symbol, array.count());
        let _ = write!(text, " */\n#define {upper}_LEN {count}\n\nstatic const {kind} {name}[{upper}_LEN] = {{\n");
        array.elements(&mut text);
        text.push_str("};\n");
    }
    text.push_str("\n#endif /* TWINSEAL_EXPANDED_ANCHORS_H */\n");
    text
}

/// A Rust source file.
pub(super) fn rust(arrays: &[Array<'_>]) -> String {
    let mut text =
        "// Expanded trust anchors, made by `twinseal trust expand`. Do not edit, and keep where nobody can write.\n"
            .to_owned();
    for array in arrays {
        let (kind, taker) = if array.is_words() { ("u32", "ExpandedMlDsa") } else { ("u8", "ExpandedEd25519") };
        let _ = writeln!(text, "\n/// A table for `{taker}`.\n///");
        for fact in array.facts() {
            let _ = writeln!(text, "/// {fact}\\");
        }
        let (name, count) = (array.symbol.to_ascii_uppercase(), array.count());
        let _ = write!(text, "#[rustfmt::skip]\npub static {name}: [{kind}; {count}] = [\n");
        array.elements(&mut text);
        text.push_str("];\n");
    }
    text
}

/// Eight words fill a line of 100 characters.
const WORDS_PER_LINE: usize = 8;

/// With `_LEN` behind it a name has at most the 63 characters by which C99 tells names apart.
const MAX_ARRAY: usize = MAX_SYMBOL + 11;
