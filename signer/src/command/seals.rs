//! `twinseal seals`: seals taken out of a bundle, and put into one.

use std::process::ExitCode;

use clap::Subcommand;

use crate::report::{self, Format};

pub mod append;
pub mod extract;

/// Arguments of `seals`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal seals append thermostat-1.4.0.twinseal --identity keys/assessor \\
      --trust trust.cbor --out thermostat-1.4.0.assessed.twinseal
  twinseal seals extract thermostat-1.4.0.twinseal --out seals.json")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add an identity's seals to a bundle: an assessor's countersignature
    Append(append::Args),
    /// Take the seals out of a bundle, as an answer file
    Extract(extract::Args),
}

impl Args {
    /// Runs the command, renders its report, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        match &self.command {
            Command::Append(args) => report::conclude(args.run(), format),
            Command::Extract(args) => report::conclude(args.run(), format),
        }
    }
}
