//! The release statement: what a vendor declares about a release that no other document has a place for
//! (docs/schemas/release-statement-1.json).

use serde::{Deserialize, Serialize};

use super::date::{Date, Moment};
use super::json::{self, Wrong, filled};

/// What a vendor declares about a release. Fields that the schema does not know are refused: a misspelt one must not be lost.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReleaseStatement {
    schema: String,
    /// Which product.
    pub product: Product,
    /// Which release, and why there is one.
    pub release: Release,
    /// Vulnerabilities that are fixed by it.
    #[serde(default)]
    pub vulnerabilities_fixed: Vec<Fixed>,
    /// Vulnerabilities that are known to be in it; what about them is for a VEX document to say.
    #[serde(default)]
    pub vulnerabilities_known: Vec<String>,
    /// Why publishing what was fixed is delayed, if it is.
    pub delayed_disclosure: Option<Delay>,
    /// How long there will be security updates.
    pub support: Option<Support>,
    /// How long this update can be had.
    pub availability: Option<Availability>,
    /// Whom to reach.
    pub contacts: Option<Contacts>,
    /// How devices install it.
    pub installation: Option<Installation>,
    /// Further documents, by address.
    #[serde(default)]
    pub documents: Documents,
}

/// Which product.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Product {
    /// The vendor's domain, as in the release file.
    #[serde(deserialize_with = "filled")]
    pub vendor: String,
    /// The model name, as in the release file.
    #[serde(deserialize_with = "filled")]
    pub model: String,
    /// The name under which people know it.
    #[serde(deserialize_with = "filled")]
    pub name: String,
    /// Hardware revisions it is for.
    #[serde(default)]
    pub hardware_revisions: Vec<String>,
    /// Type, batch or serial numbers it is for.
    pub identifier: Option<String>,
    /// Its CPE.
    pub cpe: Option<String>,
    /// Its package URL.
    pub purl: Option<String>,
    /// Since when it is on the market.
    pub placed_on_market: Option<Date>,
}

/// Which release, and why there is one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Release {
    /// The release version, as in the release file.
    #[serde(deserialize_with = "filled")]
    pub version: String,
    /// When it was issued.
    pub issued: Moment,
    /// Why there is one.
    pub kind: ReleaseKind,
    /// For a combined release: why security and functionality were not kept apart.
    pub combined_reason: Option<String>,
    /// What changed, for people.
    #[serde(default)]
    pub changes: Vec<String>,
    /// The names of components (as in the SBOM) that were changed; for a security release, no others may.
    #[serde(default)]
    pub changed_components: Vec<String>,
    /// The release before it.
    pub predecessor: Option<Predecessor>,
}

/// Why there is a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseKind {
    /// To fix vulnerabilities, and for nothing else.
    Security,
    /// For functions; it fixes no vulnerability.
    Functional,
    /// For both.
    Combined,
}

impl ReleaseKind {
    /// Its name in the document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Functional => "functional",
            Self::Combined => "combined",
        }
    }
}

/// The release before this one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Predecessor {
    /// Its version.
    #[serde(deserialize_with = "filled")]
    pub version: String,
    /// Its release id, `sha-384:...`.
    pub release_id: Option<String>,
}

/// A vulnerability that is fixed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fixed {
    /// `CVE-2026-1234`, or another id.
    #[serde(deserialize_with = "filled")]
    pub id: String,
    /// Since when the vendor knows of it.
    pub known_since: Option<Date>,
    /// Whether it is actively exploited.
    #[serde(default)]
    pub exploited: bool,
}

/// Why publishing is delayed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Delay {
    /// Why.
    #[serde(deserialize_with = "filled")]
    pub reason: String,
    /// Until when.
    pub until: Date,
}

/// How long there will be security updates.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Support {
    /// Since when.
    pub start: Option<Date>,
    /// Until when, at least to the month.
    pub end: Date,
    /// For how many years the product is expected to be in use, if that is less than five.
    pub expected_use_years: Option<u8>,
    /// How the period was determined: words, or where they are.
    pub rationale: Option<String>,
}

/// How long this update can be had.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Availability {
    /// At least until then.
    pub until: Date,
    /// Whether it costs nothing.
    pub free_of_charge: bool,
}

/// Whom to reach.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Contacts {
    /// The manufacturer: name and postal or other address.
    #[serde(deserialize_with = "filled")]
    pub manufacturer: String,
    /// Where vulnerabilities are reported: an e-mail or web address.
    #[serde(deserialize_with = "filled")]
    pub vulnerability_reports: String,
    /// Where the policy for coordinated disclosure is.
    pub disclosure_policy: Option<String>,
    /// Where the `security.txt` (RFC 9116) is.
    pub security_txt: Option<String>,
}

/// How devices install it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Installation {
    /// Whether devices install it by themselves unless told otherwise.
    pub automatic: bool,
    /// If they do not: why.
    pub not_automatic_reason: Option<String>,
    /// How users turn that off: words, or where they are.
    pub opt_out: Option<String>,
    /// For how many days users can put it off.
    pub postponable_days: Option<u16>,
    /// Whether users are told that there is an update.
    pub notifies_users: bool,
    /// How it is installed by hand: words, or where they are.
    pub instructions: Option<String>,
    /// What does not work meanwhile; `none` is an answer.
    pub disruption: Option<String>,
    /// What happens if it fails.
    pub fallback: Option<String>,
}

/// Further documents, by address.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Documents {
    /// The EU declaration of conformity.
    pub eu_declaration_of_conformity: Option<String>,
    /// Information and instructions to the user.
    pub user_information: Option<String>,
    /// Where users find the SBOM.
    pub sbom: Option<String>,
    /// The entry in the registry of a label.
    pub label_registry: Option<String>,
}

/// Reads a statement.
pub(super) fn read(bytes: &[u8]) -> Result<ReleaseStatement, Wrong> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let head: Head = json::typed(bytes)?;
    if head.schema != SCHEMA {
        return Err(Wrong::version("schema", format!("is {:?}, not {SCHEMA:?}", head.schema)));
    }
    let statement: ReleaseStatement = json::typed(bytes)?;
    let release = &statement.release;
    let reason = release.combined_reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
    if (release.kind == ReleaseKind::Combined) != reason {
        let what = "is there exactly for a combined release, and says why it is one";
        return Err(Wrong::rule("release.combined-reason", what));
    }
    if release.kind == ReleaseKind::Functional && !statement.vulnerabilities_fixed.is_empty() {
        return Err(Wrong::rule(
            "vulnerabilities-fixed",
            "a functional release fixes no vulnerability; this is a combined one",
        ));
    }
    if release.kind == ReleaseKind::Security && statement.vulnerabilities_fixed.is_empty() {
        return Err(Wrong::rule("vulnerabilities-fixed", "a security release names what it fixes"));
    }
    let mut ids = alloc::collections::BTreeSet::new();
    let fixed = statement.vulnerabilities_fixed.iter().map(|fixed| &fixed.id);
    if let Some(twice) = fixed.chain(&statement.vulnerabilities_known).find(|id| !ids.insert(id.as_str())) {
        return Err(Wrong::rule("vulnerabilities-fixed", format!("{twice:?} is named twice, or fixed and known")));
    }
    if let Some(support) = &statement.support
        && support.start.is_some_and(|start| start.first() > support.end.last())
    {
        return Err(Wrong::rule("support.end", "is before support.start"));
    }
    Ok(statement)
}

/// What the field `schema` says.
pub const SCHEMA: &str = "twinseal.release-statement/1";
