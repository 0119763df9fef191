//! `twinseal keygen`: makes a signing identity.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde::Serialize;
use twinseal_formats::SealAlgorithm;

use crate::error::{Result, name};
use crate::hex::Hex;
use crate::identity::{self, SigningIdentity};
use crate::private_file::Links;
use crate::report::Report;
use crate::secret::SecretSource;

/// Arguments of `keygen`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal keygen --out release-2027
  twinseal keygen --out release-2027 --set ml-dsa-87 --format json
  twinseal keygen --out release-2027 --new-passphrase-source prompt

With --new-passphrase-source the signing keys are encrypted (PKCS#8, scrypt, \
AES-256). The directory must not exist yet. Keep it: there is no other copy of the signing keys.")]
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

    /// Encrypt the signing keys under a passphrase from there: prompt, fd:N or file:PATH
    #[arg(long, value_name = "SOURCE")]
    new_passphrase_source: Option<String>,
}

impl Args {
    /// Makes the keys and writes them.
    ///
    /// # Errors
    ///
    /// The directory exists or can't be written, or the operating system has no random numbers. Nothing is left behind.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let identity = SigningIdentity::generate(self.set)?;
        let source = self.new_passphrase_source.as_ref().map(|text| text.parse::<SecretSource>()).transpose()?;
        let passphrase = source.as_ref().map(|source| source.read_new(&name(&self.out), Links::Refuse)).transpose()?;
        identity.write_with(&self.out, passphrase.as_ref())?;
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
            encrypted: passphrase.is_some(),
            keys: keys.into(),
        })
    }
}

#[derive(Serialize)]
struct Made {
    directory: String,
    anchor_id: String,
    encrypted: bool,
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
            writeln!(
                out,
                "  signing key:   {} ({})",
                key.signing_key,
                if self.encrypted { "secret, encrypted" } else { "secret" }
            )?;
            writeln!(out, "  verifying key: {}", key.verifying_key)?;
            writeln!(out, "  thumbprint:    {}", key.thumbprint)?;
        }
        Ok(())
    }
}
