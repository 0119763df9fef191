//! Honest releases, written by the canonical writer.

use twinseal_formats::encode::{self, NewComponent, NewManifest};
use twinseal_formats::{
    ClassId, Digest, DigestAlgorithm, EvidenceCommitment, EvidenceFile, EvidenceSource, SecurityVersion,
    SequenceNumber, TrustEpoch, VendorId,
};
use twinseal_verifier::Hasher;

use crate::bundle::Bundle;
use crate::identity::Identity;

/// What a vendor wants to release.
#[derive(Clone, Debug)]
pub struct Release {
    pub digest_algorithm: DigestAlgorithm,
    pub vendor: VendorId,
    pub class: ClassId,
    pub version: String,
    pub sequence_number: u64,
    pub security_version: u32,
    pub minimum_trust_epoch: u32,
    /// Ids and payloads, ascending by id.
    pub components: Vec<(String, Vec<u8>)>,
    /// Names, media types and contents, ascending by name.
    pub evidence: Vec<(String, String, Vec<u8>)>,
    /// Component indices and the files their images were converted from.
    pub sources: Vec<(u8, Vec<u8>)>,
}

impl Release {
    /// Release 1.2.3 of a device with an application and a radio.
    pub fn sample(digest_algorithm: DigestAlgorithm) -> Self {
        Self {
            digest_algorithm,
            vendor: VendorId([0x11; 16]),
            class: ClassId([0x22; 16]),
            version: "1.2.3".into(),
            sequence_number: 7,
            security_version: 3,
            minimum_trust_epoch: 1,
            components: vec![
                ("app".into(), b"the application's image".to_vec()),
                ("radio".into(), b"the radio's image, a little longer".to_vec()),
            ],
            evidence: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// The same release with two evidence files.
    #[must_use]
    pub fn with_evidence(mut self) -> Self {
        self.evidence = vec![
            ("advisory.json".into(), "application/json".into(), b"{\"fixed\":[]}".to_vec()),
            ("sbom.json".into(), "application/vnd.cyclonedx+json".into(), b"{\"bomFormat\":\"CycloneDX\"}".to_vec()),
        ];
        self
    }

    pub fn digest(&self, bytes: &[u8]) -> Digest {
        digest(self.digest_algorithm, bytes)
    }

    /// The payloads, in the order of the components.
    pub fn payloads(&self) -> Vec<Vec<u8>> {
        self.components.iter().map(|(_, payload)| payload.clone()).collect()
    }

    /// The evidence index, if there is evidence.
    pub fn evidence_index(&self) -> Option<Vec<u8>> {
        if self.evidence.is_empty() && self.sources.is_empty() {
            return None;
        }
        let files: Vec<_> = self
            .evidence
            .iter()
            .map(|(name, media_type, contents)| EvidenceFile {
                name,
                media_type,
                size: crate::cbor::length(contents),
                digest: self.digest(contents),
            })
            .collect();
        let sources: Vec<_> = self
            .sources
            .iter()
            .map(|(component, contents)| EvidenceSource {
                component: *component,
                format: "elf",
                size: crate::cbor::length(contents),
                digest: self.digest(contents),
            })
            .collect();
        Some(encode::evidence_index(self.digest_algorithm, &files, &sources).expect("a good index"))
    }

    /// The manifest.
    pub fn manifest(&self) -> Vec<u8> {
        let components = self.components.iter().map(|(id, payload)| NewComponent {
            id,
            size: crate::cbor::length(payload),
            digest: self.digest(payload),
        });
        self.manifest_of(components.collect())
    }

    /// The manifest with components whose payloads are not at hand.
    pub fn manifest_of(&self, components: Vec<NewComponent<'_>>) -> Vec<u8> {
        let manifest = NewManifest {
            sequence_number: SequenceNumber(self.sequence_number),
            vendor: self.vendor,
            class: self.class,
            release_version: &self.version,
            security_version: SecurityVersion(self.security_version),
            minimum_trust_epoch: TrustEpoch(self.minimum_trust_epoch),
            components,
            evidence: self.evidence_index().map(|index| EvidenceCommitment {
                count: u8::try_from(self.evidence.len()).expect("at most 32 files"),
                digest: self.digest(&index),
            }),
        };
        manifest.encode().expect("a good manifest")
    }

    /// The bundle's parts, sealed by these identities.
    pub fn sealed_by(&self, identities: &[&Identity]) -> Bundle {
        self.sealed_around(self.manifest(), identities)
    }

    /// The bundle's parts around a manifest that may be anything, sealed by these identities.
    pub fn sealed_around(&self, manifest: Vec<u8>, identities: &[&Identity]) -> Bundle {
        let mut bundle = Bundle::sealed(manifest, self.digest_algorithm, identities);
        bundle.payloads = self.payloads();
        if let Some(index) = self.evidence_index() {
            bundle.evidence = core::iter::once(index).chain(self.evidence.iter().map(|one| one.2.clone())).collect();
        }
        bundle
    }
}

/// The digest of some bytes.
pub fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Digest {
    Hasher::digest(algorithm, bytes).expect("every digest is compiled into the tests")
}
