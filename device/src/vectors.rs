//! Wycheproof's vectors through the engines as firmware: ML-DSA from the key's bytes and from its table, Ed25519 strictly and through combs.

use std::fs;
use std::path::Path;

use clap::Args;
use wycheproof::{TestResult, eddsa, mldsa_verify};

use crate::board::Board;
use crate::failure::{Failure, Result};
use crate::{image, refuse};

/// Arguments of `vectors`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cargo run -p twinseal-device -- vectors
  cargo run -p twinseal-device -- vectors --board rv32")]
pub(crate) struct Vectors {
    /// Only on this board; else on a Cortex-M4, a Cortex-M33 and a RISC-V
    #[arg(long)]
    board: Option<Board>,
}

/// A vector: what the images read, and what Wycheproof says.
struct Vector {
    name: String,
    record: Vec<u8>,
    valid: bool,
}

impl Vectors {
    /// Whether every verdict is Wycheproof's.
    ///
    /// # Errors
    /// Vectors are missing, or a board could not be run.
    pub(crate) fn run(&self) -> Result<bool> {
        let ml_dsa = ml_dsa()?;
        let ed25519 = ed25519()?;
        println!("Wycheproof: {} of ML-DSA, {} of Ed25519", ml_dsa.len(), ed25519.len());
        if (ml_dsa.len(), ed25519.len()) != COUNTS {
            return Err(Failure::new(format!("there should be {} and {}", COUNTS.0, COUNTS.1)));
        }
        let folder = image::folder().join("target/cases");
        fs::create_dir_all(&folder)?;
        let vectors: Vec<_> = ml_dsa.into_iter().chain(ed25519).collect();
        let mut file: Vec<u8> = vectors.iter().flat_map(|vector| vector.record.iter().copied()).collect();
        file.push(0);
        fs::write(folder.join("vectors"), file)?;
        let mut right = true;
        for board in BOARDS.into_iter().filter(|board| self.board.is_none_or(|only| only == *board)) {
            right &= compare(board, &vectors, &folder)?;
        }
        Ok(right)
    }
}

fn compare(board: Board, vectors: &[Vector], folder: &Path) -> Result<bool> {
    let said = refuse::run(board, "vectors", folder)?;
    let mut lines = said.lines();
    let mut wrong = 0_usize;
    for vector in vectors {
        let line = lines.next().unwrap_or_default();
        // Under keys that no anchor may have there is no comb, and Wycheproof has no such key for Ed25519.
        if line != if vector.valid { "111" } else { "000" } {
            wrong = wrong.saturating_add(1);
            println!("{}: {}: {line:?}, and it is {}", board.name(), vector.name, vector.valid);
        }
    }
    if lines.next() != Some("end") {
        return Err(Failure::new(format!("{}: it went on behind the last vector, or stopped before", board.name())));
    }
    println!("{}: {} vectors, each by three ways, {wrong} wrong", board.name(), vectors.len());
    Ok(wrong == 0)
}

fn ml_dsa() -> Result<Vec<Vector>> {
    use mldsa_verify::{TestName, TestSet};
    let mut vectors = Vec::new();
    for (set, name) in [(44, TestName::MlDsa44Verify), (65, TestName::MlDsa65Verify), (87, TestName::MlDsa87Verify)] {
        let loaded = TestSet::load(name).map_err(|error| Failure::new(error.to_string()))?;
        for group in loaded.test_groups {
            for test in group.tests {
                let context = test.ctx.as_ref().map_or(&[][..], |context| context);
                vectors.push(Vector {
                    name: format!("ML-DSA-{set}, case {}", test.tc_id),
                    record: record(set, [&group.pubkey, context, &test.msg, &test.sig])?,
                    valid: test.result == TestResult::Valid,
                });
            }
        }
    }
    Ok(vectors)
}

fn ed25519() -> Result<Vec<Vector>> {
    use eddsa::{TestName, TestSet};
    let loaded = TestSet::load(TestName::Ed25519).map_err(|error| Failure::new(error.to_string()))?;
    let mut vectors = Vec::new();
    for group in loaded.test_groups {
        for test in group.tests {
            vectors.push(Vector {
                name: format!("Ed25519, case {}", test.tc_id),
                record: record(25, [&group.key.pk, &[], &test.msg, &test.sig])?,
                valid: test.result == TestResult::Valid,
            });
        }
    }
    Ok(vectors)
}

/// As the image reads it.
fn record(kind: u8, pieces: [&[u8]; 4]) -> Result<Vec<u8>> {
    let mut contents = Vec::new();
    for piece in pieces {
        contents.extend(u32::try_from(piece.len())?.to_le_bytes());
        contents.extend(piece);
    }
    Ok([&[kind][..], &u32::try_from(contents.len())?.to_le_bytes(), &contents].concat())
}

const COUNTS: (usize, usize) = (631, 151);

const BOARDS: [Board; 3] = [Board::M4, Board::M33, Board::Rv32];
