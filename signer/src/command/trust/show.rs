//! `twinseal trust show`: what is in a trust store, and whether a device can use it.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use twinseal_formats::limits::MAX_STORE;
use twinseal_formats::{ClassId, TrustStore, VendorId};
use twinseal_verifier::{ConfigurationError, Error};

use super::contents::{Contents, Names, sha256};
use crate::error::{Result, name};
use crate::errors::Refusal;
use crate::report::{Exit, Report};
use crate::{ids, store};

/// Arguments of `trust show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal trust show thermostat.store
  twinseal trust show thermostat.store --vendor example.com \\
      --model thermostat-2

Refused (exit 1) is a store that no device can use and, with --vendor and --model, one that is not for exactly these.")]
pub struct Args {
    /// The trust store, `-` for standard input
    #[arg(value_name = "STORE")]
    store: PathBuf,

    /// Refuse the store unless it is for this vendor's domain
    #[arg(long, value_name = "DOMAIN")]
    vendor: Option<String>,

    /// Refuse the store unless it is for this model, and for no other than those given
    #[arg(long = "model", value_name = "MODEL", requires = "vendor")]
    models: Vec<String>,
}

/// The ids of the names that were given.
struct Expected<'a> {
    vendor: VendorId,
    domain: &'a str,
    models: Vec<(ClassId, &'a str)>,
}

impl Args {
    /// Reads the store and examines it.
    ///
    /// # Errors
    ///
    /// The file can't be read, or the domain or a model is none. A file that is no trust store is a report that refuses.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let expected = self.vendor.as_deref().map(|domain| Expected::new(domain, &self.models)).transpose()?;
        let bytes = store::load(&self.store)?;
        // Of a longer file only the beginning was read, so its size and digest are not known.
        let whole = bytes.len() <= MAX_STORE;
        let mut report = Examined {
            store: name(&self.store),
            size: whole.then_some(bytes.len()),
            sha256: whole.then(|| sha256(&bytes)),
            accepted: false,
            refusal: store::open(&bytes).err().map(Refusal::from),
            mismatches: Vec::new(),
            contents: None,
        };
        if let Ok(store) = TrustStore::parse(&bytes) {
            let names = expected.as_ref().map(|expected| expected.names(&store)).unwrap_or_default();
            report.contents = Some(Contents::new(&store, &names));
            report.mismatches = expected.map(|expected| expected.mismatches(&store)).unwrap_or_default();
        }
        if report.refusal.is_none() && !report.mismatches.is_empty() {
            // What a device of this vendor and model would say of a store that is not for it.
            report.refusal = Some(Error::from(ConfigurationError::DeviceNotServed).into());
        }
        report.accepted = report.refusal.is_none();
        Ok(report)
    }
}

impl<'a> Expected<'a> {
    fn new(domain: &'a str, models: &'a [String]) -> Result<Self> {
        let vendor = ids::vendor_id(domain)?;
        let models = models.iter().map(|model| Ok((ids::class_id(vendor, model)?, model.as_str())));
        Ok(Self { vendor, domain, models: models.collect::<Result<_>>()? })
    }

    /// The names that belong to ids of the store.
    fn names(&self, store: &TrustStore<'_>) -> Names {
        Names {
            vendor: (store.vendor() == self.vendor).then(|| self.domain.to_owned()),
            models: self.models.iter().map(|(class, model)| (*class, (*model).to_owned())).collect(),
        }
    }

    /// What is in the names and not in the store, or in the store and not in the names.
    fn mismatches(&self, store: &TrustStore<'_>) -> Vec<String> {
        let mut found = Vec::new();
        if store.vendor() != self.vendor {
            found.push(format!("the vendor id of `{}` is {}", self.domain, self.vendor));
        }
        for (class, model) in &self.models {
            if !store.classes().any(|other| other == *class) {
                found.push(format!("the class id of `{model}` is {class}, which the store does not have"));
            }
        }
        for class in store.classes() {
            if !self.models.is_empty() && !self.models.iter().any(|(other, _)| *other == class) {
                found.push(format!("the store is also for {class}, which is none of the models given"));
            }
        }
        found
    }
}

#[derive(Serialize)]
struct Examined {
    store: String,
    size: Option<usize>,
    sha256: Option<String>,
    accepted: bool,
    refusal: Option<Refusal>,
    /// How the names that were given and the store's ids differ.
    mismatches: Vec<String>,
    contents: Option<Contents>,
}

impl Report for Examined {
    const SCHEMA: &'static str = "twinseal.trust-show/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        match (self.size, &self.sha256) {
            (Some(size), Some(sha256)) => {
                writeln!(out, "trust store:    {} ({size} bytes)\nsha-256:        {sha256}", self.store)?;
            }
            _ => writeln!(out, "trust store:    {} (longer than {MAX_STORE} bytes)", self.store)?,
        }
        if let Some(contents) = &self.contents {
            contents.human(out)?;
        }
        self.mismatches.iter().try_for_each(|mismatch| writeln!(out, "mismatch: {mismatch}"))?;
        match &self.refusal {
            Some(refusal) => refusal.human(out),
            None => writeln!(out, "accepted: a device can use this trust store"),
        }
    }

    fn exit(&self) -> Exit {
        if self.accepted { Exit::Success } else { Exit::Refused }
    }
}
