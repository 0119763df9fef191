//! A second opinion: `independent/twinseal_check.py`, which shares nothing with us but docs/format.md, verifies what our code wrote,
//! and our code verifies what the script wrote; for ML-DSA-44, -65 and -87, and with bytes changed.
//!
//! Needs `python3` (or what TWINSEAL_PYTHON names) with the modules of `independent/requirements.txt`. Where they are missing the
//! runs are skipped and said to be; with TWINSEAL_REQUIRE_TOOLS=1 that is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use ed25519_dalek::Signer as _;
use ml_dsa::MlDsaParams;
use twinseal_formats::encode::{self, NewAnchor, NewComponent, NewManifest, NewSeal, NewTrustStore};
use twinseal_formats::{
    AnchorId, AnchorKey, ClassId, Digest, DigestAlgorithm, EntryHead, Envelope, EvidenceCommitment, EvidenceFile,
    Requirement, Role, Seal, SealAlgorithm, SealType, SecurityVersion, SequenceNumber, ToBeSigned, TrustEpoch,
    TrustStore, VendorId, evidence_name,
};
use twinseal_verifier::{
    Device, Ed25519, Error, Hasher, Install, MlDsa44, MlDsa65, MlDsa87, SealVerifier, Source, StorageFault, Verifier,
    anchor_id,
};

const SETS: [SealAlgorithm; 3] = [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87];
const COMPONENTS: [&str; 2] = ["application", "radio"];
const IMAGES: [&[u8]; 2] = [b"the image of the application", b"the image of the radio"];

/// How our verifier refuses what `tamper` returns: the manifest's digest and the image's are told apart by the stage.
const REFUSED: [&str; 6] = [
    "authenticate.classical-seal-bad",
    "authenticate.post-quantum-seal-bad",
    "authenticate.digest-mismatch",
    "image.digest-mismatch",
    "authenticate.classical-seal-missing",
    "authenticate.post-quantum-seal-missing",
];

#[test]
fn what_we_write_the_script_verifies() {
    let Some(script) = Script::find("what_we_write") else { return };
    let mut runs = 0;
    for set in SETS {
        let (bundle, store) = write_bundle(set);
        assert_eq!(script.verify(&bundle, &store), Ok(()), "{set}");
        runs += 1;
        for (place, tampered) in tamper(&bundle) {
            assert!(script.verify(&tampered, &store).is_err(), "{set}: the script accepts a changed {place}");
        }
        let (_, other_store) = write_bundle(if set == SealAlgorithm::MlDsa44 { SETS[1] } else { SETS[0] });
        assert!(script.verify(&bundle, &other_store).is_err(), "{set}: the script accepts another store");
    }
    println!("independent: {runs} runs, written by us, verified by the script");
    assert_eq!(runs, 3);
}

#[test]
fn what_the_script_writes_we_verify() {
    let Some(script) = Script::find("what_the_script_writes") else { return };
    let mut runs = 0;
    for set in SETS {
        let (bundle, store) = script.make(set);
        assert_eq!(verify(&bundle, &store), Ok(()), "{set}");
        runs += 1;
        let refused = tamper(&bundle).into_iter().map(|(_, tampered)| verify(&tampered, &store).unwrap_err());
        let refused: Vec<_> = refused.map(|error| format!("{}.{}", error.stage().name(), error.name())).collect();
        assert_eq!(refused, REFUSED, "{set}");
    }
    println!("independent: {runs} runs, written by the script, verified by us");
    assert_eq!(runs, 3);
}

/// The script, ready to run, and a folder for its files.
struct Script {
    interpreter: String,
    folder: PathBuf,
}

