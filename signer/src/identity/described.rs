//! Identities whose signing keys live elsewhere: `identity.toml` says where, the verifying keys lie beside it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use twinseal_formats::SealAlgorithm;

use super::{PublicIdentity, SigningIdentity, incomplete, verifying_key_file};
use crate::error::{Failure, Result, name};
use crate::input::{self, names_in, unreadable};
use crate::key::{Access, KeyUri, Signer, VerifyingKey};
use crate::new_directory::NewDirectory;
use crate::output::{self, Mode, Overwrite};

/// The name of the file.
pub const DESCRIPTION: &str = "identity.toml";

/// Where the two signing keys of an identity live.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    key: Vec<Place>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Place {
    algorithm: String,
    uri: String,
}

impl Description {
    /// Reads `identity.toml` of a directory.
    ///
    /// # Errors
    ///
    /// It can't be read, or says not exactly where one Ed25519 and one ML-DSA key are.
    pub fn load(directory: &Path) -> Result<Self> {
        let path = directory.join(DESCRIPTION);
        let wrong = |why: String| {
            Failure::new(format!("{}: is no description of an identity", name(&path)))
                .because(why)
                .remedy("it has two entries `[[key]]` with `algorithm` and `uri`; `twinseal key adopt` writes it")
        };
        let text = String::from_utf8(input::read(&path, LIMIT)?).map_err(|_| wrong("it is not UTF-8".into()))?;
        // What the parser quotes may be a PIN: only where it stumbled is told.
        let description: Self = toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
        let mut algorithms: Vec<_> =
            description.key.iter().map(|key| SealAlgorithm::from_name(&key.algorithm)).collect();
        algorithms.sort();
        match algorithms.as_slice() {
            [Some(SealAlgorithm::Ed25519), Some(set)] if *set != SealAlgorithm::Ed25519 => Ok(description),
            _ => {
                let named: Vec<_> =
                    description.key.iter().map(|key| key.algorithm.escape_debug().to_string()).collect();
                Err(wrong(format!("it names {} keys ({})", named.len(), named.join(", "))))
            }
        }
    }

    /// Where the key of an algorithm is.
    ///
    /// # Errors
    ///
    /// There is none of it, or its URI is not usable.
    pub fn place(&self, algorithm: SealAlgorithm, directory: &Path) -> Result<KeyUri> {
        let place = self.key.iter().find(|key| key.algorithm == algorithm.name());
        let place =
            place.ok_or_else(|| incomplete(directory, &format!("{DESCRIPTION} has no {}", algorithm.name())))?;
        let uri = KeyUri::parse(&place.uri).map_err(|failure| {
            let remedy = failure.advice().unwrap_or("docs/keys.md shows key URIs").to_owned();
            Failure::new(format!("{}: {}", name(&directory.join(DESCRIPTION)), algorithm.name()))
                .because(failure)
                .remedy(remedy)
        })?;
        Ok(uri.relative_to(directory))
    }

    /// Opens both keys.
    pub(super) fn open(&self, directory: &Path, access: &Access) -> Result<SigningIdentity> {
        self.refuse_others(directory)?;
        let public = PublicIdentity::load(directory)?;
        let mut keys = Vec::new();
        for place in &self.key {
            let verifying = public.keys().iter().find(|key| key.algorithm().name() == place.algorithm);
            let verifying = verifying.ok_or_else(|| {
                incomplete(directory, &format!("the verifying key of {} is missing", place.algorithm))
            })?;
            keys.push(self.place(verifying.algorithm(), directory)?.open(Some(verifying), access)?);
        }
        keys.sort_by_key(|key| key.algorithm());
        match <[Box<dyn Signer>; 2]>::try_from(keys) {
            Ok([classical, post_quantum]) => SigningIdentity::new(classical, post_quantum),
            Err(_) => Err(incomplete(directory, "it has not two keys")),
        }
    }

    /// The two verifying keys, the description, key files that it names, and nothing else.
    fn refuse_others(&self, directory: &Path) -> Result<()> {
        for file in names_in(directory).map_err(|error| unreadable(directory, error))? {
            let named = self.key.iter().any(|key| {
                SealAlgorithm::from_name(&key.algorithm).is_some_and(|algorithm| {
                    file == *verifying_key_file(algorithm)
                        || matches!(self.place(algorithm, directory), Ok(KeyUri::File(path)) if path == directory.join(&file))
                })
            });
            if !named && file != DESCRIPTION {
                return Err(incomplete(directory, &format!("{} does not belong in it", name(Path::new(&file)))));
            }
        }
        Ok(())
    }

    /// Writes an identity of keys that live elsewhere as a new directory, which appears whole or not at all.
    ///
    /// # Errors
    ///
    /// The keys are not one of each class, or the directory exists or can't be written.
    pub fn write(keys: &[(KeyUri, VerifyingKey)], directory: &Path) -> Result<PublicIdentity> {
        let public = PublicIdentity::new(keys.iter().map(|(_, key)| key.clone()).collect())?;
        if public.keys().len() != 2 {
            return Err(Failure::new("one key makes no signing identity")
                .remedy("a signing identity is one Ed25519 key and one ML-DSA key"));
        }
        let mut text =
            String::from("# Where the signing keys of this identity live; docs/keys.md of twinseal explains it.\n");
        for key in public.keys() {
            let uri = keys.iter().find(|(_, known)| known == key).map(|(uri, _)| uri.to_string()).unwrap_or_default();
            KeyUri::parse(&uri)?;
            let place = Place { algorithm: key.algorithm().name().to_owned(), uri };
            text.push_str("\n[[key]]\n");
            for (field, value) in [("algorithm", place.algorithm), ("uri", place.uri)] {
                // A JSON string without control characters is a TOML string.
                text.push_str(&format!("{field} = {}\n", serde_json::Value::String(value)));
            }
        }
        let new = NewDirectory::create(directory, Mode::Secret)?;
        output::write(&new.path().join(DESCRIPTION), text.as_bytes(), Overwrite::No, Mode::Public)?;
        for key in public.keys() {
            key.save(&new.path().join(verifying_key_file(key.algorithm())))?;
        }
        new.commit()?;
        Ok(public)
    }
}

/// The longest description that is read.
const LIMIT: u64 = 16 * 1024;
