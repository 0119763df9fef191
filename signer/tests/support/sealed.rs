//! Bundles that `sign` would never make: any evidence, sealed by keys of fixed seeds, and a trust store for them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use twinseal::identity::PublicIdentity;
use twinseal::ids;
use twinseal::key::{Seed, Signer as _, SigningKey};
use twinseal::store::{LabelledIdentity, NewStore};
use twinseal_formats::encode::{self, NewComponent, NewManifest, NewSeal};
use twinseal_formats::{
    Digest, DigestAlgorithm, EntryHead, EvidenceCommitment, EvidenceFile, Role, SealAlgorithm, SealType,
    SecurityVersion, SequenceNumber, ToBeSigned, TrustEpoch, evidence_name, payload_name,
};
use twinseal_verifier::Hasher;

/// Keys of fixed seeds that seal together: one or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys(pub(crate) Vec<(SealAlgorithm, u8)>);

impl Keys {
    /// Ed25519 and an ML-DSA set.
    pub(crate) fn hybrid(set: SealAlgorithm, seed: u8) -> Self {
        Self(vec![(SealAlgorithm::Ed25519, seed), (set, seed)])
    }

    fn signing(&self) -> Vec<SigningKey> {
        let key = |(algorithm, seed): &(SealAlgorithm, u8)| SigningKey::from_seed(*algorithm, Seed::new([*seed; 32]));
        self.0.iter().map(|one| key(one).expect("a key")).collect()
    }

    pub(crate) fn public(&self) -> PublicIdentity {
        PublicIdentity::new(self.signing().iter().map(|key| key.verifying_key().clone()).collect())
            .expect("an identity")
    }

    fn seal(&self, digest: &Digest) -> Vec<NewSeal> {
        let anchor = self.public().anchor_id();
        let seal = |key: &SigningKey| {
            let cose_algorithm = key.algorithm().cose();
            let protected = encode::protected_header(cose_algorithm, anchor, SealType::Release);
            let message = ToBeSigned::new(&protected, &encode::digest(digest)).expect("both are short");
            NewSeal { anchor, cose_algorithm, signature: key.sign(message.as_bytes()).expect("a signature") }
        };
        self.signing().iter().map(seal).collect()
    }
}

/// A release of acme.example's thermostat to be sealed.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) model: String,
    pub(crate) version: String,
    pub(crate) sequence_number: u64,
    pub(crate) security_version: u32,
    pub(crate) minimum_trust_epoch: u32,
    pub(crate) digest: DigestAlgorithm,
    /// Ids and images, ascending.
    pub(crate) components: Vec<(String, Vec<u8>)>,
    /// Names, media types and bytes, ascending.
    pub(crate) evidence: Vec<(String, String, Vec<u8>)>,
    pub(crate) sealed_by: Vec<Keys>,
}

pub(crate) const VENDOR: &str = "acme.example";

impl Made {
    fn digest_of(&self, bytes: &[u8]) -> Digest {
        Hasher::digest(self.digest, bytes).expect("every digest is there")
    }

    /// The whole bundle.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let files: Vec<EvidenceFile<'_>> = self
            .evidence
            .iter()
            .map(|(name, media_type, bytes)| EvidenceFile {
                name,
                media_type,
                size: size(bytes),
                digest: self.digest_of(bytes),
            })
            .collect();
        let mut bundle = self.up_to_evidence(&files);
        for (number, (_, _, bytes)) in (1..).zip(&self.evidence) {
            bundle.extend_from_slice(EntryHead::new(evidence_name(number), size(bytes)).as_bytes());
            bundle.extend_from_slice(bytes);
        }
        bundle
    }

    /// A bundle whose only evidence file is so many zeros, without these.
    pub(crate) fn before_zeros(&self, name: &str, media_type: &str, zeros: u64) -> Vec<u8> {
        let mut hasher = Hasher::new(self.digest).expect("every digest is there");
        let piece = vec![0; 1 << 20];
        for _ in 0..zeros >> 20 {
            hasher.update(&piece);
        }
        let digest = hasher.finish().expect("a digest");
        let mut bundle = self.up_to_evidence(&[EvidenceFile { name, media_type, size: zeros, digest }]);
        bundle.extend_from_slice(EntryHead::new(evidence_name(1), zeros).as_bytes());
        bundle
    }

    /// Everything before the first evidence file.
    fn up_to_evidence(&self, files: &[EvidenceFile<'_>]) -> Vec<u8> {
        let index = (!files.is_empty()).then(|| encode::evidence_index(self.digest, files, &[]).expect("an index"));
        let vendor = ids::vendor_id(VENDOR).expect("a vendor");
        let manifest = NewManifest {
            sequence_number: SequenceNumber(self.sequence_number),
            vendor,
            class: ids::class_id(vendor, &self.model).expect("a class"),
            release_version: &self.version,
            security_version: SecurityVersion(self.security_version),
            minimum_trust_epoch: TrustEpoch(self.minimum_trust_epoch),
            components: (self.components.iter())
                .map(|(id, image)| NewComponent { id, size: size(image), digest: self.digest_of(image) })
                .collect(),
            evidence: index.as_ref().map(|index| EvidenceCommitment {
                count: u8::try_from(files.len()).expect("few"),
                digest: self.digest_of(index),
            }),
        };
        let manifest = manifest.encode().expect("a manifest");
        let release_id = self.digest_of(&encode::with_head(&manifest));
        let seals: Vec<NewSeal> = self.sealed_by.iter().flat_map(|keys| keys.seal(&release_id)).collect();
        let behind = self.components.len() + index.as_ref().map_or(0, |_| files.len() + 1);
        let mut bundle = encode::envelope(behind + 2, &release_id, &seals, &manifest).expect("a frame");
        let mut entry = |name, contents: &[u8]| {
            bundle.extend_from_slice(EntryHead::new(name, size(contents)).as_bytes());
            bundle.extend_from_slice(contents);
        };
        for (number, (_, image)) in (0..).zip(&self.components) {
            entry(payload_name(number), image);
        }
        if let Some(index) = &index {
            entry(evidence_name(0), index);
        }
        bundle
    }
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("64 bits")
}

/// A trust store for acme.example's thermostat, with at least one anchor demanded of each role.
pub(crate) fn store(anchors: &[(Role, &Keys)], single_class: bool) -> Vec<u8> {
    let vendor = ids::vendor_id(VENDOR).expect("a vendor");
    let labelled = anchors.iter().enumerate().map(|(number, (role, keys))| LabelledIdentity {
        label: format!("{}-{number}", role.name()),
        role: *role,
        identity: keys.public(),
    });
    NewStore {
        vendor,
        classes: vec![ids::class_id(vendor, "thermostat").expect("a class")],
        epoch: TrustEpoch(0),
        minimum_digest: Some(DigestAlgorithm::Sha256),
        requirements: Vec::new(),
        anchors: labelled.collect(),
        single_class,
    }
    .encode()
    .expect("a store")
}
