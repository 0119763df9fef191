//! CSAF 2.0: security advisories, and VEX documents of its profile `csaf_vex`.

use alloc::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::date::Moment;
use super::digests::Digests;
use super::json::{self, Wrong};
use super::vex::{Product as Affected, Statement, Status};

mod raw;

/// A CSAF document.
#[derive(Clone, Debug)]
pub struct Csaf {
    /// `csaf_security_advisory`, `csaf_vex`, ...
    pub category: String,
    /// Its title.
    pub title: String,
    /// Its id: `ACME-2026-001`.
    pub id: String,
    /// `draft`, `interim` or `final`.
    pub status: String,
    /// The version of the document.
    pub version: String,
    /// When it was first published.
    pub initial: Moment,
    /// When it was last changed.
    pub current: Moment,
    /// Who publishes it.
    pub publisher: String,
    /// Where that publisher is: a URL.
    pub namespace: String,
    /// How to reach the publisher.
    pub contact: Option<String>,
    /// The products it defines.
    pub products: Vec<Product>,
    /// The vulnerabilities it is about.
    pub vulnerabilities: Vec<Vulnerability>,
}

/// A product of the product tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Product {
    /// What the rest of the document calls it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The vendor, out of its branch.
    pub vendor: Option<String>,
    /// The name of the product, out of its branch.
    pub product: Option<String>,
    /// The version, out of its branch.
    pub version: Option<String>,
    /// Its package URL.
    pub purl: Option<String>,
    /// Its CPE.
    pub cpe: Option<String>,
    /// What its files hash to.
    pub digests: Digests,
}

/// A vulnerability.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Vulnerability {
    /// Its CVE, or else the first of its other ids.
    pub id: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// Its title.
    pub title: Option<String>,
    /// What it is, in words.
    pub description: Option<String>,
    /// The highest CVSS base score and its severity.
    pub score: Option<Score>,
    /// Its weakness: `CWE-125`.
    pub cwe: Option<String>,
    /// Its impact in words, if told apart from the description.
    pub impact: Option<String>,
    /// Product ids by status.
    pub products: BTreeMap<Standing, Vec<String>>,
    /// Remediations: category and words.
    pub remediations: Vec<Remediation>,
    /// Product ids by the reason for which they are not affected.
    pub flags: Vec<(String, Vec<String>)>,
}

/// How a product stands to a vulnerability: the four of VEX, by the names of CSAF.
pub type Standing = Status;

/// A CVSS score, as text: it is shown and compared, never computed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Score {
    /// `9.8`.
    pub base: String,
    /// `CRITICAL`.
    pub severity: String,
    /// The vector.
    pub vector: String,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remediation {
    /// `vendor_fix`, `workaround`, ...
    pub category: String,
    /// In words.
    pub details: String,
    /// For these product ids; empty for all.
    pub products: Vec<String>,
}

impl Csaf {
    /// Whether it is of the profile for VEX, and so no advisory.
    #[must_use]
    pub fn is_vex(&self) -> bool {
        self.category == "csaf_vex"
    }

    /// The product of an id.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.id == id)
    }

    /// Products whose branch, or else whose name's last word, is that version.
    pub fn of_version<'c>(&'c self, version: &'c str) -> impl Iterator<Item = &'c Product> {
        self.products.iter().filter(move |product| match &product.version {
            Some(found) => found == version,
            None => product.name.split_whitespace().next_back() == Some(version),
        })
    }

    /// What it says of vulnerabilities, one statement for each vulnerability and status.
    #[must_use]
    pub fn statements(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        for vulnerability in &self.vulnerabilities {
            for (status, products) in &vulnerability.products {
                let of = |ids: &[String]| ids.is_empty() || ids.iter().any(|id| products.contains(id));
                let remedy = (vulnerability.remediations.iter()).find(|remediation| of(&remediation.products));
                let detail = match status {
                    Status::Affected => remedy.map(|remediation| remediation.details.clone()),
                    _ => vulnerability.impact.clone(),
                };
                statements.push(Statement {
                    vulnerability: vulnerability.id.clone(),
                    aliases: vulnerability.aliases.clone(),
                    status: Some(*status),
                    justification: (vulnerability.flags.iter())
                        .find(|(_, ids)| *status == Status::NotAffected && of(ids))
                        .map(|(label, _)| label.clone()),
                    detail,
                    products: (products.iter())
                        .map(|id| Affected {
                            id: id.clone(),
                            digests: self.product(id).map(|product| product.digests.clone()).unwrap_or_default(),
                        })
                        .collect(),
                    timestamp: Some(self.current.clone()),
                });
            }
        }
        statements
    }
}

