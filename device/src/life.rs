//! The whole life of a device, in QEMU: a boot loader and what it starts, updates over a serial line, and somebody who cuts the power.
//!
//! What the device says is held against `life.txt`, line by line.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use twinseal_formats::SealAlgorithm;

use crate::board::Board;
use crate::failure::Result;
use crate::image::{self, Level, Recipe};

mod machine;
mod vendor;

use machine::{Machine, Stop};
use vendor::{Behaviour, Vendor, sent, stored, stored_frame};

/// Arguments of `life`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cargo run -p twinseal-device -- life
  cargo run -p twinseal-device -- life --update    # after a change that is meant")]
pub(crate) struct LifeArgs {
    /// Write down what the device said instead of holding against it
    #[arg(long)]
    update: bool,
}

impl LifeArgs {
    /// Whether the device said what it should.
    ///
    /// # Errors
    /// Something could not be built or run, or the device fell silent.
    pub(crate) fn run(&self) -> Result<bool> {
        let features = vec!["loader".into()];
        let loader = Recipe { board: Board::M4, features, level: Level::Three }.build()?.path;
        let folder = image::folder().join("target/life");
        fs::create_dir_all(&folder)?;
        let mut life = Life::new(Vendor::new(image::application()?), Machine::new(&folder, loader)?);
        life.live()?;
        let said = life.said.join("\n") + "\n";
        if self.update {
            fs::write(transcript(), &said)?;
        }
        let expected = fs::read_to_string(transcript())?;
        let refusals = life.said.iter().filter(|line| line.contains("refused: ")).count();
        let Life { cuts, starts, machine, .. } = &life;
        println!(
            "{} lines, {refusals} refusals, power came {starts} times and went {cuts} times, {} chunks",
            life.said.len(),
            machine.asked
        );
        Ok(same(&expected, &said))
    }
}

/// Compares, and shows the first line that differs.
fn same(expected: &str, said: &str) -> bool {
    let (mut expected, mut said) = (expected.lines(), said.lines());
    for number in 1_usize.. {
        match (expected.next(), said.next()) {
            (None, None) => break,
            (one, two) if one == two => {}
            (one, two) => {
                let [one, two] = [one, two].map(|line| line.unwrap_or("nothing"));
                println!("line {number} of device/life.txt: expected {one:?}, and it was {two:?}");
                return false;
            }
        }
    }
    true
}

/// A device, its vendor, and what was said.
#[derive(Debug)]
struct Life {
    vendor: Vendor,
    machine: Machine,
    said: Vec<String>,
    cuts: u32,
    starts: u32,
}

impl Life {
    const fn new(vendor: Vendor, machine: Machine) -> Self {
        Self { vendor, machine, said: Vec::new(), cuts: 0, starts: 0 }
    }

    /// Everything, one thing after the other.
    fn live(&mut self) -> Result<()> {
        self.factory()?;
        self.an_update()?;
        self.refusals()?;
        self.bad_updates()?;
        self.power_cuts()?;
        self.new_keys()?;
        self.wrecks()
    }

    fn factory(&mut self) -> Result<()> {
        self.title(
            "at the factory: release 1.0.0 and the trust store are written, the device starts for the first time",
        );
        let first = sent(&self.vendor.release(1, 0, Behaviour::Confirms, &self.vendor.old));
        self.machine.program(ENVELOPE_A, &stored_frame(&first)?)?;
        self.machine.program(IMAGE_A, &self.vendor.image(1, Behaviour::Confirms))?;
        self.machine.program(TRUST, &stored(&self.vendor.store(1))?)?;
        self.power()
    }

    fn an_update(&mut self) -> Result<()> {
        self.title("release 2.0.0, of security version 1, comes in chunks of odd sizes, is tried, and confirms itself");
        self.update(&sent(&self.vendor.release(2, 1, Behaviour::Confirms, &self.vendor.old)))?;
        self.restart()
    }

    fn refusals(&mut self) -> Result<()> {
        self.title("rollback: release 1.0.0 again");
        self.update(&sent(&self.vendor.release(1, 0, Behaviour::Confirms, &self.vendor.old)))?;
        self.title("rollback: an older sequence number with today's security version");
        self.update(&sent(&self.vendor.release(1, 1, Behaviour::Confirms, &self.vendor.old)))?;
        self.title("release 3.0.0, one bit of the image changed");
        let good = self.vendor.release(3, 1, Behaviour::Confirms, &self.vendor.old);
        let mut bytes = sent(&good);
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        self.update(&bytes)?;
        self.title("release 3.0.0, one bit of the classical seal changed, then of the other");
        for algorithm in [SealAlgorithm::Ed25519, SealAlgorithm::MlDsa65] {
            let mut bundle = good.clone();
            if let Some(byte) = bundle.seal_mut(&self.vendor.old, algorithm).signature.first_mut() {
                *byte ^= 1;
            }
            self.update(&sent(&bundle))?;
        }
        self.title("release 3.0.0 without the post-quantum half");
        let mut bundle = good.clone();
        bundle.remove_seal(&self.vendor.old, SealAlgorithm::MlDsa65);
        self.update(&sent(&bundle))?;
        self.title("release 3.0.0, sealed by somebody else");
        self.update(&sent(&self.vendor.release(3, 1, Behaviour::Confirms, &self.vendor.stranger)))?;
        self.title("release 3.0.0, the end of it missing");
        let whole = sent(&good);
        self.update(whole.get(..whole.len().saturating_sub(1)).unwrap_or_default())?;
        self.title("a security version that the counter can never reach");
        self.update(&sent(&self.vendor.release(3, 65, Behaviour::Confirms, &self.vendor.old)))?;
        self.title("after all that");
        self.restart()
    }

