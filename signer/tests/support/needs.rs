//! What tests need that may not be there. Where it is missing it is said how many runs are skipped, and with TWINSEAL_REQUIRE_TOOLS=1 that
//! is a failure.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::tool::TOOL;

/// Says that so many runs of a suite are skipped.
pub(crate) fn skipped(suite: &str, runs: usize, needs: &str) {
    let skipped = format!("skipped: needs {needs}");
    assert!(env::var("TWINSEAL_REQUIRE_TOOLS").as_deref() != Ok("1"), "{skipped}");
    println!("{suite}: 0 runs, {runs} {skipped}");
}

/// Whether a program can be started.
pub(crate) fn program(name: &str, suite: &str, runs: usize) -> bool {
    let there = Command::new(name).arg("--version").output().is_ok();
    if !there {
        skipped(suite, runs, name);
    }
    there
}

/// The path of a Python (TWINSEAL_PYTHON, or `python3`) with ML-DSA in pyca/cryptography.
pub(crate) fn python(suite: &str, runs: usize) -> Option<String> {
    python_with("from cryptography.hazmat.primitives.asymmetric import mldsa", "cryptography >= 50", suite, runs)
}

/// The path of a Python that can do these imports.
pub(crate) fn python_with(imports: &str, modules: &str, suite: &str, runs: usize) -> Option<String> {
    let named = env::var("TWINSEAL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let asked = Command::new(named).args(["-c", &format!("import sys; {imports}; print(sys.executable)")]).output();
    let Some(asked) = asked.ok().filter(|output| output.status.success()) else {
        skipped(suite, runs, &format!("python3 with {modules}"));
        return None;
    };
    Some(String::from_utf8(asked.stdout).expect("UTF-8").trim_end().to_owned())
}

/// The software token kryoptic: TWINSEAL_KRYOPTIC, or what was built before.
pub(crate) fn kryoptic(suite: &str, runs: usize) -> Option<PathBuf> {
    built("TWINSEAL_KRYOPTIC", "kryoptic.sh", suite, runs)
}

/// The command line of an OpenSSL that knows ML-DSA: TWINSEAL_OPENSSL, or what was built before.
pub(crate) fn openssl(suite: &str, runs: usize) -> Option<PathBuf> {
    built("TWINSEAL_OPENSSL", "openssl.sh", suite, runs)
}

/// What a variable names, or a script in `tests` has built.
fn built(variable: &str, script: &str, suite: &str, runs: usize) -> Option<PathBuf> {
    let path = format!("{}/../tests/{script}", env!("CARGO_MANIFEST_DIR"));
    let named = env::var_os(variable).map(PathBuf::from).or_else(|| {
        let asked = Command::new("sh").args([&path, "--built"]).output().ok()?;
        Some(String::from_utf8(asked.stdout).ok()?.trim_end().into())
    });
    let found = named.filter(|path| path.is_file());
    if found.is_none() {
        skipped(suite, runs, &format!("what `sh tests/{script}` builds, or {variable}"));
    }
    found
}

/// The first block of a language in a document under `docs` that holds these words: what users copy is what is run.
pub(crate) fn documented(document: &str, language: &str, words: &str) -> String {
    let path = format!("{}/../docs/{document}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the document");
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.map(str::to_owned).find(|block| block.contains(words)).unwrap_or_else(|| panic!("{path} has no {words:?}"))
}

/// An `exec:` URI of another `twinseal` that answers for a key.
pub(crate) fn answered_by_tool(uri: &str) -> String {
    format!("exec:{TOOL}?arg=key&arg=answer&arg={}", uri.replace('%', "%25").replace('&', "%26"))
}
