//! `twinseal simulate`: decides as each of many devices would.
//!
//! What a device decides about seals and about itself is run anew for each state, by the device's own code: a proof of authenticity
//! admits one device and is used up. What then is left, the images, the evidence and the end of the file, is the same for all that
//! admit the release, so it is read once.

use alloc::collections::BTreeMap;
use core::ops::ControlFlow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use twinseal_formats::Envelope;
use twinseal_verifier::{Boot, Device, Error, Install, Verifier};

use crate::bundle::Bundle;
use crate::error::{Failure, Result, name};
use crate::errors::Refusal;
use crate::fleet::{Fleet, State};
use crate::input::{is_stdin, twice_from_stdin};
use crate::judge::{Purpose, judge};
use crate::parallel;
use crate::progress::Progress;
use crate::report::{Exit, Report};
use crate::store;
use crate::text::Shown;
use crate::trouble::Trouble;

/// Arguments of `simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal simulate thermostat-1.4.0.twinseal --fleet fleet.toml
  twinseal simulate thermostat-1.4.0.twinseal --fleet fleet.toml --format json

The fleet file (TOML) says in which states devices are; what [defaults] says holds for every state that does not say it itself:
  [defaults]
  vendor = \"acme.example\"
  model = \"thermostat\"
  components = [\"app\"]
  rollback-counter = 3
  trust = \"trust.cbor\"               # beside the fleet file

  [[state]]
  name = \"key added\"                 # optional: else its number
  devices = 1200                     # optional: how many; else 1
  trust = \"trust-both.cbor\"

  [[state]]
  name = \"updated last spring\"
  rollback-counter = 4
  rollback-counter-limit = 65535     # optional
  confirmed = { sequence-number = 41, release-id = \"sha-384:...\" }

The decision is made by the code that runs on the device, with the same error numbers (`twinseal errors`). \
Exit code 0: all accept; 1: some refuse; 2: could not find out.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// The states that devices are in; `-` for standard input
    #[arg(long, value_name = "TOML")]
    fleet: PathBuf,

    /// Why the devices look at the bundle
    #[arg(long, value_enum, default_value_t)]
    procedure: Purpose,

    /// Where a detached release's payload files are; default: beside the bundle
    #[arg(long, value_name = "DIR")]
    payloads: Option<PathBuf>,
}

impl Args {
    /// Decides about the bundle in every state of the fleet.
    ///
    /// # Errors
    ///
    /// The bundle, the fleet file, a trust store or an image can't be read, or is none.
    pub fn run(&self) -> Result<impl Report + use<>> {
        if is_stdin(&self.bundle) && is_stdin(&self.fleet) {
            return Err(twice_from_stdin());
        }
        let fleet = Fleet::load(&self.fleet)?;
        let bundle = Bundle::open(&self.bundle)?;
        let verifiers = fleet.stores.iter().map(|(path, bytes)| open(path, bytes)).collect::<Result<Vec<_>>>()?;
        let mut decided = self.admissions(&bundle, &fleet, &verifiers);
        if let Some(rest) = self.rest(&bundle, &fleet, &verifiers, &decided)? {
            for verdict in &mut decided {
                *verdict = verdict.and(Err(rest));
            }
        }
        Ok(Simulation::of(name(&self.bundle), self.procedure, &fleet, &decided))
    }

    /// What each state says of the seals and of itself, in the order of the fleet.
    fn admissions(&self, bundle: &Bundle, fleet: &Fleet, verifiers: &[Usable<'_>]) -> Vec<Decision> {
        let envelope = bundle.envelope().map_err(Error::from);
        let progress = Progress::of_files("deciding", fleet.states.len());
        let mut decided = Vec::with_capacity(fleet.states.len());
        parallel::ordered(
            &fleet.states,
            |state| {
                let verifier = usable(verifiers, state)?;
                let envelope = envelope.as_ref().map_err(|error| *error)?;
                state.device.with(|device| admit(verifier, envelope, device, self.procedure))
            },
            |verdict| {
                progress.advance(1);
                decided.push(verdict);
                ControlFlow::Continue(())
            },
        );
        decided
    }

    /// What is wrong with the images or what follows them, found out once, as the first state does that admits the release.
    fn rest(
        &self,
        bundle: &Bundle,
        fleet: &Fleet,
        verifiers: &[Usable<'_>],
        decided: &[Decision],
    ) -> Result<Option<Error>> {
        let Some((state, _)) = fleet.states.iter().zip(decided).find(|(_, verdict)| verdict.is_ok()) else {
            return Ok(None);
        };
        let Ok(verifier) = usable(verifiers, state) else { return Ok(None) };
        let beside = bundle.path().parent().unwrap_or(Path::new("."));
        let payloads = self.payloads.as_deref().unwrap_or(beside);
        let judged = state.device.with(|device| judge(bundle, verifier, device, self.procedure, payloads));
        Ok(Trouble::finding(judged)?.err())
    }
}

type Decision = core::result::Result<(), Error>;

/// A trust store's verifier, or why a device that holds the store refuses everything.
type Usable<'a> = core::result::Result<Verifier<'a>, Error>;

fn open<'a>(path: &Path, bytes: &'a [u8]) -> Result<Usable<'a>> {
    match store::open(bytes) {
        Err(error @ Error::Parse(_)) => Err(Failure::new(format!("{}: is no trust store", name(path)))
            .because(error)
            .remedy("`twinseal trust make` makes one")),
        usable => Ok(usable),
    }
}

fn usable<'v, 'a>(verifiers: &'v [Usable<'a>], state: &State) -> core::result::Result<&'v Verifier<'a>, Error> {
    match verifiers.get(state.store) {
        Some(Ok(verifier)) => Ok(verifier),
        Some(Err(error)) => Err(*error),
        None => Err(twinseal_verifier::AuthenticateError::Fault.into()),
    }
}

