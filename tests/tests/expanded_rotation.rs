//! A device whose anchors are expanded takes a trust update (docs/procedure.md, T-9): nothing but the new store's own keys says what its
//! tables are, and no table of a key that is gone does anything under the new store.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

use twinseal_formats::{Envelope, SealAlgorithm, SealType, ToBeSigned, TrustEpoch, TrustStore, TrustUpdate};
use twinseal_tests::bundle::Form;
use twinseal_tests::expanded::{tables, with_expanded};
use twinseal_tests::identity::Identity;
use twinseal_tests::release::Release;
use twinseal_tests::rotation::Rotation;
use twinseal_tests::trust::ALGORITHMS;
use twinseal_tests::world::POST_QUANTUM;
use twinseal_verifier::{
    BadSeal, BadTable, BaseComb, CombSize, ConfigurationError, ConfirmedFrame, Error, ExpandedEd25519, ExpandedMlDsa,
    ParameterSet, SealVerifier, Set44, Set65, Set87, Small, TrustState, Verifier, expand_ml_dsa,
};

#[test]
fn an_update_to_keys_that_no_table_and_no_adapter_serves_changes_nothing() {
    let mut ran = 0;
    for set in POST_QUANTUM {
        let world = Rotation::new(set);
        let (present, update) = (world.present.encode(), world.update());
        let refused = with_expanded::<Small, _>(&present, |verifier| {
            let update = TrustUpdate::parse(&update)?;
            verifier?.authenticate_trust_update(&update).map(|_| ())
        });
        let missing = ConfigurationError::AlgorithmNotAvailable { algorithm: SealAlgorithm::Ed25519 };
        assert_eq!(refused, Err(Error::Configuration(missing)), "{set}");
        ran += 1;
    }
    assert_eq!(ran, 3);
}

#[test]
fn an_update_is_taken_with_adapters_behind_the_tables_and_the_new_tables_do_all_from_then_on() {
    let mut ran = 0;
    for set in POST_QUANTUM {
        let world = Rotation::new(set);
        let (present, update) = (world.present.encode(), world.update());
        let owned = tables::<Small>(&TrustStore::parse(&present).unwrap());
        let listed: Vec<&dyn SealVerifier> =
            owned.iter().map(AsRef::as_ref).chain(ALGORITHMS.iter().copied()).collect();
        let verifier = Verifier::from_write_protected(TrustStore::parse(&present).unwrap(), &listed).unwrap();
        let update = TrustUpdate::parse(&update).unwrap();
        let (release_id, frame) = world.state.confirmed.as_ref().unwrap();
        let admitted = verifier
            .authenticate_trust_update(&update)
            .unwrap()
            .admit(&TrustState {
                vendor: world.state.vendor,
                class: world.state.class,
                confirmed: Some(ConfirmedFrame { release_id: *release_id, frame }),
                counter: TrustEpoch(world.state.counter),
                counter_limit: TrustEpoch(world.state.counter_limit),
            })
            .unwrap();
        let next = admitted.store().as_bytes().to_vec();
        assert_eq!(admitted.written(&next).unwrap().epoch().0, 2);

        // The old tables alone do not make a verifier of the new store: two of its keys have none.
        let old: Vec<&dyn SealVerifier> = owned.iter().map(AsRef::as_ref).collect();
        let missing = ConfigurationError::AlgorithmNotAvailable { algorithm: SealAlgorithm::Ed25519 };
        for made in [Verifier::new, Verifier::from_write_protected] {
            assert_eq!(made(TrustStore::parse(&next).unwrap(), &old).map(|_| ()), Err(missing));
        }

        // Computed from the new store, they do what the adapters do. A table of a revoked key that stays in the list is dead weight.
        let computed = tables::<Small>(&TrustStore::parse(&next).unwrap());
        let with_rest: Vec<&dyn SealVerifier> = owned.iter().chain(&computed).map(AsRef::as_ref).collect();
        let new: Vec<&dyn SealVerifier> = computed.iter().map(AsRef::as_ref).collect();
        for list in [&new[..], &with_rest, &ALGORITHMS] {
            let verifier = Verifier::new(TrustStore::parse(&next).unwrap(), list).unwrap();
            let by = |signers: &[&Identity]| {
                let bytes = Release::sample(world.algorithm).sealed_by(signers).to_bytes(Form::Stripped);
                verifier.authenticate(&Envelope::parse(&bytes).unwrap()).map(|_| ()).map_err(|error| error.name())
            };
            assert_eq!(by(&[&world.signers[0], &world.new_signer]), Ok(()), "{set}");
            let revoked = by(&[&world.signers[0], &world.signers[2]]);
            assert_eq!(revoked, Err("requirement-not-met"), "{set}");
            ran += 2;
        }
    }
    assert_eq!(ran, 18);
}

