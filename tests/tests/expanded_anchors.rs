//! Expanded anchors on a device's road (docs/format.md, F-60 to F-71): they install what compact ones install, and no table is taken
//! for one that it is not. That both say the same to every bad bundle is asserted where bad bundles are: `World::judge`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

use twinseal_formats::{DigestAlgorithm, SealAlgorithm, TrustStore};
use twinseal_tests::bundle::Form;
use twinseal_tests::expanded::with_expanded;
use twinseal_tests::identity::Identity;
use twinseal_tests::roads;
use twinseal_tests::world::{POST_QUANTUM, World};
use twinseal_verifier::{
    BadSeal, BadTable, BaseComb, CombSize, ConfigurationError, Ed25519, ExpandedEd25519, ExpandedMlDsa, Fast, Hasher,
    ParameterSet, SealVerifier, Set44, Set65, Set87, Small, Verifier, WeakKey, WorkingMemory, expand_ml_dsa,
};

#[test]
fn a_device_whose_anchors_are_expanded_installs_by_every_road() {
    let mut installed = 0;
    for set in POST_QUANTUM {
        let world = World::new(set);
        let store = world.store.encode();
        for form in [Form::Full, Form::Stripped] {
            let bundle = world.bundle().to_bytes(form);
            let outcomes = [
                with_expanded::<Fast, _>(&store, |verifier| {
                    roads::every_road(&bundle, &verifier.unwrap(), &world.facts)
                }),
                with_expanded::<Small, _>(&store, |verifier| {
                    roads::every_road(&bundle, &verifier.unwrap(), &world.facts)
                }),
            ];
            for outcome in outcomes {
                assert_eq!(outcome.unwrap(), world.bundle().digest);
                installed += 1;
            }
        }
    }
    assert_eq!(installed, 12);
}

#[test]
fn a_key_that_nothing_given_serves_is_a_configuration_error() {
    let world = World::new(SealAlgorithm::MlDsa44);
    let bytes = world.store.encode();
    let store = TrustStore::parse(&bytes).unwrap();
    let release = world.signer.keys().pop().unwrap().1;
    let table = table::<Set44>(&release);
    let expanded = ExpandedMlDsa::<Set44>::new(&table, &release).unwrap();
    // The root's ML-DSA key has no table, and no adapter is there for it.
    let missing = ConfigurationError::AlgorithmNotAvailable { algorithm: SealAlgorithm::MlDsa44 };
    assert_eq!(Verifier::new(store, &[&Ed25519, &expanded]).map(|_| ()), Err(missing));
    assert_eq!(Verifier::from_write_protected(store, &[&Ed25519, &expanded]).map(|_| ()), Err(missing));
    let algorithms: [&dyn SealVerifier; 3] = [&Ed25519, &expanded, &twinseal_verifier::MlDsa44];
    assert!(Verifier::new(store, &algorithms).is_ok());
}

#[test]
fn the_first_that_serves_a_key_decides() {
    #[derive(Debug)]
    struct Refusing;
    impl SealVerifier for Refusing {
        fn algorithm(&self) -> SealAlgorithm {
            SealAlgorithm::MlDsa44
        }
        fn examine_key(&self, _: &[u8]) -> Result<(), WeakKey> {
            Ok(())
        }
        fn verify(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), BadSeal> {
            Err(BadSeal)
        }
    }
    let world = World::new(SealAlgorithm::MlDsa44);
    let (store, bundle) = (world.store.encode(), world.bundle().to_bytes(Form::Full));
    let store = TrustStore::parse(&store).unwrap();
    let good: [&dyn SealVerifier; 3] = [&Ed25519, &twinseal_verifier::MlDsa44, &Refusing];
    let bad: [&dyn SealVerifier; 3] = [&Ed25519, &Refusing, &twinseal_verifier::MlDsa44];
    let outcome = |list| roads::pull(&bundle, &Verifier::new(store, list).unwrap(), &world.facts);
    assert!(outcome(&good).is_ok());
    assert_eq!(outcome(&bad).unwrap_err().name(), "post-quantum-seal-bad");
}

