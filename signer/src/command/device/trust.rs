//! `twinseal device trust`: a trust update on the device.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::{Running, Said, Which};
use crate::error::Result;
use crate::gateway::{Access, Gateway};
use crate::report::Report;
use crate::{input, update};

/// Arguments of `device trust`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal device trust --device gateway.toml --running a trust-2.update

Taken as docs/procedure.md (T-1 to T-17, I-13) has it: sealed as the store in use and the new one demand, one epoch further, and not while a \
release is on trial. The confirmed release must hold under the new store. Exit code 0: in use from now on; 1: refused; 2: could not find out.")]
pub struct Args {
    /// The trust update; `-` for standard input
    #[arg(value_name = "UPDATE")]
    update: PathBuf,

    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    running: Running,
}

impl Args {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// Something can't be read or written, or another process works on the device.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bytes = input::read(&self.update, update::LONGEST)?;
        let gateway = Gateway::open(&self.which.path, Access::Write)?;
        let taken = gateway.with(|open| {
            let running = self.running.running.into();
            open.device.update_trust(running, open.verifier, open.facts, open.epochs, &bytes, open.memory)
        })?;
        Ok(Said::from(taken.map(|epoch| Taken { trust_epoch: epoch.0 })))
    }
}

#[derive(Serialize)]
struct Taken {
    trust_epoch: u32,
}

impl Report for Taken {
    const SCHEMA: &'static str = "twinseal.device-trust/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "TAKEN: the trust store of epoch {} is in use", self.trust_epoch)
    }
}
