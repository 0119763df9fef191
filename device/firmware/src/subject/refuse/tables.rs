//! Tables of the keys that the cases have, made on the board when a key comes for the first time and kept as long as there is room.

use core::sync::atomic::{AtomicUsize, Ordering};

use twinseal_verifier::formats::{AnchorKey, SealAlgorithm};
use twinseal_verifier::{
    BaseComb, CombSize, ExpandedEd25519, ExpandedMlDsa, ParameterSet, SealVerifier, Set44, Set65, Set87, TrustStore,
    WorkingMemory, expand_ml_dsa,
};

/// How often an expanded anchor was there for a key: none would mean that nothing was tried.
pub(super) static USED: AtomicUsize = AtomicUsize::new(0);

/// Lends what verifies under the keys of a store: tables for as many as there are places; for the others, and for keys that no anchor may
/// have, what verifies from their bytes.
pub(super) fn with_tables<M: WorkingMemory, T>(
    store: &TrustStore<'_>,
    others: &[&'static dyn SealVerifier; 4],
    then: impl FnOnce(&[&dyn SealVerifier]) -> T,
) -> T {
    let keys = || store.anchors().flat_map(|anchor| anchor.keys());
    LATTICE.with_words(|lattice| {
        COMBS.with(|combs| {
            for key in keys() {
                if find::<M>(lattice, combs, &key).is_none() {
                    make(lattice, combs, &key);
                }
            }
            let mut found: [Option<Expanded<'_, M>>; MOST_KEYS] = [const { None }; MOST_KEYS];
            for (place, key) in found.iter_mut().zip(keys()) {
                *place = find(lattice, combs, &key);
            }
            let [first, ..] = *others;
            let mut all: [&dyn SealVerifier; MOST_KEYS + 4] = [first; MOST_KEYS + 4];
            let mut count = 0_usize;
            let tables = found.iter().flatten().map(Expanded::verifier);
            for (place, one) in all.iter_mut().zip(tables.chain(others.iter().map(|one| *one as &dyn SealVerifier))) {
                *place = one;
                count = count.saturating_add(1);
            }
            let used = USED.load(Ordering::Relaxed);
            USED.store(used.saturating_add(found.iter().flatten().count()), Ordering::Relaxed);
            then(all.get(..count).unwrap_or_default())
        })
    })
}

/// An expanded anchor's half.
enum Expanded<'t, M: WorkingMemory> {
    Ed25519(ExpandedEd25519<'t>),
    MlDsa44(ExpandedMlDsa<'t, Set44, M>),
    MlDsa65(ExpandedMlDsa<'t, Set65, M>),
    MlDsa87(ExpandedMlDsa<'t, Set87, M>),
}

impl<M: WorkingMemory> Expanded<'_, M> {
    fn verifier(&self) -> &dyn SealVerifier {
        match self {
            Self::Ed25519(half) => half,
            Self::MlDsa44(half) => half,
            Self::MlDsa65(half) => half,
            Self::MlDsa87(half) => half,
        }
    }
}

/// The table of a key, if it is there.
fn find<'t, M: WorkingMemory>(lattice: &'t [u32], combs: &'t [u8], key: &AnchorKey<'_>) -> Option<Expanded<'t, M>> {
    let mut lattice = lattice.chunks_exact(LARGEST);
    match key.algorithm {
        SealAlgorithm::Ed25519 => combs
            .chunks_exact(COMB.table_size())
            .find_map(|comb| ExpandedEd25519::from_write_protected(comb, key.bytes, BASE).ok())
            .map(Expanded::Ed25519),
        SealAlgorithm::MlDsa44 => lattice.find_map(|place| of_set(place, key.bytes)).map(Expanded::MlDsa44),
        SealAlgorithm::MlDsa65 => lattice.find_map(|place| of_set(place, key.bytes)).map(Expanded::MlDsa65),
        SealAlgorithm::MlDsa87 => lattice.find_map(|place| of_set(place, key.bytes)).map(Expanded::MlDsa87),
        _ => None,
    }
}

fn of_set<'t, P: ParameterSet, M: WorkingMemory>(place: &'t [u32], key: &[u8]) -> Option<ExpandedMlDsa<'t, P, M>> {
    ExpandedMlDsa::from_write_protected(place.get(..P::EXPANDED_WORDS)?, key).ok()
}

/// Makes the table of a key in the place whose turn it is.
fn make(lattice: &mut [u32], combs: &mut [u8], key: &AnchorKey<'_>) {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let turn = TURN.load(Ordering::Relaxed);
    TURN.store(turn.wrapping_add(1), Ordering::Relaxed);
    let place = turn % PLACES;
    let comb = combs.chunks_exact_mut(COMB.table_size()).nth(place).unwrap_or_default();
    let words = lattice.chunks_exact_mut(LARGEST).nth(place).unwrap_or_default();
    // A table that is not made leaves no table: what was there is of another key.
    let _ = match key.algorithm {
        SealAlgorithm::Ed25519 => ExpandedEd25519::expand(key.bytes, COMB, appending(comb)),
        SealAlgorithm::MlDsa44 => expand_ml_dsa::<Set44>(key.bytes, appending(words)),
        SealAlgorithm::MlDsa65 => expand_ml_dsa::<Set65>(key.bytes, appending(words)),
        SealAlgorithm::MlDsa87 => expand_ml_dsa::<Set87>(key.bytes, appending(words)),
        _ => return,
    };
}

/// Takes pieces into a place, one behind the other.
fn appending<T: Copy>(place: &mut [T]) -> impl FnMut(&[T]) {
    let mut places = place.iter_mut();
    move |piece| places.by_ref().zip(piece).for_each(|(to, from)| *to = *from)
}

/// Room for so many of each, which is more than a case of the suite needs but for those about stores with too many anchors.
const PLACES: usize = 6;
static LATTICE: crate::board::Buffer<{ PLACES * LARGEST * 4 }> = crate::board::Buffer::new();
static COMBS: crate::board::Buffer<{ PLACES * COMB.table_size() }> = crate::board::Buffer::new();

/// Words of a table of the largest set.
const LARGEST: usize = Set87::EXPANDED_WORDS;
const COMB: CombSize = CombSize::Teeth4;
const BASE: BaseComb = BaseComb::TEETH_4;

/// Two for each anchor of the largest store.
const MOST_KEYS: usize = 32;
