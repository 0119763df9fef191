//! The command line, as a tree of types. What a command does is in `command/<name>.rs`.

use clap::Parser;

use crate::command::Command;
use crate::report::Format;

/// Seals firmware with Ed25519 and ML-DSA, and decides, shows and takes apart what was sealed.
#[derive(Debug, Parser)]
#[command(name = "twinseal", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// Who reads the report: people, or programs (JSON on standard output)
    #[arg(long, global = true, value_enum, default_value_t)]
    pub format: Format,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  yes, or done
  1  examined, and refused
  2  could not find out: wrong usage, a file, a key, or an internal fault
  3  two implementations disagree about a seal or a reading (audit, verify --independent):
     trust neither, and report it

Standard output carries the result and nothing else; diagnostics go to standard error.";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_tree_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("twinseal "), "`{}` has no example", command.get_name());
        }
    }
}
