//! The audit of a bundle: what it shows for provisions on both sides of the Atlantic, with proof, and what no bundle can show.
//!
//! docs/audit.md is normative for verdicts, checks and rows. [`audit`] gives the one [`Audit`] that every form of the report is made
//! of: for people ([`human`]), for programs (its JSON form, docs/schemas/audit-1.json).

use std::path::{Path, PathBuf};

use twinseal_formats::{Envelope, Manifest};
use twinseal_verifier::{Error, Verifier};

use crate::bundle::{Bundle, Layout};
use crate::byte_map::{self, ByteMap};
use crate::error::{Result, name};
use crate::errors::Refusal;
use crate::evidence::{BuilderKey, Day, algorithms, artifacts, carried};
use crate::judge::judge_as_its_device;
use crate::second_opinion;
use crate::text::Shown;
use crate::trouble::{Examined, Trouble};

mod catalogue;
mod documents;
mod facts;
mod findings;
pub mod html;
pub mod human;
mod profiles;
mod report;
mod rows;
mod seals;
mod series;
mod stripping;
mod timeline;
mod verdict;

pub use catalogue::{CAN_NOT_SHOW, SOURCES, SUBJECTS, Subject};
pub use profiles::{Name as ProfileName, Profile};
pub use report::{Audit, ComponentRead, Count, DocumentRead, Finding, Provision, Release, Row, Source, Trust, Weight};
pub use seals::{Demand, Half, Matrix, Sealing};
pub use series::{Earlier, SbomChanges, Series};
pub use stripping::Stripped;
pub use timeline::{Milestone, Timeline};
pub use verdict::{Check, Outcome, Verdict};

use facts::Facts;

/// What an audit is made with, whatever bundle it is of.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller must state every input")]
pub struct Inputs {
    /// The day of the audit.
    pub date: Day,
    /// Releases before, in any order.
    pub previous: Vec<PathBuf>,
    /// Keys of builders, for provenance.
    pub builder_keys: Vec<BuilderKey>,
    /// Profiles that have to be met.
    pub profiles: Vec<ProfileName>,
    /// Where a detached release's payloads are; beside the bundle if not said.
    pub payloads: Option<PathBuf>,
}

/// Audits a bundle.
///
/// # Errors
///
/// The bundle, a release before it, or its payloads can't be read. A bundle that is bad is no error but an audit that says so.
pub fn audit(path: &Path, verifier: &Verifier<'_>, inputs: &Inputs) -> Result<Audit> {
    let bundle = Bundle::open(path)?;
    let beside = path.parent().unwrap_or(Path::new("."));
    let payloads = inputs.payloads.as_deref().unwrap_or(beside);
    let looked = Looked::at(&bundle, verifier, payloads)?;
    let store = verifier.store();
    let envelope = looked.envelope.as_ref();

    let frame = envelope.map(|envelope| bundle.frame(envelope)).unwrap_or_default();
    let reading = envelope.map(|envelope| second_opinion::ask(frame, envelope, Some(store), looked.manifest.is_some()));
    let matrix = envelope
        .zip(reading.as_ref())
        .map(|(envelope, reading)| Matrix::new(reading, envelope.seals().digest().algorithm(), store));
    let mut facts = Facts {
        store,
        date: inputs.date,
        builder_keys: &inputs.builder_keys,
        refusal: looked.refusal.map(Refusal::from),
        manifest: looked.manifest,
        evidence_stripped: looked.evidence_stripped(),
        documents: Vec::new(),
        artifacts: Vec::new(),
        matrix,
        stripping: envelope.map(|envelope| stripping::test(envelope, verifier)).unwrap_or_default(),
        disagreements: reading.map(|reading| reading.disagreements()).unwrap_or_default(),
        series: None,
        bytes: None,
    };
    if let (Some(envelope), Some(manifest), Some(layout)) = (envelope, &looked.manifest, &looked.layout) {
        let intact = Trouble::finding(byte_map::compare_payload_heads(&bundle, manifest, layout))?.is_ok();
        facts.bytes = if intact { Some(ByteMap::new(&bundle, envelope, manifest, layout)?) } else { None };
        facts.documents = carried(&bundle, layout, manifest.digest_algorithm())?;
        facts.artifacts = artifacts(&bundle, manifest, layout, &algorithms(&facts.documents))?;
    }
    if let (Some(envelope), Some(manifest), false) = (envelope, &looked.manifest, inputs.previous.is_empty()) {
        let earlier = inputs.previous.iter().map(|path| Earlier::read(path, verifier)).collect::<Result<Vec<_>>>()?;
        let release_id = envelope.seals().digest().to_string();
        facts.series = Some(Series::new(earlier, manifest, &release_id, &facts));
    }
    Ok(conclude(&bundle, &looked, facts, inputs))
}

/// What could be looked at.
struct Looked<'b> {
    envelope: Option<Envelope<'b>>,
    /// Only if it is sealed as the trust store demands.
    manifest: Option<Manifest<'b>>,
    layout: Option<Layout>,
    refusal: Option<Error>,
}