/// Reads what [`Csaf`] has a place for.
pub(super) fn read(bytes: &[u8]) -> Result<Csaf, Wrong> {
    let head: raw::Head = json::typed(bytes)?;
    if head.document.csaf_version != "2.0" {
        return Err(Wrong::version("document.csaf_version", format!("is {}; 2.0 is read", head.document.csaf_version)));
    }
    let raw: raw::Csaf = json::typed(bytes)?;
    let products = products(raw.product_tree)?;
    let defined: BTreeSet<&str> = products.iter().map(|product| product.id.as_str()).collect();
    let mut vulnerabilities = Vec::new();
    for (number, raw) in raw.vulnerabilities.into_iter().enumerate() {
        let place = format!("vulnerabilities[{number}]");
        let vulnerability = vulnerability(raw, &place)?;
        let named =
            vulnerability.products.values().chain(vulnerability.remediations.iter().map(|remedy| &remedy.products));
        if let Some(unknown) = named.flatten().find(|id| !defined.contains(id.as_str())) {
            return Err(Wrong::rule(place, format!("the product id {unknown:?} is not in the product tree")));
        }
        vulnerabilities.push(vulnerability);
    }
    let document = raw.document;
    if !["draft", "interim", "final"].contains(&document.tracking.status.as_str()) {
        let what = format!("{:?} is none of draft, interim, final", document.tracking.status);
        return Err(Wrong::rule("document.tracking.status", what));
    }
    Ok(Csaf {
        category: document.category,
        title: document.title,
        id: document.tracking.id,
        status: document.tracking.status,
        version: document.tracking.version,
        initial: document.tracking.initial_release_date,
        current: document.tracking.current_release_date,
        publisher: document.publisher.name,
        namespace: document.publisher.namespace,
        contact: document.publisher.contact_details,
        products,
        vulnerabilities,
    })
}

/// Walks the tree without recursion; what a product is called comes from the branches above it.
fn products(tree: raw::Tree) -> Result<Vec<Product>, Wrong> {
    let mut products: Vec<Product> = Vec::new();
    let mut left: Vec<(raw::Branch, Product)> =
        tree.branches.into_iter().rev().map(|branch| (branch, Product::default())).collect();
    while let Some((branch, mut above)) = left.pop() {
        match branch.category.as_str() {
            "vendor" => above.vendor = Some(branch.name),
            "product_name" => above.product = Some(branch.name),
            "product_version" => above.version = Some(branch.name),
            _ => {}
        }
        if let Some(product) = branch.product {
            products.push(named(product, above.clone()));
        }
        left.extend(branch.branches.into_iter().rev().map(|below| (below, above.clone())));
    }
    let flat = tree.full_product_names.into_iter();
    let related = tree.relationships.into_iter().map(|relationship| relationship.full_product_name);
    products.extend(flat.chain(related).map(|product| named(product, Product::default())));
    let mut ids = BTreeSet::new();
    match products.iter().find(|product| !ids.insert(product.id.as_str())) {
        Some(twice) => Err(Wrong::rule("product_tree", format!("the product id {:?} is defined twice", twice.id))),
        None => Ok(products),
    }
}

fn named(raw: raw::Product, above: Product) -> Product {
    let helper = raw.product_identification_helper;
    Product {
        id: raw.product_id,
        name: raw.name,
        purl: helper.purl,
        cpe: helper.cpe,
        digests: helper.hashes.0,
        ..above
    }
}

fn vulnerability(raw: raw::Vulnerability, place: &str) -> Result<Vulnerability, Wrong> {
    let mut aliases: Vec<String> = raw.ids.into_iter().map(|id| id.text).collect();
    let id = match raw.cve {
        Some(cve) => cve,
        None if aliases.is_empty() => return Err(Wrong::rule(place, "neither `cve` nor `ids`: which vulnerability?")),
        None => aliases.remove(0),
    };
    let mut products: BTreeMap<Status, Vec<String>> = BTreeMap::new();
    for (group, ids) in raw.product_status {
        let status = match group.as_str() {
            "fixed" | "first_fixed" => Status::Fixed,
            "known_affected" | "first_affected" | "last_affected" => Status::Affected,
            "known_not_affected" => Status::NotAffected,
            "under_investigation" => Status::UnderInvestigation,
            "recommended" => continue,
            other => return Err(Wrong::rule(place, format!("product_status has no group {other:?}"))),
        };
        let of = products.entry(status).or_default();
        of.extend(ids);
        of.sort();
        of.dedup();
    }
    let mut standings = BTreeMap::new();
    for (status, ids) in &products {
        for id in ids {
            if let Some(other) = standings.insert(id, status) {
                let what = format!("the product id {id:?} is both {} and {}", other.name(), status.name());
                return Err(Wrong::rule(place, what));
            }
        }
    }
    let note = |category: &str| raw.notes.iter().find(|note| note.category == category).map(|note| note.text.clone());
    let scores = raw.scores.into_iter().filter_map(|score| score.cvss_v3);
    let highest = scores.max_by(|a, b| {
        let value = |cvss: &raw::Cvss| cvss.base_score.as_f64().unwrap_or_default();
        value(a).total_cmp(&value(b))
    });
    Ok(Vulnerability {
        id,
        aliases,
        title: raw.title,
        description: note("description").or_else(|| note("summary")),
        score: highest.map(|cvss| Score {
            base: cvss.base_score.to_string(),
            severity: cvss.base_severity,
            vector: cvss.vector_string,
        }),
        cwe: raw.cwe.map(|cwe| cwe.id),
        impact: raw.threats.into_iter().find(|threat| threat.category == "impact").map(|threat| threat.details),
        products,
        remediations: (raw.remediations.into_iter())
            .map(|raw| Remediation { category: raw.category, details: raw.details, products: raw.product_ids })
            .collect(),
        flags: raw.flags.into_iter().map(|flag| (flag.label, flag.product_ids)).collect(),
    })
}