#[test]
fn a_table_is_not_taken_for_what_it_is_not() {
    let ran = refusals::<Set44>() + refusals::<Set65>() + refusals::<Set87>();
    println!("expanded ML-DSA anchors: {ran} bad ones");
    assert_eq!(ran, 3 * (5 + 2 * 4 + 6) + (1312 + 1952 + 2592) / 4 + 3 * 16 + (4 * 5 + 6 * 6 + 8 * 8) * 2);
}

/// Every way in which a table of this set can be wrong; returns how many were tried.
fn refusals<P: ParameterSet>() -> usize {
    let key = key_of(P::ALGORITHM, 7);
    let good = table::<P>(&key);
    let plain = |table: &[u32], key: &[u8]| ExpandedMlDsa::<P>::from_write_protected(table, key).err();
    let strict = |table: &[u32], key: &[u8]| ExpandedMlDsa::<P, Small>::new(table, key).err();
    assert_eq!((plain(&good, &key), strict(&good, &key)), (None, None));
    let mut ran = 0;

    for length in [0, 4, good.len() - 256, good.len() - 1, good.len() + 1] {
        let mut bad = good.clone();
        bad.resize(length, 0);
        assert_eq!(plain(&bad, &key), Some(BadTable::Length), "{length} words");
        ran += 1;
    }
    let (key_begins, tr_begins, polys_begin) = (4, 4 + key.len() / 4, 4 + key.len() / 4 + 16);
    // Every word of header and tr, and in every polynomial one in the middle and the last.
    let in_polys = (polys_begin..good.len()).step_by(256).flat_map(|begin| [begin + 100, begin + 255]);
    for at in (0..polys_begin).chain(in_polys) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 23);
        let (by_header, computed) = if at < key_begins {
            (Some(BadTable::Header), Some(BadTable::Header))
        } else if at < tr_begins {
            (Some(BadTable::AnotherKey), Some(BadTable::AnotherKey))
        } else {
            (None, Some(BadTable::Entries))
        };
        assert_eq!((plain(&bad, &key), strict(&bad, &key)), (by_header, computed), "word {at}");
        ran += 1;
    }
    // Values that are equal modulo q are not equal.
    for (at, more) in [
        (polys_begin, 8_380_417),
        (polys_begin + 255, 8_380_417),
        (good.len() - 1, 8_380_417),
        (good.len() - 256, 1 << 31),
    ] {
        let mut bad = good.clone();
        bad[at] = bad[at].wrapping_add(more);
        assert_eq!((plain(&bad, &key), strict(&bad, &key)), (None, Some(BadTable::Entries)));
        ran += 1;
    }
    let another = key_of(P::ALGORITHM, 8);
    // The same rho, and another t1: what only comparing the whole key can tell.
    let mut half = key.clone();
    half[key.len() - 1] ^= 1;
    for wrong in [another.as_slice(), half.as_slice(), &key[..key.len() - 1], &key[..key.len() - 4], &[]] {
        assert_eq!(
            (plain(&good, wrong), strict(&good, wrong)),
            (Some(BadTable::AnotherKey), Some(BadTable::AnotherKey))
        );
        ran += 1;
    }
    let mut zero = key.clone();
    zero[32..].fill(0);
    assert_eq!(expand_ml_dsa::<P>(&zero, |_| panic!("a piece")), Err(BadTable::WeakKey));
    ran + 1
}

