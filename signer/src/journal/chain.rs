//! The chain: what makes lines a journal.

use core::fmt;

use ring::digest::{SHA256, digest};

use super::entry::{Entry, Line, SCHEMA};
use crate::hex::Hex;

/// A chain of lines, as far as it was read.
#[derive(Clone, Debug)]
pub struct Chain {
    lines: u64,
    head: String,
}

/// Why a line does not continue a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The text is no line of a journal, or not as one is written.
    Shape(u64, String),
    /// It has another number.
    Number(u64, u64),
    /// It names another line as the one before it.
    Previous(u64),
    /// The first line does not begin a journal, or a later one does.
    Begin(u64),
}

impl Default for Chain {
    fn default() -> Self {
        Self { lines: 0, head: NOTHING_BEFORE.to_owned() }
    }
}

impl Chain {
    /// How many lines there are.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// The SHA-256 of the last line, in hexadecimal: whoever notes it can later tell whether anything before it was changed.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Takes the next line, without its line end.
    ///
    /// # Errors
    ///
    /// It does not continue the chain; nothing was taken.
    pub fn take(&mut self, text: &str) -> Result<Line, Fault> {
        let number = self.lines;
        let shape = |why: &dyn fmt::Display| Fault::Shape(number, why.to_string());
        let line: Line = serde_json::from_str(text).map_err(|error| shape(&error))?;
        // One text for one line: else two readers could see two.
        if serde_json::to_string(&line).map_err(|error| shape(&error))? != text {
            return Err(shape(&"it is not written as the tool writes it"));
        }
        if line.number != number {
            return Err(Fault::Number(number, line.number));
        }
        if line.previous != self.head {
            return Err(Fault::Previous(number));
        }
        let begins = matches!(&line.entry, Entry::Begun { schema, .. } if schema == SCHEMA);
        if begins != (number == 0) {
            return Err(Fault::Begin(number));
        }
        self.head = Hex(digest(&SHA256, text.as_bytes()).as_ref()).to_string();
        self.lines = number.saturating_add(1);
        Ok(line)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(line, why) => write!(f, "line {line} is no line of a journal: {why}"),
            Self::Number(line, found) => write!(f, "line {line} has the number {found}"),
            Self::Previous(line) => {
                write!(f, "line {line} does not follow the line before it: one of the two was changed")
            }
            Self::Begin(0) => f.write_str("line 0 does not begin a journal of this format"),
            Self::Begin(line) => write!(f, "line {line} begins a journal within a journal"),
        }
    }
}

impl core::error::Error for Fault {}

/// What the first line names as the line before it.
pub(super) const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
