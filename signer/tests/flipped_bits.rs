//! A fault while signing is caught before a bundle has its name: each bit of each signature, of what is signed, of each seed and of each
//! verifying key, flipped one at a time behind the trait that signs.
//!
//! By default every 397th flip; TWINSEAL_LONG=1 runs all of them (some minutes: CONTRIBUTING.md).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

extern crate alloc;

use alloc::sync::Arc;
use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use twinseal::Result;
use twinseal::identity::SigningIdentity;
use twinseal::key::{Mu, Seed, Signer, SigningKey, VerifyingKey};
use twinseal::output::Overwrite;
use twinseal::release::ReleaseFile;
use twinseal::seal::{self, Target};
use twinseal_formats::SealAlgorithm;

/// Where the next fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// The signature, on its way out.
    Signature(usize),
    /// What is signed, on its way in.
    Message(usize),
    /// The seed, when the key is made ready.
    Seed(usize),
    /// The verifying key that everything is named after.
    VerifyingKey(usize),
}

/// How many bits there are, and the fault of one.
type Kind = (usize, fn(usize) -> Fault);

/// A key that makes one fault. Unspoilt signatures are made once for each message.
#[derive(Debug)]
struct Faulty {
    seed: [u8; 32],
    fault: Fault,
    key: SigningKey,
    told: VerifyingKey,
    made: Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>>,
}

impl Faulty {
    fn new(
        algorithm: SealAlgorithm,
        seed: [u8; 32],
        fault: Fault,
        made: Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>>,
    ) -> Self {
        let key = SigningKey::from_seed(algorithm, Seed::new(seed)).expect("a key");
        let mut told = key.verifying_key().clone();
        if let Fault::VerifyingKey(bit) = fault {
            told = VerifyingKey::from_raw(algorithm, &flipped(told.as_bytes(), bit)).expect("its size");
        }
        Self { seed, fault, key, told, made }
    }
}

impl Signer for Faulty {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.told
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match self.fault {
            Fault::Message(bit) => self.key.sign(&flipped(message, bit)),
            Fault::Seed(bit) => {
                let seed = flipped(&self.seed, bit).try_into().expect("32 bytes");
                SigningKey::from_seed(self.key.algorithm(), Seed::new(seed)).expect("a key").sign(message)
            }
            _ => {
                let mut made = self.made.lock().expect("a lock");
                if !made.contains_key(message) {
                    made.insert(message.to_vec(), self.key.sign(message)?);
                }
                let signature = &made[message];
                Ok(if let Fault::Signature(bit) = self.fault { flipped(signature, bit) } else { signature.clone() })
            }
        }
    }

    fn sign_mu(&self, mu: &Mu) -> Result<Vec<u8>> {
        self.key.sign_mu(mu)
    }
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let byte = bit / 8 % changed.len();
    changed[byte] ^= 1 << (bit % 8);
    changed
}

fn release(directory: &Path) -> ReleaseFile {
    fs::write(directory.join("app.bin"), [0x5a; 64]).expect("a file");
    let text = "[release]\nvendor = \"acme.example\"\nmodel = \"m\"\nversion = \"1.0.0\"\nsequence-number = 1\nsecurity-version = 1\n\
                [[component]]\nid = \"app\"\npath = \"app.bin\"\n";
    fs::write(directory.join("release.toml"), text).expect("a file");
    ReleaseFile::load(&directory.join("release.toml")).expect("a release file")
}

#[test]
fn no_flipped_bit_leaves_the_signer() {
    let step = if env::var("TWINSEAL_LONG").as_deref() == Ok("1") { 1 } else { 397 };
    // In memory where that is possible: each case writes a file.
    let memory = Path::new("/dev/shm");
    let directory =
        if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a directory");
    let release = release(directory.path());
    let out = directory.path().join("out");
    let (mut caught, mut whole) = ([0usize; 4], 0);
    for set in [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87] {
        let algorithms = [SealAlgorithm::Ed25519, set];
        let made = [Arc::default(), Arc::default()];
        let sealed = |faulty: usize, fault: Fault| {
            let key = |index: usize| -> Box<dyn Signer> {
                let fault = if index == faulty { fault } else { Fault::None };
                let fill = u8::try_from(index).expect("small") + 0x21;
                let seed = core::array::from_fn(|i| fill.wrapping_mul(u8::try_from(i).expect("small") | 1));
                Box::new(Faulty::new(algorithms[index], seed, fault, Arc::clone(&made[index])))
            };
            let identity = SigningIdentity::new(key(0), key(1)).expect("one of each class");
            seal::seal(&release, &[identity], Target::new(&out, Overwrite::No))
        };
        sealed(0, Fault::None).expect("it seals").expect("no journal was given");
        fs::remove_file(&out).expect("it is there");
        whole += 1;
        let message = 8 * made[0].lock().expect("a lock").keys().next().expect("it signed").len();
        for (index, algorithm) in algorithms.into_iter().enumerate() {
            let kinds: [Kind; 4] = [
                (8 * algorithm.signature_size(), Fault::Signature),
                (message, Fault::Message),
                (256, Fault::Seed),
                (8 * algorithm.key_size(), Fault::VerifyingKey),
            ];
            for (kind, (bits, fault)) in kinds.into_iter().enumerate() {
                for bit in (0..bits).step_by(step) {
                    let outcome = sealed(index, fault(bit));
                    assert!(outcome.is_err(), "{algorithm}: {:?} left the signer", fault(bit));
                    assert!(!out.exists(), "{algorithm}: {:?} left a file", fault(bit));
                    caught[kind] += 1;
                }
            }
        }
    }
    let left: Vec<_> =
        fs::read_dir(directory.path()).expect("a directory").map(|entry| entry.expect("one").file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    let [signatures, messages, seeds, keys] = caught;
    let all: usize = caught.iter().sum();
    println!(
        "flipped bits: {all} caught, none left ({signatures} of signatures, {messages} of what is signed, {seeds} of seeds, {keys} of \
         verifying keys); {whole} unspoilt bundles sealed"
    );
    assert!(all >= if step == 1 { 100_000 } else { 300 });
}
