//! A device whose keys are rotated on that flash: whenever power comes back there is one trust store, the old one or the new one.

use twinseal_formats::{DigestAlgorithm, Role, SealAlgorithm, TrustStore};
use twinseal_installer::embedded_storage::nor_flash::NorFlash as _;
use twinseal_installer::{
    Area, Facts, FlashCounter, Installer, Layout, Memory, MonotonicCounter as _, SlotId, SlotLayout,
};
use twinseal_tests::bundle::Form;
use twinseal_tests::release::Release;
use twinseal_tests::rotation::Rotation;
use twinseal_verifier::Verifier;

use crate::flash::{Cut, Flash};
use crate::life::ANYTHING;

const W: usize = 256;
const E: usize = 1024;

/// A device before its trust update.
pub(crate) struct Change {
    rotation: Rotation,
    update: Vec<u8>,
    frame: Vec<u8>,
}

impl Change {
    pub(crate) fn new() -> Self {
        let rotation = Rotation::new(SealAlgorithm::MlDsa44);
        let update = rotation.update();
        let signers = [&rotation.signers[0], &rotation.signers[1]];
        let frame = Release::sample(rotation.algorithm).sealed_by(&signers).to_bytes(Form::Bare);
        Self { rotation, update, frame }
    }

    /// The life with cuts; how many operations it took.
    pub(crate) fn with_cuts(&self, cuts: &[Cut]) -> u32 {
        let mut end = 0;
        let mut area = |size: u32| {
            end += size;
            Area { start: end - size, size }
        };
        let envelopes = [area(16384), area(16384)];
        let images = [[area(1024), area(1024)], [area(1024), area(1024)]];
        let (state, rollback, epoch) = (area(3 * 4096), area(3 * 4096), area(3 * 4096));
        let stores = [area(16384), area(16384)];
        let [a, b] = [0, 1].map(|slot| SlotLayout { envelope: envelopes[slot], images: &images[slot] });
        let layout = Layout { slots: [a, b], state, trust: Some(stores) };
        let flash = Flash::<W, E, 1>::new(end as usize);
        let counter = |area| FlashCounter::new(flash.clone(), area, 64).expect("the area is large enough");

        let [present, next] = [&self.rotation.present, &self.rotation.next].map(|store| store.encode());
        let kept = |bytes: &[u8]| [&u32::try_from(bytes.len()).expect("small").to_le_bytes(), bytes].concat();
        let payloads = Release::sample(DigestAlgorithm::Sha256).payloads();
        let factory = [kept(&self.frame), payloads[0].clone(), payloads[1].clone(), kept(&present)];
        let places = [envelopes[0], images[0][0], images[0][1], stores[0]];
        for (area, mut bytes) in places.into_iter().zip(factory) {
            bytes.resize(bytes.len().next_multiple_of(W), 0xff);
            let mut flash = flash.clone();
            flash.erase(area.start, area.start + area.size).expect("power is on");
            flash.write(area.start, &bytes).expect("power is on");
        }
        let (vendor, class) = (self.rotation.state.vendor, self.rotation.state.class);
        let facts = Facts { vendor, class, components: &["app", "radio"], trials: 1 };
        let (mut frame, mut scratch) = (vec![0; 16384], [0; 61]);
        counter(rollback).provision().expect("a new counter");
        counter(epoch).provision().expect("a new counter");
        let made = Installer::provision(
            flash.clone(),
            counter(rollback),
            layout,
            SlotId::A,
            &verifier_of(TrustStore::parse(&present).expect("a good store")),
            &facts,
            Memory { frame: &mut frame, scratch: &mut scratch },
        );
        drop(made.expect("the factory's release is good"));

        let mut cuts = cuts.iter();
        flash.power(cuts.next().copied());
        for _ in 0..16 {
            if flash.is_struck() {
                flash.power(cuts.next().copied());
            }
            let excused = |error: &dyn core::fmt::Debug| assert!(flash.is_struck(), "{error:?}");
            let mut epochs = counter(epoch);
            let mut buffer = vec![0; 16384];
            let opened =
                Installer::open(flash.clone(), counter(rollback), layout).map_err(twinseal_installer::Error::from);
            let found = opened.and_then(|mut device| Ok((device.trust_store(&mut epochs, &mut buffer)?, device)));
            let (store, mut device) = match found {
                Ok(found) => found,
                Err(error) => {
                    excused(&error);
                    continue;
                }
            };
            assert!(store.as_bytes() == present || store.as_bytes() == next, "one of both, and whole");
            let verifier = verifier_of(store);
            let held = Memory { frame: &mut frame, scratch: &mut scratch };
            if let Err(error) = device.boot(&verifier, &facts, held, |_, _| {}, |_, _, _| ()) {
                excused(&error);
                continue;
            }
            if store.as_bytes() == next {
                assert_eq!(store.anchors().filter(|one| one.role() == Role::Root).count(), 3);
                let holds = epochs.read();
                if holds == Ok(2) {
                    return flash.operations();
                }
                excused(&holds);
                continue;
            }
            let held = Memory { frame: &mut frame, scratch: &mut scratch };
            if let Err(error) = device.update_trust(SlotId::A, &verifier, &facts, &mut epochs, &self.update, held) {
                excused(&error);
            }
        }
        panic!("the trust update did not come to an end");
    }
}

fn verifier_of(store: TrustStore<'_>) -> Verifier<'_> {
    Verifier::from_write_protected(store, &ANYTHING).expect("a good store")
}