/// Why tables are computed and never taken from anywhere: in the worst of the bad ones below, a revoked key seals under the new key's name.
#[test]
fn a_table_with_the_new_key_in_front_and_the_revoked_key_behind_is_found_out_where_it_is_computed() {
    let mut ran = 0;
    for set in POST_QUANTUM {
        ran += match set {
            SealAlgorithm::MlDsa44 => spliced_ml_dsa::<Set44>(),
            SealAlgorithm::MlDsa65 => spliced_ml_dsa::<Set65>(),
            _ => spliced_ml_dsa::<Set87>(),
        };
    }
    for teeth in [CombSize::Teeth4, CombSize::Teeth8] {
        ran += spliced_ed25519(teeth);
    }
    println!("expanded anchors after a trust update: {ran} tables that are none of the new store's");
    assert_eq!(ran, 5 * 2);
}

fn spliced_ml_dsa<P: ParameterSet>() -> usize {
    let world = Rotation::new(P::ALGORITHM);
    let (revoked, new) = (&world.signers[2], &world.new_signer);
    let (revoked_key, new_key) = (key(revoked, P::ALGORITHM), key(new, P::ALGORITHM));
    let table = |key: &[u8]| {
        let mut words = Vec::new();
        expand_ml_dsa::<P>(key, |piece| words.extend_from_slice(piece)).expect("both are good keys");
        words
    };
    let (old, mut spliced) = (table(&revoked_key), table(&new_key));
    assert_eq!(ExpandedMlDsa::<P, Small>::new(&old, &new_key).err(), Some(BadTable::AnotherKey));
    assert_eq!(ExpandedMlDsa::<P, Small>::from_write_protected(&old, &new_key).err(), Some(BadTable::AnotherKey));

    let entries = 4 + new_key.len() / 4;
    spliced[entries..].copy_from_slice(&old[entries..]);
    assert_eq!(ExpandedMlDsa::<P, Small>::new(&spliced, &new_key).err(), Some(BadTable::Entries));
    let believed = ExpandedMlDsa::<P, Small>::from_write_protected(&spliced, &new_key).expect("both are good keys");
    let (message, signature) = forged(revoked, new, P::ALGORITHM);
    assert_eq!(believed.verify(&new_key, &message, &signature), Ok(()), "the worst that was to be shown");
    let computed = table(&new_key);
    let computed = ExpandedMlDsa::<P, Small>::new(&computed, &new_key).expect("both are good keys");
    assert_eq!(computed.verify(&new_key, &message, &signature), Err(BadSeal));
    2
}

fn spliced_ed25519(teeth: CombSize) -> usize {
    let world = Rotation::new(SealAlgorithm::MlDsa44);
    let (revoked, new) = (&world.signers[2], &world.new_signer);
    let (revoked_key, new_key) = (key(revoked, SealAlgorithm::Ed25519), key(new, SealAlgorithm::Ed25519));
    let base = || BaseComb::of_size(teeth);
    let table = |key: &[u8]| {
        let mut bytes = Vec::new();
        ExpandedEd25519::expand(key, teeth, |piece| bytes.extend_from_slice(piece)).expect("both are good keys");
        bytes
    };
    let (old, mut spliced) = (table(&revoked_key), table(&new_key));
    assert_eq!(ExpandedEd25519::new(&old, &new_key, base()).err(), Some(BadTable::AnotherKey));
    assert_eq!(ExpandedEd25519::from_write_protected(&old, &new_key, base()).err(), Some(BadTable::AnotherKey));

    let entries = 16 + new_key.len();
    spliced[entries..].copy_from_slice(&old[entries..]);
    assert_eq!(ExpandedEd25519::new(&spliced, &new_key, base()).err(), Some(BadTable::Entries));
    assert!(ExpandedEd25519::from_write_protected(&spliced, &new_key, base()).is_ok());
    2
}

/// What a revoked identity would seal in the name of the one that took its place.
fn forged(revoked: &Identity, new: &Identity, algorithm: SealAlgorithm) -> (Vec<u8>, Vec<u8>) {
    let bundle = Release::sample(twinseal_formats::DigestAlgorithm::matching(algorithm)).sealed_by(&[new]);
    let protected = twinseal_formats::encode::protected_header(algorithm.cose(), new.anchor_id(), SealType::Release);
    let message =
        ToBeSigned::new(&protected, &twinseal_formats::encode::digest(&bundle.digest)).expect("both are good keys");
    (message.as_bytes().to_vec(), revoked.sign(algorithm, message.as_bytes(), &[]))
}

fn key(identity: &Identity, algorithm: SealAlgorithm) -> Vec<u8> {
    identity.keys().into_iter().find(|(of, _)| *of == algorithm).expect("both are good keys").1
}
