//! `twinseal trust apply`: decides about a trust update as a device would, and writes the store that the device would then have.

use alloc::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use twinseal_formats::{Envelope, Role, TrustEpoch, TrustStore, TrustUpdate};
use twinseal_verifier::{CombSize, ConfirmedFrame, Error, TrustState};

use super::expand::{self, TEETH, Table, teeth};
use crate::bundle::Bundle;
use crate::ceremony::{Object, Summary};
use crate::command::said::{Refused, Said};
use crate::error::{Failure, Result, name};
use crate::errors::Refusal;
use crate::output::{self, Mode, Overwrite};
use crate::report::Report;
use crate::{ids, input, store, update};

/// Arguments of `trust apply`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal trust apply trust-2.update --trust trust-1.cbor \\
      --vendor acme.example --model thermostat --epoch-counter 0 \\
      --confirmed thermostat-1.4.0.twinseal --out trust-2.cbor
  twinseal trust apply trust-2.update --trust trust-1.cbor --dry-run \\
      --vendor acme.example --model thermostat --epoch-counter 0
  twinseal trust apply trust-2.update --trust trust-1.cbor \\
      --vendor acme.example --model thermostat --epoch-counter 0 \\
      --out trust-2.cbor --expand expanded-2

The decision is made by the code that runs on the device (docs/procedure.md, T-1 to T-17). Give the bundle of the release that the device \
confirmed: an update under which it would not boot again is refused. For a device with expanded anchors, --expand writes the tables of the new \
store's keys, computed from the store that was sealed; those that it has are of no use for new keys. Exit code 0: taken; 1: refused; 2: could not find out.")]
pub struct Args {
    /// The trust update; `-` for standard input
    #[arg(value_name = "UPDATE")]
    update: PathBuf,

    /// The trust store that the device has
    #[arg(long, value_name = "STORE")]
    trust: PathBuf,

    /// The device's vendor
    #[arg(long, value_name = "DOMAIN")]
    vendor: String,

    /// The device's model
    #[arg(long, value_name = "MODEL")]
    model: String,

    /// What the device's epoch counter holds
    #[arg(long, value_name = "N")]
    epoch_counter: u32,

    /// The bundle of the release that the device confirmed; without it, the device never confirmed one
    #[arg(long, value_name = "BUNDLE")]
    confirmed: Option<PathBuf>,

    /// File to write the new trust store to
    #[arg(long, value_name = "STORE", required_unless_present = "dry_run")]
    out: Option<PathBuf>,

    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,

    /// Directory to make with the tables of the new store's release and assessor keys, as `trust expand` does; before the store
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    expand: Option<PathBuf>,

    /// Teeth of the Ed25519 tables
    #[arg(long, value_name = "N", default_value = TEETH, value_parser = teeth(), requires = "expand")]
    teeth: CombSize,

    /// Decide, tell what the update would change and who sealed it, and write nothing
    #[arg(long, conflicts_with = "out")]
    dry_run: bool,
}

