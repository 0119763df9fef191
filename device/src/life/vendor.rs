//! The vendor: its keys old and new, its releases, its trust stores and their updates.

use twinseal_formats::{DigestAlgorithm, Envelope, Role, SealAlgorithm};
use twinseal_tests::bundle::{Bundle, Form};
use twinseal_tests::identity::Identity;
use twinseal_tests::release::{self, Release};
use twinseal_tests::trust::{self, Store, StoredAnchor};

use crate::failure::Result;

/// Who makes what the device is sent.
#[derive(Debug)]
pub(super) struct Vendor {
    root: Identity,
    pub(super) old: Identity,
    pub(super) new: Identity,
    pub(super) stranger: Identity,
    application: Vec<u8>,
}

/// What an application does once it is started.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    Confirms = 0,
    Crashes = 1,
    NeverConfirms = 2,
}

impl Vendor {
    pub(super) fn new(application: Vec<u8>) -> Self {
        let hybrid = |seed| Identity::hybrid(SealAlgorithm::MlDsa65, seed);
        Self { root: hybrid(31), old: hybrid(32), new: hybrid(33), stranger: hybrid(34), application }
    }

    /// The image of an application: its header says which it is; behind the code there are bytes for the wires to carry.
    pub(super) fn image(&self, number: u8, behaviour: Behaviour) -> Vec<u8> {
        let mut image = self.application.clone();
        let words = [u32::from(b'0'.saturating_add(number)), u32::from(behaviour.number())];
        let header: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        image.splice(..header.len(), header);
        let filler = (0_u32..).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0] ^ number);
        let room = IMAGE.saturating_sub(image.len());
        image.extend(filler.take(room));
        image
    }

    /// A release with that application.
    pub(super) fn release(&self, number: u8, security_version: u32, behaviour: Behaviour, by: &Identity) -> Bundle {
        let release = Release {
            version: format!("{number}.0.0"),
            sequence_number: number.into(),
            security_version,
            minimum_trust_epoch: 0,
            components: vec![("app".into(), self.image(number, behaviour))],
            ..Release::sample(ALGORITHM)
        };
        release.sealed_by(&[by])
    }

    /// The trust store of an epoch: 1 knows the old key, 2 both, 3 only the new one.
    pub(super) fn store(&self, epoch: u32) -> Vec<u8> {
        let mut anchors = vec![StoredAnchor::of(&self.root, Role::Root, "root")];
        if epoch < 3 {
            anchors.push(StoredAnchor::of(&self.old, Role::Release, "old"));
        }
        if epoch > 1 {
            anchors.push(StoredAnchor::of(&self.new, Role::Release, "new"));
        }
        Store { epoch, ..Store::of(anchors) }.encode()
    }

    /// The trust update to that epoch.
    pub(super) fn trust_update(&self, epoch: u32) -> Vec<u8> {
        self.trust_update_by(epoch, &self.root)
    }

    /// The same, sealed by whoever.
    pub(super) fn trust_update_by(&self, epoch: u32, by: &Identity) -> Vec<u8> {
        let replaced = release::digest(ALGORITHM, &self.store(epoch.saturating_sub(1)));
        trust::trust_update(&replaced, &self.store(epoch), &[by])
    }
}

impl Behaviour {
    const fn number(self) -> u8 {
        match self {
            Self::Confirms => 0,
            Self::Crashes => 1,
            Self::NeverConfirms => 2,
        }
    }
}

/// A bundle as it is sent.
pub(super) fn sent(bundle: &Bundle) -> Vec<u8> {
    bundle.to_bytes(Form::Stripped)
}

/// A bundle's frame as it is stored: with its length in front.
pub(super) fn stored_frame(bundle: &[u8]) -> Result<Vec<u8>> {
    let envelope = Envelope::parse(bundle).map_err(|error| crate::Failure::new(error.to_string()))?;
    stored(bundle.get(..envelope.size()).unwrap_or_default())
}

/// Bytes with their length in front.
pub(super) fn stored(bytes: &[u8]) -> Result<Vec<u8>> {
    Ok([&u32::try_from(bytes.len())?.to_le_bytes(), bytes].concat())
}

pub(super) const ALGORITHM: DigestAlgorithm = DigestAlgorithm::Sha384;

/// How large an image is: four erase units and a bit.
const IMAGE: usize = 17_000;
