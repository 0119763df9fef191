//! docs/performance.md and its charts, out of the budgets (which are measurements), what the benches found, and figures of others that are quoted.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;

use crate::budget::{Budgets, Limits};
use crate::chart::{Bar, chart};
use crate::failure::Result;
use crate::parts;
use crate::profile::{self, Profiles};
use crate::table::first_line;

/// Arguments of `report`.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  cargo run -p twinseal-device -- budget --update
  sh benches/performance.sh")]
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

/// What the benches leave in target/host-figures.json.
#[derive(Debug, Deserialize)]
struct Host {
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    name: String,
    functions: Vec<Function>,
}

/// A function's nanoseconds a call, by round.
#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    nanoseconds: Vec<u64>,
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
        installing(&mut page, &budgets)?;
        writeln!(page, "\n## Flash by part\n\n{PARTS_NOTE}\n")?;
        let rows: Vec<_> =
            crate::row::rows().into_iter().filter(|row| TAKEN_APART.contains(&row.name().as_str())).collect();
        let parts = rows.iter().map(|row| Ok((row.name(), row.parts()?))).collect::<Result<Vec<_>>>()?;
        page.push_str(&parts::text(parts.iter().map(|(name, parts)| (name.as_str(), parts)))?);
        page.push_str(&profile::page(&Profiles::read(&budgets)?)?);
        let before = fs::read_to_string(docs.join("performance.md"))?;
        host(&mut page, &docs, of_hosts(&before))?;
        page.push_str(NOT_MEASURED_HEAD);
        page.push_str(NOT_MEASURED);
        fs::write(docs.join("performance.md"), page)?;
        println!("docs/performance.md and three charts");
        Ok(())
    }
}

/// The installer beside embassy-boot.
fn installing(page: &mut String, budgets: &Budgets) -> Result<()> {
    writeln!(page, "\n## Installing and starting, beside embassy-boot\n\n{INSTALLING_NOTE}\n")?;
    writeln!(page, "| | instructions | stack B | lent B | flash B | tables B |\n|---|---:|---:|---:|---:|---:|")?;
    for (name, row) in INSTALLING {
        let Some(Limits { instructions, stack, buffers, flash, tables }) = budgets.rows.get(row) else { continue };
        writeln!(page, "| {name} | {instructions} | {stack} | {buffers} | {flash} | {tables} |")?;
    }
    Ok(())
}

/// What a page says of hosts, from behind the heading.
fn of_hosts(page: &str) -> &str {
    let begin = page.split_once(HOST_HEAD).map_or("", |(_, rest)| rest);
    begin.split_once(NOT_MEASURED_HEAD).map_or("", |(hosts, _)| hosts)
}

/// What the benches found in rounds, and a chart of the hybrid pair; `before` where the benches did not run here.
fn host(page: &mut String, docs: &Path, before: &str) -> Result<()> {
    page.push_str(HOST_HEAD);
    let Ok(bytes) = fs::read(here("../target/host-figures.json")) else {
        page.push_str(before);
        println!("hosts: as the page had it, for there is no target/host-figures.json (sh benches/performance.sh)");
        return Ok(());
    };
    let found: Host = serde_json::from_slice(&bytes)?;
    writeln!(page, "{HOST_NOTE}\n")?;
    for group in &found.groups {
        let base = |name: &str| group.functions.iter().find(|function| function.name == name);
        writeln!(page, "| {} | median | to `twinseal` | to `aws-lc-rs` |\n|---|---:|---:|---:|", group.name)?;
        for function in &group.functions {
            let to = |name: &str| base(name).map_or_else(String::new, |base| function.ratio_to(base));
            let median = Hundredths(median(&function.nanoseconds) / 10);
            writeln!(page, "| {} | {median} us | {} | {} |", function.name, to("twinseal"), to("aws-lc-rs"))?;
        }
        writeln!(page)?;
        if group.name == HYBRID {
            let bars: Vec<_> = group
                .functions
                .iter()
                .map(|function| Bar {
                    name: &function.name,
                    value: median(&function.nanoseconds),
                    ours: function.name.starts_with("twinseal"),
                })
                .collect();
            let title = "Both halves of a seal on a host: nanoseconds";
            fs::write(docs.join("performance/host.svg"), chart(title, &bars)?)?;
            writeln!(page, "![nanoseconds](performance/host.svg)\n")?;
        }
    }
    Ok(())
}

