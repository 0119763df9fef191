//! `twinseal key check`: opens keys and makes them sign.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::command::key_args::KeyArgs;
use crate::error::{Failure, Result, name};
use crate::key::Signer;
use crate::report::Report;
use crate::seal::agrees;

/// Arguments of `key check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal key check release-2027
  twinseal key check release-2027 --passphrase-source file:/run/secrets/pass

Each key signs fresh random bytes, and the device's own code and a second \
implementation verify that. What is signed is no seal and can not become one.")]
pub struct Args {
    /// The identity
    #[arg(value_name = "IDENTITY")]
    identity: PathBuf,

    #[command(flatten)]
    keys: KeyArgs,
}

impl Args {
    /// Opens the identity and has each of its keys sign.
    ///
    /// # Errors
    ///
    /// The identity can't be opened, or a signature does not verify.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let identities = self.keys.open(core::slice::from_ref(&self.identity))?;
        let mut checked = Checked { identity: name(&self.identity), anchor_id: String::new(), keys: Vec::new() };
        for identity in &identities {
            checked.anchor_id = identity.public()?.anchor_id().to_string();
            for key in identity.keys() {
                try_key(key)?;
                checked.keys.push(key.algorithm().name());
            }
        }
        Ok(checked)
    }
}

fn try_key(key: &dyn Signer) -> Result<()> {
    // Nobody who could choose the message gets a signature; and no to-be-signed structure begins like this.
    let mut message = *b"twinseal key check: ................................";
    if let Some(random) = message.get_mut(20..) {
        getrandom::fill(random)
            .map_err(|error| Failure::new("the operating system gives no random numbers").because(error))?;
    }
    let signature = key.sign(&message)?;
    let verifying = key.verifying_key();
    let device = verifying.verify(&message, &signature).is_ok();
    let second = agrees(key.algorithm(), verifying.as_bytes(), &message, &signature);
    if device && second {
        return Ok(());
    }
    Err(Failure::new(format!("the {} key made a signature that does not verify", key.algorithm().name()))
        .remedy("the signing key is not the one of the verifying key beside it, or what holds it is faulty"))
}

#[derive(Serialize)]
struct Checked {
    identity: String,
    anchor_id: String,
    keys: Vec<&'static str>,
}

impl Report for Checked {
    const SCHEMA: &'static str = "twinseal.key-check/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "signing identity: {}", self.identity)?;
        writeln!(out, "anchor id: {}", self.anchor_id)?;
        for key in &self.keys {
            writeln!(out, "{key}: signs, and two implementations verify it")?;
        }
        Ok(())
    }
}
