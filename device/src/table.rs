//! Measuring, and the table as text and as JSON.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::failure::Result;
use crate::row::{self, Figures, Row};
use crate::{Failure, given, parts};

/// Arguments of `measure`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cargo run -p twinseal-device -- measure
  cargo run -p twinseal-device -- measure 'm4 road' --json target/device.json")]
pub(crate) struct Measure {
    /// Only rows whose name has this in it
    filter: Option<String>,
    /// Also write the table as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Everything that was measured, and with what.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) schema: &'static str,
    /// What `rustc --version` says.
    pub(crate) compiler: String,
    /// What QEMU says.
    pub(crate) emulator: String,
    pub(crate) rows: Vec<Figures>,
}

impl Measure {
    /// # Errors
    /// As [`measure`].
    pub(crate) fn run(&self) -> Result<()> {
        let filter = self.filter.as_deref().unwrap_or_default();
        let rows: Vec<_> = row::rows().into_iter().filter(|row| row.name().contains(filter)).collect();
        if rows.is_empty() {
            return Err(Failure::new(format!("no row has {filter:?} in its name; there are:\n{}", names())));
        }
        let table = measure(&rows)?;
        print!("{}", table.text()?);
        if let Some(path) = &self.json {
            fs::write(path, serde_json::to_string_pretty(&table)?)?;
        }
        Ok(())
    }
}

/// Measures rows one after the other, and says on standard error where it is.
pub(crate) fn measure(rows: &[Row]) -> Result<Table> {
    let given = given::write_all(&given::folder())?;
    let mut figures = Vec::new();
    for (at, row) in (1_usize..).zip(rows) {
        eprintln!("{at} of {}: {}", rows.len(), row.name());
        let given = given.iter().find(|(set, _)| *set == row.set).map(|(_, given)| given);
        figures.push(row.measure(given.ok_or_else(|| Failure::new("there is nothing to verify"))?)?);
    }
    Ok(Table {
        schema: "twinseal.device/1",
        compiler: first_line("rustc", "--version")?,
        emulator: first_line("qemu-system-arm", "--version")?,
        rows: figures,
    })
}

impl Table {
    /// As Markdown.
    pub(crate) fn text(&self) -> Result<String> {
        let mut text = String::new();
        writeln!(text, "{}; {}", self.compiler, self.emulator)?;
        writeln!(
            text,
            "\n| row | instructions | stack B | lent B | flash B | tables B |\n|---|---:|---:|---:|---:|---:|"
        )?;
        for Figures { row, instructions, stack, buffers, flash, tables, .. } in &self.rows {
            writeln!(text, "| {row} | {instructions} | {stack} | {buffers} | {flash} | {tables} |")?;
        }
        writeln!(text, "\n{}", parts::text(self.rows.iter().map(|row| (row.row.as_str(), &row.parts)))?)?;
        Ok(text)
    }
}

fn names() -> String {
    row::rows().iter().map(|row| format!("  {}\n", row.name())).collect()
}

/// What a program says of its version.
pub(crate) fn first_line(program: &'static str, argument: &str) -> Result<String> {
    let output = std::process::Command::new(program).arg(argument).output().map_err(|_| Failure::needs(program))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned())
}
