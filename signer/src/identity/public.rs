//! What others know of a signing identity.

use std::path::Path;

use twinseal_formats::{AnchorId, SealAlgorithm};

use super::verifying_key_file;
use crate::error::{Failure, Result, name};
use crate::input::{names_in, unreadable};
use crate::key::VerifyingKey;

/// The verifying keys of one identity: one or two, classical first, never two of one class.
///
/// One key alone is for fleets that migrate. Whoever takes a public identity decides whether that is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicIdentity {
    keys: Vec<VerifyingKey>,
    anchor_id: AnchorId,
}

impl PublicIdentity {
    /// Puts keys together, in any order.
    ///
    /// # Errors
    ///
    /// There is none, or two are of one class.
    pub fn new(mut keys: Vec<VerifyingKey>) -> Result<Self> {
        keys.sort_by_key(VerifyingKey::algorithm);
        let twice = keys.windows(2).any(|pair| match pair {
            [a, b] => a.algorithm().class() == b.algorithm().class(),
            _ => false,
        });
        let anchor_id = twinseal_verifier::anchor_id(keys.iter().map(VerifyingKey::as_anchor_key));
        let (Some(anchor_id), false) = (anchor_id, twice) else {
            let names: Vec<_> = keys.iter().map(|key| key.algorithm().name()).collect();
            let what = match keys.len() {
                0 => "no verifying key (*.pub.pem) is there".to_owned(),
                1 => format!("one verifying key ({}) makes no identity", names.join(", ")),
                several => format!("{several} verifying keys ({}) make no identity", names.join(", ")),
            };
            return Err(
                Failure::new(what).remedy("an identity is one Ed25519 key and one ML-DSA key; never two of one class")
            );
        };
        Ok(Self { keys, anchor_id })
    }

    /// Loads an identity from its directory, or from a file of one or two `PUBLIC KEY` blocks.
    ///
    /// Of a directory only the `*.pub.pem` files are opened.
    ///
    /// # Errors
    ///
    /// The keys can't be read or make no identity, or a file is named after another algorithm than it holds.
    pub fn load(path: &Path) -> Result<Self> {
        let keys = if path.is_dir() {
            load_directory(path)?
        } else {
            VerifyingKey::load_all(path).map_err(|failure| {
                failure.remedy(
                    "an identity is its directory, or a file with its PUBLIC KEY blocks, as *.pub.pem have them",
                )
            })?
        };
        Self::new(keys).map_err(|failure| {
            let remedy = failure.advice().unwrap_or_default().to_owned();
            Failure::new(format!("{}: no identity", name(path))).because(failure).remedy(remedy)
        })
    }

    /// The keys, classical first.
    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// The name that seals and trust stores know it by.
    #[must_use]
    pub const fn anchor_id(&self) -> AnchorId {
        self.anchor_id
    }
}

fn load_directory(directory: &Path) -> Result<Vec<VerifyingKey>> {
    let mut keys = Vec::new();
    for file in names_in(directory).map_err(|error| unreadable(directory, error))? {
        let (path, file) = (directory.join(&file), file.to_string_lossy());
        if !file.ends_with(".pub.pem") {
            continue;
        }
        let named = SealAlgorithm::ALL.into_iter().find(|algorithm| verifying_key_file(*algorithm) == file);
        let key = VerifyingKey::load(&path)?;
        if named != Some(key.algorithm()) {
            return Err(Failure::new(format!("{}: holds a key of {}", name(&path), key.algorithm().name()))
                .remedy(format!("it would be called {}", verifying_key_file(key.algorithm()))));
        }
        keys.push(key);
    }
    Ok(keys)
}
