//! Identities whose classical key is in SoftHSM 2, a token that knows no ML-DSA: the other half is in a file, or in another token.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]
#![cfg(feature = "pkcs11")]

#[path = "support/needs.rs"]
mod needs;
#[path = "support/token.rs"]
mod token;
#[path = "support/tool.rs"]
mod tool;

use std::env;
use std::path::PathBuf;

use token::Token;

/// SoftHSM's module: SOFTHSM2_MODULE, or where distributions put it.
fn softhsm(runs: usize) -> Option<PathBuf> {
    let usual = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"].map(PathBuf::from);
    let found = env::var_os("SOFTHSM2_MODULE").map(PathBuf::from).into_iter().chain(usual).find(|path| path.is_file());
    if found.is_none() {
        needs::skipped("softhsm", runs, "SoftHSM 2 (package softhsm2), or SOFTHSM2_MODULE");
    }
    found
}

#[test]
fn a_classical_half_in_softhsm_seals_with_a_post_quantum_half_elsewhere() {
    let Some(softhsm) = softhsm(9) else { return };
    let Some(kryoptic) = needs::kryoptic("softhsm", 9) else { return };
    let token = Token::new(kryoptic);
    token.add_softhsm(&softhsm);
    let ed = token.uri_in(&softhsm, "ed", "pin");
    let file = token.place.at("id/ml-dsa-65.key.pem");
    let file = file.to_str().expect("UTF-8");
    let halves = [("file", file.to_owned()), ("token", token.uri("ml")), ("program", needs::answered_by_tool(file))];
    for (name, post_quantum) in &halves {
        let (identity, store, bundle) = (name.to_string(), format!("{name}.cbor"), format!("{name}.twinseal"));
        token.adopt(&[&ed, post_quantum], &identity).ok();
        token.run(&["key", "check", &identity]).ok();
        token.run(&["sign", "--release", "release.toml", "--identity", &identity, "--out", &bundle]).ok();
        token.place.trust(&store, &["--release", &identity]);
        token.place.json(&["verify", &bundle, "--trust", &store, "--device", "device.toml", "--independent"]).ok();
    }
    // What it does not do: sign with a wrong PIN, with keys it has not or may not use, and be both halves.
    token.place.write("bad", "planted-pin-00000\n");
    token.place.permit("bad", 0o600);
    let of = |object: &str, pin: &str| token.uri_in(&softhsm, object, pin);
    let refused: [(&[&str], &str); 6] = [
        (&[&of("ed", "bad"), file], "wrong PIN"),
        (&[&of("ml", "pin"), file], "no such signing key"),
        (&[&of("twice", "pin"), file], "2 signing keys match"),
        (&[&of("mute", "pin"), file], "does not let this key sign"),
        (&[&ed, &ed], "make no identity"),
        (&[&ed.replace("token=release", "token=other"), file], "no such token"),
    ];
    for (keys, part) in refused {
        token.does_not_adopt(keys, part);
    }
    println!("softhsm: {} identities sealed, {} ways not to", halves.len(), refused.len());
}
