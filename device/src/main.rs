//! The verifier as real firmware, in QEMU: what it costs, and that it decides as the host does.
//!
//! `cargo run -p twinseal-device -- measure` prints the table. docs/performance.md says what the figures mean.

#![allow(clippy::std_instead_of_alloc, clippy::std_instead_of_core, reason = "this program runs on a host")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod board;
mod budget;
mod chart;
mod failure;
mod given;
mod image;
mod life;
mod panics;
mod parts;
mod profile;
mod refuse;
mod report;
mod row;
mod symbols;
mod table;
mod vectors;

use failure::Failure;

/// Builds the verifier as firmware images, runs them in QEMU, and says what they cost and whether they decide as the host does.
///
/// Needs qemu-system-arm, qemu-system-riscv32 and Rust's targets for the boards. Exit codes: 0 all is well, 1 a figure or a verdict is not as
/// it should be, 2 it could not be found out.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make what the images are given: keys, bundles, tables
    Given,
    /// Print the table of instructions, stack and flash
    Measure(table::Measure),
    /// Print where the instructions of a row go, by function, and the deepest chain of calls
    Profile(profile::ProfileArgs),
    /// Hold every figure against its budget
    Budget(budget::Budget),
    /// Write docs/performance.md and its charts
    Report(report::Report),
    /// Show that no code of ours can panic, as linked
    Panics(panics::Panics),
    /// Put every named bad input before the boards: they must say what the host says
    Refuse(refuse::Refuse),
    /// Live the whole life of a device: update, trial, confirm, revert, refusals, new keys, power cut in the middle
    Life(life::LifeArgs),
    /// Put Wycheproof's vectors before the boards
    Vectors(vectors::Vectors),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Given => given::write_all(&given::folder()).map(|_| true),
        Command::Measure(measure) => measure.run().map(|()| true),
        Command::Profile(profile) => profile.run().map(|()| true),
        Command::Budget(budget) => budget.run(),
        Command::Report(report) => report.run().map(|()| true),
        Command::Panics(panics) => panics.run(),
        Command::Refuse(refuse) => refuse.run(),
        Command::Life(life) => life.run(),
        Command::Vectors(vectors) => vectors.run(),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            let what = if failure.is_missing_program() { "skipped" } else { "twinseal-device" };
            eprintln!("{what}: {failure}");
            ExitCode::from(2)
        }
    }
}
