//! Why a document is not what it claims to be.

use core::fmt;

use super::Kind;
use crate::text::Shown;

/// What is wrong with an evidence file, and where.
///
/// Shown, it is one line in which nothing of the document can act on a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceError {
    /// What it was read as.
    pub kind: Kind,
    /// What is wrong.
    pub fault: Fault,
    /// The field, as a path from the top of the document (`components[3].name`); empty for the document as a whole.
    pub place: String,
}

/// What is wrong with an evidence file. [`code`](Self::code) is stable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is longer than what is read.
    TooLong {
        /// Its size in bytes.
        size: u64,
        /// The most that is read.
        limit: u64,
    },
    /// It is not UTF-8; the first bad byte.
    NotUtf8(usize),
    /// It is not JSON: line, column, and what was met.
    NotJson(usize, usize, String),
    /// An object has a name twice, so that two readers may see two documents: line, and the name.
    DuplicateKey(usize, String),
    /// Arrays and objects lie in each other deeper than is read.
    TooDeep(usize),
    /// It has more values than are read.
    TooManyValues(usize),
    /// A field is missing, or is of another shape than the format says.
    Shape(String),
    /// It says that it is something else, or another version of it.
    Version(String),
    /// It contradicts itself, or lacks what its format demands.
    Rule(String),
    /// Base64 that is none.
    Base64,
}

impl Fault {
    /// The stable name of what is wrong.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too-long",
            Self::NotUtf8(_) => "not-utf8",
            Self::NotJson(..) => "not-json",
            Self::DuplicateKey(..) => "duplicate-key",
            Self::TooDeep(_) => "too-deep",
            Self::TooManyValues(_) => "too-many-values",
            Self::Shape(_) => "shape",
            Self::Version(_) => "version",
            Self::Rule(_) => "rule",
            Self::Base64 => "base64",
        }
    }
}

impl fmt::Display for EvidenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is no {}: ", self.kind.title())?;
        if !self.place.is_empty() {
            write!(f, "{}: ", Shown(&self.place))?;
        }
        match &self.fault {
            Fault::TooLong { size, limit } => write!(f, "{size} bytes, where at most {limit} are read")?,
            Fault::NotUtf8(at) => write!(f, "not UTF-8 at byte {at}")?,
            Fault::NotJson(line, column, what) => write!(f, "no JSON, line {line}, column {column}: {}", Shown(what))?,
            Fault::DuplicateKey(line, key) => {
                write!(f, "line {line}: the name \"{}\" stands twice in one object", Shown(key))?;
            }
            Fault::TooDeep(limit) => write!(f, "nested deeper than {limit}")?,
            Fault::TooManyValues(limit) => write!(f, "more than {limit} values")?,
            Fault::Shape(what) | Fault::Version(what) | Fault::Rule(what) => write!(f, "{}", Shown(what))?,
            Fault::Base64 => write!(f, "no Base64")?,
        }
        write!(f, " [{}]", self.fault.code())
    }
}

impl core::error::Error for EvidenceError {}
