//! The first look is taken away, as a fault would, and the second one has to find what it would have refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops where it fails")]

extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;

use twinseal_formats::encode::{self, NewAnchor, NewComponent, NewManifest, NewSeal, NewTrustStore};
use twinseal_formats::{
    AnchorKey, ClassId, Digest, DigestAlgorithm, Envelope, Requirement, Role, SealAlgorithm, SecurityVersion,
    SequenceNumber, TrustEpoch, TrustStore, VendorId,
};

use super::{Trail, at_admission, at_manifest_bytes, at_seals, difference, not_the_end, shortfall};
use crate::admit::{Boot, ConfirmedRelease, Device, Install};
use crate::algorithm::{BadSeal, SealVerifier, Verdict, WeakKey};
use crate::anchor::anchor_id;
use crate::authenticate::{AuthenticManifest, Verifier};
use crate::digest::Hasher;
use crate::error::{AdmitError, AuthenticateError, Error, ImageError};
use crate::storage::{Extent, Slot, Source, Storage, StorageFault};

/// Takes every signature that begins with 3.
struct Three(SealAlgorithm);

impl SealVerifier for Three {
    fn algorithm(&self) -> SealAlgorithm {
        self.0
    }

    fn examine_key(&self, _: &[u8]) -> Result<(), WeakKey> {
        Ok(())
    }

    fn verify(&self, _: &[u8], _: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
        if signature[0] == 3 { Ok(()) } else { Err(BadSeal) }
    }
}

const HALVES: [SealAlgorithm; 2] = [SealAlgorithm::Ed25519, SealAlgorithm::MlDsa44];
const ALGORITHMS: [&dyn SealVerifier; 2] = [&Three(HALVES[0]), &Three(HALVES[1])];
const ROLES: [Role; 2] = [Role::Release, Role::Assessor];
const VENDOR: VendorId = VendorId([0x11; 16]);
const CLASS: ClassId = ClassId([0x22; 16]);

fn keys(of: &[u8]) -> [AnchorKey<'_>; 2] {
    [AnchorKey { algorithm: HALVES[0], bytes: &of[..32] }, AnchorKey { algorithm: HALVES[1], bytes: &of[..1312] }]
}

fn store(threshold: u8) -> Vec<u8> {
    store_demanding(threshold, DigestAlgorithm::Sha256)
}

fn store_demanding(threshold: u8, minimum_digest: DigestAlgorithm) -> Vec<u8> {
    let anchor = |key: &'static [u8], label| NewAnchor {
        id: anchor_id(keys(key)).unwrap(),
        role: Role::Release,
        label,
        keys: keys(key).map(|key| (key.algorithm, key.bytes)).to_vec(),
    };
    let store = NewTrustStore {
        epoch: TrustEpoch(1),
        vendor: VENDOR,
        classes: [CLASS].to_vec(),
        minimum_digest,
        requirements: [Requirement { role: Role::Release, threshold }].to_vec(),
        anchors: [anchor(&[1; 1312], "one"), anchor(&[2; 1312], "two")].to_vec(),
        single_class: false,
    };
    store.encode().unwrap()
}

const IMAGES: [&[u8]; 2] = [b"one image", b"another"];

fn digest(bytes: &[u8]) -> Digest {
    Hasher::digest(DigestAlgorithm::Sha256, bytes).unwrap()
}

/// A bundle sealed by the identity whose keys consist of these bytes.
fn bundle(key: &'static [u8]) -> Vec<u8> {
    bundle_with(key, &HALVES)
}

/// The same with seals of these halves only.
fn bundle_with(key: &'static [u8], halves: &[SealAlgorithm]) -> Vec<u8> {
    let component =
        |id, image: &[u8]| NewComponent { id, size: image.len().try_into().unwrap(), digest: digest(image) };
    let manifest = NewManifest {
        sequence_number: SequenceNumber(7),
        vendor: VENDOR,
        class: CLASS,
        release_version: "1.2.3",
        security_version: SecurityVersion(3),
        minimum_trust_epoch: TrustEpoch(1),
        components: [component("app", IMAGES[0]), component("radio", IMAGES[1])].to_vec(),
        evidence: None,
    };
    let manifest = manifest.encode().unwrap();
    let seal = |half: &SealAlgorithm| NewSeal {
        anchor: anchor_id(keys(key)).unwrap(),
        cose_algorithm: half.cose(),
        signature: vec![3; half.signature_size()],
    };
    let seals = halves.iter().map(seal).collect::<Vec<_>>();
    let frame = encode::envelope(2, &digest(&encode::with_head(&manifest)), &seals, &manifest);
    frame.unwrap()
}

