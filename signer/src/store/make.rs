//! Making a trust store from the public halves of signing identities.

use alloc::collections::BTreeMap;

use twinseal_formats::encode::{NewAnchor, NewTrustStore};
use twinseal_formats::limits::MAX_LABEL;
use twinseal_formats::{AnchorKey, ClassId, DigestAlgorithm, Requirement, Role, TrustEpoch, VendorId};
use twinseal_verifier::{ConfigurationError, Error};

use super::{ALGORITHMS, open};
use crate::error::{Failure, Result};
use crate::errors::Refusal;
use crate::identity::PublicIdentity;
use crate::key::VerifyingKey;

/// A trust store to be made.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller must state every field of a trust store")]
pub struct NewStore {
    /// The vendor it is for.
    pub vendor: VendorId,
    /// The classes it is for.
    pub classes: Vec<ClassId>,
    /// How many stores came before; 0 for the one that a device is made with.
    pub epoch: TrustEpoch,
    /// The weakest digest a release may use; by default the one that matches the strongest key of a release anchor.
    pub minimum_digest: Option<DigestAlgorithm>,
    /// Requirements; a role that has anchors and no requirement here gets "at least one".
    pub requirements: Vec<Requirement>,
    /// The anchors.
    pub anchors: Vec<LabelledIdentity>,
    /// Whether anchors with keys of one class only are allowed.
    pub single_class: bool,
}

/// A trust anchor to be made.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller must state every field of an anchor")]
pub struct LabelledIdentity {
    /// Its name for people: see [`is_label`].
    pub label: String,
    /// What it may vouch for.
    pub role: Role,
    /// Its verifying keys.
    pub identity: PublicIdentity,
}

impl NewStore {
    /// The store's bytes: a verifier with all algorithms accepts them, so every key was examined and every requirement can be met.
    ///
    /// # Errors
    ///
    /// A label is no name or given twice, an identity is given twice, or the verifier refuses the store; the message names the anchor.
    pub fn encode(&self) -> Result<Vec<u8>> {
        self.names_are_distinct()?;
        let store = NewTrustStore {
            epoch: self.epoch,
            vendor: self.vendor,
            classes: self.classes.clone(),
            minimum_digest: self.minimum_digest.unwrap_or_else(|| self.matching_digest()),
            requirements: self.requirements()?,
            anchors: self.anchors.iter().map(LabelledIdentity::as_anchor).collect(),
            single_class: self.single_class,
        };
        let bytes = store.encode().map_err(|error| refused(error.into()))?;
        open(&bytes).map_err(|error| self.explained(error))?;
        Ok(bytes)
    }

    fn names_are_distinct(&self) -> Result<()> {
        let (mut labels, mut ids) = (BTreeMap::new(), BTreeMap::new());
        for anchor in &self.anchors {
            let LabelledIdentity { label, role, identity } = anchor;
            if !is_label(label) {
                return Err(
                    Failure::new(format!("`{}`: can not be a label", label.escape_default())).remedy(LABEL_RULE)
                );
            }
            if labels.insert(label, role).is_some() {
                return Err(Failure::new(format!("two anchors have the label `{label}`"))
                    .remedy("give each anchor a label of its own, as in `--release LABEL=PATH`"));
            }
            if let Some(other) = ids.insert(identity.anchor_id(), label) {
                return Err(Failure::new(format!("`{other}` and `{label}` are one and the same signing identity"))
                    .remedy("give each identity once: an anchor has one role, and counts once"));
            }
        }
        Ok(())
    }

    /// Those given, and for every other role that has anchors: at least one.
    fn requirements(&self) -> Result<Vec<Requirement>> {
        let mut requirements = self.requirements.clone();
        for role in Role::ALL {
            match requirements.iter().filter(|given| given.role == role).count() {
                0 if self.count(role) > 0 => requirements.push(Requirement { role, threshold: 1 }),
                0 | 1 => {}
                _ => {
                    return Err(Failure::new(format!("there are two requirements for the role {role}"))
                        .remedy("give one requirement for each role"));
                }
            }
        }
        Ok(requirements)
    }

    fn count(&self, role: Role) -> usize {
        self.anchors.iter().filter(|anchor| anchor.role == role).count()
    }

    fn matching_digest(&self) -> DigestAlgorithm {
        let release = self.anchors.iter().filter(|anchor| anchor.role == Role::Release);
        let keys = release.flat_map(|anchor| anchor.identity.keys());
        keys.map(|key| DigestAlgorithm::matching(key.algorithm())).max().unwrap_or(DigestAlgorithm::Sha256)
    }

    /// The failure of a store that the verifier refuses, with the anchors that it refuses it for.
    fn explained(&self, error: Error) -> Failure {
        let refusal = refused(error);
        let Error::Configuration(error) = error else { return refusal };
        match error {
            ConfigurationError::ThresholdUnreachable { role } => refusal.because(match self.count(role) {
                0 => format!("there is none of the role {role}"),
                1 => format!("there is 1 of the role {role}"),
                several => format!("there are {several} of the role {role}"),
            }),
            ConfigurationError::SingleClassAnchor => refusal
                .because(self.those(|anchor| anchor.identity.keys().len() < 2))
                .remedy("add the identity's other key, or say `--single-class` for a fleet that still migrates"),
            ConfigurationError::SharedKey => {
                let holders =
                    |key: &VerifyingKey| self.anchors.iter().filter(|one| one.identity.keys().contains(key)).count();
                refusal.because(self.those(|anchor| anchor.identity.keys().iter().any(|key| holders(key) > 1)))
            }
            ConfigurationError::WeakKey { .. } => refusal
                .because(self.those(|anchor| anchor.identity.keys().iter().any(|key| is_weak(&key.as_anchor_key())))),
            _ => refusal,
        }
    }

    fn those(&self, fault: impl Fn(&LabelledIdentity) -> bool) -> String {
        let labels: Vec<_> =
            self.anchors.iter().filter(|one| fault(one)).map(|one| format!("`{}`", one.label)).collect();
        format!("found in {}", labels.join(", "))
    }
}

impl LabelledIdentity {
    fn as_anchor(&self) -> NewAnchor<'_> {
        NewAnchor {
            id: self.identity.anchor_id(),
            role: self.role,
            label: &self.label,
            keys: self.identity.keys().iter().map(|key| (key.algorithm(), key.as_bytes())).collect(),
        }
    }
}

/// Whether a text can be an anchor's label: 1 to 32 of `a-z 0-9 . _ -`, beginning with a letter or digit.
#[must_use]
pub fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.len() <= MAX_LABEL
        && text.bytes().all(allowed)
}

/// What [`is_label`] asks for, as a remedy.
pub const LABEL_RULE: &str = "a label is 1 to 32 characters of a-z 0-9 . _ -, the first a letter or digit";

fn refused(error: Error) -> Failure {
    let refusal = Refusal::from(error);
    Failure::new(format!("no trust store was made, because it would be refused: {refusal}")).remedy(refusal.remedy)
}

fn is_weak(key: &AnchorKey<'_>) -> bool {
    let verifier = ALGORITHMS.iter().find(|verifier| verifier.algorithm() == key.algorithm);
    verifier.is_some_and(|verifier| verifier.examine_key(key.bytes).is_err())
}

#[cfg(test)]
mod tests;
