//! What an audit costs beyond its bare work: 1,000 bundles of 1 MiB without evidence, audited and written as lines of JSON, against
//! reading and hashing the same bytes and verifying the same seals by the same two implementations, on the same cores in the same run.
//!
//! ```sh
//! cargo bench -p twinseal-benches --bench audit          # fails below 0.8
//! cargo bench -p twinseal-benches --bench audit -- 200   # with fewer bundles
//! ```

use core::error::Error;
use core::ops::ControlFlow;
use core::time::Duration;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ed25519_dalek::{Signature, VerifyingKey};
use fips204::traits::{SerDes as _, Verifier as _};
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::{Digest as _, Sha384};
use twinseal::audit::{Inputs, audit};
use twinseal::evidence::Day;
use twinseal::identity::SigningIdentity;
use twinseal::ids;
use twinseal::parallel;
use twinseal::store::{self, LabelledIdentity, NewStore};
use twinseal_formats::encode::{self, NewComponent, NewManifest};
use twinseal_formats::{
    DigestAlgorithm, EntryHead, Envelope, Role, SealAlgorithm, SealType, SecurityVersion, SequenceNumber, ToBeSigned,
    TrustEpoch,
};
use twinseal_verifier::{Hasher, MlDsa65, SealVerifier as _, Verifier};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let count: u64 = words.first().map_or(Ok(1_000), |word| word.parse())?;
    let directory = tempfile::tempdir_in(std::env::var_os("TWINSEAL_BENCH_DIR").unwrap_or_else(|| ".".into()))?;
    let identity = SigningIdentity::generate(SealAlgorithm::MlDsa65)?;
    let bundles = (0..count).map(|number| make(directory.path(), number, &identity)).collect::<Outcome<Vec<_>>>()?;
    let vendor = ids::vendor_id("vendor.example")?;
    let store = NewStore {
        vendor,
        classes: vec![ids::class_id(vendor, "bench")?],
        epoch: TrustEpoch(0),
        minimum_digest: None,
        requirements: Vec::new(),
        anchors: vec![LabelledIdentity { label: "bench".into(), role: Role::Release, identity: identity.public()? }],
        single_class: false,
    }
    .encode()?;
    let verifier = store::open(&store)?;
    let keys = identity.public()?.keys().iter().map(|key| key.as_bytes().to_vec()).collect::<Vec<_>>();

    // Once for the page cache: what is compared is computing, not the disk's first touch.
    bare(&bundles, &keys)?;
    println!("{count} bundles of 1 MiB, sha-384, ed25519 and ml-dsa-65");
    println!("{:>8} {:>8} {:>11}", "bare s", "audit s", "audit/bare");
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let [bare, audited] = [bare(&bundles, &keys)?, audits(&bundles, &verifier)?].map(|time| time.as_secs_f64());
        println!("{bare:>8.3} {audited:>8.3} {:>11.2}", bare / audited);
        ratios.push(bare / audited);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    println!("speed against the bare work, median of 5: {median:.2}");
    if median < 0.8 { Err("an audit is slower than 0.8 of its bare work".into()) } else { Ok(()) }
}

/// A bundle, and what the bare work needs of it.
struct Made {
    path: PathBuf,
    payload_at: u64,
    /// By half, the classical first: what was signed, and the signature.
    seals: Vec<(Vec<u8>, Vec<u8>)>,
}

