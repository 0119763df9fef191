//! `twinseal sign`: seals a release.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::said::{Claimed, Said};
use crate::command::sealing_args::{SealedArgs, SealerArgs};
use crate::error::{Result, name};
use crate::evidence::Finding;
use crate::identity::SigningIdentity;
use crate::release::ReleaseFile;
use crate::report::Report;
use crate::seal::{self, Flattened, Target};
use crate::store;

/// Arguments of `sign`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal sign --release release.toml --identity keys/release \\
      --out thermostat-1.4.0.twinseal
  twinseal sign --release release.toml --identity keys/alice \\
      --identity keys/bob --trust trust.cbor --out thermostat.twinseal
  twinseal sign --release release.toml --identity keys/release \\
      --journal signing.journal --out thermostat-1.4.0.twinseal

The release file (TOML; paths are relative to it):
  [release]
  vendor = \"acme.example\"            # the vendor's domain
  model = \"thermostat\"               # the class of devices
  version = \"1.4.0\"                  # SemVer, for people
  sequence-number = 42               # orders releases, never goes back
  security-version = 3               # against the device's rollback counter
  minimum-trust-epoch = 0            # optional
  digest = \"sha-384\"                 # optional; the default matches the seals

  [[component]]
  id = \"app\"                         # exactly the device's components
  path = \"app.bin\"
  format = \"raw\"                     # raw (default), ihex or elf
  # window = [0x0, 0x40000]          # ihex and elf: which addresses to take

  [[evidence]]                       # optional: for whoever examines it
  name = \"sbom.cdx.json\"
  path = \"sbom.cdx.json\"
  media-type = \"application/vnd.cyclonedx+json\"
  kind = \"sbom\"                      # optional: what it must serve as

Evidence is read by its media type, and must be what that says (docs/evidence.md):
  application/vnd.cyclonedx+json                     SBOM, CBOM, VEX
  application/spdx+json                              SBOM
  application/csaf+json                              advisory, VEX
  application/vnd.openvex+json                       VEX
  application/vnd.in-toto.provenance+dsse            provenance
  application/vnd.twinseal.release-statement+json    release statement
  text/markdown, text/plain                          release notes
Files of other media types are carried as they are.

The bundle appears only after it was read back from the disk and accepted by the device's own code and by other \
implementations of both algorithms.

With a journal, its line is on the disk before the bundle appears. A sequence number that has another release in it is refused (exit 1); the \
same release again gives back the bundle that is there.")]
pub struct Args {
    /// The release file
    #[arg(long, value_name = "TOML")]
    release: PathBuf,

    #[command(flatten)]
    sealers: SealerArgs,

    /// A device's trust store whose requirements the seals must meet, or no bundle is written
    #[arg(long, value_name = "STORE")]
    trust: Option<PathBuf>,

    #[command(flatten)]
    sealed: SealedArgs,

    /// Read everything, open the keys, ask the journal, tell the release id, and neither sign nor write
    #[arg(long)]
    dry_run: bool,
}

impl Args {
    /// Seals the release.
    ///
    /// # Errors
    ///
    /// As [`seal::seal`]. Nothing is left behind.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let release = ReleaseFile::load(&self.release)?;
        let identities = self.sealers.open()?;
        let trust_bytes = self.trust.as_ref().map(|path| store::load(path)).transpose()?;
        let trust = match (&trust_bytes, &self.trust) {
            (Some(bytes), Some(path)) => Some(store::open_file(bytes, path)?),
            _ => None,
        };
        let mut journal = self.sealed.journal()?;
        let target = Target {
            out: &self.sealed.out,
            overwrite: self.sealed.overwrite(),
            trust: trust.as_ref(),
            journal: journal.as_mut(),
        };
        if self.dry_run {
            let public = identities.iter().map(SigningIdentity::public).collect::<Result<Vec<_>>>()?;
            let (release_id, findings) = match seal::Draft::open(&release, &public, None)?.dry_run(target)? {
                Ok(examined) => examined,
                Err(taken) => return Ok(Said::Taken(Claimed::new(&self.sealed.out, taken))),
            };
            return Ok(Said::Done(Signed {
                dry_run: true,
                bundle: name(&self.sealed.out),
                size: 0,
                release_id: release_id.to_string(),
                version: release.version.clone(),
                sequence_number: release.sequence_number.0,
                security_version: release.security_version.0,
                components: release.components.iter().map(|component| component.id.clone()).collect(),
                evidence: release.evidence.iter().map(|evidence| evidence.name.clone()).collect(),
                identities: public.iter().map(|identity| identity.anchor_id().to_string()).collect(),
                seals: 0,
                converted: Vec::new(),
                journal_line: None,
                existing: false,
                findings: findings.into_iter().map(Found::from).collect(),
            }));
        }
        let sealed = match seal::seal(&release, &identities, target)? {
            Ok(sealed) => sealed,
            Err(taken) => return Ok(Said::Taken(Claimed::new(&self.sealed.out, taken))),
        };
        Ok(Said::Done(Signed {
            dry_run: false,
            bundle: name(&self.sealed.out),
            size: sealed.size,
            release_id: sealed.release_id.to_string(),
            version: release.version.clone(),
            sequence_number: release.sequence_number.0,
            security_version: release.security_version.0,
            components: release.components.iter().map(|component| component.id.clone()).collect(),
            evidence: release.evidence.iter().map(|evidence| evidence.name.clone()).collect(),
            identities: identities
                .iter()
                .map(|identity| identity.public().map(|public| public.anchor_id().to_string()))
                .collect::<Result<_>>()?,
            seals: sealed.seals,
            converted: sealed.flattened.iter().map(Converted::from).collect(),
            journal_line: sealed.line,
            existing: sealed.existing,
            findings: sealed.findings.into_iter().map(Found::from).collect(),
        }))
    }
}

