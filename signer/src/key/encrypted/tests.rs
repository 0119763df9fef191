use std::time::Instant;

use pkcs8::pkcs5::pbes2::{Pbkdf2Params, ScryptParams};
use twinseal_formats::SealAlgorithm;

use super::super::{SigningKey, pem};
use super::*;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes().to_vec())
}

fn key() -> SigningKey {
    SigningKey::generate(SealAlgorithm::MlDsa44).unwrap()
}

/// An encrypted key with a key derivation of its own.
fn with_kdf(kdf: Kdf, data: &[u8]) -> String {
    let parameters = Parameters { kdf, encryption: Cipher::Aes256Cbc { iv: [7; 16] } };
    let info = EncryptedPrivateKeyInfo {
        encryption_algorithm: EncryptionScheme::Pbes2(parameters),
        encrypted_data: OctetStringRef::new(data).unwrap(),
    };
    pem::encode(&info.to_der().unwrap(), LABEL).unwrap().to_string()
}

fn scrypt(cost_parameter: u64, block_size: u16, parallelization: u16) -> Kdf {
    let salt = [1; 16][..].try_into().unwrap();
    Kdf::Scrypt(ScryptParams { salt, cost_parameter, block_size, parallelization, key_length: None })
}

fn pbkdf2(iteration_count: u32) -> Kdf {
    let salt = [1; 16][..].try_into().unwrap();
    Kdf::Pbkdf2(Pbkdf2Params { salt, iteration_count, key_length: None, prf: Pbkdf2Prf::HmacWithSha256 })
}

#[test]
fn an_encrypted_key_comes_back_under_its_passphrase_only() {
    let key = key();
    let text = key.to_encrypted_pem(&passphrase("open sesame")).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    let back = SigningKey::from_encrypted_pem(text.as_bytes(), &passphrase("open sesame")).unwrap();
    assert_eq!(back.verifying_key(), key.verifying_key());
    assert_eq!(back.to_pem().unwrap(), key.to_pem().unwrap());
    assert_eq!(SigningKey::from_pem(text.as_bytes()).unwrap_err(), KeyFault::Encrypted);
    for wrong in ["open sesam", "open sesame ", "Open sesame", "", "x"] {
        let fault = SigningKey::from_encrypted_pem(text.as_bytes(), &passphrase(wrong)).unwrap_err();
        assert_eq!(fault, KeyFault::Passphrase, "{wrong:?}");
    }
}

#[test]
fn wrong_passphrases_are_told_even_where_the_padding_comes_out_right() {
    // Cheap to derive, so that the one in 256 is met.
    let key = key();
    let parameters = Parameters { kdf: pbkdf2(1), encryption: Cipher::Aes256Cbc { iv: [7; 16] } };
    let data = parameters.encrypt("right", &key.to_der().unwrap()).unwrap();
    let text = with_kdf(pbkdf2(1), &data);
    SigningKey::from_encrypted_pem(text.as_bytes(), &passphrase("right")).unwrap();
    let mut padded = 0;
    for n in 0..2000 {
        let wrong = passphrase(&format!("wrong {n}"));
        padded += usize::from(parameters.decrypt(wrong.as_bytes(), &data).is_ok());
        let fault = SigningKey::from_encrypted_pem(text.as_bytes(), &wrong).unwrap_err();
        assert_eq!(fault, KeyFault::Passphrase, "{n}");
    }
    println!("encrypted keys: 2000 wrong passphrases told, {padded} of them with right padding");
    assert!(padded > 0);
}

#[test]
fn a_damaged_file_is_refused() {
    let parameters = Parameters { kdf: pbkdf2(1), encryption: Cipher::Aes256Cbc { iv: [7; 16] } };
    let key = key();
    let data = parameters.encrypt("right", &key.to_der().unwrap()).unwrap();
    let der = pem::decode(with_kdf(pbkdf2(1), &data).as_bytes(), LABEL).unwrap();
    let mut refused = 0;
    for bit in 0..der.len() * 8 {
        let mut changed = der.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        let text = pem::encode(&changed, LABEL).unwrap();
        match SigningKey::from_encrypted_pem(text.as_bytes(), &passphrase("right")) {
            // Nothing protects the seed inside: what comes out is another key, which the verifying key beside the file tells.
            Ok(other) => assert_ne!(other.verifying_key(), key.verifying_key(), "bit {bit}"),
            Err(_) => refused += 1,
        }
    }
    println!("encrypted keys: {refused} of {} flipped bits refused, the rest another key", der.len() * 8);
    assert!(refused > der.len() * 4);
}

#[test]
fn what_costs_too_much_is_refused_before_it_is_paid() {
    let started = Instant::now();
    let refused = [
        scrypt(1 << 40, 8, 1),
        scrypt(u64::MAX / 2 + 1, u16::MAX, u16::MAX),
        scrypt(1 << 19, 8, 1),
        scrypt(1 << 14, 1024, 1),
        scrypt(1 << 14, 8, u16::MAX),
        scrypt(1 << 17, 16, 9),
        scrypt(0, 8, 1),
        scrypt(1, 8, 1),
        scrypt((1 << 14) + 1, 8, 1),
        scrypt(1 << 14, 0, 1),
        scrypt(1 << 14, 8, 0),
        pbkdf2(u32::MAX),
        pbkdf2(10_000_001),
        pbkdf2(0),
    ];
    for kdf in &refused {
        let text = with_kdf(kdf.clone(), &[0; 64]);
        let fault = SigningKey::from_encrypted_pem(text.as_bytes(), &passphrase("x")).unwrap_err();
        assert!(matches!(fault, KeyFault::Protection(_) | KeyFault::Der(_)), "{kdf:?}: {fault}");
    }
    println!("encrypted keys: {} costs refused", refused.len());
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn what_is_weak_is_told() {
    let told = |kdf| {
        let text = with_kdf(kdf, &[0; 64]);
        protection(&pem::decode(text.as_bytes(), LABEL).unwrap()).unwrap()
    };
    assert_eq!(told(scrypt(1 << 14, 8, 5)).to_string(), "scrypt (N = 16384, r = 8, p = 5), AES-256-CBC");
    assert_eq!(told(scrypt(1 << 14, 8, 1)).weakness(), None);
    assert!(told(scrypt(1 << 10, 8, 1)).weakness().is_some());
    assert_eq!(told(pbkdf2(600_000)).weakness(), None);
    assert!(told(pbkdf2(2048)).weakness().is_some());
}
