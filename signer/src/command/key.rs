//! `twinseal key`: signing keys where they lie.

use std::process::ExitCode;

use clap::Subcommand;

use crate::report::{self, Format};

pub mod adopt;
pub mod answer;
pub mod check;
pub mod passwd;
pub mod show;

/// Arguments of `key`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal key show release-2027
  twinseal key check release-2027
  twinseal key passwd release-2027 --new-passphrase-source prompt

Passphrases come from a terminal (prompt), an open file descriptor (fd:3) or a \
file that only its owner can read (file:PATH); never from the command line or \
the environment.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what an identity's keys are and how they are protected; asks for no passphrase
    Show(show::Args),
    /// Open the keys of an identity and make each sign something
    Check(check::Args),
    /// Make an identity of keys that live in tokens or behind programs
    Adopt(adopt::Args),
    /// Answer one request of the exec protocol, for another twinseal
    Answer(answer::Args),
    /// Encrypt keys, encrypt them anew, or take the encryption off
    Passwd(passwd::Args),
}

impl Args {
    /// Runs the command, renders its report, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        match &self.command {
            Command::Show(args) => report::conclude(args.run(), format),
            Command::Check(args) => report::conclude(args.run(), format),
            Command::Adopt(args) => report::conclude(args.run(), format),
            Command::Answer(args) => args.run(),
            Command::Passwd(args) => report::conclude(args.run(), format),
        }
    }
}
