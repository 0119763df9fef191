//! Trust updates of the right shape that a device must not take (T-2 to T-17).

use twinseal_formats::{ClassId, Digest, DigestAlgorithm, Role, SealAlgorithm, SealType, VendorId, encode};
use twinseal_tests::bundle::Form;
use twinseal_tests::identity::Identity;
use twinseal_tests::release::{self, Release};
use twinseal_tests::rotation::{Rotation, store};
use twinseal_tests::trust::StoredAnchor;
use twinseal_tests::world::World;
use twinseal_verifier::Error;

use crate::{Case, Input, case};

const ED: SealAlgorithm = SealAlgorithm::Ed25519;

/// A rotation with something changed, and the update that comes of it.
fn rotation(world: &World, change: impl Fn(&mut Rotation)) -> Input {
    let mut rotation = Rotation::new(world.post_quantum);
    change(&mut rotation);
    Input::Gone(rotation.judge(&rotation.update()))
}

/// The honest update, to a device whose rotation is changed after it was made.
fn device(world: &World, change: impl Fn(&mut Rotation)) -> Input {
    let mut rotation = Rotation::new(world.post_quantum);
    let update = rotation.update();
    change(&mut rotation);
    Input::Gone(rotation.judge(&update))
}

/// The honest update sealed by whom `by` names.
fn sealed_by(world: &World, by: impl Fn(&Rotation) -> Vec<&Identity>) -> Input {
    let rotation = Rotation::new(world.post_quantum);
    Input::Gone(rotation.judge(&rotation.sealed_by(&by(&rotation))))
}

/// An update around any body, with the first two roots' seals changed.
fn resealed(
    rotation: &Rotation,
    body: &[u8],
    change: impl Fn(&mut Vec<encode::NewSeal>, &Digest),
) -> Result<(), Error> {
    let digest = release::digest(rotation.algorithm, &encode::with_head(body));
    let mut seals = rotation.roots[0].seals(SealType::TrustUpdate, &digest);
    seals.extend(rotation.roots[1].seals(SealType::TrustUpdate, &digest));
    change(&mut seals, &digest);
    rotation.judge(&encode::trust_update(&digest, &seals, body).expect("the frame has its shape"))
}

fn seals(world: &World, change: impl Fn(&Rotation, &mut Vec<encode::NewSeal>)) -> Input {
    let rotation = Rotation::new(world.post_quantum);
    let body = encode::trust_update_body(&rotation.replaces(), &rotation.next.encode()).expect("a good body");
    Input::Gone(resealed(&rotation, &body, |seals, _| change(&rotation, seals)))
}

pub(crate) fn cases() -> Vec<Case> {
    [stolen(), seals_of_the_store_in_use(), bodies(), new_stores(), devices()].into_iter().flatten().collect()
}

/// What a thief can do with one identity of two that are demanded: nothing.
fn stolen() -> Vec<Case> {
    let unmet = "040a authenticate.requirement-not-met";
    vec![
        case("an update by one stolen root identity of two demanded", &[41, 68], unmet, |w| {
            sealed_by(w, |rotation| vec![&rotation.roots[0]])
        }),
        case("a release by one stolen release identity of two demanded", &[41], unmet, |w| {
            let rotation = Rotation::new(w.post_quantum);
            Input::Gone(rotation.releases(&[&rotation.signers[0]]))
        }),
        case("an update by a stolen root and a release identity", &[56], unmet, |w| {
            sealed_by(w, |rotation| vec![&rotation.roots[0], &rotation.signers[0]])
        }),
        case("an update by every release identity", &[56], unmet, |w| {
            sealed_by(w, |rotation| rotation.signers.iter().collect())
        }),
        case("a release by every root identity", &[56], unmet, |w| {
            let rotation = Rotation::new(w.post_quantum);
            Input::Gone(rotation.releases(&rotation.roots.each_ref()))
        }),
        case("an update by one stolen root and the new root that it names itself", &[68], unmet, |w| {
            sealed_by(w, |rotation| vec![&rotation.roots[0], &rotation.new_root])
        }),
        case("an update by its own new keys alone", &[68], unmet, |w| {
            rotation_by_new_keys(w, |rotation| vec![&rotation.new_root, &rotation.new_signer])
        }),
        case("a release by a revoked release identity and one that remains", &[59], unmet, |w| {
            let mut rotation = Rotation::new(w.post_quantum);
            rotation.present = rotation.next.clone();
            Input::Gone(rotation.releases(&[&rotation.signers[0], &rotation.signers[2]]))
        }),
        case("an update by a revoked root and one that remains", &[59], unmet, |w| {
            let mut rotation = Rotation::new(w.post_quantum);
            rotation.present = rotation.next.clone();
            rotation.next.epoch = 3;
            Input::Gone(rotation.judge(&rotation.sealed_by(&[&rotation.roots[0], &rotation.roots[2]])))
        }),
    ]
}

