//! Which seals there are, and whose (design decision D3): an anchor counts only if every one of its keys sealed, naming it.

use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{AnchorId, Digest, DigestAlgorithm, SealAlgorithm, SealType, ToBeSigned};
use twinseal_tests::bundle::{Bundle, Form};
use twinseal_tests::identity::Identity;
use twinseal_tests::roads::xorshift;
use twinseal_tests::trust;
use twinseal_tests::world::World;

use crate::requirements::release_store;
use crate::{Case, Input, case};

/// The release's bundle with its parts changed.
pub(crate) fn changed(world: &World, change: impl Fn(&mut Bundle)) -> Input {
    let mut bundle = world.bundle();
    change(&mut bundle);
    bundle.sort_seals();
    Input::Bundle(bundle.to_bytes(Form::Stripped))
}

/// The bundle with one half's signature replaced; `make` is given the honest one.
fn signature(world: &World, half: SealAlgorithm, make: impl Fn(&[u8]) -> Vec<u8>) -> Input {
    changed(world, |bundle| {
        let seal = bundle.seal_mut(&world.signer, half);
        seal.signature = make(&seal.signature);
    })
}

/// The bundle with one half made over other bytes than the format says, or with another ML-DSA context.
fn signed_over(
    world: &World,
    half: SealAlgorithm,
    context: &[u8],
    message: impl Fn(&[u8], &Digest) -> Vec<u8>,
) -> Input {
    changed(world, |bundle| {
        let protected = encode::protected_header(half.cose(), world.signer.anchor_id(), SealType::Release);
        let message = message(&protected, &bundle.digest);
        bundle.seal_mut(&world.signer, half).signature = world.signer.sign(half, &message, context);
    })
}

