//! Any bytes as a trust store: what is taken can be used, and lets nothing pass that its anchors did not seal.

use std::sync::LazyLock;

use twinseal_formats::{Envelope, TrustStore};
use twinseal_tests::trust::ALGORITHMS;
use twinseal_verifier::{Error, Verifier};

use crate::fixture::WORLD;
use crate::note::{note, note_verdict};

/// A bundle by an identity that no seed's store knows.
static STRANGE: LazyLock<Vec<u8>> =
    LazyLock::new(|| WORLD.release.sealed_by(&[&WORLD.stranger]).to_bytes(twinseal_tests::bundle::Form::Stripped));

pub fn run(data: &[u8]) {
    let verifier = TrustStore::parse(data).map_err(Error::from).and_then(|store| {
        assert_eq!(store.as_bytes(), data, "a store is its bytes");
        Ok(Verifier::new(store, &ALGORITHMS)?)
    });
    note_verdict(&verifier);
    let Ok(verifier) = verifier else { return };
    let protected = Verifier::from_write_protected(*verifier.store(), &ALGORITHMS);
    assert!(protected.is_ok(), "what is examined can be provisioned");
    let strange = Envelope::parse(&STRANGE).expect("a bundle");
    let refused = verifier.authenticate(&strange).expect_err("a stranger's bundle");
    note(format!("a stranger is refused: {}", refused.name()));
}
