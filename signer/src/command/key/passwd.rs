//! `twinseal key passwd`: other passphrases for key files.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::command::key_args::{KeyArgs, location};
use crate::error::{Failure, Result, name};
use crate::identity::{DESCRIPTION, PublicIdentity, SigningIdentity, signing_key_file, verifying_key_file};
use crate::key::SigningKey;
use crate::new_directory::NewDirectory;
use crate::output::{self, Mode, Overwrite};
use crate::report::Report;
use crate::secret::SecretSource;

/// Arguments of `key passwd`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal key passwd release-2027 --new-passphrase-source prompt
  twinseal key passwd release-2027 --passphrase-source file:old \\
      --new-passphrase-source file:new
  twinseal key passwd release-2027 --remove

Both keys change in one step, or neither does. The old files are deleted, not \
wiped: what lay on a disk unencrypted may still be on it.")]
pub struct Args {
    /// The identity: a directory that `keygen` made
    #[arg(value_name = "IDENTITY")]
    identity: PathBuf,

    #[command(flatten)]
    keys: KeyArgs,

    /// Where the new passphrase comes from: prompt, fd:N or file:PATH
    #[arg(long, value_name = "SOURCE", required_unless_present = "remove", conflicts_with = "remove")]
    new_passphrase_source: Option<String>,

    /// Leave the keys unencrypted
    #[arg(long)]
    remove: bool,
}

impl Args {
    /// Writes the identity anew and puts it in the place of the old one.
    ///
    /// # Errors
    ///
    /// The identity can't be opened or read back, or the directory can't be exchanged. Nothing has changed then.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let directory = location(&self.identity);
        if directory.join(DESCRIPTION).exists() {
            return Err(Failure::new(format!("{}: its signing keys are not files in it", name(&directory)))
                .remedy("change the PIN of a token with the token's own tools"));
        }
        // First of all: it removes what a run that was killed has left, whatever becomes of this one.
        let new = NewDirectory::beside(&directory, Mode::Secret)?;
        let accesses = self.keys.accesses(1)?;
        let access = accesses.first().ok_or_else(|| Failure::new("no identity was given"))?;
        let identity = SigningIdentity::load_with(&directory, access)?.public()?;
        let source = self.new_passphrase_source.as_ref().map(|text| text.parse::<SecretSource>()).transpose()?;
        let passphrase =
            source.as_ref().map(|source| source.read_new(&name(&directory), self.keys.links())).transpose()?;
        for key in identity.keys() {
            let file = signing_key_file(key.algorithm());
            let text = SigningKey::protect_anew(&directory.join(&file), access, passphrase.as_ref())?;
            output::write(&new.path().join(&file), text.as_bytes(), Overwrite::No, Mode::Secret)?;
            key.save(&new.path().join(verifying_key_file(key.algorithm())))?;
        }
        if PublicIdentity::load(new.path())? != identity {
            return Err(Failure::new("the keys just written are not the ones that were read"));
        }
        new.exchange()?;
        Ok(Changed {
            identity: name(&directory),
            anchor_id: identity.anchor_id().to_string(),
            encrypted: passphrase.is_some(),
        })
    }
}

#[derive(Serialize)]
struct Changed {
    identity: String,
    anchor_id: String,
    encrypted: bool,
}

impl Report for Changed {
    const SCHEMA: &'static str = "twinseal.key-passwd/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let state = if self.encrypted { "encrypted under the new passphrase" } else { "not encrypted any more" };
        writeln!(out, "signing identity: {}", self.identity)?;
        writeln!(out, "anchor id: {}", self.anchor_id)?;
        writeln!(out, "both signing keys are {state}")
    }
}
