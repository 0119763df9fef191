//! `twinseal inspect`: shows what a bundle says, and who vouches for it, without deciding for any device.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use twinseal_verifier::{AuthenticateError, Error};

use crate::bundle::Bundle;
use crate::error::{Result, name};
use crate::errors::Refusal;
use crate::foreign::Foreign;
use crate::report::{Exit, Report};
use crate::store;
use crate::tree::Tree;
use crate::trouble::Trouble;

mod contents;

use contents::{Contents, contents};

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal inspect thermostat-1.4.0.twinseal
  twinseal inspect thermostat-1.4.0.twinseal --trust trust.cbor
  twinseal inspect thermostat-1.4.0.twinseal --bytes
  twinseal inspect thermostat-1.4.0.twinseal --format json

--bytes accounts for every byte of the file: sealed (and by which keys), covered by a digest (and which), a signature, framing that \
the format fixes, or absent by form. Payloads are not read for it: whether they have their digests is for `twinseal verify`. A SUIT envelope \
of another profile is refused, and still described: what it is, and whether its digest holds.

Without --trust everything shown is a claim of whoever made the file, and marked NOT VERIFIED. With --trust the seals are \
held against that trust store; whether a device takes the release, and whether its images match, is for `twinseal verify`. \
Exit code 0: shown (and, with --trust, sealed as it demands); 1: refused, with the rule that is broken; 2: could not find out.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// A trust store to hold the seals against
    #[arg(long, value_name = "STORE")]
    trust: Option<PathBuf>,

    /// Account for every byte of the file
    #[arg(long)]
    bytes: bool,
}

impl Args {
    /// Reads the bundle and, given a trust store, holds the seals against it.
    ///
    /// # Errors
    ///
    /// A file can't be read, or the trust store can't be used.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bytes = self.trust.as_ref().map(|path| store::load(path)).transpose()?;
        let verifier = match (&bytes, &self.trust) {
            (Some(bytes), Some(path)) => Some(store::open_file(bytes, path)?),
            _ => None,
        };
        let bundle = Bundle::open(&self.bundle)?;
        let mut inspection = Inspection {
            bundle: name(&self.bundle),
            size: bundle.size(),
            status: "NOT VERIFIED",
            refusal: None,
            foreign: None,
            contents: None,
        };
        let trust = verifier.as_ref().map(|verifier| verifier.store());
        match Trouble::finding(contents(&bundle, trust, self.bytes))? {
            Ok(contents) => {
                // Whatever the seals are worth, they are not over this manifest.
                if !contents.digest_holds {
                    inspection.refusal = Some(Error::from(AuthenticateError::DigestMismatch).into());
                }
                inspection.contents = Some(contents);
            }
            Err(error) => {
                inspection.refusal = Some(error.into());
                inspection.foreign = Foreign::open(&bundle)?;
            }
        }
        if let (Some(verifier), Ok(envelope), None) = (&verifier, bundle.envelope(), &inspection.refusal) {
            match verifier.authenticate(&envelope) {
                Ok(_) => inspection.status = "sealed as the trust store demands",
                Err(error) => inspection.refusal = Some(error.into()),
            }
        }
        Ok(inspection)
    }
}

#[derive(Serialize)]
struct Inspection {
    bundle: String,
    size: u64,
    status: &'static str,
    refusal: Option<Refusal>,
    /// What a refused file is, if it is some SUIT envelope.
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<Foreign>,
    contents: Option<Contents>,
}

impl Report for Inspection {
    const SCHEMA: &'static str = "twinseal.inspect/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} ({} bytes)", self.bundle, self.size)?;
        match &self.refusal {
            None => writeln!(out, "{}", self.status)?,
            Some(refusal) => {
                writeln!(out, "NOT VERIFIED, and refused")?;
                writeln!(out, "  {refusal}")?;
                writeln!(out, "  help: {}", refusal.remedy)?;
            }
        }
        if let Some(foreign) = &self.foreign {
            foreign_tree(foreign).write(out)?;
        }
        self.contents.as_ref().map_or(Ok(()), |contents| contents.tree().write(out))
    }

    fn exit(&self) -> Exit {
        if self.refusal.is_some() { Exit::Refused } else { Exit::Success }
    }
}

/// Claims of whoever made the file, every one of them.
fn foreign_tree(foreign: &Foreign) -> Tree {
    let holds = match foreign.digest_holds {
        Some(true) => "holds",
        Some(false) => "DOES NOT HOLD",
        None => "of an algorithm that is not known here",
    };
    let number = |value: Option<u64>| value.map_or("none".to_owned(), |value| value.to_string());
    let mut tree = Tree::default()
        .with(format!("this is {}", foreign.kind))
        .with(format!("digest {} ({holds})", foreign.digest))
        .with(format!("manifest version {}", number(foreign.manifest_version)))
        .with(format!("sequence number {}", number(foreign.sequence_number)));
    let lists = [
        ("seals, none of them verified", &foreign.seals),
        ("members of the manifest", &foreign.members),
        ("components", &foreign.components),
        ("images", &foreign.images),
        ("in the envelope", &foreign.entries),
    ];
    for (title, lines) in lists {
        let under =
            lines.iter().fold(Tree::new(format!("{title} ({})", lines.len())), |tree, line| tree.with(line.clone()));
        tree.push(under);
    }
    tree
}
