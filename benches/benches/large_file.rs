//! A payload larger than memory: how fast `sign` and `verify` are against the bare crate `sha2` over the same file in the same run,
//! and how much memory they take.
//!
//! ```sh
//! cargo bench -p twinseal-benches --bench large_file            # 5 GiB, sparse
//! cargo bench -p twinseal-benches --bench large_file -- 1 dense # 1 GiB of bytes that are all written
//! ```

use core::error::Error;
use core::time::Duration;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Instant;

use sha2::{Digest as _, Sha384};
use twinseal::bundle::Bundle;
use twinseal::device::DeviceFile;
use twinseal::identity::SigningIdentity;
use twinseal::ids;
use twinseal::judge::{Purpose, judge};
use twinseal::output::Overwrite;
use twinseal::release::ReleaseFile;
use twinseal::seal::Target;
use twinseal::store::{self, LabelledIdentity, NewStore};
use twinseal_formats::{Role, SealAlgorithm, TrustEpoch};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let gib: u64 = words.first().map_or(Ok(5), |word| word.parse())?;
    let dense = words.iter().any(|word| word == "dense");
    let directory = tempfile::tempdir_in(std::env::var_os("TWINSEAL_BENCH_DIR").unwrap_or_else(|| ".".into()))?;
    let payload = directory.path().join("payload.bin");
    let size = gib.checked_mul(1 << 30).ok_or("too large")?;
    make(&payload, size, dense)?;
    println!("payload: {gib} GiB, {}; digest: sha-384", if dense { "dense" } else { "sparse" });

    let identity = SigningIdentity::generate(SealAlgorithm::MlDsa65)?;
    let release = directory.path().join("release.toml");
    fs::write(
        &release,
        "[release]\nvendor = \"vendor.example\"\nmodel = \"bench\"\nversion = \"1.0.0\"\nsequence-number = 1\nsecurity-version = 1\n\
         [[component]]\nid = \"payload\"\npath = \"payload.bin\"\n",
    )?;
    let device = directory.path().join("device.toml");
    fs::write(
        &device,
        "vendor = \"vendor.example\"\nmodel = \"bench\"\ncomponents = [\"payload\"]\nrollback-counter = 1\n",
    )?;
    let release = ReleaseFile::load(&release)?;
    let device = DeviceFile::load(&device)?;
    let vendor = ids::vendor_id("vendor.example")?;
    let anchor = LabelledIdentity { label: "bench".into(), role: Role::Release, identity: identity.public()? };
    let store = NewStore {
        vendor,
        classes: vec![ids::class_id(vendor, "bench")?],
        epoch: TrustEpoch(0),
        minimum_digest: None,
        requirements: Vec::new(),
        anchors: vec![anchor],
        single_class: false,
    }
    .encode()?;
    let out = directory.path().join("payload.twinseal");

    // Once for the page cache: what is compared is computing, not the disk's first touch.
    bare(&payload)?;
    println!("{:>8} {:>8} {:>8} {:>14} {:>14}", "bare s", "sign s", "verify s", "sign/bare", "verify/bare");
    let (mut signs, mut verifies) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let hashed = bare(&payload)?;
        let signed = timed(|| {
            let target = Target::new(&out, Overwrite::Yes);
            twinseal::seal::seal(&release, core::slice::from_ref(&identity), target)?
                .map_err(|_| "no journal was given")?;
            Ok(())
        })?;
        let verified = timed(|| {
            let bundle = Bundle::open(&out)?;
            let verifier = store::open(&store)?;
            let judged = device.with(|device| judge(&bundle, &verifier, device, Purpose::Install, Path::new(".")));
            judged.map(|_| ()).map_err(|trouble| format!("{trouble:?}").into())
        })?;
        let [hashed, signed, verified] = [hashed, signed, verified].map(|time| time.as_secs_f64());
        println!("{hashed:>8.2} {signed:>8.2} {verified:>8.2} {:>14.2} {:>14.2}", hashed / signed, hashed / verified);
        signs.push(hashed / signed);
        verifies.push(hashed / verified);
    }
    println!("speed against bare sha2, median of 3: sign {:.2}, verify {:.2}", median(signs), median(verifies));
    println!("peak memory of the whole run: {}", peak_memory()?);
    Ok(())
}

/// Reads and hashes the file as one would without this project.
fn bare(path: &Path) -> Outcome<Duration> {
    timed(|| {
        let mut file = File::open(path)?;
        let mut hasher = Sha384::new();
        let mut buffer = vec![0; 256 << 10];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                count => hasher.update(buffer.get(..count).unwrap_or_default()),
            }
        }
        core::hint::black_box(hasher.finalize());
        Ok(())
    })
}

fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn make(path: &Path, size: u64, dense: bool) -> Outcome<()> {
    let mut file = File::create(path)?;
    if dense {
        let block: Vec<u8> = (1..=251_u8).cycle().take(1 << 20).collect();
        for _ in 0..size >> 20 {
            file.write_all(&block)?;
        }
        file.sync_all()?;
    }
    Ok(file.set_len(size)?)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn peak_memory() -> Outcome<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.unwrap_or("unknown").trim().to_owned())
}
