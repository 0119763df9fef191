//! Answers to a signing request, and what they add up to.

use core::fmt;

use serde::{Deserialize, Serialize};
use twinseal_formats::encode::NewSeal;
use twinseal_formats::{AnchorId, Requirement, SealAlgorithm, ToBeSigned, encode};

use super::object::Object;
use super::request::{Request, kind};
use crate::error::{Failure, Result};
use crate::hex::{Hex, unhex};
use crate::identity::PublicIdentity;
use crate::key::VerifyingKey;
use crate::seal::agrees;

/// Seals over one digest, of as many keys as were at hand. Also what `seals extract` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answer {
    /// `twinseal.signing-answer/1`.
    pub schema: String,
    /// `release` or `trust-update`.
    pub object: String,
    /// What the seals were made over.
    pub digest: String,
    /// The seals.
    pub seals: Vec<AnswerSeal>,
}

/// One seal of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(unnameable_types, reason = "a part of `Answer`")]
pub struct AnswerSeal {
    anchor_id: String,
    algorithm: String,
    signature: String,
}

/// Something in an answer that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// Which answer, counted from 0 in the order given.
    pub answer: usize,
    /// What is wrong with it.
    pub what: String,
}

/// A requirement that the seals do not meet yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Missing {
    /// The role.
    pub role: &'static str,
    /// How many distinct identities are demanded.
    pub threshold: u8,
    /// How many have sealed with all of their keys.
    pub have: usize,
    /// Who could still seal: the label, and which halves are missing.
    pub could: Vec<String>,
}

/// What answers add up to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tally {
    /// The seals of those who sealed with all of their keys.
    pub seals: Vec<NewSeal>,
    /// Those.
    pub identities: Vec<PublicIdentity>,
    /// What is not taken. Unless it is empty, nothing is put together.
    pub problems: Vec<Problem>,
    /// What is missing. Unless it is empty, nothing is put together.
    pub missing: Vec<Missing>,
}

impl Answer {
    /// The longest answer file that is read: sixteen of the longest seals of profile 1, and room.
    pub const LONGEST: u64 = 1 << 19;

    /// Seals of an object as an answer.
    #[must_use]
    pub fn new(request_object: &str, digest: impl fmt::Display, seals: &[NewSeal]) -> Self {
        let seal = |seal: &NewSeal| AnswerSeal {
            anchor_id: seal.anchor.to_string(),
            algorithm: SealAlgorithm::from_cose(seal.cose_algorithm)
                .map_or_else(|| seal.cose_algorithm.to_string(), |algorithm| algorithm.name().to_owned()),
            signature: Hex(&seal.signature).to_string(),
        };
        Self {
            schema: SCHEMA.to_owned(),
            object: request_object.to_owned(),
            digest: digest.to_string(),
            seals: seals.iter().map(seal).collect(),
        }
    }

    /// Reads an answer, whoever made it. Nothing in it is believed.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn parse(bytes: &[u8]) -> core::result::Result<Self, String> {
        let answer: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if answer.schema != SCHEMA {
            return Err(format!("its schema is not {SCHEMA}"));
        }
        Ok(answer)
    }

    /// The file.
    ///
    /// # Errors
    ///
    /// None that can happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::new("the answer can not be written").because(error))?;
        text.push(b'\n');
        Ok(text)
    }
}

