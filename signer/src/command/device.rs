//! `twinseal device`: the life of a Linux device, over partitions or files.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde::Serialize;
use twinseal_installer::{Reason, SlotId};

use crate::errors::Refusal;
use crate::gateway::Decided;
use crate::report::{self, Exit, Format, Report};

pub mod boot;
pub mod confirm;
pub mod init;
pub mod install;
pub mod status;
pub mod trust;

/// Arguments of `device`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal device init --device gateway.toml --trust trust.cbor factory.twinseal
  twinseal device install --device gateway.toml --running a new.twinseal
  twinseal device boot --device gateway.toml
  twinseal device confirm --device gateway.toml --running b

The device file (TOML) says what the device is, and where its state and its slots lie:
  vendor = \"acme.example\"
  model = \"gateway\"
  trials = 3                     # optional: starts before the device goes back
  state = \"/var/lib/twinseal\"    # a directory of its own
  [slot-a]                       # for each component a partition or a file
  kernel = \"/dev/mmcblk0p2\"
  rootfs = \"/dev/mmcblk0p3\"
  [slot-b]
  kernel = \"/dev/mmcblk0p5\"
  rootfs = \"/dev/mmcblk0p6\"

docs/linux-devices.md has it whole: who calls what when, and what a loss of power leaves.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// At the factory: make the state, write the first release and the trust store
    Init(init::Args),
    /// Receive a release into the slot that is not running; it is tried at the next boot
    Install(install::Args),
    /// In the boot stage: choose a slot, verify it again, and say which
    Boot(boot::Args),
    /// The running release has proven itself: it stays, and the rollback counter rises
    Confirm(confirm::Args),
    /// Show slots, counters, and what the next boot does; changes nothing
    Status(status::Args),
    /// Take a trust update: keys are added, rotated, revoked
    Trust(trust::Args),
}

impl Args {
    /// Runs the command, renders its report, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        match &self.command {
            Command::Init(args) => report::conclude(args.run(), format),
            Command::Install(args) => report::conclude(args.run(), format),
            Command::Boot(args) => report::conclude(args.run(), format),
            Command::Confirm(args) => report::conclude(args.run(), format),
            Command::Status(args) => report::conclude(args.run(), format),
            Command::Trust(args) => report::conclude(args.run(), format),
        }
    }
}

/// Which device.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The device file
    #[arg(long = "device", value_name = "TOML")]
    path: PathBuf,
}

/// Which slot the device was started from: what boot said.
#[derive(Debug, clap::Args)]
pub(super) struct Running {
    /// The slot that this system was started from, as `device boot` said it
    #[arg(long, value_enum)]
    running: Slot,
}

/// A slot.
#[derive(Clone, Copy, Debug, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Slot {
    A,
    B,
}

impl From<Slot> for SlotId {
    fn from(slot: Slot) -> Self {
        match slot {
            Slot::A => Self::A,
            Slot::B => Self::B,
        }
    }
}

impl From<SlotId> for Slot {
    fn from(slot: SlotId) -> Self {
        match slot {
            SlotId::A => Self::A,
            SlotId::B => Self::B,
        }
    }
}

/// Why a slot is started: a word, and for a trial the how-many-th start it is.
const fn reason(reason: Reason) -> (&'static str, Option<u8>) {
    match reason {
        Reason::Confirmed => ("confirmed", None),
        Reason::Trial(begun) => ("trial", Some(begun)),
        Reason::Fallback => ("fallback", None),
    }
}

/// A report, or why the device refused.
#[derive(Serialize)]
#[serde(untagged)]
enum Said<R> {
    Done(R),
    Refused { refusal: Refusal },
}

impl<R> From<Decided<R>> for Said<R> {
    fn from(decided: Decided<R>) -> Self {
        match decided {
            Ok(report) => Self::Done(report),
            Err(refusal) => Self::Refused { refusal },
        }
    }
}

impl<R: Report> Report for Said<R> {
    const SCHEMA: &'static str = R::SCHEMA;

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Done(report) => report.human(out),
            Self::Refused { refusal } => refusal.human(out),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Done(report) => report.exit(),
            Self::Refused { .. } => Exit::Refused,
        }
    }
}
