//! The whole road of a device, from the bundle's bytes to a `VerifiedUpdate`, by size of the payload, to 1 GiB; beside it what hashing alone costs.
//!
//! Payloads are zeros, and made as they are read: of a bundle only what lies in front of them is in memory.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::rounds::{Group, Timing};
use twinseal::identity::SigningIdentity;
use twinseal::output::Overwrite;
use twinseal::release::ReleaseFile;
use twinseal::seal::Target;
use twinseal::store::{self, LabelledIdentity, NewStore};
use twinseal::{ids, seal};
use twinseal_formats::{DigestAlgorithm, Envelope, Role, SealAlgorithm, SecurityVersion, TrustEpoch};
use twinseal_verifier::{Device, Hasher, Install, Source, StorageFault, Verifier};

/// A bundle of which the beginning is in memory; what follows is zeros.
struct Sealed {
    begin: Vec<u8>,
    size: u64,
}

impl Source for &Sealed {
    fn size(&mut self) -> Result<u64, StorageFault> {
        Ok(self.size)
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        let begin = usize::try_from(offset).ok().and_then(|start| self.begin.get(start..)).unwrap_or_default();
        let (known, zeros) = buffer.split_at_mut(begin.len().min(buffer.len()));
        known.iter_mut().zip(begin).for_each(|(to, from)| *to = *from);
        zeros.fill(0);
        Ok(())
    }
}

pub(crate) fn whole_road(timing: &mut Timing) {
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
    for (name, size) in SIZES {
        let bundle = sealed(directory.path(), &identity, size);
        let mut group = Group::new(&format!("whole road, hybrid 65, SHA-384, {name}"));
        group.add("twinseal", || assert!(accepted(&verifier, &device, &bundle), "the good bundle is refused"));
        group.add("hashing alone", || hashed(size));
        timing.run(group);
    }
}

/// What the payload's digest takes, in the pieces in which the road reads.
fn hashed(size: u64) -> Option<twinseal_formats::Digest> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha384)?;
    let (mut piece, mut left) = ([0; PIECE], size);
    while left > 0 {
        let take = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let piece = piece.get_mut(..take)?;
        piece.fill(0);
        hasher.update(piece);
        left = left.saturating_sub(u64::try_from(take).ok()?);
    }
    hasher.finish()
}

fn accepted(verifier: &Verifier<'_>, device: &Device<'_>, bundle: &Sealed) -> bool {
    let decide = || {
        let envelope = Envelope::parse(&bundle.begin)?;
        let admitted = verifier.authenticate(&envelope)?.admit::<Install>(device)?;
        let verified = admitted.verify_enclosed(bundle, &mut [0; PIECE]).map_err(|refused| refused.error())?;
        Ok::<bool, twinseal_verifier::Error>(verified.manifest().component_count() == 1)
    };
    decide().unwrap_or(false)
}

fn sealed(directory: &Path, identity: &SigningIdentity, size: u64) -> Sealed {
    let write =
        |file: &str, bytes: &[u8]| std::fs::write(directory.join(file), bytes).expect("a file in a directory of ours");
    let payload = File::create(directory.join("payload.bin")).expect("a file in a directory of ours");
    payload.set_len(size).expect("a file without contents takes no room");
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
    let mut file = File::open(&out).expect("the bundle just sealed");
    let mut begin = Vec::new();
    let size = file.seek(SeekFrom::End(0)).expect("a file has an end");
    file.rewind().expect("a file has a beginning");
    file.take(BEGIN).read_to_end(&mut begin).expect("the bundle just sealed");
    std::fs::remove_file(out).expect("a file of ours");
    assert!(begin.ends_with(&[0; 16]), "the bundle's beginning reaches into the payload");
    Sealed { begin, size }
}

/// More than a frame with two seals, less than that and the smallest payload.
const BEGIN: u64 = 5 << 10;

/// How much is read at once.
const PIECE: usize = 4096;

const SIZES: [(&str, u64); 7] = [
    ("1 KiB", 1 << 10),
    ("64 KiB", 64 << 10),
    ("1 MiB", 1 << 20),
    ("16 MiB", 16 << 20),
    ("64 MiB", 64 << 20),
    ("256 MiB", 256 << 20),
    ("1 GiB", 1 << 30),
];
