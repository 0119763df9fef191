//! SPDX 3.0 in JSON-LD: software bills of materials.

use alloc::collections::BTreeMap;

use serde::Deserialize;

use super::bom::{Bom, Component, Dependency};
use super::date::Moment;
use super::digests::Digests;
use super::json::{self, Wrong};

/// Reads what [`Bom`] has a place for.
pub(super) fn read(bytes: &[u8]) -> Result<Bom, Wrong> {
    let head: Head = json::typed(bytes)?;
    let context = head.context.iter().find_map(|context| context.strip_prefix(CONTEXT)).unwrap_or_default();
    let Some(spec_version) = context.strip_suffix(CONTEXT_END).filter(|version| version.starts_with("3.0")) else {
        return Err(Wrong::version("@context", format!("names no {CONTEXT}3.0.1{CONTEXT_END}")));
    };
    let raw: Raw = json::typed(bytes)?;
    bom(spec_version, &raw.graph)
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "@context")]
    context: OneOrMany,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn iter(&self) -> core::slice::Iter<'_, String> {
        match self {
            Self::One(one) => core::slice::from_ref(one).iter(),
            Self::Many(many) => many.iter(),
        }
    }
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "@graph")]
    graph: Vec<Element>,
}

/// Any element: what a type does not have is absent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    #[serde(rename = "type")]
    kind: String,
    #[serde(alias = "@id")]
    spdx_id: Option<String>,
    name: Option<String>,
    creation_info: Option<Reference<Creation>>,
    // CreationInfo
    created: Option<Moment>,
    #[serde(default)]
    created_by: Vec<String>,
    #[serde(default)]
    created_using: Vec<String>,
    // SpdxDocument, software_Sbom
    #[serde(default)]
    root_element: Vec<String>,
    #[serde(rename = "software_sbomType", default)]
    sbom_type: Vec<String>,
    // Artifacts
    #[serde(default)]
    verified_using: Hashes,
    supplied_by: Option<String>,
    #[serde(rename = "software_packageVersion")]
    package_version: Option<String>,
    #[serde(rename = "software_packageUrl")]
    package_url: Option<String>,
    #[serde(rename = "software_primaryPurpose")]
    purpose: Option<String>,
    #[serde(default)]
    external_identifier: Vec<ExternalIdentifier>,
    // Relationship
    from: Option<String>,
    relationship_type: Option<String>,
    #[serde(default)]
    to: Vec<String>,
    // Licences
    #[serde(rename = "simplelicensing_licenseExpression")]
    expression: Option<String>,
}

