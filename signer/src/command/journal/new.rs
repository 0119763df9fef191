//! `twinseal journal new`: begins a journal.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Result, name};
use crate::journal::Journal;
use crate::report::Report;

/// Arguments of `journal new`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal journal new signing.journal

A journal is begun once and kept for ever: it knows which sequence numbers are taken. Keep it on a disk of its own, let nobody but the \
signers write it, and copy it away.")]
pub struct Args {
    /// The file to make
    #[arg(value_name = "FILE")]
    journal: PathBuf,
}

impl Args {
    /// Begins the journal.
    ///
    /// # Errors
    ///
    /// The file exists or can't be written.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let line = Journal::create(&self.journal)?;
        Ok(Begun { journal: name(&self.journal), begun: line.time })
    }
}

#[derive(Serialize)]
struct Begun {
    journal: String,
    begun: String,
}

impl Report for Begun {
    const SCHEMA: &'static str = "twinseal.journal-new/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "begun: {} ({})", self.journal, self.begun)
    }
}