impl<'b> Looked<'b> {
    /// Decides as a device would for which the release is: of its vendor, class and components, and with no history.
    fn at(bundle: &'b Bundle, verifier: &Verifier<'_>, payloads: &Path) -> Result<Self> {
        let envelope = match bundle.envelope() {
            Ok(envelope) => envelope,
            Err(error) => {
                return Ok(Self { envelope: None, manifest: None, layout: None, refusal: Some(error.into()) });
            }
        };
        let judged = Trouble::finding(decide(bundle, &envelope, verifier, payloads))?;
        Ok(match judged {
            Ok((manifest, layout)) => {
                Self { envelope: Some(envelope), manifest: Some(manifest), layout: Some(layout), refusal: None }
            }
            Err(error) => {
                // What was refused later than at the seals is still somebody's word, and is read as far as it can be.
                let manifest = verifier.authenticate(&envelope).ok().map(|authentic| *authentic.manifest());
                let layout =
                    manifest.map(|manifest| Trouble::finding(whole(bundle, &envelope, &manifest))).transpose()?;
                Self {
                    envelope: Some(envelope),
                    manifest,
                    layout: layout.and_then(core::result::Result::ok),
                    refusal: Some(error),
                }
            }
        })
    }

    /// Whether the release has evidence that this form of it leaves out.
    fn evidence_stripped(&self) -> bool {
        let committed = self.manifest.is_some_and(|manifest| manifest.evidence().is_some());
        committed && self.layout.as_ref().is_none_or(|layout| !layout.form.evidence_enclosed)
    }
}

fn decide<'b>(
    bundle: &'b Bundle,
    envelope: &Envelope<'b>,
    verifier: &Verifier<'_>,
    payloads: &Path,
) -> Examined<(Manifest<'b>, Layout)> {
    match Manifest::parse(envelope.manifest_bytes()) {
        Ok(claimed) => judge_as_its_device(bundle, &claimed, verifier, payloads),
        // Refused at the seals, or behind them by the same reader.
        Err(error) => Err(verifier.authenticate(envelope).err().unwrap_or(error.into()).into()),
    }
}

fn whole(bundle: &Bundle, envelope: &Envelope<'_>, manifest: &Manifest<'_>) -> Examined<Layout> {
    let layout = bundle.layout(envelope, manifest)?;
    layout.ends_at(bundle.size())?;
    Ok(layout)
}

/// Puts the report together.
fn conclude(bundle: &Bundle, looked: &Looked<'_>, facts: Facts<'_>, inputs: &Inputs) -> Audit {
    let rows = rows::rows(&facts);
    let digest = looked.envelope.as_ref().map(|envelope| envelope.seals().digest().algorithm());
    let sealed = facts.matrix.as_ref().filter(|_| facts.manifest.is_some());
    let profiles = profiles::evaluate(sealed, digest, facts.date, &inputs.profiles);
    let findings = findings::all(&facts, &rows, &profiles);
    let statement = facts.statement().map(|(_, statement)| statement);
    let count = |verdict| Count { verdict, rows: rows.iter().filter(|row| row.verdict == verdict).count() };
    Audit {
        bundle: name(bundle.path()),
        size: bundle.size(),
        date: facts.date,
        tool: concat!("twinseal ", env!("CARGO_PKG_VERSION")),
        verdict: if facts.refusal.is_none() { "accepted" } else { "refused" },
        trust: Trust::of(facts.store),
        release: release(looked, &facts),
        counts: Verdict::ALL.into_iter().map(count).collect(),
        documents: facts.documents.iter().map(documents::read).collect(),
        timeline: Timeline::new(facts.date, statement),
        unmet: profiles.iter().filter(|profile| profile.required && !profile.met).map(|one| one.name).collect(),
        rows,
        profiles,
        findings,
        refusal: facts.refusal,
        seals: facts.matrix,
        disagreements: facts.disagreements,
        stripping: facts.stripping,
        series: facts.series,
        bytes: facts.bytes,
        can_not_show: &CAN_NOT_SHOW,
        sources: &SOURCES,
    }
}

fn release(looked: &Looked<'_>, facts: &Facts<'_>) -> Option<Release> {
    let (envelope, manifest) = (looked.envelope.as_ref()?, looked.manifest.as_ref()?);
    let form = looked.layout.as_ref().map(|layout| layout.form);
    let statement = facts.statement().map(|(_, statement)| statement);
    let named = statement.filter(|statement| rows::is_of(statement, manifest)).map(|statement| &statement.product);
    let shown = |text: &String| Shown(text).to_string();
    Some(Release {
        release_id: envelope.seals().digest().to_string(),
        version: manifest.release_version().to_owned(),
        sequence_number: manifest.sequence_number().0,
        security_version: manifest.security_version().0,
        minimum_trust_epoch: manifest.minimum_trust_epoch().0,
        vendor_id: manifest.vendor().to_string(),
        class_id: manifest.class().to_string(),
        vendor: named.map(|product| shown(&product.vendor)),
        model: named.map(|product| shown(&product.model)),
        product_name: statement.map(|statement| shown(&statement.product.name)),
        payloads: match form {
            Some(form) if form.payloads_enclosed => "enclosed",
            Some(_) => "beside the envelope",
            None => "unknown",
        },
        evidence: match (manifest.evidence(), facts.evidence_stripped) {
            (None, _) => "none",
            (Some(_), true) => "stripped",
            (Some(_), false) => "enclosed",
        },
        components: manifest
            .components()
            .map(|component| ComponentRead {
                id: component.id().to_owned(),
                size: component.size(),
                digest: component.digest().to_string(),
            })
            .collect(),
    })
}
