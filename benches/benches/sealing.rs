//! What `sign` costs beyond its bare work: small releases sealed one after the other through the library, each written, read back, judged by the
//! device's verifier and by the second implementations and given its name, with a journal and without; against one signature and two
//! verifications of each half, by the same crates, on the same core in the same run.
//!
//! ```sh
//! cargo bench -p twinseal-benches --bench sealing          # fails below 0.7
//! cargo bench -p twinseal-benches --bench sealing -- 100   # with fewer releases
//! ```
//!
//! Everything runs on one processor. Without fsync means in /dev/shm, where a file has no disk to wait for; with it, in the directory that
//! TWINSEAL_BENCH_DIR names, or here. The ratios are of processor time, which others on the machine do not lengthen. Linux only.

#![expect(clippy::arithmetic_side_effects, reason = "numbers of releases, far from where they end")]

use core::error::Error;
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ed25519_dalek::Signer as _;
use fips204::traits::{SerDes as _, Verifier as _};
use ml_dsa::SigningKey;
use ring::signature::{ED25519, UnparsedPublicKey};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use twinseal::identity::SigningIdentity;
use twinseal::journal::Journal;
use twinseal::output::Overwrite;
use twinseal::release::ReleaseFile;
use twinseal::seal::{Target, seal};
use twinseal_formats::SealAlgorithm;
use twinseal_verifier::{Ed25519, MlDsa65, SealVerifier as _};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let count: u64 = words.first().map_or(Ok(500), |word| word.parse())?;
    on_one_processor()?;
    let memory = tempfile::tempdir_in("/dev/shm")?;
    let disk = tempfile::tempdir_in(std::env::var_os("TWINSEAL_BENCH_DIR").unwrap_or_else(|| ".".into()))?;
    let identity = SigningIdentity::generate(SealAlgorithm::MlDsa65)?;
    let bare = Bare::new()?;
    let roads = [
        Road::new("without fsync", memory.path(), false, &identity, count)?,
        Road::new("without fsync, with a journal", memory.path(), true, &identity, count)?,
        Road::new("with fsync", disk.path(), false, &identity, count)?,
        Road::new("with fsync, with a journal", disk.path(), true, &identity, count)?,
    ];
    println!("{count} releases of 4 KiB a round, ed25519 and ml-dsa-65, sha-384, on one processor; {ROUNDS} rounds");
    let mut found = vec![Vec::new(); roads.len()];
    let mut bares = Vec::new();
    for round in 0..ROUNDS {
        let work = measured(|| (0..count).try_for_each(|number| bare.run(round * count + number)))?;
        bares.push(rate(count, work.wall));
        for (road, ratios) in roads.iter().zip(&mut found) {
            let sealed = measured(|| road.run(round * count, count))?;
            ratios.push((work.processor.as_secs_f64() / sealed.processor.as_secs_f64(), rate(count, sealed.wall)));
        }
    }
    println!("{:<32} {:>10} {:>22}", "", "bundles/s", "of the bare work");
    println!("{:<32} {:>10.0}", "one signature, two verifications", median(bares));
    let mut worst = f64::INFINITY;
    for (road, found) in roads.iter().zip(&found) {
        let ratios: Vec<f64> = found.iter().map(|(ratio, _)| *ratio).collect();
        let (least, most) =
            ratios.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), one| (least.min(*one), most.max(*one)));
        let ratio = median(ratios);
        let rates = found.iter().map(|(_, rate)| *rate).collect();
        println!("{:<32} {:>10.0} {ratio:>6.2} ({least:.2} to {most:.2})", road.name, median(rates));
        if road.name.starts_with("without") {
            worst = worst.min(ratio);
        }
    }
    for road in &roads {
        road.hold(ROUNDS * count)?;
    }
    if worst < LEAST {
        Err(format!("without fsync it is {worst:.2} of the bare work, less than {LEAST}").into())
    } else {
        Ok(())
    }
}

/// Keeps this process, and the threads that it will start, on the first processor that it may use.
fn on_one_processor() -> Outcome<()> {
    let allowed = sched_getaffinity(None)?;
    let first = (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)).ok_or("no processor")?;
    let mut one = CpuSet::new();
    one.set(first);
    Ok(sched_setaffinity(None, &one)?)
}

/// Sealing one release after the other into one directory.
struct Road<'a> {
    name: &'static str,
    directory: PathBuf,
    journal: bool,
    identity: &'a SigningIdentity,
}

