//! A device that has SHA-256 alone: what it must say of stronger digests. `cargo test -p twinseal-verifier --features sha256`.
#![cfg(all(feature = "sha256", not(feature = "sha512")))]
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use twinseal_formats::encode::{self, NewAnchor, NewSeal, NewTrustStore};
use twinseal_formats::{
    AnchorKey, ClassId, Digest, DigestAlgorithm, Requirement, Role, SealAlgorithm, TrustEpoch, VendorId,
};
use twinseal_verifier::{BadSeal, Envelope, Error, SealVerifier, TrustStore, Verifier, WeakKey, anchor_id};

/// Accepts every seal: so that only the digest can be the reason for a refusal.
#[derive(Debug)]
struct Anything(SealAlgorithm);

impl SealVerifier for Anything {
    fn algorithm(&self) -> SealAlgorithm {
        self.0
    }

    fn examine_key(&self, _: &[u8]) -> Result<(), WeakKey> {
        Ok(())
    }

    fn verify(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), BadSeal> {
        Ok(())
    }
}

const ALGORITHMS: [&dyn SealVerifier; 2] = [&Anything(SealAlgorithm::Ed25519), &Anything(SealAlgorithm::MlDsa44)];
const KEYS: [AnchorKey<'_>; 2] = [
    AnchorKey { algorithm: SealAlgorithm::Ed25519, bytes: &[1; 32] },
    AnchorKey { algorithm: SealAlgorithm::MlDsa44, bytes: &[2; 1312] },
];

fn store(minimum_digest: DigestAlgorithm) -> Vec<u8> {
    let anchor = NewAnchor {
        id: anchor_id(KEYS).unwrap(),
        role: Role::Release,
        label: "release",
        keys: KEYS.iter().map(|key| (key.algorithm, key.bytes)).collect(),
    };
    let store = NewTrustStore {
        epoch: TrustEpoch(0),
        vendor: VendorId([0x11; 16]),
        classes: vec![ClassId([0x22; 16])],
        minimum_digest,
        requirements: vec![Requirement { role: Role::Release, threshold: 1 }],
        anchors: vec![anchor],
        single_class: false,
    };
    store.encode().unwrap()
}

/// What a device with that minimum says to an envelope whose digest is of that algorithm.
fn judged(minimum: DigestAlgorithm, offered: DigestAlgorithm) -> Error {
    let seals = KEYS.map(|key| NewSeal {
        anchor: anchor_id(KEYS).unwrap(),
        cose_algorithm: key.algorithm.cose(),
        signature: vec![3; key.algorithm.signature_size()],
    });
    let digest = Digest::new(offered, &vec![0; offered.size()]).unwrap();
    let envelope = encode::envelope(2, &digest, &seals, b"manifest").unwrap();
    let store = store(minimum);
    let verifier = match Verifier::new(TrustStore::parse(&store).unwrap(), &ALGORITHMS) {
        Ok(verifier) => verifier,
        Err(error) => return error.into(),
    };
    verifier.authenticate(&Envelope::parse(&envelope).unwrap()).unwrap_err()
}

#[test]
fn a_digest_that_is_not_compiled_in_is_refused_as_such() {
    for offered in [DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        assert_eq!(judged(DigestAlgorithm::Sha256, offered).code().number(), 0x0401, "{offered}");
    }
    // With the digest that is there, the next rule decides: the digest is not that of the manifest.
    assert_eq!(judged(DigestAlgorithm::Sha256, DigestAlgorithm::Sha256).code().number(), 0x0403);
}

#[test]
fn a_store_whose_every_digest_is_missing_is_a_configuration_error() {
    for minimum in [DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        assert_eq!(judged(minimum, DigestAlgorithm::Sha512).code().number(), 0x070d, "{minimum}");
    }
}
