//! OpenVEX 0.2.

use alloc::collections::BTreeMap;

use serde::Deserialize;

use super::date::Moment;
use super::digests::Digests;
use super::json::{self, Wrong, filled};
use super::vex::{Product, Statement, Status, Vex};

/// Reads what [`Vex`] has a place for.
pub(super) fn read(bytes: &[u8]) -> Result<Vex, Wrong> {
    let raw: Raw = json::typed(bytes)?;
    let Some(spec_version) = raw.context.strip_prefix(CONTEXT).filter(|version| version.starts_with("0.2.")) else {
        return Err(Wrong::version("@context", format!("is {:?}; {CONTEXT}0.2.0 is read", raw.context)));
    };
    let mut statements = Vec::new();
    for (number, raw) in raw.statements.into_iter().enumerate() {
        let statement = statement(raw);
        let lacks = match statement.status {
            Some(Status::Affected) => "affected without an action_statement: what should users do?",
            _ => "not_affected without a justification or an impact_statement: why not?",
        };
        if !statement.is_complete() {
            return Err(Wrong::rule(format!("statements[{number}]"), lacks));
        }
        statements.push(statement);
    }
    if statements.is_empty() {
        return Err(Wrong::rule("statements", "there is none"));
    }
    Ok(Vex {
        spec_version: spec_version.to_owned(),
        id: raw.id,
        author: raw.author,
        version: raw.version,
        timestamp: raw.last_updated.unwrap_or(raw.timestamp),
        statements,
    })
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "@context")]
    context: String,
    #[serde(rename = "@id", deserialize_with = "filled")]
    id: String,
    #[serde(deserialize_with = "filled")]
    author: String,
    timestamp: Moment,
    last_updated: Option<Moment>,
    version: u64,
    statements: Vec<RawStatement>,
}

#[derive(Deserialize)]
struct RawStatement {
    vulnerability: RawVulnerability,
    #[serde(default)]
    products: Vec<RawProduct>,
    status: RawStatus,
    justification: Option<String>,
    impact_statement: Option<String>,
    action_statement: Option<String>,
    timestamp: Option<Moment>,
}

#[derive(Deserialize)]
struct RawVulnerability {
    #[serde(deserialize_with = "filled")]
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawStatus {
    NotAffected,
    Affected,
    Fixed,
    UnderInvestigation,
}

#[derive(Deserialize)]
struct RawProduct {
    #[serde(rename = "@id")]
    id: Option<String>,
    #[serde(default)]
    identifiers: BTreeMap<String, String>,
    #[serde(default)]
    hashes: Hashes,
}

#[derive(Default)]
struct Hashes(Digests);

impl<'de> Deserialize<'de> for Hashes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut digests = Digests::default();
        for (algorithm, value) in BTreeMap::<String, String>::deserialize(deserializer)? {
            digests.add(&algorithm, &value)?;
        }
        Ok(Self(digests))
    }
}

fn statement(raw: RawStatement) -> Statement {
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    Statement {
        vulnerability: raw.vulnerability.name,
        aliases: raw.vulnerability.aliases,
        status: Some(match raw.status {
            RawStatus::NotAffected => Status::NotAffected,
            RawStatus::Affected => Status::Affected,
            RawStatus::Fixed => Status::Fixed,
            RawStatus::UnderInvestigation => Status::UnderInvestigation,
        }),
        justification: filled(raw.justification),
        detail: match raw.status {
            RawStatus::Affected => filled(raw.action_statement),
            _ => filled(raw.impact_statement),
        },
        products: raw.products.into_iter().map(product).collect(),
        timestamp: raw.timestamp,
    }
}

fn product(raw: RawProduct) -> Product {
    let id = raw.id.or_else(|| raw.identifiers.into_values().next()).unwrap_or_default();
    Product { id, digests: raw.hashes.0 }
}

const CONTEXT: &str = "https://openvex.dev/ns/v";
