//! The options of every command that opens signing keys.

use alloc::sync::Arc;
use std::path::{Path, PathBuf};

use crate::error::{Failure, Result};
use crate::identity::SigningIdentity;
use crate::key::Access;
use crate::private_file::Links;
use crate::secret::SecretSource;

/// How signing keys are opened.
#[derive(Debug, Default, clap::Args)]
pub(super) struct KeyArgs {
    /// Where the passphrase of encrypted keys comes from: prompt, fd:N or file:PATH. Once for all identities, or once for each
    // Text until it is used: what clap can't parse it repeats, and somebody will put the passphrase itself here.
    #[arg(long = "passphrase-source", value_name = "SOURCE")]
    passphrase_sources: Vec<String>,

    /// Read key and passphrase files through symbolic links, as mounted secrets need it
    #[arg(long)]
    follow_links: bool,
}

impl KeyArgs {
    /// Opens the identities, each whole or none at all.
    ///
    /// # Errors
    ///
    /// One can't be opened, or there are neither one source nor as many as identities.
    pub(super) fn open(&self, identities: &[PathBuf]) -> Result<Vec<SigningIdentity>> {
        let accesses = self.accesses(identities.len())?;
        let open = identities.iter().zip(accesses);
        open.map(|(path, access)| {
            refuse_key(path)?;
            SigningIdentity::load_with(&location(path), &access)
        })
        .collect()
    }

    /// How each of so many identities is opened.
    ///
    /// # Errors
    ///
    /// There are neither one source nor as many as identities.
    pub(super) fn accesses(&self, count: usize) -> Result<Vec<Arc<Access>>> {
        let new = |source: &SecretSource| Arc::new(Access::new(self.links(), source.clone()));
        let sources = self.passphrase_sources.iter().map(|text| text.parse()).collect::<Result<Vec<SecretSource>>>()?;
        match sources.as_slice() {
            // Each is asked for by itself.
            [] | [SecretSource::Prompt] => Ok((0..count).map(|_| new(&SecretSource::Prompt)).collect()),
            // Read once: a descriptor gives what it has only once.
            [one] => Ok(vec![new(one); count]),
            each if each.len() == count => Ok(each.iter().map(new).collect()),
            each => Err(Failure::new(format!("{} passphrase sources for {count} identities", each.len()))
                .remedy("give one for all, or one for each in the order of the identities")),
        }
    }

    pub(super) const fn links(&self) -> Links {
        if self.follow_links { Links::Follow } else { Links::Refuse }
    }
}

/// A path, or the `file:` URI of one.
pub(super) fn location(argument: &Path) -> PathBuf {
    let text = argument.to_str().and_then(|text| text.strip_prefix("file:"));
    text.map_or_else(|| argument.to_owned(), PathBuf::from)
}

/// Refuses a key's URI where an identity is wanted: one key seals nothing.
fn refuse_key(argument: &Path) -> Result<()> {
    match argument.to_str() {
        Some(text) if text.starts_with("pkcs11:") || text.starts_with("exec:") => {
            // Not repeated: a PIN may stand in it.
            Err(Failure::new("an identity is two keys, and one key's URI was given").remedy(
                "`twinseal key adopt --key URI --key URI --out DIR` makes an identity of keys that live elsewhere",
            ))
        }
        _ => Ok(()),
    }
}