/// What the algorithms say of these many seals of each half.
fn verdicts(classical: u32, post_quantum: u32) -> u32 {
    let sum = |half, count| Verdict::valid(half).word().wrapping_mul(count);
    sum(HALVES[0], classical).wrapping_add(sum(HALVES[1], post_quantum))
}

/// What the second look finds at the seals of this bundle.
fn found_at_seals(bundle: &[u8], threshold: u8, verdicts: u32) -> u32 {
    found_for(&ROLES, bundle, threshold, verdicts)
}

/// The same where seals of other roles are asked for.
fn found_for(roles: &[Role], bundle: &[u8], threshold: u8, verdicts: u32) -> u32 {
    let store = store(threshold);
    let envelope = Envelope::parse(bundle).unwrap();
    at_seals(&TrustStore::parse(&store).unwrap(), envelope.seals(), roles, verdicts)
}

#[test]
fn without_the_first_look_the_second_finds_what_is_wrong_with_seals() {
    let (good, foreign) = (bundle(&[1; 1312]), bundle(&[9; 1312]));
    assert_eq!(found_at_seals(&good, 1, verdicts(1, 1)), 0);
    for (what, found) in [
        ("no half was looked at", found_at_seals(&good, 1, 0)),
        ("the post-quantum half was not looked at", found_at_seals(&good, 1, verdicts(1, 0))),
        ("the classical half was not looked at", found_at_seals(&good, 1, verdicts(0, 1))),
        ("the classical half counted twice", found_at_seals(&good, 1, verdicts(2, 0))),
        ("the post-quantum half counted twice", found_at_seals(&good, 1, verdicts(0, 2))),
        ("an anchor counted twice", found_at_seals(&good, 2, verdicts(2, 2))),
        ("too few anchors", found_at_seals(&good, 2, verdicts(1, 1))),
        ("an unknown anchor", found_at_seals(&foreign, 1, verdicts(1, 1))),
        ("an unknown anchor that nobody looked at", found_at_seals(&foreign, 1, 0)),
        ("roles that nothing is demanded of", found_for(&[Role::Assessor], &good, 1, verdicts(1, 1))),
        // What is wrong twice does not come out even.
        ("too few anchors, and every bit of the verdicts is wrong", found_at_seals(&good, 2, !verdicts(1, 1))),
        ("no roles, and a verdict that is off by one", found_for(&[], &good, 1, verdicts(1, 1) ^ 1)),
    ] {
        assert_ne!(found, 0, "{what}");
    }
    for half in HALVES {
        let alone = bundle_with(&[1; 1312], &[half]);
        assert_ne!(found_at_seals(&alone, 1, verdicts(1, 1)), 0, "{half} alone, and both said valid");
        assert_ne!(found_at_seals(&alone, 1, 0), 0, "{half} alone, and none was looked at");
        let said = Verdict::valid(half).word();
        assert_ne!(found_at_seals(&alone, 1, said), 0, "{half} alone, and said valid");
        assert_ne!(found_for(&[], &alone, 1, verdicts(1, 1)), 0, "{half} alone, and no roles");
    }
    for stronger in [DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        let (store, envelope) = (store_demanding(1, stronger), Envelope::parse(&good).unwrap());
        let found = at_seals(&TrustStore::parse(&store).unwrap(), envelope.seals(), &ROLES, verdicts(1, 1));
        assert_ne!(found, 0, "a digest weaker than {stronger}");
    }
    for half in HALVES {
        let bad = Verdict::of(half, Err(BadSeal)).word();
        let other = verdicts(1, 1).wrapping_sub(Verdict::valid(half).word());
        assert_ne!(found_at_seals(&good, 1, other.wrapping_add(bad)), 0, "{half}");
    }
}

#[test]
fn verdicts_are_far_apart() {
    let words = HALVES.map(|half| Verdict::valid(half).word());
    let all = words.into_iter().chain(words.map(|word| !word)).chain([0, u32::MAX]).collect::<Vec<_>>();
    for (at, one) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| (one ^ other).count_ones() >= 8), "{one:08x}");
    }
    for half in HALVES {
        assert_eq!(Verdict::of(half, Ok(())), Verdict::valid(half));
        assert_eq!(Verdict::of(half, Err(BadSeal)).word(), !Verdict::valid(half).word());
    }
}

const DEVICE: Device<'_> = Device {
    vendor: VENDOR,
    class: CLASS,
    components: &["app", "radio"],
    confirmed: None,
    counter: SecurityVersion(3),
    counter_limit: SecurityVersion(3),
};

