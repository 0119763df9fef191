//! Signing requests: one file that says exactly what is to be sealed, and by whom it can be.

use core::fmt;

use serde::{Deserialize, Serialize};
use twinseal_formats::{ParseError, Role, SealAlgorithm, SealType, ToBeSigned, encode};
use twinseal_verifier::Error;

use super::object::{Object, Summary};
use crate::hex::{Hex, unhex};
use crate::identity::PublicIdentity;
use crate::key::VerifyingKey;
use crate::store;

/// A signing request, all of it computed from the contents and the trust store in use.
///
/// docs/ceremony.md has the fields. Signers without Twinseal sign `to_be_signed` (or `mu`), after they compared what it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Request {
    /// `twinseal.signing-request/1`.
    pub schema: String,
    /// `release` or `trust-update`.
    pub object: String,
    /// What it is, for people.
    pub summary: Summary,
    /// What all seals are made over: to be compared aloud.
    pub digest: String,
    /// The manifest, or the body of the trust update, in hexadecimal.
    pub contents: String,
    /// The trust store in use, in hexadecimal.
    pub trust_store: String,
    /// Every identity whose seals would count.
    pub signers: Vec<Signers>,
}

/// An identity that may seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Signers {
    /// Its name in the trust store.
    pub label: String,
    /// Its role.
    pub role: String,
    /// Its anchor id.
    pub anchor_id: String,
    /// Its keys, each of which has to seal.
    pub keys: Vec<SignerKey>,
}

/// A key that has to seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SignerKey {
    /// Its algorithm.
    pub algorithm: String,
    /// The raw verifying key, in hexadecimal.
    pub verifying_key: String,
    /// The message to be signed, in hexadecimal: Ed25519 (RFC 8032), pure ML-DSA with the empty context.
    pub to_be_signed: String,
    /// For ML-DSA: the message representative of that message (FIPS 204, external mu), in hexadecimal.
    pub mu: Option<String>,
}

/// Why something is no request that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestFault {
    /// It is not JSON of the right form.
    Shape(String),
    /// Its contents, or a trust store in it, are not what the format says.
    Bytes(ParseError),
    /// No device could use a trust store in it, or the update does not follow the store in use.
    Store(Error),
    /// A part is not what follows from the contents and the trust store.
    Differs(&'static str),
    /// It is for a release, and no device with this trust store could take it.
    NotServed,
}

impl Request {
    /// The longest request file that is read: sixteen signers, two of the longest stores, a manifest, and room.
    pub const LONGEST: u64 = 1 << 20;

    /// The request for an object.
    ///
    /// # Errors
    ///
    /// The object is none, or a trust store can not be used.
    pub fn new(object: &Object) -> Result<Self, RequestFault> {
        let digest = object.digest()?;
        let payload = encode::digest(&digest);
        let mut signers: Vec<Signers> = Vec::new();
        for stored in object.stores()? {
            store::open(stored.as_bytes()).map_err(RequestFault::Store)?;
            for anchor in stored.anchors().filter(|anchor| object.is_release() != (anchor.role() == Role::Root)) {
                let anchor_id = anchor.id().to_string();
                if signers.iter().any(|signer| signer.anchor_id == anchor_id) {
                    continue;
                }
                let mut keys = Vec::new();
                for key in anchor.keys() {
                    let protected = encode::protected_header(key.algorithm.cose(), anchor.id(), object.seal_type);
                    let message = ToBeSigned::new(&protected, &payload).ok_or(RequestFault::Differs("to_be_signed"))?;
                    let verifying = VerifyingKey::from_raw(key.algorithm, key.bytes)
                        .map_err(|fault| RequestFault::Shape(fault.to_string()))?;
                    keys.push(SignerKey {
                        algorithm: key.algorithm.name().to_owned(),
                        verifying_key: Hex(key.bytes).to_string(),
                        to_be_signed: Hex(message.as_bytes()).to_string(),
                        mu: verifying.mu(message.as_bytes()).map(|mu| Hex(&mu).to_string()),
                    });
                }
                let (label, role) = (anchor.label().to_owned(), anchor.role().name().to_owned());
                signers.push(Signers { label, role, anchor_id, keys });
            }
        }
        served(object)?;
        Ok(Self {
            schema: SCHEMA.to_owned(),
            object: kind(object.seal_type).to_owned(),
            summary: object.summary()?,
            digest: digest.to_string(),
            contents: Hex(&object.contents).to_string(),
            trust_store: Hex(&object.store).to_string(),
            signers,
        })
    }

