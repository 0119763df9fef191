//! `twinseal completions`: what a shell needs to complete command lines.

use std::io::{self, Write};

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde::Serialize;

use crate::cli::Cli;
use crate::error::{Failure, Result};
use crate::report::Report;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal completions bash > /etc/bash_completion.d/twinseal
  twinseal completions zsh > _twinseal")]
pub struct Args {
    /// The shell
    shell: Shell,
}

impl Args {
    /// Makes the script.
    ///
    /// # Errors
    ///
    /// None that can happen.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "twinseal", &mut script);
        let script =
            String::from_utf8(script).map_err(|error| Failure::new("the script is not UTF-8").because(error))?;
        Ok(Script { shell: self.shell.to_string(), script })
    }
}

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

impl Report for Script {
    const SCHEMA: &'static str = "twinseal.completions/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.script.as_bytes())
    }
}
