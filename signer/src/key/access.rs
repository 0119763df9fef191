//! How key files may be read.

use std::sync::OnceLock;

use crate::error::Result;
use crate::private_file::Links;
use crate::secret::{Passphrase, SecretSource};

/// Whether links are followed, and where the passphrase of encrypted files comes from. It is asked for once, and only if needed.
#[derive(Debug, Default)]
pub struct Access {
    links: Links,
    source: SecretSource,
    passphrase: OnceLock<Passphrase>,
}

impl Access {
    /// Access under these terms.
    #[must_use]
    pub fn new(links: Links, source: SecretSource) -> Self {
        Self { links, source, passphrase: OnceLock::new() }
    }

    /// Whether symbolic links are followed.
    #[must_use]
    pub const fn links(&self) -> Links {
        self.links
    }

    /// The passphrase. `what` names what it opens.
    ///
    /// # Errors
    ///
    /// Its source has none.
    pub fn passphrase(&self, what: &str) -> Result<&Passphrase> {
        if let Some(known) = self.passphrase.get() {
            return Ok(known);
        }
        let read = self.source.read(what, self.links)?;
        Ok(self.passphrase.get_or_init(|| read))
    }
}
