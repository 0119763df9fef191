//! `twinseal verify`: decides as a given device would.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use twinseal_formats::{Envelope, Manifest};

use crate::bundle::Bundle;
use crate::device::DeviceFile;
use crate::error::{Failure, Result, name};
use crate::errors::Refusal;
use crate::judge::{Purpose, judge};
use crate::many::{self, OneLine};
use crate::report::{self, Exit, Format, Report};
use crate::second_opinion::{self, SecondReading};
use crate::store;
use crate::trouble::Trouble;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal verify thermostat-1.4.0.twinseal --trust trust.cbor \\
      --device device.toml
  twinseal verify - --trust trust.cbor --device device.toml --format json \\
      < thermostat-1.4.0.twinseal
  twinseal verify thermostat-1.4.0.twinseal --trust trust.cbor \\
      --device device.toml --independent
  twinseal verify releases --trust trust.cbor --device device.toml

The device file (TOML) says what the device knows of itself:
  vendor = \"acme.example\"
  model = \"thermostat\"
  components = [\"app\"]               # exactly the components it has
  rollback-counter = 3
  rollback-counter-limit = 65535     # optional: what the counter can reach

  [confirmed]                        # optional: the confirmed release
  sequence-number = 41
  release-id = \"sha-384:...\"

The decision is made by the code that runs on the device, with the same error numbers (`twinseal errors`). A host also reads \
the evidence and goes on to the end of the file. Exit code 0: accepted; 1: refused; 2: could not find out; 3: with \
--independent, the implementations disagree.

A directory is walked on all cores. Each bundle is one line (with --format json one JSON object a line) in the order of the paths, then follows one \
for all of them. A bundle that can not be read is a line that says so; the exit code is the gravest: 3, else 2, else 1.")]
pub struct Args {
    /// The bundle; `-` for standard input; a directory for every *.twinseal file below it
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// The device's trust store
    #[arg(long, value_name = "STORE")]
    trust: PathBuf,

    /// What the device knows of itself
    #[arg(long, value_name = "TOML")]
    device: PathBuf,

    /// Why the device looks at the bundle
    #[arg(long, value_enum, default_value_t)]
    procedure: Purpose,

    /// Where a detached release's payload files are; default: beside the bundle
    #[arg(long, value_name = "DIR")]
    payloads: Option<PathBuf>,

    /// Verify the seals with other implementations too (fips204, ring), and read the envelope with another reader (minicbor);
    /// exit code 3 if they do not agree
    #[arg(long)]
    independent: bool,
}

impl Args {
    /// Decides, about one bundle or about every bundle below a directory, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        if !self.bundle.is_dir() {
            return report::conclude(self.load().and_then(|known| self.decide(&self.bundle, &known)), format);
        }
        match self.load() {
            Ok(known) => many::conclude(&self.bundle, "verifying", format, |path| self.decide(path, &known)),
            Err(failure) => report::failed(&failure, format),
        }
    }

    fn load(&self) -> Result<Known> {
        Ok(Known { store: store::load(&self.trust)?, device: DeviceFile::load(&self.device)? })
    }

    fn decide(&self, path: &Path, known: &Known) -> Result<Verdict> {
        let bundle = Bundle::open(path)?;
        let beside = bundle.path().parent().unwrap_or(Path::new("."));
        let payloads = self.payloads.as_deref().unwrap_or(beside);
        let (mut single_class, mut independent) = (false, None);
        // A trust store that can not be used makes a device refuse everything: that is its verdict, too.
        let judged = match store::open(&known.store) {
            Err(error @ twinseal_verifier::Error::Parse(_)) => {
                return Err(Failure::new(format!("{}: is no trust store", name(&self.trust)))
                    .because(error)
                    .remedy("`twinseal trust make` makes one"));
            }
            Err(error) => Err(error),
            Ok(verifier) => {
                single_class = verifier.store().is_single_class();
                let judged = known.device.with(|device| judge(&bundle, &verifier, device, self.procedure, payloads));
                let judged = Trouble::finding(judged)?;
                if self.independent {
                    independent = bundle.envelope().ok().map(|envelope| {
                        let reading = second_opinion::ask(
                            bundle.frame(&envelope),
                            &envelope,
                            Some(verifier.store()),
                            judged.is_ok(),
                        );
                        Independent::of(&reading)
                    });
                }
                judged.map(|(manifest, layout)| (Summary::of(&bundle, &manifest), layout.form))
            }
        };
        let verdict = Verdict {
            bundle: name(path),
            procedure: self.procedure.into(),
            verdict: "accepted",
            single_class,
            refusal: None,
            form: None,
            release: None,
            independent,
        };
        Ok(match judged {
            Ok((release, form)) => Verdict {
                form: Some(Shape {
                    payloads_enclosed: form.payloads_enclosed,
                    evidence_enclosed: form.evidence_enclosed,
                }),
                release,
                ..verdict
            },
            Err(error) => Verdict { verdict: "refused", refusal: Some(error.into()), ..verdict },
        })
    }
}

