//! `twinseal inspect`: shows what a bundle says, and who vouches for it, without deciding for any device.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use twinseal_formats::{
    Digest, Envelope, EvidenceIndex, Manifest, SealAlgorithm, Seals, TrustStore, evidence_name, payload_name,
};
use twinseal_verifier::{AuthenticateError, Error, Hasher};

use crate::bundle::{Bundle, Layout};
use crate::error::{Result, name};
use crate::errors::Refusal;
use crate::report::{Exit, Report};
use crate::store;
use crate::trouble::{Examined, Trouble};

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal inspect thermostat-1.4.0.twinseal
  twinseal inspect thermostat-1.4.0.twinseal --trust trust.cbor
  twinseal inspect thermostat-1.4.0.twinseal --format json

Without --trust everything shown is a claim of whoever made the file, and marked NOT VERIFIED. With --trust the seals are \
held against that trust store; whether a device takes the release, and whether its images match, is for `twinseal verify`. \
Exit code 0: shown (and, with --trust, sealed as it demands); 1: refused, with the rule that is broken; 2: could not find out.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// A trust store to hold the seals against
    #[arg(long, value_name = "STORE")]
    trust: Option<PathBuf>,
}

impl Args {
    /// Reads the bundle and, given a trust store, holds the seals against it.
    ///
    /// # Errors
    ///
    /// A file can't be read, or the trust store can't be used.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bytes = self.trust.as_ref().map(|path| store::load(path)).transpose()?;
        let verifier = match (&bytes, &self.trust) {
            (Some(bytes), Some(path)) => Some(store::open_file(bytes, path)?),
            _ => None,
        };
        let bundle = Bundle::open(&self.bundle)?;
        let mut inspection = Inspection {
            bundle: name(&self.bundle),
            size: bundle.size(),
            status: "NOT VERIFIED",
            refusal: None,
            contents: None,
        };
        let trust = verifier.as_ref().map(|verifier| verifier.store());
        match Trouble::finding(contents(&bundle, trust))? {
            Ok(contents) => {
                // Whatever the seals are worth, they are not over this manifest.
                if !contents.digest_holds {
                    inspection.refusal = Some(Error::from(AuthenticateError::DigestMismatch).into());
                }
                inspection.contents = Some(contents);
            }
            Err(error) => inspection.refusal = Some(error.into()),
        }
        if let (Some(verifier), Ok(envelope), None) = (&verifier, bundle.envelope(), &inspection.refusal) {
            match verifier.authenticate(&envelope) {
                Ok(_) => inspection.status = "sealed as the trust store demands",
                Err(error) => inspection.refusal = Some(error.into()),
            }
        }
        Ok(inspection)
    }
}

/// Reads everything but the payloads, and evidence files only to compare their digests.
fn contents(bundle: &Bundle, trust: Option<&TrustStore<'_>>) -> Examined<Contents> {
    let envelope = bundle.envelope()?;
    let manifest = Manifest::parse(envelope.manifest_bytes())?;
    let layout = bundle.layout(&envelope, &manifest)?;
    layout.ends_at(bundle.size())?;
    Ok(Contents {
        release_id: envelope.seals().digest().to_string(),
        digest_holds: digest_holds(&envelope),
        version: manifest.release_version().to_owned(),
        sequence_number: manifest.sequence_number().0,
        security_version: manifest.security_version().0,
        minimum_trust_epoch: manifest.minimum_trust_epoch().0,
        vendor_id: manifest.vendor().to_string(),
        class_id: manifest.class().to_string(),
        frame_size: envelope.size(),
        payloads: if layout.form.payloads_enclosed { "enclosed" } else { "beside the envelope" },
        evidence: match (manifest.evidence(), layout.form.evidence_enclosed) {
            (None, _) => "none",
            (Some(_), true) => "enclosed",
            (Some(_), false) => "stripped",
        },
        seals: seals(envelope.seals(), trust),
        components: components(&manifest, &layout),
        evidence_files: evidence_files(&layout, envelope.seals().digest()),
        sources: sources(&layout, envelope.seals().digest(), &manifest),
    })
}

fn digest_holds(envelope: &Envelope<'_>) -> bool {
    let digest = envelope.seals().digest();
    Hasher::digest(digest.algorithm(), envelope.sealed_bytes()).as_ref() == Some(digest)
}

fn seals(seals: &Seals<'_>, trust: Option<&TrustStore<'_>>) -> Vec<SealShown> {
    seals
        .iter()
        .map(|seal| {
            let anchor = trust.and_then(|store| store.anchors().find(|anchor| anchor.id() == seal.anchor()));
            SealShown {
                anchor_id: seal.anchor().to_string(),
                algorithm: SealAlgorithm::from_cose(seal.cose_algorithm())
                    .map_or_else(|| format!("unknown ({})", seal.cose_algorithm()), |known| known.name().to_owned()),
                cose_algorithm: seal.cose_algorithm(),
                size: seal.signature().len(),
                known_as: anchor.map(|anchor| format!("{} ({})", anchor.label(), anchor.role())),
            }
        })
        .collect()
}

