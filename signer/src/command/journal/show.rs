//! `twinseal journal show`: who sealed what, and when.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::verify::{Examined, examine};
use crate::error::Result;
use crate::journal::{Act, Entry, Line};
use crate::report::{Exit, Report};

/// Arguments of `journal show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal journal show signing.journal
  twinseal journal show signing.journal --sequence-number 42
  twinseal journal show signing.journal --format json

Only lines up to the first fault of the chain are shown; exit code 1 if there is one.")]
pub struct Args {
    /// The journal; `-` for standard input
    #[arg(value_name = "FILE")]
    journal: PathBuf,

    /// Only releases of this sequence number
    #[arg(long, value_name = "N")]
    sequence_number: Option<u64>,
}

impl Args {
    /// Reads the journal.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let (mut lines, journal) = examine(&self.journal, None)?;
        if let Some(wanted) = self.sequence_number {
            let has = |line: &Line| matches!(&line.entry, Entry::Sealed(Act::Release { sequence_number, .. }) if *sequence_number == wanted);
            lines.retain(has);
        }
        Ok(Shown { journal, entries: lines })
    }
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    journal: Examined,
    entries: Vec<Line>,
}

impl Report for Shown {
    const SCHEMA: &'static str = "twinseal.journal-show/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for line in &self.entries {
            write!(out, "{:>6}  {}  {}  ", line.number, line.time, line.tool)?;
            let act = match &line.entry {
                Entry::Begun { id, .. } => {
                    writeln!(out, "begun {id}")?;
                    continue;
                }
                Entry::Sealed(act) => act,
            };
            match act {
                Act::Release { sequence_number, version, security_version, class_id, .. } => writeln!(
                    out,
                    "release {version}, sequence number {sequence_number}, security version {security_version}, class {class_id}"
                )?,
                Act::TrustUpdate { epoch, replaces, .. } => {
                    writeln!(out, "trust update to epoch {epoch}, replaces {replaces}")?;
                }
            }
            writeln!(out, "        id {}", act.identity())?;
            for sealer in act.sealed_by() {
                let keys: Vec<_> = sealer.keys.iter().map(|key| key.algorithm.as_str()).collect();
                writeln!(out, "        by {} ({})", sealer.anchor_id, keys.join(" + "))?;
            }
        }
        self.journal.human(out)
    }

    fn exit(&self) -> Exit {
        self.journal.exit()
    }
}
