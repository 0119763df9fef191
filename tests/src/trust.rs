//! Trust stores: honest ones by the canonical writer, and as parts.

use twinseal_formats::encode::{self, NewAnchor, NewTrustStore};
use twinseal_formats::{
    AnchorId, ClassId, Digest, DigestAlgorithm, Requirement, Role, SealAlgorithm, SealType, TrustEpoch, TrustStore,
    VendorId,
};
use twinseal_verifier::{Ed25519, Error, MlDsa44, MlDsa65, MlDsa87, SealVerifier, Verifier};

use crate::cbor::Cbor;
use crate::identity::Identity;

/// Every algorithm there is.
pub static ALGORITHMS: [&dyn SealVerifier; 4] = [&Ed25519, &MlDsa44, &MlDsa65, &MlDsa87];

/// A trust store to be written.
#[derive(Clone, Debug)]
pub struct Store {
    pub epoch: u32,
    pub vendor: VendorId,
    pub classes: Vec<ClassId>,
    pub minimum_digest: DigestAlgorithm,
    pub requirements: Vec<(Role, u8)>,
    pub anchors: Vec<StoredAnchor>,
    pub single_class: bool,
}

/// An anchor to be written.
#[derive(Clone, Debug)]
pub struct StoredAnchor {
    pub id: AnchorId,
    pub role: Role,
    pub label: String,
    pub keys: Vec<(SealAlgorithm, Vec<u8>)>,
}

impl StoredAnchor {
    pub fn of(identity: &Identity, role: Role, label: &str) -> Self {
        Self { id: identity.anchor_id(), role, label: label.into(), keys: identity.keys() }
    }
}

impl Store {
    /// A store for the sample release's vendor and class, with one requirement for each role that has anchors.
    pub fn of(anchors: Vec<StoredAnchor>) -> Self {
        let requirements = Role::ALL
            .into_iter()
            .filter(|role| anchors.iter().any(|anchor| anchor.role == *role))
            .map(|role| (role, 1))
            .collect();
        Self {
            epoch: 1,
            vendor: VendorId([0x11; 16]),
            classes: vec![ClassId([0x22; 16])],
            minimum_digest: DigestAlgorithm::Sha256,
            requirements,
            anchors,
            single_class: false,
        }
    }

    /// The same store with another threshold for a role.
    #[must_use]
    pub fn demanding(mut self, role: Role, threshold: u8) -> Self {
        self.requirements.retain(|(other, _)| *other != role);
        self.requirements.push((role, threshold));
        self
    }

    pub fn encode(&self) -> Vec<u8> {
        let store = NewTrustStore {
            epoch: TrustEpoch(self.epoch),
            vendor: self.vendor,
            classes: self.classes.clone(),
            minimum_digest: self.minimum_digest,
            requirements: self.requirements.iter().map(|&(role, threshold)| Requirement { role, threshold }).collect(),
            anchors: self.anchors.iter().map(StoredAnchor::borrowed).collect(),
            single_class: self.single_class,
        };
        store.encode().expect("a store of the right shape")
    }
}

impl StoredAnchor {
    fn borrowed(&self) -> NewAnchor<'_> {
        NewAnchor {
            id: self.id,
            role: self.role,
            label: &self.label,
            keys: self.keys.iter().map(|(algorithm, key)| (*algorithm, key.as_slice())).collect(),
        }
    }
}

/// A verifier for a store that came from anywhere, as a host makes it.
pub fn verifier(store: &[u8]) -> Result<Verifier<'_>, Error> {
    Ok(Verifier::new(TrustStore::parse(store)?, &ALGORITHMS)?)
}

/// A trust store's parts, each already encoded.
#[derive(Clone, Debug)]
pub struct RawStore {
    pub entries: u64,
    pub profile: Vec<u8>,
    pub epoch: Vec<u8>,
    pub vendor: Vec<u8>,
    pub classes: Vec<u8>,
    pub minimum_digest: Vec<u8>,
    pub requirements: Vec<u8>,
    pub anchors: Vec<Vec<u8>>,
    /// Behind the anchors.
    pub end: Vec<u8>,
}

impl RawStore {
    /// The parts of the sample vendor's store with these anchors.
    pub fn of(anchors: Vec<RawAnchor>) -> Self {
        Self {
            entries: 7,
            profile: vec![1],
            epoch: vec![1],
            vendor: Cbor::new().bytes(&[0x11; 16]).done(),
            classes: Cbor::new().array(1).bytes(&[0x22; 16]).done(),
            minimum_digest: Cbor::new().int(DigestAlgorithm::Sha256.cose()).done(),
            requirements: Cbor::new().array(1).array(2).uint(2).uint(1).done(),
            anchors: anchors.iter().map(RawAnchor::to_bytes).collect(),
            end: Vec::new(),
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let count = u64::try_from(self.anchors.len()).expect("few anchors");
        Cbor::new()
            .map(self.entries)
            .uint(1)
            .raw(&self.profile)
            .uint(2)
            .raw(&self.epoch)
            .uint(3)
            .raw(&self.vendor)
            .uint(4)
            .raw(&self.classes)
            .uint(5)
            .raw(&self.minimum_digest)
            .uint(6)
            .raw(&self.requirements)
            .uint(7)
            .array(count)
            .raw(&self.anchors.concat())
            .raw(&self.end)
            .done()
    }
}

/// An anchor's parts, each already encoded.
#[derive(Clone, Debug)]
pub struct RawAnchor {
    pub id: Vec<u8>,
    pub role: Vec<u8>,
    pub label: Vec<u8>,
    pub keys: Vec<Vec<u8>>,
}

impl RawAnchor {
    /// The parts of an identity's release anchor.
    pub fn of(identity: &Identity) -> Self {
        Self {
            id: Cbor::new().bytes(&identity.anchor_id().0).done(),
            role: vec![2],
            label: Cbor::new().text("release").done(),
            keys: identity.keys().iter().map(|(algorithm, key)| cose_key(*algorithm, key)).collect(),
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let count = u64::try_from(self.keys.len()).expect("few keys");
        let id = Cbor::new().map(4).uint(1).raw(&self.id).uint(2).raw(&self.role).uint(3).raw(&self.label);
        id.uint(4).array(count).raw(&self.keys.concat()).done()
    }
}

/// A COSE_Key with its algorithm, around key bytes of any length.
pub fn cose_key(algorithm: SealAlgorithm, key: &[u8]) -> Vec<u8> {
    let number = algorithm.cose();
    if algorithm == SealAlgorithm::Ed25519 {
        Cbor::new().map(4).uint(1).uint(1).uint(3).int(number).int(-1).uint(6).int(-2).bytes(key).done()
    } else {
        Cbor::new().map(3).uint(1).uint(7).uint(3).int(number).int(-1).bytes(key).done()
    }
}

/// A trust update from one store to the next, sealed by these identities.
pub fn trust_update(replaces: &Digest, next: &[u8], identities: &[&Identity]) -> Vec<u8> {
    let body = encode::trust_update_body(replaces, next).expect("a good body");
    let digest = crate::release::digest(replaces.algorithm(), &encode::with_head(&body));
    let seals: Vec<_> = identities.iter().flat_map(|identity| identity.seals(SealType::TrustUpdate, &digest)).collect();
    encode::trust_update(&digest, &seals, &body).expect("a good trust update")
}
