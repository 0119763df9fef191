//! What the commands that seal say: their report, or why they refused.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::error::name;
use crate::journal::Taken;
use crate::report::{Exit, Report};

/// What a command that seals says.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Said<R> {
    Done(R),
    Taken(NumberTaken),
    Refused(Refused),
}

/// What was examined is not what it should be: nothing was done.
#[derive(Serialize)]
pub(super) struct Refused {
    file: String,
    refused: String,
    remedy: &'static str,
}

impl Refused {
    pub(super) fn new(file: &Path, refused: impl ToString, remedy: &'static str) -> Self {
        Self { file: name(file), refused: refused.to_string(), remedy }
    }
}

/// The sequence number belongs to another release.
#[derive(Serialize)]
pub(super) struct NumberTaken {
    bundle: String,
    refused: String,
    sequence_number: u64,
    release_id: String,
    journal_line: u64,
}

impl NumberTaken {
    pub(super) fn new(out: &Path, sequence_number: u64, taken: &Taken) -> Self {
        Self {
            bundle: name(out),
            refused: "the sequence number belongs to another release".to_owned(),
            sequence_number,
            release_id: taken.release_id.clone(),
            journal_line: taken.line,
        }
    }
}

impl<R: Report> Report for Said<R> {
    const SCHEMA: &'static str = R::SCHEMA;

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let taken = match self {
            Self::Done(report) => return report.human(out),
            Self::Refused(Refused { file, refused, remedy }) => {
                writeln!(out, "REFUSED, nothing was done: {file}")?;
                writeln!(out, "  {refused}")?;
                return writeln!(out, "  help: {remedy}");
            }
            Self::Taken(taken) => taken,
        };
        writeln!(out, "REFUSED, nothing was sealed: {}", taken.bundle)?;
        writeln!(out, "  sequence number {} belongs to another release: {}", taken.sequence_number, taken.release_id)?;
        writeln!(out, "  journal: line {}", taken.journal_line)?;
        writeln!(out, "  help: give a changed release the next sequence number, or restore the files that were sealed")
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Done(report) => report.exit(),
            Self::Taken(_) | Self::Refused(_) => Exit::Refused,
        }
    }

    fn stdout_taken(&self) -> bool {
        matches!(self, Self::Done(report) if report.stdout_taken())
    }
}