#[derive(Serialize)]
struct Signed {
    dry_run: bool,
    bundle: String,
    size: u64,
    release_id: String,
    version: String,
    sequence_number: u64,
    security_version: u32,
    components: Vec<String>,
    evidence: Vec<String>,
    identities: Vec<String>,
    seals: usize,
    converted: Vec<Converted>,
    /// The journal's line.
    journal_line: Option<u64>,
    /// The bundle was there already, and was verified again.
    existing: bool,
    findings: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    evidence: String,
    finding: Finding,
    text: String,
}

impl From<(String, Finding, String)> for Found {
    fn from((evidence, finding, text): (String, Finding, String)) -> Self {
        Self { evidence, finding, text }
    }
}

#[derive(Serialize)]
struct Converted {
    component: String,
    format: &'static str,
    source_digest: String,
    base: u64,
    filled: u64,
    left_out: Vec<[u64; 2]>,
}

impl From<&Flattened> for Converted {
    fn from(flattened: &Flattened) -> Self {
        Self {
            component: flattened.component.clone(),
            format: flattened.format.name(),
            source_digest: flattened.source_digest.to_string(),
            base: flattened.base,
            filled: flattened.filled,
            left_out: flattened.left_out.iter().map(|range| [range.start, range.end]).collect(),
        }
    }
}

impl Report for Signed {
    const SCHEMA: &'static str = "twinseal.sign/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.dry_run {
            writeln!(out, "would be sealed, and nothing was signed or written: {}", self.bundle)?;
            writeln!(out, "release id: {}", self.release_id)?;
            return writeln!(out, "identities: {}", self.identities.join(", "));
        }
        let done = if self.existing { "sealed already, and unchanged" } else { "sealed" };
        writeln!(out, "{done}: {} ({} bytes)", self.bundle, self.size)?;
        writeln!(out, "release id: {}", self.release_id)?;
        writeln!(
            out,
            "version {}, sequence number {}, security version {}",
            self.version, self.sequence_number, self.security_version
        )?;
        writeln!(out, "components: {}", self.components.join(", "))?;
        if !self.evidence.is_empty() {
            writeln!(out, "evidence: {}", self.evidence.join(", "))?;
        }
        for converted in &self.converted {
            writeln!(
                out,
                "{}: made from {}, {} bytes filled, source {}",
                converted.component, converted.format, converted.filled, converted.source_digest
            )?;
            for [from, to] in &converted.left_out {
                writeln!(out, "  left out, and sealed by nobody: {from:#x}..{to:#x}")?;
            }
        }
        for found in &self.findings {
            writeln!(out, "note: evidence {}: {} [{}]", found.evidence, found.text, found.finding.code())?;
        }
        for identity in &self.identities {
            writeln!(out, "sealed by: {identity}")?;
        }
        if let Some(line) = self.journal_line {
            writeln!(out, "journal: line {line}")?;
        }
        writeln!(
            out,
            "read back and accepted by the device's verifier; all {} seals also by fips204 and ring",
            self.seals
        )
    }
}
