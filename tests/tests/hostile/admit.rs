//! Authentic releases in front of the wrong device, or at the wrong time (design decision D6).

use twinseal_formats::{ClassId, VendorId};
use twinseal_tests::bundle::Form;
use twinseal_tests::device::Facts;
use twinseal_tests::release::Release;
use twinseal_tests::world::World;

use crate::{Case, Input, case};

/// The release with something changed, in front of the device with something changed.
fn offered(world: &World, change: impl Fn(&mut Release), device: impl Fn(&mut Facts, &World)) -> Input {
    let (mut release, mut facts) = (world.release.clone(), world.facts.clone());
    change(&mut release);
    device(&mut facts, world);
    let bytes = release.sealed_by(&[&world.signer]).to_bytes(Form::Stripped);
    Input::Elsewhere(bytes, world.store.clone(), facts)
}

/// The release, on a device with other components.
fn on(world: &World, components: &'static [&'static str]) -> Input {
    offered(world, |_| {}, |facts, _| facts.components = components.iter().map(|id| (*id).into()).collect())
}

pub(crate) fn cases() -> Vec<Case> {
    [targets(), numbers()].into_iter().flatten().collect()
}

fn targets() -> Vec<Case> {
    let (missing, unknown) = ("0503 admit.component-missing", "0504 admit.component-unknown");
    vec![
        case("a release for another vendor's device", &[60, 88], "0501 admit.vendor-mismatch", |w| {
            offered(w, |release| release.vendor = VendorId([0x12; 16]), |_, _| {})
        }),
        case("a release for another class", &[60, 88], "0502 admit.class-mismatch", |w| {
            offered(w, |release| release.class = ClassId([0x23; 16]), |_, _| {})
        }),
        case("a release for a class that the trust store is for too", &[60, 88], "0502 admit.class-mismatch", |w| {
            let mut store = w.store.clone();
            store.classes.push(ClassId([0x23; 16]));
            let release = Release { class: ClassId([0x23; 16]), ..w.release.clone() };
            Input::Elsewhere(release.sealed_by(&[&w.signer]).to_bytes(Form::Stripped), store, w.facts.clone())
        }),
        case("a release without the device's last component", &[89], missing, |w| on(w, &["app", "radio", "sensor"])),
        case("a release without the device's first component", &[89], missing, |w| on(w, &["aaa", "app", "radio"])),
        case("a release with one component more", &[89], unknown, |w| on(w, &["app"])),
        case("a release with a component in front of the device's", &[89], unknown, |w| on(w, &["radio"])),
        case("a release with another component in the last place", &[89], unknown, |w| on(w, &["app", "screen"])),
        case("a release with another component in the first place", &[89], missing, |w| on(w, &["apm", "radio"])),
    ]
}

fn numbers() -> Vec<Case> {
    let (sequence, security) = ("0505 admit.sequence-rollback", "0507 admit.security-rollback");
    fn confirmed(number: u64) -> impl Fn(&mut Facts, &World) {
        move |facts, world| facts.confirmed = Some((number, world.bundle().digest))
    }
    vec![
        case("an older release", &[96], sequence, |w| offered(w, |_| {}, confirmed(8))),
        case("the oldest release there can be", &[96, 98], sequence, |w| {
            offered(w, |release| release.sequence_number = 0, confirmed(1))
        }),
        case("a release just below a sequence number of 2^31", &[98], sequence, |w| {
            offered(w, |release| release.sequence_number = 0x7fff_ffff, confirmed(0x8000_0000))
        }),
        case("a release just below a sequence number of 2^63", &[98], sequence, |w| {
            offered(w, |release| release.sequence_number = (1 << 63) - 1, confirmed(1 << 63))
        }),
        case("sequence number 0 after 2^64-1: no wrap", &[98], sequence, |w| {
            offered(w, |release| release.sequence_number = 0, confirmed(u64::MAX))
        }),
        case("a sequence number of 2^32 after 2^32+1: no cut to 32 bits", &[98], sequence, |w| {
            offered(w, |release| release.sequence_number = 1 << 32, confirmed((1 << 32) + 1))
        }),
        case("another release under the confirmed one's number", &[97], "0506 admit.sequence-taken", |w| {
            offered(w, |release| release.components[0].1.push(b'!'), confirmed(7))
        }),
        case("a security version below the counter", &[96, 99, 103], security, |w| {
            offered(w, |_| {}, |facts, _| facts.counter = 4)
        }),
        case("a higher sequence number with a lower security version", &[99], security, |w| {
            offered(
                w,
                |release| release.sequence_number = 100,
                |facts, world| {
                    confirmed(7)(facts, world);
                    facts.counter = 4;
                },
            )
        }),
        case("security version 0x7fffffff below a counter of 0x80000000", &[98], security, |w| {
            offered(w, |release| release.security_version = 0x7fff_ffff, |facts, _| facts.counter = 0x8000_0000)
        }),
        case("security version 0x80000000 below a counter of 0xffffffff", &[98], security, |w| {
            offered(w, |release| release.security_version = 0x8000_0000, |facts, _| facts.counter = 0xffff_ffff)
        }),
        case("security version 0 below a counter of 0xffffffff: no wrap", &[98], security, |w| {
            offered(w, |release| release.security_version = 0, |facts, _| facts.counter = 0xffff_ffff)
        }),
        case("a security version that the counter can not reach", &[100, 101], "0508 admit.counter-exhausted", |w| {
            offered(w, |_| {}, |facts, _| facts.counter_limit = 2)
        }),
        case(
            "the highest security version, on a counter that ends one below",
            &[98, 100],
            "0508 admit.counter-exhausted",
            |w| {
                offered(w, |release| release.security_version = u32::MAX, |facts, _| facts.counter_limit = u32::MAX - 1)
            },
        ),
        case("a release that demands a newer trust store", &[], "0509 admit.trust-epoch", |w| {
            offered(w, |release| release.minimum_trust_epoch = 2, |_, _| {})
        }),
        case("a release that demands the last trust store there can be", &[98], "0509 admit.trust-epoch", |w| {
            offered(w, |release| release.minimum_trust_epoch = u32::MAX, |_, _| {})
        }),
    ]
}
