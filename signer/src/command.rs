//! The commands, one file each.
//!
//! A command is a `struct Args` (clap) with `fn run(&self) -> Result<impl Report>`. To add one: a module, a variant, an arm.

use std::process::ExitCode;

use clap::Subcommand;

use crate::report::{self, Format};

pub mod attach;
pub mod audit;
pub mod cbom;
pub mod ceremony;
pub mod completions;
pub mod detach;
pub mod device;
pub mod diff;
pub mod errors;
pub mod extract;
mod forms_report;
pub mod inspect;
pub mod journal;
pub mod key;
mod key_args;
pub mod keygen;
pub mod man;
pub mod quickstart;
mod said;
mod sealing_args;
pub mod seals;
pub mod sign;
pub mod simulate;
pub mod strip;
pub mod trust;
pub mod verify;

/// Everything the tool does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See it all in one go: make keys, seal firmware, verify it as a device, watch a flipped bit be refused
    Quickstart(quickstart::Args),
    /// Make a signing identity: one Ed25519 key and one ML-DSA key that seal together
    Keygen(keygen::Args),
    /// Signing keys: show, try, encrypt, or adopt those of tokens and programs
    Key(key::Args),
    /// Trust stores, which say what a device trusts: make, show, expand, update
    Trust(trust::Args),
    /// Seal a release: every identity with both of its keys
    Sign(sign::Args),
    /// Seal by several people at several places: request, respond, assemble
    Ceremony(ceremony::Args),
    /// Add seals to a bundle, or take them out
    Seals(seals::Args),
    /// The signing journal: who sealed what, with which keys, and when
    Journal(journal::Args),
    /// Decide as a given device would
    Verify(verify::Args),
    /// Decide as each of many devices would, before publishing or while keys change
    Simulate(simulate::Args),
    /// Show what a bundle says and who vouches for it
    Inspect(inspect::Args),
    /// Say what a bundle shows for the Cyber Resilience Act and the US Cyber Trust Mark, and what no bundle can
    Audit(audit::Args),
    /// Compare two releases; the exit code says whether a change bears on security
    Diff(diff::Args),
    /// Write the cryptographic bill of materials of a bundle (CycloneDX)
    Cbom(cbom::Args),
    /// Take payloads and evidence out of a bundle
    Extract(extract::Args),
    /// Leave the evidence out of a bundle; no seal changes
    Strip(strip::Args),
    /// Put the payloads of a bundle beside it; no seal changes
    Detach(detach::Args),
    /// Put payloads and evidence back into a bundle; no seal changes
    Attach(attach::Args),
    /// A Linux device's life: install, boot on trial, confirm, go back
    Device(device::Args),
    /// Print what a shell needs to complete this tool's command lines
    Completions(completions::Args),
    /// Write manual pages
    Man(man::Args),
    /// Explain errors: what a number or name means, and what to do
    Errors(errors::Args),
}

impl Command {
    /// Runs the command, renders its report, and gives the exit code.
    #[must_use]
    pub fn run(&self, format: Format) -> ExitCode {
        match self {
            Self::Quickstart(args) => report::conclude(args.run(), format),
            Self::Keygen(args) => report::conclude(args.run(), format),
            Self::Key(args) => args.run(format),
            Self::Trust(args) => args.run(format),
            Self::Sign(args) => report::conclude(args.run(), format),
            Self::Ceremony(args) => args.run(format),
            Self::Seals(args) => args.run(format),
            Self::Journal(args) => args.run(format),
            Self::Verify(args) => args.run(format),
            Self::Simulate(args) => report::conclude(args.run(), format),
            Self::Inspect(args) => report::conclude(args.run(), format),
            Self::Audit(args) => args.run(format),
            Self::Diff(args) => report::conclude(args.run(), format),
            Self::Cbom(args) => report::conclude(args.run(), format),
            Self::Extract(args) => report::conclude(args.run(), format),
            Self::Strip(args) => report::conclude(args.run(), format),
            Self::Detach(args) => report::conclude(args.run(), format),
            Self::Attach(args) => report::conclude(args.run(), format),
            Self::Device(args) => args.run(format),
            Self::Completions(args) => report::conclude(args.run(), format),
            Self::Man(args) => report::conclude(args.run(), format),
            Self::Errors(args) => report::conclude(args.run(), format),
        }
    }
}
