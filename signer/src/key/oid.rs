//! Object identifiers of the algorithms (RFC 8410 section 3, RFC 9881 section 2).

use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{ObjectIdentifier, der::asn1::AnyRef};
use twinseal_formats::SealAlgorithm;

use super::KeyFault;

/// The algorithm that an identifier names. Its parameters must be absent.
pub(super) fn read(identifier: &AlgorithmIdentifierRef<'_>) -> Result<SealAlgorithm, KeyFault> {
    let (algorithm, _) =
        NAMES.into_iter().find(|(_, oid)| *oid == identifier.oid).ok_or(KeyFault::Algorithm(identifier.oid))?;
    if identifier.parameters.is_some() {
        return Err(KeyFault::AlgorithmParameters);
    }
    Ok(algorithm)
}

/// The identifier of an algorithm, if there is one.
pub(super) fn write(algorithm: SealAlgorithm) -> Option<AlgorithmIdentifierRef<'static>> {
    let (_, oid) = NAMES.into_iter().find(|(known, _)| *known == algorithm)?;
    Some(AlgorithmIdentifierRef { oid, parameters: None::<AnyRef<'static>> })
}

const NAMES: [(SealAlgorithm, ObjectIdentifier); 4] = [
    (SealAlgorithm::Ed25519, ObjectIdentifier::new_unwrap("1.3.101.112")),
    (SealAlgorithm::MlDsa44, ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17")),
    (SealAlgorithm::MlDsa65, ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18")),
    (SealAlgorithm::MlDsa87, ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_has_an_identifier() {
        for algorithm in SealAlgorithm::ALL {
            assert_eq!(read(&write(algorithm).unwrap()), Ok(algorithm));
        }
    }
}
