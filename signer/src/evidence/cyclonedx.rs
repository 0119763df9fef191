//! CycloneDX 1.6 and 1.7 in JSON: bills of materials of software and cryptography, and what they say of vulnerabilities.

use serde::Deserialize;

use super::bom::{Bom, Component, CryptoAsset, Dependency};
use super::date::Moment;
use super::digests::Digests;
use super::json::{self, Wrong, filled};
use super::vex::{Product, Statement, Status};

/// Reads what [`Bom`] has a place for.
pub(super) fn read(bytes: &[u8]) -> Result<Bom, Wrong> {
    // Before its fields, whether it is one of those versions at all: another version has other fields.
    let head: Head = json::typed(bytes)?;
    if head.bom_format != "CycloneDX" {
        return Err(Wrong::version("bomFormat", format!("is {:?}, not \"CycloneDX\"", head.bom_format)));
    }
    if !VERSIONS.contains(&head.spec_version.as_str()) {
        return Err(Wrong::version("specVersion", format!("is {}; 1.6 and 1.7 are read", head.spec_version)));
    }
    bom(head, json::typed(bytes)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    bom_format: String,
    spec_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    serial_number: Option<String>,
    #[expect(dead_code, reason = "read for its shape: the schema wants a number")]
    version: Option<u64>,
    #[serde(default)]
    metadata: RawMetadata,
    #[serde(default)]
    components: Vec<RawComponent>,
    #[serde(default)]
    dependencies: Vec<RawDependency>,
    #[serde(default)]
    vulnerabilities: Vec<RawVulnerability>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    timestamp: Option<Moment>,
    #[serde(default)]
    lifecycles: Vec<RawLifecycle>,
    tools: Option<RawTools>,
    #[serde(default)]
    authors: Vec<RawContact>,
    manufacturer: Option<RawContact>,
    supplier: Option<RawContact>,
    component: Option<RawComponent>,
}

#[derive(Deserialize)]
struct RawLifecycle {
    phase: Option<String>,
    name: Option<String>,
}

/// Both forms are legal in 1.6 and 1.7; the list is the deprecated one.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawTools {
    List(Vec<RawTool>),
    Object {
        #[serde(default)]
        components: Vec<RawTool>,
        #[serde(default)]
        services: Vec<RawTool>,
    },
}

#[derive(Deserialize)]
struct RawTool {
    name: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct RawContact {
    name: Option<String>,
    email: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawComponent {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    #[serde(deserialize_with = "filled")]
    name: String,
    group: Option<String>,
    version: Option<String>,
    supplier: Option<RawContact>,
    manufacturer: Option<RawContact>,
    publisher: Option<String>,
    purl: Option<String>,
    cpe: Option<String>,
    #[serde(default)]
    hashes: Hashes,
    #[serde(default)]
    licenses: Vec<RawLicence>,
    #[serde(default)]
    components: Vec<Self>,
    crypto_properties: Option<RawCrypto>,
}

/// Read into digests at once, so that a bad one is told where it stands.
#[derive(Default)]
struct Hashes(Digests);

impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut digests = Digests::default();
        for hash in Vec::<RawHash>::deserialize(deserializer)? {
            digests.add(&hash.alg, &hash.content)?;
        }
        Ok(Self(digests))
    }
}

#[derive(Deserialize)]
struct RawHash {
    alg: String,
    content: String,
}

#[derive(Deserialize)]
struct RawLicence {
    expression: Option<String>,
    license: Option<RawLicenceId>,
}

