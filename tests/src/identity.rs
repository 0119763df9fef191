//! Signing identities from fixed seeds. They sign deterministically, so that what tests make is the same in every run.

use core::fmt;

use ed25519_dalek::Signer as _;
use ml_dsa::{ExpandedSigningKey, MlDsa44, MlDsa65, MlDsa87};
use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{AnchorId, AnchorKey, Digest, SealAlgorithm, SealType, ToBeSigned};
use twinseal_verifier::anchor_id;

/// A signing identity: one key or two.
#[derive(Clone)]
pub struct Identity {
    classical: Option<ed25519_dalek::SigningKey>,
    post_quantum: Option<PostQuantumKey>,
}

#[derive(Clone)]
enum PostQuantumKey {
    MlDsa44(Box<ExpandedSigningKey<MlDsa44>>),
    MlDsa65(Box<ExpandedSigningKey<MlDsa65>>),
    MlDsa87(Box<ExpandedSigningKey<MlDsa87>>),
}

impl Identity {
    /// Both halves from one seed byte.
    pub fn hybrid(post_quantum: SealAlgorithm, seed: u8) -> Self {
        Self {
            classical: Self::classical(seed).classical,
            post_quantum: Self::post_quantum(post_quantum, seed).post_quantum,
        }
    }

    /// An Ed25519 key alone.
    pub fn classical(seed: u8) -> Self {
        Self { classical: Some(ed25519_dalek::SigningKey::from_bytes(&[seed; 32])), post_quantum: None }
    }

    /// An ML-DSA key alone.
    pub fn post_quantum(algorithm: SealAlgorithm, seed: u8) -> Self {
        let xi = ml_dsa::Seed::from([seed; 32]);
        let key = match algorithm {
            SealAlgorithm::MlDsa44 => PostQuantumKey::MlDsa44(Box::new(ExpandedSigningKey::from_seed(&xi))),
            SealAlgorithm::MlDsa65 => PostQuantumKey::MlDsa65(Box::new(ExpandedSigningKey::from_seed(&xi))),
            SealAlgorithm::MlDsa87 => PostQuantumKey::MlDsa87(Box::new(ExpandedSigningKey::from_seed(&xi))),
            other => panic!("{other} is not post-quantum"),
        };
        Self { classical: None, post_quantum: Some(key) }
    }

    /// The classical half of one identity with the post-quantum half of another.
    pub fn crossed(classical: &Self, post_quantum: &Self) -> Self {
        Self { classical: classical.classical.clone(), post_quantum: post_quantum.post_quantum.clone() }
    }

    /// The verifying keys, the classical one first.
    pub fn keys(&self) -> Vec<(SealAlgorithm, Vec<u8>)> {
        let classical =
            self.classical.iter().map(|key| (SealAlgorithm::Ed25519, key.verifying_key().to_bytes().to_vec()));
        let post_quantum = self.post_quantum.iter().map(|key| match key {
            PostQuantumKey::MlDsa44(key) => (SealAlgorithm::MlDsa44, key.verifying_key().encode().to_vec()),
            PostQuantumKey::MlDsa65(key) => (SealAlgorithm::MlDsa65, key.verifying_key().encode().to_vec()),
            PostQuantumKey::MlDsa87(key) => (SealAlgorithm::MlDsa87, key.verifying_key().encode().to_vec()),
        });
        classical.chain(post_quantum).collect()
    }

    pub fn anchor_id(&self) -> AnchorId {
        anchor_id_of(&self.keys())
    }

    /// A signature by the half of that algorithm, over any bytes, with any ML-DSA context.
    pub fn sign(&self, algorithm: SealAlgorithm, message: &[u8], context: &[u8]) -> Vec<u8> {
        let fits = "a context has at most 255 bytes";
        match (algorithm, &self.classical, &self.post_quantum) {
            (SealAlgorithm::Ed25519, Some(key), _) => key.sign(message).to_bytes().to_vec(),
            (SealAlgorithm::MlDsa44, _, Some(PostQuantumKey::MlDsa44(key))) => {
                key.sign_deterministic(message, context).expect(fits).encode().to_vec()
            }
            (SealAlgorithm::MlDsa65, _, Some(PostQuantumKey::MlDsa65(key))) => {
                key.sign_deterministic(message, context).expect(fits).encode().to_vec()
            }
            (SealAlgorithm::MlDsa87, _, Some(PostQuantumKey::MlDsa87(key))) => {
                key.sign_deterministic(message, context).expect(fits).encode().to_vec()
            }
            _ => panic!("this identity has no {algorithm} key"),
        }
    }

    /// One half's seal over a digest, naming any anchor.
    pub fn half(&self, algorithm: SealAlgorithm, anchor: AnchorId, seal_type: SealType, digest: &Digest) -> NewSeal {
        let protected = encode::protected_header(algorithm.cose(), anchor, seal_type);
        let message = ToBeSigned::new(&protected, &encode::digest(digest)).expect("both are short");
        NewSeal { anchor, cose_algorithm: algorithm.cose(), signature: self.sign(algorithm, message.as_bytes(), &[]) }
    }

    /// Every half's seal over a digest.
    pub fn seals(&self, seal_type: SealType, digest: &Digest) -> Vec<NewSeal> {
        let anchor = self.anchor_id();
        self.keys().iter().map(|(algorithm, _)| self.half(*algorithm, anchor, seal_type, digest)).collect()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.anchor_id())
    }
}

/// The anchor id of an identity with these keys.
pub fn anchor_id_of(keys: &[(SealAlgorithm, Vec<u8>)]) -> AnchorId {
    anchor_id(keys.iter().map(|(algorithm, bytes)| AnchorKey { algorithm: *algorithm, bytes }))
        .expect("an identity has one key or two")
}
