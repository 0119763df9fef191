//! What the commands that seal say: their report, or why they refused.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::error::name;
use crate::journal::{Claim, Taken};
use crate::report::{Exit, Report};

/// What a command that seals says.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Said<R> {
    Done(R),
    Taken(Claimed),
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

/// Another release or trust update has what can belong to one only.
#[derive(Serialize)]
pub(super) struct Claimed {
    bundle: String,
    refused: String,
    #[serde(flatten)]
    by: By,
    journal_line: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum By {
    Release { sequence_number: u64, release_id: String },
    Update { replaces: String, update_id: String },
}

impl Claimed {
    pub(super) fn new(out: &Path, taken: Taken) -> Self {
        let (refused, by) = match taken.claim {
            Claim::SequenceNumber { number, .. } => (
                "the sequence number belongs to another release",
                By::Release { sequence_number: number, release_id: taken.identity },
            ),
            Claim::PlaceOf(replaces) => {
                ("another trust update replaces the trust store", By::Update { replaces, update_id: taken.identity })
            }
        };
        Self { bundle: name(out), refused: refused.to_owned(), by, journal_line: taken.line }
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
        let help = match &taken.by {
            By::Release { sequence_number, release_id } => {
                writeln!(out, "  sequence number {sequence_number} belongs to another release: {release_id}")?;
                "give a changed release the next sequence number, or restore the files that were sealed"
            }
            By::Update { replaces, update_id } => {
                writeln!(out, "  the trust store {replaces} is replaced by another trust update: {update_id}")?;
                "two updates of one store part the fleet; make the next one of the store that this update gave"
            }
        };
        writeln!(out, "  journal: line {}", taken.journal_line)?;
        writeln!(out, "  help: {help}")
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
