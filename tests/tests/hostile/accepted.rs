//! What looks odd and is good: without these, a verifier that refuses everything would pass.

use twinseal_formats::encode::{NewComponent, NewSeal};
use twinseal_formats::{Manifest, Role, SealType};
use twinseal_tests::bundle::{Bundle, Form};
use twinseal_tests::device::MemorySlot;
use twinseal_tests::identity::Identity;
use twinseal_tests::roads;
use twinseal_tests::trust::{self, Store, StoredAnchor};
use twinseal_tests::world::{POST_QUANTUM, World};
use twinseal_verifier::{Boot, Extent};

use crate::image::admitted;
use crate::requirements::release_store;

/// Accepted, by every road, under a store.
fn accepted(world: &World, bundle: &Bundle, store: &Store) {
    let world = World { store: store.clone(), ..world.clone() };
    assert_eq!(world.judge(&bundle.to_bytes(Form::Stripped)), Ok(bundle.digest), "{}", world.post_quantum);
}

#[test]
fn as_many_components_as_there_can_be_are_accepted() {
    let mut world = World::new(POST_QUANTUM[0]);
    world.release.components = ('a'..='p').map(|id| (id.into(), format!("image {id}").into_bytes())).collect();
    world.facts.components = world.release.components.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(world.facts.components.len(), 16);
    accepted(&world, &world.bundle(), &world.store);
}

#[test]
fn an_unknown_anchors_seal_of_an_unknown_algorithm_is_skipped() {
    for set in POST_QUANTUM {
        let world = World::new(set);
        for (algorithm, length) in [(-7, 64), (-260, 7856), (-46, 1), (99, 8192), (i64::MAX, 8192), (i64::MIN, 8192)] {
            let mut bundle = world.bundle();
            let signature = vec![0x5a; length];
            bundle.add_seal(NewSeal { anchor: world.stranger.anchor_id(), cose_algorithm: algorithm, signature });
            accepted(&world, &bundle, &world.store);
        }
    }
}

/// The longest frame there can be, but for a longer manifest: it must fit what is set aside for frames.
#[test]
fn sixteen_seals_with_the_longest_signatures_are_accepted() {
    let world = World::new(POST_QUANTUM[0]);
    let mut bundle = world.bundle();
    for number in 0..14 {
        let signature = vec![0x5a; 8192];
        bundle.add_seal(NewSeal { anchor: world.stranger.anchor_id(), cose_algorithm: i64::MAX - number, signature });
    }
    accepted(&world, &bundle, &world.store);
}

#[test]
fn an_unknown_anchors_bad_or_lonely_seal_is_never_looked_at() {
    let world = World::new(POST_QUANTUM[0]);
    let mut bundle = world.bundle();
    let mut halves = world.stranger.seals(SealType::Release, &bundle.digest);
    halves[0].signature[0] ^= 1;
    halves[1].signature.truncate(1);
    for halves in [&halves[..], &halves[..1], &halves[1..]] {
        bundle.seals = world.signer.seals(SealType::Release, &bundle.digest);
        halves.iter().for_each(|half| bundle.add_seal(half.clone()));
        accepted(&world, &bundle, &world.store);
    }
}

#[test]
fn thresholds_are_met_by_any_choice_of_enough_distinct_anchors() {
    for set in POST_QUANTUM {
        let world = World::new(set);
        let third = Identity::hybrid(set, 4);
        let all = [&world.signer, &world.stranger, &third];
        let store = release_store(&all, 2);
        for choice in [[0, 1], [0, 2], [1, 2]] {
            accepted(&world, &world.release.sealed_by(&choice.map(|one| all[one])), &store);
        }
        accepted(&world, &world.release.sealed_by(&all), &store);
    }
}

#[test]
fn releases_that_the_assessor_sealed_too_are_accepted() {
    for set in POST_QUANTUM {
        let world = World::new(set);
        let mut store = world.store.clone();
        store.anchors.push(StoredAnchor::of(&world.stranger, Role::Assessor, "test-house"));
        let store = store.demanding(Role::Assessor, 1);
        accepted(&world, &world.release.sealed_by(&[&world.stranger, &world.signer]), &store);
    }
}

#[test]
fn anchors_of_different_parameter_sets_vouch_together() {
    let world = World::new(POST_QUANTUM[0]);
    let others = [Identity::hybrid(POST_QUANTUM[1], 5), Identity::hybrid(POST_QUANTUM[2], 6)];
    let all = [&world.signer, &others[0], &others[1]];
    accepted(&world, &world.release.sealed_by(&all), &release_store(&all, 3));
}

