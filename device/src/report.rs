//! docs/performance.md and its charts, out of the budgets (which are measurements), what criterion left, and figures of others that are quoted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;

use crate::budget::{Budgets, Limits};
use crate::chart::{Bar, chart};
use crate::failure::Result;
use crate::parts;
use crate::table::first_line;

/// Arguments of `report`.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  cargo run -p twinseal-device -- budget --update
  cargo bench -p twinseal-benches --bench verify --features c-peers
  cargo run -p twinseal-device -- report")]
pub(crate) struct Report {}

/// What is quoted.
#[derive(Debug, Deserialize)]
struct Peers {
    peer: Vec<Peer>,
}

#[derive(Debug, Deserialize)]
struct Peer {
    name: String,
    of: String,
    instructions: u64,
    stack: u64,
    flash: u64,
}

/// What criterion says of one function.
#[derive(Debug, Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Debug, Deserialize)]
struct Estimate {
    point_estimate: f64,
}

impl Report {
    /// Writes the page and its charts.
    ///
    /// # Errors
    /// A file could not be read or written.
    #[expect(clippy::unused_self, reason = "all commands look alike")]
    pub(crate) fn run(&self) -> Result<()> {
        let budgets = Budgets::read()?;
        let peers: Peers = toml::from_str(&fs::read_to_string(here("peers.toml"))?)?;
        let docs = here("../docs");
        fs::create_dir_all(docs.join("performance"))?;
        let mut page = String::from(HEAD);
        let date = std::process::Command::new("date").arg("+%Y-%m-%d").output()?;
        writeln!(
            page,
            "Written {} by `cargo run -p twinseal-device -- report`.\n",
            String::from_utf8_lossy(&date.stdout).trim()
        )?;
        writeln!(page, "## On a Cortex-M4: ML-DSA-65 beside others\n")?;
        writeln!(
            page,
            "`budget --update`, {}, {}. The others are quoted: measured once, on 2026-11-23, in the same machine and in the same way, \
             by another compiler (`device/peers.toml` says which).\n",
            budgets.compiler,
            first_line("qemu-system-arm", "--version")?
        )?;
        let mut rows: Vec<(String, Limits, bool)> = [
            ("twinseal, compact", "m4 ml-dsa compact set65 opt-3"),
            ("twinseal, compact, opt-s", "m4 ml-dsa compact set65 opt-s"),
            ("twinseal, expanded, small", "m4 ml-dsa small set65 opt-3"),
            ("twinseal, expanded, fast", "m4 ml-dsa fast set65 opt-3"),
        ]
        .into_iter()
        .filter_map(|(name, row)| Some((name.to_owned(), *budgets.rows.get(row)?, true)))
        .collect();
        rows.extend(peers.peer.iter().filter(|peer| peer.of == "ML-DSA-65").map(|peer| {
            let Peer { name, instructions, stack, flash, .. } = peer;
            (
                name.clone(),
                Limits { instructions: *instructions, stack: *stack, buffers: 0, flash: *flash, tables: 0 },
                false,
            )
        }));
        let best = peers.peer.iter().map(|peer| peer.instructions).min().unwrap_or(1);
        writeln!(
            page,
            "| | instructions | to the best of the others | stack B | flash B | tables B |\n|---|---:|---:|---:|---:|---:|"
        )?;
        for (name, limits, _) in &rows {
            let Limits { instructions, stack, flash, tables, .. } = limits;
            writeln!(
                page,
                "| {name} | {instructions} | {} | {stack} | {flash} | {tables} |",
                ratio(*instructions, best)
            )?;
        }
        type Figure = fn(&Limits) -> u64;
        let charts: [(&str, &str, Figure); 3] = [
            ("time", "instructions", |limits| limits.instructions),
            ("stack", "bytes of stack", |limits| limits.stack),
            ("flash", "bytes of flash, without tables", |limits| limits.flash),
        ];
        for (file, title, figure) in charts {
            let bars: Vec<_> =
                rows.iter().map(|(name, limits, ours)| Bar { name, value: figure(limits), ours: *ours }).collect();
            fs::write(
                docs.join(format!("performance/{file}.svg")),
                chart(&format!("ML-DSA-65 on a Cortex-M4: {title}"), &bars)?,
            )?;
            writeln!(page, "\n![{title}](performance/{file}.svg)")?;
        }
        writeln!(page, "\n## Every row that has a budget\n\n{TABLE_NOTE}\n")?;
        writeln!(
            page,
            "| row | instructions | stack B | lent B | flash B | tables B |\n|---|---:|---:|---:|---:|---:|"
        )?;
        for (row, Limits { instructions, stack, buffers, flash, tables }) in &budgets.rows {
            writeln!(page, "| {row} | {instructions} | {stack} | {buffers} | {flash} | {tables} |")?;
        }
        writeln!(page, "\n## Flash by part\n\n{PARTS_NOTE}\n")?;
        let rows: Vec<_> =
            crate::row::rows().into_iter().filter(|row| TAKEN_APART.contains(&row.name().as_str())).collect();
        let parts = rows.iter().map(|row| Ok((row.name(), row.parts()?))).collect::<Result<Vec<_>>>()?;
        page.push_str(&parts::text(parts.iter().map(|(name, parts)| (name.as_str(), parts)))?);
        host(&mut page)?;
        page.push_str(NOT_MEASURED);
        fs::write(docs.join("performance.md"), page)?;
        println!("docs/performance.md and three charts");
        Ok(())
    }
}

