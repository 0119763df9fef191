//! `twinseal cbom`: the cryptographic bill of materials of a bundle itself, in CycloneDX 1.6.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use serde::Serialize;
use serde_json::{Value, json};
use twinseal_formats::{Digest, DigestAlgorithm, SealAlgorithm};
use uuid::Uuid;

use crate::bundle::Bundle;
use crate::error::{Failure, Result, name};
use crate::forms::Opened;
use crate::hex::Hex;
use crate::output::{Destination, Mode, Overwrite};
use crate::report::Report;
use crate::trouble::Trouble;

/// Arguments of `cbom`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal cbom thermostat-1.4.0.twinseal --out thermostat.cbom.json
  twinseal cbom thermostat-1.4.0.twinseal --out - > cbom.json

The document lists what the bundle itself uses: digest and seal algorithms, the keys that sealed (by the anchor id of their identity), \
and the digests of its images. No seal is verified. The same bundle gives the same bytes: there is no date in it, and its serial number \
follows from the release id. Cryptography inside the images is not for a bundle to know.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// The document to write; `-` for standard output
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(Destination::from))]
    out: Destination,

    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
}

impl Args {
    /// Writes the document.
    ///
    /// # Errors
    ///
    /// The bundle can't be read or breaks a rule of the format, or the document can't be written.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bundle = Bundle::open(&self.bundle)?;
        let opened = Trouble::finding(Opened::new(&bundle))?.map_err(|error| {
            Failure::new(format!("{}: has no bill of materials", name(&self.bundle)))
                .because(error)
                .remedy("`twinseal inspect` says more")
        })?;
        let (document, assets) = document(&opened);
        let mut text = serde_json::to_vec_pretty(&document)
            .map_err(|error| Failure::new("the document can not be written").because(error))?;
        text.push(b'\n');
        self.out.write(&text, Overwrite::asked(self.overwrite), Mode::Public)?;
        let stdout_taken = self.out == Destination::Stdout;
        let release_id = opened.envelope().seals().digest().to_string();
        Ok(Written { bundle: name(&self.bundle), release_id, assets, size: text.len(), stdout_taken })
    }
}

/// The document, and how many cryptographic assets it lists.
fn document(opened: &Opened<'_>) -> (Value, usize) {
    let manifest = &opened.manifest;
    let seals = opened.envelope().seals();
    let release_id = seals.digest();
    let mut algorithms = vec![digest_algorithm(release_id.algorithm())];
    let mut seen = Vec::new();
    let mut keys = Vec::new();
    for seal in seals.iter() {
        let algorithm = SealAlgorithm::from_cose(seal.cose_algorithm());
        if !seen.contains(&seal.cose_algorithm()) {
            seen.push(seal.cose_algorithm());
            algorithms.push(seal_algorithm(seal.cose_algorithm(), algorithm));
        }
        let of_key = format!("{}-{}", seal.anchor(), seal.cose_algorithm());
        let mut properties = json!({
            "type": "public-key",
            "id": seal.anchor().to_string(),
            "algorithmRef": algorithm_ref(seal.cose_algorithm()),
        });
        if let (Some(algorithm), Some(members)) = (algorithm, properties.as_object_mut()) {
            members.insert("size".into(), json!(algorithm.key_size().saturating_mul(8)));
        }
        keys.push(json!({
            "type": "cryptographic-asset",
            "bom-ref": format!("key-{of_key}"),
            "name": format!("sealing key {of_key}"),
            "cryptoProperties": {"assetType": "related-crypto-material", "relatedCryptoMaterialProperties": properties},
        }));
    }
    let assets = algorithms.len().saturating_add(keys.len());
    let images: Vec<Value> = (manifest.components())
        .map(|component| {
            json!({
                "type": "firmware",
                "bom-ref": format!("image-{}", component.id()),
                "name": component.id(),
                "version": manifest.release_version(),
                "hashes": [hash(component.digest())],
            })
        })
        .collect();
    let refs = |of: &[Value]| of.iter().filter_map(|one| one.get("bom-ref").cloned()).collect::<Vec<_>>();
    let (images_used, provided) = (refs(&images), [refs(&algorithms), refs(&keys)].concat());
    let dependencies = json!([{"ref": "release", "dependsOn": images_used, "provides": provided}]);
    let components = [images, algorithms, keys].concat();
    let serial = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("urn:twinseal:cbom:{release_id}").as_bytes());
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{serial}"),
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "twinseal", "version": env!("CARGO_PKG_VERSION")}]},
            "component": {
                "type": "firmware",
                "bom-ref": "release",
                "name": manifest.class().to_string(),
                "version": manifest.release_version(),
                "properties": [
                    {"name": "twinseal:release-id", "value": release_id.to_string()},
                    {"name": "twinseal:vendor-id", "value": manifest.vendor().to_string()},
                ],
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    (document, assets)
}