/// The message that the format says.
fn honest_message(protected: &[u8], digest: &Digest) -> Vec<u8> {
    ToBeSigned::new(protected, &encode::digest(digest)).expect("both are short").as_bytes().to_vec()
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x006e_6f69_7365_u64;
    core::iter::repeat_with(|| {
        state = xorshift(state);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}

const ED: SealAlgorithm = SealAlgorithm::Ed25519;

pub(crate) fn cases() -> Vec<Case> {
    [missing(), bad(), bound(), mixed(), others()].into_iter().flatten().collect()
}

fn missing() -> Vec<Case> {
    vec![
        case("the classical half is missing", &[36, 43], "0404 authenticate.classical-seal-missing", |w| {
            changed(w, |bundle| drop(bundle.remove_seal(&w.signer, ED)))
        }),
        case("the post-quantum half is missing", &[35, 44], "0405 authenticate.post-quantum-seal-missing", |w| {
            changed(w, |bundle| drop(bundle.remove_seal(&w.signer, w.post_quantum)))
        }),
        case("both halves are missing", &[45, 57], "040a authenticate.requirement-not-met", |w| {
            Input::Bundle(w.release.sealed_by(&[&w.stranger]).to_bytes(Form::Stripped))
        }),
        case(
            "the post-quantum half is of another parameter set",
            &[37, 39],
            "0405 authenticate.post-quantum-seal-missing",
            |w| {
                changed(w, |bundle| {
                    bundle.seal_mut(&w.signer, w.post_quantum).cose_algorithm = other_set(w.post_quantum).cose()
                })
            },
        ),
        case("a seal of a further algorithm in a known anchor's name", &[55], "0408 authenticate.seal-surplus", |w| {
            changed(w, |bundle| {
                let seal = NewSeal { cose_algorithm: -7, ..bundle.seal_mut(&w.signer, ED).clone() };
                bundle.add_seal(seal);
            })
        }),
        case(
            "a seal of a further parameter set in a known anchor's name",
            &[37, 55],
            "0408 authenticate.seal-surplus",
            |w| {
                changed(w, |bundle| {
                    let other = Identity::post_quantum(other_set(w.post_quantum), 2);
                    let half =
                        other.half(other_set(w.post_quantum), w.signer.anchor_id(), SealType::Release, &bundle.digest);
                    bundle.add_seal(half);
                })
            },
        ),
    ]
}

fn other_set(algorithm: SealAlgorithm) -> SealAlgorithm {
    if algorithm == SealAlgorithm::MlDsa65 { SealAlgorithm::MlDsa44 } else { SealAlgorithm::MlDsa65 }
}

/// One half bad in a way that does not depend on which.
fn bad() -> Vec<Case> {
    type Half = (&'static str, fn(&World) -> SealAlgorithm, &'static str);
    let halves: [Half; 2] = [
        ("classical", |_| ED, "0406 authenticate.classical-seal-bad"),
        ("post-quantum", |w| w.post_quantum, "0407 authenticate.post-quantum-seal-bad"),
    ];
    let size = "0409 authenticate.seal-size";
    let mut cases = Vec::new();
    for (name, half, error) in halves {
        cases.extend([
            case(format!("the {name} half is zero"), &[46, 47], error, move |w| {
                signature(w, half(w), |honest| vec![0; honest.len()])
            }),
            case(format!("the {name} half is noise"), &[46, 47], error, move |w| {
                signature(w, half(w), |honest| noise(honest.len()))
            }),
            case(format!("the {name} half has its first bit flipped"), &[73, 80, 83], error, move |w| {
                signature(w, half(w), |honest| [&[honest[0] ^ 0x80], &honest[1..]].concat())
            }),
            case(format!("the {name} half has its last bit flipped"), &[73, 76, 83], error, move |w| {
                signature(w, half(w), |honest| [&honest[..honest.len() - 1], &[honest[honest.len() - 1] ^ 1]].concat())
            }),
            case(format!("the {name} half is one byte short"), &[17, 81], size, move |w| {
                signature(w, half(w), |honest| honest[1..].to_vec())
            }),
            case(format!("the {name} half is one byte long"), &[17, 81], size, move |w| {
                signature(w, half(w), |honest| [honest, &[0]].concat())
            }),
            case(format!("the {name} half was made over the manifest's digest alone"), &[53, 74], error, move |w| {
                signed_over(w, half(w), &[], |_, digest| digest.as_bytes().to_vec())
            }),
            case(format!("the {name} half was made over external data too"), &[42, 74], error, move |w| {
                signed_over(w, half(w), &[], |protected, digest| {
                    let honest = honest_message(protected, digest);
                    let at = 12 + 2 + protected.len();
                    [&honest[..at], b"\x41x", &honest[at + 1..]].concat()
                })
            }),
            case(format!("the {name} half was made for a trust update"), &[56], error, move |w| {
                signed_over(w, half(w), &[], |_, digest| {
                    let protected =
                        encode::protected_header(half(w).cose(), w.signer.anchor_id(), SealType::TrustUpdate);
                    honest_message(&protected, digest)
                })
            }),
            case(format!("the {name} half is that of another release"), &[50], error, move |w| {
                let mut other = w.release.clone();
                other.components[0].1 = b"the application's IMAGE".to_vec();
                let mut other = other.sealed_by(&[&w.signer]);
                let theirs = other.seal_mut(&w.signer, half(w)).signature.clone();
                signature(w, half(w), |_| theirs.clone())
            }),
        ]);
    }
    cases
}

fn bound() -> Vec<Case> {
    let (classical, post_quantum) = ("0406 authenticate.classical-seal-bad", "0407 authenticate.post-quantum-seal-bad");
    vec![
        case("the halves' signatures swapped", &[48], "0409 authenticate.seal-size", |w| {
            changed(w, |bundle| {
                let one = bundle.seal_mut(&w.signer, ED).signature.clone();
                let other = core::mem::replace(&mut bundle.seal_mut(&w.signer, w.post_quantum).signature, one);
                bundle.seal_mut(&w.signer, ED).signature = other;
            })
        }),
        case("an ML-DSA half with a context of one byte", &[42, 82], post_quantum, |w| {
            signed_over(w, w.post_quantum, b"x", honest_message)
        }),
        case("an ML-DSA half with a context of 255 bytes", &[42, 82], post_quantum, |w| {
            signed_over(w, w.post_quantum, &[0; 255], honest_message)
        }),
        case("an ML-DSA half made for HashML-DSA: the message is a digest", &[38], post_quantum, |w| {
            signed_over(w, w.post_quantum, &[], |protected, digest| {
                let message = honest_message(protected, digest);
                twinseal_tests::release::digest(DigestAlgorithm::Sha512, &message).as_bytes().to_vec()
            })
        }),
        case("an Ed25519 half made for Ed25519ph: the message is a digest", &[38], classical, |w| {
            signed_over(w, ED, &[], |protected, digest| {
                let message = honest_message(protected, digest);
                twinseal_tests::release::digest(DigestAlgorithm::Sha512, &message).as_bytes().to_vec()
            })
        }),
        case("an ML-DSA half whose hint names an index twice", &[75], post_quantum, |w| {
            signature(w, w.post_quantum, |honest| with_hint(w.post_quantum, honest, |ones| ones[1] = ones[0]))
        }),
        case("an ML-DSA half whose hint has two indices exchanged", &[76], post_quantum, |w| {
            signature(w, w.post_quantum, |honest| with_hint(w.post_quantum, honest, |ones| ones.swap(0, 1)))
        }),
        case("an ML-DSA half with a coefficient of z at its bound", &[77], post_quantum, |w| {
            signature(w, w.post_quantum, |honest| with_first_of_z(w.post_quantum, honest, |_, beta| beta))
        }),
        case("an ML-DSA half with a coefficient of z at its bound, below zero", &[77], post_quantum, |w| {
            signature(w, w.post_quantum, |honest| {
                with_first_of_z(w.post_quantum, honest, |gamma1, beta| 2 * gamma1 - beta)
            })
        }),
        case("an ML-DSA half with a coefficient of z as large as can be written", &[77], post_quantum, |w| {
            signature(w, w.post_quantum, |honest| with_first_of_z(w.post_quantum, honest, |_, _| 0))
        }),
        case("an Ed25519 half whose S is not below the group order", &[70], classical, |w| {
            signature(w, ED, |honest| [&honest[..32], &plus_order(&honest[32..])[..]].concat())
        }),
        case("an Ed25519 half with the neutral element as R", &[71], classical, |w| {
            signature(w, ED, |honest| [&[1], &[0; 31][..], &honest[32..]].concat())
        }),
    ]
}

/// Where hint and z lie in a signature, and z's bounds (FIPS 204, table 1): length of the challenge, omega, k, gamma1, beta.
fn layout(set: SealAlgorithm) -> (usize, usize, usize, u32, u32) {
    match set {
        SealAlgorithm::MlDsa44 => (32, 80, 4, 1 << 17, 78),
        SealAlgorithm::MlDsa65 => (48, 55, 6, 1 << 19, 196),
        SealAlgorithm::MlDsa87 => (64, 75, 8, 1 << 19, 120),
        _ => panic!("a post-quantum half"),
    }
}

/// The signature with the indices of the first row of its hint that has two or more changed.
fn with_hint(set: SealAlgorithm, honest: &[u8], change: impl Fn(&mut [u8])) -> Vec<u8> {
    let (_, omega, k, ..) = layout(set);
    let (before, hint) = honest.split_at(honest.len() - omega - k);
    let mut hint = hint.to_vec();
    let ends: Vec<usize> = hint[omega..].iter().map(|end| usize::from(*end)).collect();
    let row = (0..k).map(|row| (if row == 0 { 0 } else { ends[row - 1] }, ends[row])).find(|(from, to)| to - from >= 2);
    let (from, to) = row.expect("some row of the fixed signature has two hints");
    change(&mut hint[from..to]);
    [before, &hint[..]].concat()
}

/// The signature with the first coefficient of z written anew: `pack` is given gamma1 and beta, and gives gamma1 - z.
fn with_first_of_z(set: SealAlgorithm, honest: &[u8], pack: impl Fn(u32, u32) -> u32) -> Vec<u8> {
    let (challenge, .., gamma1, beta) = layout(set);
    let bits = gamma1.ilog2() + 1;
    let mut word = u32::from_le_bytes(honest[challenge..challenge + 4].try_into().expect("four bytes"));
    word = word >> bits << bits | pack(gamma1, beta);
    [&honest[..challenge], &word.to_le_bytes(), &honest[challenge + 4..]].concat()
}

/// S + L, little-endian: the same scalar to a verifier that reduces it.
fn plus_order(s: &[u8]) -> Vec<u8> {
    let mut order = [0; 32];
    order[..16].copy_from_slice(&0x14de_f9de_a2f7_9cd6_5812_631a_5cf5_d3ed_u128.to_le_bytes());
    order[31] = 0x10;
    let mut carry = 0;
    let add = |(one, other): (&u8, u8)| {
        let sum = u16::from(*one) + u16::from(other) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    };
    s.iter().zip(order).map(add).collect()
}

fn mixed() -> Vec<Case> {
    /// A bundle that is sealed by two, in front of a device that knows both and demands one.
    fn two(world: &World, change: impl Fn(&mut Bundle, &World)) -> Input {
        let mut bundle = world.release.sealed_by(&[&world.signer, &world.stranger]);
        change(&mut bundle, world);
        bundle.sort_seals();
        let store = release_store(&[&world.signer, &world.stranger], 1);
        Input::Elsewhere(bundle.to_bytes(Form::Stripped), store, world.facts.clone())
    }
    /// One half, made in the name of an anchor that is not its maker's whole identity.
    fn borrowed(world: &World, maker: &Identity, half: SealAlgorithm, named: AnchorId) -> Input {
        let mut bundle = world.bundle();
        let digest = bundle.digest;
        let mut seal = maker.half(half, named, SealType::Release, &digest);
        seal.anchor = world.signer.anchor_id();
        *bundle.seal_mut(&world.signer, half) = seal;
        Input::Bundle(bundle.to_bytes(Form::Stripped))
    }
    let (classical, post_quantum) = ("0406 authenticate.classical-seal-bad", "0407 authenticate.post-quantum-seal-bad");
    vec![
        // Anchors are examined in the order of their ids: the lower one is made to lack its post-quantum half.
        case(
            "the halves of two anchors, each under its own name",
            &[52],
            "0405 authenticate.post-quantum-seal-missing",
            |w| {
                two(w, |bundle, w| {
                    let mut both = [&w.signer, &w.stranger];
                    both.sort_by_key(|identity| identity.anchor_id());
                    bundle.remove_seal(both[0], w.post_quantum);
                    bundle.remove_seal(both[1], ED);
                })
            },
        ),
        case("a stranger's classical half under the anchor's name", &[52, 58], classical, |w| {
            borrowed(w, &w.stranger, ED, w.signer.anchor_id())
        }),
        case("a stranger's post-quantum half under the anchor's name", &[52, 58], post_quantum, |w| {
            borrowed(w, &w.stranger, w.post_quantum, w.signer.anchor_id())
        }),
        case("a classical half that the same key made as an identity of its own", &[35, 53], classical, |w| {
            borrowed(w, &w.signer, ED, Identity::classical(2).anchor_id())
        }),
        case("a post-quantum half that the same key made as an identity of its own", &[36, 54], post_quantum, |w| {
            borrowed(w, &w.signer, w.post_quantum, Identity::post_quantum(w.post_quantum, 2).anchor_id())
        }),
        case(
            "a classical half of a single-key anchor, named as such",
            &[35, 52],
            "0404 authenticate.classical-seal-missing",
            |w| {
                changed(w, |bundle| {
                    bundle.remove_seal(&w.signer, ED);
                    bundle.add_seal(Identity::classical(2).seals(SealType::Release, &bundle.digest).remove(0));
                })
            },
        ),
        case(
            "a post-quantum half of a single-key anchor, named as such",
            &[36, 52],
            "0405 authenticate.post-quantum-seal-missing",
            |w| {
                changed(w, |bundle| {
                    bundle.remove_seal(&w.signer, w.post_quantum);
                    let single = Identity::post_quantum(w.post_quantum, 2);
                    bundle.add_seal(single.seals(SealType::Release, &bundle.digest).remove(0));
                })
            },
        ),
        case(
            "halves re-paired into an identity that nobody trusts",
            &[52],
            "040a authenticate.requirement-not-met",
            |w| {
                let pair = Identity::crossed(&w.signer, &w.stranger);
                Input::Bundle(w.release.sealed_by(&[&pair]).to_bytes(Form::Stripped))
            },
        ),
    ]
}

fn others() -> Vec<Case> {
    /// Sealed by the release anchor as it should be, and by the root anchor too, whose seals are changed.
    fn beside(world: &World, change: impl Fn(&mut Bundle)) -> Input {
        let mut bundle = world.release.sealed_by(&[&world.signer, &world.root]);
        change(&mut bundle);
        Input::Bundle(bundle.to_bytes(Form::Stripped))
    }
    vec![
        case(
            "a known anchor's bad classical seal beside enough good ones",
            &[46],
            "0406 authenticate.classical-seal-bad",
            |w| beside(w, |bundle| bundle.seal_mut(&w.root, ED).signature[9] ^= 4),
        ),
        case(
            "a known anchor's bad post-quantum seal beside enough good ones",
            &[47],
            "0407 authenticate.post-quantum-seal-bad",
            |w| beside(w, |bundle| bundle.seal_mut(&w.root, w.post_quantum).signature[9] ^= 4),
        ),
        case(
            "a known anchor's missing classical seal beside enough good ones",
            &[43],
            "0404 authenticate.classical-seal-missing",
            |w| beside(w, |bundle| drop(bundle.remove_seal(&w.root, ED))),
        ),
        case(
            "a known anchor's missing post-quantum seal beside enough good ones",
            &[44],
            "0405 authenticate.post-quantum-seal-missing",
            |w| beside(w, |bundle| drop(bundle.remove_seal(&w.root, w.post_quantum))),
        ),
        case("a release sealed by the root anchor alone", &[56], "040a authenticate.requirement-not-met", |w| {
            Input::Bundle(w.release.sealed_by(&[&w.root]).to_bytes(Form::Stripped))
        }),
        case(
            "a release sealed by an identity with keys of its own in the bundle's name",
            &[61],
            "040a authenticate.requirement-not-met",
            |w| Input::Bundle(w.release.sealed_by(&[&Identity::hybrid(w.post_quantum, 0)]).to_bytes(Form::Stripped)),
        ),
        case("a trust update presented as a release", &[56], "0110 frame.not-an-envelope", |w| {
            let store = w.store.encode();
            Input::Bundle(trust::trust_update(&w.release.digest(&store), &store, &[&w.root]))
        }),
        case("a trust update's seals and body in a release's envelope", &[56], "0115 frame.seal-type", |w| {
            let store = w.store.encode();
            let update = trust::trust_update(&w.release.digest(&store), &store, &[&w.signer]);
            Input::Bundle([&[0xd8, 0x6b], &update[..]].concat())
        }),
    ]
}
