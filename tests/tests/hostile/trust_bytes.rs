//! The bytes of trust stores and trust updates (F-40 to F-52).

use twinseal_formats::{DigestAlgorithm, SealAlgorithm, SealType, encode};
use twinseal_tests::bundle::{sign1, wrapper};
use twinseal_tests::cbor::Cbor;
use twinseal_tests::identity::Identity;
use twinseal_tests::trust::{self, RawAnchor, RawStore, cose_key};
use twinseal_tests::world::World;

use crate::{Case, Input, case};

/// The store of the release anchor with its parts changed.
fn store(world: &World, change: impl Fn(&mut RawStore)) -> Input {
    let mut store = RawStore::of(vec![RawAnchor::of(&world.signer)]);
    change(&mut store);
    Input::Store(store.to_bytes())
}

/// The store with its anchor's parts changed.
fn anchor(world: &World, change: impl Fn(&mut RawAnchor)) -> Input {
    let mut anchor = RawAnchor::of(&world.signer);
    change(&mut anchor);
    Input::Store(RawStore::of(vec![anchor]).to_bytes())
}

pub(crate) fn cases() -> Vec<Case> {
    [encoding(), fields(), anchors(), keys(), updates(), bodies()].into_iter().flatten().collect()
}

fn encoding() -> Vec<Case> {
    vec![
        case("an empty trust store", &[1, 62], "035c trust.store-length", |_| Input::Store(Vec::new())),
        case("a trust store of 65536 bytes", &[15], "035c trust.store-length", |_| Input::Store(vec![0xa7; 65_536])),
        case("a trust store without its last byte", &[2, 62], "0301 trust.truncated", |w| {
            let bytes = w.store.encode();
            Input::Store(bytes[..bytes.len() - 1].to_vec())
        }),
        case("an erased trust store", &[62], "0303 trust.not-definite", |_| Input::Store(vec![0xff; 64])),
        case("a zeroed trust store", &[62], "0304 trust.unexpected-type", |_| Input::Store(vec![0; 64])),
        case("a byte behind the trust store", &[3], "0307 trust.trailing-bytes", |w| {
            store(w, |store| store.end = vec![0])
        }),
        case("an epoch in a longer encoding", &[24], "0302 trust.not-shortest", |w| {
            store(w, |store| store.epoch = vec![0x18, 1])
        }),
        case("a trust store of profile 2", &[6], "030d trust.profile", |w| store(w, |store| store.profile = vec![2])),
        case("an epoch of 2^32", &[98], "0308 trust.out-of-range", |w| {
            store(w, |store| store.epoch = Cbor::new().uint(1 << 32).done())
        }),
        case("a threshold of 256", &[41, 98], "0308 trust.out-of-range", |w| {
            store(w, |store| store.requirements = Cbor::new().array(1).array(2).uint(2).uint(256).done())
        }),
        case("a trust store with a ninth key", &[22], "0306 trust.unexpected-key", |w| {
            store(w, |store| {
                store.entries = 8;
                store.end = vec![9, 0xf5];
            })
        }),
        case("a trust store's key twice", &[21], "0305 trust.key-order", |w| {
            store(w, |store| {
                store.entries = 8;
                store.end = vec![7, 0xf5];
            })
        }),
    ]
}

