//! Each direct dependency has its reason beside it in `Cargo.toml`, and docs/dependencies.md lists them with what can be found out.

use core::fmt::Write as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;

use crate::files::{ROOT, at, ending, text};

/// A dependency as a manifest names it.
struct Named {
    name: String,
    /// The comment above it, or above the group that it is in.
    reason: String,
    /// One of our own packages, or one that the workspace's manifest gives the reason for.
    elsewhere: bool,
}

/// The dependencies in a manifest. A comment is for all that follow it up to a blank line or another comment.
fn named(manifest: &str) -> Vec<Named> {
    let (mut named, mut reason, mut behind, mut inside) = (Vec::new(), String::new(), false, false);
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim_end().ends_with("dependencies]");
        }
        if line.trim().is_empty() || line.starts_with('[') {
            reason.clear();
        } else if let Some(comment) = line.strip_prefix('#') {
            if behind {
                reason.clear();
            }
            write!(reason, "{}{}", if reason.is_empty() { "" } else { " " }, comment.trim())
                .expect("a string takes all");
        } else if let (true, Some((name, value))) = (inside, line.split_once('=')) {
            let (name, own) = (name.trim(), value.contains("path =") || name.starts_with("twinseal"));
            let elsewhere = own || name.ends_with(".workspace") || value.contains("workspace = true");
            named.push(Named {
                name: name.trim_end_matches(".workspace").to_owned(),
                reason: reason.clone(),
                elsewhere,
            });
        }
        behind = !line.starts_with('#');
    }
    named
}

#[test]
fn every_direct_dependency_has_its_reason_beside_it() {
    let (mut manifests, mut dependencies, mut without) = (0, 0, Vec::new());
    for manifest in ending("Cargo.toml") {
        manifests += 1;
        for Named { name, reason, elsewhere } in named(&text(&manifest)) {
            dependencies += 1;
            if !elsewhere && reason.split_whitespace().count() < 3 {
                without.push(format!("{manifest}: {name}"));
            }
        }
    }
    println!("{dependencies} dependencies in {manifests} manifests");
    assert!(without.is_empty(), "no reason above, which CONTRIBUTING.md asks for:\n{}", without.join("\n"));
    assert!(manifests >= 12 && dependencies >= 100, "manifests or dependencies were lost");
}

#[test]
fn a_dependency_without_a_reason_is_seen() {
    let manifest = "[package]\n# Three words here\nname = \"a\"\n\n[dev-dependencies]\n# Said of both.\nfirst = \"1\"\nsecond = { version = \"2\" }\n\nthird = \"3\"\n\
                    # Said of the fourth.\nfourth.workspace = true\nmine = { path = \"../mine\" }\n[lints]\nworkspace = true\n";
    let found: Vec<_> =
        named(manifest).into_iter().map(|Named { name, reason, elsewhere }| (name, reason, elsewhere)).collect();
    let expected = [
        ("first", "Said of both.", false),
        ("second", "Said of both.", false),
        ("third", "", false),
        ("fourth", "Said of the fourth.", true),
        ("mine", "Said of the fourth.", true),
    ];
    assert_eq!(found, expected.map(|(name, reason, elsewhere)| (name.to_owned(), reason.to_owned(), elsewhere)));
}

/// What `cargo metadata` says of a package.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    authors: Vec<String>,
    manifest_path: String,
    dependencies: Vec<Dependency>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: semver::VersionReq,
    /// `dev` or `build`; nothing for what is linked.
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .args(["--locked", "--manifest-path"])
        .arg(at("Cargo.toml"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo writes UTF-8")
}

/// Name and version.
type Id = (String, String);

/// What cargo builds for those packages on that target, without our own.
fn tree(packages: &[&str], edges: &str, target: &str) -> BTreeSet<Id> {
    let mut arguments = vec!["tree", "-e", edges, "--target", target, "--prefix", "none", "--no-dedupe", "-f", "{p}"];
    arguments.extend_from_slice(packages);
    let ids = cargo(&arguments);
    let ids = ids.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        (!name.starts_with("twinseal")).then(|| (name.to_owned(), version.to_owned()))
    });
    ids.collect()
}

