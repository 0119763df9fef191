//! What each step of a road proves is about the same release, or the same trust store, from the first to the last; and an error says of
//! itself what the tables say.

use twinseal_formats::{ErrorEntry, PARSE_ERRORS, SealAlgorithm, SecurityVersion, TrustEpoch, TrustUpdate};
use twinseal_tests::bundle::Form;
use twinseal_tests::device::MemorySlot;
use twinseal_tests::rotation::Rotation;
use twinseal_tests::trust;
use twinseal_tests::world::{POST_QUANTUM, World};
use twinseal_verifier::{
    ADMIT_ERRORS, AUTHENTICATE_ERRORS, Boot, CONFIGURATION_ERRORS, ConfirmedFrame, Envelope, Error, IMAGE_ERRORS,
    Install, TrustState, UPDATE_ERRORS,
};

/// Every table of errors that a device has.
pub(crate) const TABLES: [&[ErrorEntry]; 6] =
    [PARSE_ERRORS, AUTHENTICATE_ERRORS, ADMIT_ERRORS, IMAGE_ERRORS, CONFIGURATION_ERRORS, UPDATE_ERRORS];

/// Number, name and text of an error are those of its row.
pub(crate) fn assert_says_its_row(error: &Error) {
    let mut rows = TABLES.into_iter().flatten().filter(|row| row.code == error.code());
    let row = rows.next().expect("every error has a row");
    assert!(rows.next().is_none(), "and one only");
    assert_eq!((row.stage, row.rule), (error.stage(), error.name()));
    // The name, the place in the bytes if it has one, what it means, and its details.
    let text = error.to_string();
    let named = text.strip_prefix(&format!("{}.{}", row.stage.name(), row.rule)).expect("the name comes first");
    let (place, said) = named.split_once(": ").expect("a colon before what it means");
    let at_byte = place.strip_prefix(" at byte ").is_some_and(|number| number.parse::<u64>().is_ok());
    assert!((place.is_empty() || at_byte) && said.starts_with(row.meaning), "{text}");
    let number = format!("0x{:04x}", row.code.number());
    assert_eq!((row.code.to_string(), format!("{:?}", row.code)), (number.clone(), number));
}

#[test]
fn every_proof_is_of_the_release_that_was_sealed() {
    for set in POST_QUANTUM {
        let world = World::new(set);
        let bundle = world.bundle();
        let (bytes, store) = (bundle.to_bytes(Form::Stripped), world.store.encode());
        let verifier = trust::verifier(&store).expect("a good store");
        assert!(format!("{verifier:?}").starts_with("Verifier { store: TrustStore"));
        let envelope = Envelope::parse(&bytes).expect("a good frame");
        let authentic = verifier.authenticate(&envelope).expect("good seals");
        let manifest = *authentic.manifest();
        assert_eq!((envelope.manifest_bytes(), *authentic.release_id()), (&bundle.manifest[..], bundle.digest));
        assert_eq!(manifest.sequence_number().0, world.release.sequence_number);

        let install = world.facts.lend(|device| authentic.admit::<Install>(device)).expect("for this device");
        assert_eq!((*install.manifest(), *install.release_id()), (manifest, bundle.digest));
        let storage = MemorySlot::holding(bundle.payloads.clone());
        let verified = install.verify_images(storage.clone(), &mut [0; 61]).expect("the images that were sealed");
        assert_eq!((*verified.manifest(), *verified.release_id()), (manifest, bundle.digest));
        assert_eq!((verified.affirm(), &verified.storage().images), (Ok(()), &bundle.payloads));
        assert_eq!(verified.into_storage().images, bundle.payloads);

        let authentic = verifier.authenticate(&envelope).expect("good seals");
        let boot = world.facts.lend(|device| authentic.admit::<Boot>(device)).expect("for this device");
        let verified = boot.verify_images(storage, &mut [0; 61]).expect("the images that were sealed");
        assert_eq!(verified.confirmed_security_version(), SecurityVersion(world.release.security_version));
    }
}

#[test]
fn every_proof_is_of_the_trust_store_that_was_sealed() {
    let rotation = Rotation::new(SealAlgorithm::MlDsa44);
    let (present, next, update) = (rotation.present.encode(), rotation.next.encode(), rotation.update());
    let verifier = trust::verifier(&present).expect("a good store");
    let parsed = TrustUpdate::parse(&update).expect("a good frame");
    let authentic = verifier.authenticate_trust_update(&parsed).expect("good seals");
    assert_eq!((authentic.new_store().as_bytes(), authentic.update_id()), (&next[..], parsed.seals().digest()));
    let (release_id, frame) = rotation.state.confirmed.as_ref().expect("it confirmed one");
    let state = TrustState {
        vendor: rotation.state.vendor,
        class: rotation.state.class,
        confirmed: Some(ConfirmedFrame { release_id: *release_id, frame }),
        counter: TrustEpoch(rotation.state.counter),
        counter_limit: TrustEpoch(rotation.state.counter_limit),
    };
    let admitted = authentic.admit(&state).expect("for this device");
    assert_eq!((admitted.store().as_bytes(), admitted.update_id()), (&next[..], parsed.seals().digest()));
    assert_eq!(admitted.written(&next).expect("what was sealed").epoch(), TrustEpoch(rotation.next.epoch));
}