fn fields() -> Vec<Case> {
    let requirements = "0352 trust.requirement-order";
    vec![
        case("single-class: false", &[29], "0304 trust.unexpected-type", |w| {
            store(w, |store| {
                store.entries = 8;
                store.end = vec![8, 0xf4];
            })
        }),
        case("single-class: 2", &[29], "0304 trust.unexpected-type", |w| {
            store(w, |store| {
                store.entries = 8;
                store.end = vec![8, 2];
            })
        }),
        case("a vendor id of 15 bytes in a trust store", &[], "0304 trust.unexpected-type", |w| {
            store(w, |store| store.vendor = Cbor::new().bytes(&[0x11; 15]).done())
        }),
        case("no classes", &[15], "0350 trust.class-count", |w| store(w, |store| store.classes = vec![0x80])),
        case("seventeen classes", &[15], "0350 trust.class-count", |w| store(w, |store| store.classes = vec![0x91])),
        case("a class twice", &[21], "0351 trust.class-order", |w| {
            store(w, |store| store.classes = Cbor::new().array(2).bytes(&[7; 16]).bytes(&[7; 16]).done())
        }),
        case("classes out of order", &[30], "0351 trust.class-order", |w| {
            store(w, |store| store.classes = Cbor::new().array(2).bytes(&[8; 16]).bytes(&[7; 16]).done())
        }),
        case("a minimum digest that nobody knows", &[33], "030b trust.digest-algorithm", |w| {
            store(w, |store| store.minimum_digest = Cbor::new().int(-14).done())
        }),
        case("no requirements", &[41], requirements, |w| store(w, |store| store.requirements = vec![0x80])),
        case("two requirements for one role", &[21, 41], requirements, |w| {
            let twice = Cbor::new().array(2).array(2).uint(2).uint(1).array(2).uint(2).uint(2).done();
            store(w, |store| store.requirements.clone_from(&twice))
        }),
        case("requirements out of order", &[30], requirements, |w| {
            let swapped = Cbor::new().array(2).array(2).uint(2).uint(1).array(2).uint(1).uint(1).done();
            store(w, |store| store.requirements.clone_from(&swapped))
        }),
        case("a requirement for a fourth role", &[29, 56], "0353 trust.role", |w| {
            store(w, |store| store.requirements = Cbor::new().array(1).array(2).uint(4).uint(1).done())
        }),
    ]
}

fn anchors() -> Vec<Case> {
    vec![
        case("no anchors", &[45, 62], "0354 trust.anchor-count", |w| store(w, |store| store.anchors.clear())),
        case("seventeen anchors", &[15], "0354 trust.anchor-count", |w| {
            store(w, |store| store.anchors = vec![store.anchors[0].clone(); 17])
        }),
        case("an anchor twice", &[21, 49], "0355 trust.anchor-order", |w| {
            store(w, |store| store.anchors.push(store.anchors[0].clone()))
        }),
        case("anchors out of order", &[30], "0355 trust.anchor-order", |w| {
            let mut two = [&w.signer, &w.stranger];
            two.sort_by_key(|identity| core::cmp::Reverse(identity.anchor_id()));
            Input::Store(RawStore::of(two.map(RawAnchor::of).to_vec()).to_bytes())
        }),
        case("an anchor of role 0", &[29, 56], "0353 trust.role", |w| anchor(w, |anchor| anchor.role = vec![0])),
        case("an anchor of role 4", &[29, 56], "0353 trust.role", |w| anchor(w, |anchor| anchor.role = vec![4])),
        case("an anchor id of 33 bytes", &[57], "0356 trust.anchor-id", |w| {
            anchor(w, |anchor| anchor.id = Cbor::new().bytes(&[0; 33]).done())
        }),
        case("an empty anchor id", &[57], "0356 trust.anchor-id", |w| anchor(w, |anchor| anchor.id = vec![0x40])),
        case("a label with an escape sequence", &[26, 121], "0309 trust.name", |w| {
            anchor(w, |anchor| anchor.label = Cbor::new().text("\u{1b}[1m").done())
        }),
        case("an empty label", &[26], "0309 trust.name", |w| anchor(w, |anchor| anchor.label = vec![0x60])),
        case("an anchor with no key", &[45, 62], "0357 trust.key-count", |w| anchor(w, |anchor| anchor.keys.clear())),
        case("an anchor with three keys", &[15, 55], "0357 trust.key-count", |w| {
            anchor(w, |anchor| anchor.keys.push(anchor.keys[0].clone()))
        }),
        case("an anchor with two classical keys", &[49], "035b trust.key-classes", |w| {
            anchor(w, |anchor| anchor.keys[1] = cose_key(SealAlgorithm::Ed25519, &[7; 32]))
        }),
        case("an anchor with two post-quantum keys", &[49], "035b trust.key-classes", |w| {
            let other = Identity::post_quantum(SealAlgorithm::MlDsa65, 9).keys().remove(0);
            anchor(w, |anchor| {
                anchor.keys[0] = anchor.keys[1].clone();
                anchor.keys[1] = cose_key(other.0, &other.1);
            })
        }),
        case("an anchor with its post-quantum key first", &[30, 48], "035b trust.key-classes", |w| {
            anchor(w, |anchor| anchor.keys.reverse())
        }),
    ]
}

