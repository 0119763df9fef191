//! `twinseal device init`: what the factory does.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Said, Which};
use crate::bundle::Bundle;
use crate::error::{Result, name};
use crate::gateway::{Gateway, Initial};
use crate::report::Report;
use crate::store;

/// Arguments of `device init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  truncate -s 64M slot-a.img slot-b.img        # or partitions
  twinseal device init --device gateway.toml --trust trust.cbor factory.twinseal

The release is verified as for installing, written into slot A, verified there as for booting, and counts as confirmed. Run again after a \
loss of power, it begins anew. Both counters begin at zero, in files: whoever can write those can set them back.")]
pub struct Args {
    /// The first release; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    #[command(flatten)]
    which: Which,

    /// The trust store that the device begins with
    #[arg(long, value_name = "STORE")]
    trust: PathBuf,

    /// Where a detached release's payload files are; default: beside the bundle
    #[arg(long, value_name = "DIR")]
    payloads: Option<PathBuf>,

    /// Write over what slot A holds
    #[arg(long)]
    overwrite: bool,
}

impl Args {
    /// Makes the device.
    ///
    /// # Errors
    ///
    /// Something can't be read or written, or is in the way.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bytes = store::load(&self.trust)?;
        let verifier = store::open_file(&bytes, &self.trust)?;
        let bundle = Bundle::open(&self.bundle)?;
        let beside = self.bundle.parent().unwrap_or(Path::new("."));
        let payloads = self.payloads.as_deref().unwrap_or(beside);
        let initial = Initial { bundle: &bundle, payloads, verifier: &verifier, overwrite: self.overwrite };
        let made = Gateway::init(&self.which.path, &initial)?;
        Ok(Said::from(made.map(|()| Made { device: name(&self.which.path), slot: "a" })))
    }
}

#[derive(Serialize)]
struct Made {
    device: String,
    slot: &'static str,
}

impl Report for Made {
    const SCHEMA: &'static str = "twinseal.device-init/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "MADE: {}, its first release confirmed in slot {}", self.device, self.slot)
    }
}
