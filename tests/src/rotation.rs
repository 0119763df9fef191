//! A vendor that rotates its keys: three root identities of which two are demanded, and a device that follows.

use twinseal_formats::{ClassId, Digest, DigestAlgorithm, Role, SealAlgorithm, TrustEpoch, TrustStore, VendorId};
use twinseal_verifier::{
    AdmittedTrustUpdate, ConfirmedFrame, Error, TrustState, TrustUpdate, UpdateError, Verifier, hold_epoch,
};

use crate::bundle::Form;
use crate::identity::Identity;
use crate::release::{self, Release};
use crate::trust::{self, ALGORITHMS, Store, StoredAnchor};

/// The vendor's identities, the device's store, and the store that is to take its place.
#[derive(Clone, Debug)]
pub struct Rotation {
    pub roots: [Identity; 3],
    /// Two of these three are demanded for a release.
    pub signers: [Identity; 3],
    /// Takes the place of the third root.
    pub new_root: Identity,
    /// Takes the place of the third signer.
    pub new_signer: Identity,
    pub algorithm: DigestAlgorithm,
    pub present: Store,
    pub next: Store,
    pub state: State,
}

/// What a device knows of itself, owned.
#[derive(Clone, Debug)]
pub struct State {
    pub vendor: VendorId,
    pub class: ClassId,
    pub confirmed: Option<(Digest, Vec<u8>)>,
    pub counter: u32,
    pub counter_limit: u32,
}

impl Rotation {
    pub fn new(post_quantum: SealAlgorithm) -> Self {
        let hybrid = |seed| Identity::hybrid(post_quantum, seed);
        let (roots, signers) = ([hybrid(11), hybrid(12), hybrid(13)], [hybrid(21), hybrid(22), hybrid(23)]);
        let (new_root, new_signer) = (hybrid(14), hybrid(24));
        let present = store(1, roots.each_ref(), signers.each_ref());
        let next = store(2, [&roots[0], &roots[1], &new_root], [&signers[0], &signers[1], &new_signer]);
        let algorithm = DigestAlgorithm::matching(post_quantum);
        let bundle = Release::sample(algorithm).sealed_by(&[&signers[0], &signers[1]]);
        let state = State {
            vendor: present.vendor,
            class: present.classes[0],
            confirmed: Some((bundle.digest, bundle.to_bytes(Form::Bare))),
            counter: 1,
            counter_limit: 64,
        };
        Self { roots, signers, new_root, new_signer, algorithm, present, next, state }
    }

    /// The update to the next store, sealed by the first two roots.
    pub fn update(&self) -> Vec<u8> {
        self.sealed_by(&[&self.roots[0], &self.roots[1]])
    }

    /// The update to the next store, sealed by these.
    pub fn sealed_by(&self, identities: &[&Identity]) -> Vec<u8> {
        trust::trust_update(&self.replaces(), &self.next.encode(), identities)
    }

    /// The digest of the store in use.
    pub fn replaces(&self) -> Digest {
        release::digest(self.algorithm, &self.present.encode())
    }

    /// The whole road on the device, with what is read back from the new store's place changed by `storage`.
    pub fn judge_written(&self, update: &[u8], storage: impl Fn(Vec<u8>) -> Vec<u8>) -> Result<TrustEpoch, Error> {
        let present = self.present.encode();
        let verifier = trust::verifier(&present)?;
        let admitted = self.admitted(&verifier, update)?;
        assert_eq!(admitted.store().as_bytes(), self.next.encode(), "what is admitted is what was sealed");
        let read_back = storage(admitted.store().as_bytes().to_vec());
        Ok(admitted.written(&read_back)?.epoch())
    }

    /// The whole road on the device. Asserts on the way that what was used up can not be used again.
    pub fn judge(&self, update: &[u8]) -> Result<(), Error> {
        let epoch = self.judge_written(update, |written| written)?;
        assert_eq!(epoch.0, self.present.epoch + 1);
        let present = self.present.encode();
        let old = TrustStore::parse(&present)?;
        let replaced = UpdateError::StoreReplaced { present: old.epoch(), counter: epoch };
        assert_eq!(hold_epoch(&old, epoch), Err(replaced), "with the counter raised the old store is no more");
        Ok(())
    }

    fn admitted<'u>(&self, verifier: &Verifier<'u>, update: &'u [u8]) -> Result<AdmittedTrustUpdate<'u>, Error> {
        let authentic = verifier.authenticate_trust_update(&TrustUpdate::parse(update)?)?;
        let confirmed = self.state.confirmed.as_ref();
        authentic.admit(&TrustState {
            vendor: self.state.vendor,
            class: self.state.class,
            confirmed: confirmed.map(|(release_id, frame)| ConfirmedFrame { release_id: *release_id, frame }),
            counter: TrustEpoch(self.state.counter),
            counter_limit: TrustEpoch(self.state.counter_limit),
        })
    }

    /// Whether a release by these identities is authentic under the store in use.
    pub fn releases(&self, identities: &[&Identity]) -> Result<(), Error> {
        let present = self.present.encode();
        let verifier = Verifier::new(TrustStore::parse(&present)?, &ALGORITHMS)?;
        let bytes = Release::sample(self.algorithm).sealed_by(identities).to_bytes(Form::Stripped);
        verifier.authenticate(&twinseal_verifier::Envelope::parse(&bytes)?).map(|_| ())
    }
}

/// Two of three roots for updates, two of three signers for releases.
pub fn store(epoch: u32, roots: [&Identity; 3], signers: [&Identity; 3]) -> Store {
    let named = |role: Role, identities: [&Identity; 3]| {
        let stored = (1..).zip(identities);
        stored.map(|(number, one)| StoredAnchor::of(one, role, &format!("{role}-{number}"))).collect::<Vec<_>>()
    };
    let anchors = [named(Role::Root, roots), named(Role::Release, signers)].concat();
    Store { epoch, ..Store::of(anchors).demanding(Role::Root, 2).demanding(Role::Release, 2) }
}
