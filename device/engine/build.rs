//! Tells the linker where things go, and makes what is verified: a key, its table, and a signature, from a fixed seed.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ml_dsa::{ExpandedSigningKey, MlDsa44, MlDsa65, MlDsa87, MlDsaParams};
use twinseal_verifier::{ParameterSet, Set44, Set65, Set87, expand_ml_dsa};

fn main() {
    println!("cargo::rerun-if-changed=memory.ld");
    println!("cargo::rustc-link-arg-bins=-Tmemory.ld");
    let given = if env::var_os("CARGO_FEATURE_SET44").is_some() {
        given::<MlDsa44, Set44>()
    } else if env::var_os("CARGO_FEATURE_SET87").is_some() {
        given::<MlDsa87, Set87>()
    } else {
        given::<MlDsa65, Set65>()
    };
    fs::write(Path::new(&env::var_os("OUT_DIR").unwrap()).join("given.rs"), given).unwrap();
}

fn given<P: MlDsaParams, S: ParameterSet>() -> String {
    let signer = ExpandedSigningKey::<P>::from_seed(&[7; 32].into());
    let key = signer.verifying_key().encode().to_vec();
    let signature = signer.sign_deterministic(&[0x5A; 32], &[]).unwrap().encode().to_vec();
    let mut table = Vec::new();
    expand_ml_dsa::<S>(&key, |piece| table.extend_from_slice(piece)).unwrap();
    let mut text = String::new();
    for (name, bytes) in [("KEY", &key), ("SIGNATURE", &signature)] {
        write!(text, "#[unsafe(link_section = \".given\")]\nstatic {name}: [u8; {}] = {bytes:?};\n", bytes.len())
            .unwrap();
    }
    let list = format!("{table:?}");
    write!(text, "#[allow(dead_code, reason = \"one road needs it\")]\n#[unsafe(link_section = \".given\")]\nstatic TABLE: [u32; {}] = {list};\n", table.len())
        .unwrap();
    text
}