/// Does something with the good bundle behind its seals.
fn with_authentic<T>(then: impl FnOnce(AuthenticManifest<'_>) -> T) -> T {
    let (store, bundle) = (store(1), bundle(&[1; 1312]));
    let verifier = Verifier::new(TrustStore::parse(&store).unwrap(), &ALGORITHMS).unwrap();
    then(verifier.authenticate(&Envelope::parse(&bundle).unwrap()).unwrap())
}

#[test]
fn without_the_first_look_the_second_finds_what_a_device_may_not_take() {
    let confirmed = |number, release_id| Some(ConfirmedRelease { sequence_number: SequenceNumber(number), release_id });
    let other = digest(b"other");
    with_authentic(|authentic| {
        assert_eq!(at_admission::<Install>(&authentic, &DEVICE).found, 0);
        let same = Device { confirmed: confirmed(7, *authentic.release_id()), ..DEVICE };
        assert_eq!(at_admission::<Install>(&authentic, &same).found, 0);
        for device in [
            Device { vendor: VendorId([0x12; 16]), ..DEVICE },
            Device { class: ClassId([0x23; 16]), ..DEVICE },
            Device { components: &["app"], ..DEVICE },
            Device { components: &["app", "radix"], ..DEVICE },
            Device { components: &["app", "radio", "sensor"], ..DEVICE },
            Device { counter: SecurityVersion(4), counter_limit: SecurityVersion(4), ..DEVICE },
        ] {
            assert_ne!(at_admission::<Install>(&authentic, &device).found, 0, "{device:?}");
            assert_ne!(at_admission::<Boot>(&authentic, &device).found, 0, "{device:?}");
        }
        for device in [
            Device { counter_limit: SecurityVersion(2), counter: SecurityVersion(2), ..DEVICE },
            Device { confirmed: confirmed(8, other), ..DEVICE },
            Device { confirmed: confirmed(8, *authentic.release_id()), ..DEVICE },
            Device { confirmed: confirmed(u64::MAX, other), ..DEVICE },
            Device { confirmed: confirmed(7, other), ..DEVICE },
        ] {
            assert_ne!(at_admission::<Install>(&authentic, &device).found, 0, "{device:?}");
            assert_eq!(at_admission::<Boot>(&authentic, &device).found, 0, "{device:?}: counts for installing only");
        }
        let mut unserved = authentic;
        unserved.trust.serves_release = false;
        assert_ne!(at_admission::<Boot>(&unserved, &DEVICE).found, 0, "a store for others");
        unserved.trust.serves_release = true;
        unserved.trust.epoch = TrustEpoch(0);
        assert_ne!(at_admission::<Install>(&unserved, &DEVICE).found, 0, "a store that is too old");
        unserved.bytes = &unserved.bytes[1..];
        assert_ne!(at_admission::<Boot>(&unserved, &DEVICE).found, 0, "a manifest that was read from elsewhere");
    });
}

/// Each of these leaves the word 1 or another that two of them could share.
#[test]
fn what_is_wrong_twice_does_not_come_out_even() {
    let wrong: [fn(&mut AuthenticManifest<'_>, &mut Device<'_>); 6] = [
        |authentic, _| authentic.bytes = &authentic.bytes[1..],
        |authentic, _| authentic.trust.serves_release = false,
        |_, device| device.vendor.0[15] ^= 1,
        |_, device| device.class.0[15] ^= 1,
        |_, device| device.components = &["app", "radin"],
        |_, device| device.counter = SecurityVersion(4),
    ];
    for (one, other) in (0..wrong.len()).flat_map(|one| (0..one).map(move |other| (one, other))) {
        with_authentic(|mut authentic| {
            let mut device = DEVICE;
            wrong[one](&mut authentic, &mut device);
            wrong[other](&mut authentic, &mut device);
            assert_ne!(at_admission::<Boot>(&authentic, &device).found, 0, "{one} and {other}");
        });
    }
}

#[test]
fn a_manifest_that_is_not_the_end_of_what_was_sealed_is_found() {
    let bundle = bundle(&[1; 1312]);
    let envelope = Envelope::parse(&bundle).unwrap();
    assert_eq!(at_manifest_bytes(&envelope), 0);
    let (sealed, copy) = (envelope.sealed_bytes(), envelope.manifest_bytes().to_vec());
    assert_eq!(not_the_end(envelope.manifest_bytes(), sealed), 0);
    for other in [&copy[..], &sealed[..copy.len()], &sealed[..sealed.len() - 1], &copy[..0], &bundle] {
        assert_ne!(not_the_end(other, sealed), 0, "{} bytes", other.len());
    }
}

/// Two images; it takes whatever is written.
struct Holding;

impl Storage for Holding {
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault> {
        Ok(Some(Extent::Exactly(IMAGES[usize::from(component)].len().try_into().unwrap())))
    }

    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        let start = usize::try_from(offset).unwrap();
        buffer.copy_from_slice(&IMAGES[usize::from(component)][start..][..buffer.len()]);
        Ok(())
    }
}

