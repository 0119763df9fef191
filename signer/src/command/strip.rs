//! `twinseal strip`: leaves the evidence out of a bundle.

use std::path::PathBuf;

use super::forms_report::{Done, Written};
use crate::bundle::Bundle;
use crate::error::Result;
use crate::forms::{Opened, Piece};
use crate::output::Overwrite;
use crate::report::Report;
use crate::trouble::Examined;

/// Arguments of `strip`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal strip thermostat-1.4.0.twinseal \\
      --out thermostat-1.4.0.stripped.twinseal

Devices do not need the evidence; the seals still say that there is some, and which. `twinseal attach` puts it back from files \
that `twinseal detach --evidence` wrote.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// The stripped bundle to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
}

impl Args {
    /// Writes the stripped form.
    ///
    /// # Errors
    ///
    /// Something can't be read or written. Nothing is left behind.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bundle = Bundle::open(&self.bundle)?;
        Done::new("stripped", &self.bundle, false, self.strip(&bundle))
    }

    fn strip(&self, bundle: &Bundle) -> Examined<Vec<Written>> {
        let opened = Opened::new(bundle)?;
        let pieces: Vec<Piece> = if opened.layout.form.payloads_enclosed { opened.payloads(None)? } else { Vec::new() };
        let overwrite = Overwrite::asked(self.overwrite);
        let size = opened.write_form(&pieces, &self.out, overwrite)?;
        Ok(vec![Written::new(&self.out, size)])
    }
}
