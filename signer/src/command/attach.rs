//! `twinseal attach`: puts payloads and evidence back into a bundle.

use std::path::{Path, PathBuf};

use super::forms_report::{Done, Written};
use crate::bundle::Bundle;
use crate::error::Result;
use crate::forms::Opened;
use crate::output::Overwrite;
use crate::report::Report;
use crate::trouble::Examined;

/// Arguments of `attach`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal attach thermostat-1.4.0.manifest.twinseal \\
      --payloads www/thermostat --out thermostat-1.4.0.twinseal

The directory holds c00.bin and so on, and e00.bin and so on if the evidence is to be put back as well. Only files with the \
digests that were sealed are taken.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Where the files are; default: beside the bundle
    #[arg(long, value_name = "DIR")]
    payloads: Option<PathBuf>,

    /// The whole bundle to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
}

impl Args {
    /// Writes the enclosed form.
    ///
    /// # Errors
    ///
    /// Something can't be read or written. Nothing is left behind.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bundle = Bundle::open(&self.bundle)?;
        Done::new("attached", &self.bundle, false, self.attach(&bundle))
    }

    fn attach(&self, bundle: &Bundle) -> Examined<Vec<Written>> {
        let opened = Opened::new(bundle)?;
        let beside = bundle.path().parent().unwrap_or(Path::new("."));
        let directory = Some(self.payloads.as_deref().unwrap_or(beside));
        let mut pieces = opened.payloads(directory)?;
        pieces.extend(opened.evidence(directory)?);
        let overwrite = Overwrite::asked(self.overwrite);
        let size = opened.write_form(&pieces, &self.out, overwrite)?;
        Ok(vec![Written::new(&self.out, size)])
    }
}
