//! Where keys live: `file:`, `pkcs11:` (RFC 7512) and `exec:` URIs.

use core::fmt;
use core::str::FromStr;
use std::path::{Path, PathBuf};

use crate::error::{Failure, Result};
use crate::secret::SecretSource;

use super::exec::{ExecKey, ExecUri};
use super::{Access, Signer, SigningKey, VerifyingKey, known};

/// Where a signing key lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyUri {
    /// A PKCS#8 file.
    File(PathBuf),
    /// A token.
    Pkcs11(Pkcs11Uri),
    /// A program that answers for a key.
    Exec(ExecUri),
}

/// An object in a token (RFC 7512), in the attributes that find one key. Every one that is given must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pkcs11Uri {
    pub(crate) token: Option<String>,
    pub(crate) manufacturer: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) slot_id: Option<u64>,
    pub(crate) object: Option<String>,
    pub(crate) id: Option<Vec<u8>>,
    pub(crate) module_path: PathBuf,
    pub(crate) pin_source: SecretSource,
    text: String,
}

impl KeyUri {
    /// Reads a URI, or a plain path.
    ///
    /// # Errors
    ///
    /// It is none that is understood, whole: an attribute that is not known is not passed over.
    pub fn parse(text: &str) -> Result<Self> {
        if text.contains(|c: char| c.is_control() || c == '"') {
            return Err(unusable("it has control characters or quotes, which URIs write with `%`"));
        }
        match text.split_once(':') {
            Some(("file", "")) | None if text.is_empty() || text == "file:" => Err(unusable("it names no file")),
            Some(("file", path)) => Ok(Self::File(path.into())),
            Some(("pkcs11", rest)) => Pkcs11Uri::parse(text, rest).map(Self::Pkcs11),
            Some(("exec", rest)) => ExecUri::parse(text, rest).map(Self::Exec),
            _ => Ok(Self::File(text.into())),
        }
    }

    /// The same, with a relative file taken from a directory.
    #[must_use]
    pub fn relative_to(self, directory: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            other => other,
        }
    }

    /// Opens the key. If it is known which verifying key it must have, that is compared with what the place says of it.
    ///
    /// # Errors
    ///
    /// The place can't be reached or has no such key, it is of another kind or another key, or a published one.
    pub fn open(&self, expected: Option<&VerifyingKey>, access: &Access) -> Result<Box<dyn Signer>> {
        let key: Box<dyn Signer> = match self {
            Self::File(path) => Box::new(SigningKey::load_with(path, access)?),
            #[cfg(feature = "pkcs11")]
            Self::Pkcs11(uri) => Box::new(super::pkcs11::TokenKey::open(uri, expected, access)?),
            #[cfg(not(feature = "pkcs11"))]
            Self::Pkcs11(uri) => {
                return Err(Failure::new(format!(
                    "{uri}: this build of the tool is static and loads no PKCS#11 modules"
                ))
                .remedy("let a dynamic build answer: `exec:/path/to/twinseal?arg=key&arg=answer&arg=pkcs11:...`"));
            }
            Self::Exec(uri) => Box::new(ExecKey::open(uri, expected)?),
        };
        if expected.is_some_and(|expected| expected != key.verifying_key()) {
            return Err(Failure::new(format!("{self}: is another key than the verifying key beside it says"))
                .remedy("`twinseal key adopt` writes an identity with the keys that the places have now"));
        }
        known::refuse(key.verifying_key())
            .map_err(|fault| Failure::new(format!("{self}: no usable key")).because(fault))?;
        Ok(key)
    }
}

impl fmt::Display for KeyUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", crate::error::name(path)),
            Self::Pkcs11(uri) => uri.fmt(f),
            Self::Exec(uri) => uri.fmt(f),
        }
    }
}

impl FromStr for KeyUri {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl Pkcs11Uri {
    fn parse(text: &str, rest: &str) -> Result<Self> {
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self { text: text.to_owned(), ..Self::default() };
        let mut seen = Vec::new();
        let path = path.split(';').map(|attribute| (attribute, true));
        let query = query.split('&').map(|attribute| (attribute, false));
        for (attribute, in_path) in path.chain(query) {
            if attribute.is_empty() {
                continue;
            }
            let (key, value) = attribute.split_once('=').ok_or_else(|| unusable("an attribute has no value"))?;
            let bytes = decoded(value)?;
            if key == "pin-value" {
                return Err(unusable("a PIN does not belong into a URI, which others can read")
                    .remedy("`pin-source=file:/path`, `pin-source=fd:3`, or nothing to be asked at the terminal"));
            }
            if seen.contains(&key) {
                return Err(unusable(&format!("`{}` stands in it twice", key.escape_debug())));
            }
            seen.push(key);
            let word = || String::from_utf8(bytes.clone()).map_err(|_| unusable("a value is not UTF-8"));
            match (key, in_path) {
                ("token", true) => uri.token = Some(word()?),
                ("manufacturer", true) => uri.manufacturer = Some(word()?),
                ("model", true) => uri.model = Some(word()?),
                ("serial", true) => uri.serial = Some(word()?),
                ("object", true) => uri.object = Some(word()?),
                ("slot-id", true) => {
                    uri.slot_id = Some(word()?.parse().map_err(|_| unusable("slot-id is no number"))?);
                }
                ("id", true) => uri.id = Some(bytes),
                ("type", true) if bytes == b"private" => {}
                ("type", true) => return Err(unusable("only objects of type=private sign")),
                ("module-path", false) => uri.module_path = word()?.into(),
                ("pin-source", false) => uri.pin_source = pin_source(&word()?)?,
                _ => return Err(unusable(&format!("`{}` is not understood", key.escape_debug()))),
            }
        }
        if !uri.module_path.is_absolute() {
            return Err(unusable("it has no module-path, or one that is not absolute")
                .remedy("end it with `?module-path=/path/to/module.so`, the library that came with the token"));
        }
        if uri.object.is_none() && uri.id.is_none() {
            return Err(unusable("it names no key").remedy("name it by `object=` (its label) or `id=`, or both"));
        }
        Ok(uri)
    }
}

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// As RFC 7512 has it, a `file:` URI or a path; ours are the other sources.
fn pin_source(text: &str) -> Result<SecretSource> {
    if text.starts_with('/') {
        return Ok(SecretSource::File(text.into()));
    }
    text.parse()
}

/// Undoes percent-encoding (RFC 3986 section 2.1).
pub(super) fn decoded(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit =
            || rest.next().and_then(|digit| char::from(digit).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(unusable("a `%` is not followed by two hexadecimal digits"));
        };
        bytes.push(high << 4 | low);
    }
    Ok(bytes)
}

pub(super) fn unusable(why: &str) -> Failure {
    Failure::new("no usable key URI").because(why.to_owned())
}

#[cfg(test)]
mod tests;
