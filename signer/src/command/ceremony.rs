//! `twinseal ceremony`: sealing by several people, at several places, with keys that never meet.

use std::process::ExitCode;

use clap::Subcommand;

use crate::report::{self, Format};

pub mod assemble;
pub mod request;
pub mod respond;
pub mod show;

/// Arguments of `ceremony`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal ceremony request --release release.toml --trust trust.cbor \\
      --out request.json
  twinseal ceremony show request.json
  twinseal ceremony respond request.json --identity keys/alice \\
      --confirm sha-384:52f3... --out alice.json
  twinseal ceremony assemble request.json --answer alice.json \\
      --answer bob.json --release release.toml --out out.twinseal

docs/ceremony.md goes through all of it, and shows how to answer with pyca/cryptography or OpenSSL.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a signing request: what is to be sealed, and by whom it can be
    Request(request::Args),
    /// Show what a signing request asks for, all of it computed anew
    Show(show::Args),
    /// Answer a signing request with the keys that are here
    Respond(respond::Args),
    /// Put answers together: the sealed bundle, or who is missing
    Assemble(assemble::Args),
}

impl Args {
    /// Runs the command, renders its report, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        match &self.command {
            Command::Request(args) => report::conclude(args.run(), format),
            Command::Show(args) => report::conclude(args.run(), format),
            Command::Respond(args) => report::conclude(args.run(), format),
            Command::Assemble(args) => report::conclude(args.run(), format),
        }
    }
}
