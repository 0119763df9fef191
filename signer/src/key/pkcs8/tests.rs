use ml_dsa::signature::Verifier as _;

use super::super::Signer as _;
use super::*;

mod consistency;

const SETS: [SealAlgorithm; 3] = [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87];

fn key(algorithm: SealAlgorithm) -> SigningKey {
    SigningKey::from_seed(algorithm, Seed::new([0x42; 32])).unwrap()
}

/// A DER element, written by hand so that the tests share no code with what they test.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let mut out = match (high, low) {
        (0, 0..=127) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    out.extend_from_slice(content);
    out
}

fn identifier(algorithm: SealAlgorithm, parameters: &[u8]) -> Vec<u8> {
    let oid: &[u8] = match algorithm {
        SealAlgorithm::MlDsa44 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11],
        SealAlgorithm::MlDsa65 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12],
        SealAlgorithm::MlDsa87 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13],
        _ => &[0x2b, 0x65, 0x70],
    };
    tlv(0x30, &[&tlv(0x06, oid), parameters].concat())
}

/// A version 1 key around the content of its private key.
fn wrapped(algorithm: SealAlgorithm, inner: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&[2, 1, 0], identifier(algorithm, &[]).as_slice(), &tlv(0x04, inner)].concat())
}

fn seed_form(seed: &[u8]) -> Vec<u8> {
    tlv(0x80, seed)
}

fn both_form(seed: &[u8], expanded: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(0x04, seed), tlv(0x04, expanded)].concat())
}

fn from_expanded(algorithm: SealAlgorithm, bytes: &[u8]) -> Result<SigningKey, KeyFault> {
    read(&wrapped(algorithm, &tlv(0x04, bytes)))
}

#[test]
fn all_three_forms_of_every_set_give_the_same_key() {
    for set in SETS {
        let made = key(set);
        let expanded = made.expanded().unwrap();
        for inner in [seed_form(&[0x42; 32]), tlv(0x04, &expanded), both_form(&[0x42; 32], &expanded)] {
            let back = read(&wrapped(set, &inner)).unwrap();
            assert_eq!(back.verifying_key(), made.verifying_key());
            assert_eq!(*back.expanded().unwrap(), *expanded);
            assert_eq!(back.sign(b"m").unwrap().len(), set.signature_size());
        }
    }
}

#[test]
fn a_key_in_expanded_form_only_signs_and_is_not_written() {
    let set = SealAlgorithm::MlDsa65;
    let back = from_expanded(set, &key(set).expanded().unwrap()).unwrap();
    let verifying =
        ml_dsa::VerifyingKey::<ml_dsa::MlDsa65>::decode(&back.verifying_key().as_bytes().try_into().unwrap());
    verifying.verify(b"m", &back.sign(b"m").unwrap().as_slice().try_into().unwrap()).unwrap();
    assert!(back.to_pem().unwrap_err().to_string().contains("its seed is not known"));
}

#[test]
fn what_is_written_is_the_seed_form() {
    for set in SETS {
        assert_eq!(*write(set, &Seed::new([7; 32])).unwrap(), wrapped(set, &seed_form(&[7; 32])));
    }
    let ed25519 = SealAlgorithm::Ed25519;
    assert_eq!(*write(ed25519, &Seed::new([7; 32])).unwrap(), wrapped(ed25519, &tlv(0x04, &[7; 32])));
}

#[test]
fn wrong_lengths_are_refused() {
    for set in SETS {
        for found in [0, 31, 33, 64] {
            let fault = read(&wrapped(set, &seed_form(&vec![1; found]))).unwrap_err();
            assert_eq!(fault, KeyFault::Size { expected: 32, found });
        }
        let expanded = key(set).expanded().unwrap();
        let longer = [expanded.as_slice(), &[0]].concat();
        for faulty in [&expanded[..expanded.len() - 1], &longer, &[], &[1; 32]] {
            let fault = KeyFault::Size { expected: expanded.len(), found: faulty.len() };
            assert_eq!(from_expanded(set, faulty).unwrap_err(), fault);
        }
    }
    for found in [0, 31, 33] {
        let fault = read(&wrapped(SealAlgorithm::Ed25519, &tlv(0x04, &vec![1; found]))).unwrap_err();
        assert_eq!(fault, KeyFault::Size { expected: 32, found });
    }
}

#[test]
fn a_key_of_one_set_under_the_name_of_another_is_refused() {
    let expanded = key(SealAlgorithm::MlDsa44).expanded().unwrap();
    assert!(matches!(from_expanded(SealAlgorithm::MlDsa65, &expanded), Err(KeyFault::Size { .. })));
}

#[test]
fn other_forms_are_refused() {
    for inner in [tlv(0xa0, &tlv(0x04, &[1; 32])), tlv(0x81, &[1; 32]), tlv(0x02, &[1])] {
        assert_eq!(read(&wrapped(SealAlgorithm::MlDsa44, &inner)).unwrap_err(), KeyFault::PrivateForm);
    }
    // The raw seed of before RFC 9881, with nothing around it.
    assert!(read(&wrapped(SealAlgorithm::MlDsa44, &[0x42; 32])).is_err());
    assert_eq!(read(&wrapped(SealAlgorithm::Ed25519, &seed_form(&[1; 32]))).unwrap_err(), KeyFault::PrivateForm);
}

