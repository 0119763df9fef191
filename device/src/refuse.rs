//! Whether the boards decide as the host does: on every named case of the hostile suite that is about bytes alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use crate::board::{Board, Run};
use crate::failure::{Failure, Result};
use crate::image::{self, Level, Recipe};

/// Arguments of `refuse`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cargo run -p twinseal-device -- refuse
  cargo run -p twinseal-device -- refuse --board m4")]
pub(crate) struct Refuse {
    /// Only on this board; else on all that have memory for the cases
    #[arg(long)]
    board: Option<Board>,
}

/// A case, and what the host said: by pull, push and boot if it is a bundle, by its reader if not. 0 is yes.
#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    verdicts: Vec<u16>,
}

impl Refuse {
    /// Whether no verdict is another than the host's.
    ///
    /// # Errors
    /// The cases could not be made, or a board not be run.
    pub(crate) fn run(&self) -> Result<bool> {
        let folder = image::folder().join("target/cases");
        make_cases(&folder)?;
        let cases: Vec<Case> = serde_json::from_slice(&fs::read(folder.join("cases.json"))?)?;
        let numbers: BTreeSet<_> =
            cases.iter().flat_map(|case| &case.verdicts).filter(|number| **number != 0).collect();
        let stages: BTreeSet<_> = numbers.iter().map(|number| *number >> 8).collect();
        println!("{} cases, {} error numbers in {} stages", cases.len(), numbers.len(), stages.len());
        if cases.len() < LEAST_CASES || stages.len() < LEAST_STAGES {
            return Err(Failure::new("cases were lost"));
        }
        let mut same = true;
        for board in BOARDS.into_iter().filter(|board| self.board.is_none_or(|only| only == *board)) {
            same &= compare(board, "refuse", &cases, &folder)?;
            same &= compare(board, "refuse expanded", &cases, &folder)?;
        }
        Ok(same)
    }
}

/// One board, from the keys' bytes or through tables; prints what differs.
fn compare(board: Board, subject: &str, cases: &[Case], folder: &Path) -> Result<bool> {
    let said = run(board, subject, folder)?;
    let mut lines = said.lines();
    let (mut verdicts, mut different) = (0_usize, 0_usize);
    for case in cases {
        let line = lines.next().unwrap_or_default();
        let found: core::result::Result<Vec<u16>, _> = line.split_whitespace().map(str::parse).collect();
        verdicts = verdicts.saturating_add(case.verdicts.len());
        if found.as_ref() != Ok(&case.verdicts) {
            different = different.saturating_add(1);
            println!("{}: {}: it says {line:?}, the host {:?}", board.name(), case.name, case.verdicts);
        }
    }
    let mut through = String::from("from the keys' bytes");
    if subject.ends_with("expanded") {
        let said = lines.next().and_then(|line| line.strip_prefix("tables=")?.parse::<usize>().ok()).unwrap_or(0);
        if said < LEAST_TABLES {
            return Err(Failure::new(format!("{}: only {said} times was there a table for a key", board.name())));
        }
        through = format!("through tables, {said} of keys");
    }
    if lines.next() != Some("end") {
        return Err(Failure::new(format!("{}: it went on behind the last case, or stopped before", board.name())));
    }
    println!("{}: {} cases, {verdicts} verdicts {through}, {different} cases different", board.name(), cases.len());
    Ok(different == 0)
}

/// Has the hostile suite write its cases down.
fn make_cases(folder: &Path) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["test", "--quiet", "--locked", "-p", "twinseal-tests", "--test", "hostile", "--"]);
    command.arg("every_case_that_a_device_can_be_given_is_written_for_it");
    command.env("TWINSEAL_CASES", folder).current_dir(image::folder());
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(Failure::new(format!("the cases could not be made:\n{}", String::from_utf8_lossy(&said))))
}

/// Builds an image that reads a file, and runs it beside the file.
pub(crate) fn run(board: Board, subject: &str, folder: &Path) -> Result<String> {
    let features = subject.split(' ').map(str::to_owned).collect();
    let image = Recipe { board, features, level: Level::Three }.build()?;
    let path: PathBuf = image.path;
    board.run(&path, &Run { counted: false, folder: Some(folder), limit: Duration::from_secs(600) })
}

/// Those with memory for stores and bundles of every set.
const BOARDS: [Board; 5] = [Board::M3, Board::M4, Board::M7, Board::M33, Board::Rv32];

/// Raised when cases are added, never lowered.
const LEAST_CASES: usize = 745;

/// Each road of each bundle has a store of several keys: fewer would mean that few were verified through tables.
const LEAST_TABLES: usize = 3000;

/// Frame, trust, manifest, authenticate, admit, image, configuration, evidence.
const LEAST_STAGES: usize = 8;