fn rotation_by_new_keys(world: &World, by: impl Fn(&Rotation) -> Vec<&Identity>) -> Input {
    let mut rotation = Rotation::new(world.post_quantum);
    rotation.next = rotation.next.clone().demanding(Role::Root, 1);
    Input::Gone(rotation.judge(&rotation.sealed_by(&by(&rotation))))
}

fn seals_of_the_store_in_use() -> Vec<Case> {
    vec![
        case("an update for a store without roots", &[62], "0901 update.no-root-requirement", |w| {
            rotation(w, |rotation| {
                rotation.present.anchors.retain(|anchor| anchor.role != Role::Root);
                rotation.present.requirements.retain(|(role, _)| *role != Role::Root);
            })
        }),
        case(
            "an update with a weaker digest than the store in use demands",
            &[33],
            "0402 authenticate.digest-too-weak",
            |w| {
                rotation(w, |rotation| {
                    rotation.present.minimum_digest = DigestAlgorithm::Sha512;
                    rotation.algorithm = DigestAlgorithm::Sha384;
                })
            },
        ),
        case("an update whose body was changed", &[14], "0403 authenticate.digest-mismatch", |w| {
            let rotation = Rotation::new(w.post_quantum);
            let mut update = rotation.update();
            *update.last_mut().expect("it is not empty") ^= 1;
            Input::Gone(rotation.judge(&update))
        }),
        case("an update without a root's classical half", &[43], "0404 authenticate.classical-seal-missing", |w| {
            seals(w, |rotation, seals| {
                let anchor = rotation.roots[0].anchor_id();
                seals.retain(|seal| seal.anchor != anchor || seal.cose_algorithm != ED.cose());
            })
        }),
        case(
            "an update without a root's post-quantum half",
            &[44],
            "0405 authenticate.post-quantum-seal-missing",
            |w| {
                seals(w, |rotation, seals| {
                    let anchor = rotation.roots[0].anchor_id();
                    seals.retain(|seal| seal.anchor != anchor || seal.cose_algorithm == ED.cose());
                })
            },
        ),
        case("an update with a root's classical half changed", &[46], "0406 authenticate.classical-seal-bad", |w| {
            seals(w, |_, seals| seals[0].signature[5] ^= 1)
        }),
        case(
            "an update with a root's post-quantum half changed",
            &[47],
            "0407 authenticate.post-quantum-seal-bad",
            |w| seals(w, |_, seals| seals[1].signature[5] ^= 1),
        ),
        case(
            "an update with a root's seals that were made for a release",
            &[56],
            "0406 authenticate.classical-seal-bad",
            |w| {
                let rotation = Rotation::new(w.post_quantum);
                let body =
                    encode::trust_update_body(&rotation.replaces(), &rotation.next.encode()).expect("a good body");
                Input::Gone(resealed(&rotation, &body, |seals, digest| {
                    *seals = rotation.roots.iter().flat_map(|root| root.seals(SealType::Release, digest)).collect();
                }))
            },
        ),
    ]
}

