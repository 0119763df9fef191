//! The `twinseal` command.

use std::process::ExitCode;

use clap::Parser as _;
use twinseal::{cli::Cli, report};

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => cli.command.run(cli.format),
        Err(usage) => report::misused(&usage, std::env::args_os()),
    }
}
