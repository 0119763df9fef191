//! `twinseal trust update`: seals a trust store that takes another one's place.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::ceremony::Summary;
use crate::command::said::{Claimed, Said};
use crate::command::sealing_args::{SealedArgs, SealerArgs};
use crate::error::{Failure, Result, name};
use crate::identity::SigningIdentity;
use crate::report::Report;
use crate::{seal, store, update};

/// Arguments of `trust update`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal trust update --replaces trust-1.cbor --store trust-2.cbor \\
      --identity keys/root-a --identity keys/root-b --out trust-2.update

The new store has the next epoch (`trust make --epoch`). The root identities must satisfy both stores, or nothing is written. Where they are \
not on one machine, `ceremony request --replaces ... --store ...` asks for their seals.")]
pub struct Args {
    /// The trust store that is replaced
    #[arg(long, value_name = "STORE")]
    replaces: PathBuf,

    /// The trust store that takes its place
    #[arg(long, value_name = "STORE")]
    store: PathBuf,

    #[command(flatten)]
    sealers: SealerArgs,

    #[command(flatten)]
    sealed: SealedArgs,
}

impl Args {
    /// Seals the update.
    ///
    /// # Errors
    ///
    /// Something can't be read, signed or written, or every device would refuse it. No file appears then.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let (present, next) = (store::load(&self.replaces)?, store::load(&self.store)?);
        store::open_file(&present, &self.replaces)?;
        store::open_file(&next, &self.store)?;
        let object = update::object(&present, &next)?;
        let not_made = |error| Failure::new("the trust update can not be made").because(error);
        let (digest, summary) = (object.digest().map_err(not_made)?, object.summary().map_err(not_made)?);
        let mut journal = self.sealed.journal()?;
        if let Some(journal) = &mut journal
            && let Some(taken) = update::taken(&object, journal)?
        {
            return Ok(Said::Taken(Claimed::new(&self.sealed.out, taken)));
        }
        let identities = self.sealers.open()?;
        let public = identities.iter().map(SigningIdentity::public).collect::<Result<Vec<_>>>()?;
        let seals = seal::sign(&identities, object.seal_type, &digest)?;
        let written =
            match update::write(&object, &seals, &public, &self.sealed.out, self.sealed.overwrite(), journal.as_mut())?
            {
                Ok(written) => written,
                Err(taken) => return Ok(Said::Taken(Claimed::new(&self.sealed.out, taken))),
            };
        Ok(Said::Done(Updated {
            update: name(&self.sealed.out),
            size: written.size,
            update_id: written.update_id.to_string(),
            summary,
            sealed_by: public.iter().map(|identity| identity.anchor_id().to_string()).collect(),
            journal_line: written.line,
        }))
    }
}

#[derive(Serialize)]
struct Updated {
    update: String,
    size: usize,
    update_id: String,
    summary: Summary,
    sealed_by: Vec<String>,
    journal_line: Option<u64>,
}

impl Report for Updated {
    const SCHEMA: &'static str = "twinseal.trust-update/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.summary.human(out)?;
        self.sealed_by.iter().try_for_each(|anchor| writeln!(out, "sealed by:      {anchor}"))?;
        self.journal_line.map_or(Ok(()), |line| writeln!(out, "journal:        line {line}"))?;
        writeln!(out, "update id:      {}", self.update_id)?;
        writeln!(out, "sealed: {} ({} bytes)", self.update, self.size)
    }
}