fn bodies() -> Vec<Case> {
    vec![
        case("an authentic update whose body is no body", &[22], "0304 trust.unexpected-type", |w| {
            let rotation = Rotation::new(w.post_quantum);
            Input::Gone(resealed(&rotation, b"body", |_, _| ()))
        }),
        case(
            "an update that names the replaced store by another digest than its seals",
            &[33],
            "030b trust.digest-algorithm",
            |w| {
                let rotation = Rotation::new(w.post_quantum);
                let other = if rotation.algorithm == DigestAlgorithm::Sha512 {
                    DigestAlgorithm::Sha384
                } else {
                    DigestAlgorithm::Sha512
                };
                let replaces = release::digest(other, &rotation.present.encode());
                let body = encode::trust_update_body(&replaces, &rotation.next.encode()).expect("a good body");
                Input::Gone(resealed(&rotation, &body, |_, _| ()))
            },
        ),
        case("an update of another device's store", &[62], "0902 update.replaces-another", |w| {
            device(w, |rotation| rotation.present.anchors[0].label = "another".into())
        }),
        case("an update again, after it was taken", &[62], "0902 update.replaces-another", |w| {
            device(w, |rotation| {
                rotation.present = rotation.next.clone();
                rotation.state.counter = 2;
            })
        }),
        case("an update to the same epoch", &[69], "0903 update.epoch-step", |w| {
            rotation(w, |rotation| rotation.next.epoch = 1)
        }),
        case("an update back by one epoch", &[69, 96], "0903 update.epoch-step", |w| {
            rotation(w, |rotation| {
                rotation.present.epoch = 5;
                rotation.next.epoch = 4;
            })
        }),
        case("an update that leaves one epoch out", &[69], "0903 update.epoch-step", |w| {
            rotation(w, |rotation| rotation.next.epoch = 3)
        }),
        case("an update from the last epoch there is", &[98], "0903 update.epoch-step", |w| {
            rotation(w, |rotation| {
                rotation.present.epoch = u32::MAX;
                rotation.next.epoch = 0;
            })
        }),
        case("an update to another vendor's store", &[62], "0904 update.vendor-differs", |w| {
            rotation(w, |rotation| rotation.next.vendor = VendorId([0x33; 16]))
        }),
    ]
}

