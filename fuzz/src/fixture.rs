//! One vendor, its device, and the bundles that the device takes: made once, from fixed seeds.

use std::sync::LazyLock;

use twinseal_formats::{Digest, SealAlgorithm};
use twinseal_tests::bundle::Form;
use twinseal_tests::trust;
use twinseal_tests::world::World;
use twinseal_verifier::Verifier;

/// The vendor and its device, with the smallest parameter set: seeds are small, and runs are fast.
pub(crate) static WORLD: LazyLock<World> = LazyLock::new(|| World::new(SealAlgorithm::MlDsa44));

/// The device's trust store.
pub(crate) static STORE: LazyLock<Vec<u8>> = LazyLock::new(|| WORLD.store.encode());

/// The device's verifier.
pub(crate) static VERIFIER: LazyLock<Verifier<'static>> =
    LazyLock::new(|| trust::verifier(&STORE).expect("a good store"));

/// A bundle that the device takes.
pub(crate) struct Good {
    pub(crate) release_id: Digest,
    pub(crate) bytes: Vec<u8>,
    /// How many bytes a device looks at.
    needed: usize,
}

/// Full with evidence, stripped, and without evidence.
pub(crate) static GOOD: LazyLock<Vec<Good>> = LazyLock::new(|| {
    let mut with_evidence = WORLD.clone();
    with_evidence.release = with_evidence.release.with_evidence();
    let good = |world: &World, form: Form| {
        let bundle = world.bundle();
        let bytes = bundle.to_bytes(form);
        let behind =
            if form == Form::Full { bundle.tail(Form::Full).len() - bundle.tail(Form::Stripped).len() } else { 0 };
        Good { release_id: bundle.digest, needed: bytes.len() - behind, bytes }
    };
    vec![good(&with_evidence, Form::Full), good(&with_evidence, Form::Stripped), good(&WORLD, Form::Stripped)]
});

/// Nobody but the vendor can seal: what is taken must be one of the good bundles, as far as a device looks.
pub(crate) fn assert_ours(release_id: &Digest, bytes: &[u8]) {
    let ours = GOOD
        .iter()
        .any(|good| good.release_id == *release_id && bytes.get(..good.needed) == Some(&good.bytes[..good.needed]));
    assert!(ours, "a bundle that the vendor did not make was accepted");
}