    /// Reads a request and computes all of it again; returns it with what is to be sealed.
    ///
    /// # Errors
    ///
    /// It is none, or a part of it does not follow from its contents and its trust store.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Object), RequestFault> {
        let given: Self = serde_json::from_slice(bytes).map_err(|error| RequestFault::Shape(error.to_string()))?;
        if given.schema != SCHEMA {
            return Err(RequestFault::Shape(format!("its schema is not {SCHEMA}")));
        }
        let hex = |text: &str, what: &str| {
            unhex(text).ok_or_else(|| RequestFault::Shape(format!("`{what}` is not hexadecimal")))
        };
        let (contents, trust_store) = (hex(&given.contents, "contents")?, hex(&given.trust_store, "trust_store")?);
        let object = if given.object == kind(SealType::Release) {
            Object::release(contents, trust_store)
        } else if given.object == kind(SealType::TrustUpdate) {
            Object::trust_update(contents, trust_store)
        } else {
            return Err(RequestFault::Shape("`object` is neither release nor trust-update".to_owned()));
        };
        let computed = Self::new(&object)?;
        given.compare(&computed)?;
        Ok((computed, object))
    }

    /// The first part that is another than the one computed.
    fn compare(&self, computed: &Self) -> Result<(), RequestFault> {
        let same = |same: bool, part: &'static str| if same { Ok(()) } else { Err(RequestFault::Differs(part)) };
        same(self.digest == computed.digest, "digest")?;
        same(self.summary == computed.summary, "summary")?;
        same(self.signers.len() == computed.signers.len(), "signers")?;
        for (given, right) in self.signers.iter().zip(&computed.signers) {
            same(given.anchor_id == right.anchor_id, "anchor_id")?;
            same((&given.label, &given.role) == (&right.label, &right.role), "label or role")?;
            same(given.keys.len() == right.keys.len(), "keys")?;
            for (given, right) in given.keys.iter().zip(&right.keys) {
                same(given.algorithm == right.algorithm, "algorithm")?;
                same(given.verifying_key == right.verifying_key, "verifying_key")?;
                same(given.to_be_signed == right.to_be_signed, "to_be_signed")?;
                same(given.mu == right.mu, "mu")?;
            }
        }
        same(self == computed, "contents or trust_store")
    }

    /// The file.
    ///
    /// # Errors
    ///
    /// None that can happen.
    pub fn to_bytes(&self) -> crate::Result<Vec<u8>> {
        let failed = |error| crate::Failure::new("the signing request can not be written").because(error);
        let mut text = serde_json::to_vec_pretty(self).map_err(failed)?;
        text.push(b'\n');
        Ok(text)
    }

    /// The signers as identities, in the order of the request.
    ///
    /// # Errors
    ///
    /// None that can happen to a request that was computed.
    pub fn identities(&self) -> crate::Result<Vec<PublicIdentity>> {
        let key = |key: &SignerKey| {
            let algorithm = SealAlgorithm::from_name(&key.algorithm);
            let bytes = unhex(&key.verifying_key).unwrap_or_default();
            algorithm.and_then(|algorithm| VerifyingKey::from_raw(algorithm, &bytes).ok())
        };
        let broken = || crate::Failure::new("a verifying key in the request is none");
        let identity = |signer: &Signers| {
            let keys = signer.keys.iter().map(|one| key(one).ok_or_else(broken)).collect::<crate::Result<_>>()?;
            PublicIdentity::new(keys)
        };
        self.signers.iter().map(identity).collect()
    }

    /// The digest in groups of four, for reading aloud.
    #[must_use]
    pub fn digest_aloud(&self) -> String {
        let (algorithm, value) = self.digest.split_once(':').unwrap_or(("", &self.digest));
        let groups: Vec<String> =
            value.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        format!("{algorithm}: {}", groups.join(" "))
    }
}

/// A trust store that is not for the release, or an update that does not follow it, is a mistake that every device would refuse.
fn served(object: &Object) -> Result<(), RequestFault> {
    use twinseal_formats::{Manifest, TrustUpdateBody};
    use twinseal_verifier::{Hasher, UpdateError};

    let present = store::open(&object.store).map_err(RequestFault::Store)?;
    let present = present.store();
    if object.is_release() {
        let manifest = Manifest::parse(&object.contents)?;
        let serves = present.vendor() == manifest.vendor() && present.classes().any(|class| class == manifest.class());
        return if serves { Ok(()) } else { Err(RequestFault::NotServed) };
    }
    let body = TrustUpdateBody::parse(&object.contents)?;
    let refused = |error: UpdateError| Err(RequestFault::Store(error.into()));
    if Hasher::digest(body.replaces().algorithm(), present.as_bytes()).as_ref() != Some(body.replaces()) {
        return refused(UpdateError::ReplacesAnother);
    }
    let (offered, epoch) = (body.store().epoch(), present.epoch());
    if epoch.0.checked_add(1) != Some(offered.0) {
        return refused(UpdateError::EpochStep { offered, present: epoch });
    }
    if body.store().vendor() != present.vendor() {
        return refused(UpdateError::VendorDiffers);
    }
    let roots = |store: &twinseal_formats::TrustStore<'_>| store.anchors().any(|anchor| anchor.role() == Role::Root);
    if !roots(present) {
        return refused(UpdateError::NoRootRequirement);
    }
    if !roots(body.store()) {
        return refused(UpdateError::NoNewRootRequirement);
    }
    Ok(())
}

/// What an object is called in requests and answers.
pub(super) const fn kind(seal_type: SealType) -> &'static str {
    match seal_type {
        SealType::Release => "release",
        _ => "trust-update",
    }
}

impl From<ParseError> for RequestFault {
    fn from(error: ParseError) -> Self {
        Self::Bytes(error)
    }
}

impl fmt::Display for RequestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(why) => write!(f, "it is no signing request: {why}"),
            Self::Bytes(error) => write!(f, "what is to be sealed breaks a rule of the format: {error}"),
            Self::Store(error) => write!(f, "devices would refuse it: {error}"),
            Self::Differs(part) => write!(f, "its `{part}` does not follow from its contents and its trust store"),
            Self::NotServed => f.write_str("its trust store is for other devices than the release"),
        }
    }
}

impl core::error::Error for RequestFault {}

const SCHEMA: &str = "twinseal.signing-request/1";
