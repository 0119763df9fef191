//! Tells the linker where things go, and makes what is judged: a trust store, and bundles with one fault each.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use twinseal_formats::encode::{self, NewAnchor, NewComponent, NewManifest, NewSeal, NewTrustStore};
use twinseal_formats::{
    AnchorId, AnchorKey, ClassId, DigestAlgorithm, Requirement, Role, SealAlgorithm, SealType, SecurityVersion,
    SequenceNumber, ToBeSigned, TrustEpoch, VendorId,
};
use twinseal_verifier::{Hasher, anchor_id};

const VENDOR: VendorId = VendorId(*b"the vendor's id.");
const CLASS: ClassId = ClassId(*b"the class's id..");
const HALVES: [SealAlgorithm; 2] = [SealAlgorithm::Ed25519, SealAlgorithm::MlDsa44];

fn main() {
    for path in ["memory.ld", "src/checksum.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rustc-link-arg-bins=-Tmemory.ld");

    let (known, stranger) = (Identity::new(1), Identity::new(2));
    let good = Parts::new(&known, |_| ());
    let mut given = vec![("good", good.clone())];
    let mut add = |name, change: &dyn Fn(&mut Parts)| {
        let mut parts = good.clone();
        change(&mut parts);
        given.push((name, parts));
    };
    add("classical half bad", &|parts| parts.spoil(HALVES[0]));
    add("post-quantum half bad", &|parts| parts.spoil(HALVES[1]));
    add("both halves bad", &|parts| HALVES.iter().for_each(|half| parts.spoil(*half)));
    add("post-quantum half missing", &|parts| parts.seals.retain(|seal| seal.cose_algorithm == HALVES[0].cose()));
    add("sealed by a stranger", &|parts| *parts = Parts::new(&stranger, |_| ()));
    add("another manifest under the seals", &|parts| {
        parts.manifest = Parts::new(&known, |manifest| manifest.release_version = "1.2.4").manifest;
    });
    add("another class", &|parts| *parts = Parts::new(&known, |manifest| manifest.class = ClassId([9; 16])));
    add("security version below the counter", &|parts| {
        *parts = Parts::new(&known, |manifest| manifest.security_version = SecurityVersion(2));
    });
    add("sequence number below the confirmed one", &|parts| {
        *parts = Parts::new(&known, |manifest| manifest.sequence_number = SequenceNumber(5));
    });
    add("another image", &|parts| parts.images[1][7] ^= 1);

    let mut text = String::new();
    writeln!(text, "#[unsafe(link_section = \".given\")]\nstatic STORE: &[u8] = &{:?};", store(&known)).unwrap();
    text.push_str(&known.tables());
    writeln!(text, "static GIVEN: [Given; {}] = [", given.len()).unwrap();
    for (_, parts) in &given {
        let [one, other] = &parts.images;
        writeln!(text, "Given {{ frame: &{:?}, images: [&{one:?}, &{other:?}] }},", parts.frame()).unwrap();
    }
    writeln!(text, "];").unwrap();
    // The names, for the script that injects: a section of lines that nothing loads.
    let names: String = given.iter().map(|(name, _)| format!("{name}\n")).collect();
    writeln!(text, "#[used]\n#[unsafe(link_section = \".given.names\")]\n#[unsafe(no_mangle)]\nstatic NAMES: [u8; {}] = *b{names:?};", names.len()).unwrap();
    fs::write(Path::new(&env::var_os("OUT_DIR").unwrap()).join("given.rs"), text).unwrap();
}

/// A bundle in parts.
#[derive(Clone)]
struct Parts {
    manifest: Vec<u8>,
    digest: twinseal_formats::Digest,
    seals: Vec<NewSeal>,
    images: [Vec<u8>; 2],
}

