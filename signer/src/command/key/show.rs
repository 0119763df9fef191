//! `twinseal key show`: what can be said of keys without opening them.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::command::key_args::location;
use crate::error::{Result, name};
use crate::hex::Hex;
use crate::identity::{DESCRIPTION, Description, PublicIdentity, signing_key_file};
use crate::key::{KeyUri, SigningKey};
use crate::new_directory::NewDirectory;
use crate::private_file::Links;
use crate::report::Report;

/// Arguments of `key show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal key show release-2027
  twinseal key show release-2027 --format json

No signing key is decrypted. `key check` opens them and tries them.")]
pub struct Args {
    /// The identity: a directory that `keygen` or `key adopt` made
    #[arg(value_name = "IDENTITY")]
    identity: PathBuf,

    /// Read key files through symbolic links, as mounted secrets need it
    #[arg(long)]
    follow_links: bool,
}

impl Args {
    /// Reads the verifying keys, and how the signing keys beside them are protected.
    ///
    /// # Errors
    ///
    /// A file is missing, can't be read, or others can use a signing key.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let directory = location(&self.identity);
        let links = if self.follow_links { Links::Follow } else { Links::Refuse };
        let public = PublicIdentity::load(&directory)?;
        let described = directory.join(DESCRIPTION).exists().then(|| Description::load(&directory)).transpose()?;
        let keys = public.keys().iter().map(|key| {
            let place = match &described {
                None => KeyUri::File(directory.join(signing_key_file(key.algorithm()))),
                Some(description) => description.place(key.algorithm(), &directory)?,
            };
            let protection = match &place {
                KeyUri::File(path) => SigningKey::protection(path, links)?,
                _ => None,
            };
            Ok(Key {
                algorithm: key.algorithm().name(),
                thumbprint: Hex(&key.thumbprint()).to_string(),
                place: place.to_string(),
                in_file: matches!(place, KeyUri::File(_)),
                encrypted: protection.is_some(),
                weakness: protection.as_ref().and_then(crate::key::Protection::weakness),
                protection: protection.as_ref().map(ToString::to_string),
            })
        });
        Ok(Shown {
            identity: name(&directory),
            anchor_id: public.anchor_id().to_string(),
            keys: keys.collect::<Result<_>>()?,
            rest: NewDirectory::rest_of(&directory).as_deref().map(name),
        })
    }
}

#[derive(Serialize)]
struct Shown {
    identity: String,
    anchor_id: String,
    keys: Vec<Key>,
    /// What a `key passwd` that was killed has left.
    rest: Option<String>,
}

#[derive(Serialize)]
struct Key {
    algorithm: &'static str,
    thumbprint: String,
    place: String,
    in_file: bool,
    encrypted: bool,
    protection: Option<String>,
    weakness: Option<&'static str>,
}

impl Report for Shown {
    const SCHEMA: &'static str = "twinseal.key-show/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "signing identity: {}", self.identity)?;
        writeln!(out, "anchor id: {}", self.anchor_id)?;
        for key in &self.keys {
            writeln!(out, "{}", key.algorithm)?;
            writeln!(out, "  thumbprint: {}", key.thumbprint)?;
            writeln!(out, "  lies in:    {}", key.place)?;
            if key.in_file {
                writeln!(out, "  encrypted:  {}", key.protection.as_deref().unwrap_or("no"))?;
            }
            if let Some(weakness) = key.weakness {
                writeln!(out, "  weakness:   {weakness}; `twinseal key passwd` encrypts it anew")?;
            }
        }
        match &self.rest {
            Some(rest) => {
                writeln!(out, "note: a `key passwd` was cut off and left keys in {rest}; another one removes them")
            }
            None => Ok(()),
        }
    }
}