fn admit(verifier: &Verifier<'_>, envelope: &Envelope<'_>, device: &Device<'_>, purpose: Purpose) -> Decision {
    let authentic = verifier.authenticate(envelope)?;
    match purpose {
        Purpose::Install => authentic.admit::<Install>(device).map(drop),
        Purpose::Boot => authentic.admit::<Boot>(device).map(drop),
    }
}

#[derive(Serialize)]
struct Simulation {
    bundle: String,
    procedure: &'static str,
    verdict: &'static str,
    /// How many states and devices there are, and how many of them accept.
    all: Count,
    accepted: Count,
    /// The matrix: trust stores, and for each its outcomes.
    matrix: Vec<Row>,
    /// Every refusal that occurs, once, by number.
    refusals: Vec<Refusal>,
    /// Every state, in the order of the fleet file.
    states: Vec<Outcome>,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Count {
    states: u64,
    devices: u64,
}

impl Count {
    const fn add(&mut self, devices: u64) {
        self.states = self.states.saturating_add(1);
        self.devices = self.devices.saturating_add(devices);
    }
}

/// The devices that hold one trust store and come to one verdict.
#[derive(Serialize)]
struct Row {
    trust: String,
    /// The error number; none: accepted.
    number: Option<u16>,
    code: Option<String>,
    #[serde(flatten)]
    count: Count,
}

#[derive(Serialize)]
struct Outcome {
    name: String,
    devices: u64,
    trust: String,
    verdict: &'static str,
    number: Option<u16>,
    code: Option<String>,
    message: Option<String>,
}

impl Simulation {
    fn of(bundle: String, procedure: Purpose, fleet: &Fleet, decided: &[Decision]) -> Self {
        let (mut all, mut accepted) = (Count::default(), Count::default());
        let mut matrix: BTreeMap<(usize, Option<u16>), Row> = BTreeMap::new();
        let mut refusals = BTreeMap::new();
        let mut states = Vec::with_capacity(decided.len());
        for (state, decision) in fleet.states.iter().zip(decided) {
            let trust = fleet.stores.get(state.store).map(|(path, _)| name(path)).unwrap_or_default();
            let refusal = decision.err().map(Refusal::from);
            let number = refusal.as_ref().map(|refusal| refusal.number);
            let code = refusal.as_ref().map(|refusal| refusal.code.clone());
            all.add(state.devices);
            if refusal.is_none() {
                accepted.add(state.devices);
            }
            matrix
                .entry((state.store, number))
                .or_insert_with(|| Row { trust: trust.clone(), number, code: code.clone(), count: Count::default() })
                .count
                .add(state.devices);
            states.push(Outcome {
                name: state.name.clone(),
                devices: state.devices,
                trust,
                verdict: if refusal.is_none() { "accepted" } else { "refused" },
                number,
                code,
                message: refusal.as_ref().map(|refusal| refusal.message.clone()),
            });
            if let Some(refusal) = refusal {
                refusals.entry(refusal.number).or_insert(refusal);
            }
        }
        Self {
            bundle,
            procedure: procedure.into(),
            verdict: if refusals.is_empty() { "accepted" } else { "refused" },
            all,
            accepted,
            matrix: matrix.into_values().collect(),
            refusals: refusals.into_values().collect(),
            states,
        }
    }
}

impl Report for Simulation {
    const SCHEMA: &'static str = "twinseal.simulate/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        for state in &self.states {
            let shown = Shown(&state.name);
            match (&state.number, &state.code, &state.message) {
                (Some(number), Some(code), Some(message)) => {
                    writeln!(out, "REFUSED  {shown} ({}): {number} {code}: {message}", state.devices)?;
                }
                _ => writeln!(out, "ACCEPTED {shown} ({})", state.devices)?,
            }
        }
        writeln!(out)?;
        writeln!(out, "{:>8} {:>10}  {:30} trust store", "states", "devices", "verdict")?;
        for row in &self.matrix {
            let verdict = match (&row.number, &row.code) {
                (Some(number), Some(code)) => format!("{number} {code}"),
                _ => "accepted".to_owned(),
            };
            writeln!(out, "{:>8} {:>10}  {verdict:30} {}", row.count.states, row.count.devices, row.trust)?;
        }
        for refusal in &self.refusals {
            writeln!(out, "help for {}: {}", refusal.number, refusal.remedy)?;
        }
        writeln!(
            out,
            "{} of {} devices, {} of {} states accept to {}: {}",
            self.accepted.devices, self.all.devices, self.accepted.states, self.all.states, self.procedure, self.bundle
        )
    }

    fn exit(&self) -> Exit {
        if self.refusals.is_empty() { Exit::Success } else { Exit::Refused }
    }
}
