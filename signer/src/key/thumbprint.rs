//! The names of keys: COSE Key thumbprints (RFC 9679).

use twinseal_formats::AnchorKey;

use super::VerifyingKey;

impl VerifyingKey {
    /// The key as trust stores hold it.
    #[must_use]
    pub fn as_anchor_key(&self) -> AnchorKey<'_> {
        AnchorKey { algorithm: self.algorithm(), bytes: self.as_bytes() }
    }

    /// The SHA-256 thumbprint (RFC 9679): over the deterministic CBOR of the COSE_Key with its required parameters only.
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        twinseal_verifier::thumbprint(&self.as_anchor_key())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use twinseal_formats::{AnchorId, SealAlgorithm};

    use super::*;
    use crate::hex::Hex;

    fn anchor_id(keys: &[&VerifyingKey]) -> AnchorId {
        twinseal_verifier::anchor_id(keys.iter().map(|key| key.as_anchor_key())).unwrap()
    }

    #[test]
    fn the_order_of_the_keys_does_not_matter_and_each_key_does() {
        let key = |algorithm: SealAlgorithm, fill| {
            VerifyingKey::from_raw(algorithm, &vec![fill; algorithm.key_size()]).unwrap()
        };
        let (a, b, c) =
            (key(SealAlgorithm::Ed25519, 1), key(SealAlgorithm::MlDsa65, 2), key(SealAlgorithm::MlDsa65, 3));
        assert_eq!(anchor_id(&[&a, &b]), anchor_id(&[&b, &a]));
        assert_ne!(anchor_id(&[&a, &b]), anchor_id(&[&a, &c]));
        assert_ne!(anchor_id(&[&a, &b]), anchor_id(&[&a]));
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
            anchor_id(&[&ed25519, &ml_dsa_65]).to_string(),
            "2a57638e1cfc13482ec9be69d6f26c0b62c10490ae07fc8743f8bc443393d1f2"
        );
    }

    #[test]
    fn the_key_ids_of_the_examples_of_rfc_9964_are_thumbprints() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/cose-rfc9964");
        let Ok(entries) = fs::read_dir(folder) else {
            println!("skipped: needs ../shared/vectors");
            return;
        };
        let mut cases = 0;
        for path in entries.map(|entry| entry.unwrap().path()) {
            let example: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let unhex = |text: &str| -> Vec<u8> {
                (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
            };
            let raw = unhex(example["raw_public_key"].as_str().unwrap());
            let cose = unhex(example["key"].as_str().unwrap());
            let algorithm = SealAlgorithm::ALL.into_iter().find(|known| known.key_size() == raw.len()).unwrap();
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
