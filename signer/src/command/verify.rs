//! `twinseal verify`: decides as a given device would.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use twinseal_formats::{Envelope, Manifest};

use crate::bundle::Bundle;
use crate::device::DeviceFile;
use crate::error::{Failure, Result, name};
use crate::errors::Refusal;
use crate::judge::{Purpose, judge};
use crate::report::{Exit, Report};
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
the evidence and goes on to the end of the file. Exit code 0: accepted; 1: refused; 2: could not find out.")]
pub struct Args {
    /// The bundle; `-` for standard input
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
}

impl Args {
    /// Decides.
    ///
    /// # Errors
    ///
    /// A file can't be read, or is no trust store or device file.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bytes = store::load(&self.trust)?;
        let device = DeviceFile::load(&self.device)?;
        let bundle = Bundle::open(&self.bundle)?;
        let beside = bundle.path().parent().unwrap_or(Path::new("."));
        let payloads = self.payloads.as_deref().unwrap_or(beside);
        let mut single_class = false;
        // A trust store that can not be used makes a device refuse everything: that is its verdict, too.
        let judged = match store::open(&bytes) {
            Err(error @ twinseal_verifier::Error::Parse(_)) => {
                return Err(Failure::new(format!("{}: is no trust store", name(&self.trust)))
                    .because(error)
                    .remedy("`twinseal trust make` makes one"));
            }
            Err(error) => Err(error),
            Ok(verifier) => {
                single_class = verifier.store().is_single_class();
                let judged = device.with(|device| judge(&bundle, &verifier, device, self.procedure, payloads));
                Trouble::finding(judged)?.map(|(manifest, layout)| (Summary::of(&bundle, &manifest), layout.form))
            }
        };
        let shown = name(&self.bundle);
        let purpose = self.procedure;
        Ok(match judged {
            Ok((release, form)) => Verdict {
                bundle: shown,
                procedure: purpose.into(),
                verdict: "accepted",
                single_class,
                refusal: None,
                form: Some(Shape {
                    payloads_enclosed: form.payloads_enclosed,
                    evidence_enclosed: form.evidence_enclosed,
                }),
                release,
            },
            Err(error) => Verdict {
                bundle: shown,
                procedure: purpose.into(),
                verdict: "refused",
                single_class,
                refusal: Some(error.into()),
                form: None,
                release: None,
            },
        })
    }
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
        if self.single_class {
            writeln!(
                out,
                "note: this trust store is single-class: it does not demand both a classical and a post-quantum seal"
            )?;
        }
        Ok(())
    }

    fn exit(&self) -> Exit {
        if self.refusal.is_some() { Exit::Refused } else { Exit::Success }
    }
}
