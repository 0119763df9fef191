//! CSAF 2.0 as it is written: of the standard's fields those that are read.

use alloc::collections::BTreeMap;

use serde::Deserialize;

use super::super::date::Moment;
use super::super::digests::Digests;
use super::super::json::filled;

#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) document: HeadDocument,
}

#[derive(Deserialize)]
pub(super) struct HeadDocument {
    pub(super) csaf_version: String,
}

#[derive(Deserialize)]
pub(super) struct Csaf {
    pub(super) document: Document,
    #[serde(default)]
    pub(super) product_tree: Tree,
    #[serde(default)]
    pub(super) vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(deserialize_with = "filled")]
    pub(super) category: String,
    #[serde(deserialize_with = "filled")]
    pub(super) title: String,
    pub(super) publisher: Publisher,
    pub(super) tracking: Tracking,
}

#[derive(Deserialize)]
pub(super) struct Publisher {
    #[serde(deserialize_with = "filled")]
    pub(super) name: String,
    #[serde(deserialize_with = "filled")]
    pub(super) namespace: String,
    pub(super) contact_details: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Tracking {
    #[serde(deserialize_with = "filled")]
    pub(super) id: String,
    pub(super) status: String,
    #[serde(deserialize_with = "filled")]
    pub(super) version: String,
    pub(super) initial_release_date: Moment,
    pub(super) current_release_date: Moment,
}

#[derive(Default, Deserialize)]
pub(super) struct Tree {
    #[serde(default)]
    pub(super) branches: Vec<Branch>,
    #[serde(default)]
    pub(super) full_product_names: Vec<Product>,
    #[serde(default)]
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
pub(super) struct Branch {
    pub(super) category: String,
    #[serde(deserialize_with = "filled")]
    pub(super) name: String,
    pub(super) product: Option<Product>,
    #[serde(default)]
    pub(super) branches: Vec<Self>,
}

#[derive(Deserialize)]
pub(super) struct Relationship {
    pub(super) full_product_name: Product,
}

#[derive(Deserialize)]
pub(super) struct Product {
    #[serde(deserialize_with = "filled")]
    pub(super) product_id: String,
    #[serde(deserialize_with = "filled")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) product_identification_helper: Helper,
}

#[derive(Default, Deserialize)]
pub(super) struct Helper {
    pub(super) purl: Option<String>,
    pub(super) cpe: Option<String>,
    #[serde(default)]
    pub(super) hashes: Hashes,
}

#[derive(Default)]
pub(super) struct Hashes(pub(super) Digests);

impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut digests = Digests::default();
        let files = Vec::<FileHashes>::deserialize(deserializer)?;
        // Of several files none is the product by itself.
        if let [file] = files.as_slice() {
            for hash in &file.file_hashes {
                digests.add(&hash.algorithm, &hash.value)?;
            }
        }
        Ok(Self(digests))
    }
}

#[derive(Deserialize)]
pub(super) struct FileHashes {
    pub(super) file_hashes: Vec<Hash>,
}

#[derive(Deserialize)]
pub(super) struct Hash {
    pub(super) algorithm: String,
    pub(super) value: String,
}

#[derive(Deserialize)]
pub(super) struct Vulnerability {
    pub(super) cve: Option<String>,
    #[serde(default)]
    pub(super) ids: Vec<Id>,
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) notes: Vec<Note>,
    pub(super) cwe: Option<Cwe>,
    #[serde(default)]
    pub(super) scores: Vec<Score>,
    #[serde(default)]
    pub(super) product_status: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) remediations: Vec<Remediation>,
    #[serde(default)]
    pub(super) threats: Vec<Threat>,
    #[serde(default)]
    pub(super) flags: Vec<Flag>,
}

#[derive(Deserialize)]
pub(super) struct Id {
    pub(super) text: String,
}

#[derive(Deserialize)]
pub(super) struct Note {
    pub(super) category: String,
    pub(super) text: String,
}

#[derive(Deserialize)]
pub(super) struct Cwe {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct Score {
    pub(super) cvss_v3: Option<Cvss>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cvss {
    pub(super) base_score: serde_json::Number,
    pub(super) base_severity: String,
    pub(super) vector_string: String,
}

#[derive(Deserialize)]
pub(super) struct Remediation {
    pub(super) category: String,
    #[serde(deserialize_with = "filled")]
    pub(super) details: String,
    #[serde(default)]
    pub(super) product_ids: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Threat {
    pub(super) category: String,
    pub(super) details: String,
}

#[derive(Deserialize)]
pub(super) struct Flag {
    pub(super) label: String,
    #[serde(default)]
    pub(super) product_ids: Vec<String>,
}