    fn bad_updates(&mut self) -> Result<()> {
        self.title("release 4.0.0 crashes: it is tried twice, and the device goes back");
        self.update(&sent(&self.vendor.release(4, 2, Behaviour::Crashes, &self.vendor.old)))?;
        self.restart()?;
        self.title("release 5.0.0 runs and does not confirm itself: likewise");
        self.update(&sent(&self.vendor.release(5, 2, Behaviour::NeverConfirms, &self.vendor.old)))?;
        self.restart()
    }

    fn power_cuts(&mut self) -> Result<()> {
        let release = sent(&self.vendor.release(6, 2, Behaviour::Confirms, &self.vendor.old));
        self.title("release 6.0.0: the power is cut in the middle of a write");
        self.machine.cut_in(1500)?;
        self.update(&release)?;
        self.power()?;
        self.title("it goes on; now QEMU is killed between two chunks");
        self.send(b'u', &release, 130)?;
        self.power()?;
        self.title("it goes on to the end; the power is cut while it is written down that the trial begins");
        self.update(&release)?;
        self.machine.cut_in(20)?;
        self.restart()?;
        self.title("and again, while it is written down that it is confirmed");
        self.power_until(120)?;
        self.power()?;
        self.title("after all that");
        self.restart()
    }

    fn new_keys(&mut self) -> Result<()> {
        self.title("a trust update by somebody else, then the real one with the power cut in the middle");
        self.trust(&self.vendor.trust_update_by(2, &self.vendor.stranger))?;
        let second = self.vendor.trust_update(2);
        self.machine.cut_in(200)?;
        self.trust(&second)?;
        self.power()?;
        self.title("the trust update once more: the new key is known beside the old one");
        self.trust(&second)?;
        self.restart()?;
        self.title(
            "the same trust update is not taken twice; one to drop the old key is not taken while the release needs it",
        );
        self.trust(&second)?;
        let third = self.vendor.trust_update(3);
        self.trust(&third)?;
        self.title("release 7.0.0, sealed with the new key");
        self.update(&sent(&self.vendor.release(7, 2, Behaviour::Confirms, &self.vendor.new)))?;
        self.title("trust does not change while it is on trial");
        self.trust(&third)?;
        self.restart()?;
        self.title("the old key is dropped: what it seals is nobody's");
        self.trust(&third)?;
        self.restart()?;
        self.update(&sent(&self.vendor.release(8, 2, Behaviour::Confirms, &self.vendor.old)))?;
        self.title("release 8.0.0, sealed with the new key");
        self.update(&sent(&self.vendor.release(8, 2, Behaviour::Confirms, &self.vendor.new)))?;
        self.restart()
    }

    fn wrecks(&mut self) -> Result<()> {
        self.title("a bit of the release in use is turned over in the flash: the one before is started");
        self.machine.kill()?;
        self.machine.flip(IMAGE_A.saturating_add(10_000))?;
        self.power()?;
        self.title("a bit of that one too: nothing is started");
        self.machine.kill()?;
        self.machine.flip(IMAGE_B.saturating_add(10_000))?;
        self.power()
    }

    fn title(&mut self, title: &str) {
        self.say(format!("-- {title}"));
    }

    fn say(&mut self, line: String) {
        say(&mut self.said, line);
    }

    fn power(&mut self) -> Result<()> {
        self.power_until(0)
    }

    /// Power comes, and is cut in that operation of the flash.
    fn power_until(&mut self, cut: u32) -> Result<()> {
        self.starts = self.starts.saturating_add(1);
        self.machine.start(cut)?;
        self.run(&[], u64::MAX)
    }

    fn restart(&mut self) -> Result<()> {
        self.send(b'r', &[], u64::MAX)
    }

    fn update(&mut self, bundle: &[u8]) -> Result<()> {
        self.send(b'u', bundle, u64::MAX)
    }

    fn trust(&mut self, update: &[u8]) -> Result<()> {
        self.send(b't', update, u64::MAX)
    }

    fn send(&mut self, command: u8, bytes: &[u8], patience: u64) -> Result<()> {
        self.machine.command(command)?;
        self.run(bytes, patience)
    }

    /// Lets the device run until it waits, or its power is gone.
    fn run(&mut self, sending: &[u8], patience: u64) -> Result<()> {
        let Self { machine, said, .. } = self;
        if machine.run(sending, patience, |line| say(said, line))? == Stop::Off {
            self.cuts = self.cuts.saturating_add(1);
            self.say("no power".to_owned());
        }
        Ok(())
    }
}

/// Each event has its number.
fn say(said: &mut Vec<String>, line: String) {
    println!("{:3} {line}", said.len().saturating_add(1));
    said.push(line);
}

fn transcript() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("life.txt")
}

/// Where the loader has what the factory writes, and where the second slot is.
const ENVELOPE_A: u64 = 0;
const TRUST: u64 = 0x10000;
const IMAGE_A: u64 = 0x40000;
const IMAGE_B: u64 = 0x60000;
