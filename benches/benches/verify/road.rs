//! The whole road of a device, from the bundle's bytes to a `VerifiedUpdate`, by size of the payload; beside it what hashing alone costs.

use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput};
use twinseal::identity::SigningIdentity;
use twinseal::output::Overwrite;
use twinseal::release::ReleaseFile;
use twinseal::seal::Target;
use twinseal::store::{self, LabelledIdentity, NewStore};
use twinseal::{ids, seal};
use twinseal_formats::{DigestAlgorithm, Envelope, Role, SealAlgorithm, SecurityVersion, TrustEpoch};
use twinseal_verifier::{Device, Hasher, Install, Source, StorageFault, Verifier};

/// A bundle in memory.
struct Memory<'a>(&'a [u8]);

impl Source for Memory<'_> {
    fn size(&mut self) -> Result<u64, StorageFault> {
        u64::try_from(self.0.len()).map_err(|_| StorageFault)
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        let start = usize::try_from(offset).map_err(|_| StorageFault)?;
        let end = start.checked_add(buffer.len()).ok_or(StorageFault)?;
        buffer.copy_from_slice(self.0.get(start..end).ok_or(StorageFault)?);
        Ok(())
    }
}

pub(crate) fn whole_road(c: &mut Criterion) {
    let identity = SigningIdentity::generate(SealAlgorithm::MlDsa65).expect("the system has random numbers");
    let vendor = ids::vendor_id("vendor.example").expect("a domain");
    let class = ids::class_id(vendor, "bench").expect("a model");
    let anchor = LabelledIdentity {
        label: "bench".into(),
        role: Role::Release,
        identity: identity.public().expect("an identity has a public half"),
    };
    let store = NewStore {
        vendor,
        classes: vec![class],
        epoch: TrustEpoch(0),
        minimum_digest: None,
        requirements: Vec::new(),
        anchors: vec![anchor],
        single_class: false,
    };
    let store = store.encode().expect("a store that can be used");
    let verifier = store::open(&store).expect("a store that can be used");
    let device = Device {
        vendor,
        class,
        components: &["payload"],
        confirmed: None,
        counter: SecurityVersion(0),
        counter_limit: SecurityVersion(u32::MAX),
    };

    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut group = c.benchmark_group("whole road, hybrid 65, SHA-384");
    for size in [1 << 10, 64 << 10, 1 << 20, 16 << 20] {
        let bundle = sealed(directory.path(), &identity, size);
        group.throughput(Throughput::Bytes(u64::try_from(size).unwrap_or_default()));
        group.bench_with_input(BenchmarkId::new("twinseal", size), &bundle, |b, bundle| {
            b.iter(|| assert!(accepted(&verifier, &device, bundle)));
        });
        let payload = vec![0x5a; size];
        group.bench_with_input(BenchmarkId::new("hashing alone", size), &payload, |b, payload| {
            b.iter(|| Hasher::digest(DigestAlgorithm::Sha384, payload));
        });
    }
    group.finish();
}

fn accepted(verifier: &Verifier<'_>, device: &Device<'_>, bundle: &[u8]) -> bool {
    let decide = || {
        let envelope = Envelope::parse(bundle)?;
        let admitted = verifier.authenticate(&envelope)?.admit::<Install>(device)?;
        let verified = admitted.verify_enclosed(Memory(bundle), &mut [0; 4096]).map_err(|refused| refused.error())?;
        Ok::<bool, twinseal_verifier::Error>(verified.manifest().component_count() == 1)
    };
    decide().unwrap_or(false)
}

fn sealed(directory: &Path, identity: &SigningIdentity, size: usize) -> Vec<u8> {
    let write =
        |file: &str, bytes: &[u8]| std::fs::write(directory.join(file), bytes).expect("a file in a directory of ours");
    write("payload.bin", &vec![0x5a; size]);
    write(
        "release.toml",
        b"[release]\nvendor = \"vendor.example\"\nmodel = \"bench\"\nversion = \"1.0.0\"\nsequence-number = 1\nsecurity-version = 1\n\
          [[component]]\nid = \"payload\"\npath = \"payload.bin\"\n",
    );
    let release = ReleaseFile::load(&directory.join("release.toml")).expect("a release file of ours");
    let out = directory.join("bundle.twinseal");
    let target = Target::new(&out, Overwrite::Yes);
    let sealed = seal::seal(&release, core::slice::from_ref(identity), target).expect("a release that can be sealed");
    sealed.expect("no journal was given");
    std::fs::read(out).expect("the bundle just sealed")
}
