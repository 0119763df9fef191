//! The rows of the table: what is measured, on which board, built how.

use std::time::Duration;

use serde::Serialize;
use twinseal_formats::SealAlgorithm;
use twinseal_verifier::CombSize;

use crate::board::{Board, Run};
use crate::failure::{Failure, Result};
use crate::given::Given;
use crate::image::{Level, Recipe};
use crate::parts::{self, Parts};

/// A row before it is measured.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) recipe: Recipe,
    pub(crate) set: SealAlgorithm,
}

/// A row.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    /// Board, subject and opt-level.
    pub(crate) row: String,
    /// From the bytes to the verdict.
    pub(crate) instructions: u64,
    /// Bytes of stack below the call.
    pub(crate) stack: u64,
    /// Bytes of RAM that the caller lends.
    pub(crate) buffers: u64,
    /// Bytes of code and constants, less those of the empty image.
    pub(crate) flash: u64,
    /// Bytes of tables, of the keys and of Ed25519's base point.
    pub(crate) tables: u64,
    /// Flash by part.
    pub(crate) parts: Parts,
}

/// Every row that has a budget.
pub(crate) fn rows() -> Vec<Row> {
    use Board::{M0, M3, M4, M7, M33, Rv32};
    use Level::{S, Three, Z};
    use SealAlgorithm::{MlDsa44, MlDsa65, MlDsa87};
    let mut rows = Vec::new();
    let mut row = |board, subject: &str, set, level| {
        let mut features: Vec<String> = subject.split(' ').map(str::to_owned).collect();
        features.push(format!("set{}", crate::given::folder_of(set)));
        rows.push(Row { recipe: Recipe { board, features, level }, set });
    };
    for set in [MlDsa44, MlDsa65, MlDsa87] {
        row(M4, "ml-dsa compact", set, Three);
        row(M4, "ml-dsa fast", set, Three);
        row(M4, "ml-dsa small", set, Three);
    }
    row(M4, "ml-dsa compact", MlDsa65, S);
    row(M4, "ed25519 compact", MlDsa65, Three);
    for keys in ["fast teeth4", "fast teeth6", "fast"] {
        row(M4, &format!("ed25519 {keys}"), MlDsa65, Three);
    }
    for board in [M3, M4, M7, M33, Rv32] {
        row(board, "road pull compact", MlDsa65, Three);
        row(board, "road pull fast", MlDsa65, Three);
        row(board, "road pull small", MlDsa65, Three);
    }
    for keys in ["compact", "fast", "small"] {
        row(M4, &format!("road push {keys}"), MlDsa65, Three);
        row(M4, &format!("road boot {keys}"), MlDsa65, Three);
    }
    row(M4, "road boot small teeth4", MlDsa65, Z);
    row(M4, "road pull boot small teeth4", MlDsa65, Z);
    row(M4, "road push boot small teeth4", MlDsa65, Z);
    for step in ["receive", "start"] {
        row(M4, &format!("install {step} small"), MlDsa65, Three);
        row(M4, &format!("embassy {step}"), MlDsa65, Three);
    }
    row(M4, "install receive start small teeth4", MlDsa65, Z);
    row(M4, "embassy receive start", MlDsa65, Z);
    row(M4, "hash", MlDsa44, Three);
    row(M4, "hash", MlDsa65, Three);
    row(M0, "road pull compact", MlDsa44, S);
    for road in ["pull", "push", "boot"] {
        row(M0, &format!("road {road} small"), MlDsa65, S);
    }
    rows
}

impl Row {
    /// What it is called, in the table and in the file of budgets.
    pub(crate) fn name(&self) -> String {
        format!("{} {} opt-{}", self.recipe.board.name(), self.recipe.features.join(" "), self.recipe.level.name())
    }

    /// Bytes of the base point's comb, which lies among the constants of an image that has one: a table too. It is as large as the key's.
    fn base_comb(&self) -> u64 {
        let has = |name: &str| self.recipe.features.iter().any(|feature| feature == name);
        if has("compact") || !(has("ed25519") || has("road") || has("install")) {
            return 0;
        }
        let size = CombSize::ALL.into_iter().find(|size| has(&format!("teeth{}", size.teeth())));
        u64::try_from(size.unwrap_or(CombSize::Teeth8).table_size()).unwrap_or(0)
    }

    /// Builds the image, and says what of it comes from where.
    ///
    /// # Errors
    /// It can not be built or read.
    pub(crate) fn parts(&self) -> Result<Parts> {
        parts::of(&self.recipe.build()?, &self.recipe.empty().build()?, self.base_comb())
    }

    /// Builds, runs and reads.
    ///
    /// # Errors
    /// Something is missing, QEMU counts otherwise than it should, or an image decides otherwise than the host.
    pub(crate) fn measure(&self, given: &Given) -> Result<Figures> {
        let image = self.recipe.build()?;
        let empty = self.recipe.empty().build()?;
        let run = Run { counted: true, folder: None, limit: Duration::from_secs(120) };
        let said = self.recipe.board.run(&image.path, &run)?;
        let wrong = |what: &str| Failure::new(format!("{}: {what}: {}", self.name(), said.trim()));
        let number = |name: &str| -> Result<u64> {
            let value = said.split_whitespace().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            Ok(value.ok_or_else(|| wrong("it said nothing that could be read"))?.parse()?)
        };
        let counts = |count: u64| count.saturating_mul(self.recipe.board.instructions_in_1000_counts()) / 1000;

        // Reading the counter takes some instructions too.
        if !(2_000_000..2_000_100).contains(&counts(number("known")?)) {
            return Err(wrong("a loop of 2,000,000 instructions was not counted as such"));
        }
        let verifies = self.recipe.features.iter().any(|feature| ["road", "install"].contains(&feature.as_str()));
        let expected = if verifies { u64::from(given.tampered.number()) } else { 1 };
        if number("good")? != 0 || number("bad")? != expected {
            return Err(wrong("the image decides otherwise than the host"));
        }
        let base = self.base_comb();
        Ok(Figures {
            row: self.name(),
            instructions: counts(number("used")?),
            stack: number("stack")?,
            buffers: image.section(".bss").saturating_sub(empty.section(".bss")),
            flash: image.flash().saturating_sub(empty.flash()).saturating_sub(base),
            tables: image.section(".tables").saturating_add(base),
            parts: parts::of(&image, &empty, base)?,
        })
    }
}
