//! The `twinseal` command.

use std::process::ExitCode;

use clap::Parser as _;
use twinseal::{cli::Cli, report};

fn main() -> ExitCode {
    // No core dump of signing keys, and no other process of this user looks into this one. A kernel that refuses that is no reason not to
    // work: keys are wiped after use either way.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    match Cli::try_parse() {
        Ok(cli) => cli.command.run(cli.format),
        Err(usage) => report::misused(&usage, std::env::args_os()),
    }
}