#[derive(Deserialize)]
struct RawLicenceId {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCrypto {
    asset_type: String,
    algorithm_properties: Option<RawAlgorithm>,
    oid: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAlgorithm {
    primitive: Option<String>,
    parameter_set_identifier: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDependency {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    depends_on: Vec<String>,
    #[serde(default)]
    provides: Vec<String>,
}

#[derive(Deserialize)]
struct RawVulnerability {
    id: Option<String>,
    #[serde(default)]
    references: Vec<RawReference>,
    analysis: Option<RawAnalysis>,
    #[serde(default)]
    affects: Vec<RawAffects>,
    recommendation: Option<String>,
    updated: Option<Moment>,
}

#[derive(Deserialize)]
struct RawReference {
    id: String,
}

#[derive(Deserialize)]
struct RawAnalysis {
    state: Option<State>,
    justification: Option<String>,
    #[serde(default)]
    response: Vec<String>,
    detail: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Resolved,
    ResolvedWithPedigree,
    Exploitable,
    InTriage,
    FalsePositive,
    NotAffected,
}

#[derive(Deserialize)]
struct RawAffects {
    #[serde(rename = "ref")]
    reference: String,
}

fn bom(head: Head, raw: Raw) -> Result<Bom, Wrong> {
    let (mut components, mut crypto) = (Vec::new(), Vec::new());
    let mut left: Vec<RawComponent> = raw.components;
    left.reverse();
    let mut nested = Vec::new();
    let subject = raw.metadata.component.map(|root| split(root, &mut nested));
    let subject = match subject {
        Some(Part::Component(component)) => Some(component),
        Some(Part::Crypto(_)) => {
            return Err(Wrong::rule("metadata.component", "a cryptographic asset is no product"));
        }
        None => None,
    };
    left.extend(nested);
    while let Some(next) = left.pop() {
        match split(next, &mut left) {
            Part::Component(component) => components.push(component),
            Part::Crypto(asset) => crypto.push(asset),
        }
    }
    let mut references = alloc::collections::BTreeSet::new();
    let all = subject.iter().chain(&components).map(|component| &component.reference);
    for reference in all.chain(crypto.iter().map(|asset| &asset.reference)).filter(|reference| !reference.is_empty()) {
        if !references.insert(reference.as_str()) {
            return Err(Wrong::rule("components", format!("the bom-ref {reference:?} stands for two things")));
        }
    }
    let named = |contact: RawContact| contact.name.or(contact.email);
    let mut authors: Vec<String> = raw.metadata.authors.into_iter().filter_map(named).collect();
    authors.extend(raw.metadata.manufacturer.and_then(named));
    authors.extend(raw.metadata.supplier.and_then(named));
    let tools = match raw.metadata.tools {
        None => Vec::new(),
        Some(RawTools::List(tools)) => tools,
        Some(RawTools::Object { mut components, services }) => {
            components.extend(services);
            components
        }
    };
    let lifecycles = raw.metadata.lifecycles.into_iter().filter_map(|lifecycle| lifecycle.phase.or(lifecycle.name));
    Ok(Bom {
        format: "CycloneDX",
        spec_version: head.spec_version,
        id: raw.serial_number,
        timestamp: raw.metadata.timestamp,
        authors,
        tools: tools.into_iter().filter_map(tool).collect(),
        lifecycles: lifecycles.collect(),
        subject,
        components,
        dependencies: raw.dependencies.into_iter().map(dependency).collect(),
        crypto,
        vulnerabilities: statements(raw.vulnerabilities)?,
    })
}

enum Part {
    Component(Component),
    Crypto(CryptoAsset),
}

/// Takes a component out of its nest; those inside it go to the ones that are left.
fn split(raw: RawComponent, left: &mut Vec<RawComponent>) -> Part {
    left.extend(raw.components.into_iter().rev());
    let reference = raw.reference.unwrap_or_default();
    if raw.kind == "cryptographic-asset" {
        let (asset_type, oid, algorithm) = match raw.crypto_properties {
            Some(crypto) => (crypto.asset_type, crypto.oid, crypto.algorithm_properties),
            None => (String::new(), None, None),
        };
        let (primitive, parameter_set) =
            algorithm.map_or((None, None), |algorithm| (algorithm.primitive, algorithm.parameter_set_identifier));
        return Part::Crypto(CryptoAsset { reference, name: raw.name, asset_type, primitive, parameter_set, oid });
    }
    let named = |contact: RawContact| contact.name;
    let licences = raw.licenses.into_iter().filter_map(|licence| {
        licence.expression.or_else(|| licence.license.and_then(|license| license.id.or(license.name)))
    });
    Part::Component(Component {
        reference,
        kind: raw.kind,
        name: match raw.group.filter(|group| !group.is_empty()) {
            Some(group) => format!("{group}/{}", raw.name),
            None => raw.name,
        },
        version: raw.version.filter(|version| !version.is_empty()),
        supplier: raw.supplier.and_then(named).or_else(|| raw.manufacturer.and_then(named)).or(raw.publisher),
        purl: raw.purl,
        cpe: raw.cpe,
        licences: licences.collect(),
        digests: raw.hashes.0,
    })
}

fn dependency(raw: RawDependency) -> Dependency {
    Dependency { reference: raw.reference, on: raw.depends_on.into_iter().chain(raw.provides).collect() }
}

fn tool(raw: RawTool) -> Option<String> {
    let name = raw.name?;
    Some(match raw.version {
        Some(version) => format!("{name} {version}"),
        None => name,
    })
}

fn statements(raw: Vec<RawVulnerability>) -> Result<Vec<Statement>, Wrong> {
    let mut statements = Vec::new();
    for (number, vulnerability) in raw.into_iter().enumerate() {
        let Some(id) = vulnerability.id.filter(|id| !id.trim().is_empty()) else {
            return Err(Wrong::rule(format!("vulnerabilities[{number}].id"), "a vulnerability without an id"));
        };
        let analysis = vulnerability.analysis;
        let status = analysis.as_ref().and_then(|analysis| analysis.state).map(|state| match state {
            State::Resolved | State::ResolvedWithPedigree => Status::Fixed,
            State::Exploitable => Status::Affected,
            State::InTriage => Status::UnderInvestigation,
            State::FalsePositive | State::NotAffected => Status::NotAffected,
        });
        let (justification, detail) = match analysis {
            None => (None, vulnerability.recommendation),
            Some(analysis) => {
                let response = (!analysis.response.is_empty()).then(|| analysis.response.join(", "));
                let advice = vulnerability.recommendation.or(response);
                let detail = if status == Some(Status::Affected) { advice } else { analysis.detail.or(advice) };
                (analysis.justification, detail)
            }
        };
        statements.push(Statement {
            vulnerability: id,
            aliases: vulnerability.references.into_iter().map(|reference| reference.id).collect(),
            status,
            justification,
            detail,
            products: (vulnerability.affects.into_iter())
                .map(|affects| Product { id: affects.reference, digests: Digests::default() })
                .collect(),
            timestamp: vulnerability.updated,
        });
    }
    Ok(statements)
}

const VERSIONS: [&str; 2] = ["1.6", "1.7"];
