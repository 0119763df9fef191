//! Other people's vectors through our adapters, each file with the number of cases that ran.
//!
//! What lies in `../shared/vectors` beside the workspace is skipped, and said to be, where that folder does not exist: a clone
//! elsewhere has none. Everything else always runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "vectors/cose_rfc9964.rs"]
mod cose_rfc9964;
#[path = "vectors/digests.rs"]
mod digests;
#[path = "vectors/dilithium_draft.rs"]
mod dilithium_draft;
#[path = "vectors/ed25519_comb.rs"]
mod ed25519_comb;
#[path = "vectors/ed25519_edges.rs"]
mod ed25519_edges;
#[path = "vectors/keys_rfc9881.rs"]
mod keys_rfc9881;
#[path = "vectors/suit_examples.rs"]
mod suit_examples;
#[path = "vectors/wycheproof_ed25519.rs"]
mod wycheproof_ed25519;
#[path = "vectors/wycheproof_ml_dsa.rs"]
mod wycheproof_ml_dsa;

use std::fs;
use std::path::{Path, PathBuf};

use twinseal_formats::SealAlgorithm;
use twinseal_verifier::{Ed25519, MlDsa44, MlDsa65, MlDsa87, SealVerifier};

/// The parameter sets of ML-DSA.
const ML_DSA: [SealAlgorithm; 3] = [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87];

/// Our adapter for an algorithm.
fn adapter(algorithm: SealAlgorithm) -> &'static dyn SealVerifier {
    match algorithm {
        SealAlgorithm::Ed25519 => &Ed25519,
        SealAlgorithm::MlDsa44 => &MlDsa44,
        SealAlgorithm::MlDsa65 => &MlDsa65,
        SealAlgorithm::MlDsa87 => &MlDsa87,
        other => panic!("no adapter for {other}"),
    }
}

/// A folder of the vectors beside the workspace; `None`, and said so, where there is none.
fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("{folder}: skipped: needs ../shared/vectors");
    None
}

/// The files of a folder with that ending, by name.
fn files(folder: &Path, ending: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "half a byte: {text}");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
