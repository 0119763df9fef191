//! `twinseal ceremony respond`: answers a signing request.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::show;
use crate::ceremony::{Answer, Summary, tally};
use crate::command::said::{Refused, Said};
use crate::command::sealing_args::SealerArgs;
use crate::error::{Failure, Result, name};
use crate::output::{self, Mode, Overwrite};
use crate::report::Report;
use crate::seal;

/// Arguments of `ceremony respond`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal ceremony respond request.json --identity keys/alice \\
      --confirm sha-384:52f3... --out alice.json
  twinseal ceremony respond request.json --identity keys/bob \\
      --passphrase-source prompt --confirm sha-384:52f3... --out bob.json

First compare the digest that `ceremony show` prints here with the one on the machine that asked, aloud, and give the whole of it as \
--confirm. Nothing that the request supplies is signed: what each key signs is computed here from the whole manifest. The answer holds \
signatures only, and is verified before it is written.")]
pub struct Args {
    /// The request; `-` for standard input
    #[arg(value_name = "REQUEST")]
    request: PathBuf,

    #[command(flatten)]
    sealers: SealerArgs,

    /// The digest, as it was compared
    #[arg(long, value_name = "DIGEST")]
    confirm: String,

    /// The answer to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
}

impl Args {
    /// Answers the request.
    ///
    /// # Errors
    ///
    /// Something can't be read, signed or written. No answer appears then.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let (request, object) = match show::load(&self.request)? {
            Ok(loaded) => loaded,
            Err(refused) => return Ok(Said::Refused(refused)),
        };
        if self.confirm.trim().to_lowercase() != request.digest {
            let what = format!("its digest is {}, and another one was confirmed", request.digest);
            let remedy = "answer nothing before both sides read out the same digest";
            return Ok(Said::Refused(Refused::new(&self.request, what, remedy)));
        }
        let identities = self.sealers.open()?;
        let digest = object.digest().map_err(|error| Failure::new("the request holds no object").because(error))?;
        let mut sealed_by = Vec::new();
        for identity in &identities {
            let anchor_id = identity.public()?.anchor_id().to_string();
            let signer = request.signers.iter().find(|signer| signer.anchor_id == anchor_id);
            let signer = signer.ok_or_else(|| {
                Failure::new(format!("{anchor_id} is not asked by this request"))
                    .remedy("its trust store names no such identity for this; `ceremony show` lists those it asks")
            })?;
            sealed_by.push(format!("{} {anchor_id}", signer.label));
        }
        let seals = seal::sign(&identities, object.seal_type, &digest)?;
        let answer = Answer::new(&request.object, digest, &seals);
        // What comes out of a key is not believed either.
        if let Some(problem) = tally(&request, &object, core::slice::from_ref(&answer))?.problems.first() {
            return Err(Failure::new("the answer does not verify")
                .because(problem.what.clone())
                .remedy("nothing was kept; give each identity once, and look at the token or the machine"));
        }
        output::write(&self.out, &answer.to_bytes()?, Overwrite::asked(self.overwrite), Mode::Public)?;
        Ok(Said::Done(Answered {
            answer: name(&self.out),
            digest: request.digest,
            summary: request.summary,
            sealed_by,
            seals: seals.len(),
        }))
    }
}

#[derive(Serialize)]
struct Answered {
    answer: String,
    digest: String,
    summary: Summary,
    sealed_by: Vec<String>,
    seals: usize,
}

impl Report for Answered {
    const SCHEMA: &'static str = "twinseal.ceremony-respond/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.summary.human(out)?;
        writeln!(out, "digest:           {}", self.digest)?;
        self.sealed_by.iter().try_for_each(|identity| writeln!(out, "sealed by:        {identity}"))?;
        writeln!(out, "answer:           {} ({} seals)", self.answer, self.seals)
    }
}
