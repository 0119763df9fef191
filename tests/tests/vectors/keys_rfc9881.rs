//! RFC 9881's example keys and certificates: the keys have the sizes that profile 1 says, and the certificates, self-signed by an
//! implementation in Go, verify through our adapters.

use core::str;

use spki::der::asn1::{AnyRef, BitStringRef};
use spki::der::{Document, Reader, SliceReader};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use twinseal_formats::SealAlgorithm;

use crate::{adapter, files, shared};

/// The algorithms by their object identifiers (RFC 9881 section 2): one identifier for key and signature.
const OBJECT_IDENTIFIERS: [(&str, SealAlgorithm); 3] = [
    ("2.16.840.1.101.3.4.3.17", SealAlgorithm::MlDsa44),
    ("2.16.840.1.101.3.4.3.18", SealAlgorithm::MlDsa65),
    ("2.16.840.1.101.3.4.3.19", SealAlgorithm::MlDsa87),
];

fn algorithm(identifier: &AlgorithmIdentifierRef<'_>) -> SealAlgorithm {
    assert_eq!(identifier.parameters, None::<AnyRef<'_>>, "RFC 9881: parameters are absent");
    let oid = identifier.oid.to_string();
    OBJECT_IDENTIFIERS.into_iter().find(|(known, _)| *known == oid).unwrap().1
}

fn document(pem: &[u8], label: &str) -> Document {
    let (found, document) = Document::from_pem(str::from_utf8(pem).unwrap()).unwrap();
    assert_eq!(found, label);
    document
}

/// The raw key in a SubjectPublicKeyInfo, and what it is for.
fn raw_key<'a>(spki: &SubjectPublicKeyInfoRef<'a>) -> (SealAlgorithm, &'a [u8]) {
    let algorithm = algorithm(&spki.algorithm);
    let key = spki.subject_public_key.as_bytes().unwrap();
    assert_eq!(key.len(), algorithm.key_size());
    assert_eq!(adapter(algorithm).examine_key(key), Ok(()));
    (algorithm, key)
}

#[test]
fn public_keys_read() {
    let Some(folder) = shared("keys-rfc9881") else { return };
    let mut read = Vec::new();
    for (file, pem) in files(&folder, "pub") {
        let document = document(&pem, "PUBLIC KEY");
        let (algorithm, _) = raw_key(&document.decode_msg().unwrap());
        assert_eq!(file.to_lowercase(), format!("{algorithm}.pub"));
        read.push(algorithm);
    }
    println!("RFC 9881: {} public keys read", read.len());
    assert_eq!(read, crate::ML_DSA);
}

#[test]
fn certificates_verify() {
    let Some(folder) = shared("keys-rfc9881") else { return };
    let mut verified = Vec::new();
    for (file, pem) in files(&folder, "crt") {
        let certificate = document(&pem, "CERTIFICATE");
        // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
        let mut reader = SliceReader::new(certificate.as_bytes()).unwrap();
        let (to_be_signed, identifier, signature) = reader
            .sequence(|reader| {
                let to_be_signed = reader.tlv_bytes()?;
                let identifier = reader.decode::<AlgorithmIdentifierRef<'_>>()?;
                Ok::<_, spki::der::Error>((to_be_signed, identifier, reader.decode::<BitStringRef<'_>>()?))
            })
            .unwrap();
        let algorithm = algorithm(&identifier);

        // The key beside it stands in the certificate as it is.
        let public = std::fs::read(folder.join(file.replace(".crt", ".pub"))).unwrap();
        let public = document(&public, "PUBLIC KEY");
        assert!(to_be_signed.windows(public.as_bytes().len()).any(|part| part == public.as_bytes()));
        let (key_algorithm, key) = raw_key(&public.decode_msg().unwrap());
        assert_eq!(key_algorithm, algorithm);

        let signature = signature.as_bytes().unwrap();
        assert_eq!(adapter(algorithm).verify(key, to_be_signed, signature), Ok(()));
        assert!(adapter(algorithm).verify(key, &to_be_signed[1..], signature).is_err());
        verified.push(algorithm);
    }
    println!("RFC 9881: {} certificates verify", verified.len());
    assert_eq!(verified, crate::ML_DSA);
}