fn new_stores() -> Vec<Case> {
    let new_unmet = "0906 update.new-requirement-not-met";
    vec![
        case(
            "an update to a store that demands no release anchor",
            &[41],
            "0701 configuration.no-release-requirement",
            |w| rotation(w, |rotation| rotation.next.requirements.retain(|(role, _)| *role != Role::Release)),
        ),
        case("an update to a threshold of zero", &[41], "0702 configuration.threshold-zero", |w| {
            rotation(w, |rotation| rotation.next = rotation.next.clone().demanding(Role::Release, 0))
        }),
        case("an update to a threshold beyond its anchors", &[41], "0703 configuration.threshold-unreachable", |w| {
            rotation(w, |rotation| rotation.next = rotation.next.clone().demanding(Role::Root, 4))
        }),
        case("an update that makes one identity count twice", &[49], "0706 configuration.shared-key", |w| {
            rotation(w, |rotation| {
                let pair = Identity::crossed(&rotation.signers[0], &rotation.new_signer);
                rotation.next.anchors[5] = StoredAnchor::of(&pair, Role::Release, "pair");
            })
        }),
        case(
            "an update that drops the post-quantum halves in silence",
            &[35],
            "0707 configuration.single-class-anchor",
            |w| {
                rotation(w, |rotation| {
                    rotation.next.anchors[5] = StoredAnchor::of(&Identity::classical(24), Role::Release, "classical");
                })
            },
        ),
        case("an update with an anchor under another's id", &[62], "0708 configuration.anchor-id-mismatch", |w| {
            rotation(w, |rotation| rotation.next.anchors[5].id = rotation.signers[2].anchor_id())
        }),
        case("an update with a key under which anybody could seal", &[41], "0709 configuration.weak-key", |w| {
            rotation(w, |rotation| {
                let anchor = &mut rotation.next.anchors[5];
                anchor.keys[0].1 = [&[1][..], &[0; 31]].concat();
                anchor.id = twinseal_tests::identity::anchor_id_of(&anchor.keys);
            })
        }),
        case("an update to a store without roots", &[62], "0905 update.no-new-root-requirement", |w| {
            rotation(w, |rotation| {
                rotation.next.anchors.retain(|anchor| anchor.role != Role::Root);
                rotation.next.requirements.retain(|(role, _)| *role != Role::Root);
            })
        }),
        case("an update that no new root sealed", &[68], new_unmet, |w| {
            rotation(w, |rotation| {
                let others =
                    [&rotation.new_root, &Identity::hybrid(w.post_quantum, 15), &Identity::hybrid(w.post_quantum, 16)];
                rotation.next = store(2, others, rotation.signers.each_ref());
            })
        }),
        case("an update that too few of the new roots sealed", &[68], new_unmet, |w| {
            rotation(w, |rotation| rotation.next = rotation.next.clone().demanding(Role::Root, 3))
        }),
        case("an update with a new root's bad seal", &[46], "0406 authenticate.classical-seal-bad", |w| {
            let rotation = Rotation::new(w.post_quantum);
            let body = encode::trust_update_body(&rotation.replaces(), &rotation.next.encode()).expect("a good body");
            Input::Gone(resealed(&rotation, &body, |seals, digest| {
                let mut new = rotation.new_root.seals(SealType::TrustUpdate, digest);
                new[0].signature[5] ^= 1;
                seals.extend(new);
            }))
        }),
        case(
            "an update with a weaker digest than the new store demands",
            &[33],
            "0402 authenticate.digest-too-weak",
            |w| {
                rotation(w, |rotation| {
                    rotation.algorithm = DigestAlgorithm::Sha256;
                    rotation.next.minimum_digest = DigestAlgorithm::Sha512;
                })
            },
        ),
    ]
}