fn keys() -> Vec<Case> {
    let (kind, length) = ("0358 trust.key-type", "035a trust.key-length");
    /// The store with another classical key.
    fn classical(world: &World, key: &Cbor) -> Input {
        anchor(world, |anchor| anchor.keys[0] = key.clone().done())
    }
    /// The store with other bytes for its post-quantum key.
    fn post_quantum(world: &World, change: impl Fn(&mut Vec<u8>)) -> Input {
        let (algorithm, mut key) = world.signer.keys().remove(1);
        change(&mut key);
        anchor(world, |anchor| anchor.keys[1] = cose_key(algorithm, &key))
    }
    vec![
        case("a key for an algorithm that nobody knows", &[34], "0359 trust.key-algorithm", |w| {
            classical(w, &Cbor::new().map(4).uint(1).uint(1).uint(3).int(-7).int(-1).uint(6).int(-2).bytes(&[7; 32]))
        }),
        case("an Ed25519 key that says it is ML-DSA's type", &[37], kind, |w| {
            classical(w, &Cbor::new().map(4).uint(1).uint(7).uint(3).int(-19).int(-1).uint(6).int(-2).bytes(&[7; 32]))
        }),
        case("an X25519 key", &[37], kind, |w| {
            classical(w, &Cbor::new().map(4).uint(1).uint(1).uint(3).int(-19).int(-1).uint(4).int(-2).bytes(&[7; 32]))
        }),
        case("an Ed25519 key without its curve", &[22], kind, |w| {
            classical(w, &Cbor::new().map(3).uint(1).uint(1).uint(3).int(-19).int(-2).bytes(&[7; 32]))
        }),
        case("an ML-DSA key with a private part", &[22], kind, |w| anchor(w, |anchor| anchor.keys[1][0] = 0xa4)),
        case("an Ed25519 key of 31 bytes", &[66], length, |w| {
            anchor(w, |anchor| anchor.keys[0] = cose_key(SealAlgorithm::Ed25519, &[7; 31]))
        }),
        case("an Ed25519 key of 33 bytes", &[66], length, |w| {
            anchor(w, |anchor| anchor.keys[0] = cose_key(SealAlgorithm::Ed25519, &[7; 33]))
        }),
        case("an ML-DSA key one byte short", &[66], length, |w| post_quantum(w, |key| key.truncate(1311))),
        case("an ML-DSA key with a zero byte behind it", &[66], length, |w| post_quantum(w, |key| key.push(0))),
        case("an ML-DSA key of another parameter set's length", &[37, 66], length, |w| {
            let longer = Identity::post_quantum(SealAlgorithm::MlDsa65, 9).keys().remove(0).1;
            post_quantum(w, |key| key.clone_from(&longer))
        }),
    ]
}

/// A trust update's wrapper and body, without rules.
fn update(wrapper: &[u8], body: &[u8]) -> Cbor {
    Cbor::new().map(2).uint(2).bytes(wrapper).uint(3).bytes(body)
}

