//! What the commands that seal say when the journal has another release of the sequence number.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::error::name;
use crate::journal::Taken;
use crate::report::{Exit, Report};

/// What a command that seals answers: its own report, or that the number is taken.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Answer<R> {
    Done(R),
    Refused(NumberTaken),
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

impl<R: Report> Report for Answer<R> {
    const SCHEMA: &'static str = R::SCHEMA;

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let taken = match self {
            Self::Done(report) => return report.human(out),
            Self::Refused(taken) => taken,
        };
        writeln!(out, "REFUSED, nothing was sealed: {}", taken.bundle)?;
        writeln!(out, "  sequence number {} belongs to another release: {}", taken.sequence_number, taken.release_id)?;
        writeln!(out, "  journal: line {}", taken.journal_line)?;
        writeln!(out, "  help: give a changed release the next sequence number, or restore the files that were sealed")
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Done(report) => report.exit(),
            Self::Refused(_) => Exit::Refused,
        }
    }

    fn stdout_taken(&self) -> bool {
        matches!(self, Self::Done(report) if report.stdout_taken())
    }
}
