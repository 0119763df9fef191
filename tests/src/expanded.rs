//! Devices whose anchors are expanded: nothing but tables verifies, as far as the keys of the store have any.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use twinseal_formats::{AnchorKey, SealAlgorithm, TrustStore};
use twinseal_verifier::{
    BaseComb, CombSize, Ed25519, Error, ExpandedEd25519, ExpandedMlDsa, MlDsa44, MlDsa65, MlDsa87, ParameterSet,
    SealVerifier, Set44, Set65, Set87, Verifier, WorkingMemory, expand_ml_dsa,
};

/// Makes the verifier of a store whose anchors are expanded, and lends it.
///
/// A key for which no table is made, because no anchor may have it, is left to the adapter of its algorithm.
pub fn with_expanded<M: WorkingMemory, T>(store: &[u8], then: impl FnOnce(Result<Verifier<'_>, Error>) -> T) -> T {
    let store = match TrustStore::parse(store) {
        Ok(store) => store,
        Err(error) => return then(Err(error.into())),
    };
    let algorithms = tables::<M>(&store);
    let lent: Vec<&dyn SealVerifier> = algorithms.iter().map(AsRef::as_ref).collect();
    then(Verifier::new(store, &lent).map_err(Error::from))
}

/// The table of each key of a store, as an algorithm that serves that key.
pub fn tables<M: WorkingMemory>(store: &TrustStore<'_>) -> Vec<Box<dyn SealVerifier>> {
    store.anchors().flat_map(|anchor| anchor.keys()).map(|key| expanded::<M>(&key)).collect()
}

fn expanded<M: WorkingMemory>(key: &AnchorKey<'_>) -> Box<dyn SealVerifier> {
    match key.algorithm {
        SealAlgorithm::Ed25519 => match comb(key.bytes) {
            Some(table) => {
                let base = BaseComb::of_size(COMB);
                Box::new(ExpandedEd25519::from_write_protected(table, key.bytes, base).expect("its own table"))
            }
            None => Box::new(Ed25519),
        },
        SealAlgorithm::MlDsa44 => ml_dsa::<Set44, M>(key.bytes).unwrap_or_else(|| Box::new(MlDsa44)),
        SealAlgorithm::MlDsa65 => ml_dsa::<Set65, M>(key.bytes).unwrap_or_else(|| Box::new(MlDsa65)),
        SealAlgorithm::MlDsa87 => ml_dsa::<Set87, M>(key.bytes).unwrap_or_else(|| Box::new(MlDsa87)),
        other => panic!("{other} has no expanded anchors"),
    }
}

fn ml_dsa<P: ParameterSet, M: WorkingMemory>(key: &[u8]) -> Option<Box<dyn SealVerifier>> {
    static TABLES: Tables<u32> = LazyLock::new(Mutex::default);
    let table = cached(&TABLES, key, |table| expand_ml_dsa::<P>(key, |piece| table.extend_from_slice(piece)).is_ok())?;
    Some(Box::new(ExpandedMlDsa::<P, M>::from_write_protected(table, key).expect("its own table")))
}

fn comb(key: &[u8]) -> Option<&'static [u8]> {
    static TABLES: Tables<u8> = LazyLock::new(Mutex::default);
    cached(&TABLES, key, |table| ExpandedEd25519::expand(key, COMB, |piece| table.extend_from_slice(piece)).is_ok())
}

/// Each table is made once, and kept as flash would keep it.
fn cached<W>(tables: &Tables<W>, key: &[u8], make: impl FnOnce(&mut Vec<W>) -> bool) -> Option<&'static [W]> {
    let mut tables = tables.lock().expect("no test failed while it made a table");
    *tables.entry(key.to_vec()).or_insert_with(|| {
        let mut table = Vec::new();
        make(&mut table).then(|| &*table.leak())
    })
}

type Tables<W> = LazyLock<Mutex<HashMap<Vec<u8>, Option<&'static [W]>>>>;

/// The smallest: what it costs to make one is all that size changes here.
const COMB: CombSize = CombSize::Teeth4;
