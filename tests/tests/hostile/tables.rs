//! Tables of expanded anchors that are not what they should be (docs/format.md, F-60 to F-71). A device reads none from a bundle: whoever
//! provisions one makes it, and these are what a device refuses to use.

use twinseal_formats::SealAlgorithm;
use twinseal_tests::identity::Identity;
use twinseal_verifier::{
    BadTable, BaseComb, CombSize, ExpandedEd25519, ExpandedMlDsa, ParameterSet, Set44, Set65, Set87, expand_ml_dsa,
};

/// One bad table.
pub(crate) struct Table {
    /// The fault, as a sentence.
    pub(crate) name: &'static str,
    /// The rule that it breaks, and no other.
    pub(crate) rule: &'static str,
    /// What it is refused with by who computes the table anew.
    pub(crate) error: BadTable,
    change: Change,
}

/// What is changed: the table, and the key that the trust store has.
enum Change {
    Comb(fn(&mut Vec<u8>, &mut Vec<u8>)),
    /// The table is good, the base point's comb is this one.
    Base(BaseComb),
    MlDsa(fn(&mut Vec<u32>, &mut Vec<u8>)),
}

use Change::{Base, Comb, MlDsa};

const fn table(name: &'static str, rule: &'static str, error: BadTable, change: Change) -> Table {
    Table { name, rule, error, change }
}

pub(crate) fn tables() -> Vec<Table> {
    use BadTable::{AnotherKey, AnotherSize, Entries, Header, Length, WeakKey};
    vec![
        table("a comb for a key of small order", "F-60", WeakKey, Comb(|bytes, key| rename(bytes, key, ORDER_4))),
        table("a comb for the neutral element", "F-60", WeakKey, Comb(|bytes, key| rename(bytes, key, NEUTRAL))),
        table("a comb with another magic", "F-61", Header, Comb(|bytes, _| bytes[0] ^= 0x20)),
        table("a comb of another profile", "F-61", Header, Comb(|bytes, _| bytes[4] += 1)),
        table("a comb with a byte of its padding set", "F-61", Header, Comb(|bytes, _| bytes[15] = 1)),
        table("an ML-DSA table in the place of a comb", "F-61", Header, Comb(|bytes, _| bytes[6] = 0xd0)),
        table("no comb at all", "F-62", Length, Comb(|bytes, _| bytes.clear())),
        table("a comb without its last byte", "F-62", Length, Comb(|bytes, _| _ = bytes.pop())),
        table("a comb and a byte", "F-62", Length, Comb(|bytes, _| bytes.push(0))),
        table("the comb of a key that differs in its first byte", "F-63", AnotherKey, Comb(|_, key| key[0] ^= 1)),
        table("the comb of a key that differs in its last byte", "F-63", AnotherKey, Comb(|_, key| key[31] ^= 1)),
        table("a comb beside the base point's comb of another size", "F-64", AnotherSize, Base(BaseComb::TEETH_5)),
        table("a comb whose first entry is wrong by a bit", "F-65", Entries, Comb(|bytes, _| bytes[HEAD + 32] ^= 1)),
        table(
            "a comb whose last entry is wrong by a bit",
            "F-65",
            Entries,
            Comb(|bytes, _| last(bytes, |byte| byte ^ 0x40)),
        ),
        table("an ML-DSA table with another magic", "F-67", Header, MlDsa(|words, _| words[0] ^= 0x20)),
        table("an ML-DSA table of another profile", "F-67", Header, MlDsa(|words, _| words[1] += 1)),
        table("an ML-DSA table with a byte of its padding set", "F-67", Header, MlDsa(|words, _| words[3] = 1)),
        table("no ML-DSA table at all", "F-68", Length, MlDsa(|words, _| words.clear())),
        table("an ML-DSA table without its last word", "F-68", Length, MlDsa(|words, _| _ = words.pop())),
        table("an ML-DSA table and a word", "F-68", Length, MlDsa(|words, _| words.push(0))),
        table(
            "the ML-DSA table of a key that differs in its first byte",
            "F-69",
            AnotherKey,
            MlDsa(|_, key| key[0] ^= 1),
        ),
        table(
            "the ML-DSA table of a key that differs in its last byte",
            "F-69",
            AnotherKey,
            MlDsa(|_, key| last(key, |byte| byte ^ 1)),
        ),
        table("the ML-DSA table of a key and a byte", "F-69", AnotherKey, MlDsa(|_, key| key.push(0))),
        table(
            "an ML-DSA table for t1 = 0",
            "F-70",
            WeakKey,
            MlDsa(|words, key| {
                key[32..].fill(0);
                words[(HEAD + 32) / 4..(HEAD + key.len()) / 4].fill(0);
            }),
        ),
        table(
            "an ML-DSA table whose tr is wrong by a bit",
            "F-71",
            Entries,
            MlDsa(|words, key| words[(HEAD + key.len()) / 4] ^= 1),
        ),
        table(
            "an ML-DSA table whose last coefficient is wrong by one",
            "F-71",
            Entries,
            MlDsa(|words, _| last(words, |word| word ^ 1)),
        ),
        table(
            "an ML-DSA table with a coefficient that is the same modulo q",
            "F-71",
            Entries,
            MlDsa(|words, _| last(words, |word| word + 8_380_417)),
        ),
    ]
}

