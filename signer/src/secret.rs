//! Passphrases and PINs: where they come from, and nowhere else do they go. Never from arguments or the environment, which other
//! processes can read.

use core::fmt;
use core::str::FromStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::{Failure, Result, name};
use crate::input::unreadable;
use crate::private_file::{self, Links};

/// A passphrase or PIN. Wiped on drop, and never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes bytes as they are.
    #[must_use]
    pub fn new(bytes: impl Into<Zeroizing<Vec<u8>>>) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As files and prompts give it: without the end of its line, and neither empty nor in several lines.
    fn from_line(mut bytes: Zeroizing<Vec<u8>>, source: &str) -> Result<Self> {
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        if bytes.is_empty() {
            return Err(Failure::new(format!("{source}: the passphrase is empty")));
        }
        if bytes.iter().any(|byte| [b'\n', b'\r', 0].contains(byte)) {
            return Err(Failure::new(format!("{source}: a passphrase is one line of text")));
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Where a passphrase or PIN comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SecretSource {
    /// Asked at the terminal, which shows nothing of it.
    #[default]
    Prompt,
    /// Read from an open file descriptor, to its end.
    Descriptor(u32),
    /// Read from a file that only its owner can read.
    File(PathBuf),
}

impl SecretSource {
    /// Gets it. `what` names what it opens, for the prompt.
    ///
    /// # Errors
    ///
    /// It can't be read, is empty, longer than 1024 bytes or several lines, others can read its file, or there is no terminal.
    pub fn read(&self, what: &str, links: Links) -> Result<Passphrase> {
        match self {
            Self::Prompt => prompt(&format!("Passphrase for {what}: "), what),
            Self::Descriptor(number) => {
                let source = self.to_string();
                // Opened anew: taking over a number that somebody else may close needs unsafe code.
                let path = format!("/dev/fd/{number}");
                let file = std::fs::File::open(&path).map_err(|error| unreadable(Path::new(&source), error))?;
                let bytes = bounded(file, &source)?;
                Passphrase::from_line(bytes, &source)
            }
            Self::File(path) => Passphrase::from_line(private_file::read(path, LIMIT, links)?, &name(path)),
        }
    }

    /// Gets a new one, which at a terminal is asked for twice.
    ///
    /// # Errors
    ///
    /// As [`Self::read`], and if the two differ.
    pub fn read_new(&self, what: &str, links: Links) -> Result<Passphrase> {
        if *self != Self::Prompt {
            return self.read(what, links);
        }
        let first = prompt(&format!("New passphrase for {what}: "), what)?;
        let second = prompt("The same again: ", what)?;
        if first.0 == second.0 { Ok(first) } else { Err(Failure::new("the two passphrases differ")) }
    }
}

fn prompt(text: &str, what: &str) -> Result<Passphrase> {
    let line = rpassword::prompt_password(text).map_err(|error| {
        Failure::new(format!("{what}: needs a passphrase or PIN, and there is no terminal to ask at"))
            .because(error)
            .remedy(
                "name a source: `--passphrase-source file:PATH` or `fd:N`, for tokens `pin-source` in the key's URI",
            )
    })?;
    Passphrase::from_line(Zeroizing::new(line.into_bytes()), "the terminal")
}

fn bounded(mut file: std::fs::File, source: &str) -> Result<Zeroizing<Vec<u8>>> {
    let limit = usize::try_from(LIMIT).unwrap_or_default();
    let mut bytes = Zeroizing::new(vec![0; limit.saturating_add(1)]);
    let mut filled = 0usize;
    while let Some(free) = bytes.get_mut(filled..).filter(|free| !free.is_empty()) {
        match file.read(free) {
            Ok(0) => {
                bytes.truncate(filled);
                return Ok(bytes);
            }
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(Path::new(source), error)),
        }
    }
    Err(Failure::new(format!("{source}: longer than {LIMIT} bytes, so no passphrase")))
}

impl FromStr for SecretSource {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || {
            // The text is not repeated: it may be the passphrase itself.
            Failure::new("not a source of a passphrase")
                .remedy("`prompt`, `fd:N` or `file:PATH`; never the passphrase itself")
        };
        if text == "prompt" {
            return Ok(Self::Prompt);
        }
        match text.split_once(':') {
            Some(("fd", number)) => number.parse().map(Self::Descriptor).map_err(|_| unknown()),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prompt => f.write_str("prompt"),
            Self::Descriptor(number) => write!(f, "fd:{number}"),
            Self::File(path) => write!(f, "file:{}", name(path)),
        }
    }
}

/// The longest passphrase.
const LIMIT: u64 = 1024;

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn held(contents: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passphrase");
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        (directory, path)
    }

    #[test]
    fn sources_survive_the_round_trip_and_nothing_else_is_one() {
        for text in ["prompt", "fd:0", "fd:63", "file:/run/secret", "file:a:b"] {
            assert_eq!(text.parse::<SecretSource>().unwrap().to_string(), text);
        }
        for text in ["", "secret", "fd:", "fd:x", "fd:-1", "file:", "env:PIN", "pass:hunter2", "PROMPT"] {
            let failure = text.parse::<SecretSource>().unwrap_err().to_string();
            assert!(text.is_empty() || !failure.contains(text), "{failure}");
        }
    }

    #[test]
    fn one_line_is_taken_without_its_end() {
        for contents in ["open sesame", "open sesame\n", "open sesame\r\n"] {
            let (_directory, path) = held(contents.as_bytes());
            let file = SecretSource::File(path.clone()).read("it", Links::Refuse).unwrap();
            assert_eq!(file.as_bytes(), b"open sesame");
            let open = fs::File::open(&path).unwrap();
            let number = u32::try_from(open.as_raw_fd()).unwrap();
            let descriptor = SecretSource::Descriptor(number).read("it", Links::Refuse).unwrap();
            assert_eq!(descriptor.as_bytes(), b"open sesame");
        }
    }

    #[test]
    fn what_is_no_passphrase_is_refused() {
        let long = vec![b'x'; 1025];
        for contents in [&b""[..], b"\n", b"a\nb\n", b"a\0b", &long] {
            let (_directory, path) = held(contents);
            assert!(SecretSource::File(path.clone()).read("it", Links::Refuse).is_err());
            let open = fs::File::open(&path).unwrap();
            let number = u32::try_from(open.as_raw_fd()).unwrap();
            assert!(SecretSource::Descriptor(number).read("it", Links::Refuse).is_err());
        }
        assert!(SecretSource::Descriptor(9999).read("it", Links::Refuse).is_err());
        let (_directory, path) = held(b"open sesame");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let failure = SecretSource::File(path).read("it", Links::Refuse).unwrap_err().to_string();
        assert!(failure.contains("others than its owner"), "{failure}");
    }

    #[test]
    fn nothing_of_it_is_shown() {
        assert_eq!(format!("{:?}", Passphrase::new(b"hunter2".to_vec())), "Passphrase(..)");
    }
}
