//! The C header and the Rust file of `twinseal trust make` compile, and hold the store's bytes.

#![expect(clippy::expect_used, clippy::panic, reason = "the helpers of tests fail the test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use twinseal::identity::SigningIdentity;
use twinseal_formats::SealAlgorithm;

/// A model's name with everything in it that could end a comment.
const MODEL: &str = "a*/b /* ??/ \\ \" \\u{7d} //";

/// A directory with a store `s`, its C header `s.h` and its Rust file `s.rs`.
fn made(symbol: &str) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let identity = SigningIdentity::generate(SealAlgorithm::MlDsa65).expect("an identity");
    identity.write(&directory.path().join("release")).expect("a directory");
    let output = Command::new(env!("CARGO_BIN_EXE_twinseal"))
        .args(["trust", "make", "--out", "s", "--c-header", "s.h", "--rust", "s.rs", "--symbol", symbol])
        .args(["--vendor", "example.com", "--model", MODEL, "--release", "release"])
        .current_dir(directory.path())
        .output()
        .expect("the tool starts");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    directory
}

/// Runs a tool; `None` where it is not installed, unless tools are demanded.
fn tool(name: &str, arguments: &[&str], directory: &Path) -> Option<Output> {
    match Command::new(name).args(arguments).current_dir(directory).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(std::env::var_os("TWINSEAL_REQUIRE_TOOLS").is_none_or(|value| value != "1"), "needs {name}");
            println!("skipped: needs {name}");
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs the program `p` and compares what it prints with the store.
fn prints_the_store(directory: &Path) {
    let output = Command::new(directory.join("p")).output().expect("the program starts");
    succeeded(&output);
    assert!(output.stdout == fs::read(directory.join("s")).expect("a store"), "the array is not the store");
}

#[test]
fn the_c_header_compiles_without_a_warning_and_holds_the_store() {
    let directory = made("gate_store");
    // Twice, for the include guard.
    let main = "#include \"s.h\"\n#include \"s.h\"\n#include <stdio.h>\n\
        int main(void) { return fwrite(gate_store, 1, GATE_STORE_LEN, stdout) == sizeof gate_store ? 0 : 1; }\n";
    fs::write(directory.path().join("p.c"), main).expect("a file");
    let arguments = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o", "p", "p.c"];
    if let Some(output) = tool("cc", &arguments, directory.path()) {
        succeeded(&output);
        prints_the_store(directory.path());
    }
}

#[test]
fn the_rust_file_compiles_without_a_warning_and_holds_the_store() {
    let directory = made("gate_store");
    let main = "#[path = \"s.rs\"]\npub mod s;\nuse std::io::Write as _;\n\
        fn main() { std::io::stdout().write_all(&s::GATE_STORE).unwrap(); }\n";
    fs::write(directory.path().join("p.rs"), main).expect("a file");
    let arguments = ["--edition", "2024", "-D", "warnings", "-o", "p", "p.rs"];
    if let Some(output) = tool("rustc", &arguments, directory.path()) {
        succeeded(&output);
        prints_the_store(directory.path());
    }
    if let Some(output) = tool("rustfmt", &["--check", "s.rs"], directory.path()) {
        succeeded(&output);
    }
}

#[test]
fn the_comment_says_whom_it_trusts() {
    let directory = made("twinseal_trust_store");
    let release = SigningIdentity::load(&directory.path().join("release")).expect("an identity");
    let anchor_id = release.public().expect("keys").anchor_id().to_string();
    for file in ["s.h", "s.rs"] {
        let text = fs::read_to_string(directory.path().join(file)).expect("text");
        let comment = text.split("0xa7").next().expect("a comment");
        for part in ["example.com", "release (release, ed25519 + ml-dsa-65)", &anchor_id, "epoch", "at least 1 of 1"] {
            assert!(comment.contains(part), "{file}: {comment}");
        }
    }
}