/// How many lines of a package's source say `unsafe`, or that it forbids it.
fn unsafe_lines(package: &Package) -> String {
    let source = Path::new(&package.manifest_path).parent().expect("a manifest is in a directory").join("src");
    let (mut lines, mut left, mut forbidden) = (0, vec![source.clone()], false);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().map(|entry| entry.expect("an entry can be read")) {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let code = fs::read_to_string(&path).expect("source is UTF-8");
                if path == source.join("lib.rs") {
                    forbidden = code.lines().any(|line| line.starts_with("#![forbid(") && line.contains("unsafe_code"))
                        || code.contains("\n    unsafe_code, ") && code.contains("#![forbid(");
                }
                lines += code.lines().map(str::trim_start).filter(|line| says_unsafe(line)).count();
            }
        }
    }
    match lines {
        _ if forbidden => "forbidden".to_owned(),
        0 => "none".to_owned(),
        lines => lines.to_string(),
    }
}

fn says_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == "unsafe")
}

/// Under whose name its source is kept; its authors if it names no place.
fn keeper(package: &Package) -> String {
    let owner = package.repository.as_deref().and_then(|address| address.split('/').nth(3));
    let author = || package.authors.first().map_or("not said", |author| author.split(" <").next().unwrap_or(author));
    owner.unwrap_or_else(author).to_owned()
}

const DOCUMENT: &str = "docs/dependencies.md";

