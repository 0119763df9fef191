//! `twinseal man`: manual pages.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::CommandFactory as _;
use serde::Serialize;

use crate::cli::Cli;
use crate::error::{Failure, Result, name};
use crate::input::names_in;
use crate::new_directory::NewDirectory;
use crate::output::Mode;
use crate::report::Report;

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal man --out man1

One page for each command; `man -l man1/twinseal-sign.1` shows one. The pages \
depend on nothing but the version of the tool.")]
pub struct Args {
    /// Directory to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Args {
    /// Writes the pages.
    ///
    /// # Errors
    ///
    /// The directory exists or can't be written. Nothing is left behind.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let failed = |error: io::Error| Failure::new(format!("{}: can not be written", name(&self.out))).because(error);
        let new = NewDirectory::create(&self.out, Mode::Public)?;
        clap_mangen::generate_to(Cli::command(), new.path()).map_err(failed)?;
        let pages = names_in(new.path()).map_err(failed)?.len();
        new.commit()?;
        Ok(Written { directory: name(&self.out), pages })
    }
}

#[derive(Serialize)]
struct Written {
    directory: String,
    pages: usize,
}

impl Report for Written {
    const SCHEMA: &'static str = "twinseal.man/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} manual pages: {}", self.pages, self.directory)
    }
}