impl Args {
    /// Decides, and writes the new store.
    ///
    /// # Errors
    ///
    /// Something can't be read or written.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let present = store::load(&self.trust)?;
        store::open_file(&present, &self.trust)?;
        let bytes = input::read(&self.update, update::LONGEST)?;
        let confirmed = self.confirmed.as_ref().map(|path| Bundle::open(path)).transpose()?;
        let taken = match self.decide(&present, &bytes, confirmed.as_ref())? {
            Ok(taken) => taken,
            Err(error) => {
                let refusal = Refusal::from(error);
                return Ok(Said::Refused(Refused::new(&self.update, &refusal, refusal.remedy)));
            }
        };
        let tables = match &self.expand {
            None => Vec::new(),
            Some(out) => {
                let store = store::open(&taken.store)
                    .map_err(|error| Failure::new("the new trust store can not be used").because(error))?;
                expand::write_for_devices(store.store(), self.teeth, out)?
            }
        };
        if let Some(out) = &self.out {
            output::write(out, &taken.store, Overwrite::asked(self.overwrite), Mode::Public)?;
        }
        Ok(Said::Done(Applied {
            dry_run: self.dry_run,
            store: self.out.as_deref().map(name),
            size: taken.store.len(),
            update_id: taken.update_id,
            sealed_by: taken.sealed_by,
            summary: taken.summary,
            tables,
        }))
    }

    fn decide(
        &self,
        present: &[u8],
        bytes: &[u8],
        confirmed: Option<&Bundle>,
    ) -> Result<core::result::Result<Taken, Error>> {
        let vendor = ids::vendor_id(&self.vendor)?;
        let class = ids::class_id(vendor, &self.model)?;
        let envelope = confirmed.map(|bundle| bundle.envelope().map(|envelope| (bundle, envelope))).transpose();
        let envelope: Option<(&Bundle, Envelope<'_>)> = match (envelope, &self.confirmed) {
            (Ok(envelope), _) => envelope,
            (Err(error), path) => {
                let path = path.as_deref().map(name).unwrap_or_default();
                return Err(Failure::new(format!("{path}: is no bundle")).because(error));
            }
        };
        let state = TrustState {
            vendor,
            class,
            confirmed: envelope.as_ref().map(|(bundle, envelope)| ConfirmedFrame {
                release_id: *envelope.seals().digest(),
                frame: bundle.frame(envelope),
            }),
            counter: TrustEpoch(self.epoch_counter),
            counter_limit: TrustEpoch(u32::MAX),
        };
        Ok(taken(present, bytes, &state))
    }
}

/// An update that a device takes.
struct Taken {
    store: Vec<u8>,
    update_id: String,
    sealed_by: Vec<String>,
    summary: Summary,
}

fn taken(present: &[u8], bytes: &[u8], state: &TrustState<'_>) -> core::result::Result<Taken, Error> {
    let verifier = store::open(present)?;
    let update = TrustUpdate::parse(bytes)?;
    let admitted = verifier.authenticate_trust_update(&update)?.admit(state)?;
    let store: &TrustStore<'_> = admitted.store();
    // Of a store that the update is sealed for, a seal counts only if it holds.
    let roots = [verifier.store(), store].into_iter().flat_map(TrustStore::anchors);
    let sealed = roots.filter(|anchor| anchor.role() == Role::Root).filter(|anchor| {
        let mut seals = update.seals().iter();
        seals.any(|seal| seal.anchor() == anchor.id())
    });
    let sealed: BTreeSet<String> = sealed.map(|anchor| anchor.id().to_string()).collect();
    Ok(Taken {
        store: store.as_bytes().to_vec(),
        update_id: update.seals().digest().to_string(),
        sealed_by: sealed.into_iter().collect(),
        summary: Object::trust_update(update.body_bytes().to_vec(), present.to_vec()).summary()?,
    })
}

#[derive(Serialize)]
struct Applied {
    dry_run: bool,
    /// The file of the new store, if it was written.
    store: Option<String>,
    size: usize,
    update_id: String,
    /// The root identities that sealed it.
    sealed_by: Vec<String>,
    summary: Summary,
    /// The tables of the new store's keys, if they were asked for.
    tables: Vec<Table>,
}

impl Report for Applied {
    const SCHEMA: &'static str = "twinseal.trust-apply/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.summary.human(out)?;
        self.sealed_by.iter().try_for_each(|anchor| writeln!(out, "sealed by:      {anchor}"))?;
        writeln!(out, "update id:      {}", self.update_id)?;
        self.tables.iter().try_for_each(|table| table.human(out))?;
        match &self.store {
            Some(store) => writeln!(out, "TAKEN: the device's trust store is then {store} ({} bytes)", self.size),
            None => writeln!(out, "would be taken, and nothing was written"),
        }
    }
}
