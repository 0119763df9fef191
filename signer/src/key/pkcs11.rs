//! Keys in tokens: PKCS#11 3.2 for ML-DSA, 3.0 for Ed25519. The module is code of the token's maker and runs in this process.

use core::fmt;
use std::sync::{Mutex, PoisonError};

use cryptoki::mechanism::dsa::{HedgeType, SignAdditionalContext};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{
    Attribute, AttributeType, KeyType, MlDsaParameterSetType, ObjectClass, ObjectHandle, ParameterSetType,
};
use cryptoki::session::Session;
use twinseal_formats::SealAlgorithm;

use super::uri::Pkcs11Uri;
use super::{Access, Mu, Signer, VerifyingKey, signer::no_mu};
use crate::error::{Failure, Result};

mod fault;
mod token;

use fault::fault;

/// A key in a token, open for signing.
pub(super) struct TokenKey {
    uri: Pkcs11Uri,
    session: Mutex<Session>,
    object: ObjectHandle,
    verifying: VerifyingKey,
}

impl TokenKey {
    /// Finds the token, logs in and finds the key. What the token says of it is held against what is expected.
    pub(super) fn open(uri: &Pkcs11Uri, expected: Option<&VerifyingKey>, access: &Access) -> Result<Self> {
        let (session, mechanisms) = token::log_in(uri, access)?;
        let object = only(uri, &session)?;
        let algorithm = algorithm(uri, &session, object)?;
        if let Some(expected) = expected
            && expected.algorithm() != algorithm
        {
            return Err(Failure::new(format!(
                "{uri}: is a key of {}, not of {}",
                algorithm.name(),
                expected.algorithm().name()
            ))
            .remedy("name the key of the right kind: `pkcs11-tool -O` lists what is in a token"));
        }
        let mechanism = match algorithm {
            SealAlgorithm::Ed25519 => MechanismType::EDDSA,
            _ => MechanismType::ML_DSA,
        };
        if !mechanisms.contains(&mechanism) {
            return Err(Failure::new(format!("{uri}: the token has the key, but not the mechanism {mechanism}"))
                .remedy("a newer firmware or module of the token may have it; ML-DSA came with PKCS#11 3.2"));
        }
        let beside = public(uri, &session, object, algorithm)?;
        let verifying = match (beside, expected) {
            (Some(found), _) => found,
            // Every signature is verified under it before anything is written.
            (None, Some(expected)) => expected.clone(),
            (None, None) => {
                return Err(Failure::new(format!("{uri}: the token does not tell the verifying key of this key"))
                    .remedy("put the public key object beside it, under the same id or label"));
            }
        };
        Ok(Self { uri: uri.clone(), session: Mutex::new(session), object, verifying })
    }
}

impl Signer for TokenKey {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let mechanism = match self.verifying.algorithm() {
            SealAlgorithm::Ed25519 => Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)),
            _ => Mechanism::MlDsa(SignAdditionalContext::new(HedgeType::Preferred, None)),
        };
        let signature = session.sign(&mechanism, self.object, message).map_err(|error| fault(&self.uri, &error))?;
        self.verifying.verify(message, &signature).map_err(|_| {
            Failure::new(format!("{}: the token made a signature that does not verify", self.uri))
                .remedy("the key in the token is another than the verifying key says, or the token is faulty")
        })?;
        Ok(signature)
    }

    fn sign_mu(&self, _mu: &Mu) -> Result<Vec<u8>> {
        if self.verifying.algorithm() == SealAlgorithm::Ed25519 {
            return Err(no_mu(self.verifying.algorithm()));
        }
        Err(Failure::new(format!("{}: PKCS#11 3.2 has no mechanism that signs mu", self.uri))
            .remedy("sign the message: the to-be-signed bytes are short"))
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("uri", &self.uri.to_string()).finish_non_exhaustive()
    }
}

/// The one private key that the URI names.
fn only(uri: &Pkcs11Uri, session: &Session) -> Result<ObjectHandle> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(uri.object.as_ref().map(|label| Attribute::Label(label.as_bytes().to_vec())));
    template.extend(uri.id.as_ref().map(|id| Attribute::Id(id.clone())));
    let found = session.find_objects(&template).map_err(|error| fault(uri, &error))?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Failure::new(format!("{uri}: the token has no such signing key"))
            .remedy("`pkcs11-tool --login -O` lists what is in a token")),
        several => Err(Failure::new(format!("{uri}: {} signing keys match", several.len()))
            .remedy("name one by both `object=` and `id=`")),
    }
}

