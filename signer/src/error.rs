//! Why a command could not find out (exit 2). A refusal (exit 1) is not here: it is a report.

use core::{error::Error, fmt};
use std::path::Path;

use crate::text::is_deceptive;

/// A result whose error is a [`Failure`].
pub type Result<T> = core::result::Result<T, Failure>;

/// What went wrong, and what to do about it.
///
/// Not a verdict on an update: a command that examined something and says no returns a report instead.
#[derive(Debug)]
pub struct Failure {
    what: String,
    remedy: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// Says what happened, in one line that names the file.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: None, source: None }
    }

    /// Adds what the user can do about it, in one line.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds the error underneath.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the user can do about it, if anything is known.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            // A failure underneath has told its own causes.
            source = if error.is::<Self>() { None } else { error.source() };
        }
        Ok(())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

/// A path for a message: as it is, except that characters are escaped that could act on what shows it.
///
/// File names come from others; they must not move the cursor, split a line, or read in another order than they are written.
#[must_use]
pub fn name(path: &Path) -> String {
    let shown = path.to_string_lossy();
    if shown.contains(is_deceptive) {
        let escaped = |c: char| {
            if is_deceptive(c) { c.escape_default().collect() } else { String::from(c) }
        };
        shown.chars().map(escaped).collect()
    } else {
        shown.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_carries_every_cause() {
        let inner = Failure::new("open a").because(std::io::Error::other("disk gone"));
        let failure = Failure::new("load b").because(inner).remedy("plug it in");
        assert_eq!(failure.to_string(), "load b: open a: disk gone");
        assert_eq!(failure.advice(), Some("plug it in"));
    }

    #[test]
    fn a_file_name_can_not_forge_a_line() {
        assert_eq!(name(Path::new("a\nerror: b\u{1b}[2J")), "a\\nerror: b\\u{1b}[2J");
        assert_eq!(name(Path::new("x\u{202e}laesniwt.\u{200b}")), "x\\u{202e}laesniwt.\\u{200b}");
    }
}
