//! One vendor, its device, and its release: where most tests start.

use twinseal_formats::{DigestAlgorithm, Role, SealAlgorithm};
use twinseal_verifier::{Error, Fast, Small, Verifier};

use crate::bundle::{Bundle, Form};
use crate::device::Facts;
use crate::expanded::with_expanded;
use crate::identity::Identity;
use crate::release::Release;
use crate::roads::{self, Outcome};
use crate::trust::{self, Store, StoredAnchor};

/// The post-quantum halves that everything about seals is tried with.
pub const POST_QUANTUM: [SealAlgorithm; 3] = [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87];

/// A vendor with a root and a release identity; a device that trusts both; a release that it would install.
#[derive(Clone, Debug)]
pub struct World {
    /// The algorithm of the post-quantum halves.
    pub post_quantum: SealAlgorithm,
    pub root: Identity,
    pub signer: Identity,
    /// An identity that the device does not know.
    pub stranger: Identity,
    pub release: Release,
    pub store: Store,
    pub facts: Facts,
}

impl World {
    pub fn new(post_quantum: SealAlgorithm) -> Self {
        let root = Identity::hybrid(post_quantum, 1);
        let signer = Identity::hybrid(post_quantum, 2);
        let store = Store::of(vec![
            StoredAnchor::of(&root, Role::Root, "root"),
            StoredAnchor::of(&signer, Role::Release, "release"),
        ]);
        Self {
            post_quantum,
            root,
            signer,
            stranger: Identity::hybrid(post_quantum, 3),
            release: Release::sample(DigestAlgorithm::matching(post_quantum)),
            store,
            facts: Facts::sample(),
        }
    }

    /// The release, sealed by the signer.
    pub fn bundle(&self) -> Bundle {
        self.release.sealed_by(&[&self.signer])
    }

    /// A bundle around any manifest, sealed by the signer: what only the vendor itself could do wrong.
    pub fn resealed(&self, manifest: Vec<u8>) -> Vec<u8> {
        self.release.sealed_around(manifest, &[&self.signer]).to_bytes(Form::Stripped)
    }

    /// What the device says to these bytes, by every road; asserts that one with expanded anchors says the same.
    pub fn judge(&self, bytes: &[u8]) -> Outcome {
        let store = self.store.encode();
        let outcome = trust::verifier(&store).and_then(|verifier| roads::every_road(bytes, &verifier, &self.facts));
        let pull = |verifier: Result<Verifier<'_>, Error>| roads::pull(bytes, &verifier?, &self.facts);
        assert_eq!(with_expanded::<Fast, _>(&store, pull), outcome, "expanded anchors, much memory");
        assert_eq!(with_expanded::<Small, _>(&store, pull), outcome, "expanded anchors, little memory");
        outcome
    }
}
