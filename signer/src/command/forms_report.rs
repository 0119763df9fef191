//! What the commands that change a bundle's form, or take it apart, report.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::error::{Result, name};
use crate::errors::Refusal;
use crate::report::{Exit, Report};
use crate::trouble::{Examined, Trouble};

/// A file that was written.
#[derive(Debug, Serialize)]
pub(super) struct Written {
    file: String,
    size: u64,
}

impl Written {
    pub(super) fn new(path: &Path, size: u64) -> Self {
        Self { file: name(path), size }
    }
}

/// What was done to a bundle.
#[derive(Debug, Serialize)]
pub(super) struct Done {
    #[serde(skip)]
    verb: &'static str,
    bundle: String,
    /// The seals were held against a trust store.
    verified: bool,
    written: Vec<Written>,
    refusal: Option<Refusal>,
}

impl Done {
    pub(super) fn new(verb: &'static str, bundle: &Path, verified: bool, done: Examined<Vec<Written>>) -> Result<Self> {
        let (written, refusal) = match Trouble::finding(done)? {
            Ok(written) => (written, None),
            Err(error) => (Vec::new(), Some(error.into())),
        };
        Ok(Self { verb, bundle: name(bundle), verified, written, refusal })
    }
}

impl Report for Done {
    const SCHEMA: &'static str = "twinseal.forms/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(refusal) = &self.refusal {
            writeln!(out, "REFUSED, nothing was written: {}", self.bundle)?;
            writeln!(out, "  {refusal}")?;
            return writeln!(out, "  help: {}", refusal.remedy);
        }
        let seals = if self.verified { "sealed as the trust store demands" } else { "seals NOT VERIFIED" };
        writeln!(out, "{}: {} ({seals}; every digest holds)", self.verb, self.bundle)?;
        for written in &self.written {
            writeln!(out, "  {} ({} bytes)", written.file, written.size)?;
        }
        Ok(())
    }

    fn exit(&self) -> Exit {
        if self.refusal.is_some() { Exit::Refused } else { Exit::Success }
    }
}
