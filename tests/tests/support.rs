//! The support library itself: what it writes by hand is what the canonical writer writes, and honest releases are accepted.
#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use twinseal_formats::{DigestAlgorithm, EvidenceIndex, TrustStore, TrustUpdate, encode};
use twinseal_tests::bundle::Form;
use twinseal_tests::manifest::RawManifest;
use twinseal_tests::roads;
use twinseal_tests::trust::{self, RawAnchor, RawStore, Store, StoredAnchor};
use twinseal_tests::world::{POST_QUANTUM, World};

#[test]
fn what_is_written_by_hand_is_what_the_canonical_writer_writes() {
    for set in POST_QUANTUM {
        let world = World::new(set);
        let bundle = world.bundle();
        let canonical = encode::envelope(4, &bundle.digest, &bundle.seals, &bundle.manifest).unwrap();
        assert!(bundle.to_bytes(Form::Full).starts_with(&canonical));
        assert_eq!(RawManifest::of(&world.release).to_bytes(), bundle.manifest);

        let store = Store::of(vec![StoredAnchor::of(&world.signer, twinseal_formats::Role::Release, "release")]);
        assert_eq!(RawStore::of(vec![RawAnchor::of(&world.signer)]).to_bytes(), store.encode());
    }
}

#[test]
fn honest_releases_are_accepted_in_every_form_that_encloses_the_payloads() {
    for set in POST_QUANTUM {
        let mut world = World::new(set);
        world.release = world.release.with_evidence();
        let bundle = world.bundle();
        for form in [Form::Full, Form::Stripped] {
            assert_eq!(world.judge(&bundle.to_bytes(form)), Ok(bundle.digest), "{set}, {form:?}");
        }
        let store = world.store.encode();
        let verifier = trust::verifier(&store).unwrap();
        for form in [Form::Full, Form::Stripped, Form::Detached, Form::Bare] {
            let booted = roads::boot(&bundle.to_bytes(form), &bundle.payloads, &verifier, &world.facts);
            assert_eq!(booted, Ok(bundle.digest), "{set}, {form:?}");
        }
    }
}

#[test]
fn what_is_made_from_a_seed_is_the_same_every_time() {
    for set in POST_QUANTUM {
        let (one, other) = (World::new(set).bundle(), World::new(set).bundle());
        assert_eq!(one.to_bytes(Form::Full), other.to_bytes(Form::Full));
    }
}

#[test]
fn evidence_and_trust_updates_are_written_as_they_are_read() {
    let world = World::new(POST_QUANTUM[0]);
    let release = world.release.clone().with_evidence();
    let index = release.evidence_index().unwrap();
    assert_eq!(EvidenceIndex::parse(&index, DigestAlgorithm::Sha256).unwrap().file_count(), 2);

    let store = world.store.encode();
    let update = trust::trust_update(&release.digest(&store), &store, &[&world.root]);
    let body = TrustUpdate::parse(&update).unwrap().body_bytes();
    let body = twinseal_formats::TrustUpdateBody::parse(body).unwrap();
    assert_eq!(body.store().as_bytes(), TrustStore::parse(&store).unwrap().as_bytes());
}
