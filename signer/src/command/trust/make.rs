//! `twinseal trust make`: a device's trust store from verifying keys only.

use alloc::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};

use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser as _};
use serde::Serialize;
use twinseal_formats::{DigestAlgorithm, Requirement, Role, TrustEpoch, TrustStore};

use super::contents::{Contents, Names, sha256};
use super::source::{self, Symbol};
use crate::error::{Failure, Result, name};
use crate::ids;
use crate::output::{self, Destination, Mode, NewFile, Overwrite};
use crate::report::Report;
use crate::store::{LabelledIdentity, NewStore};

/// Arguments of `trust make`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal trust make --out thermostat.store --vendor example.com \\
      --model thermostat-2 --release release-2027 \\
      --root root=offline/root.pub.pem

  twinseal trust make --out - --vendor example.com --model thermostat-2 \\
      --release release-2027 > thermostat.store

  twinseal trust make --out gate.store --c-header gate_store.h \\
      --vendor example.com --model gate --require release=2 \\
      --release a=keys/a --release b=keys/b --release c=keys/c

A signing identity is its directory (only its *.pub.pem files are opened) or a file with its PUBLIC KEY blocks. Without LABEL= the \
name of the directory or file is the label. Each role that has identities demands one of them, unless --require says more.")]
pub struct Args {
    /// File to write the trust store to, `-` for standard output
    #[arg(long, value_name = "STORE", value_parser = OsStringValueParser::new().map(Destination::from))]
    out: Destination,

    /// The vendor's domain; the vendor id is made from it
    #[arg(long, value_name = "DOMAIN")]
    vendor: String,

    /// A model of the vendor, each a class of devices; the class id is made from it
    #[arg(long = "model", value_name = "MODEL", required = true)]
    models: Vec<String>,

    /// A signing identity that may seal releases
    #[arg(long, value_name = "[LABEL=]PATH", required = true)]
    release: Vec<OsString>,

    /// A signing identity that may seal trust updates; without one, the store can never be replaced
    #[arg(long, value_name = "[LABEL=]PATH")]
    root: Vec<OsString>,

    /// A signing identity that countersigns releases: a test house, a customer; releases need it then
    #[arg(long, value_name = "[LABEL=]PATH")]
    assessor: Vec<OsString>,

    /// How many distinct identities of a role are demanded [default: 1 of each role that has any]
    #[arg(long, value_name = "ROLE=N", value_parser = requirement)]
    require: Vec<Requirement>,

    /// How many trust stores the devices had before this one
    #[arg(long, value_name = "N", default_value_t = 0)]
    epoch: u32,

    /// The weakest digest a release may use [default: what matches the strongest release key]
    #[arg(
        long,
        value_name = "DIGEST",
        value_parser = PossibleValuesParser::new(DigestAlgorithm::ALL.map(DigestAlgorithm::name))
            .try_map(|digest| DigestAlgorithm::from_name(&digest).ok_or("no such digest")),
    )]
    minimum_digest: Option<DigestAlgorithm>,

    /// Allow identities with keys of one class only, for a fleet that still migrates
    #[arg(long)]
    single_class: bool,

    /// Write the store as a C header, too
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(Destination::from))]
    c_header: Option<Destination>,

    /// Write the store as a Rust source file, too
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(Destination::from))]
    rust: Option<Destination>,

    /// What the array is called in the C header and, in capitals, in the Rust file
    #[arg(long, value_name = "NAME", default_value = "twinseal_trust_store")]
    symbol: String,

    /// Replace files that exist
    #[arg(long)]
    overwrite: bool,
}

impl Args {
    /// Makes the store and writes it.
    ///
    /// # Errors
    ///
    /// A name or an identity is not usable, the verifier would refuse the store, or a file exists or can't be written. Then nothing
    /// was written, unless the disk or standard output failed after a file was whole; the store itself is the last file.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let symbol = Symbol::new(&self.symbol)?;
        let vendor = ids::vendor_id(&self.vendor)?;
        let mut models = Vec::new();
        for model in &self.models {
            if models.iter().any(|(_, other)| other == model) {
                return Err(Failure::new(format!("model `{model}`: given twice")).remedy("give each model once"));
            }
            models.push((ids::class_id(vendor, model)?, model.clone()));
        }
        let bytes = NewStore {
            vendor,
            classes: models.iter().map(|(class, _)| *class).collect(),
            epoch: TrustEpoch(self.epoch),
            minimum_digest: self.minimum_digest,
            requirements: self.require.clone(),
            anchors: self.anchors()?,
            single_class: self.single_class,
        }
        .encode()?;
        let parsed =
            TrustStore::parse(&bytes).map_err(|error| Failure::new("the store can not be read back").because(error))?;
        let contents = Contents::new(&parsed, &Names { vendor: Some(self.vendor.clone()), models });

