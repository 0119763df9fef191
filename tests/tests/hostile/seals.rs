//! The shape of seals (F-20 to F-25).

use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{SealAlgorithm, SealType};
use twinseal_tests::bundle::{Form, seal_bytes, sign1, wrapper};
use twinseal_tests::cbor::{Cbor, replaced};
use twinseal_tests::world::World;

use crate::{Case, Input, case};

/// The bundle with its first seal replaced: `make` is given that seal.
fn first_seal(world: &World, make: impl Fn(&NewSeal) -> Vec<u8>) -> Input {
    let bundle = world.bundle();
    let mut seals = bundle.seals_as_bytes();
    seals[0] = make(&bundle.seals[0]);
    Input::Bundle(bundle.with_seals(&seals))
}

/// The bundle with another protected header on its first seal.
fn protected(world: &World, make: impl Fn(&NewSeal) -> Cbor) -> Input {
    first_seal(world, |seal| sign1(&make(seal).done(), &seal.signature))
}

/// The bundle with another type on its seals.
fn typed(world: &World, text: &str) -> Input {
    protected(world, |seal| header(seal).uint(16).text(text))
}

/// The beginning of an honest protected header: all but the type.
fn header(seal: &NewSeal) -> Cbor {
    Cbor::new().map(3).uint(1).int(seal.cose_algorithm).uint(4).bytes(&seal.anchor.0)
}

fn release_type(header: Cbor) -> Cbor {
    header.uint(16).text(SealType::Release.text())
}

/// The bundle with another digest in front of its seals.
fn digest(world: &World, encoded: &[u8]) -> Input {
    let bundle = world.bundle();
    Input::Bundle(bundle.with_wrapper(&wrapper(encoded, &bundle.seals_as_bytes())))
}

fn digest_of_length(world: &World, algorithm: i64, length: usize) -> Input {
    digest(world, &Cbor::new().array(2).int(algorithm).bytes(&vec![7; length]).done())
}

pub(crate) fn cases() -> Vec<Case> {
    [digests(), counts(), structure(), headers(), types(), orders()].into_iter().flatten().collect()
}

fn digests() -> Vec<Case> {
    let mut cases = vec![
        case("a digest algorithm that nobody knows", &[33, 34], "010b frame.digest-algorithm", |w| {
            digest_of_length(w, -99, 32)
        }),
        case("SHA-256 cut to 64 bits", &[33], "010b frame.digest-algorithm", |w| digest_of_length(w, -15, 8)),
        case("SHA-1", &[33], "010b frame.digest-algorithm", |w| digest_of_length(w, -14, 20)),
        case("SHAKE256", &[33], "010b frame.digest-algorithm", |w| digest_of_length(w, -45, 64)),
        case("SHA-384 with the length of SHA-512", &[32], "010c frame.digest-length", |w| digest_of_length(w, -43, 64)),
        case("a digest of three items", &[22], "0104 frame.unexpected-type", |w| {
            digest(w, &Cbor::new().array(3).int(-16).bytes(&[7; 32]).uint(0).done())
        }),
        case("a byte behind the digest", &[3, 12], "0107 frame.trailing-bytes", |w| {
            digest(w, &[encode::digest(&w.bundle().digest), vec![0]].concat())
        }),
        case("the digest algorithm in a longer encoding", &[24], "0102 frame.not-shortest", |w| {
            digest(w, &replaced(&encode::digest(&w.bundle().digest), &[0x82, 0x2f], &[0x82, 0x38, 0x0f]))
        }),
    ];
    for length in [0, 31, 33, 64] {
        let name = format!("a SHA-256 digest of {length} bytes");
        cases.push(case(name, &[32], "010c frame.digest-length", move |w| digest_of_length(w, -16, length)));
    }
    cases
}

fn counts() -> Vec<Case> {
    vec![
        case("a digest and no seals", &[45], "0112 frame.seal-count", |w| Input::Bundle(w.bundle().with_seals(&[]))),
        case("not even a digest", &[45], "0112 frame.seal-count", |w| Input::Bundle(w.bundle().with_wrapper(&[0x80]))),
        case("seventeen seals", &[15], "0112 frame.seal-count", |w| {
            let seal = w.bundle().seals_as_bytes().remove(0);
            Input::Bundle(w.bundle().with_seals(&vec![seal; 17]))
        }),
        case("65535 seals, it says", &[15], "0112 frame.seal-count", |w| {
            Input::Bundle(w.bundle().with_wrapper(&Cbor::new().array(0xffff).done()))
        }),
        case("fewer seals than it says", &[15], "0101 frame.truncated", |w| {
            let wrapper = w.bundle().wrapper();
            Input::Bundle(w.bundle().with_wrapper(&[&[0x84], &wrapper[1..]].concat()))
        }),
        case("more seals than it says", &[3, 15], "0107 frame.trailing-bytes", |w| {
            let wrapper = w.bundle().wrapper();
            Input::Bundle(w.bundle().with_wrapper(&[&[0x82], &wrapper[1..]].concat()))
        }),
        case("seals in an array of indefinite length", &[24], "0103 frame.not-definite", |w| {
            let wrapper = w.bundle().wrapper();
            Input::Bundle(w.bundle().with_wrapper(&[&[0x9f], &wrapper[1..], &[0xff]].concat()))
        }),
    ]
}

