//! `twinseal quickstart`: the whole road in one go, by the very commands that it prints.

use core::ops::Range;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process;

use serde::Serialize;

use crate::bundle::Bundle;
use crate::error::{Failure, Result, name};
use crate::forms::Opened;
use crate::input::{open_plain, unreadable};
use crate::report::Report;
use crate::trouble::Trouble;

/// Arguments of `quickstart`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal quickstart
  twinseal quickstart --firmware build/app.bin --out try
  twinseal quickstart --firmware micropython.hex --window 0x0..0x40000

Every step is a command of this tool, run as printed; afterwards the directory holds everything to run them again. \
Without --firmware it seals a small thermostat firmware whose source is in device/sample of this project.")]
pub struct Args {
    /// Firmware to seal: a flat image, or Intel HEX (.hex) or ELF (.elf)
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,

    /// For HEX and ELF: which addresses to take
    #[arg(long, value_name = "FROM..TO", value_parser = window, requires = "firmware")]
    window: Option<Range<u64>>,

    /// The directory to make
    #[arg(long, value_name = "DIR", default_value = "twinseal-quickstart")]
    out: PathBuf,
}

impl Args {
    /// Runs the steps.
    ///
    /// # Errors
    ///
    /// A step did not end as it must. The directory is left as it is then, to look into.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let tool =
            std::env::current_exe().map_err(|error| Failure::new("the tool can not find itself").because(error))?;
        let firmware = self.given()?;
        fs::create_dir(&self.out).map_err(|error| {
            Failure::new(format!("{}: can not be made", name(&self.out)))
                .because(error)
                .remedy("name another directory with --out, or remove this one")
        })?;
        let at = |file: &str| name(&self.out.join(file));
        let format = self.prepare(firmware)?;
        let bundle = at("firmware-1.0.0.twinseal");
        let flipped = at("flipped.twinseal");

        let mut steps = Vec::new();
        let mut step = |purpose, expected, arguments: &[&str]| -> Result<()> {
            steps.push(Step::run(&tool, purpose, expected, arguments)?);
            Ok(())
        };
        step("Make a signing identity: two keys that seal together", 0, &["keygen", "--out", &at("identity")])?;
        step(
            "Write the trust store that devices are provisioned with, from the public keys",
            0,
            &[
                "trust",
                "make",
                "--vendor",
                VENDOR,
                "--model",
                MODEL,
                "--release",
                &at("identity"),
                "--out",
                &at("trust.cbor"),
            ],
        )?;
        step(
            "Seal the firmware, with both seals",
            0,
            &["sign", "--release", &at("release.toml"), "--identity", &at("identity"), "--out", &bundle],
        )?;
        let (trust, device) = (at("trust.cbor"), at("device.toml"));
        let verify = |bundle| ["verify", bundle, "--trust", &trust, "--device", &device];
        step("Decide as the device would, with the device's own code", 0, &verify(&bundle))?;
        flip_last_bit(Path::new(&bundle), Path::new(&flipped))?;
        step("The same with one bit of the firmware flipped", 1, &verify(&flipped))?;
        step("Show what the bundle says, and who vouches for it", 0, &["inspect", &bundle, "--trust", &trust])?;
        Ok(Finished { directory: name(&self.out), firmware: self.source(), format, steps })
    }

    fn source(&self) -> String {
        self.firmware.as_deref().map_or_else(|| "the sample thermostat (device/sample)".to_owned(), name)
    }

    /// The firmware that was given, if any: its whole path and its format. It can be opened, or nothing is begun.
    fn given(&self) -> Result<Option<(String, &'static str)>> {
        let Some(path) = &self.firmware else { return Ok(None) };
        open_plain(path)?;
        let absolute = fs::canonicalize(path).map_err(|error| unreadable(path, error))?;
        let absolute = absolute
            .into_os_string()
            .into_string()
            .map_err(|_| Failure::new(format!("{}: its path is not UTF-8, as a release file is", name(path))))?;
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let format = match extension.to_ascii_lowercase().as_str() {
            "hex" | "ihex" => "ihex",
            "elf" => "elf",
            _ => "raw",
        };
        Ok(Some((absolute, format)))
    }

    /// Writes the firmware, the release file and the device file.
    fn prepare(&self, firmware: Option<(String, &'static str)>) -> Result<&'static str> {
        let (file, format) = if let Some(given) = firmware {
            given
        } else {
            self.write("thermostat.bin", SAMPLE)?;
            ("thermostat.bin".to_owned(), "raw")
        };
        // A string of JSON is one of TOML, too; what Rust makes of some letters is not.
        let file = serde_json::Value::from(file);
        let window = self.window.as_ref().map(|range| format!("window = [{:#x}, {:#x}]\n", range.start, range.end));
        let release = format!(
            "# What is to be sealed; `twinseal sign --help` explains every line.\n[release]\nvendor = {VENDOR:?}\nmodel = {MODEL:?}\n\
             version = \"1.0.0\"\nsequence-number = 1\nsecurity-version = 1\n\n[[component]]\nid = \"firmware\"\npath = {file}\n\
             format = {format:?}\n{}",
            window.unwrap_or_default()
        );
        let device = format!(
            "# What the device knows of itself; `twinseal verify --help` explains every line.\nvendor = {VENDOR:?}\n\
             model = {MODEL:?}\ncomponents = [\"firmware\"]\nrollback-counter = 1\n"
        );
        self.write("release.toml", release.as_bytes())?;
        self.write("device.toml", device.as_bytes())?;
        Ok(format)
    }

    fn write(&self, file: &str, bytes: &[u8]) -> Result<()> {
        let path = self.out.join(file);
        fs::write(&path, bytes)
            .map_err(|error| Failure::new(format!("{}: can not be written", name(&path))).because(error))
    }
}

/// Reads `0x0..0x40000`.
fn window(text: &str) -> core::result::Result<Range<u64>, String> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    let (from, to) = text.split_once("..").ok_or("write it as 0x0..0x40000")?;
    match (number(from), number(to)) {
        (Some(from), Some(to)) => Ok(from..to),
        _ => Err("write it as 0x0..0x40000".to_owned()),
    }
}

