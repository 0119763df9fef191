//! Gives one input after the other to a target, without the fuzzer: for what a run found, and for seeds.
//!
//! `TWINSEAL_FUZZ_OUTCOMES=/dev/stdout cargo run --bin replay TARGET FILE ...` prints how far the inputs came.

use std::{env, fs};

macro_rules! targets {
    ($($name:ident),+) => {
        /// The targets by their names.
        const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), twinseal_fuzz::$name::run)),+];
    };
}

targets!(
    ceremony,
    ed25519,
    evidence,
    image_file,
    inspect,
    installer,
    journal,
    key_file,
    key_file_encrypted,
    ml_dsa,
    pull,
    push,
    resealed,
    second_reader,
    trust_store,
    trust_update
);

fn main() {
    let mut arguments = env::args().skip(1);
    let name = arguments.next().expect("the name of a target");
    let (_, run) = TARGETS.iter().find(|(target, _)| *target == name).expect("a target of this name");
    for file in arguments {
        run(&fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}")));
    }
}
