//! Where the instructions of a row go, and who stands on the stack when it is deepest: by function, from a run in QEMU that logs every
//! instruction.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::budget::Budgets;
use crate::failure::{Failure, Result};
use crate::given;
use crate::parts::Part;
use crate::row::{self, Row};
use crate::symbols::Functions;
use crate::table::first_line;

mod text;
mod trace;
mod walk;

pub(crate) use text::page;
use walk::{Walk, Walked};

/// Arguments of `profile`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cargo run -p twinseal-device -- profile
  cargo run -p twinseal-device -- profile 'm4 road pull fast' --json target/profile.json
  cargo run -p twinseal-device -- profile --update    # what `report` shows")]
pub(crate) struct ProfileArgs {
    /// Only rows whose name has this in it, of those on a Cortex-M; else the rows that docs/performance.md shows
    filter: Option<String>,
    /// Also write the profiles as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write device/profile.json, which `report` reads
    #[arg(long, conflicts_with_all = ["filter", "json"])]
    update: bool,
}

/// Everything that was profiled, and with what.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Profiles {
    pub(crate) schema: String,
    /// What `rustc --version` says.
    pub(crate) compiler: String,
    /// What QEMU says.
    pub(crate) emulator: String,
    pub(crate) rows: Vec<Profile>,
}

/// A row's profile.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) row: String,
    /// As the image counts them itself: what `measure` shows.
    pub(crate) instructions: u64,
    /// As the paint shows it: what `measure` shows.
    pub(crate) stack: u64,
    pub(crate) functions: Vec<Share>,
    /// The deepest chain of calls, callers in front.
    pub(crate) deepest: Vec<Held>,
}

/// What a function took, without those it called.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Share {
    pub(crate) function: String,
    pub(crate) part: Part,
    pub(crate) calls: u64,
    pub(crate) instructions: u64,
}

/// Bytes of stack that a function held when the stack was deepest.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) function: String,
    pub(crate) part: Part,
    pub(crate) bytes: u64,
}

impl ProfileArgs {
    /// # Errors
    /// A row could not be run, or its instructions do not add up to what was counted.
    pub(crate) fn run(&self) -> Result<()> {
        let possible = row::rows().into_iter().filter(|row| row.recipe.board.is_cortex_m());
        let rows: Vec<_> = possible.filter(|row| self.names(&row.name())).collect();
        if rows.is_empty() {
            return Err(Failure::new(format!("no row on a Cortex-M has {:?} in its name", self.filter)));
        }
        let profiles = profile(&rows)?;
        print!("{}", text::all(&profiles)?);
        let file = if self.update { Some(path()) } else { self.json.clone() };
        if let Some(file) = file {
            fs::write(file, serde_json::to_string_pretty(&profiles)? + "\n")?;
        }
        Ok(())
    }

    fn names(&self, row: &str) -> bool {
        self.filter.as_deref().map_or_else(|| SHOWN.contains(&row), |filter| row.contains(filter))
    }
}

/// Profiles rows one after the other, and says on standard error where it is.
fn profile(rows: &[Row]) -> Result<Profiles> {
    let given = given::write_all(&given::folder())?;
    let mut profiles = Vec::new();
    for (at, row) in (1_usize..).zip(rows) {
        eprintln!("{at} of {}: {}", rows.len(), row.name());
        let given = given.iter().find(|(set, _)| *set == row.set).map(|(_, given)| given);
        let figures = row.measure(given.ok_or_else(|| Failure::new("there is nothing to verify"))?)?;
        let (functions, walked) = follow(row)?;
        let profile = Profile::new(&functions, &walked, &figures)?;
        profile.hold()?;
        profiles.push(profile);
    }
    Ok(Profiles {
        schema: "twinseal.device-profile/1".into(),
        compiler: first_line("rustc", "--version")?,
        emulator: first_line("qemu-system-arm", "--version")?,
        rows: profiles,
    })
}

