//! Every error with its number, its meaning and its remedy, and refusals as reports show them.

use alloc::collections::BTreeSet;
use core::fmt;
use std::io::{self, Write};

use serde::Serialize;
use twinseal_formats::{ErrorCode, ErrorEntry, PARSE_ERRORS, Stage};
use twinseal_installer::INSTALL_ERRORS;
use twinseal_verifier::{ADMIT_ERRORS, AUTHENTICATE_ERRORS, CONFIGURATION_ERRORS, Error, IMAGE_ERRORS, UPDATE_ERRORS};

mod markdown;
mod remedy;

pub use markdown::markdown;

/// Every error of host and device, ascending by number.
#[must_use]
pub fn all() -> Vec<ErrorEntry> {
    let lists = [
        PARSE_ERRORS,
        AUTHENTICATE_ERRORS,
        ADMIT_ERRORS,
        IMAGE_ERRORS,
        CONFIGURATION_ERRORS,
        UPDATE_ERRORS,
        INSTALL_ERRORS,
    ];
    let mut entries = lists.concat();
    entries.sort_by_key(|entry| entry.code);
    entries
}

/// An error, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The stage, the part of the code before the dot.
    pub stage: &'static str,
    /// The whole name: `admit.class-mismatch`.
    pub code: String,
    /// The stable number.
    pub number: u16,
    /// The number in hexadecimal: `0x0502`.
    pub hex: String,
    /// What it means.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

impl From<&ErrorEntry> for Explanation {
    fn from(entry: &ErrorEntry) -> Self {
        Self {
            stage: entry.stage.name(),
            code: format!("{}.{}", entry.stage.name(), entry.rule),
            number: entry.code.number(),
            hex: entry.code.to_string(),
            meaning: entry.meaning,
            remedy: remedy::of(entry.stage, entry.rule),
        }
    }
}

/// Explains the error of a code; `None` if it is not one of [`all`].
#[must_use]
pub fn explain(code: ErrorCode) -> Option<Explanation> {
    all().iter().find(|entry| entry.code == code).map(Explanation::from)
}

/// Explains every error that a number (`1282`, `0x0502`) or a name stands for.
///
/// A name is whole (`admit.class-mismatch`), or only a stage (`admit`) or a rule (`class-mismatch`), which may be that of several.
#[must_use]
pub fn look_up(wanted: &str) -> Vec<Explanation> {
    let wanted = wanted.to_lowercase();
    let number = match wanted.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => wanted.parse().ok(),
    };
    let meant = |entry: &&ErrorEntry| match number {
        Some(number) => entry.code.number() == number,
        None => {
            let (stage, rule) = (entry.stage.name(), entry.rule);
            wanted == stage || wanted == rule || wanted.split_once('.') == Some((stage, rule))
        }
    };
    all().iter().filter(meant).map(Explanation::from).collect()
}

/// The names of the stages that have errors, in order.
pub(crate) fn stages() -> Vec<Stage> {
    all().iter().map(|entry| entry.stage).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Why something was examined and refused: the same words in every report, and the same number as on a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// The stage at which it was refused.
    pub stage: &'static str,
    /// The whole name of the error: `admit.class-mismatch`.
    pub code: String,
    /// The stable number.
    pub number: u16,
    /// What was found, with its facts.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
    /// Where, counted in bytes from the start of the object that was being read; for faults of shape only.
    pub offset: Option<u32>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let offset = if let Error::Parse(fault) = error { Some(fault.offset) } else { None };
        Self { offset, ..Self::new(error.stage(), error.name(), error.code(), &error.to_string()) }
    }
}

impl From<twinseal_installer::Error> for Refusal {
    fn from(error: twinseal_installer::Error) -> Self {
        match error {
            twinseal_installer::Error::Verify(error) => error.into(),
            _ => Self::new(error.stage(), error.name(), error.code(), &error.to_string()),
        }
    }
}

impl Refusal {
    fn new(stage: Stage, rule: &str, code: ErrorCode, shown: &str) -> Self {
        // An error's text begins with its name, and for faults of shape the offset, and a colon; a refusal has those as fields.
        let message = shown.split_once(": ").map_or(shown, |(_, message)| message).to_owned();
        Self {
            stage: stage.name(),
            code: format!("{}.{rule}", stage.name()),
            number: code.number(),
            message,
            remedy: remedy::of(stage, rule),
            offset: None,
        }
    }

    /// Writes the refusal for people: what, where, and what to do.
    ///
    /// # Errors
    ///
    /// Only those of `out`.
    pub fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "refused: {self}")?;
        writeln!(out, "  help: {}", self.remedy)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:04x})", self.code, self.number)?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        write!(f, ": {}", self.message)
    }
}

#[cfg(test)]
mod tests {
    use twinseal_formats::{Fault, ParseError, SequenceNumber};
    use twinseal_verifier::AdmitError;

    use super::*;

    #[test]
    fn numbers_and_names_are_unique() {
        let all = all();
        let numbers: BTreeSet<_> = all.iter().map(|entry| entry.code.number()).collect();
        let names: BTreeSet<_> = all.iter().map(|entry| (entry.stage, entry.rule)).collect();
        assert_eq!(numbers.len(), all.len());
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn every_stage_has_errors_and_its_number_in_each() {
        assert_eq!(stages(), Stage::ALL);
        for entry in all() {
            assert_eq!(entry.code.number().to_be_bytes()[0], entry.stage.number());
            assert_eq!(explain(entry.code).unwrap().number, entry.code.number());
        }
        assert_eq!(explain(ErrorCode::new(Stage::Admit, 0xff)), None);
    }

    #[test]
    fn an_error_is_found_by_number_and_by_name() {
        let found = |wanted: &str| -> Vec<String> { look_up(wanted).into_iter().map(|one| one.code).collect() };
        for wanted in ["1282", "0x0502", "0X502", "admit.class-mismatch", "class-mismatch", "Admit.Class-Mismatch"] {
            assert_eq!(found(wanted), ["admit.class-mismatch"], "{wanted}");
        }
        assert_eq!(found("digest-mismatch"), ["authenticate.digest-mismatch", "image.digest-mismatch"]);
        assert_eq!(found("admit").len(), ADMIT_ERRORS.len());
        for wanted in ["", ".", "0", "65536", "0x", "nonsense", "image.class-mismatch"] {
            assert!(found(wanted).is_empty(), "{wanted}");
        }
    }

    #[test]
    fn a_refusal_tells_the_facts_once() {
        let offered = SequenceNumber(3);
        let refusal =
            Refusal::from(Error::from(AdmitError::SequenceRollback { offered, confirmed: SequenceNumber(5) }));
        assert_eq!(refusal.code, "admit.sequence-rollback");
        assert_eq!((refusal.number, refusal.offset), (0x0505, None));
        assert!(refusal.message.starts_with("the sequence number is below"), "{}", refusal.message);
        assert!(refusal.message.ends_with("offered: 3; confirmed: 5"), "{}", refusal.message);

        let refusal = Refusal::from(Error::from(ParseError::new(Stage::Trust, Fault::Truncated, 7)));
        let expected = "trust.truncated (0x0301) at byte 7: the bytes end inside an item";
        assert_eq!(refusal.to_string(), expected);
        assert_eq!(refusal.offset, Some(7));
        let mut out = Vec::new();
        refusal.human(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, format!("refused: {expected}\n  help: {}\n", refusal.remedy));
    }
}
