//! `twinseal extract`: takes payloads and evidence out of a bundle.

use std::fs;
use std::path::PathBuf;

use twinseal_formats::EvidenceIndex;

use super::forms_report::{Done, Written};
use crate::bundle::Bundle;
use crate::error::{Failure, Result, name};
use crate::forms::Opened;
use crate::new_directory::NewDirectory;
use crate::output::{Mode, Overwrite};
use crate::report::Report;
use crate::store;
use crate::trouble::Examined;

/// Arguments of `extract`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal extract thermostat-1.4.0.twinseal --trust trust.cbor \\
      --out thermostat-1.4.0
  twinseal extract thermostat-1.4.0.twinseal --out thermostat-1.4.0

Images become components/<id>, evidence becomes evidence/<name>. Every file has the digest that the manifest or the evidence \
index says, or nothing is written. Whether anybody you trust said so is only known with --trust.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// The directory to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// A trust store to hold the seals against first
    #[arg(long, value_name = "STORE")]
    trust: Option<PathBuf>,

    /// Where a detached release's payload files are
    #[arg(long, value_name = "DIR")]
    payloads: Option<PathBuf>,
}

impl Args {
    /// Writes the directory.
    ///
    /// # Errors
    ///
    /// Something can't be read or written. Nothing is left behind.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bundle = Bundle::open(&self.bundle)?;
        Done::new("extracted", &self.bundle, self.trust.is_some(), self.extract(&bundle))
    }

    fn extract(&self, bundle: &Bundle) -> Examined<Vec<Written>> {
        let opened = Opened::new(bundle)?;
        if let Some(path) = &self.trust {
            let bytes = store::load(path)?;
            let verifier = store::open_file(&bytes, path)?;
            // The proof is not needed further: what is extracted is compared with the same manifest.
            drop(verifier.authenticate(opened.envelope())?);
        }
        let new = NewDirectory::create(&self.out, Mode::Public)?;
        let mut written = Vec::new();
        let mut write = |folder: &str, file: &str, piece| -> Examined<()> {
            let directory = new.path().join(folder);
            fs::create_dir_all(&directory)
                .map_err(|error| Failure::new(format!("{}: can not be made", name(&directory))).because(error))?;
            opened.write_piece(piece, &directory.join(file), Overwrite::No)?;
            written.push(Written::new(&self.out.join(folder).join(file), piece.size()));
            Ok(())
        };
        let payloads = opened.payloads(self.payloads.as_deref())?;
        for (component, piece) in opened.manifest.components().zip(&payloads) {
            write("components", component.id(), piece)?;
        }
        if let Some(evidence) = &opened.layout.evidence {
            let pieces = opened.evidence(None)?;
            let index = EvidenceIndex::parse(&evidence.index, opened.manifest.digest_algorithm())?;
            for (file, piece) in index.files().zip(pieces.iter().skip(1)) {
                write("evidence", file.name, piece)?;
            }
        }
        new.commit()?;
        Ok(written)
    }
}
