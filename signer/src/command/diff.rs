//! `twinseal diff`: what changed from one release to another, and whether anything of it bears on security.

use alloc::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use twinseal_formats::SealAlgorithm;

use crate::bundle::Bundle;
use crate::error::{Failure, Result, name};
use crate::evidence::{Artifact, Document, algorithms, artifacts, carried};
use crate::forms::Opened;
use crate::report::{Exit, Report};
use crate::store;
use crate::text::Shown;
use crate::trouble::Trouble;

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal diff thermostat-1.3.0.twinseal thermostat-1.4.0.twinseal
  twinseal diff old.twinseal new.twinseal --trust trust.cbor --format json

Marked with ! is what bears on security: who seals and with which algorithms, vendor, class, security version, trust epoch, the set of \
components, a sequence number that does not rise, what the SBOMs list, vulnerabilities and their status, what the release statement \
says of support and contacts, and evidence that is gone. That an image, a version or a document is another one is shown without a mark.

Without --trust no seal is verified, and what is compared are claims. Exit code 0: nothing that bears on security changed; 1: something \
did; 2: could not find out, as when evidence was stripped.")]
pub struct Args {
    /// The bundle before
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// The bundle after
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// A trust store that must accept the seals of both
    #[arg(long, value_name = "STORE")]
    trust: Option<PathBuf>,
}

impl Args {
    /// Compares two bundles.
    ///
    /// # Errors
    ///
    /// One of them can't be read, breaks a rule of the format, is not sealed as the trust store demands, or was stripped of its evidence.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bytes = self.trust.as_ref().map(|path| store::load(path)).transpose()?;
        let verifier = match (&bytes, &self.trust) {
            (Some(bytes), Some(path)) => Some(store::open_file(bytes, path)?),
            _ => None,
        };
        let (old, new) = (Facts::read(&self.old, verifier.as_ref())?, Facts::read(&self.new, verifier.as_ref())?);
        let mut changes = Vec::new();
        for key in old.0.keys().chain(new.0.keys().filter(|key| !old.0.contains_key(*key))) {
            let (before, after) = (old.0.get(key), new.0.get(key));
            if before != after {
                let security = key.0.bears_on_security(&key.1, before, after);
                let (before, after) = (before.cloned(), after.cloned());
                changes.push(Change { subject: key.0, name: key.1.clone(), before, after, security });
            }
        }
        changes.sort_by(|a, b| (a.subject, &a.name).cmp(&(b.subject, &b.name)));
        Ok(Difference {
            old: name(&self.old),
            new: name(&self.new),
            verified: verifier.is_some(),
            security_relevant: changes.iter().any(|change| change.security),
            changes,
        })
    }
}

/// What a fact is about, in the order in which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Subject {
    Seal,
    Policy,
    Release,
    Component,
    Image,
    Source,
    Sbom,
    Cbom,
    Vulnerability,
    Statement,
    Evidence,
}

impl Subject {
    const fn name(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Policy => "policy",
            Self::Release => "release",
            Self::Component => "component",
            Self::Image => "image",
            Self::Source => "source",
            Self::Sbom => "sbom",
            Self::Cbom => "cbom",
            Self::Vulnerability => "vulnerability",
            Self::Statement => "statement",
            Self::Evidence => "evidence",
        }
    }

    fn bears_on_security(self, name: &str, before: Option<&String>, after: Option<&String>) -> bool {
        let number = |text: Option<&String>| text.and_then(|text| text.parse::<u64>().ok());
        match self {
            Self::Seal
            | Self::Policy
            | Self::Component
            | Self::Sbom
            | Self::Cbom
            | Self::Vulnerability
            | Self::Statement => true,
            Self::Release => name == SEQUENCE && number(after) <= number(before),
            Self::Image | Self::Source => false,
            Self::Evidence => after.is_none(),
        }
    }
}

/// What a bundle says, one text for each name.
struct Facts(BTreeMap<(Subject, String), String>);