#[test]
fn the_document_lists_the_dependencies() {
    let metadata = ["metadata", "--format-version", "1", "--all-features", "--filter-platform", HOST];
    let metadata: Metadata = serde_json::from_str(&cargo(&metadata)).expect("metadata as cargo writes it");
    let by_id: BTreeMap<Id, &Package> =
        metadata.packages.iter().map(|package| ((package.name.clone(), package.version.clone()), package)).collect();
    let of = |member: &str| metadata.packages.iter().find(|package| package.name == member).expect("a package of ours");
    // Whom our packages name, in which version, and why.
    let direct = |members: &[&str], manifests: &[&str]| -> BTreeMap<Id, String> {
        let named: Vec<Named> = manifests.iter().flat_map(|manifest| named(&text(manifest))).collect();
        let reason = |name: &str| named.iter().find(|named| named.name == name && !named.reason.is_empty());
        let fits = |dependency: &Dependency, package: &Package| {
            let version = package.version.parse().expect("a version");
            package.source.is_some() && package.name == dependency.name && dependency.req.matches(&version)
        };
        let dependencies = members.iter().flat_map(|member| &of(member).dependencies);
        let packages = dependencies
            .flat_map(|dependency| metadata.packages.iter().filter(move |package| fits(dependency, package)));
        packages
            .map(|package| {
                let why = reason(&package.name).map_or("", |named| named.reason.as_str());
                ((package.name.clone(), package.version.clone()), why.to_owned())
            })
            .collect()
    };
    let ours = direct(
        &["twinseal-verifier", "twinseal-installer"],
        &["Cargo.toml", "verifier/Cargo.toml", "installer/Cargo.toml"],
    );
    let tools = direct(&["twinseal"], &["signer/Cargo.toml", "Cargo.toml"]);
    let others = direct(
        &["twinseal-tests", "twinseal-benches", "twinseal-device"],
        &["tests/Cargo.toml", "benches/Cargo.toml", "device/Cargo.toml", "Cargo.toml"],
    );

    let device = tree(&["-p", "twinseal-verifier", "-p", "twinseal-installer", "--all-features"], "normal", DEVICE);
    let tool = tree(&["-p", "twinseal"], "normal,build", HOST);
    let mut page = HEAD.to_owned();
    let mut section = |title: &str, ids: &BTreeSet<Id>, reasons: &BTreeMap<Id, String>, all: &BTreeSet<Id>| {
        write!(page, "\n{title}\n\n| package | licence | unsafe | kept by | what for |\n|---|---|---|---|---|\n")
            .expect("a string takes all");
        for id in ids {
            let package = by_id.get(id).unwrap_or_else(|| panic!("cargo describes {id:?}"));
            let licence = package.license.as_deref().unwrap_or("not said").replace('/', " OR ");
            let users = all.iter().filter(|user| {
                by_id[*user]
                    .dependencies
                    .iter()
                    .any(|needed| needed.name == id.0 && needed.kind.as_deref() != Some("dev"))
            });
            let under = || format!("under {}", users.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "));
            let why = reasons.get(id).cloned().unwrap_or_else(under);
            let (name, version) = id;
            writeln!(
                page,
                "| {name} {version} | {licence} | {} | {} | {why} |",
                unsafe_lines(package),
                keeper(package)
            )
            .expect("a string takes all");
        }
    };
    // What is named for tests alone is not what it is in a device for.
    let in_device: BTreeMap<Id, String> = ours
        .into_iter()
        .filter(|(id, _)| {
            of("twinseal-verifier")
                .dependencies
                .iter()
                .chain(&of("twinseal-installer").dependencies)
                .any(|named| named.name == id.0 && named.kind.is_none())
        })
        .collect();
    let tool_only: BTreeSet<Id> = tool.difference(&device).cloned().collect();
    let (tool_direct, tool_under): (BTreeSet<Id>, BTreeSet<Id>) =
        tool_only.iter().cloned().partition(|id| tools.contains_key(id));
    let elsewhere: BTreeSet<Id> =
        others.keys().filter(|id| !tool.contains(*id) && !device.contains(*id)).cloned().collect();
    section(
        "## Linked into a device\n\nVerifier and installer with all features, for a Cortex-M4.",
        &device,
        &in_device,
        &device,
    );
    section("## Named by the tool", &tool_direct, &tools, &tool);
    section("## Under those, in the tool or at its building", &tool_under, &BTreeMap::new(), &tool);
    section("## Named by tests, benches and measuring alone", &elsewhere, &others, &elsewhere);

    println!("{} in a device, {} more in the tool, {} named elsewhere", device.len(), tool_only.len(), elsewhere.len());
    assert!(device.len() >= 12 && tool_direct.len() >= 20 && elsewhere.len() >= 5, "dependencies were lost");
    if env::var_os("TWINSEAL_WRITE").is_some() {
        fs::write(at(DOCUMENT), &page).expect("the document can be written");
    }
    let same = text(DOCUMENT) == page;
    assert!(same, "{ROOT}/{DOCUMENT} is not what the manifests and cargo say: its head tells how to write it");
}

const DEVICE: &str = "thumbv7em-none-eabi";
const HOST: &str = "x86_64-unknown-linux-gnu";

const HEAD: &str = "# Dependencies

Generated from the manifests, the lock file and what cargo knows by
`TWINSEAL_WRITE=1 cargo test -p twinseal-tests --test repository the_document_lists_the_dependencies`; a test holds this file against them.

*unsafe* is the number of lines of the package's source that say so, for whatever system they are; `forbidden` is the compiler's word. *kept by* is under
whose name its source is kept. The reasons are the comments in `Cargo.toml`.

| asked | by what | where |
|---|---|---|
| Is any version at fault, as far as was known? | `cargo test -p twinseal-tests --test repository`, against [tests/advisories.toml](../tests/advisories.toml): the faults that RustSec lacks, and RustSec's for these packages | CI, without a network |
| The same of RustSec as it is today | `cargo deny check advisories` | wherever its database can be fetched; last on its state of 2026-08-21, for every lock file: nothing that [deny.toml](../deny.toml) does not except with its reason, but in the negative controls |
| Are licences, doubled versions and origins as `deny.toml` says? | `cargo deny check licenses bans sources` | CI |
| Does each direct dependency have its reason? | the same test | CI |

When RustSec or the GitHub advisory database has a new entry for a package named here, it goes into `tests/advisories.toml` first.
";