#[test]
fn parameters_are_refused() {
    for algorithm in SealAlgorithm::ALL {
        let inner = if algorithm == SealAlgorithm::Ed25519 { tlv(0x04, &[1; 32]) } else { seed_form(&[1; 32]) };
        let null = identifier(algorithm, &[5, 0]);
        let der = tlv(0x30, &[&[2, 1, 0], null.as_slice(), &tlv(0x04, &inner)].concat());
        assert_eq!(read(&der).unwrap_err(), KeyFault::AlgorithmParameters);
    }
}

#[test]
fn other_algorithms_are_refused_by_name() {
    // HashML-DSA-65 with SHA-512 is 2.16.840.1.101.3.4.3.33.
    let mut der = wrapped(SealAlgorithm::MlDsa65, &seed_form(&[1; 32]));
    let at = der.windows(2).position(|pair| pair == [0x03, 0x12]).unwrap();
    der[at + 1] = 33;
    assert!(read(&der).unwrap_err().to_string().contains("2.16.840.1.101.3.4.3.33"));
}

#[test]
fn what_follows_is_refused() {
    for algorithm in SealAlgorithm::ALL {
        let form = if algorithm == SealAlgorithm::Ed25519 { 0x04 } else { 0x80 };
        let inner = tlv(form, &[1; 32]);
        let mut after_the_key = wrapped(algorithm, &inner);
        after_the_key.push(0);
        assert!(matches!(read(&after_the_key), Err(KeyFault::Der(_))));
        let after_the_seed = wrapped(algorithm, &[inner.as_slice(), &[0]].concat());
        assert!(matches!(read(&after_the_seed), Err(KeyFault::Der(_))));
    }
}

#[test]
fn attributes_and_unknown_fields_are_refused() {
    let algorithm = SealAlgorithm::MlDsa44;
    let body = [&[2, 1, 0], identifier(algorithm, &[]).as_slice(), &tlv(0x04, &seed_form(&[1; 32]))].concat();
    for field in [tlv(0xa0, &[]), tlv(0xa5, &[])] {
        let der = tlv(0x30, &[body.as_slice(), &field].concat());
        assert!(matches!(read(&der), Err(KeyFault::Unaccounted | KeyFault::Der(_))), "{field:?}");
    }
}

#[test]
fn an_embedded_verifying_key_must_be_that_of_the_signing_key() {
    for algorithm in SealAlgorithm::ALL {
        let key = key(algorithm);
        let form = if algorithm == SealAlgorithm::Ed25519 { 0x04 } else { 0x80 };
        let with = |public: &[u8], version: u8| {
            let bits = tlv(0x81, &[&[0], public].concat());
            let inner = tlv(0x04, &tlv(form, &[0x42; 32]));
            read(&tlv(0x30, &[&[2, 1, version], identifier(algorithm, &[]).as_slice(), &inner, &bits].concat()))
        };
        let public = key.verifying_key().as_bytes();
        assert_eq!(with(public, 1).unwrap().verifying_key(), key.verifying_key());
        let mut other = public.to_vec();
        other[3] ^= 1;
        assert_eq!(with(&other, 1).unwrap_err(), KeyFault::PublicKeyDiffers);
        assert_eq!(with(&public[1..], 1).unwrap_err(), KeyFault::PublicKeyDiffers);
        assert!(matches!(with(public, 0), Err(KeyFault::Der(_))));
    }
}

#[test]
fn the_ed25519_examples_of_rfc_8410_read() {
    let plain = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                 -----END PRIVATE KEY-----\n";
    let key = SigningKey::from_pem(plain.as_bytes()).unwrap();
    assert_eq!(key.verifying_key().as_bytes()[..4], [0x19, 0xbf, 0x44, 0x09]);
    assert_eq!(*key.to_pem().unwrap(), plain);
}

#[test]
fn faults_of_the_pem_around_it_are_refused() {
    let text = key(SealAlgorithm::MlDsa44).to_pem().unwrap();
    let fault = |text: &str| SigningKey::from_pem(text.as_bytes()).unwrap_err();
    assert_eq!(
        fault(&text.replace("PRIVATE", "PUBLIC")),
        KeyFault::Label { expected: "PRIVATE KEY", found: "PUBLIC KEY".into() }
    );
    assert_eq!(fault(&text.replace("PRIVATE", "ENCRYPTED PRIVATE")), KeyFault::Encrypted);
    assert!(matches!(fault(&text.replace("PRIVATE", "EC PRIVATE")), KeyFault::Label { .. }));
    assert_eq!(fault(&format!("{}{}", *text, *text)), KeyFault::SeveralBlocks);
    assert_eq!(fault(&format!("{}\n", *text)), KeyFault::TextOutsideBlocks);
    assert_eq!(fault(&format!(" {}", *text)), KeyFault::TextOutsideBlocks);
    assert!(matches!(fault(&format!("{} ", text.trim_end())), KeyFault::Pem(_)));
    assert!(matches!(fault(&text.replacen("END PRIVATE", "END PUBLIC", 1)), KeyFault::Pem(_)));
    assert!(matches!(fault(&text.replacen("MD", "M?", 1)), KeyFault::Pem(_)));
    assert!(matches!(fault(""), KeyFault::Pem(_)));
}