fn devices() -> Vec<Case> {
    let refused = "090a update.confirmed-release-refused";
    let frame = "070e configuration.confirmed-frame";
    vec![
        case(
            "an update on a device that its own store does not serve",
            &[31],
            "070a configuration.device-not-served",
            |w| device(w, |rotation| rotation.state.class = ClassId([0x99; 16])),
        ),
        case("an update on another vendor's device", &[31], "070a configuration.device-not-served", |w| {
            device(w, |rotation| rotation.state.vendor = VendorId([0x99; 16]))
        }),
        case("an update of a store that came back", &[62], "0907 update.store-replaced", |w| {
            device(w, |rotation| rotation.state.counter = 2)
        }),
        case("an update beyond what the epoch counter can hold", &[98], "0908 update.counter-exhausted", |w| {
            device(w, |rotation| rotation.state.counter_limit = 1)
        }),
        case("an update to a store for other devices", &[31], "0909 update.device-not-served", |w| {
            rotation(w, |rotation| rotation.next.classes = vec![ClassId([0x23; 16])])
        }),
        case("an update that revokes whom the confirmed release needs", &[59], refused, |w| {
            rotation(w, |rotation| {
                let others = [&rotation.signers[0], &rotation.new_signer, &Identity::hybrid(w.post_quantum, 25)];
                rotation.next = store(2, rotation.roots.each_ref(), others);
            })
        }),
        case("an update that demands more seals than the confirmed release has", &[41], refused, |w| {
            rotation(w, |rotation| rotation.next = rotation.next.clone().demanding(Role::Release, 3))
        }),
        case("an update that demands an assessor whom the confirmed release lacks", &[40], refused, |w| {
            rotation(w, |rotation| {
                rotation.next.anchors.push(StoredAnchor::of(&w.stranger, Role::Assessor, "test-house"));
                rotation.next.requirements.push((Role::Assessor, 1));
            })
        }),
        case("an update that demands a stronger digest than the confirmed release has", &[33], refused, |w| {
            let mut rotation = Rotation::new(w.post_quantum);
            rotation.algorithm = DigestAlgorithm::Sha512;
            rotation.next.minimum_digest = DigestAlgorithm::Sha512;
            let bundle =
                Release::sample(DigestAlgorithm::Sha256).sealed_by(&[&rotation.signers[0], &rotation.signers[1]]);
            rotation.state.confirmed = Some((bundle.digest, bundle.to_bytes(Form::Bare)));
            Input::Gone(rotation.judge(&rotation.update()))
        }),
        case("another release's frame beside the update", &[31], frame, |w| {
            device(w, |rotation| {
                let mut other = Release::sample(rotation.algorithm);
                other.sequence_number += 1;
                let bundle = other.sealed_by(&[&rotation.signers[0], &rotation.signers[1]]);
                rotation.state.confirmed.as_mut().expect("one is confirmed").1 = bundle.to_bytes(Form::Bare);
            })
        }),
        case("the confirmed release's frame cut off beside the update", &[2], frame, |w| {
            device(w, |rotation| {
                let stored = &mut rotation.state.confirmed.as_mut().expect("one is confirmed").1;
                stored.truncate(100);
            })
        }),
        case("no frame of the confirmed release beside the update", &[1], frame, |w| {
            device(w, |rotation| rotation.state.confirmed.as_mut().expect("one is confirmed").1.clear())
        }),
        case("a new store of which a bit reads back differently", &[62], "090b update.not-written", |w| {
            written(w, |mut store| {
                store[40] ^= 1;
                store
            })
        }),
        case("a new store of which the end is missing", &[2, 62], "090b update.not-written", |w| {
            written(w, |mut store| {
                store.pop();
                store
            })
        }),
        case("the old store read back in place of the new one", &[62], "090b update.not-written", |w| {
            let old = Rotation::new(w.post_quantum).present.encode();
            written(w, move |_| old.clone())
        }),
    ]
}

/// The honest update, with what is read back changed.
fn written(world: &World, storage: impl Fn(Vec<u8>) -> Vec<u8>) -> Input {
    let rotation = Rotation::new(world.post_quantum);
    Input::Gone(rotation.judge_written(&rotation.update(), storage).map(|_| ()))
}

/// What a device takes.
#[test]
fn an_honest_rotation_is_taken() {
    for post_quantum in twinseal_tests::world::POST_QUANTUM {
        let rotation = Rotation::new(post_quantum);
        assert_eq!(rotation.judge(&rotation.update()), Ok(()));

        let mut first = rotation.clone();
        first.state.confirmed = None;
        assert_eq!(first.judge(&first.update()), Ok(()), "a device that never confirmed a release");

        let mut last = rotation.clone();
        last.state.counter_limit = last.next.epoch;
        assert_eq!(last.judge(&last.update()), Ok(()), "the last epoch that the counter can hold");

        let mut whole = rotation.clone();
        let others = [&rotation.new_root, &Identity::hybrid(post_quantum, 15), &Identity::hybrid(post_quantum, 16)];
        whole.next = store(2, others, rotation.signers.each_ref());
        let everybody = [&rotation.roots[1], &rotation.roots[2], others[0], others[1]];
        assert_eq!(whole.judge(&whole.sealed_by(&everybody)), Ok(()), "all roots replaced at once");

        let mut cut = rotation.clone();
        cut.present.epoch = 2;
        cut.next.epoch = 3;
        assert_eq!(
            cut.judge(&cut.update()),
            Ok(()),
            "power was lost before the counter was raised: it holds 1, the store says 2"
        );
    }
}
