//! What is nearly right: values that differ from the right one at one end only, and digests that share their beginning with it. A
//! comparison that stops early, or begins late, takes them.

use twinseal_formats::encode::{self, NewComponent};
use twinseal_formats::{Digest, Role, SealType};
use twinseal_tests::bundle::Form;
use twinseal_tests::device::Facts;
use twinseal_tests::release::{self, Release};
use twinseal_tests::rotation::Rotation;
use twinseal_tests::trust::Store;
use twinseal_tests::world::World;

use crate::hybrid::changed;
use crate::{Case, Input, case};

/// Which end of a value is wrong.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

impl End {
    const BOTH: [(Self, &'static str); 2] = [(Self::First, "first"), (Self::Last, "last")];

    fn spoil(self, bytes: &mut [u8]) {
        let byte = match self {
            Self::First => bytes.first_mut(),
            Self::Last => bytes.last_mut(),
        };
        *byte.expect("it is not empty") ^= 1;
    }

    fn spoilt(self, digest: &Digest) -> Digest {
        let mut bytes = digest.as_bytes().to_vec();
        self.spoil(&mut bytes);
        Digest::new(digest.algorithm(), &bytes).expect("as long as it was")
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = images();
    for (end, name) in End::BOTH {
        cases.extend(digests(end, name));
        cases.extend(targets(end, name));
        cases.extend(trust(end, name));
    }
    cases
}

/// Another first image, of the same length, whose digest has `same` in common with the right one's. The search is the same in every run.
fn searched(world: &World, same: impl Fn(&[u8], &[u8]) -> bool) -> Input {
    let mut bundle = world.bundle();
    let right = world.release.digest(&bundle.payloads[0]);
    let found = (0_u32..1 << 24).any(|number| {
        bundle.payloads[0][..4].copy_from_slice(&number.to_le_bytes());
        same(world.release.digest(&bundle.payloads[0]).as_bytes(), right.as_bytes())
    });
    assert!(found, "one in 65,536 has two bytes in common");
    Input::Bundle(bundle.to_bytes(Form::Stripped))
}

fn images() -> Vec<Case> {
    let mismatch = "0605 image.digest-mismatch";
    vec![
        case("another image whose digest begins with the right byte", &[50, 85], mismatch, |w| {
            searched(w, |one, other| one[0] == other[0])
        }),
        case("another image whose digest begins with the right two bytes", &[50, 85], mismatch, |w| {
            searched(w, |one, other| one[..2] == other[..2])
        }),
        case("another image whose digest ends with the right byte", &[50, 85], mismatch, |w| {
            searched(w, |one, other| one.last() == other.last())
        }),
    ]
}

fn digests(end: End, name: &str) -> Vec<Case> {
    vec![
        case(
            format!("a sealed digest of an image that is wrong in its {name} byte"),
            &[85],
            "0605 image.digest-mismatch",
            move |w| {
                let components = w.release.components.iter().map(|(id, payload)| NewComponent {
                    id,
                    size: twinseal_tests::cbor::length(payload),
                    digest: end.spoilt(&w.release.digest(payload)),
                });
                Input::Bundle(w.resealed(w.release.manifest_of(components.collect())))
            },
        ),
        case(
            format!("seals over a digest of the manifest that is wrong in its {name} byte"),
            &[14],
            "0403 authenticate.digest-mismatch",
            move |w| {
                changed(w, |bundle| {
                    bundle.digest = end.spoilt(&bundle.digest);
                    bundle.seals = w.signer.seals(SealType::Release, &bundle.digest);
                })
            },
        ),
        case(
            format!("a release under the confirmed one's number, whose identity differs in the {name} byte"),
            &[97],
            "0506 admit.sequence-taken",
            move |w| {
                let confirmed = Some((w.release.sequence_number, end.spoilt(&w.bundle().digest)));
                let facts = Facts { confirmed, ..w.facts.clone() };
                Input::Elsewhere(w.bundle().to_bytes(Form::Stripped), w.store.clone(), facts)
            },
        ),
    ]
}

fn targets(end: End, name: &str) -> Vec<Case> {
    let not_served = "070a configuration.device-not-served";
    fn bundle(world: &World, change: impl Fn(&mut Release)) -> Vec<u8> {
        let mut release = world.release.clone();
        change(&mut release);
        release.sealed_by(&[&world.signer]).to_bytes(Form::Stripped)
    }
    vec![
        case(
            format!("a release for a vendor whose id differs in the {name} byte"),
            &[60, 88],
            "0501 admit.vendor-mismatch",
            move |w| Input::Bundle(bundle(w, |release| end.spoil(&mut release.vendor.0))),
        ),
        case(
            format!("a release for a class whose id differs in the {name} byte"),
            &[60, 88],
            "0502 admit.class-mismatch",
            move |w| Input::Bundle(bundle(w, |release| end.spoil(&mut release.class.0))),
        ),
        case(format!("a store for a vendor whose id differs in the {name} byte"), &[60], not_served, move |w| {
            let mut store = w.store.clone();
            end.spoil(&mut store.vendor.0);
            Input::Elsewhere(bundle(w, |_| ()), store, w.facts.clone())
        }),
        case(format!("a store for a class whose id differs in the {name} byte"), &[60], not_served, move |w| {
            let mut store = w.store.clone();
            end.spoil(&mut store.classes[0].0);
            Input::Elsewhere(bundle(w, |_| ()), store, w.facts.clone())
        }),
        case(
            format!("seals in the name of an anchor whose id differs in the {name} byte"),
            &[58],
            "040a authenticate.requirement-not-met",
            move |w| {
                changed(w, |bundle| {
                    bundle.seals.iter_mut().for_each(|seal| end.spoil(&mut seal.anchor.0));
                })
            },
        ),
    ]
}

fn trust(end: End, name: &str) -> Vec<Case> {
    /// The rotation with something changed before the update is made.
    fn rotated(world: &World, change: impl Fn(&mut Rotation)) -> Input {
        let mut rotation = Rotation::new(world.post_quantum);
        change(&mut rotation);
        Input::Gone(rotation.judge(&rotation.update()))
    }
    vec![
        case(
            format!("an anchor under an id that differs in the {name} byte"),
            &[58],
            "0708 configuration.anchor-id-mismatch",
            move |w| {
                let mut store: Store = w.store.clone();
                let anchor = store.anchors.iter_mut().find(|anchor| anchor.role == Role::Release);
                end.spoil(&mut anchor.expect("there is one").id.0);
                Input::Store(store.encode())
            },
        ),
        case(
            format!("an update whose digest of the replaced store is wrong in its {name} byte"),
            &[62],
            "0902 update.replaces-another",
            move |w| {
                let rotation = Rotation::new(w.post_quantum);
                let replaces = end.spoilt(&rotation.replaces());
                let body = encode::trust_update_body(&replaces, &rotation.next.encode()).expect("a good body");
                let digest = release::digest(rotation.algorithm, &encode::with_head(&body));
                let roots = [&rotation.roots[0], &rotation.roots[1]];
                let seals: Vec<_> =
                    roots.into_iter().flat_map(|root| root.seals(SealType::TrustUpdate, &digest)).collect();
                let update = encode::trust_update(&digest, &seals, &body).expect("the frame has its shape");
                Input::Gone(rotation.judge(&update))
            },
        ),
        case(
            format!("an update to a store of a vendor whose id differs in the {name} byte"),
            &[62],
            "0904 update.vendor-differs",
            move |w| rotated(w, |rotation| end.spoil(&mut rotation.next.vendor.0)),
        ),
        case(
            format!("a new store that reads back with its {name} byte changed"),
            &[62],
            "090b update.not-written",
            move |w| {
                let rotation = Rotation::new(w.post_quantum);
                let spoilt = |mut store: Vec<u8>| {
                    end.spoil(&mut store);
                    store
                };
                Input::Gone(rotation.judge_written(&rotation.update(), spoilt).map(|_| ()))
            },
        ),
        case(
            format!("a confirmed release whose remembered identity differs in the {name} byte"),
            &[31],
            "070e configuration.confirmed-frame",
            move |w| {
                rotated(w, |rotation| {
                    let confirmed = rotation.state.confirmed.as_mut().expect("one is confirmed");
                    confirmed.0 = end.spoilt(&confirmed.0);
                })
            },
        ),
    ]
}
