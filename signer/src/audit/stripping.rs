//! The stripping test: each seal is really taken out of the envelope, and the device's code decides again.

use serde::Serialize;
use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{Envelope, SealAlgorithm};
use twinseal_verifier::{Error, Verifier};

use crate::errors::Refusal;

/// What the device's code says without one of the seals.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Stripped {
    /// The identity whose seal was taken out.
    pub anchor_id: String,
    /// What the trust store calls it; absent for a stranger.
    pub label: Option<String>,
    /// The seal's algorithm.
    pub algorithm: String,
    /// Whether what is left is still sealed as the trust store demands.
    pub accepted: bool,
    /// Why not.
    pub refusal: Option<Refusal>,
}

/// Takes out each seal in turn.
pub(super) fn test(envelope: &Envelope<'_>, verifier: &Verifier<'_>) -> Vec<Stripped> {
    let seals: Vec<NewSeal> = envelope
        .seals()
        .iter()
        .map(|seal| NewSeal {
            anchor: seal.anchor(),
            cose_algorithm: seal.cose_algorithm(),
            signature: seal.signature().to_vec(),
        })
        .collect();
    (0..seals.len())
        .map(|out| {
            let mut left = seals.clone();
            let removed = left.remove(out);
            let refusal = without(envelope, &left, verifier).err();
            let known = verifier.store().anchors().find(|anchor| anchor.id() == removed.anchor);
            Stripped {
                anchor_id: removed.anchor.to_string(),
                label: known.map(|anchor| anchor.label().to_owned()),
                algorithm: SealAlgorithm::from_cose(removed.cose_algorithm)
                    .map_or_else(|| format!("COSE {}", removed.cose_algorithm), |known| known.name().to_owned()),
                accepted: refusal.is_none(),
                refusal: refusal.map(Refusal::from),
            }
        })
        .collect()
}

fn without(envelope: &Envelope<'_>, left: &[NewSeal], verifier: &Verifier<'_>) -> Result<(), Error> {
    let seals = envelope.seals();
    let frame = encode::envelope(envelope.entries(), seals.digest(), left, envelope.manifest_bytes())?;
    verifier.authenticate(&Envelope::parse(&frame)?).map(drop)
}
