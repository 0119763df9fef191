//! `twinseal trust apply`: decides about a trust update as a device would, and writes the store that the device would then have.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use twinseal_formats::{Envelope, TrustEpoch, TrustStore, TrustUpdate};
use twinseal_verifier::{ConfirmedFrame, Error, TrustState};

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
Example:
  twinseal trust apply trust-2.update --trust trust-1.cbor \\
      --vendor acme.example --model thermostat --epoch-counter 0 \\
      --confirmed thermostat-1.4.0.twinseal --out trust-2.cbor

The decision is made by the code that runs on the device (docs/procedure.md, T-1 to T-17). Give the bundle of the release that the device \
confirmed: an update under which it would not boot again is refused. Exit code 0: taken; 1: refused; 2: could not find out.")]
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
    #[arg(long, value_name = "STORE")]
    out: PathBuf,

    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
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
        let (next, summary) = match self.decide(&present, &bytes, confirmed.as_ref())? {
            Ok(taken) => taken,
            Err(error) => {
                let refusal = Refusal::from(error);
                return Ok(Said::Refused(Refused::new(&self.update, &refusal, refusal.remedy)));
            }
        };
        output::write(&self.out, &next, Overwrite::asked(self.overwrite), Mode::Public)?;
        Ok(Said::Done(Applied { store: name(&self.out), size: next.len(), summary }))
    }

    fn decide(
        &self,
        present: &[u8],
        bytes: &[u8],
        confirmed: Option<&Bundle>,
    ) -> Result<core::result::Result<(Vec<u8>, Summary), Error>> {
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

fn taken(present: &[u8], bytes: &[u8], state: &TrustState<'_>) -> core::result::Result<(Vec<u8>, Summary), Error> {
    let verifier = store::open(present)?;
    let update = TrustUpdate::parse(bytes)?;
    let admitted = verifier.authenticate_trust_update(&update)?.admit(state)?;
    let store: &TrustStore<'_> = admitted.store();
    let summary = Object::trust_update(update.body_bytes().to_vec(), present.to_vec()).summary()?;
    Ok((store.as_bytes().to_vec(), summary))
}

#[derive(Serialize)]
struct Applied {
    store: String,
    size: usize,
    summary: Summary,
}

impl Report for Applied {
    const SCHEMA: &'static str = "twinseal.trust-apply/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.summary.human(out)?;
        writeln!(out, "TAKEN: the device's trust store is then {} ({} bytes)", self.store, self.size)
    }
}
