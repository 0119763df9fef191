//! The boards of QEMU, and how one is run.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::failure::{Failure, Result};

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Board {
    /// BBC micro:bit: Cortex-M0, 16 KiB of RAM
    M0,
    /// MPS2, AN385: Cortex-M3
    M3,
    /// MPS2, AN386: Cortex-M4
    M4,
    /// MPS2, AN500: Cortex-M7
    M7,
    /// MPS2, AN505: Cortex-M33
    M33,
    /// RISC-V 32 `virt`
    Rv32,
}

impl Board {
    /// Its short name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::M0 => "m0",
            Self::M3 => "m3",
            Self::M4 => "m4",
            Self::M7 => "m7",
            Self::M33 => "m33",
            Self::Rv32 => "rv32",
        }
    }

    /// What Rust calls what runs on it.
    pub(crate) const fn target(self) -> &'static str {
        match self {
            Self::M0 => "thumbv6m-none-eabi",
            Self::M3 => "thumbv7m-none-eabi",
            Self::M4 | Self::M7 => "thumbv7em-none-eabi",
            Self::M33 => "thumbv8m.main-none-eabi",
            Self::Rv32 => "riscv32imc-unknown-none-elf",
        }
    }

    /// What QEMU calls it.
    const fn machine(self) -> &'static str {
        match self {
            Self::M0 => "microbit",
            Self::M3 => "mps2-an385",
            Self::M4 => "mps2-an386",
            Self::M7 => "mps2-an500",
            Self::M33 => "mps2-an505",
            Self::Rv32 => "virt",
        }
    }

    /// The program that emulates it.
    pub(crate) const fn emulator(self) -> &'static str {
        match self {
            Self::Rv32 => "qemu-system-riscv32",
            _ => "qemu-system-arm",
        }
    }

    /// How many instructions go by in 1,000 counts of its counter, when QEMU lets one go by in a nanosecond: SysTick counts the
    /// processor's clock, `minstret` counts instructions.
    pub(crate) const fn instructions_in_1000_counts(self) -> u64 {
        match self {
            Self::M0 => 62_500,
            Self::M3 | Self::M4 | Self::M7 => 40_000,
            Self::M33 => 50_000,
            Self::Rv32 => 1_000,
        }
    }

    /// Whether its processor is a Cortex-M.
    pub(crate) const fn is_cortex_m(self) -> bool {
        !matches!(self, Self::Rv32)
    }

    /// QEMU with this image, not yet started.
    pub(crate) fn command(self, image: &Path) -> Command {
        let mut command = Command::new(self.emulator());
        command.args(["-M", self.machine(), "-display", "none", "-monitor", "none", "-serial", "none", "-kernel"]);
        command.arg(image);
        if self == Self::Rv32 {
            command.args(["-bios", "none"]);
        }
        command.args(["-semihosting-config", "enable=on,target=native"]);
        command
    }

    /// Why QEMU could not be started.
    pub(crate) fn not_run(self, error: std::io::Error) -> Failure {
        match error.kind() {
            std::io::ErrorKind::NotFound => Failure::needs(self.emulator()),
            _ => error.into(),
        }
    }

    /// Runs an image and returns what it prints.
    ///
    /// # Errors
    /// QEMU is not there, the image says that it failed, or it does not end in time.
    pub(crate) fn run(self, image: &Path, run: &Run<'_>) -> Result<String> {
        let mut command = self.command(image);
        if run.counted {
            command.args(["-icount", "shift=0"]);
        }
        if let Some(folder) = run.folder {
            command.current_dir(folder);
        }
        // QEMU prints what an image says to standard error; a file holds any amount of it.
        let said = image.with_extension("said");
        let file = File::create(&said)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let mut child = command.spawn().map_err(|error| self.not_run(error))?;
        let end = Instant::now().checked_add(run.limit);
        let status = loop {
            match child.try_wait()? {
                Some(status) => break status,
                None if end.is_some_and(|end| Instant::now() > end) => {
                    child.kill()?;
                    child.wait()?;
                    return Err(Failure::new(format!(
                        "{}: {} did not end in {:?}",
                        self.name(),
                        image.display(),
                        run.limit
                    )));
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        let mut text = String::new();
        File::open(&said)?.read_to_string(&mut text)?;
        if status.success() {
            Ok(text)
        } else {
            Err(Failure::new(format!("{}: {} ended with {status}: {}", self.name(), image.display(), text.trim())))
        }
    }
}

/// How an image is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    /// Whether every instruction takes a nanosecond, so that the counters count instructions. Slower.
    pub(crate) counted: bool,
    /// Where the image finds files.
    pub(crate) folder: Option<&'a Path>,
    /// How long it may take.
    pub(crate) limit: Duration,
}
