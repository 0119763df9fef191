//! `twinseal audit`: what a bundle shows for provisions of both sides of the Atlantic.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use serde::Serialize;

use crate::audit::{self, Audit, Inputs, ProfileName, Verdict};
use crate::error::{Failure, Result};
use crate::evidence::{BuilderKey, Day};
use crate::many::{self, OneLine};
use crate::output::{Destination, Mode, Overwrite};
use crate::report::{self, Exit, Format, Report};
use crate::store;

/// Arguments of `audit`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "twinseal audit [OPTIONS] --trust <STORE> <BUNDLE> [--previous <OLD>...]",
    after_help = "\
Examples:
  twinseal audit thermostat-1.4.0.twinseal --trust trust.cbor
  twinseal audit thermostat-1.4.0.twinseal --trust trust.cbor \\
      --previous thermostat-1.3.0.twinseal --builder-key builder.pem \\
      --profile eu-hybrid --date 2026-11-26 --format json
  twinseal audit thermostat-1.4.0.twinseal --trust trust.cbor --html report.html
  twinseal audit releases --trust trust.cbor --format json

For each provision of the EU Cyber Resilience Act and of NIST IR 8425 (the US Cyber Trust Mark), and of standards beside them, the report says \
what the bundle shows: PROVEN, CONSISTENT, DECLARED, NOT EVIDENCED, OUTSIDE ANY BUNDLE or NOT APPLICABLE (docs/audit.md). It is evidence \
for those who judge, and never says that a rule is met.

The date is an input: --date, or else SOURCE_DATE_EPOCH, or else today. The same inputs give the same bytes.

Exit code 0: accepted by the device's code, and nothing contradicts itself; 1: refused, or a contradiction, or a required profile is not \
met; 2: could not find out; 3: two implementations disagree about a seal or a reading.

A directory is walked on all cores, one line for each *.twinseal file below it (with --format json one report a line), then a summary."
)]
pub struct Args {
    /// The bundle; `-` for standard input; a directory for every *.twinseal file below it
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// The trust store of the devices
    #[arg(long, value_name = "STORE")]
    trust: PathBuf,

    /// Releases before it, in any order. All names that follow are taken for such, so it stands behind the bundle
    #[arg(long, value_name = "OLD", num_args = 1..)]
    previous: Vec<PathBuf>,

    /// The public key of a builder (PEM), for provenance; can be given several times
    #[arg(long, value_name = "PEM")]
    builder_key: Vec<PathBuf>,

    /// A cryptographic profile that has to be met; can be given several times
    #[arg(long, value_name = "PROFILE", value_enum)]
    profile: Vec<ProfileName>,

    /// The day of the audit, YYYY-MM-DD
    #[arg(long, value_name = "DAY", value_parser = day)]
    date: Option<Day>,

    /// Where a detached release's payload files are; default: beside the bundle
    #[arg(long, value_name = "DIR")]
    payloads: Option<PathBuf>,

    /// Also write the report as one HTML file to hand on; `-` for standard output
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().map(Destination::from))]
    html: Option<Destination>,

    /// Replace the HTML file if it exists
    #[arg(long, requires = "html")]
    overwrite: bool,
}

impl Args {
    /// Audits one bundle, or every bundle below a directory, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        let prepared = store::load(&self.trust).and_then(|bytes| Ok((bytes, self.inputs()?)));
        let (bytes, inputs) = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => return report::failed(&failure, format),
        };
        let verifier = match store::open_file(&bytes, &self.trust) {
            Ok(verifier) => verifier,
            Err(failure) => return report::failed(&failure, format),
        };
        let examine = |path: &Path| {
            let audit = audit::audit(path, &verifier, &inputs)?;
            if let Some(destination) = &self.html {
                let report = audit::html::render(&audit);
                destination.write(report.as_bytes(), Overwrite::asked(self.overwrite), Mode::Public)?;
            }
            Ok(Audited { audit, stdout_taken: self.html == Some(Destination::Stdout) })
        };
        if self.bundle.is_dir() {
            if self.html.is_some() {
                let failure = Failure::new("--html is for one bundle, and a directory was given")
                    .remedy("audit each bundle on its own to have reports to hand on");
                return report::failed(&failure, format);
            }
            if !self.previous.is_empty() {
                let failure = Failure::new("--previous is for one bundle, and a directory was given")
                    .remedy("audit the newest release with --previous and the others");
                return report::failed(&failure, format);
            }
            return many::conclude(&self.bundle, "auditing", format, examine);
        }
        report::conclude(examine(&self.bundle), format)
    }

    fn inputs(&self) -> Result<Inputs> {
        Ok(Inputs {
            date: self.date.map_or_else(today, Ok)?,
            previous: self.previous.clone(),
            builder_keys: self.builder_key.iter().map(|path| BuilderKey::load(path)).collect::<Result<_>>()?,
            profiles: self.profile.clone(),
            payloads: self.payloads.clone(),
        })
    }
}

fn day(text: &str) -> core::result::Result<Day, &'static str> {
    Day::parse(text).ok_or("no day as in 2026-11-26")
}

/// The day of `SOURCE_DATE_EPOCH`, or else of the clock.
fn today() -> Result<Day> {
    let bad = |what: &str| Failure::new(format!("{what} is no date")).remedy("give one with --date");
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().ok().and_then(Day::from_unix).ok_or_else(|| bad("SOURCE_DATE_EPOCH")),
        Err(env::VarError::NotPresent) => {
            let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs());
            let day = seconds.and_then(|seconds| i64::try_from(seconds).ok()).and_then(Day::from_unix);
            day.ok_or_else(|| bad("what the clock says"))
        }
        Err(env::VarError::NotUnicode(_)) => Err(bad("SOURCE_DATE_EPOCH")),
    }
}

/// An audit as a command's report.
#[derive(Serialize)]
#[serde(transparent)]
struct Audited {
    audit: Audit,
    #[serde(skip)]
    stdout_taken: bool,
}

impl Report for Audited {
    const SCHEMA: &'static str = "twinseal.audit/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        audit::human::write(&self.audit, out)
    }

    fn stdout_taken(&self) -> bool {
        self.stdout_taken
    }

    fn exit(&self) -> Exit {
        if !self.audit.disagreements.is_empty() {
            Exit::Disagreement
        } else if self.audit.is_refused() {
            Exit::Refused
        } else {
            Exit::Success
        }
    }
}

impl OneLine for Audited {
    fn line(&self) -> String {
        let audit = &self.audit;
        let word = match self.exit() {
            Exit::Disagreement => "DISAGREEMENT",
            Exit::Refused => "REFUSED",
            Exit::Success => "ACCEPTED",
        };
        let counts: Vec<String> = (audit.counts.iter())
            .filter(|count| count.rows > 0 && count.verdict != Verdict::OutsideAnyBundle)
            .map(|count| format!("{} {}", count.rows, count.verdict.words()))
            .collect();
        let first = audit.refusal.as_ref().map(ToString::to_string);
        let first = first.or_else(|| audit.disagreements.first().cloned());
        let first =
            first.or_else(|| audit.findings.first().map(|finding| format!("{}: {}", finding.code, finding.text)));
        let first = first.filter(|_| self.exit() != Exit::Success).map(|text| format!(": {text}")).unwrap_or_default();
        format!("{word} {} ({}){first}", audit.bundle, counts.join(", "))
    }
}