fn algorithm_ref(cose: i64) -> String {
    format!("algorithm-cose{cose}")
}

fn digest_algorithm(algorithm: DigestAlgorithm) -> Value {
    let (name, parameter, oid) = match algorithm {
        DigestAlgorithm::Sha384 => ("SHA-384", "384", "2.16.840.1.101.3.4.2.2"),
        DigestAlgorithm::Sha512 => ("SHA-512", "512", "2.16.840.1.101.3.4.2.3"),
        _ => ("SHA-256", "256", "2.16.840.1.101.3.4.2.1"),
    };
    asset(
        algorithm.cose(),
        name,
        oid,
        &json!({"primitive": "hash", "parameterSetIdentifier": parameter, "cryptoFunctions": ["digest"]}),
    )
}

fn seal_algorithm(cose: i64, algorithm: Option<SealAlgorithm>) -> Value {
    let post_quantum = |set: &str, level: u8| json!({"primitive": "signature", "parameterSetIdentifier": set, "cryptoFunctions": ["sign", "verify"], "nistQuantumSecurityLevel": level});
    match algorithm {
        Some(SealAlgorithm::Ed25519) => asset(
            cose,
            "Ed25519",
            "1.3.101.112",
            &json!({"primitive": "signature", "curve": "Ed25519", "cryptoFunctions": ["sign", "verify"], "classicalSecurityLevel": 128, "nistQuantumSecurityLevel": 0}),
        ),
        Some(SealAlgorithm::MlDsa44) => asset(cose, "ML-DSA-44", "2.16.840.1.101.3.4.3.17", &post_quantum("44", 2)),
        Some(SealAlgorithm::MlDsa65) => asset(cose, "ML-DSA-65", "2.16.840.1.101.3.4.3.18", &post_quantum("65", 3)),
        Some(SealAlgorithm::MlDsa87) => asset(cose, "ML-DSA-87", "2.16.840.1.101.3.4.3.19", &post_quantum("87", 5)),
        _ => json!({
            "type": "cryptographic-asset",
            "bom-ref": algorithm_ref(cose),
            "name": format!("COSE algorithm {cose}"),
            "cryptoProperties": {"assetType": "algorithm", "algorithmProperties": {"primitive": "unknown"}},
        }),
    }
}

fn asset(cose: i64, name: &str, oid: &str, properties: &Value) -> Value {
    json!({
        "type": "cryptographic-asset",
        "bom-ref": algorithm_ref(cose),
        "name": name,
        "cryptoProperties": {"assetType": "algorithm", "algorithmProperties": properties, "oid": oid},
    })
}

fn hash(digest: &Digest) -> Value {
    json!({"alg": digest.algorithm().name().to_ascii_uppercase(), "content": Hex(digest.as_bytes()).to_string()})
}

#[derive(Serialize)]
struct Written {
    bundle: String,
    release_id: String,
    assets: usize,
    size: usize,
    #[serde(skip)]
    stdout_taken: bool,
}

impl Report for Written {
    const SCHEMA: &'static str = "twinseal.cbom/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}: {} cryptographic assets, {} bytes of CycloneDX 1.6", self.bundle, self.assets, self.size)
    }

    fn stdout_taken(&self) -> bool {
        self.stdout_taken
    }
}
