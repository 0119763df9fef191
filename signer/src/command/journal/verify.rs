//! `twinseal journal verify`: reads the whole chain.

use alloc::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Failure, Result, name};
use crate::hex::unhex;
use crate::input;
use crate::journal::{Act, Chain, Entry, Line};
use crate::report::{Exit, Report};

/// Arguments of `journal verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal journal verify signing.journal
  twinseal journal verify signing.journal \\
      --head 41:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

The chain shows whether a line was changed, taken out or put in. What was cut off at the end shows only against a head that somebody noted: \
`verify` prints the head, and with --head it demands that this line is still there. Exit code 0: the chain holds; 1: it does not; 2: could \
not find out.")]
pub struct Args {
    /// The journal; `-` for standard input
    #[arg(value_name = "FILE")]
    journal: PathBuf,

    /// A head that was noted before: the number of the line and its SHA-256
    #[arg(long, value_name = "LINE:SHA256", value_parser = noted)]
    head: Option<Noted>,
}

/// A head that somebody noted.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    line: u64,
    sha256: String,
}

fn noted(text: &str) -> core::result::Result<Noted, String> {
    let parts = text.split_once(':').and_then(|(line, sha256)| {
        let sha256 = sha256.to_lowercase();
        let whole = unhex(&sha256).is_some_and(|bytes| bytes.len() == 32);
        Some(Noted { line: line.parse().ok()?, sha256 }).filter(|_| whole)
    });
    parts.ok_or_else(|| {
        "write it as `journal verify` shows it: the line's number, a colon, 64 hexadecimal digits".into()
    })
}

impl Args {
    /// Reads the journal.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn run(&self) -> Result<impl Report + use<>> {
        Ok(examine(&self.journal, self.head.as_ref())?.1)
    }
}

/// Reads a journal as far as its chain holds.
pub(super) fn examine(path: &Path, noted: Option<&Noted>) -> Result<(Vec<Line>, Examined)> {
    let bytes = input::read(path, LONGEST)?;
    let text = String::from_utf8(bytes)
        .map_err(|error| Failure::new(format!("{}: is no journal", name(path))).because(error))?;
    let (mut chain, mut lines, mut faults) = (Chain::default(), Vec::new(), Vec::new());
    let whole = text.rfind('\n').map_or("", |end| text.get(..=end).unwrap_or_default());
    let mut releases: BTreeMap<(String, String, u64), String> = BTreeMap::new();
    let mut noted_found = noted.is_none();
    for line in whole.lines() {
        match chain.take(line) {
            Ok(line) => {
                if let Entry::Sealed(Act::Release { vendor_id, class_id, sequence_number, release_id, .. }) =
                    &line.entry
                {
                    let key = (vendor_id.clone(), class_id.clone(), *sequence_number);
                    let first = releases.entry(key).or_insert_with(|| release_id.clone());
                    if first != release_id {
                        faults.push(format!("line {}: its sequence number belongs to another release", line.number));
                    }
                }
                noted_found |= noted.is_some_and(|noted| noted.line == line.number && noted.sha256 == chain.head());
                lines.push(line);
            }
            Err(fault) => {
                faults.push(fault.to_string());
                break;
            }
        }
    }
    if lines.is_empty() && faults.is_empty() {
        faults.push("it has no line".to_owned());
    }
    if let (Some(noted), false) = (noted, noted_found) {
        faults
            .push(format!("line {} is not there as it was noted: the journal was cut, or is another one", noted.line));
    }
    let examined = Examined {
        journal: name(path),
        lines: chain.lines(),
        head: (chain.lines() > 0).then(|| format!("{}:{}", chain.lines().saturating_sub(1), chain.head())),
        unfinished: text.len().saturating_sub(whole.len()),
        faults,
    };
    Ok((lines, examined))
}

/// What was found in a journal.
#[derive(Serialize)]
pub(super) struct Examined {
    journal: String,
    lines: u64,
    head: Option<String>,
    /// Bytes of half a line at the end: a run was killed while it wrote them, and answered for nothing.
    unfinished: usize,
    faults: Vec<String>,
}

impl Report for Examined {
    const SCHEMA: &'static str = "twinseal.journal-verify/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.unfinished > 0 {
            writeln!(
                out,
                "note: {} bytes of half a line at the end; the next line takes their place",
                self.unfinished
            )?;
        }
        for fault in &self.faults {
            writeln!(out, "fault: {fault}")?;
        }
        let verdict = if self.faults.is_empty() { "the chain holds" } else { "THE CHAIN DOES NOT HOLD" };
        let s = if self.lines == 1 { "" } else { "s" };
        writeln!(out, "{verdict}: {} ({} line{s} read)", self.journal, self.lines)?;
        match &self.head {
            Some(head) => writeln!(out, "head: {head}"),
            None => Ok(()),
        }
    }

    fn exit(&self) -> Exit {
        if self.faults.is_empty() { Exit::Success } else { Exit::Refused }
    }
}

/// About two million lines.
const LONGEST: u64 = 1 << 30;
