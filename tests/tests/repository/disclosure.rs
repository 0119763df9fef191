//! Whom to tell about a fault: security.txt (RFC 9116), SECURITY.md, and what keeps a release back until both name somebody.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::files::{at, text};

/// What is wrong with a security.txt at that time.
fn faults(file: &str, now: OffsetDateTime) -> Vec<String> {
    let fields: Vec<(&str, &str)> =
        file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": ")).collect();
    let all =
        |name: &str| fields.iter().filter(|(field, _)| *field == name).map(|(_, value)| *value).collect::<Vec<_>>();
    let mut faults = Vec::new();
    if all("Contact").is_empty() {
        faults.push("no contact".to_owned());
    }
    for (name, address) in fields.iter().filter(|(name, _)| !matches!(*name, "Expires" | "Preferred-Languages")) {
        if !["https://", "mailto:", "tel:"].iter().any(|scheme| address.starts_with(scheme)) {
            faults.push(format!("{name} is no address with a scheme"));
        }
    }
    match all("Expires").as_slice() {
        [expires] => match OffsetDateTime::parse(expires, &Rfc3339) {
            Ok(end) if end <= now => faults.push("it has expired: move `Expires` on".to_owned()),
            Ok(end) if end - now > Duration::days(366) => faults.push("it expires in more than a year".to_owned()),
            Ok(_) => {}
            Err(_) => faults.push("its end is no date".to_owned()),
        },
        ends => faults.push(format!("{} ends", ends.len())),
    }
    faults
}

#[test]
fn the_contact_file_is_good_and_has_not_expired() {
    assert_eq!(faults(&text("security.txt"), OffsetDateTime::now_utc()), Vec::<String>::new());
}

#[test]
fn a_contact_file_that_serves_nobody_is_seen() {
    let now = OffsetDateTime::parse("2026-12-01T00:00:00Z", &Rfc3339).expect("a date");
    let good = "# of us\nContact: https://acme.example/report\nExpires: 2027-10-31T00:00:00Z\n";
    assert_eq!(faults(good, now), Vec::<String>::new());
    for (from, to, fault) in [
        ("Contact:", "# Contact:", "no contact"),
        ("https://acme.example/report", "report@acme.example", "Contact is no address with a scheme"),
        ("2027-10-31", "2026-11-30", "it has expired: move `Expires` on"),
        ("2027-10-31", "2028-10-31", "it expires in more than a year"),
        ("2027-10-31T00:00:00Z", "next year", "its end is no date"),
        ("Expires: ", "Expires:", "0 ends"),
        ("Contact", "Expires: 2027-01-01T00:00:00Z\nContact", "2 ends"),
    ] {
        assert_eq!(faults(&good.replacen(from, to, 1), now), [fault], "{to}");
    }
}

#[test]
fn the_policy_says_what_a_reporter_has_to_know() {
    let policy = text("SECURITY.md");
    for heading in
        ["What counts", "Out of scope", "How to report", "What happens then", "Safe harbour", "Supported versions"]
    {
        assert!(policy.contains(&format!("\n## {heading}\n")), "SECURITY.md has no section {heading:?}");
    }
    assert!(policy.contains("security.txt"), "SECURITY.md names security.txt");
}

/// A small tree with what `release/publishable.sh` looks at, committed and tagged, and nothing in the way.
fn publishable_tree(name: &str) -> PathBuf {
    let tree = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("publishable-{name}"));
    let _ = fs::remove_dir_all(&tree);
    fs::create_dir_all(tree.join("release")).expect("a directory");
    let expires = (OffsetDateTime::now_utc() + Duration::days(200)).format(&Rfc3339).expect("a date");
    let write = |name: &str, content: &str| fs::write(tree.join(name), content).expect("a file");
    write("security.txt", &format!("Contact: https://acme.example/report\nExpires: {expires}\n"));
    write(
        "release/papers.py",
        &text("release/papers.py").replace("twinseal.invalid", "acme.example").replace(".invalid", ".example"),
    );
    write("release/publishable.sh", &text("release/publishable.sh"));
    write("Cargo.toml", &text("Cargo.toml"));
    write("CHANGELOG.md", "# Changelog\n\n## [0.1.0] - 2026-12-01\n");
    git(&tree, &["init", "-q"]);
    commit(&tree);
    git(&tree, &["tag", "v0.1.0"]);
    tree
}

fn git(tree: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@acme.example", "-c", "commit.gpgsign=false"];
    let status = Command::new("git").arg("-C").arg(tree).args(identity).args(arguments).status().expect("git starts");
    assert!(status.success(), "git {arguments:?}");
}

fn commit(tree: &Path) {
    git(tree, &["add", "-A"]);
    git(tree, &["commit", "-qm", "a tree"]);
}

fn publishable(tree: &Path) -> (Option<i32>, String) {
    let output = Command::new("sh").arg(tree.join("release/publishable.sh")).output().expect("sh starts");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn a_tree_with_nothing_in_the_way_may_be_published() {
    let (code, said) = publishable(&publishable_tree("good"));
    assert_eq!((code, said.as_str()), (Some(0), "twinseal 0.1.0 may be published\n"));
}

#[test]
fn a_tree_with_something_in_the_way_may_not() {
    for (index, (file, from, to, problem)) in [
        ("security.txt", "acme.example", "twinseal.invalid", "security.txt has an address in .invalid"),
        ("release/papers.py", "acme.example", "twinseal.invalid", "release/papers.py has an address in .invalid"),
        ("security.txt", "Contact:", "# Contact:", "security.txt names no contact"),
        ("security.txt", "Expires:", "# Expires:", "security.txt must say once when it expires"),
        ("security.txt", "Expires: 20", "Expires: 19", "move it on"),
        ("security.txt", "Expires: 20", "Expires: 30", "less than a year"),
        ("CHANGELOG.md", "[0.1.0]", "[Unreleased]", "CHANGELOG.md has no section for 0.1.0"),
    ]
    .into_iter()
    .enumerate()
    {
        let tree = publishable_tree(&format!("bad-{index}"));
        let path = tree.join(file);
        let changed = fs::read_to_string(&path).expect("a file").replacen(from, to, 1);
        fs::write(&path, changed).expect("a file");
        let (code, said) = publishable(&tree);
        assert_eq!(code, Some(1), "{file}: {to}");
        assert!(said.contains(problem) && said.contains("changes that are in no commit"), "{file}: {to}: {said}");
        commit(&tree);
        let (code, said) = publishable(&tree);
        assert_eq!(code, Some(1), "{file}: {to}");
        assert!(said.contains(problem) && said.contains("no tag v0.1.0"), "{file}: {to}: {said}");
    }
}

#[test]
fn this_tree_is_kept_back_for_as_long_as_it_names_nobody() {
    let (named, script) = (text("security.txt"), at("release/publishable.sh"));
    let output = Command::new("sh").arg(script).output().expect("sh starts");
    let said = String::from_utf8(output.stdout).expect("text");
    let nobody = named.lines().any(|line| !line.starts_with('#') && line.contains(".invalid"));
    assert_eq!(said.contains("security.txt has an address in .invalid"), nobody, "{said}");
    assert!(!nobody || output.status.code() == Some(1), "{said}");
}
