//! `twinseal ceremony show`: what a signing request asks for.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::ceremony::{Object, Request, Summary};
use crate::command::said::{Refused, Said};
use crate::error::{Result, name};
use crate::input;
use crate::report::Report;

/// Arguments of `ceremony show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal ceremony show request.json

Every part of the request is computed anew from the whole manifest; one that differs is refused (exit code 1).")]
pub struct Args {
    /// The request; `-` for standard input
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
}

impl Args {
    /// Shows the request.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn run(&self) -> Result<impl Report + use<>> {
        Ok(match load(&self.request)? {
            Ok((request, _)) => Said::Done(Shown::new(&self.request, request)),
            Err(refused) => Said::Refused(refused),
        })
    }
}

/// Reads a request and computes all of it anew.
pub(super) fn load(path: &Path) -> Result<core::result::Result<(Request, Object), Refused>> {
    let bytes = input::read(path, Request::LONGEST)?;
    Ok(Request::parse(&bytes).map_err(|fault| {
        Refused::new(path, fault, "answer nothing; ask who sent it, by another way than the one the request came by")
    }))
}

/// A request, for people.
#[derive(Serialize)]
pub(super) struct Shown {
    request: String,
    object: String,
    summary: Summary,
    digest: String,
    signers: Vec<Asked>,
    #[serde(skip)]
    aloud: String,
}

#[derive(Serialize)]
struct Asked {
    label: String,
    role: String,
    anchor_id: String,
    keys: Vec<String>,
}

impl Shown {
    pub(super) fn new(path: &Path, request: Request) -> Self {
        let aloud = request.digest_aloud();
        let signers = request.signers.into_iter().map(|signer| Asked {
            label: signer.label,
            role: signer.role,
            anchor_id: signer.anchor_id,
            keys: signer.keys.into_iter().map(|key| key.algorithm).collect(),
        });
        let signers = signers.collect();
        Self {
            request: name(path),
            object: request.object,
            summary: request.summary,
            digest: request.digest,
            signers,
            aloud,
        }
    }
}

impl Report for Shown {
    const SCHEMA: &'static str = "twinseal.ceremony-request/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "signing request:  {}", self.request)?;
        self.summary.human(out)?;
        for Asked { label, role, anchor_id, keys } in &self.signers {
            writeln!(out, "may seal:         {label} ({role}, {}) {anchor_id}", keys.join(" + "))?;
        }
        writeln!(out, "digest:           {}", self.digest)?;
        writeln!(out, "compare aloud:    {}", self.aloud)
    }
}