fn structure() -> Vec<Case> {
    fn parts(seal: &NewSeal, tag: u64, items: u64) -> Cbor {
        let protected = encode::protected_header(seal.cose_algorithm, seal.anchor, SealType::Release);
        Cbor::new().tag(tag).array(items).bytes(&protected)
    }
    vec![
        case("a seal without a tag", &[5], "0113 frame.seal-tag", |w| {
            first_seal(w, |seal| seal_bytes(seal, SealType::Release)[1..].to_vec())
        }),
        case("a COSE_Sign in place of a COSE_Sign1", &[38], "0113 frame.seal-tag", |w| {
            first_seal(w, |seal| parts(seal, 98, 4).map(0).raw(&[0xf6]).bytes(&seal.signature).done())
        }),
        case("a COSE_Mac0 in place of a seal", &[38], "0113 frame.seal-tag", |w| {
            first_seal(w, |seal| parts(seal, 17, 4).map(0).raw(&[0xf6]).bytes(&seal.signature).done())
        }),
        case("a seal of three items", &[22], "0113 frame.seal-tag", |w| {
            first_seal(w, |seal| parts(seal, 18, 3).map(0).bytes(&seal.signature).done())
        }),
        case("a seal with a payload of its own", &[23, 53], "0116 frame.seal-payload", |w| {
            first_seal(w, |seal| parts(seal, 18, 4).map(0).bytes(b"payload").bytes(&seal.signature).done())
        }),
        case("a seal with an empty payload", &[23], "0116 frame.seal-payload", |w| {
            first_seal(w, |seal| parts(seal, 18, 4).map(0).bytes(b"").bytes(&seal.signature).done())
        }),
        case("an unprotected header", &[23], "0114 frame.seal-header", |w| {
            first_seal(w, |seal| {
                parts(seal, 18, 4).map(1).uint(4).bytes(b"kid").raw(&[0xf6]).bytes(&seal.signature).done()
            })
        }),
        case("a signature that is no byte string", &[29], "0104 frame.unexpected-type", |w| {
            first_seal(w, |seal| parts(seal, 18, 4).map(0).raw(&[0xf6, 0xf6]).done())
        }),
        case("an empty signature", &[17], "0117 frame.seal-length", |w| {
            first_seal(w, |seal| seal_bytes(&NewSeal { signature: Vec::new(), ..seal.clone() }, SealType::Release))
        }),
        case("a signature of 8193 bytes", &[17], "0117 frame.seal-length", |w| {
            first_seal(w, |seal| seal_bytes(&NewSeal { signature: vec![1; 8193], ..seal.clone() }, SealType::Release))
        }),
        case("a byte behind the signature", &[3, 12], "0107 frame.trailing-bytes", |w| {
            first_seal(w, |seal| [seal_bytes(seal, SealType::Release), vec![0]].concat())
        }),
        case("an empty seal", &[2], "0101 frame.truncated", |w| first_seal(w, |_| Vec::new())),
    ]
}

