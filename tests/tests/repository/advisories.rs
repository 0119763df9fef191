//! Every lock file is held against the faults that are known (`tests/advisories.toml`).
//!
//! RustSec alone would call some clean that are not: the first entries of that file are faults that it does not list.

use std::collections::BTreeSet;

use semver::{Version, VersionReq};
use serde::Deserialize;

use crate::files::{ending, text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Known {
    missing_in_rustsec: Vec<Described>,
    without_advisory: Vec<Described>,
    rustsec: RustSec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RustSec {
    state: String,
    entries: Vec<Entry>,
}

/// An entry that has no page elsewhere that says all of it.
#[derive(Deserialize)]
struct Described {
    what: String,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Clone, Deserialize)]
struct Entry {
    id: String,
    package: String,
    #[serde(default)]
    patched: Vec<VersionReq>,
    #[serde(default)]
    unaffected: Vec<VersionReq>,
}

impl Entry {
    /// Whether that version is at fault. A pre-release that no range speaks of is.
    fn affects(&self, package: &str, version: &Version) -> bool {
        self.package == package && !self.patched.iter().chain(&self.unaffected).any(|range| range.matches(version))
    }
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Version,
}

#[derive(Deserialize)]
struct Deny {
    advisories: Exceptions,
}

#[derive(Deserialize)]
struct Exceptions {
    ignore: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    id: String,
    reason: String,
}

fn known() -> Known {
    toml::from_str(&text("tests/advisories.toml")).expect("tests/advisories.toml is as this test reads it")
}

impl Known {
    fn entries(&self) -> Vec<Entry> {
        let described = self.missing_in_rustsec.iter().chain(&self.without_advisory).map(|described| &described.entry);
        described.chain(&self.rustsec.entries).cloned().collect()
    }
}

fn locked(lock: &str) -> Vec<Locked> {
    toml::from_str::<Lock>(lock).expect("a lock file as cargo writes it").package
}

/// What is known of the versions in a lock file: the entry's id, and the package.
fn faults(lock: &str, entries: &[Entry]) -> BTreeSet<(String, String)> {
    let packages = locked(lock);
    let mut found = BTreeSet::new();
    for Locked { name, version } in &packages {
        for entry in entries.iter().filter(|entry| entry.affects(name, version)) {
            found.insert((entry.id.clone(), format!("{name} {version}")));
        }
    }
    found
}

/// Whose versions are wrong on purpose.
const CONTROLS: &str = "tests/negative-controls/Cargo.lock";

#[test]
fn no_lock_file_has_a_version_with_a_known_fault() {
    let known = known();
    let entries = known.entries();
    let deny: Deny = toml::from_str(&text("deny.toml")).expect("deny.toml is as cargo-deny reads it");
    let exceptions = deny.advisories.ignore;
    assert!(exceptions.iter().all(|exception| exception.reason.len() > 20), "every exception has its reason");

    let (mut locks, mut packages, mut needed, mut wrong) = (0, 0, BTreeSet::new(), Vec::new());
    for lock in ending("Cargo.lock").into_iter().filter(|lock| lock != CONTROLS) {
        let bytes = text(&lock);
        locks += 1;
        packages += locked(&bytes).len();
        for (id, package) in faults(&bytes, &entries) {
            if exceptions.iter().any(|exception| exception.id == id) {
                needed.insert(id);
            } else {
                wrong.push(format!("{lock}: {package} has {id}"));
            }
        }
    }
    println!(
        "{locks} lock files, {packages} packages, {} faults known (RustSec as of {}), {} excepted",
        entries.len(),
        known.rustsec.state,
        needed.len()
    );
    assert!(wrong.is_empty(), "update the package, or say in deny.toml why it can stay:\n{}", wrong.join("\n"));
    let unneeded: Vec<_> =
        exceptions.iter().filter(|exception| !needed.contains(&exception.id)).map(|it| &it.id).collect();
    assert!(unneeded.is_empty(), "deny.toml excepts what no lock file has: {unneeded:?}");
    assert!(locks >= 5 && entries.len() >= 80, "lock files or entries were lost");
}

#[test]
fn the_known_bad_versions_of_the_negative_controls_are_found_out() {
    let found = faults(&text(CONTROLS), &known().entries());
    let found: Vec<(&str, &str)> = found.iter().map(|(id, package)| (id.as_str(), package.as_str())).collect();
    let expected = [
        ("GHSA-5x2r-hc65-25f9", "ml-dsa 0.0.4"),
        ("GHSA-h37v-hp6w-2pp8", "ml-dsa 0.0.4"),
        ("RUSTSEC-2025-0144", "ml-dsa 0.0.4"),
        ("RUSTSEC-2026-0074", "libcrux-sha3 0.0.7"),
        ("RUSTSEC-2026-0076", "libcrux-ml-dsa 0.0.7"),
        ("RUSTSEC-2026-0077", "libcrux-ml-dsa 0.0.7"),
        ("RUSTSEC-2026-0125", "libcrux-ml-dsa 0.0.7"),
        ("RUSTSEC-2026-0126", "libcrux-ml-dsa 0.0.7"),
        ("RUSTSEC-2026-0173", "proc-macro-error2 2.0.1"),
        ("RUSTSEC-2026-0207", "libcrux-sha3 0.0.7"),
        ("RUSTSEC-2026-0208", "libcrux-sha3 0.0.7"),
        ("RUSTSEC-2026-0212", "libcrux-secrets 0.0.5"),
        ("ml-dsa-0.1.2", "ml-dsa 0.0.4"),
    ];
    assert_eq!(found, expected);
}

/// A package in a version, and which of the faults that RustSec does not list it has.
const EDGES: [(&str, &str, &[&str]); 12] = [
    ("ml-dsa", "0.0.3", &["GHSA-h37v-hp6w-2pp8", "RUSTSEC-2025-0144", "ml-dsa-0.1.2"]),
    ("ml-dsa", "0.1.0-rc.2", &["GHSA-5x2r-hc65-25f9", "GHSA-h37v-hp6w-2pp8", "RUSTSEC-2025-0144", "ml-dsa-0.1.2"]),
    ("ml-dsa", "0.1.0-rc.3", &["GHSA-5x2r-hc65-25f9", "GHSA-h37v-hp6w-2pp8", "ml-dsa-0.1.2"]),
    ("ml-dsa", "0.1.0-rc.4", &["GHSA-h37v-hp6w-2pp8", "ml-dsa-0.1.2"]),
    ("ml-dsa", "0.1.0-rc.5", &["ml-dsa-0.1.2"]),
    ("ml-dsa", "0.1.1", &["ml-dsa-0.1.2"]),
    ("ml-dsa", "0.1.2", &[]),
    ("fips204", "0.4.6", &["fips204-0.5.0"]),
    ("fips204", "0.5.0", &[]),
    ("time", "0.3.46", &["RUSTSEC-2026-0009"]),
    ("time", "0.3.47", &[]),
    ("ring", "0.17.11", &["RUSTSEC-2025-0009"]),
];

#[test]
fn a_range_ends_where_its_advisory_says() {
    let entries = known().entries();
    for (package, version, expected) in EDGES {
        let lock = format!("version = 4\n[[package]]\nname = {package:?}\nversion = {version:?}\n");
        let found = faults(&lock, &entries);
        let found: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(found, expected, "{package} {version}");
    }
}

#[test]
fn an_entry_is_there_once_and_for_a_package_that_is_or_was_named() {
    let known = known();
    let entries = known.entries();
    let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids.len(), entries.len(), "an id stands for one entry");
    let packages: BTreeSet<String> =
        ending("Cargo.lock").iter().flat_map(|lock| locked(&text(lock))).map(|locked| locked.name).collect();
    let strange: Vec<&str> =
        entries.iter().filter(|entry| !packages.contains(&entry.package)).map(|entry| entry.id.as_str()).collect();
    assert!(strange.is_empty(), "no lock file names their packages; remove them: {strange:?}");
    let described = known.missing_in_rustsec.iter().chain(&known.without_advisory);
    assert!(described.into_iter().all(|described| described.what.len() > 20), "each says what is wrong");
}
