//! `twinseal journal`: what was sealed, by whom, and when.

use std::process::ExitCode;

use clap::Subcommand;

use crate::report::{self, Format};

pub mod new;
pub mod show;
pub mod verify;

/// Arguments of `journal`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal journal new signing.journal
  twinseal journal show signing.journal
  twinseal journal verify signing.journal")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a journal
    New(new::Args),
    /// Show who sealed what, and when
    Show(show::Args),
    /// Read the whole chain, and hold it against a head that was noted before
    Verify(verify::Args),
}

impl Args {
    /// Runs the command, renders its report, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        match &self.command {
            Command::New(args) => report::conclude(args.run(), format),
            Command::Show(args) => report::conclude(args.run(), format),
            Command::Verify(args) => report::conclude(args.run(), format),
        }
    }
}
