//! `twinseal seals extract`: the seals of a bundle, as an answer file.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use serde::Serialize;
use twinseal_formats::encode::NewSeal;

use crate::bundle::Bundle;
use crate::ceremony::Answer;
use crate::command::said::{Refused, Said};
use crate::error::{Failure, Result, name};
use crate::forms::Opened;
use crate::output::{Destination, Mode, Overwrite};
use crate::report::Report;
use crate::trouble::Trouble;

/// Arguments of `seals extract`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal seals extract thermostat-1.4.0.twinseal --out seals.json
  twinseal seals extract thermostat-1.4.0.twinseal --out - \\
      --anchor 7d1a54127b222502f5b79b5fb0803061152a44f92b37e23c6527baf665d4da9a

The seals are not verified; `seals append` and `ceremony assemble` verify them, and take the file as an answer.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Only this identity's seals
    #[arg(long, value_name = "ANCHOR-ID")]
    anchor: Option<String>,

    /// File to write, `-` for standard output
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(Destination::from))]
    out: Destination,

    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
}

impl Args {
    /// Takes the seals out.
    ///
    /// # Errors
    ///
    /// The bundle can't be read, or the file not written.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bundle = Bundle::open(&self.bundle)?;
        let opened = match Trouble::finding(Opened::new(&bundle))? {
            Ok(opened) => opened,
            Err(error) => {
                return Ok(Said::Refused(Refused::new(
                    &self.bundle,
                    error,
                    "`twinseal inspect` says more about the file",
                )));
            }
        };
        let seals = opened.envelope().seals();
        let wanted = self.anchor.as_ref().map(|anchor| anchor.to_lowercase());
        let found: Vec<NewSeal> = seals
            .iter()
            .filter(|seal| wanted.as_ref().is_none_or(|wanted| seal.anchor().to_string() == *wanted))
            .map(|seal| NewSeal {
                anchor: seal.anchor(),
                cose_algorithm: seal.cose_algorithm(),
                signature: seal.signature().to_vec(),
            })
            .collect();
        if found.is_empty() {
            return Err(Failure::new(format!("{}: has no seal by that identity", name(&self.bundle)))
                .remedy("`twinseal inspect` lists who sealed it"));
        }
        let answer = Answer::new("release", seals.digest(), &found);
        self.out.write(&answer.to_bytes()?, Overwrite::asked(self.overwrite), Mode::Public)?;
        let stdout_taken = self.out == Destination::Stdout;
        let file = match &self.out {
            Destination::Stdout => OsString::from("-"),
            Destination::File(path) => path.clone().into_os_string(),
        };
        Ok(Said::Done(Extracted {
            seals_file: name(file.as_ref()),
            release_id: seals.digest().to_string(),
            seals: found.len(),
            stdout_taken,
        }))
    }
}

#[derive(Serialize)]
struct Extracted {
    seals_file: String,
    release_id: String,
    seals: usize,
    #[serde(skip)]
    stdout_taken: bool,
}

impl Report for Extracted {
    const SCHEMA: &'static str = "twinseal.seals-extract/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "release id: {}", self.release_id)?;
        writeln!(out, "taken out: {} ({} seals, NOT VERIFIED)", self.seals_file, self.seals)
    }

    fn stdout_taken(&self) -> bool {
        self.stdout_taken
    }
}
