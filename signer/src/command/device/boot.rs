//! `twinseal device boot`: what the boot stage calls, before it starts what is named.

use std::io::{self, Write};

use serde::Serialize;
use twinseal_installer::SlotId;

use super::{Slot, Which, reason};
use crate::error::{Result, name};
use crate::errors::Refusal;
use crate::gateway::{Access, Gateway};
use crate::report::{Exit, Report};

/// Arguments of `device boot`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal device boot --device gateway.toml --format json
  eval \"$(twinseal device boot --device gateway.toml --shell)\"
  echo \"$TWINSEAL_SLOT $TWINSEAL_REASON $TWINSEAL_IMAGE_0\"

The candidates are verified one after the other, seals and images, as docs/procedure.md (I-8) has it. That a release is started on trial is on the \
medium before this command says so: call it once for each boot, and start what it names. `--shell` prints variables: TWINSEAL_SLOT, \
TWINSEAL_REASON (confirmed, trial, fallback), TWINSEAL_IMAGE_0 and so on, by component in ascending order. \
Exit code 0: start it; 1: nothing may be started; 2: could not find out.")]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Print variables for a shell
    #[arg(long)]
    shell: bool,
}

impl Args {
    /// Chooses and verifies.
    ///
    /// # Errors
    ///
    /// Something can't be read or written, or another process works on the device.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let gateway = Gateway::open(&self.which.path, Access::Write)?;
        let mut refused = Vec::new();
        let started = gateway.with(|open| {
            open.device.boot(
                open.verifier,
                open.facts,
                open.memory,
                |slot, error| refused.push(Passed { slot: slot.into(), refusal: error.into() }),
                |update, slot, why| {
                    update.affirm()?;
                    let manifest = update.manifest();
                    let (reason, trial) = reason(why);
                    let sizes: Vec<u64> = manifest.components().map(|component| component.size()).collect();
                    Ok((
                        slot,
                        reason,
                        trial,
                        manifest.release_version().to_owned(),
                        manifest.sequence_number().0,
                        sizes,
                    ))
                },
            )?
        })?;
        let shell = self.shell;
        Ok(match started {
            Err(refusal) => Booting { started: None, refusal: Some(refusal), refused, shell },
            Ok((slot, reason, trial, release_version, sequence_number, sizes)) => {
                let places = gateway.places(slot).zip(sizes);
                let images = places.map(|((component, path), size)| Image {
                    component: component.to_owned(),
                    path: name(path),
                    size,
                });
                let started = Started {
                    slot: slot.into(),
                    reason,
                    trial,
                    release_version,
                    sequence_number,
                    images: images.collect(),
                };
                Booting { started: Some(started), refusal: None, refused, shell }
            }
        })
    }
}

#[derive(Serialize)]
struct Booting {
    #[serde(flatten)]
    started: Option<Started>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    /// What was looked at first and not taken.
    refused: Vec<Passed>,
    #[serde(skip)]
    shell: bool,
}

#[derive(Serialize)]
struct Started {
    slot: Slot,
    reason: &'static str,
    /// The how-many-th start on trial this is.
    trial: Option<u8>,
    release_version: String,
    sequence_number: u64,
    images: Vec<Image>,
}

#[derive(Serialize)]
struct Image {
    component: String,
    path: String,
    /// So many bytes of it were verified; what follows in its place was not.
    size: u64,
}

#[derive(Serialize)]
struct Passed {
    slot: Slot,
    refusal: Refusal,
}

impl Report for Booting {
    const SCHEMA: &'static str = "twinseal.device-boot/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.shell {
            return self.variables(out);
        }
        for Passed { slot, refusal } in &self.refused {
            writeln!(out, "slot {} is passed over: {refusal}", SlotId::from(*slot).name())?;
        }
        if let Some(started) = &self.started {
            let slot = SlotId::from(started.slot).name();
            let trial = started.trial.map(|begun| format!(" {begun}")).unwrap_or_default();
            writeln!(out, "START slot {slot} ({}{trial}): {}", started.reason, started.release_version)?;
            for Image { component, path, size } in &started.images {
                writeln!(out, "  {component}: {path}, {size} bytes")?;
            }
        }
        self.refusal.as_ref().map_or(Ok(()), |refusal| refusal.human(out))
    }

    fn exit(&self) -> Exit {
        if self.started.is_some() { Exit::Success } else { Exit::Refused }
    }
}

impl Booting {
    fn variables(&self, out: &mut dyn Write) -> io::Result<()> {
        // Nothing to start: a shell that did not look at the exit code has nothing in its variables.
        let Some(started) = &self.started else { return writeln!(out, "false") };
        writeln!(out, "TWINSEAL_SLOT={}", SlotId::from(started.slot).name())?;
        writeln!(out, "TWINSEAL_REASON={}", started.reason)?;
        for (index, image) in started.images.iter().enumerate() {
            writeln!(out, "TWINSEAL_IMAGE_{index}='{}'", image.path.replace('\'', "'\\''"))?;
            writeln!(out, "TWINSEAL_SIZE_{index}={}", image.size)?;
        }
        Ok(())
    }
}
