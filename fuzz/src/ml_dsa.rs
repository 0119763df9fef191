//! ML-DSA: every way of ours to verify says what `fips204` says, for changed signatures, keys and messages of each set.

use std::sync::LazyLock;

use fips204::traits::{SerDes as _, Verifier as _};
use twinseal_formats::SealAlgorithm;
use twinseal_tests::identity::Identity;
use twinseal_verifier::mldsa::{Input, expand_unexamined, verify_compact, verify_keeping_z};
use twinseal_verifier::{ExpandedMlDsa, Fast, ParameterSet, Set44, Set65, Set87, Small};

use crate::note::note;
use crate::recipe::Recipe;

/// A good key, its table, and signatures of it.
struct Good {
    key: Vec<u8>,
    table: Vec<u32>,
    signatures: Vec<Vec<u8>>,
}

const MESSAGES: [&[u8]; 3] = [b"", b"one", b"another message, a little longer"];

macro_rules! set {
    ($run:ident, $set:ident, $algorithm:ident, $module:ident, $challenge:literal, $hint:literal) => {
        fn $run(recipe: &mut Recipe<'_>) {
            static GOOD: LazyLock<Good> = LazyLock::new(|| good::<$set>(SealAlgorithm::$algorithm));
            let which = recipe.below(3);
            let (mut key, mut signature) = (GOOD.key.clone(), GOOD.signatures[which].clone());
            let mut message = MESSAGES[which].to_vec();
            let mut places = Vec::new();
            for _ in 0..recipe.below(6) {
                let at = usize::from(recipe.word());
                // The hint is a fortieth of a signature, and most that can go wrong goes wrong there.
                let at =
                    if recipe.byte() % 2 == 0 { at % signature.len() } else { $hint + at % (signature.len() - $hint) };
                signature[at] = recipe.byte();
                places.push(at);
            }
            if recipe.byte() == 1 {
                recipe.splice(&mut message);
            }
            let same_key = recipe.byte() != 1;
            if !same_key {
                let at = usize::from(recipe.word()) % key.len();
                key[at] ^= recipe.byte();
                if recipe.byte() == 1 {
                    key[32..].fill(recipe.byte());
                }
            }

            let input = Input::Pure { context: &[], message: &message };
            let ours = verify_compact::<$set>(&key, input, &signature).is_ok();
            let theirs = fips204::$module::PublicKey::try_from_bytes(key.as_slice().try_into().expect("its size"))
                .is_ok_and(|key| key.verify(&message, &signature.as_slice().try_into().expect("its size"), &[]));
            assert_eq!(ours, theirs, "ours, and fips204");
            assert_eq!(verify_keeping_z::<$set>(&key, input, &signature).is_ok(), ours, "with z kept");
            if same_key {
                let fast = ExpandedMlDsa::<$set, Fast>::from_write_protected(&GOOD.table, &key).expect("its table");
                assert_eq!(fast.verify_input(input, &signature).is_ok(), ours, "from a table, much memory");
                let small = ExpandedMlDsa::<$set, Small>::from_write_protected(&GOOD.table, &key).expect("its table");
                assert_eq!(small.verify_input(input, &signature).is_ok(), ours, "from a table, little memory");
            }
            let part = match places.last() {
                None => "nothing",
                Some(at) if *at < $challenge => "the challenge",
                Some(at) if *at < $hint => "z",
                Some(_) => "the hint",
            };
            let verdict = if ours { "accepted" } else { "refused" };
            note(format!("{} {verdict}, changed last: {part}", SealAlgorithm::$algorithm.name()));
        }
    };
}

set!(run_44, Set44, MlDsa44, ml_dsa_44, 32, 2336);
set!(run_65, Set65, MlDsa65, ml_dsa_65, 48, 3248);
set!(run_87, Set87, MlDsa87, ml_dsa_87, 64, 4544);

fn good<P: ParameterSet>(algorithm: SealAlgorithm) -> Good {
    let identity = Identity::post_quantum(algorithm, 9);
    let key = identity.keys()[0].1.clone();
    let mut table = Vec::new();
    expand_unexamined::<P>(&key, |piece| table.extend_from_slice(piece)).expect("a good key");
    let signatures = MESSAGES.map(|message| identity.sign(algorithm, message, &[])).to_vec();
    Good { key, table, signatures }
}

pub fn run(data: &[u8]) {
    let mut recipe = Recipe::new(data);
    match recipe.below(3) {
        0 => run_44(&mut recipe),
        1 => run_65(&mut recipe),
        _ => run_87(&mut recipe),
    }
}
