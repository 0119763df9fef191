//! Everybody who can verify: each as a function from raw bytes to a verdict.

use ed25519_dalek::Signer as _;
use fips204::traits::{SerDes as _, Verifier as _};
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, Keypair as _, MlDsaParams, Signature, SigningKey, VerifyingKey};
use twinseal_formats::SealAlgorithm;
use twinseal_verifier::{Ed25519, MlDsa44, MlDsa65, MlDsa87, SealVerifier};

/// A key, a message as long as to-be-signed bytes are, and a valid signature.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) key: Vec<u8>,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

impl Sample {
    pub(crate) fn new(algorithm: SealAlgorithm) -> Self {
        let message = vec![0x5a; MESSAGE];
        let (key, signature) = match algorithm {
            SealAlgorithm::Ed25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
                (key.verifying_key().to_bytes().to_vec(), key.sign(&message).to_bytes().to_vec())
            }
            SealAlgorithm::MlDsa44 => signed::<ml_dsa::MlDsa44>(&message),
            SealAlgorithm::MlDsa65 => signed::<ml_dsa::MlDsa65>(&message),
            _ => signed::<ml_dsa::MlDsa87>(&message),
        };
        Self { key, message, signature }
    }

    /// The signature with one bit flipped, where every verifier has to compute to see it.
    pub(crate) fn flipped(&self) -> Vec<u8> {
        let mut signature = self.signature.clone();
        if let Some(first) = signature.first_mut() {
            *first ^= 1;
        }
        signature
    }
}

fn signed<P: MlDsaParams>(message: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let key = Box::new(SigningKey::<P>::from_seed(&[9; 32].into()));
    let signature = key.expanded_key().sign_deterministic(message, &[]).expect("the context is empty");
    (key.verifying_key().encode().to_vec(), signature.encode().to_vec())
}

/// One implementation.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) verify: fn(&[u8], &[u8], &[u8]) -> bool,
    /// For who does not implement the standard: a key and signature of its own making.
    pub(crate) own_sample: fn() -> Option<Sample>,
}

const fn peer(name: &'static str, verify: fn(&[u8], &[u8], &[u8]) -> bool) -> Peer {
    Peer { name, verify, own_sample: || None }
}

macro_rules! ml_dsa_peers {
    ($ours:ident, $fips204:ident, $libcrux:ident, $libcrux_key:ident, $libcrux_signature:ident, $aws:ident, $pqclean:ident, $dilithium:ident) => {
        vec![
            peer("twinseal", |key, message, signature| $ours.verify(key, message, signature).is_ok()),
            peer("ml-dsa", |key, message, signature| crate_ml_dsa::<ml_dsa::$ours>(key, message, signature)),
            peer("fips204", |key, message, signature| {
                let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
                fips204::$fips204::PublicKey::try_from_bytes(key).is_ok_and(|key| key.verify(message, &signature, &[]))
            }),
            peer("libcrux-ml-dsa", |key, message, signature| {
                use libcrux_ml_dsa::$libcrux::{verify, $libcrux_key, $libcrux_signature};
                let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
                verify(&$libcrux_key::new(key), message, &[], &$libcrux_signature::new(signature)).is_ok()
            }),
            #[cfg(feature = "c-peers")]
            peer("aws-lc-rs", |key, message, signature| {
                aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::$aws, key)
                    .verify(message, signature)
                    .is_ok()
            }),
            #[cfg(feature = "c-peers")]
            peer("pqcrypto-mldsa", |key, message, signature| {
                use pqcrypto_mldsa::$pqclean::{DetachedSignature, PublicKey, verify_detached_signature};
                use pqcrypto_traits::sign::{DetachedSignature as _, PublicKey as _};
                let (Ok(key), Ok(signature)) = (PublicKey::from_bytes(key), DetachedSignature::from_bytes(signature))
                else {
                    return false;
                };
                verify_detached_signature(&signature, message, &key).is_ok()
            }),
            // Not FIPS 204 but a draft of it (ADR 1): timed over a signature of its own.
            #[cfg(feature = "c-peers")]
            Peer {
                name: "pqcrypto-dilithium (draft)",
                verify: |key, message, signature| {
                    use pqcrypto_dilithium::$dilithium::{DetachedSignature, PublicKey, verify_detached_signature};
                    use pqcrypto_traits::sign::{DetachedSignature as _, PublicKey as _};
                    let (Ok(key), Ok(signature)) =
                        (PublicKey::from_bytes(key), DetachedSignature::from_bytes(signature))
                    else {
                        return false;
                    };
                    verify_detached_signature(&signature, message, &key).is_ok()
                },
                own_sample: || {
                    use pqcrypto_dilithium::$dilithium::{detached_sign, keypair};
                    use pqcrypto_traits::sign::{DetachedSignature as _, PublicKey as _};
                    let (public, secret) = keypair();
                    let message = vec![0x5a; MESSAGE];
                    let signature = detached_sign(&message, &secret).as_bytes().to_vec();
                    Some(Sample { key: public.as_bytes().to_vec(), message, signature })
                },
            },
        ]
    };
}

/// Who verifies ML-DSA.
pub(crate) fn ml_dsa(set: SealAlgorithm) -> Vec<Peer> {
    match set {
        SealAlgorithm::MlDsa44 => ml_dsa_peers!(
            MlDsa44,
            ml_dsa_44,
            ml_dsa_44,
            MLDSA44VerificationKey,
            MLDSA44Signature,
            ML_DSA_44,
            mldsa44,
            dilithium2
        ),
        SealAlgorithm::MlDsa65 => ml_dsa_peers!(
            MlDsa65,
            ml_dsa_65,
            ml_dsa_65,
            MLDSA65VerificationKey,
            MLDSA65Signature,
            ML_DSA_65,
            mldsa65,
            dilithium3
        ),
        _ => ml_dsa_peers!(
            MlDsa87,
            ml_dsa_87,
            ml_dsa_87,
            MLDSA87VerificationKey,
            MLDSA87Signature,
            ML_DSA_87,
            mldsa87,
            dilithium5
        ),
    }
}

fn crate_ml_dsa<P: MlDsaParams>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) =
        (<&EncodedVerifyingKey<P>>::try_from(key), <&EncodedSignature<P>>::try_from(signature))
    else {
        return false;
    };
    Signature::<P>::decode(signature)
        .is_some_and(|signature| VerifyingKey::<P>::decode(key).verify_with_context(message, &[], &signature))
}

/// Who verifies Ed25519.
pub(crate) fn ed25519() -> Vec<Peer> {
    vec![
        peer("twinseal", |key, message, signature| Ed25519.verify(key, message, signature).is_ok()),
        peer("ring", |key, message, signature| {
            ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, key).verify(message, signature).is_ok()
        }),
        #[cfg(feature = "c-peers")]
        peer("aws-lc-rs", |key, message, signature| {
            aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, key)
                .verify(message, signature)
                .is_ok()
        }),
    ]
}

/// As long as the to-be-signed bytes of a seal with SHA-384.
const MESSAGE: usize = 160;
