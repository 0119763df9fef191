//! `twinseal errors`: what a number or name of an error means, and what to do.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::{Failure, Result};
use crate::errors::{self, Explanation};
use crate::report::Report;

/// Arguments of `errors`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal errors
  twinseal errors 1282
  twinseal errors 0x0502
  twinseal errors admit.class-mismatch

Devices and this tool use the same numbers. A stage alone (`admit`) or a rule alone (`class-mismatch`) stands for all it fits.")]
pub struct Args {
    /// Explain only this one
    #[arg(value_name = "NUMBER|NAME")]
    wanted: Option<String>,

    /// Print docs/errors.md
    #[arg(long, conflicts_with = "wanted")]
    markdown: bool,
}

impl Args {
    /// Looks the errors up.
    ///
    /// # Errors
    ///
    /// There is no error of that number or name.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let errors = match &self.wanted {
            None => errors::all().iter().map(Explanation::from).collect(),
            Some(wanted) => {
                let found = errors::look_up(wanted);
                if found.is_empty() {
                    return Err(Failure::new(format!("`{}`: no such error", wanted.escape_default()))
                        .remedy("`twinseal errors` lists all of them; a hexadecimal number begins with 0x"));
                }
                found
            }
        };
        Ok(Listing { errors, markdown: self.markdown })
    }
}

#[derive(Serialize)]
struct Listing {
    errors: Vec<Explanation>,
    #[serde(skip)]
    markdown: bool,
}

impl Report for Listing {
    const SCHEMA: &'static str = "twinseal.errors/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.markdown {
            return out.write_all(errors::markdown().as_bytes());
        }
        for error in &self.errors {
            writeln!(out, "{}  {}  {}", error.hex, error.number, error.code)?;
            writeln!(out, "  means: {}", error.meaning)?;
            writeln!(out, "  help:  {}", error.remedy)?;
        }
        Ok(())
    }
}
