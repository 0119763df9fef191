//! `twinseal ceremony request`: what is to be sealed, as one file.

use std::path::PathBuf;

use twinseal_formats::DigestAlgorithm;

use super::show::Shown;
use crate::ceremony::{Object, Request};
use crate::error::{Failure, Result, name};
use crate::identity::PublicIdentity;
use crate::key::VerifyingKey;
use crate::output::{self, Mode, Overwrite};
use crate::release::ReleaseFile;
use crate::report::Report;
use crate::seal::Draft;
use crate::{store, update};

/// Arguments of `ceremony request`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal ceremony request --release release.toml --trust trust.cbor \\
      --out request.json
  twinseal ceremony request --replaces trust-1.cbor --store trust-2.cbor \\
      --out request.json

Asked are all identities whose seals would count: the release identities and assessors of the trust store for a release, the root \
identities of both stores for a trust update. The file holds the whole manifest, what each key has to sign, and the digest; no payload and \
no secret. Keep the release file and its payloads as they are: `assemble` reads them again.")]
pub struct Args {
    /// The release file, as for `sign`
    #[arg(long, value_name = "TOML", requires = "trust", conflicts_with_all = ["replaces", "store"], required_unless_present = "replaces")]
    release: Option<PathBuf>,

    /// The trust store of the devices that the release is for
    #[arg(long, value_name = "STORE", requires = "release")]
    trust: Option<PathBuf>,

    /// For a trust update: the store that is replaced
    #[arg(long, value_name = "STORE", requires = "store")]
    replaces: Option<PathBuf>,

    /// For a trust update: the store that takes its place
    #[arg(long, value_name = "STORE", requires = "replaces")]
    store: Option<PathBuf>,

    /// The request to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
}

impl Args {
    /// Writes the request.
    ///
    /// # Errors
    ///
    /// Something can't be read or written, or devices would refuse what is asked for.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let object = match (&self.release, &self.trust, &self.replaces, &self.store) {
            (Some(release), Some(trust), ..) => {
                let (release, bytes) = (ReleaseFile::load(release)?, store::load(trust)?);
                store::open_file(&bytes, trust)?;
                release_object(&release, bytes)?
            }
            (_, _, Some(replaces), Some(next)) => {
                let (present_bytes, next_bytes) = (store::load(replaces)?, store::load(next)?);
                store::open_file(&present_bytes, replaces)?;
                store::open_file(&next_bytes, next)?;
                update::object(&present_bytes, &next_bytes)?
            }
            _ => {
                return Err(Failure::new("nothing to be sealed was given")
                    .remedy("give --release and --trust, or --replaces and --store"));
            }
        };
        let request = Request::new(&object)
            .map_err(|fault| Failure::new(format!("{}: no request was written", name(&self.out))).because(fault))?;
        output::write(&self.out, &request.to_bytes()?, Overwrite::asked(self.overwrite), Mode::Public)?;
        Ok(Shown::new(&self.out, request))
    }
}

/// The manifest of a release with the digest that matches those who may seal it.
fn release_object(release: &ReleaseFile, store: Vec<u8>) -> Result<Object> {
    let (algorithm, identity) = {
        let opened =
            store::open(&store).map_err(|error| Failure::new("the trust store can not be used").because(error))?;
        let anchors = || opened.store().anchors().filter(|anchor| anchor.role() != twinseal_formats::Role::Root);
        let strongest =
            anchors().flat_map(|anchor| anchor.keys()).map(|key| DigestAlgorithm::matching(key.algorithm)).max();
        let minimum = opened.store().minimum_digest();
        let algorithm = release.digest.unwrap_or_else(|| strongest.map_or(minimum, |strongest| strongest.max(minimum)));
        let keys = anchors().next().into_iter().flat_map(|anchor| anchor.keys());
        let keys = keys.filter_map(|key| VerifyingKey::from_raw(key.algorithm, key.bytes).ok()).collect();
        (algorithm, PublicIdentity::new(keys)?)
    };
    // Who will seal is not known yet; the manifest does not depend on it.
    let (manifest, _) = Draft::open(release, core::slice::from_ref(&identity), Some(algorithm))?.manifest()?;
    Ok(Object::release(manifest, store))
}
