//! The names of keys: COSE Key thumbprints (RFC 9679) and anchor ids.

use core::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use twinseal_formats::{AlgorithmClass, SealAlgorithm};

use super::VerifyingKey;
use crate::hex::Hex;

/// The name of a signing identity: SHA-256 over the sorted thumbprints of its keys.
///
/// The digest is taken over the deterministic CBOR array of the thumbprints as byte strings. It stands in the protected header of
/// every seal, so each half of a hybrid commits to the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnchorId(pub [u8; 32]);

impl AnchorId {
    /// The anchor id of a set of keys; their order does not matter.
    #[must_use]
    pub fn of<'k>(keys: impl IntoIterator<Item = &'k VerifyingKey>) -> Self {
        let mut thumbprints: Vec<[u8; 32]> =
            keys.into_iter().map(VerifyingKey::thumbprint).collect();
        thumbprints.sort_unstable();
        let mut array = Vec::new();
        head(&mut array, ARRAY, thumbprints.len());
        for thumbprint in &thumbprints {
            bytes(&mut array, thumbprint);
        }
        Self(Sha256::digest(&array).into())
    }
}

impl fmt::Display for AnchorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl Serialize for AnchorId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Hex(&self.0).serialize(serializer)
    }
}

impl VerifyingKey {
    /// The SHA-256 thumbprint (RFC 9679): over the deterministic CBOR of the COSE_Key with its required parameters only.
    ///
    /// These are `{1: 1, -1: 6, -2: x}` for Ed25519 (RFC 9679 section 4.1, OKP) and `{1: 7, 3: alg, -1: pub}` for ML-DSA
    /// (RFC 9964, AKP).
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        let mut key = Vec::new();
        head(&mut key, MAP, 3);
        match self.algorithm().class() {
            AlgorithmClass::Classical => {
                key.extend([KTY, OKP, LABEL_MINUS_1, ED25519, LABEL_MINUS_2]);
            }
            // AKP is the key type for whatever is told apart by its algorithm alone.
            _ => {
                key.extend([KTY, AKP, ALG]);
                negative(&mut key, self.algorithm());
                key.push(LABEL_MINUS_1);
            }
        }
        bytes(&mut key, self.as_bytes());
        Sha256::digest(&key).into()
    }
}

fn bytes(out: &mut Vec<u8>, content: &[u8]) {
    head(out, BYTES, content.len());
    out.extend_from_slice(content);
}

/// A COSE algorithm number; those of seals are all negative: n is encoded as -1 - n.
fn negative(out: &mut Vec<u8>, algorithm: SealAlgorithm) {
    head(
        out,
        NEGATIVE,
        usize::try_from(!algorithm.cose()).unwrap_or_default(),
    );
}

/// The shortest head of a CBOR item (RFC 8949 section 4.2.1). No item here is longer than 65535.
fn head(out: &mut Vec<u8>, major: u8, value: usize) {
    let [.., high, low] = value.to_be_bytes();
    match (high, low) {
        (0, 0..=23) => out.push(major | low),
        (0, _) => out.extend([major | 24, low]),
        _ => out.extend([major | 25, high, low]),
    }
}

const NEGATIVE: u8 = 1 << 5;
const BYTES: u8 = 2 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;

const KTY: u8 = 0x01;
const ALG: u8 = 0x03;
const LABEL_MINUS_1: u8 = 0x20;
const LABEL_MINUS_2: u8 = 0x21;
const OKP: u8 = 0x01;
const AKP: u8 = 0x07;
const ED25519: u8 = 0x06;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn heads_are_the_shortest() {
        for (value, expected) in [
            (0, vec![0x40]),
            (23, vec![0x57]),
            (24, vec![0x58, 24]),
            (255, vec![0x58, 255]),
            (256, vec![0x59, 1, 0]),
            (65535, vec![0x59, 255, 255]),
        ] {
            let mut out = Vec::new();
            head(&mut out, BYTES, value);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn the_order_of_the_keys_does_not_matter_and_each_key_does() {
        let key = |algorithm: SealAlgorithm, fill| {
            VerifyingKey::from_raw(algorithm, &vec![fill; algorithm.key_size()]).unwrap()
        };
        let (a, b, c) = (
            key(SealAlgorithm::Ed25519, 1),
            key(SealAlgorithm::MlDsa65, 2),
            key(SealAlgorithm::MlDsa65, 3),
        );
        assert_eq!(AnchorId::of([&a, &b]), AnchorId::of([&b, &a]));
        assert_ne!(AnchorId::of([&a, &b]), AnchorId::of([&a, &c]));
        assert_ne!(AnchorId::of([&a, &b]), AnchorId::of([&a]));
    }

    #[test]
    fn the_bytes_are_those_of_an_independent_encoder() {
        // Python: hashlib over the CBOR written out by hand, for keys of 0x01 and 0x02 bytes.
        let ed25519 = VerifyingKey::from_raw(SealAlgorithm::Ed25519, &[1; 32]).unwrap();
        let ml_dsa_65 = VerifyingKey::from_raw(SealAlgorithm::MlDsa65, &[2; 1952]).unwrap();
        assert_eq!(
            Hex(&ed25519.thumbprint()).to_string(),
            "2dd57f88afac8dcb8c5d4749826edb3cde6491dccedf3e61f6a1bdcb375ae22b"
        );
        assert_eq!(
            Hex(&ml_dsa_65.thumbprint()).to_string(),
            "c8e1d26ff7c7d6606ea610c5ca84fd2b27ba3a7e946b4a965ae0c4ea30827459"
        );
        assert_eq!(
            AnchorId::of([&ed25519, &ml_dsa_65]).to_string(),
            "2a57638e1cfc13482ec9be69d6f26c0b62c10490ae07fc8743f8bc443393d1f2"
        );
    }

    #[test]
    fn the_key_ids_of_the_examples_of_rfc_9964_are_thumbprints() {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/cose-rfc9964");
        let Ok(entries) = fs::read_dir(folder) else {
            println!("skipped: needs ../shared/vectors");
            return;
        };
        let mut cases = 0;
        for path in entries.map(|entry| entry.unwrap().path()) {
            let example: serde_json::Value =
                serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let unhex = |text: &str| -> Vec<u8> {
                (0..text.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
                    .collect()
            };
            let raw = unhex(example["raw_public_key"].as_str().unwrap());
            let cose = unhex(example["key"].as_str().unwrap());
            let algorithm = SealAlgorithm::ALL
                .into_iter()
                .find(|known| known.key_size() == raw.len())
                .unwrap();
            let key = VerifyingKey::from_raw(algorithm, &raw).unwrap();
            // {2: h'<32 bytes>', ...}
            assert_eq!(cose[..4], [0xa5, 0x02, 0x58, 0x20]);
            assert_eq!(cose[4..36], key.thumbprint());
            cases += 1;
        }
        println!("{cases} cases");
        assert_eq!(cases, 3);
    }
}