#[test]
fn a_table_is_not_used_for_another_key_or_set() {
    let (key, another) = (key_of(SealAlgorithm::MlDsa44, 7), key_of(SealAlgorithm::MlDsa44, 8));
    let words = table::<Set44>(&key);
    let signer = Identity::post_quantum(SealAlgorithm::MlDsa44, 7);
    let signature = signer.sign(SealAlgorithm::MlDsa44, b"message", &[]);
    fn verdicts<M: WorkingMemory>(words: &[u32], key: &[u8], another: &[u8], signature: &[u8]) {
        let anchor = ExpandedMlDsa::<Set44, M>::new(words, key).unwrap();
        assert!(anchor.serves(key) && !anchor.serves(another) && !anchor.serves(&[]));
        assert_eq!(anchor.verify(key, b"message", signature), Ok(()));
        assert_eq!(anchor.verify(another, b"message", signature), Err(BadSeal));
        assert_eq!((anchor.examine_key(key), anchor.examine_key(another)), (Ok(()), Err(WeakKey)));
    }
    verdicts::<Fast>(&words, &key, &another, &signature);
    verdicts::<Small>(&words, &key, &another, &signature);
    assert_eq!(ExpandedMlDsa::<Set65>::from_write_protected(&words, &key).err(), Some(BadTable::Length));
    let mut long = words;
    long.resize(Set65::EXPANDED_WORDS, 0);
    assert_eq!(ExpandedMlDsa::<Set65>::from_write_protected(&long, &key).err(), Some(BadTable::Header));

    let [key, another] = [7, 8].map(|seed| Identity::classical(seed).keys().remove(0).1);
    let mut bytes = Vec::new();
    ExpandedEd25519::expand(&key, CombSize::Teeth4, |piece| bytes.extend_from_slice(piece)).unwrap();
    let anchor = ExpandedEd25519::new(&bytes, &key, BaseComb::TEETH_4).unwrap();
    let signature = Identity::classical(7).sign(SealAlgorithm::Ed25519, b"message", &[]);
    assert_eq!((anchor.verify(&key, b"message", &signature), anchor.size()), (Ok(()), CombSize::Teeth4));
    let printed = format!("{anchor:?}");
    assert!(printed.contains("Teeth4") && printed.len() < 300, "an anchor that is printed is not its table: {printed}");
    assert_eq!(anchor.verify(&another, b"message", &signature), Err(BadSeal));
    assert_eq!((anchor.examine_key(&key), anchor.examine_key(&another)), (Ok(()), Err(WeakKey)));
}

#[test]
fn the_bytes_are_those_of_the_format() {
    let key = key_of(SealAlgorithm::MlDsa65, 7);
    let bytes: Vec<u8> = table::<Set65>(&key).iter().flat_map(|word| word.to_le_bytes()).collect();
    assert_eq!(bytes.len(), 38_896);
    assert_eq!((Set44::EXPANDED_WORDS * 4, Set87::EXPANDED_WORDS * 4), (21_872, 68_208));
    assert_eq!(bytes[..16], *b"TSXA\x01\x00\xcf\xff\0\0\0\0\0\0\0\0");
    assert_eq!(bytes[16..16 + 1952], key);
    // tr = SHAKE256(pk, 64), by a crate.
    let mut tr = [0; 64];
    let mut reader = shake::ExtendableOutput::finalize_xof({
        let mut hasher = shake::Shake256::default();
        shake::Update::update(&mut hasher, &key);
        hasher
    });
    shake::XofReader::read(&mut reader, &mut tr);
    assert_eq!(bytes[1968..2032], tr);
}

fn key_of(algorithm: SealAlgorithm, seed: u8) -> Vec<u8> {
    Identity::post_quantum(algorithm, seed).keys().remove(0).1
}

fn table<P: ParameterSet>(key: &[u8]) -> Vec<u32> {
    let mut table = Vec::new();
    expand_ml_dsa::<P>(key, |piece| table.extend_from_slice(piece)).expect("a good key");
    assert_eq!(table.len(), P::EXPANDED_WORDS);
    table
}

/// What goes into a log when somebody prints an anchor says which, and is not its table.
#[test]
fn an_expanded_anchor_that_is_printed_is_short() {
    let key = key_of(SealAlgorithm::MlDsa65, 7);
    let words = table::<Set65>(&key);
    let post_quantum = format!("{:?}", ExpandedMlDsa::<Set65>::new(&words, &key).unwrap());
    let base = format!("{:?}", BaseComb::TEETH_4);
    let hasher = format!("{:?}", Hasher::new(DigestAlgorithm::Sha384).unwrap());
    for (printed, names) in [(&post_quantum, "MlDsa65"), (&base, "BaseComb"), (&hasher, "Hasher")] {
        assert!(printed.contains(names) && printed.len() < 100, "{printed}");
    }
}
