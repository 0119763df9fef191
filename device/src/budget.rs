//! Budgets: no figure grows by more than 2 % unless the file of budgets changes in the same commit.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;

use crate::Failure;
use crate::failure::Result;
use crate::row::{self, Figures};
use crate::table::{Table, first_line, measure};

/// Arguments of `budget`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cargo run -p twinseal-device -- budget
  cargo run -p twinseal-device -- budget --update    # after a change that is worth it")]
pub(crate) struct Budget {
    /// Write the file of budgets anew instead of holding against it
    #[arg(long)]
    update: bool,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budgets {
    /// By which compiler it was measured. Another one makes other code, and says nothing about a change of ours.
    pub(crate) compiler: String,
    #[serde(default)]
    pub(crate) rows: BTreeMap<String, Limits>,
}

/// What a row may cost.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) instructions: u64,
    pub(crate) stack: u64,
    pub(crate) buffers: u64,
    pub(crate) flash: u64,
    pub(crate) tables: u64,
}

impl Budgets {
    /// Reads the file.
    ///
    /// # Errors
    /// It is not there, or not what it should be.
    pub(crate) fn read() -> Result<Self> {
        Ok(toml::from_str(&fs::read_to_string(path())?)?)
    }
}

impl Budget {
    /// Whether every figure is within its budget.
    ///
    /// # Errors
    /// What could not be measured, or that the compiler is not the one of the budgets.
    pub(crate) fn run(&self) -> Result<bool> {
        if self.update {
            let table = measure(&row::rows())?;
            fs::write(path(), write(&table)?)?;
            println!("{} rows written to {}", table.rows.len(), path().display());
            return Ok(true);
        }
        let budgets = Budgets::read()?;
        let compiler = first_line("rustc", "--version")?;
        if compiler != budgets.compiler {
            return Err(Failure::new(format!(
                "the budgets are for {}, and this is {compiler}: that proves nothing. `budget --update` measures anew",
                budgets.compiler
            )));
        }
        let table = measure(&row::rows())?;
        print!("{}", table.text()?);
        let findings = hold(&budgets, &table.rows);
        for finding in &findings {
            println!("{finding}");
        }
        println!("{} rows, {} findings", table.rows.len(), findings.len());
        Ok(findings.is_empty())
    }
}

/// What is not within its budget.
fn hold(budgets: &Budgets, rows: &[Figures]) -> Vec<String> {
    let mut findings = Vec::new();
    for figures in rows {
        let Some(limits) = budgets.rows.get(&figures.row) else {
            findings.push(format!("{}: has no budget", figures.row));
            continue;
        };
        for (what, found, limit) in [
            ("instructions", figures.instructions, limits.instructions),
            ("stack", figures.stack, limits.stack),
            ("buffers", figures.buffers, limits.buffers),
            ("flash", figures.flash, limits.flash),
            ("tables", figures.tables, limits.tables),
        ] {
            if found.saturating_mul(100) > limit.saturating_mul(GROWTH) {
                findings.push(format!("{}: {what} {found}, budget {limit}", figures.row));
            }
        }
    }
    for name in budgets.rows.keys().filter(|name| !rows.iter().any(|row| row.row == **name)) {
        findings.push(format!("{name}: was not measured"));
    }
    findings
}

/// The file for what was measured.
fn write(table: &Table) -> Result<String> {
    let mut text = String::from(HEAD);
    writeln!(text, "compiler = {:?}", table.compiler)?;
    for Figures { row, instructions, stack, buffers, flash, tables, .. } in &table.rows {
        writeln!(
            text,
            "\n[rows.{row:?}]\ninstructions = {instructions}\nstack = {stack}\nbuffers = {buffers}\nflash = {flash}\ntables = {tables}"
        )?;
    }
    Ok(text)
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("budgets.toml")
}

/// In hundredths: what a figure may be of its budget.
const GROWTH: u64 = 102;

const HEAD: &str = "\
# What each row of the device table may cost. `cargo run -p twinseal-device -- budget` fails when a figure is more than 2 %
# above; `budget --update` writes this file, and the commit that does so says why it is worth it.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::Parts;

    fn figures() -> Figures {
        Figures {
            row: "m4 nothing".into(),
            instructions: 1000,
            stack: 100,
            buffers: 50,
            flash: 400,
            tables: 200,
            parts: Parts::new(),
        }
    }

    fn findings(rows: &[Figures]) -> Vec<String> {
        let table = Table { schema: "", compiler: "rustc 1".into(), emulator: String::new(), rows: vec![figures()] };
        let text = write(&table).unwrap_or_default();
        toml::from_str(&text).map_or_else(|error| vec![error.to_string()], |budgets| hold(&budgets, rows))
    }

    #[test]
    fn what_is_within_two_percent_passes() {
        assert_eq!(findings(&[figures()]), [""; 0]);
        let grown = Figures { instructions: 1020, stack: 102, buffers: 51, flash: 408, tables: 204, ..figures() };
        assert_eq!(findings(&[grown]), [""; 0]);
        let shrunk = Figures { instructions: 1, ..figures() };
        assert_eq!(findings(&[shrunk]), [""; 0]);
    }

    #[test]
    fn any_figure_that_grows_more_fires() {
        for (grown, finding) in [
            (Figures { instructions: 1021, ..figures() }, "m4 nothing: instructions 1021, budget 1000"),
            (Figures { stack: 103, ..figures() }, "m4 nothing: stack 103, budget 100"),
            (Figures { buffers: 52, ..figures() }, "m4 nothing: buffers 52, budget 50"),
            (Figures { flash: 409, ..figures() }, "m4 nothing: flash 409, budget 400"),
            (Figures { tables: 205, ..figures() }, "m4 nothing: tables 205, budget 200"),
        ] {
            assert_eq!(findings(&[grown]), [finding]);
        }
    }

    #[test]
    fn a_row_without_budget_and_a_budget_without_row_fire() {
        let other = Figures { row: "m4 something".into(), ..figures() };
        assert_eq!(findings(&[other]), ["m4 something: has no budget", "m4 nothing: was not measured"]);
    }
}