/// Bytes before the key.
const HEAD: usize = 16;
const NEUTRAL: [u8; 32] = first_byte(1);
/// y = 0.
const ORDER_4: [u8; 32] = first_byte(0);

const fn first_byte(byte: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = byte;
    bytes
}

/// The table says that it is of this key, and so does the trust store.
fn rename(bytes: &mut [u8], key: &mut Vec<u8>, new: [u8; 32]) {
    bytes[HEAD..HEAD + 32].copy_from_slice(&new);
    *key = new.to_vec();
}

fn last<T: Copy>(items: &mut [T], change: fn(T) -> T) {
    let item = items.last_mut().expect("it is not empty");
    *item = change(*item);
}

/// What is said to a table by who believes its entries, and by who computes them.
type Verdicts = (Option<BadTable>, Option<BadTable>);

fn comb(change: fn(&mut Vec<u8>, &mut Vec<u8>), base: BaseComb) -> Verdicts {
    let (mut key, mut bytes) = (Identity::classical(7).keys().remove(0).1, Vec::new());
    ExpandedEd25519::expand(&key, CombSize::Teeth4, |piece| bytes.extend_from_slice(piece)).expect("a good key");
    change(&mut bytes, &mut key);
    let believed = ExpandedEd25519::from_write_protected(&bytes, &key, base).err();
    (believed, ExpandedEd25519::new(&bytes, &key, base).err())
}

fn ml_dsa<P: ParameterSet>(change: fn(&mut Vec<u32>, &mut Vec<u8>)) -> Verdicts {
    let (mut key, mut words) = (Identity::post_quantum(P::ALGORITHM, 7).keys().remove(0).1, Vec::new());
    expand_ml_dsa::<P>(&key, |piece| words.extend_from_slice(piece)).expect("a good key");
    change(&mut words, &mut key);
    let believed = ExpandedMlDsa::<P>::from_write_protected(&words, &key).err();
    (believed, ExpandedMlDsa::<P>::new(&words, &key).err())
}

#[test]
fn every_fault_of_a_table_is_refused_by_name() {
    let honest: [Verdicts; 4] = [
        comb(|_, _| (), BaseComb::TEETH_4),
        ml_dsa::<Set44>(|_, _| ()),
        ml_dsa::<Set65>(|_, _| ()),
        ml_dsa::<Set87>(|_, _| ()),
    ];
    assert_eq!(honest, [(None, None); 4], "the tables are good before they are changed");
    let (mut ran, mut wrong) = (0, Vec::new());
    for Table { name, error, change, .. } in tables() {
        let verdicts = match change {
            Comb(change) => vec![comb(change, BaseComb::TEETH_4)],
            Base(base) => vec![comb(|_, _| (), base)],
            MlDsa(change) => vec![ml_dsa::<Set44>(change), ml_dsa::<Set65>(change), ml_dsa::<Set87>(change)],
        };
        // Whether a key is good and entries are the key's, only computing tells: what is believed comes out of protected memory.
        let believed = !matches!(error, BadTable::WeakKey | BadTable::Entries);
        for found in verdicts {
            ran += 1;
            if found != (believed.then_some(error), Some(error)) {
                wrong.push(format!("{name}: {found:?}, not {error:?}"));
            }
        }
    }
    println!("{} bad tables by name, {ran} with each set", tables().len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((tables().len(), ran), (27, 14 + 13 * 3));
    assert_eq!(SealAlgorithm::ALL.len(), 4, "each algorithm has bad tables");
}
