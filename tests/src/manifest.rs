//! Manifests as parts, each already encoded: any of them can be replaced by any bytes.

use twinseal_formats::encode;
use twinseal_formats::payload_name;

use crate::cbor::{Cbor, length};
use crate::release::Release;

/// A manifest's parts. Fields named after a key hold the encoded value; `*_commands` hold a sequence's items.
#[derive(Clone, Debug)]
pub struct RawManifest {
    pub entries: u64,
    pub version: Vec<u8>,
    pub sequence_number: Vec<u8>,
    pub common_entries: u64,
    pub ids: Vec<Vec<u8>>,
    pub components: Vec<RawComponent>,
    /// Behind the shared sequence, within the common section.
    pub common_end: Vec<u8>,
    pub validate: Vec<u8>,
    pub install: Vec<u8>,
    pub extensions_entries: u64,
    pub profile: Vec<u8>,
    pub release_version: Vec<u8>,
    pub security_version: Vec<u8>,
    pub minimum_trust_epoch: Vec<u8>,
    /// Key and value.
    pub evidence: Vec<u8>,
    /// Behind the last entry.
    pub end: Vec<u8>,
}

/// What the shared sequence says of one component.
#[derive(Clone, Debug)]
pub struct RawComponent {
    pub index: u8,
    pub vendor: Vec<u8>,
    pub class: Vec<u8>,
    /// The encoded digest, which lies in a byte string.
    pub digest: Vec<u8>,
    pub size: Vec<u8>,
    pub conditions: Vec<u8>,
}

impl RawManifest {
    /// The parts of an honest release without evidence.
    pub fn of(release: &Release) -> Self {
        let components = (0..).zip(&release.components).map(|(index, (_, payload))| RawComponent {
            index,
            vendor: Cbor::new().bytes(&release.vendor.0).done(),
            class: Cbor::new().bytes(&release.class.0).done(),
            digest: encode::digest(&release.digest(payload)),
            size: Cbor::new().uint(length(payload)).done(),
            conditions: vec![1, 15, 2, 15],
        });
        let count = u8::try_from(release.components.len()).expect("few components");
        Self {
            entries: 6,
            version: vec![1],
            sequence_number: Cbor::new().uint(release.sequence_number).done(),
            common_entries: 2,
            ids: release.components.iter().map(|(id, _)| component_id(id.as_bytes())).collect(),
            components: components.collect(),
            common_end: Vec::new(),
            validate: sequence(count, 4, validate_commands),
            install: sequence(count, 8, install_commands),
            extensions_entries: 4,
            profile: vec![1],
            release_version: Cbor::new().text(&release.version).done(),
            security_version: Cbor::new().uint(release.security_version.into()).done(),
            minimum_trust_epoch: Cbor::new().uint(release.minimum_trust_epoch.into()).done(),
            evidence: Vec::new(),
            end: Vec::new(),
        }
    }

    pub fn shared(&self) -> Vec<u8> {
        let items = 8 * self.components.len();
        let head = Cbor::new().array(u64::try_from(items).expect("few components"));
        self.components.iter().fold(head, |shared, component| shared.raw(&component.commands())).done()
    }

    pub fn common(&self) -> Vec<u8> {
        let ids = u64::try_from(self.ids.len()).expect("few components");
        let ids = Cbor::new().array(ids).raw(&self.ids.concat()).done();
        Cbor::new()
            .map(self.common_entries)
            .uint(2)
            .raw(&ids)
            .uint(4)
            .bytes(&self.shared())
            .raw(&self.common_end)
            .done()
    }

    pub fn extensions(&self) -> Vec<u8> {
        let numbers = Cbor::new()
            .map(self.extensions_entries)
            .uint(1)
            .raw(&self.profile)
            .uint(2)
            .raw(&self.release_version)
            .uint(3)
            .raw(&self.security_version)
            .uint(4)
            .raw(&self.minimum_trust_epoch);
        numbers.raw(&self.evidence).done()
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.around_common(&self.common())
    }

    /// The manifest around another common section.
    pub fn around_common(&self, common: &[u8]) -> Vec<u8> {
        Cbor::new()
            .map(self.entries)
            .uint(1)
            .raw(&self.version)
            .uint(2)
            .raw(&self.sequence_number)
            .uint(3)
            .bytes(common)
            .uint(7)
            .bytes(&self.validate)
            .uint(20)
            .bytes(&self.install)
            .int(-257)
            .raw(&self.extensions())
            .raw(&self.end)
            .done()
    }
}

impl RawComponent {
    pub fn commands(&self) -> Vec<u8> {
        let parameters = Cbor::new()
            .map(4)
            .uint(1)
            .raw(&self.vendor)
            .uint(2)
            .raw(&self.class)
            .uint(3)
            .bytes(&self.digest)
            .uint(14)
            .raw(&self.size);
        Cbor::new().raw(&[12, self.index, 20]).raw(&parameters.done()).raw(&self.conditions).done()
    }
}

/// A component id: an array of one byte string.
pub fn component_id(name: &[u8]) -> Vec<u8> {
    Cbor::new().array(1).bytes(name).done()
}

/// A command sequence of `items` items for each of `count` components.
pub fn sequence(count: u8, items: u8, commands: impl Fn(u8) -> Vec<u8>) -> Vec<u8> {
    (0..count).fold(Cbor::new().array((count * items).into()), |all, index| all.raw(&commands(index))).done()
}

pub fn validate_commands(index: u8) -> Vec<u8> {
    vec![12, index, 3, 15]
}

pub fn install_commands(index: u8) -> Vec<u8> {
    install_commands_from(index, &payload_name(index))
}

/// The install commands with any URI.
pub fn install_commands_from(index: u8, uri: &[u8]) -> Vec<u8> {
    let uri = core::str::from_utf8(uri).expect("a URI is text");
    Cbor::new().raw(&[12, index, 20]).map(1).uint(21).text(uri).raw(&[21, 2, 3, 15]).done()
}
