//! `twinseal detach`: puts the payloads of a bundle beside it.

use std::path::PathBuf;

use super::forms_report::{Done, Written};
use crate::bundle::Bundle;
use crate::error::{Failure, Result, name};
use crate::forms::{Opened, text};
use crate::output::{NewFile, Overwrite, place};
use crate::report::Report;
use crate::trouble::Examined;

/// Arguments of `detach`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal detach thermostat-1.4.0.twinseal \\
      --out thermostat-1.4.0.manifest.twinseal --payloads www/thermostat
  twinseal detach thermostat-1.4.0.twinseal --out small.twinseal \\
      --payloads www/thermostat --evidence

Payloads become files named after their entries, c00.bin and so on, which is what the manifest's fetch commands name. With \
--evidence the evidence becomes files as well, e00.bin (the index) and so on.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// The detached bundle to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// The directory to write the payload files into; it must exist
    #[arg(long, value_name = "DIR")]
    payloads: PathBuf,

    /// Put the evidence beside the bundle too
    #[arg(long)]
    evidence: bool,

    /// Replace files that exist
    #[arg(long)]
    overwrite: bool,
}

impl Args {
    /// Writes the detached form and the payload files.
    ///
    /// # Errors
    ///
    /// Something can't be read or written. Then nothing was written, unless the disk failed after a file was whole; the bundle appears
    /// last: while it is not there, nothing is complete.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bundle = Bundle::open(&self.bundle)?;
        Done::new("detached", &self.bundle, false, self.detach(&bundle))
    }

    fn detach(&self, bundle: &Bundle) -> Examined<Vec<Written>> {
        let opened = Opened::new(bundle)?;
        let overwrite = Overwrite::asked(self.overwrite);
        let evidence = opened.evidence(None)?;
        let mut beside = opened.payloads(Some(&self.payloads))?;
        let enclosed = if self.evidence {
            beside.extend(evidence);
            Vec::new()
        } else {
            evidence
        };
        let (mut new, mut written) = (Vec::new(), Vec::new());
        for piece in &beside {
            let path = self.payloads.join(text(piece.entry_name));
            if place(&path) == place(&self.out) {
                return Err(Failure::new(format!("{}: named for the bundle and for a payload", name(&path)))
                    .remedy("give the bundle another name, or the payloads another directory")
                    .into());
            }
            new.push(opened.prepare_piece(piece, &path, overwrite)?);
            written.push(Written::new(&path, piece.size()));
        }
        let (bundle, size) = opened.prepare_form(&enclosed, &self.out, overwrite)?;
        written.push(Written::new(&self.out, size));
        // Everything is on the disk and has its digest: now all of it gets its name, the bundle last.
        new.push(bundle);
        new.into_iter().try_for_each(NewFile::commit)?;
        Ok(written)
    }
}
