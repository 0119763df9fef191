//! `twinseal device install`: a release into the slot that is not running.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Running, Said, Slot, Which};
use crate::error::Result;
use crate::gateway::{Access, Gateway};
use crate::report::Report;

/// Arguments of `device install`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal device install --device gateway.toml --running a new.twinseal
  curl -s https://acme.example/new.twinseal |
    twinseal device install --device gateway.toml --running a -

Everything that can be refused is refused before the first byte is written. After a loss of power, the same command goes on behind what is on \
the medium. In the end all of it is read back and verified. Memory does not grow with the images. \
Exit code 0: it is tried at the next boot; 1: refused; 2: could not find out, try again.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    running: Running,

    /// Where a detached release's payload files are; default: beside the bundle
    #[arg(long, value_name = "DIR")]
    payloads: Option<PathBuf>,
}

impl Args {
    /// Receives the release.
    ///
    /// # Errors
    ///
    /// Something can't be read or written, or another process works on the device.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let gateway = Gateway::open(&self.which.path, Access::Write)?;
        let beside = self.bundle.parent().unwrap_or(Path::new("."));
        let payloads = self.payloads.as_deref().unwrap_or(beside);
        let installed = gateway.install(self.running.running.into(), &self.bundle, payloads)?;
        Ok(Said::from(installed.map(|one| Installed {
            slot: one.slot.into(),
            state: "pending",
            release_version: one.version,
            sequence_number: one.sequence_number,
            release_id: one.release_id,
            went_on_at: one.position,
        })))
    }
}

#[derive(Serialize)]
struct Installed {
    slot: Slot,
    state: &'static str,
    release_version: String,
    sequence_number: u64,
    release_id: String,
    /// The first byte of the stream that was written; what lies before it was the frame, or on the medium already.
    went_on_at: u64,
}

impl Report for Installed {
    const SCHEMA: &'static str = "twinseal.device-install/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let slot = twinseal_installer::SlotId::from(self.slot).name();
        writeln!(out, "INSTALLED in slot {slot}, tried at the next boot: {}", self.release_version)?;
        writeln!(out, "  sequence number {}, {}", self.sequence_number, self.release_id)
    }
}