/// What every decision of one run has in common.
struct Known {
    store: Vec<u8>,
    device: DeviceFile,
}

#[derive(Serialize)]
struct Verdict {
    bundle: String,
    procedure: &'static str,
    verdict: &'static str,
    /// The trust store allows anchors with keys of one class only: said in every report.
    single_class: bool,
    #[serde(flatten)]
    refusal: Option<Refusal>,
    form: Option<Shape>,
    release: Option<Summary>,
    /// With `--independent`: what other implementations say.
    #[serde(skip_serializing_if = "Option::is_none")]
    independent: Option<Independent>,
}

/// What other implementations say of the seals and the reading.
#[derive(Serialize)]
struct Independent {
    /// How many seals were verified twice: those the trust store has keys for.
    seals: usize,
    /// How many of them both call valid.
    valid: usize,
    /// Where the two do not agree.
    disagreements: Vec<String>,
}

impl Independent {
    fn of(reading: &SecondReading) -> Self {
        let verified = reading.seals.iter().filter_map(|seal| seal.valid);
        Self {
            seals: verified.clone().count(),
            valid: verified.filter(|sides| sides.both()).count(),
            disagreements: reading.disagreements(),
        }
    }
}

#[derive(Serialize)]
struct Shape {
    payloads_enclosed: bool,
    evidence_enclosed: bool,
}

/// What of a release a verdict shows.
#[derive(Serialize)]
struct Summary {
    release_id: String,
    version: String,
    sequence_number: u64,
    security_version: u32,
    components: usize,
}

impl Summary {
    fn of(bundle: &Bundle, manifest: &Manifest<'_>) -> Option<Self> {
        let envelope: Envelope<'_> = bundle.envelope().ok()?;
        Some(Self {
            release_id: envelope.seals().digest().to_string(),
            version: manifest.release_version().to_owned(),
            sequence_number: manifest.sequence_number().0,
            security_version: manifest.security_version().0,
            components: manifest.component_count(),
        })
    }
}

impl From<Purpose> for &'static str {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Install => "install",
            Purpose::Boot => "boot",
        }
    }
}

impl Report for Verdict {
    const SCHEMA: &'static str = "twinseal.verify/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(refusal) = &self.refusal {
            writeln!(out, "REFUSED to {}: {}", self.procedure, self.bundle)?;
            writeln!(out, "  {refusal}")?;
            writeln!(out, "  help: {}", refusal.remedy)?;
        } else {
            writeln!(out, "ACCEPTED to {}: {}", self.procedure, self.bundle)?;
        }
        if let Some(release) = &self.release {
            writeln!(
                out,
                "version {}, sequence number {}, security version {}",
                release.version, release.sequence_number, release.security_version
            )?;
            writeln!(out, "release id: {}", release.release_id)?;
        }
        if let Some(independent) = &self.independent {
            for disagreement in &independent.disagreements {
                writeln!(out, "DISAGREEMENT: {disagreement}")?;
            }
            if !independent.disagreements.is_empty() {
                writeln!(out, "  help: trust neither verdict on this bundle; keep it, and report it (SECURITY.md)")?;
            }
            writeln!(out, "second opinion: {} of {} seals valid to both", independent.valid, independent.seals)?;
        }
        if self.single_class {
            writeln!(
                out,
                "note: this trust store is single-class: it does not demand both a classical and a post-quantum seal"
            )?;
        }
        Ok(())
    }

    fn exit(&self) -> Exit {
        if self.independent.as_ref().is_some_and(|independent| !independent.disagreements.is_empty()) {
            Exit::Disagreement
        } else if self.refusal.is_some() {
            Exit::Refused
        } else {
            Exit::Success
        }
    }
}

impl OneLine for Verdict {
    fn line(&self) -> String {
        match (self.exit(), &self.refusal) {
            (Exit::Disagreement, _) => format!("DISAGREEMENT {}", self.bundle),
            (_, Some(refusal)) => format!("REFUSED {}: {refusal}", self.bundle),
            _ => format!("ACCEPTED {}", self.bundle),
        }
    }
}
