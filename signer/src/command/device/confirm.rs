//! `twinseal device confirm`: the running release has proven itself.

use std::io::{self, Write};

use serde::Serialize;

use super::{Running, Said, Slot, Which};
use crate::error::Result;
use crate::gateway::{Access, Gateway};
use crate::report::Report;

/// Arguments of `device confirm`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal device confirm --device gateway.toml --running b

Call it once the system does what it is for: only what was started on trial can be confirmed. From then on nothing older is installed, and \
nothing below its security version boots. Confirming again changes nothing. Exit code 0: confirmed; 1: refused; 2: could not find out.")]
pub struct Args {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    running: Running,
}

impl Args {
    /// Confirms.
    ///
    /// # Errors
    ///
    /// Something can't be read or written, or another process works on the device.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let gateway = Gateway::open(&self.which.path, Access::Write)?;
        let slot = self.running.running;
        let confirmed = gateway.with(|mut open| {
            let memory = twinseal_installer::Memory { frame: open.memory.frame, scratch: open.memory.scratch };
            let confirmed = open.device.confirm(slot.into(), open.verifier, open.facts, memory)?;
            open.memory = twinseal_installer::Memory { frame: &mut [], scratch: &mut [] };
            let [rollback_counter, _] = open.counted()?;
            Ok(Confirmed {
                slot,
                sequence_number: confirmed.sequence_number.0,
                release_id: confirmed.release_id.to_string(),
                rollback_counter,
            })
        })?;
        Ok(Said::from(confirmed))
    }
}

#[derive(Serialize)]
struct Confirmed {
    slot: Slot,
    sequence_number: u64,
    release_id: String,
    rollback_counter: u32,
}

impl Report for Confirmed {
    const SCHEMA: &'static str = "twinseal.device-confirm/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let slot = twinseal_installer::SlotId::from(self.slot).name();
        writeln!(out, "CONFIRMED: slot {slot}, sequence number {}", self.sequence_number)?;
        writeln!(out, "  {}; the rollback counter holds {}", self.release_id, self.rollback_counter)
    }
}