/// Another element by its id, or written out in place.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference<T> {
    Id(String),
    Here(T),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Creation {
    created: Moment,
    #[serde(default)]
    created_by: Vec<String>,
    #[serde(default)]
    created_using: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalIdentifier {
    external_identifier_type: String,
    identifier: String,
}

#[derive(Default)]
struct Hashes(Digests);

impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut digests = Digests::default();
        for method in Vec::<Integrity>::deserialize(deserializer)? {
            if let (Some(algorithm), Some(value)) = (&method.algorithm, &method.hash_value) {
                digests.add(algorithm, value)?;
            }
        }
        Ok(Self(digests))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Integrity {
    algorithm: Option<String>,
    hash_value: Option<String>,
}

fn bom(spec_version: &str, graph: &[Element]) -> Result<Bom, Wrong> {
    let mut by_id: BTreeMap<&str, &Element> = BTreeMap::new();
    for (number, element) in graph.iter().enumerate() {
        let Some(id) = &element.spdx_id else { continue };
        if by_id.insert(id, element).is_some() {
            return Err(Wrong::rule(
                format!("@graph[{number}].spdxId"),
                format!("the id {id:?} stands for two elements"),
            ));
        }
    }
    let mut documents = graph.iter().filter(|element| element.kind == "SpdxDocument");
    let (Some(document), None) = (documents.next(), documents.next()) else {
        return Err(Wrong::rule("@graph", "has not exactly one SpdxDocument"));
    };
    let named =
        |id: &String| by_id.get(id.as_str()).and_then(|element| element.name.clone()).unwrap_or_else(|| id.clone());
    let licences = licences(graph, &by_id);
    let component = |element: &Element| component(element, &named, &licences);

    // The document's root is the product, or an SBOM whose root is.
    let root = document.root_element.iter().find_map(|id| by_id.get(id.as_str()));
    let sbom = root.filter(|element| element.kind == "software_Sbom");
    let subject = match sbom {
        Some(sbom) => sbom.root_element.iter().find_map(|id| by_id.get(id.as_str())),
        None => root,
    };
    let subject = subject.filter(|element| is_artifact(element)).copied();
    let subject_id = subject.and_then(|element| element.spdx_id.as_deref());
    let others = graph.iter().filter(|element| is_artifact(element) && element.spdx_id.as_deref() != subject_id);

    let (timestamp, created_by, created_using) = match &document.creation_info {
        Some(Reference::Here(creation)) => {
            (Some(creation.created.clone()), creation.created_by.as_slice(), creation.created_using.as_slice())
        }
        Some(Reference::Id(id)) => match by_id.get(id.as_str()) {
            Some(creation) => {
                (creation.created.clone(), creation.created_by.as_slice(), creation.created_using.as_slice())
            }
            None => return Err(Wrong::rule("@graph", format!("the creation info {id:?} is not in the document"))),
        },
        None => return Err(Wrong::rule("@graph", "the SpdxDocument has no creationInfo")),
    };
    Ok(Bom {
        format: "SPDX",
        spec_version: spec_version.to_owned(),
        id: document.spdx_id.clone(),
        timestamp,
        authors: created_by.iter().map(named).collect(),
        tools: created_using.iter().map(named).collect(),
        lifecycles: sbom.map(|sbom| sbom.sbom_type.clone()).unwrap_or_default(),
        subject: subject.map(component),
        components: others.map(component).collect(),
        dependencies: dependencies(graph),
        crypto: Vec::new(),
        vulnerabilities: Vec::new(),
    })
}

fn is_artifact(element: &Element) -> bool {
    matches!(element.kind.as_str(), "software_Package" | "software_File")
}

fn component(
    element: &Element,
    named: &impl Fn(&String) -> String,
    licences: &BTreeMap<&str, Vec<String>>,
) -> Component {
    let id = element.spdx_id.as_deref().unwrap_or_default();
    let external = |kind: &str| {
        let mut found = element.external_identifier.iter().filter(|external| external.external_identifier_type == kind);
        found.next().map(|external| external.identifier.clone())
    };
    let kind = if element.kind == "software_File" { "file" } else { "package" };
    Component {
        reference: id.to_owned(),
        kind: element.purpose.clone().unwrap_or_else(|| kind.to_owned()),
        name: element.name.clone().unwrap_or_default(),
        version: element.package_version.clone(),
        supplier: element.supplied_by.as_ref().map(named),
        purl: element.package_url.clone().or_else(|| external("packageUrl")),
        cpe: external("cpe23").or_else(|| external("cpe22")),
        licences: licences.get(id).cloned().unwrap_or_default(),
        digests: element.verified_using.0.clone(),
    }
}

/// Licence expressions by what they are of.
fn licences<'g>(graph: &'g [Element], by_id: &BTreeMap<&str, &Element>) -> BTreeMap<&'g str, Vec<String>> {
    let mut licences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for element in graph {
        let (Some(from), Some("hasDeclaredLicense" | "hasConcludedLicense")) =
            (&element.from, element.relationship_type.as_deref())
        else {
            continue;
        };
        let expressions =
            element.to.iter().filter_map(|id| by_id.get(id.as_str()).and_then(|to| to.expression.clone()));
        let of = licences.entry(from).or_default();
        of.extend(expressions);
        of.sort();
        of.dedup();
    }
    licences
}

fn dependencies(graph: &[Element]) -> Vec<Dependency> {
    let mut edges: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for element in graph {
        let depends = matches!(
            element.relationship_type.as_deref(),
            Some(
                "dependsOn"
                    | "contains"
                    | "hasStaticLink"
                    | "hasDynamicLink"
                    | "hasOptionalDependency"
                    | "hasProvidedDependency"
            )
        );
        if let (Some(from), true) = (&element.from, depends) {
            edges.entry(from).or_default().extend(element.to.iter().cloned());
        }
    }
    edges.into_iter().map(|(from, on)| Dependency { reference: from.to_owned(), on }).collect()
}

const CONTEXT: &str = "https://spdx.org/rdf/";
const CONTEXT_END: &str = "/spdx-context.jsonld";
