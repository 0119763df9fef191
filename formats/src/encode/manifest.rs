//! Writing manifests.

use alloc::vec::Vec;

use super::{Encoded, Writer};
use crate::component::{INSTALL_ITEMS, SHARED_ITEMS, VALIDATE_ITEMS};
use crate::component::{SHARED_CONDITIONS, install_sequence, validate_sequence};
use crate::digest::Digest;
use crate::id::{ClassId, SecurityVersion, SequenceNumber, TrustEpoch, VendorId};
use crate::manifest::{self as keys, EvidenceCommitment, Manifest};

/// A manifest to be written.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller must state every field of a manifest")]
pub struct NewManifest<'a> {
    /// Orders releases.
    pub sequence_number: SequenceNumber,
    /// The vendor.
    pub vendor: VendorId,
    /// The class.
    pub class: ClassId,
    /// SemVer text.
    pub release_version: &'a str,
    /// Compared with the rollback counter.
    pub security_version: SecurityVersion,
    /// The oldest trust store that may install it.
    pub minimum_trust_epoch: TrustEpoch,
    /// The components, ascending by id.
    pub components: Vec<NewComponent<'a>>,
    /// What it says of its evidence.
    pub evidence: Option<EvidenceCommitment>,
}

/// A component of a manifest to be written.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller must state every field of a component")]
pub struct NewComponent<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its image's size.
    pub size: u64,
    /// Its image's digest.
    pub digest: Digest,
}

impl<'a> From<&Manifest<'a>> for NewManifest<'a> {
    fn from(manifest: &Manifest<'a>) -> Self {
        Self {
            sequence_number: manifest.sequence_number(),
            vendor: manifest.vendor(),
            class: manifest.class(),
            release_version: manifest.release_version(),
            security_version: manifest.security_version(),
            minimum_trust_epoch: manifest.minimum_trust_epoch(),
            components: manifest
                .components()
                .map(|component| NewComponent {
                    id: component.id(),
                    size: component.size(),
                    digest: *component.digest(),
                })
                .collect(),
            evidence: manifest.evidence(),
        }
    }
}

impl NewManifest<'_> {
    /// The manifest's bytes.
    ///
    /// # Errors
    /// The rule of docs/format.md that the reader says they would break.
    pub fn encode(&self) -> Encoded {
        let mut writer = Writer::new();
        writer.map(6);
        writer.key(keys::VERSION);
        writer.uint(1);
        writer.key(keys::SEQUENCE_NUMBER);
        writer.uint(self.sequence_number.0);
        writer.key(keys::COMMON);
        writer.bytes(&self.common());
        writer.key(keys::VALIDATE);
        writer.bytes(&self.sequence(VALIDATE_ITEMS, |out, index| out.encoded(&validate_sequence(index))));
        writer.key(keys::INSTALL);
        writer.bytes(&self.sequence(INSTALL_ITEMS, |out, index| out.encoded(&install_sequence(index))));
        writer.key(keys::EXTENSIONS);
        writer.map(if self.evidence.is_some() { 5 } else { 4 });
        writer.key(keys::PROFILE);
        writer.uint(1);
        writer.key(keys::RELEASE_VERSION);
        writer.text(self.release_version);
        writer.key(keys::SECURITY_VERSION);
        writer.uint(self.security_version.0.into());
        writer.key(keys::MINIMUM_TRUST_EPOCH);
        writer.uint(self.minimum_trust_epoch.0.into());
        if let Some(evidence) = &self.evidence {
            writer.key(keys::EVIDENCE);
            writer.array(2);
            writer.uint(evidence.count.into());
            writer.bytes(evidence.digest.as_bytes());
        }
        let bytes = writer.into_bytes();
        Manifest::parse(&bytes)?;
        Ok(bytes)
    }

    fn common(&self) -> Vec<u8> {
        let mut common = Writer::new();
        common.map(2);
        common.key(keys::COMPONENTS);
        common.array(self.components.len());
        for component in &self.components {
            common.array(1);
            common.bytes(component.id.as_bytes());
        }
        common.key(keys::SHARED_SEQUENCE);
        let mut components = self.components.iter();
        common.bytes(&self.sequence(SHARED_ITEMS, |out, index| {
            if let Some(component) = components.next() {
                self.shared(out, index, component);
            }
        }));
        common.into_bytes()
    }

    fn shared(&self, out: &mut Writer, index: u8, component: &NewComponent<'_>) {
        let [set, index, ..] = install_sequence(index);
        out.encoded(&[set, index, 20, 0xa4, 1]);
        out.bytes(&self.vendor.0);
        out.encoded(&[2]);
        out.bytes(&self.class.0);
        out.encoded(&[3]);
        out.bytes(&super::digest(&component.digest));
        out.encoded(&[14]);
        out.uint(component.size);
        out.encoded(&SHARED_CONDITIONS);
    }

    /// A command sequence: the same number of items for each component.
    fn sequence(&self, items: usize, mut part: impl FnMut(&mut Writer, u8)) -> Vec<u8> {
        let mut sequence = Writer::new();
        sequence.array(self.components.len().saturating_mul(items));
        for (index, _) in (0..u8::MAX).zip(&self.components) {
            part(&mut sequence, index);
        }
        sequence.into_bytes()
    }
}