fn make(directory: &Path, number: u64, identity: &SigningIdentity) -> Outcome<Made> {
    let mut payload: Vec<u8> = (1..=251_u8).cycle().take(PAYLOAD).collect();
    if let Some(head) = payload.get_mut(..8) {
        head.copy_from_slice(&number.to_be_bytes());
    }
    let digest = |bytes: &[u8]| Hasher::digest(DigestAlgorithm::Sha384, bytes).ok_or("no SHA-384");
    let vendor = ids::vendor_id("vendor.example")?;
    let size = u64::try_from(PAYLOAD)?;
    let manifest = NewManifest {
        sequence_number: SequenceNumber(number),
        vendor,
        class: ids::class_id(vendor, "bench")?,
        release_version: "1.0.0",
        security_version: SecurityVersion(1),
        minimum_trust_epoch: TrustEpoch(0),
        components: vec![NewComponent { id: "payload", size, digest: digest(&payload)? }],
        evidence: None,
    }
    .encode()
    .map_err(|error| error.to_string())?;
    let release_id = digest(&encode::with_head(&manifest))?;
    let seals = twinseal::seal::sign(core::slice::from_ref(identity), SealType::Release, &release_id)?;
    let mut bytes = encode::envelope(3, &release_id, &seals, &manifest).map_err(|error| error.to_string())?;
    bytes.extend_from_slice(EntryHead::payload(0, size).as_bytes());
    let payload_at = u64::try_from(bytes.len())?;
    let seals = {
        let envelope = Envelope::parse(&bytes).map_err(|error| error.to_string())?;
        let of = |seal: twinseal_formats::Seal<'_>| {
            let message = ToBeSigned::new(seal.protected(), envelope.seals().digest_bytes())?;
            Some((message.as_bytes().to_vec(), seal.signature().to_vec()))
        };
        let mut all = envelope.seals().iter().filter_map(of).collect::<Vec<_>>();
        all.sort_by_key(|(_, signature)| signature.len());
        all
    };
    bytes.extend_from_slice(&payload);
    let path = directory.join(format!("{number}.twinseal"));
    fs::write(&path, bytes)?;
    Ok(Made { path, payload_at, seals })
}

/// Reads and hashes the payloads and verifies the seals, as one would without this project's reports.
fn bare(bundles: &[Made], keys: &[Vec<u8>]) -> Outcome<Duration> {
    all(bundles, |bundle| {
        let mut file = File::open(&bundle.path)?;
        let mut frame = vec![0; usize::try_from(bundle.payload_at)?];
        file.read_exact(&mut frame)?;
        let (mut hasher, mut buffer) = (Sha384::new(), vec![0; 256 << 10]);
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                count => hasher.update(buffer.get(..count).unwrap_or_default()),
            }
        }
        core::hint::black_box(hasher.finalize());
        let ([classical, post_quantum], [ed25519, ml_dsa]) = (keys, bundle.seals.as_slice()) else {
            return Err("two keys and two seals".into());
        };
        let key: &[u8; 32] = classical.as_slice().try_into()?;
        VerifyingKey::from_bytes(key)?.verify_strict(&ed25519.0, &Signature::from_slice(&ed25519.1)?)?;
        UnparsedPublicKey::new(&ED25519, classical).verify(&ed25519.0, &ed25519.1).map_err(|_| "ring")?;
        MlDsa65.verify(post_quantum, &ml_dsa.0, &ml_dsa.1).map_err(|_| "ours")?;
        let key = fips204::ml_dsa_65::PublicKey::try_from_bytes(post_quantum.as_slice().try_into()?)?;
        let holds = key.verify(&ml_dsa.0, ml_dsa.1.as_slice().try_into()?, &[]);
        if holds { Ok(()) } else { Err("fips204".into()) }
    })
}

fn audits(bundles: &[Made], verifier: &Verifier<'_>) -> Outcome<Duration> {
    let inputs = Inputs {
        date: Day::new(2026, 11, 26).ok_or("a day")?,
        previous: Vec::new(),
        builder_keys: Vec::new(),
        profiles: Vec::new(),
        payloads: None,
    };
    all(bundles, |bundle| {
        let audited = audit(&bundle.path, verifier, &inputs)?;
        if audited.is_refused() || !audited.disagreements.is_empty() {
            return Err(format!("{:?}", audited.findings).into());
        }
        core::hint::black_box(serde_json::to_vec(&audited)?);
        Ok(())
    })
}

/// Does something with every bundle, on all cores.
fn all(bundles: &[Made], work: impl Fn(&Made) -> Outcome<()> + Sync) -> Outcome<Duration> {
    let start = Instant::now();
    let mut failed = None;
    parallel::ordered(
        bundles,
        |bundle| work(bundle).map_err(|error| error.to_string()),
        |done| match done {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        },
    );
    match failed {
        None => Ok(start.elapsed()),
        Some(error) => Err(error.into()),
    }
}

const PAYLOAD: usize = 1 << 20;