fn headers() -> Vec<Case> {
    vec![
        case("an empty protected header", &[23], "0101 frame.truncated", |w| protected(w, |_| Cbor::new())),
        case("a protected header without a type", &[22], "0114 frame.seal-header", |w| {
            protected(w, |seal| Cbor::new().map(2).uint(1).int(seal.cose_algorithm).uint(4).bytes(&seal.anchor.0))
        }),
        case("a critical header that nobody knows", &[22], "0114 frame.seal-header", |w| {
            protected(w, |seal| {
                let alg = Cbor::new().map(4).uint(1).int(seal.cose_algorithm).uint(2).array(1).uint(99);
                release_type(alg.uint(4).bytes(&seal.anchor.0))
            })
        }),
        case("the algorithm outside the protected header", &[23, 39], "0114 frame.seal-header", |w| {
            protected(w, |seal| release_type(Cbor::new().map(2).uint(4).bytes(&seal.anchor.0)))
        }),
        case("the anchor id in front of the algorithm", &[30], "0106 frame.unexpected-key", |w| {
            protected(w, |seal| {
                release_type(Cbor::new().map(3).uint(4).bytes(&seal.anchor.0).uint(1).int(seal.cose_algorithm))
            })
        }),
        case("the algorithm twice", &[21, 39], "0105 frame.key-order", |w| {
            protected(w, |seal| release_type(Cbor::new().map(3).uint(1).int(seal.cose_algorithm).uint(1).int(-19)))
        }),
        case("a content type in place of the type", &[22], "0105 frame.key-order", |w| {
            protected(w, |seal| header(seal).uint(3).text(SealType::Release.text()))
        }),
        case("the algorithm as text", &[34], "0104 frame.unexpected-type", |w| {
            protected(w, |seal| release_type(Cbor::new().map(3).uint(1).text("Ed25519").uint(4).bytes(&seal.anchor.0)))
        }),
        case("an algorithm number beyond 64 bits", &[34], "0108 frame.out-of-range", |w| {
            protected(w, |seal| {
                release_type(Cbor::new().map(3).uint(1).head(1, u64::MAX).uint(4).bytes(&seal.anchor.0))
            })
        }),
        case("an anchor id of 31 bytes", &[57], "0114 frame.seal-header", |w| {
            protected(w, |seal| {
                release_type(Cbor::new().map(3).uint(1).int(seal.cose_algorithm).uint(4).bytes(&seal.anchor.0[1..]))
            })
        }),
        case("an anchor id as text", &[57], "0104 frame.unexpected-type", |w| {
            protected(w, |seal| release_type(Cbor::new().map(3).uint(1).int(seal.cose_algorithm).uint(4).text("root")))
        }),
        case("a byte behind the protected header's map", &[3, 25], "0107 frame.trailing-bytes", |w| {
            protected(w, |seal| release_type(header(seal)).raw(&[0]))
        }),
        case("the algorithm in a longer encoding", &[24, 31], "0102 frame.not-shortest", |w| {
            protected(w, |seal| {
                let alg = Cbor::new().map(3).uint(1).long_head(1, (!seal.cose_algorithm).unsigned_abs(), 2);
                release_type(alg.uint(4).bytes(&seal.anchor.0))
            })
        }),
    ]
}

fn types() -> Vec<Case> {
    vec![
        case("seals made for a trust update", &[56], "0115 frame.seal-type", |w| {
            let mut bundle = w.bundle();
            bundle.seals = w.signer.seals(SealType::TrustUpdate, &bundle.digest);
            bundle.seal_type = SealType::TrustUpdate;
            bundle.sort_seals();
            Input::Bundle(bundle.to_bytes(Form::Stripped))
        }),
        case("seals made for a journal's checkpoint", &[56], "0115 frame.seal-type", |w| {
            let mut bundle = w.bundle();
            bundle.seals = w.signer.seals(SealType::Checkpoint, &bundle.digest);
            bundle.seal_type = SealType::Checkpoint;
            bundle.sort_seals();
            Input::Bundle(bundle.to_bytes(Form::Stripped))
        }),
        case("a type in capitals", &[28], "0115 frame.seal-type", |w| typed(w, "application/vnd.twinseal.RELEASE")),
        case("a type with a blank behind it", &[26], "0115 frame.seal-type", |w| {
            typed(w, "application/vnd.twinseal.release ")
        }),
        case("a type with a NUL behind it", &[26], "0115 frame.seal-type", |w| {
            typed(w, "application/vnd.twinseal.release\0")
        }),
        case("a type that is not ASCII", &[26], "0115 frame.seal-type", |w| {
            typed(w, "application/vnd.twinseal.rel\u{e9}ase")
        }),
        case("an empty type", &[22], "0115 frame.seal-type", |w| typed(w, "")),
        case("a type as a number", &[29], "0104 frame.unexpected-type", |w| {
            protected(w, |seal| header(seal).uint(16).uint(60))
        }),
    ]
}

fn orders() -> Vec<Case> {
    vec![
        case("an identity's two seals in the other order", &[30], "0118 frame.seal-order", |w| {
            let mut bundle = w.bundle();
            bundle.seals.reverse();
            Input::Bundle(bundle.to_bytes(Form::Stripped))
        }),
        case("two anchors' seals in the other order", &[30], "0118 frame.seal-order", |w| {
            let mut bundle = w.release.sealed_by(&[&w.signer, &w.root]);
            bundle.seals.rotate_left(2);
            Input::Bundle(bundle.to_bytes(Form::Stripped))
        }),
        case("one anchor's seals twice", &[49, 55], "0118 frame.seal-order", |w| {
            let mut bundle = w.bundle();
            bundle.seals.extend(bundle.seals.clone());
            bundle.sort_seals();
            Input::Bundle(bundle.to_bytes(Form::Stripped))
        }),
        case("the classical half twice and no other", &[49], "0118 frame.seal-order", |w| {
            let mut bundle = w.bundle();
            bundle.remove_seal(&w.signer, w.post_quantum);
            bundle.seals.extend(bundle.seals.clone());
            Input::Bundle(bundle.to_bytes(Form::Stripped))
        }),
        case("two different seals by one key", &[49, 51], "0118 frame.seal-order", |w| {
            let mut bundle = w.bundle();
            let mut other = bundle.seal_mut(&w.signer, SealAlgorithm::Ed25519).clone();
            other.signature.reverse();
            bundle.add_seal(other);
            Input::Bundle(bundle.to_bytes(Form::Stripped))
        }),
    ]
}