/// Runs a row's image and follows what is measured in it, the first time that it is called.
fn follow(row: &Row) -> Result<(Functions, Walked)> {
    let image = row.recipe.build()?;
    let bytes = fs::read(&image.path)?;
    let functions = Functions::of(&object::File::parse(&*bytes)?)?;
    let entry = SUBJECTS.into_iter().find_map(|name| functions.named(name));
    let mut walk = Walk::new(&functions, entry.ok_or_else(|| Failure::new("the image has no subject"))?);
    let mut command = row.recipe.board.command(&image.path);
    command.args(["-singlestep", "-d", "exec,cpu,nochain", "-D", "/dev/stdout"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running(command.spawn().map_err(|error| row.recipe.board.not_run(error))?);
    let log = running.0.stdout.take().ok_or_else(|| Failure::new("QEMU has no output"))?;
    trace::read(BufReader::with_capacity(1 << 20, log), |step| walk.step(step))?;
    let walked = walk.finish()?;
    Ok((functions, walked))
}

/// QEMU, which has no reason to go on when it was followed far enough.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Profile {
    fn new(functions: &Functions, walked: &Walked, figures: &row::Figures) -> Result<Self> {
        let name = |place: usize| -> Result<(String, Part)> {
            let function = functions.get(place).ok_or_else(|| Failure::new("there is no such function"))?;
            Ok((function.name.clone(), Part::of(&function.name)))
        };
        let mut shares = Vec::new();
        for (place, count) in &walked.counts {
            let (function, part) = name(*place)?;
            shares.push(Share { function, part, calls: count.calls, instructions: count.instructions });
        }
        shares.sort_by(|one, other| (other.instructions, &one.function).cmp(&(one.instructions, &other.function)));
        let deepest = walked.deepest.iter().map(|(place, bytes)| {
            let (function, part) = name(*place)?;
            Ok(Held { function, part, bytes: *bytes })
        });
        Ok(Self {
            row: figures.row.clone(),
            instructions: figures.instructions,
            stack: figures.stack,
            functions: shares,
            deepest: deepest.collect::<Result<_>>()?,
        })
    }

    /// How many instructions were seen.
    fn seen(&self) -> u64 {
        self.functions.iter().map(|share| share.instructions).sum()
    }

    /// How far down the stack pointer was seen.
    fn depth(&self) -> u64 {
        self.deepest.iter().map(|held| held.bytes).sum()
    }

    /// The two ways to count agree.
    fn hold(&self) -> Result<()> {
        if self.seen().abs_diff(self.instructions).saturating_mul(100) > self.instructions {
            return Err(Failure::new(format!(
                "{}: {} instructions were seen, and {} counted",
                self.row,
                self.seen(),
                self.instructions
            )));
        }
        if self.depth().abs_diff(self.stack) > AROUND {
            return Err(Failure::new(format!(
                "{}: the stack was seen {} bytes deep, and {} bytes lost their paint",
                self.row,
                self.depth(),
                self.stack
            )));
        }
        Ok(())
    }

    /// Instructions by part.
    fn parts(&self) -> BTreeMap<Part, u64> {
        let mut parts = BTreeMap::new();
        for share in &self.functions {
            let sum: &mut u64 = parts.entry(share.part).or_default();
            *sum = sum.saturating_add(share.instructions);
        }
        parts
    }
}

impl Profiles {
    /// Reads what `--update` wrote.
    ///
    /// # Errors
    /// It is not there, it is not what it should be, or it is of other images than the budgets are.
    pub(crate) fn read(budgets: &Budgets) -> Result<Self> {
        let this: Self = serde_json::from_slice(&fs::read(path())?)?;
        this.hold(budgets)?;
        Ok(this)
    }

    /// They are those of the rows that are shown, and of the images that the budgets were measured with.
    fn hold(&self, budgets: &Budgets) -> Result<()> {
        let stale = |what: &str| Failure::new(format!("{what}: `profile --update` makes the profiles anew"));
        if self.compiler != budgets.compiler {
            return Err(stale("the profiles are by another compiler than the budgets"));
        }
        for name in SHOWN {
            let profile = self.rows.iter().find(|profile| profile.row == name).ok_or_else(|| stale(name))?;
            profile.hold()?;
            let limits = budgets.rows.get(name).ok_or_else(|| stale(name))?;
            let apart = profile.instructions.abs_diff(limits.instructions).saturating_mul(100);
            if apart > limits.instructions || profile.stack != limits.stack {
                return Err(stale(name));
            }
        }
        Ok(())
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("profile.json")
}

/// Bytes of stack between the paint's top and the first function that is followed: who calls it from within `measure`.
const AROUND: u64 = 64;

/// What images measure: the first that is there.
const SUBJECTS: [&str; 4] = [
    "twinseal_firmware::subject::road",
    "twinseal_firmware::subject::verify",
    "twinseal_firmware::subject::digest",
    "twinseal_firmware::subject::installing",
];

/// What docs/performance.md shows.
pub(crate) const SHOWN: [&str; 4] = [
    "m4 road pull compact set65 opt-3",
    "m4 road pull fast set65 opt-3",
    "m4 road boot small teeth4 set65 opt-z",
    "m4 road pull boot small teeth4 set65 opt-z",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Limits;

    fn profile(seen: u64, depth: u64) -> Profile {
        let share = Share { function: "a".into(), part: Part::Decision, calls: 1, instructions: seen };
        let held = Held { function: "a".into(), part: Part::Decision, bytes: depth };
        Profile { row: "m4".into(), instructions: 1000, stack: 500, functions: vec![share], deepest: vec![held] }
    }

    #[test]
    fn the_two_ways_to_count_have_to_agree() {
        for (seen, depth, agree) in [
            (1000, 500, true),
            (990, 436, true),
            (1010, 564, true),
            (989, 500, false),
            (1011, 500, false),
            (1000, 435, false),
            (1000, 565, false),
        ] {
            assert_eq!(profile(seen, depth).hold().is_ok(), agree, "{seen} {depth}");
        }
    }

    #[test]
    fn profiles_of_other_images_than_the_budgets_are_refused() {
        let limits = |instructions, stack| Limits { instructions, stack, buffers: 0, flash: 0, tables: 0 };
        let budgets = |compiler: &str, instructions, stack| Budgets {
            compiler: compiler.into(),
            rows: SHOWN.map(|row| (row.to_owned(), limits(instructions, stack))).into(),
        };
        let rows = SHOWN.map(|row| Profile { row: row.into(), ..profile(1000, 500) }).into();
        let mut profiles =
            Profiles { schema: String::new(), compiler: "rustc 1".into(), emulator: String::new(), rows };
        assert!(profiles.hold(&budgets("rustc 1", 1005, 500)).is_ok());
        for stale in [budgets("rustc 2", 1000, 500), budgets("rustc 1", 1020, 500), budgets("rustc 1", 1000, 501)] {
            assert!(profiles.hold(&stale).is_err());
        }
        profiles.rows.pop();
        assert!(profiles.hold(&budgets("rustc 1", 1000, 500)).is_err(), "a row is missing");
    }
}
