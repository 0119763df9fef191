//! Keys that builders sign provenance with.

use std::path::Path;

use pkcs8::der::Decode as _;
use pkcs8::spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey};

use crate::error::{Failure, Result, name};
use crate::input;
use crate::key::pem_public_key;

/// The public key of a builder: Ed25519, or ECDSA on P-256 with SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuilderKey {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Ed25519,
    EcdsaP256,
}

impl BuilderKey {
    /// Reads a file of one `PUBLIC KEY` block.
    ///
    /// # Errors
    ///
    /// It can't be read, or holds another kind of key.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = input::read(path, LONGEST)?;
        Self::from_pem(&bytes)
            .map_err(|failure| Failure::new(format!("{}: no builder key", name(path))).because(failure))
    }

    /// Reads one `PUBLIC KEY` block.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn from_pem(file: &[u8]) -> Result<Self> {
        let der = pem_public_key(file).map_err(|fault| Failure::new("it is no public key in PEM").because(fault))?;
        let info = SubjectPublicKeyInfoRef::from_der(&der)
            .map_err(|error| Failure::new("it is no SubjectPublicKeyInfo").because(error.to_string()))?;
        let curve = info.algorithm.parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        let bytes = info.subject_public_key.as_bytes().unwrap_or_default().to_vec();
        let (algorithm, size) = match (info.algorithm.oid, curve) {
            (ID_ED25519, None) => (Algorithm::Ed25519, 32),
            (ID_EC, Some(P256)) => (Algorithm::EcdsaP256, 65),
            _ => {
                return Err(Failure::new("it is neither an Ed25519 key nor an ECDSA key on P-256"));
            }
        };
        if bytes.len() != size {
            return Err(Failure::new(format!("the key has {} bytes instead of {size}", bytes.len())));
        }
        Ok(Self { algorithm, bytes })
    }

    /// The Ed25519 key of these bytes.
    #[must_use]
    pub fn ed25519(bytes: &[u8; 32]) -> Self {
        Self { algorithm: Algorithm::Ed25519, bytes: bytes.to_vec() }
    }

    /// `ed25519` or `ecdsa-p256`.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Ed25519 => "ed25519",
            Algorithm::EcdsaP256 => "ecdsa-p256",
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.bytes).verify(message, signature).is_ok(),
            Algorithm::EcdsaP256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.bytes).verify(message, signature).is_ok()
            }
        }
    }
}

const ID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ID_EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// Far above what one key needs.
const LONGEST: u64 = 16 << 10;
