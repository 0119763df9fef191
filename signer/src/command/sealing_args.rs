//! The options of every command that seals: who seals, and where what is sealed goes.

use std::path::PathBuf;

use crate::command::key_args::KeyArgs;
use crate::error::Result;
use crate::identity::SigningIdentity;
use crate::journal::Journal;
use crate::output::Overwrite;

/// Who seals, and how their keys are opened.
#[derive(Debug, clap::Args)]
pub(super) struct SealerArgs {
    /// A signing identity: the directory that `keygen` or `key adopt` made. Repeat it for a threshold
    #[arg(long = "identity", value_name = "DIR", required = true)]
    identities: Vec<PathBuf>,

    #[command(flatten)]
    keys: KeyArgs,
}

impl SealerArgs {
    /// Opens the identities, each whole or none at all.
    ///
    /// # Errors
    ///
    /// As [`KeyArgs::open`].
    pub(super) fn open(&self) -> Result<Vec<SigningIdentity>> {
        self.keys.open(&self.identities)
    }

    /// Whether somebody is to seal here at all.
    pub(super) const fn any(&self) -> bool {
        !self.identities.is_empty()
    }
}

/// Where what is sealed goes, and what is to know of it before.
#[derive(Debug, clap::Args)]
pub(super) struct SealedArgs {
    /// The signing journal that must have a line of it; `journal new` makes one
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,

    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
}

impl SealedArgs {
    /// Opens the journal, if there is to be one.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`].
    pub(super) fn journal(&self) -> Result<Option<Journal>> {
        self.journal.as_deref().map(Journal::open).transpose()
    }

    pub(super) const fn overwrite(&self) -> Overwrite {
        Overwrite::asked(self.overwrite)
    }
}
