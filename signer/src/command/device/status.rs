//! `twinseal device status`: what the device remembers, and what its next boot does.

use std::io::{self, Write};

use serde::Serialize;
use twinseal_installer::{SlotId, SlotState};

use super::{Said, Slot, Which, reason};
use crate::error::Result;
use crate::gateway::{Access, Gateway};
use crate::report::Report;

/// Arguments of `device status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal device status --device gateway.toml

Changes nothing, and verifies nothing: whether a slot may be booted is found out by `device boot`.")]
pub struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    /// Reads the state.
    ///
    /// # Errors
    ///
    /// It can't be read, or another process changes it.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let gateway = Gateway::open(&self.which.path, Access::Read)?;
        let trials = gateway.trials();
        let status = gateway.with(|mut open| {
            let [rollback_counter, epoch_counter] = open.counted()?;
            let state = open.device.state();
            let next = state.candidates(trials).into_iter().flatten().map(|(slot, why)| {
                let (reason, trial) = reason(why);
                Next { slot: slot.into(), reason, trial }
            });
            Ok(Status {
                slots: SlotId::ALL.map(|slot| Held::of(slot, state.slot(slot))),
                confirmed: state.confirmed().map(|one| Confirmed {
                    slot: state.preferred().into(),
                    sequence_number: one.sequence_number.0,
                    release_id: one.release_id.to_string(),
                }),
                trials,
                rollback_counter,
                epoch_counter,
                trust_epoch: open.epoch.0,
                next: next.collect(),
            })
        })?;
        Ok(Said::from(status))
    }
}

#[derive(Serialize)]
struct Status {
    slots: [Held; 2],
    confirmed: Option<Confirmed>,
    trials: u8,
    rollback_counter: u32,
    epoch_counter: u32,
    trust_epoch: u32,
    /// What the next boot looks at, in this order.
    next: Vec<Next>,
}

#[derive(Serialize)]
struct Held {
    slot: Slot,
    state: &'static str,
    release_id: Option<String>,
    /// How often it was started on trial.
    begun: Option<u8>,
    /// How many erase units were received.
    units: Option<u32>,
}

impl Held {
    fn of(slot: SlotId, state: SlotState) -> Self {
        let (state, release_id, begun, units) = match state {
            SlotState::Empty => ("empty", None, None, None),
            SlotState::Receiving { release_id, blocks } => ("receiving", Some(release_id), None, Some(blocks)),
            SlotState::Pending { release_id } => ("pending", Some(release_id), None, None),
            SlotState::Trial { release_id, begun } => ("trial", Some(release_id), Some(begun), None),
            SlotState::Confirmed { release_id } => ("confirmed", Some(release_id), None, None),
        };
        Self { slot: slot.into(), state, release_id: release_id.map(|id| id.to_string()), begun, units }
    }
}

#[derive(Serialize)]
struct Confirmed {
    slot: Slot,
    sequence_number: u64,
    release_id: String,
}

#[derive(Serialize)]
struct Next {
    slot: Slot,
    reason: &'static str,
    trial: Option<u8>,
}

impl Report for Status {
    const SCHEMA: &'static str = "twinseal.device-status/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for Held { slot, state, release_id, begun, units } in &self.slots {
            write!(out, "slot {}: {state}", SlotId::from(*slot).name())?;
            if let Some(begun) = begun {
                write!(out, ", started {begun} of {} times", self.trials)?;
            }
            if let Some(units) = units {
                write!(out, ", {units} units of 64 KiB")?;
            }
            writeln!(out, "{}", release_id.as_ref().map(|id| format!(", {id}")).unwrap_or_default())?;
        }
        if let Some(Confirmed { slot, sequence_number, release_id }) = &self.confirmed {
            let slot = SlotId::from(*slot).name();
            writeln!(out, "confirmed last: slot {slot}, sequence number {sequence_number}, {release_id}")?;
        }
        writeln!(out, "rollback counter: {}", self.rollback_counter)?;
        writeln!(out, "trust epoch: {}, its counter: {}", self.trust_epoch, self.epoch_counter)?;
        for (place, Next { slot, reason, trial }) in self.next.iter().enumerate() {
            let trial = trial.map(|begun| format!(" {begun}")).unwrap_or_default();
            let word = if place == 0 { "next boot" } else { "if that is refused" };
            writeln!(out, "{word}: slot {} ({reason}{trial})", SlotId::from(*slot).name())?;
        }
        Ok(())
    }
}
