//! Whether code of ours can panic, as linked: read from the image, not from the source.
//!
//! The linker leaves its relocations in the file, so it is known which function refers to which. Functions of the core library that are
//! reached count for whoever reaches them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use clap::Args;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget};

use crate::board::Board;
use crate::failure::{Failure, Result};
use crate::image::{Level, Recipe};
use crate::symbols::Functions;

/// Arguments of `panics`.
#[derive(Args, Debug)]
#[command(after_help = "Example:
  cargo run -p twinseal-device -- panics")]
pub(crate) struct Panics {}

/// Who refers to whom, by demangled name.
type Callers = BTreeMap<String, BTreeSet<String>>;

impl Panics {
    /// Whether nothing of ours reaches a panic; what of the dependencies does is listed.
    ///
    /// # Errors
    /// An image could not be built or read.
    #[expect(clippy::unused_self, reason = "all commands look alike")]
    pub(crate) fn run(&self) -> Result<bool> {
        let mut clean = true;
        for (board, keys, level) in [
            (Board::M4, "compact", Level::Three),
            (Board::M4, "compact", Level::S),
            (Board::M4, "fast", Level::Three),
            (Board::M4, "small", Level::S),
            (Board::M0, "small", Level::S),
            (Board::M33, "fast", Level::Three),
            (Board::Rv32, "fast", Level::S),
        ] {
            let features = ["road", "pull", "push", "boot", keys, "set65"].map(str::to_owned).to_vec();
            clean &= examine(&Recipe { board, features, level })?;
        }
        Ok(clean)
    }
}

fn examine(recipe: &Recipe) -> Result<bool> {
    let callers = callers(&fs::read(recipe.build()?.path)?)?;
    let name = format!("{} {} opt-{}", recipe.board.name(), recipe.features.join(" "), recipe.level.name());
    // The handler itself is linked always; an image in which nobody is seen to refer to anything would prove nothing.
    if callers.len() < LEAST_FUNCTIONS {
        return Err(Failure::new(format!("{name}: only {} functions are seen to be referred to", callers.len())));
    }
    let reached = who_panics(&callers);
    let (ours, others): (Vec<_>, Vec<_>) =
        reached.into_iter().partition(|function| is_ours(function) && !HOLDS_ANOTHERS.contains(&function.as_str()));
    println!("{name}: {} functions are referred to; ours that reach a panic: {}", callers.len(), ours.len());
    for function in &ours {
        println!("  OURS: {function}");
    }
    for function in &others {
        println!("  a dependency's: {function}");
    }
    Ok(ours.is_empty())
}

/// Every function outside of the core library that reaches a panic, directly or through the core library.
fn who_panics(callers: &Callers) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> = callers.keys().filter(|name| is_panic(name)).collect();
    while let Some(function) = open.pop() {
        for caller in callers.get(function).into_iter().flatten() {
            if is_core(caller) {
                if seen.insert(caller) {
                    open.push(caller);
                }
            } else if !is_handler(caller) {
                found.insert(caller.clone());
            }
        }
    }
    found
}

/// Where panics begin.
fn is_panic(name: &str) -> bool {
    let begins = [
        "core::panicking::",
        "core::option::unwrap_failed",
        "core::option::expect_failed",
        "core::result::unwrap_failed",
    ];
    begins.iter().any(|begin| name.starts_with(begin))
        || name.contains("_fail::")
        || name.ends_with("_fail")
        || name.contains("slice_error_fail")
        || name.contains("rust_begin_unwind")
        || name.contains("len_mismatch")
}

fn is_core(name: &str) -> bool {
    name.starts_with("core::") || name.starts_with("<core::") || name.starts_with("compiler_builtins::")
}

/// The handler and what it is called by.
fn is_handler(name: &str) -> bool {
    name.contains("rust_begin_unwind") || name.contains("__rustc")
}

fn is_ours(name: &str) -> bool {
    name.contains("twinseal")
}

/// Reads who refers to whom.
fn callers(bytes: &[u8]) -> Result<Callers> {
    let file = object::File::parse(bytes)?;
    let functions = Functions::of(&file)?;
    let mut callers = Callers::new();
    let mut relocations = 0_usize;
    for section in file.sections().filter(|section| section.name().is_ok_and(|name| name == ".text")) {
        for (place, relocation) in section.relocations() {
            // In a linked file, places are addresses.
            let Some(caller) = functions.at(place) else { continue };
            let RelocationTarget::Symbol(index) = relocation.target() else { continue };
            let symbol = file.symbol_by_index(index)?;
            let target = symbol.address() & !1;
            let Some(callee) = functions.at(target) else { continue };
            relocations = relocations.saturating_add(1);
            if caller.name != callee.name {
                callers.entry(callee.name.clone()).or_default().insert(caller.name.clone());
            }
        }
    }
    if relocations == 0 {
        return Err(Failure::new("the image holds no relocations: who refers to whom can not be seen"));
    }
    Ok(callers)
}

/// A function of ours into which the compiler puts a dependency's code: all of dalek's verification. Ours in it is a call, two
/// conversions and a comparison (verifier/src/algorithm/ed25519.rs).
const HOLDS_ANOTHERS: [&str; 1] =
    ["<twinseal_verifier::algorithm::ed25519::Ed25519 as twinseal_verifier::algorithm::SealVerifier>::verify"];

/// Fewer would mean that the file was not understood.
const LEAST_FUNCTIONS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_behind_the_core_library_is_seen_and_one_of_a_dependency_is_told_apart() {
        let mut callers = Callers::new();
        let mut call = |caller: &str, callee: &str| callers.entry(callee.into()).or_default().insert(caller.into());
        call("core::slice::iter::next", "core::panicking::panic_fmt");
        call("twinseal_verifier::admit", "core::slice::iter::next");
        call("curve25519_dalek::field::square", "core::panicking::panic_bounds_check");
        call("twinseal_firmware::run", "twinseal_verifier::authenticate");
        let found = who_panics(&callers);
        assert_eq!(found.iter().collect::<Vec<_>>(), ["curve25519_dalek::field::square", "twinseal_verifier::admit"]);
        assert_eq!(found.iter().filter(|name| is_ours(name)).count(), 1);
    }
}