fn components(manifest: &Manifest<'_>, layout: &Layout) -> Vec<ComponentShown> {
    manifest
        .components()
        .map(|component| ComponentShown {
            id: component.id().to_owned(),
            size: component.size(),
            digest: component.digest().to_string(),
            entry: String::from_utf8_lossy(&payload_name(component.index())).into_owned(),
            offset: layout.payloads.get(usize::from(component.index())).map(|entry| entry.contents),
        })
        .collect()
}

fn evidence_files(layout: &Layout, digest: &Digest) -> Vec<EvidenceShown> {
    let Some(evidence) = &layout.evidence else { return Vec::new() };
    let Ok(index) = EvidenceIndex::parse(&evidence.index, digest.algorithm()) else { return Vec::new() };
    (1..u8::MAX)
        .zip(index.files().zip(&evidence.files))
        .map(|(number, (file, entry))| EvidenceShown {
            name: file.name.to_owned(),
            media_type: file.media_type.to_owned(),
            size: file.size,
            digest: file.digest.to_string(),
            entry: String::from_utf8_lossy(&evidence_name(number)).into_owned(),
            offset: entry.contents,
        })
        .collect()
}

fn sources(layout: &Layout, digest: &Digest, manifest: &Manifest<'_>) -> Vec<SourceShown> {
    let Some(evidence) = &layout.evidence else { return Vec::new() };
    let Ok(index) = EvidenceIndex::parse(&evidence.index, digest.algorithm()) else { return Vec::new() };
    index
        .sources()
        .map(|source| SourceShown {
            component: (manifest.components().nth(source.component.into()))
                .map(|component| component.id().to_owned())
                .unwrap_or_default(),
            format: source.format.to_owned(),
            size: source.size,
            digest: source.digest.to_string(),
        })
        .collect()
}

#[derive(Serialize)]
struct Inspection {
    bundle: String,
    size: u64,
    status: &'static str,
    refusal: Option<Refusal>,
    contents: Option<Contents>,
}

#[derive(Serialize)]
struct Contents {
    release_id: String,
    digest_holds: bool,
    version: String,
    sequence_number: u64,
    security_version: u32,
    minimum_trust_epoch: u32,
    vendor_id: String,
    class_id: String,
    frame_size: usize,
    payloads: &'static str,
    evidence: &'static str,
    seals: Vec<SealShown>,
    components: Vec<ComponentShown>,
    evidence_files: Vec<EvidenceShown>,
    sources: Vec<SourceShown>,
}

#[derive(Serialize)]
struct SealShown {
    anchor_id: String,
    algorithm: String,
    cose_algorithm: i64,
    size: usize,
    known_as: Option<String>,
}

#[derive(Serialize)]
struct ComponentShown {
    id: String,
    size: u64,
    digest: String,
    entry: String,
    offset: Option<u64>,
}

#[derive(Serialize)]
struct EvidenceShown {
    name: String,
    media_type: String,
    size: u64,
    digest: String,
    entry: String,
    offset: u64,
}

#[derive(Serialize)]
struct SourceShown {
    component: String,
    format: String,
    size: u64,
    digest: String,
}

impl Report for Inspection {
    const SCHEMA: &'static str = "twinseal.inspect/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} ({} bytes)", self.bundle, self.size)?;
        match &self.refusal {
            None => writeln!(out, "{}", self.status)?,
            Some(refusal) => {
                writeln!(out, "NOT VERIFIED, and refused")?;
                writeln!(out, "  {refusal}")?;
                writeln!(out, "  help: {}", refusal.remedy)?;
            }
        }
        let Some(contents) = &self.contents else { return Ok(()) };
        contents.human(out)
    }

    fn exit(&self) -> Exit {
        if self.refusal.is_some() { Exit::Refused } else { Exit::Success }
    }
}

impl Contents {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let holds = if self.digest_holds { "holds" } else { "DOES NOT HOLD" };
        writeln!(out, "\nrelease id          {} ({holds})", self.release_id)?;
        writeln!(out, "version             {}", self.version)?;
        writeln!(out, "sequence number     {}", self.sequence_number)?;
        writeln!(out, "security version    {}", self.security_version)?;
        writeln!(out, "minimum trust epoch {}", self.minimum_trust_epoch)?;
        writeln!(out, "vendor id           {}", self.vendor_id)?;
        writeln!(out, "class id            {}", self.class_id)?;
        writeln!(out, "\nseals")?;
        for seal in &self.seals {
            let known = seal.known_as.as_deref().unwrap_or("?");
            writeln!(out, "  {} {} ({} bytes) {known}", seal.anchor_id, seal.algorithm, seal.size)?;
        }
        writeln!(out, "\ncomponents ({})", self.payloads)?;
        for component in &self.components {
            writeln!(out, "  {} ({} bytes) as {}", component.id, component.size, component.entry)?;
            writeln!(out, "    {}", component.digest)?;
        }
        writeln!(out, "\nevidence ({})", self.evidence)?;
        for file in &self.evidence_files {
            writeln!(out, "  {} {} ({} bytes) as {}", file.name, file.media_type, file.size, file.entry)?;
            writeln!(out, "    {}", file.digest)?;
        }
        for source in &self.sources {
            writeln!(out, "  {} was made from a file in {} ({} bytes)", source.component, source.format, source.size)?;
            writeln!(out, "    {}", source.digest)?;
        }
        Ok(())
    }
}
