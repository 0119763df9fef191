//! How many anchors of which role must have sealed, and with which digest (design decisions D3 and D13).

use twinseal_formats::{DigestAlgorithm, Role, SealType};
use twinseal_tests::bundle::Form;
use twinseal_tests::identity::Identity;
use twinseal_tests::manifest::RawManifest;
use twinseal_tests::release::Release;
use twinseal_tests::trust::{Store, StoredAnchor};
use twinseal_tests::world::World;

use crate::hybrid::changed;
use crate::{Case, Input, case};

/// A store that trusts these release anchors, and demands so many of them.
pub(crate) fn release_store(anchors: &[&Identity], threshold: u8) -> Store {
    let stored = (0..)
        .zip(anchors)
        .map(|(number, anchor)| StoredAnchor::of(anchor, Role::Release, &format!("release-{number}")));
    Store::of(stored.collect()).demanding(Role::Release, threshold)
}

/// Sealed by some, in front of a device that demands `threshold` of others.
fn threshold(world: &World, sealed_by: &[&Identity], anchors: &[&Identity], threshold: u8) -> Input {
    let bytes = world.release.sealed_by(sealed_by).to_bytes(Form::Stripped);
    Input::Elsewhere(bytes, release_store(anchors, threshold), world.facts.clone())
}

pub(crate) fn cases() -> Vec<Case> {
    [thresholds(), digests()].into_iter().flatten().collect()
}

fn thresholds() -> Vec<Case> {
    let unmet = "040a authenticate.requirement-not-met";
    fn third(world: &World) -> Identity {
        Identity::hybrid(world.post_quantum, 4)
    }
    /// In front of a device that demands two release anchors, and knows two roots besides.
    fn roots_beside(world: &World, sealed_by: &[&Identity]) -> Input {
        let store = Store::of(vec![
            StoredAnchor::of(&world.root, Role::Root, "root-1"),
            StoredAnchor::of(&third(world), Role::Root, "root-2"),
            StoredAnchor::of(&world.signer, Role::Release, "release-1"),
            StoredAnchor::of(&world.stranger, Role::Release, "release-2"),
        ]);
        let store = store.demanding(Role::Release, 2);
        Input::Elsewhere(world.release.sealed_by(sealed_by).to_bytes(Form::Stripped), store, world.facts.clone())
    }
    fn assessed(world: &World, sealed_by: &[&Identity]) -> Input {
        let store = Store::of(vec![
            StoredAnchor::of(&world.signer, Role::Release, "release"),
            StoredAnchor::of(&world.stranger, Role::Assessor, "test-house"),
        ]);
        Input::Elsewhere(world.release.sealed_by(sealed_by).to_bytes(Form::Stripped), store, world.facts.clone())
    }
    vec![
        case("two anchors demanded, one sealed", &[41], unmet, |w| {
            threshold(w, &[&w.signer], &[&w.signer, &w.stranger], 2)
        }),
        case("two of three demanded, one sealed", &[41], unmet, |w| {
            threshold(w, &[&w.signer], &[&w.signer, &w.stranger, &third(w)], 2)
        }),
        case("two demanded, one sealed and a stranger", &[41, 57], unmet, |w| {
            threshold(w, &[&w.signer, &third(w)], &[&w.signer, &w.stranger], 2)
        }),
        case("two release anchors demanded, one sealed and a root", &[41, 56], unmet, |w| {
            roots_beside(w, &[&w.signer, &w.root])
        }),
        case("two release anchors demanded, two roots sealed", &[56], unmet, |w| {
            roots_beside(w, &[&w.root, &third(w)])
        }),
        case("the release anchor sealed, the assessor did not", &[40], unmet, |w| assessed(w, &[&w.signer])),
        case("the assessor sealed, the release anchor did not", &[56], unmet, |w| assessed(w, &[&w.stranger])),
    ]
}

fn digests() -> Vec<Case> {
    let weak = "0402 authenticate.digest-too-weak";
    vec![
        case("a weaker digest than the trust store demands", &[33, 40], weak, |w| {
            let release = Release { digest_algorithm: DigestAlgorithm::Sha256, ..w.release.clone() };
            let store = Store { minimum_digest: DigestAlgorithm::Sha384, ..w.store.clone() };
            Input::Elsewhere(release.sealed_by(&[&w.signer]).to_bytes(Form::Stripped), store, w.facts.clone())
        }),
        case("images with a weaker digest than the manifest's", &[33], "020b manifest.digest-algorithm", |w| {
            let images = Release { digest_algorithm: DigestAlgorithm::Sha256, ..w.release.clone() };
            let seals = Release { digest_algorithm: DigestAlgorithm::Sha512, ..w.release.clone() };
            Input::Bundle(seals.sealed_around(images.manifest(), &[&w.signer]).to_bytes(Form::Stripped))
        }),
        case("seals over the digest of another manifest", &[14], "0403 authenticate.digest-mismatch", |w| {
            let mut manifest = RawManifest::of(&w.release);
            manifest.security_version = vec![4];
            changed(w, |bundle| bundle.manifest = manifest.to_bytes())
        }),
        case("a digest over the manifest without its head", &[14, 31], "0403 authenticate.digest-mismatch", |w| {
            changed(w, |bundle| {
                bundle.digest = w.release.digest(&bundle.manifest);
                bundle.seals = w.signer.seals(SealType::Release, &bundle.digest);
            })
        }),
        case("seals over the digest of nothing", &[45], "0403 authenticate.digest-mismatch", |w| {
            changed(w, |bundle| {
                bundle.digest = w.release.digest(&[]);
                bundle.seals = w.signer.seals(SealType::Release, &bundle.digest);
            })
        }),
    ]
}