/// Copies a bundle, and flips the lowest bit of the last byte of its firmware.
fn flip_last_bit(from: &Path, to: &Path) -> Result<()> {
    let bundle = Bundle::open(from)?;
    let opened = Trouble::finding(Opened::new(&bundle))?;
    let opened = opened.map_err(|error| Failure::new(format!("{}: is no bundle", name(from))).because(error))?;
    let last = opened.layout.payloads.first().map_or(0, |entry| entry.end().saturating_sub(1));
    let flip = || -> io::Result<()> {
        fs::copy(from, to)?;
        let file = OpenOptions::new().read(true).write(true).open(to)?;
        let mut byte = [0];
        file.read_exact_at(&mut byte, last)?;
        file.write_all_at(&byte.map(|byte| byte ^ 1), last)
    };
    flip().map_err(|error| Failure::new(format!("{}: can not be written", name(to))).because(error))
}

/// A command that was run.
#[derive(Serialize)]
struct Step {
    purpose: &'static str,
    command: String,
    exit: i32,
    output: String,
}

impl Step {
    fn run(tool: &Path, purpose: &'static str, expected: i32, arguments: &[&str]) -> Result<Self> {
        let command = format!("twinseal {}", arguments.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
        let ran = process::Command::new(tool).args(arguments).stderr(process::Stdio::piped()).output();
        let ran = ran.map_err(|error| Failure::new(format!("`{command}`: can not be run")).because(error))?;
        let exit = ran.status.code().unwrap_or(-1);
        if exit != expected {
            let said =
                String::from_utf8_lossy(if ran.stderr.is_empty() { &ran.stdout } else { &ran.stderr }).into_owned();
            return Err(Failure::new(format!("`{command}`: ended with {exit}, not {expected}: {}", said.trim()))
                .remedy("for firmware in HEX or ELF, --window says which addresses to take"));
        }
        Ok(Self { purpose, command, exit, output: String::from_utf8_lossy(&ran.stdout).into_owned() })
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[derive(Serialize)]
struct Finished {
    directory: String,
    firmware: String,
    format: &'static str,
    steps: Vec<Step>,
}

impl Report for Finished {
    const SCHEMA: &'static str = "twinseal.quickstart/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Sealing {} ({})\n", self.firmware, self.format)?;
        for (number, step) in (1..).zip(&self.steps) {
            let number: u32 = number;
            writeln!(out, "{number}. {}\n", step.purpose)?;
            writeln!(out, "   $ {}", step.command)?;
            for line in step.output.lines() {
                writeln!(out, "   {line}")?;
            }
            writeln!(out, "   (exit code {})\n", step.exit)?;
        }
        writeln!(out, "Everything is in {}: change it and run the commands again.", self.directory)?;
        writeln!(out, "`twinseal --help` lists all commands; docs/procedure.md says what a device does, and why.")
    }
}

/// The sample firmware, as device/sample/build.sh makes it.
const SAMPLE: &[u8] = include_bytes!("../../../device/sample/thermostat.bin");
const VENDOR: &str = "vendor.example";
const MODEL: &str = "thermostat";