impl Facts {
    fn read(path: &Path, verifier: Option<&twinseal_verifier::Verifier<'_>>) -> Result<Self> {
        let bundle = Bundle::open(path)?;
        let refused = |error: twinseal_verifier::Error| {
            Failure::new(format!("{}: can not be compared", name(path)))
                .because(error)
                .remedy("`twinseal inspect` says more; only whole, well-formed bundles are compared")
        };
        let opened = Trouble::finding(Opened::new(&bundle))?.map_err(refused)?;
        if let Some(verifier) = verifier {
            // Only that it is authentic is asked; what it says was read already, from the same bytes.
            let _authentic = verifier.authenticate(opened.envelope()).map_err(refused)?;
        }
        let (manifest, layout) = (&opened.manifest, &opened.layout);
        if manifest.evidence().is_some() && !layout.form.evidence_enclosed {
            return Err(Failure::new(format!(
                "{}: its evidence was stripped, so what changed in it can not be found out",
                name(path)
            ))
            .remedy("`twinseal attach` puts it back"));
        }
        let mut facts = Self(BTreeMap::new());
        for seal in opened.envelope().seals().iter() {
            let algorithm = SealAlgorithm::from_cose(seal.cose_algorithm())
                .map_or_else(|| format!("unknown ({})", seal.cose_algorithm()), |known| known.name().to_owned());
            facts.add(Subject::Seal, format!("{} {algorithm}", seal.anchor()), "sealed");
        }
        let digest = opened.envelope().seals().digest();
        facts.add(Subject::Policy, "vendor id", manifest.vendor());
        facts.add(Subject::Policy, "class id", manifest.class());
        facts.add(Subject::Policy, "security version", manifest.security_version().0);
        facts.add(Subject::Policy, "minimum trust epoch", manifest.minimum_trust_epoch().0);
        facts.add(Subject::Policy, "digest algorithm", digest.algorithm().name());
        facts.add(Subject::Release, "version", manifest.release_version());
        facts.add(Subject::Release, SEQUENCE, manifest.sequence_number().0);
        facts.add(Subject::Release, "release id", digest);
        let files = carried(&bundle, layout, digest.algorithm())?;
        let artifacts = artifacts(&bundle, manifest, layout, &algorithms(&files))?;
        for artifact in &artifacts {
            let sealed = artifact.digests.known().iter().find(|known| known.algorithm() == digest.algorithm());
            let shown = sealed.map(ToString::to_string).unwrap_or_default();
            let shown = format!("{} bytes, {shown}", artifact.size);
            let component = artifact.component.as_str();
            match &artifact.source_format {
                None => {
                    facts.add(Subject::Component, component, "there");
                    facts.add(Subject::Image, component, shown);
                }
                Some(format) => facts.add(Subject::Source, component, format!("{format}, {shown}")),
            }
        }
        for file in files {
            facts.add(Subject::Evidence, file.name.as_str(), format!("{}, {}", file.media_type, file.digest));
            let document = file.document.map_err(|error| {
                Failure::new(format!("{}: evidence {:?}", name(path), file.name))
                    .because(error)
                    .remedy("what can not be read can not be compared")
            })?;
            facts.document(&document, &artifacts);
        }
        Ok(facts)
    }

    /// Several texts of one name stand side by side, sorted; the same one twice is not the same as once.
    fn add(&mut self, subject: Subject, name: impl Into<String>, text: impl ToString) {
        let text = text.to_string();
        let there = self.0.entry((subject, name.into())).or_default();
        if there.is_empty() {
            *there = text;
        } else {
            let mut all: Vec<&str> = there.split(", ").chain([text.as_str()]).collect();
            all.sort_unstable();
            *there = all.join(", ");
        }
    }

    fn document(&mut self, document: &Document, artifacts: &[Artifact]) {
        // An advisory speaks of older releases too; that is no status of this one.
        for statement in document.statements().into_iter().filter(|one| !one.is_of_others(artifacts)) {
            let status = statement.status.map_or("listed", crate::evidence::vex::Status::name);
            self.add(Subject::Vulnerability, statement.vulnerability, status);
        }
        match document {
            Document::Bom(bom) => {
                for component in &bom.components {
                    self.add(Subject::Sbom, component.identity(), component.version.as_deref().unwrap_or("no version"));
                }
                for asset in &bom.crypto {
                    self.add(Subject::Cbom, asset.name.as_str(), &asset.asset_type);
                }
            }
            Document::ReleaseStatement(statement) => {
                self.add(Subject::Statement, "kind", statement.release.kind.name());
                for fixed in &statement.vulnerabilities_fixed {
                    self.add(Subject::Statement, format!("fixes {}", fixed.id), "fixed");
                }
                for known in &statement.vulnerabilities_known {
                    self.add(Subject::Statement, format!("knows {known}"), "known");
                }
                if let Some(support) = &statement.support {
                    self.add(Subject::Statement, "support until", support.end);
                }
                if let Some(availability) = &statement.availability {
                    self.add(Subject::Statement, "available until", availability.until);
                }
                if let Some(contacts) = &statement.contacts {
                    self.add(Subject::Statement, "vulnerability reports", &contacts.vulnerability_reports);
                }
                if let Some(installation) = &statement.installation {
                    self.add(Subject::Statement, "automatic", installation.automatic);
                }
            }
            _ => {}
        }
    }
}

#[derive(Serialize)]
struct Difference {
    old: String,
    new: String,
    verified: bool,
    security_relevant: bool,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    subject: Subject,
    name: String,
    before: Option<String>,
    after: Option<String>,
    security: bool,
}

impl Report for Difference {
    const SCHEMA: &'static str = "twinseal.diff/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "from {}\nto   {}", self.old, self.new)?;
        writeln!(out, "{}\n", if self.verified { "both sealed as the trust store demands" } else { "NOT VERIFIED" })?;
        for change in &self.changes {
            let mark = if change.security { '!' } else { ' ' };
            write!(out, "{mark} {:13} {}: ", change.subject.name(), Shown(&change.name))?;
            match (&change.before, &change.after) {
                (Some(before), Some(after)) => writeln!(out, "{} -> {}", Shown(before), Shown(after))?,
                (None, Some(after)) => writeln!(out, "new, {}", Shown(after))?,
                (Some(before), None) => writeln!(out, "gone, was {}", Shown(before))?,
                (None, None) => writeln!(out)?,
            }
        }
        let marked = self.changes.iter().filter(|change| change.security).count();
        let changes = self.changes.len();
        let (s, bear) = (if changes == 1 { "" } else { "s" }, if marked == 1 { "bears" } else { "bear" });
        writeln!(out, "{changes} change{s}, {marked} of them {bear} on security")
    }

    fn exit(&self) -> Exit {
        if self.security_relevant { Exit::Refused } else { Exit::Success }
    }
}

const SEQUENCE: &str = "sequence number";
