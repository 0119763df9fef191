//! `twinseal key adopt`: an identity of keys that live elsewhere.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::command::key_args::KeyArgs;
use crate::error::{Failure, Result, name};
use crate::identity::Description;
use crate::key::KeyUri;
use crate::report::Report;

/// Arguments of `key adopt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal key adopt --out release-2027 \\
      --key 'pkcs11:token=release;object=ed25519?module-path=/usr/lib/hsm.so' \\
      --key 'pkcs11:token=release;object=mldsa65?module-path=/usr/lib/hsm.so'
  twinseal key adopt --out release-2027 --key file:/secure/ed25519.key.pem \\
      --key 'exec:/usr/libexec/twinseal-aws-kms?arg=alias/firmware'

The directory will hold the verifying keys and identity.toml, which says where \
the signing keys are; no secret. A PIN never stands in a URI: pin-source=file:PATH \
or fd:N names where it is, and without it the terminal is asked.")]
pub struct Args {
    /// A key: its file: path, pkcs11: URI (RFC 7512) or exec: URI. One Ed25519 and one ML-DSA key
    #[arg(long = "key", value_name = "URI", required = true)]
    uris: Vec<String>,

    /// Directory to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    keys: KeyArgs,
}

impl Args {
    /// Opens the keys, asks for their verifying keys, and writes the description.
    ///
    /// # Errors
    ///
    /// A key can't be opened or makes no identity with the other, or the directory exists. Nothing is left behind.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let mut keys = Vec::new();
        for (text, access) in self.uris.iter().zip(self.keys.accesses(self.uris.len())?) {
            let uri = match KeyUri::parse(text)? {
                // The description lies elsewhere than where this runs.
                KeyUri::File(path) => KeyUri::File(
                    path.canonicalize()
                        .map_err(|error| Failure::new(format!("{}: can not be read", name(&path))).because(error))?,
                ),
                other => other,
            };
            let key = uri.open(None, &access)?;
            keys.push((uri, key.verifying_key().clone()));
        }
        let public = Description::write(&keys, &self.out)?;
        Ok(Adopted {
            directory: name(&self.out),
            anchor_id: public.anchor_id().to_string(),
            keys: keys
                .iter()
                .map(|(uri, key)| Key { algorithm: key.algorithm().name(), place: uri.to_string() })
                .collect(),
        })
    }
}

#[derive(Serialize)]
struct Adopted {
    directory: String,
    anchor_id: String,
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    algorithm: &'static str,
    place: String,
}

impl Report for Adopted {
    const SCHEMA: &'static str = "twinseal.key-adopt/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "signing identity: {}", self.directory)?;
        writeln!(out, "anchor id: {}", self.anchor_id)?;
        for key in &self.keys {
            writeln!(out, "{}: {}", key.algorithm, key.place)?;
        }
        Ok(())
    }
}