/// The algorithm of a signing key, which must be one that seals.
fn algorithm(uri: &Pkcs11Uri, session: &Session, object: ObjectHandle) -> Result<SealAlgorithm> {
    let wanted = [AttributeType::KeyType, AttributeType::Sign];
    let attributes = session.get_attributes(object, &wanted).map_err(|error| fault(uri, &error))?;
    let kind = attributes.iter().find_map(|attribute| match attribute {
        Attribute::KeyType(kind) => Some(*kind),
        _ => None,
    });
    if attributes.contains(&Attribute::Sign(false)) {
        return Err(Failure::new(format!("{uri}: the token does not let this key sign"))
            .remedy("the key was made without CKA_SIGN; make one that has it"));
    }
    let of = |wanted| -> Result<Option<Attribute>> {
        Ok(session.get_attributes(object, &[wanted]).map_err(|error| fault(uri, &error))?.into_iter().next())
    };
    let algorithm = match kind {
        Some(KeyType::EC_EDWARDS) => match of(AttributeType::EcParams)? {
            Some(Attribute::EcParams(curve)) if EDWARDS25519.contains(&curve.as_slice()) => {
                Some(SealAlgorithm::Ed25519)
            }
            _ => None,
        },
        Some(KeyType::ML_DSA) => match of(AttributeType::ParameterSet)? {
            Some(Attribute::ParameterSet(set)) => {
                SETS.into_iter().find(|(known, _)| ParameterSetType::from(*known) == set).map(|(_, set)| set)
            }
            _ => None,
        },
        _ => None,
    };
    algorithm.ok_or_else(|| {
        let kind = kind.map_or_else(|| "of an unknown kind".to_owned(), |kind| format!("{kind}"));
        Failure::new(format!("{uri}: the key ({kind}) is neither Ed25519 nor ML-DSA"))
            .remedy("a signing identity is one Ed25519 key and one ML-DSA key")
    })
}

/// The verifying key, if the token has the public object beside the signing key.
fn public(
    uri: &Pkcs11Uri,
    session: &Session,
    object: ObjectHandle,
    algorithm: SealAlgorithm,
) -> Result<Option<VerifyingKey>> {
    let named = [AttributeType::Id, AttributeType::Label];
    let mut template = vec![Attribute::Class(ObjectClass::PUBLIC_KEY)];
    let attributes = session.get_attributes(object, &named).map_err(|error| fault(uri, &error))?;
    template.extend(attributes.into_iter().filter(|attribute| match attribute {
        Attribute::Id(bytes) | Attribute::Label(bytes) => !bytes.is_empty(),
        _ => false,
    }));
    let found = session.find_objects(&template).map_err(|error| fault(uri, &error))?;
    let [one] = found.as_slice() else { return Ok(None) };
    let wanted = match algorithm {
        SealAlgorithm::Ed25519 => AttributeType::EcPoint,
        _ => AttributeType::Value,
    };
    let bytes = match session.get_attributes(*one, &[wanted]).map_err(|error| fault(uri, &error))?.into_iter().next() {
        // Some tokens wrap the point as DER, as they do for other curves.
        Some(Attribute::EcPoint(point)) => match point.split_first_chunk::<2>() {
            Some(([0x04, 0x20], inner)) if inner.len() == 32 => inner.to_vec(),
            _ => point,
        },
        Some(Attribute::Value(value)) => value,
        _ => return Ok(None),
    };
    let key = VerifyingKey::from_raw(algorithm, &bytes);
    key.map(Some)
        .map_err(|key| Failure::new(format!("{uri}: the token's public key object is not usable")).because(key))
}

/// CKA_EC_PARAMS of edwards25519: the identifier of RFC 8410, and the name that PKCS#11 3.0 has.
const EDWARDS25519: [&[u8]; 2] = [b"\x06\x03\x2b\x65\x70", b"\x13\x0cedwards25519"];

const SETS: [(MlDsaParameterSetType, SealAlgorithm); 3] = [
    (MlDsaParameterSetType::ML_DSA_44, SealAlgorithm::MlDsa44),
    (MlDsaParameterSetType::ML_DSA_65, SealAlgorithm::MlDsa65),
    (MlDsaParameterSetType::ML_DSA_87, SealAlgorithm::MlDsa87),
];