impl Function {
    /// The median of the ratios within each round, so that what disturbed a round disturbs no ratio.
    fn ratio_to(&self, base: &Self) -> String {
        let ratios: Vec<u64> = (self.nanoseconds.iter().zip(&base.nanoseconds))
            .map(|(own, base)| own.saturating_mul(100).checked_div(*base).unwrap_or(0))
            .collect();
        Hundredths(median(&ratios)).to_string()
    }
}

fn median(samples: &[u64]) -> u64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// A number with two digits behind the point.
struct Hundredths(u64);

impl core::fmt::Display for Hundredths {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

fn ratio(value: u64, to: u64) -> String {
    Hundredths(value.saturating_mul(100).checked_div(to).unwrap_or(0)).to_string()
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

const INSTALLING_NOTE: &str = "\
`twinseal-installer` and embassy-boot 0.7.0, built alike, over one flash with units of 8 bytes to write and 4096 to erase. Its driver only copies memory, so what \
flash costs hardly shows here. Both receive 57 bytes of images in chunks of 64 bytes. They do not do the same. Ours verifies both seals, decides, \
stores the envelope, writes, reads back, and notes each state in two sectors; at a start it reads the state, verifies the seals and all of the images again, and moves nothing. \
embassy-boot writes and marks; at a start after that it swaps, here an active partition of four pages: each page is copied twice and noted, however small the update is; at other starts it \
reads a word. It verifies nothing at a start, has no rollback counter, reads nothing back, and begins anew after a cut; its feature that verifies an Ed25519 signature before the mark is not in these figures. \
The rows of the road alone are the decision; what they leave of ours is the installer.";

/// What is shown of both, and what of ours is the decision alone.
const INSTALLING: [(&str, &str); 9] = [
    ("twinseal: receive and activate", "m4 install receive small set65 opt-3"),
    ("- of which the road alone", "m4 road push small set65 opt-3"),
    ("embassy-boot: write and mark", "m4 embassy receive set65 opt-3"),
    ("twinseal: start", "m4 install start small set65 opt-3"),
    ("- of which the road alone", "m4 road boot small set65 opt-3"),
    ("embassy-boot: start after an update (swap)", "m4 embassy start set65 opt-3"),
    ("twinseal: all of it, for size", "m4 install receive start small teeth4 set65 opt-z"),
    ("- of which the roads alone", "m4 road push boot small teeth4 set65 opt-z"),
    ("embassy-boot: all of it, for size", "m4 embassy receive start set65 opt-z"),
];

const TAKEN_APART: [&str; 4] = [
    "m4 road boot small teeth4 set65 opt-z",
    "m4 road pull boot small teeth4 set65 opt-z",
    "m4 road pull fast set65 opt-3",
    "m4 road pull compact set65 opt-3",
];

const HOST_NOTE: &str = "\
`sh benches/performance.sh`: all of a group in turns of some milliseconds, round after round, in one run; medians, and ratios as medians of the ratios within \
rounds, on a machine with two shared processors. `pqcrypto-dilithium` implements a draft of the standard and is timed over a signature of its own (ADR 1). \
Payloads of whole roads are zeros, made as they are read. Compare by the ratios: a median is of all rounds, busy ones too, so the quotient of two medians \
can differ from the ratio beside them. How much noise is left shows where hashing alone seems to take longer than the road that contains it.";

/// The group that has a chart.
const HYBRID: &str = "hybrid 65";

const HOST_HEAD: &str = "\n## On a host\n\n";
const NOT_MEASURED_HEAD: &str = "\n## Not measured\n\n";

const NOT_MEASURED: &str = "\
- Cycles, flash wait states, energy: there is no hardware here.
- The others on boards other than the Cortex-M4, and again with today's compiler.
- Signing by C libraries: `aws-lc-rs` signs with ML-DSA behind an unstable feature only.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_page_says_of_hosts_is_kept() {
        let page = format!("head{HOST_HEAD}| hosts |\n{NOT_MEASURED_HEAD}{NOT_MEASURED}");
        assert_eq!(of_hosts(&page), "| hosts |\n");
        assert_eq!(of_hosts("no such page"), "");
    }
}