impl Script {
    /// `None`, and said so, if it can not run here.
    fn find(folder: &str) -> Option<Self> {
        let interpreter = env::var("TWINSEAL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let modules = "import cbor2; from cryptography.hazmat.primitives.asymmetric import mldsa";
        let found = Command::new(&interpreter).args(["-c", modules]).output();
        if !found.is_ok_and(|output| output.status.success()) {
            let skipped = "skipped: needs python3 with cbor2 and cryptography >= 50";
            assert!(env::var("TWINSEAL_REQUIRE_TOOLS").as_deref() != Ok("1"), "{skipped}");
            println!("independent: 0 runs, 3 {skipped}");
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("independent").join(folder);
        fs::create_dir_all(&folder).unwrap();
        Some(Self { interpreter, folder })
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/independent/twinseal_check.py");
        Command::new(&self.interpreter).arg(script).args(arguments).current_dir(&self.folder).output().unwrap()
    }

    /// What the script says of a bundle.
    fn verify(&self, bundle: &[u8], store: &[u8]) -> Result<(), String> {
        fs::write(self.folder.join("ours.suit"), bundle).unwrap();
        fs::write(self.folder.join("ours.cbor"), store).unwrap();
        let output = self.run(&["verify", "ours.suit", "ours.cbor"]);
        let said = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => Ok(()),
            // An interpreter that fails exits with 1 as well: only this word is a verdict.
            Some(1) if said.starts_with("refused: ") => Err(said),
            other => panic!("the script ended with {other:?}: {said}"),
        }
    }

    /// A bundle and a trust store that the script made.
    fn make(&self, set: SealAlgorithm) -> (Vec<u8>, Vec<u8>) {
        let output = self.run(&["make", ".", set.name().trim_start_matches("ml-dsa-")]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        ["bundle.suit", "store.cbor"].map(|name| fs::read(self.folder.join(name)).unwrap()).into()
    }
}

/// The bundle with one bit changed (in the classical half, in the post-quantum half, in the manifest, in the last payload), and with
/// every classical or every post-quantum half taken out.
fn tamper(bundle: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let is_classical: fn(&Seal<'_>) -> bool = |seal| seal.cose_algorithm() == SealAlgorithm::Ed25519.cose();
    let is_post_quantum: fn(&Seal<'_>) -> bool = |seal| SETS.map(SealAlgorithm::cose).contains(&seal.cose_algorithm());
    let envelope = Envelope::parse(bundle).unwrap();
    let seals: Vec<_> = envelope.seals().iter().collect();
    let middle = |part: &[u8]| bundle.windows(part.len()).position(|window| window == part).unwrap() + part.len() / 2;
    let in_seal = |wanted: fn(&Seal<'_>) -> bool| middle(seals.iter().find(|seal| wanted(seal)).unwrap().signature());
    let last_payload = bundle.windows(8).rposition(|window| window == b"\x67c01.bin").unwrap() + 10;
    let flipped = [
        ("classical half", in_seal(is_classical)),
        ("post-quantum half", in_seal(is_post_quantum)),
        // The last byte of the manifest: part of a number or a digest, so that its CBOR stays good.
        ("manifest", envelope.size() - 1),
        ("image", last_payload),
    ]
    .map(|(place, at)| {
        let mut tampered = bundle.to_vec();
        tampered[at] ^= 1;
        (place, tampered)
    });
    let stripped = [("set of classical halves", is_classical), ("set of post-quantum halves", is_post_quantum)].map(
        |(place, unwanted)| {
            let left = seals.iter().filter(|seal| !unwanted(seal)).map(|seal| NewSeal {
                anchor: seal.anchor(),
                cose_algorithm: seal.cose_algorithm(),
                signature: seal.signature().to_vec(),
            });
            let (digest, manifest) = (envelope.seals().digest(), envelope.manifest_bytes());
            let frame = encode::envelope(envelope.entries(), digest, &left.collect::<Vec<_>>(), manifest).unwrap();
            (place, [&frame, &bundle[envelope.size()..]].concat())
        },
    );
    flipped.into_iter().chain(stripped).collect()
}

/// A signer of ours, without our signer: the two crates, and the to-be-signed bytes of `twinseal-formats`.
struct Identity<P: MlDsaParams> {
    classical: ed25519_dalek::SigningKey,
    /// Boxed: three of them expanded are more than a test thread's stack holds.
    post_quantum: Box<ml_dsa::SigningKey<P>>,
    set: SealAlgorithm,
    keys: [Vec<u8>; 2],
}

impl<P: MlDsaParams> Identity<P> {
    fn new(set: SealAlgorithm, seed: u8) -> Self {
        let classical = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let post_quantum = Box::new(ml_dsa::SigningKey::<P>::from_seed(&[seed; 32].into()));
        let keys = [
            classical.verifying_key().as_bytes().to_vec(),
            post_quantum.expanded_key().verifying_key().encode().to_vec(),
        ];
        Self { classical, post_quantum, set, keys }
    }

    fn id(&self) -> AnchorId {
        let algorithms = [SealAlgorithm::Ed25519, self.set];
        anchor_id(algorithms.into_iter().zip(&self.keys).map(|(algorithm, bytes)| AnchorKey { algorithm, bytes }))
            .unwrap()
    }

    fn anchor<'a>(&'a self, role: Role, label: &'a str) -> NewAnchor<'a> {
        let keys = vec![(SealAlgorithm::Ed25519, &*self.keys[0]), (self.set, &*self.keys[1])];
        NewAnchor { id: self.id(), role, label, keys }
    }

    fn seals(&self, digest: &Digest) -> [NewSeal; 2] {
        let anchor = self.id();
        let digest = encode::digest(digest);
        [SealAlgorithm::Ed25519, self.set].map(|algorithm| {
            let cose_algorithm = algorithm.cose();
            let protected = encode::protected_header(cose_algorithm, anchor, SealType::Release);
            let message = ToBeSigned::new(&protected, &digest).unwrap();
            let signature = if algorithm == self.set {
                let key = self.post_quantum.expanded_key();
                key.sign_deterministic(message.as_bytes(), &[]).unwrap().encode().to_vec()
            } else {
                self.classical.sign(message.as_bytes()).to_bytes().to_vec()
            };
            NewSeal { anchor, cose_algorithm, signature }
        })
    }
}

fn write_bundle(set: SealAlgorithm) -> (Vec<u8>, Vec<u8>) {
    match set {
        SealAlgorithm::MlDsa44 => write_bundle_with::<ml_dsa::MlDsa44>(set),
        SealAlgorithm::MlDsa65 => write_bundle_with::<ml_dsa::MlDsa65>(set),
        _ => write_bundle_with::<ml_dsa::MlDsa87>(set),
    }
}

/// A bundle with everything a script could stumble over: a countersignature, a seal of an algorithm that nobody knows by somebody
/// whom the store does not name, evidence; and its trust store, with a root that has no say in releases.
fn write_bundle_with<P: MlDsaParams>(set: SealAlgorithm) -> (Vec<u8>, Vec<u8>) {
    let [vendor, assessor, root] = [1, 2, 3].map(|seed| Identity::<P>::new(set, seed));
    let algorithm = DigestAlgorithm::matching(set);
    let digest = |bytes: &[u8]| Hasher::digest(algorithm, bytes).unwrap();
    let (vendor_id, class) = (VendorId([0xaa; 16]), ClassId([0xbb; 16]));

    let document = b"{}";
    let file = EvidenceFile {
        name: "sbom.json",
        media_type: "application/vnd.cyclonedx+json",
        size: 2,
        digest: digest(document),
    };
    let index = encode::evidence_index(algorithm, &[file], &[]).unwrap();
    let manifest = NewManifest {
        sequence_number: SequenceNumber(7),
        vendor: vendor_id,
        class,
        release_version: "1.2.3",
        security_version: SecurityVersion(1),
        minimum_trust_epoch: TrustEpoch(0),
        components: COMPONENTS
            .into_iter()
            .zip(IMAGES)
            .map(|(id, image)| NewComponent { id, size: image.len().try_into().unwrap(), digest: digest(image) })
            .collect(),
        evidence: Some(EvidenceCommitment { count: 1, digest: digest(&index) }),
    }
    .encode()
    .unwrap();

    let release = digest(&encode::with_head(&manifest));
    let mut seals = [vendor.seals(&release), assessor.seals(&release)].concat();
    seals.push(NewSeal { anchor: AnchorId([0x55; 32]), cose_algorithm: -999, signature: vec![1; 99] });
    let mut bundle = encode::envelope(6, &release, &seals, &manifest).unwrap();
    let payloads = (0..).zip(IMAGES).map(|(index, image)| (twinseal_formats::payload_name(index), image));
    let evidence = [(evidence_name(0), &*index), (evidence_name(1), document)];
    for (name, contents) in payloads.chain(evidence) {
        bundle.extend(EntryHead::new(name, contents.len().try_into().unwrap()).as_bytes());
        bundle.extend(contents);
    }

    let anchors = vec![
        vendor.anchor(Role::Release, "vendor"),
        assessor.anchor(Role::Assessor, "test-house"),
        root.anchor(Role::Root, "root"),
    ];
    let store = NewTrustStore {
        epoch: TrustEpoch(0),
        vendor: vendor_id,
        classes: vec![class],
        minimum_digest: algorithm,
        requirements: Role::ALL.map(|role| Requirement { role, threshold: 1 }).to_vec(),
        anchors,
        single_class: false,
    };
    let store = store.encode().unwrap();
    // What we write, we accept: else the script's verdict would say nothing.
    assert_eq!(verify(&bundle, &store), Ok(()));
    (bundle, store)
}

/// What our verifier says, for a device that has these two components.
fn verify(bundle: &[u8], store: &[u8]) -> Result<(), Error> {
    let algorithms: [&dyn SealVerifier; 4] = [&Ed25519, &MlDsa44, &MlDsa65, &MlDsa87];
    let store = TrustStore::parse(store)?;
    let verifier = Verifier::new(store, &algorithms)?;
    let device = Device {
        vendor: store.vendor(),
        class: store.classes().next().unwrap(),
        components: &COMPONENTS,
        confirmed: None,
        counter: SecurityVersion(0),
        counter_limit: SecurityVersion(64),
    };
    let envelope = Envelope::parse(bundle)?;
    let admitted = verifier.authenticate(&envelope)?.admit::<Install>(&device)?;
    admitted.verify_enclosed(Bytes(bundle), &mut [0; 64]).map(|_| ()).map_err(|refused| refused.error())
}

/// A bundle in memory.
struct Bytes<'a>(&'a [u8]);

impl Source for Bytes<'_> {
    fn size(&mut self) -> Result<u64, StorageFault> {
        u64::try_from(self.0.len()).map_err(|_| StorageFault)
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        let offset = usize::try_from(offset).map_err(|_| StorageFault)?;
        buffer.copy_from_slice(self.0.get(offset..offset + buffer.len()).ok_or(StorageFault)?);
        Ok(())
    }
}