impl<'a> Road<'a> {
    fn new(
        name: &'static str,
        parent: &Path,
        journal: bool,
        identity: &'a SigningIdentity,
        count: u64,
    ) -> Outcome<Self> {
        let directory = parent.join(name);
        fs::create_dir(&directory)?;
        fs::write(directory.join("app.bin"), (1..=251_u8).cycle().take(4096).collect::<Vec<_>>())?;
        if journal {
            Journal::create(&directory.join("journal"))?;
        }
        for number in 0..ROUNDS * count {
            let text = format!(
                "[release]\nvendor = \"vendor.example\"\nmodel = \"bench\"\nversion = \"1.0.0\"\nsequence-number = {}\n\
                 security-version = 1\n[[component]]\nid = \"app\"\npath = \"app.bin\"\n",
                number + 1
            );
            fs::write(directory.join(format!("{number}.toml")), text)?;
        }
        Ok(Self { name, directory, journal, identity })
    }

    /// Seals so many releases, from this one on, through one open journal.
    fn run(&self, from: u64, count: u64) -> Outcome<()> {
        let mut journal = self.journal.then(|| Journal::open(&self.directory.join("journal"))).transpose()?;
        for number in from..from + count {
            let release = ReleaseFile::load(&self.directory.join(format!("{number}.toml")))?;
            let out = self.directory.join(format!("{number}.twinseal"));
            let target = Target { journal: journal.as_mut(), ..Target::new(&out, Overwrite::No) };
            seal(&release, core::slice::from_ref(self.identity), target)?.map_err(|_| "the number is taken")?;
        }
        Ok(())
    }

    /// Everything that was to be sealed is there, and in the journal.
    fn hold(&self, count: u64) -> Outcome<()> {
        let bundles = (0..count).filter(|number| self.directory.join(format!("{number}.twinseal")).is_file()).count();
        let lines = if self.journal {
            fs::read_to_string(self.directory.join("journal"))?.lines().count()
        } else {
            bundles + 1
        };
        let expected = usize::try_from(count)?;
        if (bundles, lines) == (expected, expected + 1) {
            Ok(())
        } else {
            Err(format!("{bundles} bundles, {lines} lines").into())
        }
    }
}

/// The work that nobody can leave out: both halves signed once, and each verified by the device's implementation and by the second one.
struct Bare {
    classical: ed25519_dalek::SigningKey,
    post_quantum: Box<SigningKey<ml_dsa::MlDsa65>>,
    ed25519_public: [u8; 32],
    ml_dsa_public: Vec<u8>,
}

impl Bare {
    fn new() -> Outcome<Self> {
        let mut seeds = [[0; 32]; 2];
        seeds.iter_mut().try_for_each(|seed| getrandom::fill(seed))?;
        let [one, other] = seeds;
        let classical = ed25519_dalek::SigningKey::from_bytes(&one);
        let post_quantum = Box::new(SigningKey::<ml_dsa::MlDsa65>::from_seed(&other.into()));
        let ed25519_public = classical.verifying_key().to_bytes();
        let ml_dsa_public = post_quantum.expanded_key().verifying_key().encode().to_vec();
        Ok(Self { classical, post_quantum, ed25519_public, ml_dsa_public })
    }

    fn run(&self, number: u64) -> Outcome<()> {
        // As long as the to-be-signed bytes of a seal with SHA-384. How long ML-DSA takes depends on the message, so each is another.
        let mut message = [0x5a; 160];
        if let Some(place) = message.first_chunk_mut() {
            *place = number.to_le_bytes();
        }
        let first = self.classical.sign(&message).to_bytes();
        let second = self.post_quantum.expanded_key().sign_deterministic(&message, &[])?.encode().to_vec();
        Ed25519.verify(&self.ed25519_public, &message, &first).map_err(|_| "ed25519")?;
        MlDsa65.verify(&self.ml_dsa_public, &message, &second).map_err(|_| "ml-dsa")?;
        UnparsedPublicKey::new(&ED25519, self.ed25519_public).verify(&message, &first).map_err(|_| "ring")?;
        let key = self.ml_dsa_public.as_slice().try_into()?;
        let key = fips204::ml_dsa_65::PublicKey::try_from_bytes(key)?;
        if key.verify(&message, second.as_slice().try_into()?, &[]) { Ok(()) } else { Err("fips204".into()) }
    }
}

struct Measured {
    wall: Duration,
    processor: Duration,
}

fn measured(work: impl FnOnce() -> Outcome<()>) -> Outcome<Measured> {
    let (start, used) = (Instant::now(), processor_time()?);
    work()?;
    let processor = processor_time()?.checked_sub(used).ok_or("a clock went back")?;
    Ok(Measured { wall: start.elapsed(), processor })
}

/// What the threads of this process have used, also those that are gone.
fn processor_time() -> Outcome<Duration> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Ok(Duration::new(time.tv_sec.try_into()?, time.tv_nsec.try_into()?))
}

fn rate(count: u64, wall: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / wall.as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

const ROUNDS: u64 = 5;
const LEAST: f64 = 0.7;