/// Holds every seal of every answer against the object: verified twice, by two implementations; each key once; nobody that is not asked.
///
/// # Errors
///
/// The request is not one that was computed.
pub fn tally(request: &Request, object: &Object, answers: &[Answer]) -> Result<Tally> {
    let asked = request.identities()?;
    let (mut taken, mut problems) = (Vec::new(), Vec::new());
    for (number, answer) in answers.iter().enumerate() {
        let mut problem = |what: String| problems.push(Problem { answer: number, what });
        if answer.object != kind(object.seal_type) {
            problem(format!("it is for a {}", answer.object.escape_debug()));
        } else if answer.digest != request.digest {
            problem("it is for another digest".to_owned());
        } else if answer.seals.is_empty() {
            problem("it has no seal".to_owned());
        } else {
            for seal in &answer.seals {
                match take(seal, &asked, object, &taken) {
                    Ok(seal) => taken.push(seal),
                    Err(what) => problem(what),
                }
            }
        }
    }
    let sealed = |identity: &PublicIdentity, key: &VerifyingKey| {
        let by = (identity.anchor_id(), key.algorithm().cose());
        taken.iter().any(|seal: &NewSeal| (seal.anchor, seal.cose_algorithm) == by)
    };
    let whole = |identity: &PublicIdentity| identity.keys().iter().all(|key| sealed(identity, key));
    let mut missing = Vec::new();
    let requirements =
        object.requirements().map_err(|error| Failure::new("the request holds no object").because(error))?;
    for (Requirement { role, threshold }, anchors) in requirements {
        let of_role = || asked.iter().filter(|identity| anchors.contains(&identity.anchor_id()));
        let have = of_role().filter(|identity| whole(identity)).count();
        if have < usize::from(threshold) {
            let could = of_role().filter(|identity| !whole(identity)).map(|identity| {
                let label = label(request, identity.anchor_id());
                let left: Vec<_> = identity
                    .keys()
                    .iter()
                    .filter(|key| !sealed(identity, key))
                    .map(|key| key.algorithm().name())
                    .collect();
                format!("{label} {} ({})", identity.anchor_id(), left.join(" and "))
            });
            missing.push(Missing { role: role.name(), threshold, have, could: could.collect() });
        }
    }
    let identities: Vec<PublicIdentity> = asked.iter().filter(|identity| whole(identity)).cloned().collect();
    taken.retain(|seal| identities.iter().any(|identity| identity.anchor_id() == seal.anchor));
    Ok(Tally { seals: taken, identities, problems, missing })
}

/// Takes one seal, or says why not.
fn take(
    seal: &AnswerSeal,
    asked: &[PublicIdentity],
    object: &Object,
    taken: &[NewSeal],
) -> core::result::Result<NewSeal, String> {
    let shown = format!("{} by {}", seal.algorithm.escape_debug(), seal.anchor_id.escape_debug());
    let identity = asked.iter().find(|identity| identity.anchor_id().to_string() == seal.anchor_id);
    let identity = identity.ok_or_else(|| format!("{shown}: a stranger, who was not asked"))?;
    let key = identity.keys().iter().find(|key| key.algorithm().name() == seal.algorithm);
    let key = key.ok_or_else(|| format!("{shown}: this identity has no such key"))?;
    let signature = unhex(&seal.signature).ok_or_else(|| format!("{shown}: the signature is not hexadecimal"))?;
    let (anchor, cose_algorithm) = (identity.anchor_id(), key.algorithm().cose());
    if taken.iter().any(|other| (other.anchor, other.cose_algorithm) == (anchor, cose_algorithm)) {
        return Err(format!("{shown}: given twice"));
    }
    if !holds(key, anchor, object, &signature) {
        return Err(format!("{shown}: the signature is not valid"));
    }
    Ok(NewSeal { anchor, cose_algorithm, signature })
}

/// Whether a signature is a seal of the object, for the device's code and for another implementation.
pub(crate) fn holds(key: &VerifyingKey, anchor: AnchorId, object: &Object, signature: &[u8]) -> bool {
    let Ok(digest) = object.digest() else { return false };
    let protected = encode::protected_header(key.algorithm().cose(), anchor, object.seal_type);
    let Some(message) = ToBeSigned::new(&protected, &encode::digest(&digest)) else { return false };
    key.verify(message.as_bytes(), signature).is_ok()
        && agrees(key.algorithm(), key.as_bytes(), message.as_bytes(), signature)
}

fn label(request: &Request, anchor: AnchorId) -> &str {
    let anchor = anchor.to_string();
    let signer = request.signers.iter().find(|signer| signer.anchor_id == anchor);
    signer.map_or("", |signer| signer.label.as_str())
}

const SCHEMA: &str = "twinseal.signing-answer/1";