impl Parts {
    fn new(identity: &Identity, change: impl FnOnce(&mut NewManifest<'_>)) -> Self {
        let images = [b"the application's image".to_vec(), b"the radio's image, a little longer".to_vec()];
        let components = ["app", "radio"].into_iter().zip(&images).map(|(id, image)| NewComponent {
            id,
            size: image.len() as u64,
            digest: digest(image),
        });
        let mut manifest = NewManifest {
            sequence_number: SequenceNumber(7),
            vendor: VENDOR,
            class: CLASS,
            release_version: "1.2.3",
            security_version: SecurityVersion(3),
            minimum_trust_epoch: TrustEpoch(1),
            components: components.collect(),
            evidence: None,
        };
        change(&mut manifest);
        let manifest = manifest.encode().unwrap();
        let digest = digest(&encode::with_head(&manifest));
        Self { seals: identity.seals(&digest), manifest, digest, images }
    }

    fn spoil(&mut self, half: SealAlgorithm) {
        let seal = self.seals.iter_mut().find(|seal| seal.cose_algorithm == half.cose()).unwrap();
        seal.signature[1] ^= 0x10;
    }

    fn frame(&self) -> Vec<u8> {
        encode::envelope(2, &self.digest, &self.seals, &self.manifest).unwrap()
    }
}

fn digest(bytes: &[u8]) -> twinseal_formats::Digest {
    Hasher::digest(DigestAlgorithm::Sha256, bytes).unwrap()
}

fn store(identity: &Identity) -> Vec<u8> {
    let anchor = NewAnchor {
        id: identity.anchor_id(),
        role: Role::Release,
        label: "release",
        keys: HALVES.into_iter().zip(identity.keys.iter().map(Vec::as_slice)).collect(),
    };
    let store = NewTrustStore {
        epoch: TrustEpoch(1),
        vendor: VENDOR,
        classes: vec![CLASS],
        minimum_digest: DigestAlgorithm::Sha256,
        requirements: vec![Requirement { role: Role::Release, threshold: 1 }],
        anchors: vec![anchor],
        single_class: false,
    };
    store.encode().unwrap()
}

/// Who seals.
struct Identity {
    #[cfg_attr(not(feature = "real"), expect(dead_code, reason = "only real keys come from it"))]
    seed: u8,
    keys: [Vec<u8>; 2],
}

impl Identity {
    fn anchor_id(&self) -> AnchorId {
        let keys = HALVES.into_iter().zip(&self.keys);
        anchor_id(keys.map(|(algorithm, bytes)| AnchorKey { algorithm, bytes })).unwrap()
    }

    fn seals(&self, digest: &twinseal_formats::Digest) -> Vec<NewSeal> {
        let seal = |half: usize| {
            let (anchor, algorithm) = (self.anchor_id(), HALVES[half]);
            let protected = encode::protected_header(algorithm.cose(), anchor, SealType::Release);
            let digest = encode::digest(digest);
            let message = ToBeSigned::new(&protected, &digest).unwrap();
            NewSeal { anchor, cose_algorithm: algorithm.cose(), signature: self.sign(half, message.as_bytes()) }
        };
        vec![seal(0), seal(1)]
    }
}

#[cfg(not(feature = "real"))]
mod stand_in {
    include!("src/checksum.rs");
}

#[cfg(not(feature = "real"))]
impl Identity {
    fn new(seed: u8) -> Self {
        let key = |half: usize| vec![seed << 4 | half as u8; HALVES[half].key_size()];
        Self { seed, keys: [key(0), key(1)] }
    }

    fn sign(&self, half: usize, message: &[u8]) -> Vec<u8> {
        let word = stand_in::checksum(&self.keys[half], message).to_le_bytes();
        word.iter().copied().cycle().take(HALVES[half].signature_size()).collect()
    }

    fn tables(&self) -> String {
        String::new()
    }
}

#[cfg(feature = "real")]
impl Identity {
    fn new(seed: u8) -> Self {
        let classical = Self::classical(seed).verifying_key().to_bytes().to_vec();
        let post_quantum = Self::post_quantum(seed).verifying_key().encode().to_vec();
        Self { seed, keys: [classical, post_quantum] }
    }

    fn classical(seed: u8) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
    }

    fn post_quantum(seed: u8) -> ml_dsa::ExpandedSigningKey<ml_dsa::MlDsa44> {
        ml_dsa::ExpandedSigningKey::from_seed(&ml_dsa::Seed::from([seed; 32]))
    }

    fn sign(&self, half: usize, message: &[u8]) -> Vec<u8> {
        use ed25519_dalek::Signer as _;
        if half == 0 {
            return Self::classical(self.seed).sign(message).to_bytes().to_vec();
        }
        Self::post_quantum(self.seed).sign_deterministic(message, &[]).unwrap().encode().to_vec()
    }

    /// The keys and their tables.
    fn tables(&self) -> String {
        use twinseal_verifier::{CombSize, ExpandedEd25519, Set44, expand_ml_dsa};
        let (mut classical, mut post_quantum) = (Vec::new(), Vec::new());
        let size = CombSize::ALL.into_iter().find(|size| size.teeth() == 8).unwrap();
        ExpandedEd25519::expand(&self.keys[0], size, |piece| classical.extend_from_slice(piece)).unwrap();
        expand_ml_dsa::<Set44>(&self.keys[1], |piece| post_quantum.extend_from_slice(piece)).unwrap();
        let section = "#[unsafe(link_section = \".given\")]\nstatic";
        format!(
            "{section} KEYS: [&[u8]; 2] = [&{:?}, &{:?}];\n{section} CLASSICAL_TABLE: &[u8] = &{classical:?};\n\
             {section} POST_QUANTUM_TABLE: &[u32] = &{post_quantum:?};\n",
            self.keys[0], self.keys[1]
        )
    }
}
