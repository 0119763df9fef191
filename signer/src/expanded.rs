//! Expanded trust anchors as files: the table of one verifying key (docs/format.md, sections 11 to 13).

use twinseal_formats::{AnchorKey, SealAlgorithm};
use twinseal_verifier::{
    BadTable, BaseComb, CombSize, ExpandedEd25519, ExpandedMlDsa, ParameterSet, Set44, Set65, Set87, expand_ml_dsa,
};

/// The table of a key, as the bytes of a file. `teeth` is for Ed25519; ML-DSA has one form only.
///
/// # Errors
///
/// [`BadTable::WeakKey`]: no anchor may have such a key.
pub fn table(key: &AnchorKey<'_>, teeth: CombSize) -> Result<Vec<u8>, BadTable> {
    match key.algorithm {
        SealAlgorithm::MlDsa44 => ml_dsa_table::<Set44>(key.bytes),
        SealAlgorithm::MlDsa65 => ml_dsa_table::<Set65>(key.bytes),
        SealAlgorithm::MlDsa87 => ml_dsa_table::<Set87>(key.bytes),
        _ => {
            let mut bytes = Vec::with_capacity(teeth.table_size());
            ExpandedEd25519::expand(key.bytes, teeth, |piece| bytes.extend_from_slice(piece))?;
            Ok(bytes)
        }
    }
}

/// Whether these bytes are the table of the key: the verifier computes every entry anew.
///
/// # Errors
///
/// Why they are not.
pub fn compare(bytes: &[u8], key: &AnchorKey<'_>) -> Result<(), BadTable> {
    match key.algorithm {
        SealAlgorithm::MlDsa44 => compare_ml_dsa::<Set44>(bytes, key.bytes),
        SealAlgorithm::MlDsa65 => compare_ml_dsa::<Set65>(bytes, key.bytes),
        SealAlgorithm::MlDsa87 => compare_ml_dsa::<Set87>(bytes, key.bytes),
        _ => {
            let size = bytes.get(FORM).copied().and_then(CombSize::from_teeth).ok_or(BadTable::Header)?;
            ExpandedEd25519::new(bytes, key.bytes, BaseComb::of_size(size)).map(|_| ())
        }
    }
}

/// The words of an ML-DSA table, as a device with little-endian memory has them.
pub fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word))
}

fn ml_dsa_table<P: ParameterSet>(key: &[u8]) -> Result<Vec<u8>, BadTable> {
    let mut bytes = Vec::with_capacity(P::EXPANDED_WORDS.saturating_mul(4));
    expand_ml_dsa::<P>(key, |piece| bytes.extend(piece.iter().flat_map(|word| word.to_le_bytes())))?;
    Ok(bytes)
}

fn compare_ml_dsa<P: ParameterSet>(bytes: &[u8], key: &[u8]) -> Result<(), BadTable> {
    let (whole, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() || whole.len() != P::EXPANDED_WORDS {
        return Err(BadTable::Length);
    }
    let table: Vec<u32> = words(bytes).collect();
    ExpandedMlDsa::<P>::new(&table, key).map(|_| ())
}

/// The longest table there is, that of an ML-DSA-87 key.
pub const MAX_TABLE: u64 = 68_208;

/// Where a table says of which form it is.
const FORM: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::SigningIdentity;

    #[test]
    fn a_table_is_that_of_its_key_and_of_no_other() {
        for set in [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87] {
            let [one, other] = [(); 2].map(|()| SigningIdentity::generate(set).unwrap().public().unwrap());
            let keys = || one.keys().iter().zip(other.keys());
            for (key, other) in keys().map(|(key, other)| (key.as_anchor_key(), other.as_anchor_key())) {
                let bytes = table(&key, CombSize::Teeth5).unwrap();
                assert!(u64::try_from(bytes.len()).unwrap() <= MAX_TABLE);
                assert_eq!(compare(&bytes, &key), Ok(()));
                assert_eq!(compare(&bytes, &other), Err(BadTable::AnotherKey));
                let last = bytes.len().saturating_sub(1);
                assert_eq!(compare(bytes.get(..last).unwrap(), &key), Err(BadTable::Length));
                let mut bad = bytes;
                *bad.last_mut().unwrap() ^= 1;
                assert_eq!(compare(&bad, &key), Err(BadTable::Entries));
            }
        }
    }
}
