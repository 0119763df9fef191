//! What the verifier brings onto a device: the packages are listed in `verifier-dependencies.txt`, and none is a procedural macro.
//!
//! The builds for these targets are not here but in CI; this needs no target to be installed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where something is not as it must be")]
#![allow(clippy::std_instead_of_alloc, reason = "a test has std")]

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

/// The targets that the verifier is built for: Cortex-M0, M4 and M7, M33, and RISC-V without atomics.
const TARGETS: [&str; 4] =
    ["thumbv6m-none-eabi", "thumbv7em-none-eabi", "thumbv8m.main-none-eabi", "riscv32imc-unknown-none-elf"];

/// The committed list.
const COMMITTED: &str = include_str!("../verifier-dependencies.txt");

/// One section of the committed list: its count and its names.
fn committed(section: &str) -> (usize, Vec<&'static str>) {
    let mut lines = COMMITTED.lines().skip_while(|line| !line.starts_with(&format!("[{section}] ")));
    let count = lines.next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    let names =
        lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty() && !line.starts_with('#'));
    (count, names.collect())
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(arguments)
        .args(["--locked", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")])
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages of the verifier with all its features, over these edges, as (name, version): two versions of one are two.
fn tree(edges: &str, target: &str) -> BTreeSet<(String, String)> {
    let tree = cargo(&[
        "tree",
        "-p",
        "twinseal-verifier",
        "--all-features",
        "--target",
        target,
        "-e",
        edges,
        "--prefix",
        "none",
        "--no-dedupe",
        "-f",
        "{p}",
    ]);
    tree.lines()
        .map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            (words.next().unwrap(), words.next().unwrap())
        })
        .filter(|(name, _)| name != "twinseal-verifier")
        .collect()
}

fn names(packages: &BTreeSet<(String, String)>) -> Vec<&str> {
    packages.iter().map(|(name, _)| name.as_str()).collect()
}

/// The procedural macros among all packages that a build for the target could use.
fn procedural_macros(target: &str) -> BTreeSet<(String, String)> {
    let metadata: serde_json::Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--filter-platform", target])).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let is_macro = |package: &&serde_json::Value| {
        let mut targets = package["targets"].as_array().unwrap().iter();
        targets.any(|target| target["kind"].as_array().unwrap().iter().any(|kind| kind == "proc-macro"))
    };
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let name = |package: &serde_json::Value| (text(&package["name"]), format!("v{}", text(&package["version"])));
    packages.iter().filter(is_macro).map(name).collect()
}

#[test]
fn the_verifier_brings_what_is_listed_and_no_procedural_macro() {
    let (normal_count, normal_listed) = committed("normal");
    let (build_count, build_listed) = committed("build");
    let mut ran = 0;
    for target in TARGETS {
        let normal = tree("normal", target);
        let all = tree("normal,build", target);
        let build: BTreeSet<_> = all.difference(&normal).cloned().collect();
        assert_eq!(names(&normal), normal_listed, "{target}: tests/verifier-dependencies.txt lists others");
        assert_eq!(names(&build), build_listed, "{target}: tests/verifier-dependencies.txt lists others");
        assert_eq!((normal.len(), build.len()), (normal_count, build_count), "{target}");

        let macros = procedural_macros(target);
        // The workspace has some (serde's derives, for one): so the search can find one.
        assert!(!macros.is_empty(), "{target}: nothing to find");
        assert_eq!(all.intersection(&macros).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "{target}");
        println!(
            "{target}: {} packages, {} more run on the host while building, no procedural macro",
            normal.len(),
            build.len()
        );
        ran += 1;
    }
    assert_eq!(ran, 4);
}