/// What criterion left of the last run, by group.
fn host(page: &mut String) -> Result<()> {
    writeln!(page, "\n## On a host\n")?;
    let mut groups: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    let folder = here("../target/criterion");
    for (group, functions) in folders(&folder) {
        for (function, path) in folders(&functions) {
            // A function with sizes has a folder for each.
            let found = path.join("new/estimates.json");
            let sizes = folders(&path)
                .into_iter()
                .map(|(size, path)| (format!("{function}, {size} bytes"), path.join("new/estimates.json")));
            for (name, file) in core::iter::once((function.clone(), found)).chain(sizes) {
                if let Ok(bytes) = fs::read(file) {
                    let estimates: Estimates = serde_json::from_slice(&bytes)?;
                    groups.entry(group.clone()).or_default().insert(name, estimates.median.point_estimate);
                }
            }
        }
    }
    if groups.is_empty() {
        writeln!(
            page,
            "Not measured: `cargo bench -p twinseal-benches --bench verify --features c-peers` was not run."
        )?;
        return Ok(());
    }
    writeln!(page, "{HOST_NOTE}\n")?;
    for (group, functions) in groups {
        writeln!(page, "| {group} | median | to `twinseal` |\n|---|---:|---:|")?;
        let ours = functions.get("twinseal").copied();
        for (name, nanoseconds) in &functions {
            let ratio = ours.map_or_else(String::new, |ours| format!("{:.2}", nanoseconds / ours));
            writeln!(page, "| {name} | {:.1} us | {ratio} |", nanoseconds / 1000.0)?;
        }
        writeln!(page)?;
    }
    Ok(())
}

/// The folders in a folder, by name; none if it is not there.
fn folders(path: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(path).into_iter().flatten().filter_map(core::result::Result::ok);
    let mut folders: Vec<_> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .filter(|(name, _)| !["report", "new", "base", "change"].contains(&name.as_str()))
        .collect();
    folders.sort();
    folders
}

fn ratio(value: u64, to: u64) -> String {
    let hundredths = value.saturating_mul(100).checked_div(to).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

const HEAD: &str = "\
# What it costs

Figures, how they are taken, and what they are not. Counts of instructions are not cycles, and QEMU is not a board: they compare, they do not promise.
[device/README.md](../device/README.md) says what each column means.

";

const TABLE_NOTE: &str = "\
`fast` and `small` are expanded anchors with z kept or not, with combs of eight teeth for Ed25519 unless a row says otherwise. A road is everything from the bytes of the \
trust store and of the bundle to the proof, with two images of together 57 bytes; `hash` is 4 KiB of payload alone (set44: SHA-256, set65: SHA-384). \
The CI fails when a figure is more than 2 % above its row in `device/budgets.toml`, from which this table is written; a row that was given room there shows the room.";

const PARTS_NOTE: &str = "\
By where functions and constants come from, as linked; what the compiler puts into another function counts for that one. `measure` prints it for \
every row, and its JSON has it.";

const TAKEN_APART: [&str; 4] = [
    "m4 road boot small teeth4 set65 opt-z",
    "m4 road pull boot small teeth4 set65 opt-z",
    "m4 road pull fast set65 opt-3",
    "m4 road pull compact set65 opt-3",
];

const HOST_NOTE: &str = "\
`cargo bench -p twinseal-benches --bench verify --features c-peers`, all of a group in one run, by criterion; medians on a machine with two shared processors. \
`pqcrypto-dilithium` implements a draft of the standard and is timed over a signature of its own (ADR 1).";

const NOT_MEASURED: &str = "
## Not measured

- Cycles, flash wait states, energy: there is no hardware here.
- The others on boards other than the Cortex-M4, and again with today's compiler.
- Whole roads of 64 MiB to 1 GiB on a host, and signing beside others.
";