fn updates() -> Vec<Case> {
    fn honest(world: &World) -> Vec<u8> {
        let store = world.store.encode();
        trust::trust_update(&world.release.digest(&store), &store, &[&world.root])
    }
    /// An update whose one seal is these bytes.
    fn sealed(world: &World, seal: &[u8]) -> Input {
        let digest = encode::digest(&world.release.digest(b"store"));
        Input::Update(update(&wrapper(&digest, &[seal.to_vec()]), b"body").done())
    }
    fn header(world: &World) -> Vec<u8> {
        encode::protected_header(-19, world.root.anchor_id(), SealType::TrustUpdate)
    }
    vec![
        case("a release presented as a trust update", &[56], "0304 trust.unexpected-type", |w| {
            Input::Update(w.bundle().to_bytes(twinseal_tests::bundle::Form::Stripped))
        }),
        case("a release's seals in a trust update", &[56], "0315 trust.seal-type", |w| {
            let bundle = w.bundle();
            Input::Update(update(&bundle.wrapper(), &bundle.manifest).done())
        }),
        case("a byte behind a trust update", &[3], "0307 trust.trailing-bytes", |w| {
            Input::Update([honest(w), vec![0]].concat())
        }),
        case("a trust update without seals", &[45], "0312 trust.seal-count", |w| {
            let digest = encode::digest(&w.release.digest(b"store"));
            Input::Update(update(&wrapper(&digest, &[]), b"body").done())
        }),
        case("a trust update's seal without a tag", &[5], "0313 trust.seal-tag", |w| {
            sealed(w, &sign1(&header(w), &[7; 64])[1..])
        }),
        case("a trust update's seal with an empty protected map", &[22], "0314 trust.seal-header", |w| {
            sealed(w, &sign1(&[0xa0], &[7; 64]))
        }),
        case("a trust update's seal with a payload", &[23], "0316 trust.seal-payload", |w| {
            let seal = Cbor::new().tag(18).array(4).bytes(&header(w)).map(0).bytes(b"").bytes(&[7; 64]);
            sealed(w, &seal.done())
        }),
        case("a trust update's empty signature", &[17], "0317 trust.seal-length", |w| {
            sealed(w, &sign1(&header(w), &[]))
        }),
        case("a trust update's seal twice", &[49], "0318 trust.seal-order", |w| {
            let digest = encode::digest(&w.release.digest(b"store"));
            let seal = sign1(&header(w), &[7; 64]);
            Input::Update(update(&wrapper(&digest, &[seal.clone(), seal]), b"body").done())
        }),
        case("a trust update with an empty body", &[9], "035c trust.store-length", |w| {
            let digest = encode::digest(&w.release.digest(b"store"));
            Input::Update(update(&wrapper(&digest, &[sign1(&header(w), &[7; 64])]), b"").done())
        }),
        case("a trust update's digest of 31 bytes", &[32], "030c trust.digest-length", |_| {
            let digest = Cbor::new().array(2).int(-16).bytes(&[0; 31]).done();
            Input::Update(update(&wrapper(&digest, &[vec![0]]), b"body").done())
        }),
    ]
}

fn bodies() -> Vec<Case> {
    fn body(digest: &[u8], store: &[u8]) -> Input {
        Input::Body(Cbor::new().map(3).uint(1).uint(1).uint(2).raw(digest).uint(3).bytes(store).done())
    }
    let digest = encode::digest(&twinseal_tests::release::digest(DigestAlgorithm::Sha256, b"old"));
    let digest_again = digest.clone();
    vec![
        case("a trust update to a store of no bytes", &[62], "035c trust.store-length", move |_| body(&digest, &[])),
        case("a trust update to a store that is cut off", &[2, 62], "0301 trust.truncated", move |w| {
            body(&digest_again, &w.store.encode()[..60])
        }),
        case("a trust update that replaces a store by SHA-1", &[33], "030b trust.digest-algorithm", |w| {
            body(&Cbor::new().array(2).int(-14).bytes(&[0; 20]).done(), &w.store.encode())
        }),
        case("a trust update's body of profile 0", &[6], "030d trust.profile", |_| {
            Input::Body(Cbor::new().map(3).uint(1).uint(0).done())
        }),
        case("a trust update's body of two entries", &[22], "0306 trust.unexpected-key", |_| Input::Body(vec![0xa2])),
    ]
}
