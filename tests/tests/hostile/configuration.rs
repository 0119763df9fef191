//! Trust stores and devices that would let anything pass (C-1 to C-9): never a bundle's fault, and refused before one is looked at.

use twinseal_formats::{AnchorId, ClassId, Role, SealAlgorithm, TrustStore, VendorId};
use twinseal_tests::bundle::Form;
use twinseal_tests::device::Facts;
use twinseal_tests::identity::{Identity, anchor_id_of};
use twinseal_tests::trust::{ALGORITHMS, Store, StoredAnchor};
use twinseal_tests::world::World;
use twinseal_verifier::{Error, SealVerifier, Verifier};

use crate::{Case, Input, case};

/// The world's store with something changed.
fn store(world: &World, change: impl Fn(&mut Store)) -> Input {
    let mut store = world.store.clone();
    change(&mut store);
    Input::Store(store.encode())
}

/// A good bundle, in front of a device with something changed.
fn device(world: &World, change: impl Fn(&mut Facts)) -> Input {
    let mut facts = world.facts.clone();
    change(&mut facts);
    Input::Elsewhere(world.bundle().to_bytes(Form::Stripped), world.store.clone(), facts)
}

/// The world's store with the release anchor's key of that place replaced, under the id that the new keys have.
pub(crate) fn keyed(world: &World, place: usize, key: &[u8]) -> Input {
    store(world, |store| {
        let anchor = store.anchors.iter_mut().find(|anchor| anchor.role == Role::Release).expect("there is one");
        anchor.keys[place].1 = key.to_vec();
        anchor.id = anchor_id_of(&anchor.keys);
    })
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// Ed25519 keys under which anybody could make seals, or that two implementations would not read alike.
///
/// The points of small order and their second encodings are those of "Taming the Many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020),
/// table 1; the last is the base point plus the point of order two, so that it is of neither order.
const WEAK_ED25519: [(&str, &str); 17] = [
    ("the neutral element", "0100000000000000000000000000000000000000000000000000000000000000"),
    ("the point of order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("a point of order 4", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("the other point of order 4", "0000000000000000000000000000000000000000000000000000000000000080"),
    ("the first point of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    ("the second point of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    ("the third point of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ("the fourth point of order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    ("the neutral element with a sign", "0100000000000000000000000000000000000000000000000000000000000080"),
    ("the neutral element, y = p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("the neutral element, y = p + 1, with a sign", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    ("the point of order 2 with a sign", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    ("a point of order 4, y = p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("the other point of order 4, y = p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    ("a point of large order, y = p + 3", "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("no point at all", "0200000000000000000000000000000000000000000000000000000000000000"),
    ("the base point plus the point of order 2", "9599999999999999999999999999999999999999999999999999999999999999"),
];

pub(crate) fn cases() -> Vec<Case> {
    [requirements(), anchors(), devices(), weak_keys()].into_iter().flatten().collect()
}

fn requirements() -> Vec<Case> {
    let unreachable = "0703 configuration.threshold-unreachable";
    vec![
        case("a store that demands no release anchor", &[41, 62], "0701 configuration.no-release-requirement", |w| {
            store(w, |store| store.requirements.retain(|(role, _)| *role != Role::Release))
        }),
        case("a threshold of zero", &[41], "0702 configuration.threshold-zero", |w| {
            Input::Store(w.store.clone().demanding(Role::Release, 0).encode())
        }),
        case("a threshold of zero for assessors", &[41], "0702 configuration.threshold-zero", |w| {
            Input::Store(w.store.clone().demanding(Role::Assessor, 0).encode())
        }),
        case("a threshold of two with one anchor", &[41], unreachable, |w| {
            Input::Store(w.store.clone().demanding(Role::Release, 2).encode())
        }),
        case("a threshold of 255", &[41], unreachable, |w| {
            Input::Store(w.store.clone().demanding(Role::Release, 255).encode())
        }),
        case("an assessor demanded and none there", &[41], unreachable, |w| {
            Input::Store(w.store.clone().demanding(Role::Assessor, 1).encode())
        }),
        case("root anchors that nothing demands", &[41], "0704 configuration.role-without-requirement", |w| {
            store(w, |store| store.requirements.retain(|(role, _)| *role != Role::Root))
        }),
        case("assessors that nothing demands", &[41], "0704 configuration.role-without-requirement", |w| {
            store(w, |store| store.anchors.push(StoredAnchor::of(&w.stranger, Role::Assessor, "test-house")))
        }),
    ]
}

fn anchors() -> Vec<Case> {
    let (shared, single) = ("0706 configuration.shared-key", "0707 configuration.single-class-anchor");
    /// A store whose release anchor is an identity with one key.
    fn alone(world: &World, identity: &Identity) -> Input {
        store(world, |store| store.anchors[1] = StoredAnchor::of(identity, Role::Release, "release"))
    }
    fn with_algorithms(world: &World, keep: impl Fn(SealAlgorithm) -> bool) -> Input {
        let bytes = world.store.encode();
        let store = TrustStore::parse(&bytes).expect("a good store");
        let kept: Vec<&dyn SealVerifier> = ALGORITHMS.into_iter().filter(|one| keep(one.algorithm())).collect();
        Input::Gone(Verifier::new(store, &kept).map(|_| ()).map_err(Error::from))
    }
    vec![
        case("a device without Ed25519", &[34], "0705 configuration.algorithm-not-available", |w| {
            with_algorithms(w, |algorithm| algorithm != SealAlgorithm::Ed25519)
        }),
        case("a device without ML-DSA", &[34], "0705 configuration.algorithm-not-available", |w| {
            with_algorithms(w, |algorithm| algorithm == SealAlgorithm::Ed25519)
        }),
        case("two anchors sharing a classical key", &[49, 52], shared, |w| {
            let pair = Identity::crossed(&w.signer, &w.stranger);
            store(w, |store| store.anchors.push(StoredAnchor::of(&pair, Role::Release, "pair")))
        }),
        case("two anchors sharing a post-quantum key", &[49, 52], shared, |w| {
            let pair = Identity::crossed(&w.stranger, &w.signer);
            store(w, |store| store.anchors.push(StoredAnchor::of(&pair, Role::Release, "pair")))
        }),
        case("anchors of two roles sharing a key", &[49, 56], shared, |w| {
            let pair = Identity::crossed(&w.root, &w.stranger);
            store(w, |store| store.anchors[1] = StoredAnchor::of(&pair, Role::Release, "release"))
        }),
        case("one anchor twice under two ids", &[41, 49], shared, |w| {
            store(w, |store| {
                let mut twin = store.anchors[1].clone();
                twin.id.0[0] ^= 1;
                store.anchors.push(twin);
            })
        }),
        case("a classical anchor without the single-class mark", &[35], single, |w| alone(w, &Identity::classical(8))),
        case("a post-quantum anchor without the single-class mark", &[36], single, |w| {
            alone(w, &Identity::post_quantum(w.post_quantum, 8))
        }),
        case("an anchor under another anchor's id", &[58], "0708 configuration.anchor-id-mismatch", |w| {
            store(w, |store| store.anchors[1].id = w.stranger.anchor_id())
        }),
        case("an anchor under an id of zeros", &[58], "0708 configuration.anchor-id-mismatch", |w| {
            store(w, |store| store.anchors[1].id = AnchorId([0; 32]))
        }),
        case(
            "an anchor under the id of its classical key alone",
            &[52, 58],
            "0708 configuration.anchor-id-mismatch",
            |w| store(w, |store| store.anchors[1].id = Identity::classical(2).anchor_id()),
        ),
    ]
}

fn devices() -> Vec<Case> {
    let list = "070b configuration.component-list";
    fn components(world: &World, components: &[&str]) -> Input {
        device(world, |facts| facts.components = components.iter().map(|id| (*id).into()).collect())
    }
    vec![
        case("a store for another class than the device's", &[60], "070a configuration.device-not-served", |w| {
            let store = Store { classes: vec![ClassId([0x77; 16])], ..w.store.clone() };
            Input::Elsewhere(w.bundle().to_bytes(Form::Stripped), store, w.facts.clone())
        }),
        case("a store for another vendor than the device's", &[60], "070a configuration.device-not-served", |w| {
            let store = Store { vendor: VendorId([0x77; 16]), ..w.store.clone() };
            Input::Elsewhere(w.bundle().to_bytes(Form::Stripped), store, w.facts.clone())
        }),
        case("a device with no components", &[], list, |w| components(w, &[])),
        case("a device with its components out of order", &[30], list, |w| components(w, &["radio", "app"])),
        case("a device with a component twice", &[21, 90], list, |w| components(w, &["app", "app"])),
        case("a device with seventeen components", &[15], list, |w| {
            let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"];
            components(w, &names)
        }),
    ]
}

fn weak_keys() -> Vec<Case> {
    let weak = "0709 configuration.weak-key";
    let mut cases: Vec<Case> = WEAK_ED25519
        .into_iter()
        .map(|(point, key)| case(format!("an Ed25519 key: {point}"), &[64], weak, move |w| keyed(w, 0, &hex(key))))
        .collect();
    cases.push(case("an ML-DSA key with t1 = 0", &[65], weak, |w| {
        let mut key = w.signer.keys().remove(1).1;
        key[32..].fill(0);
        keyed(w, 1, &key)
    }));
    cases.push(case("an ML-DSA key of zeros", &[65], weak, |w| {
        let key = w.signer.keys().remove(1).1;
        keyed(w, 1, &vec![0; key.len()])
    }));
    cases
}

/// The names above say what the keys are, and not one of them is refused because it is no key at all, but for the one that says so.
#[test]
fn weak_keys_are_points() {
    for (name, key) in WEAK_ED25519 {
        let key: [u8; 32] = hex(key).try_into().expect("32 bytes");
        let point = ed25519_dalek::VerifyingKey::from_bytes(&key);
        assert_eq!(point.is_err(), name == "no point at all", "{name}");
        let small_order = point.is_ok_and(|point| point.is_weak());
        let large_order =
            ["a point of large order, y = p + 3", "no point at all", "the base point plus the point of order 2"];
        assert_eq!(small_order, !large_order.contains(&name), "{name}");
    }
}