        let mut outputs = Vec::new();
        if let Some(destination) = &self.c_header {
            outputs.push((destination, source::c_header(&symbol, &contents, &bytes).into_bytes()));
        }
        if let Some(destination) = &self.rust {
            outputs.push((destination, source::rust(&symbol, &contents, &bytes).into_bytes()));
        }
        outputs.push((&self.out, bytes.clone()));
        let stdout_taken = outputs.iter().any(|(destination, _)| **destination == Destination::Stdout);
        write(&outputs, Overwrite::asked(self.overwrite))?;

        Ok(Made {
            store: shown(&self.out),
            c_header: self.c_header.as_ref().map(shown),
            rust: self.rust.as_ref().map(shown),
            size: bytes.len(),
            sha256: sha256(&bytes),
            contents,
            stdout_taken,
        })
    }

    fn anchors(&self) -> Result<Vec<LabelledIdentity>> {
        let roles = [(Role::Root, &self.root), (Role::Release, &self.release), (Role::Assessor, &self.assessor)];
        let arguments = roles.into_iter().flat_map(|(role, list)| list.iter().map(move |one| (role, one)));
        arguments.map(|(role, argument): (Role, &OsString)| super::identity::load(role, OsStr::new(argument))).collect()
    }
}

/// Writes every output, files first and each whole or not at all. None is given its name before all of them are on the disk.
fn write(outputs: &[(&Destination, Vec<u8>)], overwrite: Overwrite) -> Result<()> {
    let (mut places, mut files, mut stdout) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (destination, bytes) in outputs {
        match destination {
            Destination::Stdout => stdout.push((*destination, bytes)),
            Destination::File(path) => {
                let mut file = NewFile::create(path, overwrite, Mode::Public)?;
                if !places.insert(output::place(path)) {
                    return Err(Failure::new(format!("{}: named for two outputs", name(path))).remedy(ONE_EACH));
                }
                file.write_all(bytes).map_err(|error| output::unwritable(path, error))?;
                files.push(file);
            }
        }
    }
    if stdout.len() > 1 {
        return Err(Failure::new("standard output: named for two outputs").remedy(ONE_EACH));
    }
    files.into_iter().try_for_each(NewFile::commit)?;
    stdout.into_iter().try_for_each(|(destination, bytes)| destination.write(bytes, overwrite, Mode::Public))
}

const ONE_EACH: &str = "give each output a place of its own";

fn requirement(text: &str) -> core::result::Result<Requirement, &'static str> {
    let known = |word: &str| Role::ALL.into_iter().find(|role| role.name() == word);
    let parts = text.split_once('=').and_then(|(role, threshold)| Some((known(role)?, threshold.parse().ok()?)));
    let (role, threshold) =
        parts.ok_or("give a role and a number, as in `release=2`; roles are root, release, assessor")?;
    Ok(Requirement { role, threshold })
}

fn shown(destination: &Destination) -> String {
    match destination {
        Destination::Stdout => "-".to_owned(),
        Destination::File(path) => name(path),
    }
}

#[derive(Serialize)]
struct Made {
    store: String,
    c_header: Option<String>,
    rust: Option<String>,
    size: usize,
    sha256: String,
    contents: Contents,
    #[serde(skip)]
    stdout_taken: bool,
}

impl Report for Made {
    const SCHEMA: &'static str = "twinseal.trust-make/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "trust store:    {} ({} bytes)", self.store, self.size)?;
        writeln!(out, "sha-256:        {}", self.sha256)?;
        for (what, file) in [("c header:", &self.c_header), ("rust:", &self.rust)] {
            if let Some(file) = file {
                writeln!(out, "{what:<15} {file}")?;
            }
        }
        self.contents.human(out)
    }

    fn stdout_taken(&self) -> bool {
        self.stdout_taken
    }
}