#[test]
fn single_class_anchors_are_accepted_only_by_a_store_that_says_so() {
    for set in POST_QUANTUM {
        let world = World::new(set);
        for alone in [Identity::classical(8), Identity::post_quantum(set, 8)] {
            let bundle = world.release.sealed_by(&[&alone]);
            let mut store = Store::of(vec![StoredAnchor::of(&alone, Role::Release, "release")]);
            let error = trust::verifier(&store.encode()).map(|_| ()).expect_err("a single class");
            assert_eq!(error.code().number(), 0x0707);
            store.single_class = true;
            accepted(&world, &bundle, &store);
        }
    }
}

#[test]
fn a_store_without_root_anchors_is_legal() {
    let world = World::new(POST_QUANTUM[0]);
    accepted(&world, &world.bundle(), &release_store(&[&world.signer], 1));
}

#[test]
fn the_root_may_seal_a_release_too() {
    let world = World::new(POST_QUANTUM[0]);
    accepted(&world, &world.release.sealed_by(&[&world.root, &world.signer]), &world.store);
}

/// Halves of two signings of the same bytes are both good, so a release is known by its digest and not by its file (D7).
#[test]
fn a_release_is_the_same_whoever_sealed_it_and_in_whatever_form() {
    let world = World::new(POST_QUANTUM[0]);
    let (one, other) = (world.bundle(), world.release.sealed_by(&[&world.signer, &world.stranger]));
    assert_ne!(one.to_bytes(Form::Stripped), other.to_bytes(Form::Stripped));
    assert_eq!(world.judge(&one.to_bytes(Form::Stripped)), world.judge(&other.to_bytes(Form::Stripped)));
}

/// A device needs nothing behind the last payload, and does not look; the tool does, and refuses.
#[test]
fn bytes_behind_the_last_payload_do_not_matter_to_a_device() {
    let world = World::new(POST_QUANTUM[0]);
    let (good, release_id) = (world.bundle().to_bytes(Form::Stripped), world.bundle().digest);
    for behind in [vec![0], vec![0xff; 4096], good.clone()] {
        assert_eq!(world.judge(&[good.clone(), behind].concat()), Ok(release_id));
    }
}

/// Of the envelope's number of entries a device uses only whether payloads are enclosed: it never reads on to where evidence would lie.
#[test]
fn a_device_does_not_miss_evidence_that_is_not_there() {
    let mut world = World::new(POST_QUANTUM[0]);
    world.release = world.release.with_evidence();
    let bundle = world.bundle();
    for (form, entries) in [(Form::Stripped, 7), (Form::Full, 4)] {
        assert_eq!(world.judge(&bundle.to_bytes_with_entries(form, entries)), Ok(bundle.digest));
    }
}

#[test]
fn detached_payloads_are_received_one_after_the_other() {
    let world = World::new(POST_QUANTUM[0]);
    let bundle = world.bundle();
    for size in [1, 7, 1000] {
        let release_id = admitted(&world, &bundle, |admitted| {
            let slot = MemorySlot::inactive(2);
            let mut reception = admitted.receive_detached(slot).expect("room");
            for chunk in bundle.payloads.concat().chunks(size) {
                reception.push(chunk).expect("good bytes");
            }
            assert!(reception.is_complete());
            *reception.finish(&mut [0; 16]).expect("good images").release_id()
        });
        assert_eq!(release_id, bundle.digest);
    }
    let store = world.store.encode();
    let verifier = trust::verifier(&store).expect("a good store");
    let booted = roads::boot(&bundle.to_bytes(Form::Bare), &bundle.payloads, &verifier, &world.facts);
    assert_eq!(booted, Ok(bundle.digest));
}

/// One byte more is refused (`image`, `structure`).
#[test]
fn images_as_large_as_their_places_and_as_the_format_allows_are_accepted() {
    let world = World::new(POST_QUANTUM[0]);
    let bundle = world.bundle();
    let mut storage = MemorySlot::holding(bundle.payloads.clone());
    for (extent, payload) in storage.extents.iter_mut().zip(&bundle.payloads) {
        *extent = Some(Extent::Room(u64::try_from(payload.len()).expect("small")));
    }
    let verified =
        admitted::<Boot, _>(&world, &bundle, |admitted| admitted.verify_images(storage, &mut [0; 61]).is_ok());
    assert!(verified);

    let digest = world.release.digest(b"whatever");
    let component = |id, size| NewComponent { id, size, digest };
    let manifest = world.release.manifest_of(vec![component("app", (1 << 63) - 1 - 34), component("radio", 34)]);
    assert_eq!(Manifest::parse(&manifest).expect("as much as there can be").component_count(), 2);
}
