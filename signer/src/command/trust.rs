//! `twinseal trust`: what a device trusts.

use std::process::ExitCode;

use clap::Subcommand;

use crate::report::{self, Format};

pub mod apply;
mod contents;
pub mod expand;
mod identity;
pub mod make;
pub mod show;
mod source;
pub mod update;

/// Arguments of `trust`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal trust make --out thermostat.store --vendor example.com \\
      --model thermostat-2 --release release-2027
  twinseal trust show thermostat.store
  twinseal trust expand thermostat.store --out expanded")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a device's trust store from the verifying keys of signing identities
    Make(Box<make::Args>),
    /// Show what is in a trust store, and whether a device can use it
    Show(show::Args),
    /// Compute the tables with which devices verify faster, or compare them
    Expand(expand::Args),
    /// Seal a trust store that takes another one's place
    Update(Box<update::Args>),
    /// Decide about a trust update as a device would, and write the store it would then have
    Apply(apply::Args),
}

impl Args {
    /// Runs the command, renders its report, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        match &self.command {
            Command::Make(args) => report::conclude(args.run(), format),
            Command::Expand(args) => report::conclude(args.run(), format),
            Command::Update(args) => report::conclude(args.run(), format),
            Command::Apply(args) => report::conclude(args.run(), format),
            Command::Show(args) => report::conclude(args.run(), format),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn every_subcommand_shows_an_example() {
        let cli = crate::cli::Cli::command();
        let trust = cli.find_subcommand("trust").unwrap();
        for command in trust.get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("twinseal trust "), "`trust {}` has no example", command.get_name());
        }
    }
}
