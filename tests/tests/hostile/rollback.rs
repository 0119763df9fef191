//! Sequence numbers and security versions against what a device remembers: the right order over the whole range (I96 to I101).

use twinseal_formats::Digest;
use twinseal_tests::bundle::Form;
use twinseal_tests::device::Facts;
use twinseal_tests::release::Release;
use twinseal_tests::roads::{self, Outcome};
use twinseal_tests::trust;
use twinseal_tests::world::World;
use twinseal_verifier::{AdmitError, Error};

/// Where 32-bit arithmetic, signed arithmetic and 64-bit arithmetic break.
const SEQUENCE_NUMBERS: [u64; 10] = [
    0,
    1,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
];

const SECURITY_VERSIONS: [u32; 7] = [0, 1, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fffe, 0xffff_ffff];

/// What the device says at installing and at booting.
fn verdicts(world: &World, release: &Release, facts: &Facts) -> (Outcome, Outcome) {
    let bundle = release.sealed_by(&[&world.signer]);
    let (bytes, store) = (bundle.to_bytes(Form::Stripped), world.store.encode());
    let verifier = trust::verifier(&store).expect("a good store");
    (roads::every_road(&bytes, &verifier, facts), roads::boot(&bytes, &bundle.payloads, &verifier, facts))
}

fn admit_error(outcome: &Outcome) -> Option<AdmitError> {
    match outcome {
        Ok(_) => None,
        Err(Error::Admit(error)) => Some(*error),
        Err(other) => panic!("refused by another stage: {other}"),
    }
}

/// The identity of a release that is not the one offered.
fn another(world: &World) -> Digest {
    world.release.digest(b"another release")
}

#[test]
fn sequence_numbers_order_installation_over_all_64_bits_and_booting_not_at_all() {
    let world = World::new(crate::ONE[0]);
    let mut pairs = 0;
    for offered in SEQUENCE_NUMBERS {
        let release = Release { sequence_number: offered, ..world.release.clone() };
        let itself = release.sealed_by(&[&world.signer]).digest;
        for confirmed in SEQUENCE_NUMBERS {
            for installed in [itself, another(&world)] {
                let facts = Facts { confirmed: Some((confirmed, installed)), ..world.facts.clone() };
                let (install, boot) = verdicts(&world, &release, &facts);
                let expected = match offered.cmp(&confirmed) {
                    core::cmp::Ordering::Less => Some("sequence-rollback"),
                    core::cmp::Ordering::Equal if installed != itself => Some("sequence-taken"),
                    _ => None,
                };
                let found = admit_error(&install);
                assert_eq!(found.as_ref().map(AdmitError::name), expected, "{offered:#x} after {confirmed:#x}");
                assert_eq!(boot, Ok(itself), "booting compares the security version only");
                pairs += 1;
            }
        }
    }
    assert_eq!(pairs, 200);
}

#[test]
fn security_versions_are_held_against_the_counter_over_all_32_bits_at_installing_and_at_booting() {
    let world = World::new(crate::ONE[0]);
    let mut pairs = 0;
    for offered in SECURITY_VERSIONS {
        let release = Release { security_version: offered, ..world.release.clone() };
        for counter in SECURITY_VERSIONS {
            let facts = Facts { counter, ..world.facts.clone() };
            let (install, boot) = verdicts(&world, &release, &facts);
            let expected = (offered < counter).then_some("security-rollback");
            for outcome in [&install, &boot] {
                assert_eq!(
                    admit_error(outcome).as_ref().map(AdmitError::name),
                    expected,
                    "{offered:#x} at {counter:#x}"
                );
            }
            pairs += 1;
        }
    }
    assert_eq!(pairs, 49);
}

#[test]
fn what_the_counter_can_never_reach_is_not_installed_and_what_it_reached_still_boots() {
    let world = World::new(crate::ONE[0]);
    for offered in SECURITY_VERSIONS {
        let release = Release { security_version: offered, ..world.release.clone() };
        for counter_limit in SECURITY_VERSIONS {
            let facts = Facts { counter_limit, ..world.facts.clone() };
            let (install, boot) = verdicts(&world, &release, &facts);
            let expected = (offered > counter_limit).then_some("counter-exhausted");
            assert_eq!(
                admit_error(&install).as_ref().map(AdmitError::name),
                expected,
                "{offered:#x}, {counter_limit:#x}"
            );
            assert!(boot.is_ok(), "a device must not be bricked by a counter that can rise no further");
        }
    }
}

#[test]
fn the_confirmed_release_itself_may_be_installed_again() {
    let world = World::new(crate::ONE[0]);
    let facts = Facts { confirmed: Some((7, world.bundle().digest)), counter: 3, ..world.facts.clone() };
    let (install, boot) = verdicts(&world, &world.release, &facts);
    assert_eq!((install, boot), (Ok(world.bundle().digest), Ok(world.bundle().digest)));
}

#[test]
fn the_trust_epoch_binds_installing_and_not_booting() {
    let world = World::new(crate::ONE[0]);
    let release = Release { minimum_trust_epoch: 2, ..world.release.clone() };
    let (install, boot) = verdicts(&world, &release, &world.facts);
    assert_eq!(admit_error(&install).as_ref().map(AdmitError::name), Some("trust-epoch"));
    assert!(boot.is_ok());
}
