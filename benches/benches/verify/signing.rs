//! Both halves of a seal, signed: what the tool does in this process, and other pairs of libraries.

use ed25519_dalek::Signer as _;
use ml_dsa::SigningKey;
use twinseal::identity::SigningIdentity;
use twinseal_formats::SealAlgorithm;

use crate::rounds::{Group, Timing};

/// How long ML-DSA takes to sign depends on message and chance, so each call has a message of its own.
struct Messages(u64);

impl Messages {
    fn next(&mut self) -> [u8; MESSAGE] {
        self.0 = self.0.wrapping_add(1);
        let mut message = [0x5a; MESSAGE];
        if let Some(place) = message.first_chunk_mut() {
            *place = self.0.to_le_bytes();
        }
        message
    }
}

pub(crate) fn signing(timing: &mut Timing) {
    let identity = SigningIdentity::generate(SealAlgorithm::MlDsa65).expect("the system has random numbers");
    let mut group = Group::new("signing, hybrid 65");
    let mut messages = Messages(0);
    group.add("twinseal", move || {
        let message = messages.next();
        identity.keys().map(|key| key.sign(&message).expect("a key of this process signs"))
    });

    let classical = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let post_quantum = Box::new(SigningKey::<ml_dsa::MlDsa65>::from_seed(&[9; 32].into()));
    let mut messages = Messages(0);
    group.add("ed25519-dalek and ml-dsa", move || {
        let message = messages.next();
        let second = post_quantum.expanded_key().sign_deterministic(&message, &[]).expect("the context is empty");
        (classical.sign(&message), second.encode())
    });

    let classical = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed of 32 bytes");
    let (_, post_quantum) = {
        use fips204::traits::KeyGen as _;
        fips204::ml_dsa_65::KG::keygen_from_seed(&[9; 32])
    };
    let mut messages = Messages(0);
    group.add("ring and fips204", move || {
        use fips204::traits::Signer as _;
        let message = messages.next();
        let second = post_quantum.try_sign_with_seed(&[0; 32], &message, &[]).expect("the context is empty");
        (classical.sign(&message), second)
    });
    timing.run(group);
}

/// As long as the to-be-signed bytes of a seal with SHA-384.
const MESSAGE: usize = 160;
