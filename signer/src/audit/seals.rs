//! Who sealed, with which halves, and what two implementations say of each.

use serde::Serialize;
use twinseal_formats::{AlgorithmClass, DigestAlgorithm, Role, SealAlgorithm, TrustStore};

use crate::second_opinion::{SealOpinion, SecondReading};

/// Identities by halves, with both verdicts.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Matrix {
    /// The algorithm of the digest that all seals share.
    pub digest_algorithm: &'static str,
    /// Whether that digest is the manifest's, to the device's code.
    pub digest_device: bool,
    /// The same, to an independent implementation.
    pub digest_independent: bool,
    /// The identities: those of the trust store that could have sealed, then strangers.
    pub identities: Vec<Sealing>,
    /// What the trust store demands of a release, and what there is.
    pub requirements: Vec<Demand>,
}

/// What one identity did.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Sealing {
    /// Its anchor id.
    pub anchor_id: String,
    /// What the trust store calls it; absent for a stranger.
    pub label: Option<String>,
    /// Its role in the trust store.
    pub role: Option<&'static str>,
    /// Whether it counts: every half is there, and valid to both implementations.
    pub counts: bool,
    /// Its halves.
    pub halves: Vec<Half>,
}

/// A seal that is there, or should be.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Half {
    /// Its algorithm's name, or the COSE number of one that is not known.
    pub algorithm: String,
    /// `classical`, `post-quantum`, `unknown`.
    pub class: &'static str,
    /// Whether there is such a seal.
    pub present: bool,
    /// The size of its signature.
    pub size: usize,
    /// Whether the device's code calls it valid; absent if the trust store has no key for it, or it is not there.
    pub device: Option<bool>,
    /// Whether an implementation that is not ours calls it valid.
    pub independent: Option<bool>,
    #[serde(skip)]
    pub(super) known: Option<SealAlgorithm>,
}

/// A requirement of the trust store.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Demand {
    /// The role of the anchors that count for it.
    pub role: &'static str,
    /// How many it demands.
    pub threshold: u8,
    /// How many count.
    pub valid: usize,
}

impl Matrix {
    /// Arranges what was asked twice by identity.
    #[must_use]
    pub fn new(reading: &SecondReading, digest: DigestAlgorithm, store: &TrustStore<'_>) -> Self {
        let mut identities = Vec::new();
        for anchor in store.anchors() {
            let own: Vec<&SealOpinion> = reading.seals.iter().filter(|seal| seal.anchor == anchor.id()).collect();
            if own.is_empty() && anchor.role() == Role::Root {
                continue;
            }
            let mut halves: Vec<Half> = own.iter().map(|seal| half(seal)).collect();
            for key in anchor.keys() {
                if !own.iter().any(|seal| seal.algorithm == Some(key.algorithm)) {
                    halves.push(missing(key.algorithm));
                }
            }
            let counts = halves.iter().all(|half| half.device == Some(true) && half.independent == Some(true));
            identities.push(Sealing {
                anchor_id: anchor.id().to_string(),
                label: Some(anchor.label().to_owned()),
                role: Some(anchor.role().name()),
                counts: counts && reading.digest.both(),
                halves,
            });
        }
        for seal in reading.seals.iter().filter(|seal| seal.known_as.is_none()) {
            let anchor_id = seal.anchor.to_string();
            match identities.iter_mut().find(|identity| identity.anchor_id == anchor_id) {
                Some(stranger) => stranger.halves.push(half(seal)),
                None => identities.push(Sealing {
                    anchor_id,
                    label: None,
                    role: None,
                    counts: false,
                    halves: vec![half(seal)],
                }),
            }
        }
        let of_role = |role: Role| {
            identities.iter().filter(|identity| identity.counts && identity.role == Some(role.name())).count()
        };
        let requirements = store
            .requirements()
            .filter(|requirement| requirement.role != Role::Root)
            .map(|requirement| Demand {
                role: requirement.role.name(),
                threshold: requirement.threshold,
                valid: of_role(requirement.role),
            })
            .collect();
        Self {
            digest_algorithm: digest.name(),
            digest_device: reading.digest.device,
            digest_independent: reading.digest.second,
            identities,
            requirements,
        }
    }

    /// The algorithms of the seals of each identity that counts, one list for each.
    pub(super) fn counting(&self) -> impl Iterator<Item = Vec<SealAlgorithm>> {
        self.identities
            .iter()
            .filter(|identity| identity.counts)
            .map(|identity| identity.halves.iter().filter_map(|half| half.known).collect())
    }

    /// How many seals both implementations call valid, and how many there are that the trust store has a key for.
    #[must_use]
    pub fn tally(&self) -> (usize, usize) {
        let known =
            || self.identities.iter().flat_map(|identity| &identity.halves).filter(|half| half.device.is_some());
        let valid = known().filter(|half| half.device == Some(true) && half.independent == Some(true));
        (valid.count(), known().count())
    }

    /// Whether somebody sealed whom the trust store does not know.
    pub(super) fn has_strangers(&self) -> bool {
        self.identities.iter().any(|identity| identity.label.is_none())
    }
}

fn half(seal: &SealOpinion) -> Half {
    Half {
        algorithm: seal
            .algorithm
            .map_or_else(|| format!("COSE {}", seal.cose_algorithm), |known| known.name().to_owned()),
        class: seal.algorithm.map_or("unknown", class),
        present: true,
        size: seal.size,
        device: seal.valid.map(|sides| sides.device),
        independent: seal.valid.map(|sides| sides.second),
        known: seal.algorithm,
    }
}

fn missing(algorithm: SealAlgorithm) -> Half {
    Half {
        algorithm: algorithm.name().to_owned(),
        class: class(algorithm),
        present: false,
        size: 0,
        device: None,
        independent: None,
        known: Some(algorithm),
    }
}

fn class(algorithm: SealAlgorithm) -> &'static str {
    if is_classical(algorithm) { "classical" } else { "post-quantum" }
}

pub(super) fn is_classical(algorithm: SealAlgorithm) -> bool {
    algorithm.class() == AlgorithmClass::Classical
}
