//! The commands, one file each.
//!
//! A command is a `struct Args` (clap) with `fn run(&self) -> Result<impl Report>`. To add one: a module, a variant, an arm.

use std::process::ExitCode;

use clap::Subcommand;

use crate::report::{self, Format};

pub mod errors;
pub mod keygen;
pub mod trust;

/// Everything the tool does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Explain errors: what a number or name means, and what to do
    Errors(errors::Args),
    /// Make a signing identity: one Ed25519 key and one ML-DSA key that seal together
    Keygen(keygen::Args),
    /// Make and show trust stores: what a device trusts
    Trust(trust::Args),
}

impl Command {
    /// Runs the command, renders its report, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        match self {
            Self::Errors(args) => report::conclude(args.run(), format),
            Self::Keygen(args) => report::conclude(args.run(), format),
            Self::Trust(args) => args.run(format),
        }
    }
}
