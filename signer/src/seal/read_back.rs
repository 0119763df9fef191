//! Distrusting oneself: the written file, opened anew, goes the device's whole road and past a second implementation.

use std::path::Path;

use twinseal_formats::encode::{NewAnchor, NewTrustStore};
use twinseal_formats::{Digest, Manifest, Requirement, Role, TrustEpoch};
use twinseal_verifier::Verifier;

use super::second_opinion;
use crate::bundle::Bundle;
use crate::error::{Failure, Result};
use crate::identity::PublicIdentity;
use crate::judge::judge_as_its_device;
use crate::store;
use crate::trouble::Trouble;

/// Verifies a bundle that was just written, against the identities that were to seal it, each of them demanded.
pub(super) fn read_back(
    bundle: &Bundle,
    identities: &[PublicIdentity],
    release_id: &Digest,
    trust: Option<&Verifier<'_>>,
) -> Result<usize> {
    let envelope = bundle.envelope().map_err(doubt)?;
    if envelope.seals().digest() != release_id {
        return Err(Failure::new("the bundle just written is of another release").remedy(NOTHING_KEPT));
    }
    let manifest = Manifest::parse(envelope.manifest_bytes()).map_err(doubt)?;
    let bytes = demanding_all(identities, &manifest)?;
    let verifier = store::open(&bytes).map_err(doubt)?;
    let judged = judge_as_its_device(bundle, &manifest, &verifier, Path::new("."));
    Trouble::finding(judged)?.map_err(doubt)?;
    if let Some(trust) = trust {
        trust.authenticate(&envelope).map(|_| ()).map_err(|error| {
            Failure::new("the trust store that was given would refuse this bundle")
                .because(error)
                .remedy("seal with the identities that its requirements demand; `twinseal trust show` lists them")
        })?;
    }
    second_opinion(&envelope, identities).map_err(doubt)
}

/// A trust store that demands every one of the identities.
fn demanding_all(identities: &[PublicIdentity], manifest: &Manifest<'_>) -> Result<Vec<u8>> {
    let anchors = identities.iter().map(|identity| NewAnchor {
        id: identity.anchor_id(),
        role: Role::Release,
        label: "signer",
        keys: identity.keys().iter().map(|key| (key.algorithm(), key.as_bytes())).collect(),
    });
    let store = NewTrustStore {
        epoch: TrustEpoch(u32::MAX),
        vendor: manifest.vendor(),
        classes: vec![manifest.class()],
        minimum_digest: manifest.digest_algorithm(),
        requirements: vec![Requirement {
            role: Role::Release,
            threshold: u8::try_from(identities.len()).unwrap_or(u8::MAX),
        }],
        anchors: anchors.collect(),
        single_class: false,
    };
    store.encode().map_err(doubt)
}

fn doubt(error: impl core::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new("the bundle just written does not verify").because(error).remedy(NOTHING_KEPT)
}

const NOTHING_KEPT: &str =
    "nothing was kept; the machine, its memory or its disk made an error: try again, and look at the machine";