impl Slot for Holding {
    fn invalidate(&mut self) -> Result<(), StorageFault> {
        Ok(())
    }

    fn write(&mut self, _: u8, _: u64, _: &[u8]) -> Result<(), StorageFault> {
        Ok(())
    }

    fn flush(&mut self, _: u8) -> Result<(), StorageFault> {
        Ok(())
    }
}

impl Source for Holding {
    fn size(&mut self) -> Result<u64, StorageFault> {
        Ok(0)
    }

    fn read(&mut self, _: u64, _: &mut [u8]) -> Result<(), StorageFault> {
        Err(StorageFault)
    }
}

#[test]
fn what_the_second_look_found_refuses_at_the_next_step() {
    let refused = with_authentic(|mut authentic| {
        authentic.trail = Trail::digest(1).authentic(0);
        authentic.admit::<Install>(&DEVICE).unwrap_err()
    });
    assert_eq!(refused, Error::Authenticate(AuthenticateError::Fault));

    let admitted = |then: fn(crate::AdmittedManifest<'_, Install>) -> Error| {
        with_authentic(|authentic| {
            let mut admitted = authentic.admit::<Install>(&DEVICE).unwrap();
            admitted.trail = Trail(admitted.trail.0 ^ 0x40);
            then(admitted)
        })
    };
    let fault = Error::Admit(AdmitError::Fault);
    assert_eq!(admitted(|admitted| admitted.verify_images(Holding, &mut [0; 8]).err().unwrap().error()), fault);
    assert_eq!(admitted(|admitted| admitted.receive_detached(Holding).err().unwrap().error()), fault);
    let enclosed = |mut admitted: crate::AdmittedManifest<'_, Install>| {
        admitted.frame.entries = 4;
        admitted.verify_enclosed(Holding, &mut [0; 8]).err().unwrap().error()
    };
    let by_pull = with_authentic(|authentic| {
        let mut admitted = authentic.admit::<Install>(&DEVICE).unwrap();
        admitted.trail = Trail::VERIFIED;
        enclosed(admitted)
    });
    assert_eq!(by_pull, fault);

    with_authentic(|authentic| {
        let admitted = authentic.admit::<Install>(&DEVICE).unwrap();
        let mut verified = admitted.verify_images(Holding, &mut [0; 8]).map_err(|refused| refused.error()).unwrap();
        assert_eq!(verified.affirm(), Ok(()));
        verified.trail = Trail::AUTHENTIC;
        assert_eq!(verified.affirm(), Err(Error::Image(ImageError::Fault)));
    });
}

#[test]
fn each_image_pays_its_own_word() {
    let owing = Trail::owing(3);
    assert_eq!(owing.image(0, 0).image(1, 0).image(2, 0), Trail::VERIFIED);
    assert_ne!(owing.image(0, 0).image(1, 0), Trail::VERIFIED, "one was left out");
    assert_ne!(owing.image(0, 0).image(0, 0).image(2, 0), Trail::VERIFIED, "one was looked at twice");
    assert_ne!(owing.image(0, 0).image(1, 4).image(2, 0), Trail::VERIFIED, "one differs");
}

#[test]
fn differences_and_shortfalls() {
    assert_eq!((difference(b"abc", b"abc"), difference(b"", b"")), (0, 0));
    for other in [b"abd".as_slice(), b"ab", b"abcd", b""] {
        assert_ne!(difference(b"abc", other), 0);
    }
    assert_ne!(difference(&[7], &[6, 0]), 0, "one bit and the length");
    // As long as the longest digest: each byte counts.
    for at in 0..64 {
        let mut other = [7; 64];
        other[at] ^= 0x80;
        assert_ne!(difference(&[7; 64], &other), 0);
    }
    let numbers = [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32, u64::MAX - 1, u64::MAX];
    for number in numbers {
        for demanded in numbers {
            assert_eq!(shortfall(number, demanded), if number < demanded { u32::MAX } else { 0 });
        }
    }
}
