//! What `sign` demands of evidence beyond that it is what it claims: that it is about this release.

use twinseal_formats::SealAlgorithm;

use super::{Draft, Findings};
use crate::error::{Failure, Result};
use crate::evidence::{Artifact, BuilderKey, Document, Finding, Subject, findings};
use crate::text::Shown;

/// Refuses evidence that contradicts the release, and tells what merely does not fit.
pub(super) fn hold(draft: &Draft<'_>, artifacts: &[Artifact]) -> Result<Findings> {
    let subject = Subject { version: &draft.release.version, artifacts };
    let mut all = Vec::new();
    let mut statement: Option<&str> = None;
    for file in &draft.evidence {
        match &file.document {
            Document::Provenance(provenance) => {
                for identity in draft.identities {
                    for key in identity.keys() {
                        let bytes = <&[u8; 32]>::try_from(key.as_bytes()).ok();
                        let classical = bytes.filter(|_| key.algorithm() == SealAlgorithm::Ed25519);
                        if classical.is_some_and(|bytes| provenance.signed_by(&BuilderKey::ed25519(bytes))) {
                            return Err(Failure::new(format!(
                                "evidence {:?}: the provenance is signed by a key that seals this release",
                                file.name
                            ))
                            .remedy(
                                "a builder has a key of its own: who releases does not vouch for how it was built",
                            ));
                        }
                    }
                }
            }
            Document::ReleaseStatement(found) => {
                if let Some(other) = statement.replace(&file.name) {
                    return Err(Failure::new(format!(
                        "evidence {other:?} and {:?} are both release statements",
                        file.name
                    ))
                    .remedy("a release has one"));
                }
                let release = draft.release;
                for (field, said, is) in [
                    ("product.vendor", &found.product.vendor, &release.vendor),
                    ("product.model", &found.product.model, &release.model),
                    ("release.version", &found.release.version, &release.version),
                ] {
                    if said != is {
                        return Err(Failure::new(format!(
                            "evidence {:?}: {field} is \"{}\", and this release's is \"{}\"",
                            file.name,
                            Shown(said),
                            Shown(is)
                        ))
                        .remedy("a release statement is about the release that carries it"));
                    }
                }
            }
            _ => {}
        }
        for (finding, text) in findings(&file.document, file.deceptive.as_deref(), subject) {
            if finding == Finding::ProvenanceForOtherBytes {
                return Err(Failure::new(format!("evidence {:?}: {text}", file.name)).remedy(
                    "a subject needs the digest of what is sealed: of the flat image, or of the ELF or HEX file",
                ));
            }
            all.push((file.name.clone(), finding, text));
        }
    }
    Ok(all)
}
