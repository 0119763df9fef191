//! The device in QEMU, its flash in a file, and the other end of its link.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crate::failure::{Failure, Result};

/// A device that may have power or not.
#[derive(Debug)]
pub(super) struct Machine {
    loader: PathBuf,
    path: PathBuf,
    flash: File,
    running: Option<Running>,
    /// How often it asked for bytes.
    pub(super) asked: u64,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It waits to be told what to do.
    Waits,
    /// It is off.
    Off,
}

impl Machine {
    /// A device without power, its flash as it comes from the maker of flash.
    pub(super) fn new(folder: &Path, loader: PathBuf) -> Result<Self> {
        let path = folder.join("flash");
        let flash = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
        flash.set_len(MEMORY)?;
        flash.write_all_at(&vec![0xff; usize::try_from(FLASH)?], 0)?;
        Ok(Self { loader, path, flash, running: None, asked: 0 })
    }

    /// Writes into the flash from outside, as a programmer at a factory does, or somebody with other plans.
    pub(super) fn program(&self, at: u64, bytes: &[u8]) -> Result<()> {
        Ok(self.flash.write_all_at(bytes, at)?)
    }

    /// Turns bits over in the flash, from outside.
    pub(super) fn flip(&self, at: u64) -> Result<()> {
        let mut byte = [0];
        self.flash.read_exact_at(&mut byte, at)?;
        self.program(at, &[byte[0] ^ 1])
    }

    /// The power is cut in that operation of the flash from now on: it is done by half.
    pub(super) fn cut_in(&self, operations: u32) -> Result<()> {
        self.program(FLASH, &operations.to_le_bytes())
    }

    /// Power comes; it is cut in that operation of the flash, or not at all if that is 0.
    pub(super) fn start(&mut self, cut: u32) -> Result<()> {
        self.cut_in(cut)?;
        let memory = format!("memory-backend-file,id=flash,size=16M,share=on,mem-path={}", self.path.display());
        let mut command = Command::new("qemu-system-arm");
        command.args(["-M", "mps2-an386,memory-backend=flash", "-object", &memory]);
        command.args(["-display", "none", "-monitor", "none", "-semihosting-config", "enable=on,target=native"]);
        command.args(["-serial", "none", "-kernel"]).arg(&self.loader);
        // QEMU prints what the device says to standard error.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Failure::needs("qemu-system-arm"),
            _ => error.into(),
        })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stderr.take()) else {
            return Err(Failure::new("QEMU has no link"));
        };
        self.running = Some(Running { child, input, lines: lines(output) });
        Ok(())
    }

    /// Power goes, whatever the device is doing.
    pub(super) fn kill(&mut self) -> Result<()> {
        if let Some(mut running) = self.running.take() {
            running.child.kill()?;
            running.child.wait()?;
        }
        Ok(())
    }

    /// Tells it what to do.
    pub(super) fn command(&mut self, command: u8) -> Result<()> {
        self.send(&[command])
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let running = self.running.as_mut().ok_or_else(|| Failure::new("the device has no power"))?;
        running.input.write_all(bytes)?;
        Ok(running.input.flush()?)
    }

    /// Lets it run until it waits, or is off. What it says goes to `say`, what it asks for comes out of `sending`; after so many requests as
    /// `patience` says its power is cut.
    pub(super) fn run(&mut self, sending: &[u8], patience: u64, mut say: impl FnMut(String)) -> Result<Stop> {
        let (mut requests, mut lines) = (0_u64, 0_u32);
        loop {
            let running = self.running.as_mut().ok_or_else(|| Failure::new("the device has no power"))?;
            let line = match running.lines.recv_timeout(LIMIT) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => return Err(Failure::new("the device says nothing any more")),
                Err(RecvTimeoutError::Disconnected) => {
                    let status = running.child.wait()?;
                    self.running = None;
                    if !status.success() {
                        say(format!("the device ended with {status}"));
                    }
                    return Ok(Stop::Off);
                }
            };
            if line == ">" {
                return Ok(Stop::Waits);
            }
            let Some(request) = line.strip_prefix("? ") else {
                lines = lines.saturating_add(1);
                if lines > MOST_LINES {
                    return Err(Failure::new("the device does not come to an end"));
                }
                say(line);
                continue;
            };
            if requests == patience {
                self.kill()?;
                return Ok(Stop::Off);
            }
            requests = requests.saturating_add(1);
            let (from, count) = request.split_once(' ').ok_or_else(|| Failure::new(line.clone()))?;
            let (from, count): (usize, usize) = (from.parse()?, count.parse()?);
            let rest = sending.get(from..).unwrap_or_default();
            let piece = rest.get(..count).unwrap_or(rest);
            let mut answer = vec![u8::try_from(piece.len())?];
            answer.extend_from_slice(piece);
            self.send(&answer)?;
            self.asked = self.asked.saturating_add(1);
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Nobody is there to be told.
        let _ = self.kill();
    }
}

/// Its lines as they come, so that one can stop waiting for them.
fn lines(output: ChildStderr) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        while (&mut reader).take(LONGEST).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if sender.send(text).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The memory of the board that stands for its flash, and what of it is flash; a word behind that is the plug.
const MEMORY: u64 = 16 << 20;
const FLASH: u64 = 1 << 20;
const LIMIT: Duration = Duration::from_secs(60);
const MOST_LINES: u32 = 100;
const LONGEST: u64 = 4096;
