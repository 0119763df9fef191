//! Reads signatures from the file `vectors` and says for each what the engines decide: a line of three digits, 1 for valid. For ML-DSA from the key's
//! bytes, from its table with z kept, and without; for Ed25519 strictly, and through combs of four and of eight teeth. Under what is no key, or no key that
//! a table is made for, nothing is valid.
//!
//! A record is a byte that says what it is (0: the end; 44, 65, 87: ML-DSA; 25: Ed25519), the length of what follows in four bytes, and that: key,
//! context, message and signature, each with its length in front.

use twinseal_verifier::mldsa::{Input, expand_unexamined, verify_compact};
use twinseal_verifier::{
    BaseComb, CombSize, Ed25519, ExpandedEd25519, ExpandedMlDsa, Fast, ParameterSet, SealVerifier as _, Set44, Set65,
    Set87, Small,
};

use crate::board::{Buffer, File, exit, print};
use crate::record::{self, Pieces};

pub(crate) fn run() -> ! {
    let Some(mut file) = File::open(c"vectors") else {
        print("there is no file `vectors`\n");
        exit(1)
    };
    RECORD.with(|memory| {
        WORDS.with_words(|words| {
            FEW_TEETH.with(|few| {
                MANY_TEETH.with(|many| {
                    while let Some(record) = record::next(&mut file, memory) {
                        let verdicts = record.contents.and_then(|contents| match record.kind {
                            44 => ml_dsa::<Set44>(contents, words),
                            65 => ml_dsa::<Set65>(contents, words),
                            87 => ml_dsa::<Set87>(contents, words),
                            25 => ed25519(contents, few, many),
                            _ => None,
                        });
                        match verdicts {
                            Some(verdicts) => verdicts.into_iter().for_each(|yes| print(if yes { "1" } else { "0" })),
                            None => print("left-out"),
                        }
                        print("\n");
                    }
                });
            });
        });
    });
    print("end\n");
    exit(0)
}

/// The engine three times; the table is made anew only for another key.
fn ml_dsa<P: ParameterSet>(mut contents: Pieces<'_>, words: &mut [u32]) -> Option<[bool; 3]> {
    let (key, context, message, signature) =
        (contents.piece()?, contents.piece()?, contents.piece()?, contents.piece()?);
    let input = Input::Pure { context, message };
    let compact = verify_compact::<P>(key, input, signature).is_ok();
    let words = words.get_mut(..P::EXPANDED_WORDS)?;
    if ExpandedMlDsa::<P, Fast>::from_write_protected(words, key).is_err() {
        let mut places = words.iter_mut();
        let made = expand_unexamined::<P>(key, |piece| {
            piece.iter().zip(places.by_ref()).for_each(|(word, place)| *place = *word);
        });
        if made.is_err() {
            return Some([compact, false, false]);
        }
    }
    let fast = ExpandedMlDsa::<P, Fast>::from_write_protected(words, key).ok()?;
    let small = ExpandedMlDsa::<P, Small>::from_write_protected(words, key).ok()?;
    Some([compact, fast.verify_input(input, signature).is_ok(), small.verify_input(input, signature).is_ok()])
}

/// Ed25519 three times.
fn ed25519(mut contents: Pieces<'_>, few: &mut [u8], many: &mut [u8]) -> Option<[bool; 3]> {
    let (key, _, message, signature) = (contents.piece()?, contents.piece()?, contents.piece()?, contents.piece()?);
    let strict = Ed25519.verify(key, message, signature).is_ok();
    let comb = |table: &mut [u8], size, base| {
        if ExpandedEd25519::from_write_protected(table, key, base).is_err() {
            let mut places = table.iter_mut();
            let made = ExpandedEd25519::expand(key, size, |piece| {
                piece.iter().zip(places.by_ref()).for_each(|(byte, place)| *place = *byte);
            });
            if made.is_err() {
                return false;
            }
        }
        ExpandedEd25519::from_write_protected(table, key, base)
            .is_ok_and(|anchor| anchor.verify(key, message, signature).is_ok())
    };
    let few = comb(few, CombSize::Teeth4, BaseComb::TEETH_4);
    let many = comb(many, CombSize::Teeth8, BaseComb::TEETH_8);
    Some([strict, few, many])
}

/// The longest of Wycheproof's has a message of some KiB.
static RECORD: Buffer<{ 128 << 10 }> = Buffer::new();
static WORDS: Buffer<{ Set87::EXPANDED_WORDS * 4 }> = Buffer::new();
static FEW_TEETH: Buffer<{ CombSize::Teeth4.table_size() }> = Buffer::new();
static MANY_TEETH: Buffer<{ CombSize::Teeth8.table_size() }> = Buffer::new();
