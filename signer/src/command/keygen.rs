//! `twinseal keygen`: makes a signing identity.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde::Serialize;
use twinseal_formats::SealAlgorithm;

use crate::error::{Result, name};
use crate::hex::Hex;
use crate::identity::{self, SigningIdentity};
use crate::report::Report;

/// Arguments of `keygen`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  twinseal keygen --out release-2027
  twinseal keygen --out release-2027 --set ml-dsa-87 --format json

The directory must not exist yet. Keep it: there is no other copy of the signing keys.")]
pub struct Args {
    /// Directory to make; it will hold the signing keys (mode 0600) and the verifying keys
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The ML-DSA parameter set: 44 for the smallest devices, 65, or 87 (CNSA 2.0)
    #[arg(
        long,
        value_name = "SET",
        default_value = "ml-dsa-65",
        value_parser = PossibleValuesParser::new(["ml-dsa-44", "ml-dsa-65", "ml-dsa-87"])
            .try_map(|set| SealAlgorithm::from_name(&set).ok_or("no such parameter set")),
    )]
    set: SealAlgorithm,
}

impl Args {
    /// Makes the keys and writes them.
    ///
    /// # Errors
    ///
    /// The directory exists or can't be written, or the operating system has no random numbers. Nothing is left behind.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let identity = SigningIdentity::generate(self.set)?;
        identity.write(&self.out)?;
        let keys = identity.keys().map(|key| {
            let algorithm = key.algorithm();
            Key {
                algorithm: algorithm.name(),
                signing_key: name(&self.out.join(identity::signing_key_file(algorithm))),
                verifying_key: name(&self.out.join(identity::verifying_key_file(algorithm))),
                thumbprint: Hex(&key.verifying_key().thumbprint()).to_string(),
            }
        });
        Ok(Made {
            directory: name(&self.out),
            anchor_id: identity.public()?.anchor_id().to_string(),
            keys: keys.into(),
        })
    }
}

#[derive(Serialize)]
struct Made {
    directory: String,
    anchor_id: String,
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    algorithm: &'static str,
    signing_key: String,
    verifying_key: String,
    thumbprint: String,
}

impl Report for Made {
    const SCHEMA: &'static str = "twinseal.keygen/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "signing identity: {}", self.directory)?;
        writeln!(out, "anchor id: {}", self.anchor_id)?;
        for key in &self.keys {
            writeln!(out, "{}", key.algorithm)?;
            writeln!(out, "  signing key:   {} (secret)", key.signing_key)?;
            writeln!(out, "  verifying key: {}", key.verifying_key)?;
            writeln!(out, "  thumbprint:    {}", key.thumbprint)?;
        }
        Ok(())
    }
}
