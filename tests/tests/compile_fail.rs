//! Programs that misuse the verifier and must not compile (design decision D5). Each in `compile_fail/` has one line marked
//! `// misuse: CODE`; with the line, the compiler reports that error there and no other; without it, the program compiles. Only error
//! codes and lines are compared: messages change between compilers.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_alloc,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const MARK: &str = "// misuse: ";

/// A program, and the error that its marked line must give.
struct Misuse {
    name: String,
    source: String,
    code: String,
    /// Of the marked line, from 1.
    line: u64,
}

impl Misuse {
    fn read(path: &Path) -> Self {
        let source = fs::read_to_string(path).expect("a program");
        let mut marked = (1..).zip(source.lines()).filter_map(|(line, text)| Some((line, text.split_once(MARK)?.1)));
        let (line, code) = marked.next().expect("one line is marked");
        assert!(marked.next().is_none(), "{}: one line only is marked", path.display());
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        Self { name, code: code.to_owned(), line, source: source.clone() }
    }

    /// The program without its misuse.
    fn twin(&self) -> String {
        self.source.lines().filter(|line| !line.contains(MARK)).map(|line| format!("{line}\n")).collect()
    }
}

/// An error that the compiler reported: its code, and the lines it points at.
type Reported = (String, Vec<u64>);

#[test]
fn misuse_does_not_compile_and_the_same_without_it_does() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut programs: Vec<PathBuf> = fs::read_dir(tests.join("tests/compile_fail"))
        .expect("the programs")
        .map(|entry| entry.expect("a program").path())
        .collect();
    programs.sort();
    let misuses: Vec<Misuse> = programs.iter().map(|path| Misuse::read(path)).collect();

    let project = write_project(tests.parent().expect("the workspace"), &misuses);
    let reported = check(&project);
    for misuse in &misuses {
        let none = Vec::new();
        let errors = reported.get(&misuse.name).unwrap_or(&none);
        assert!(!errors.is_empty(), "{} compiles", misuse.name);
        for (code, lines) in errors {
            assert_eq!(code, &misuse.code, "{}", misuse.name);
            assert!(lines.contains(&misuse.line), "{}: the error is at {lines:?}, not {}", misuse.name, misuse.line);
        }
        let twin = reported.get(&twin_name(&misuse.name));
        assert_eq!(twin, None, "{} does not compile without its misuse either", misuse.name);
    }
    println!("{} misuse programs that do not compile, and their twins that do", misuses.len());
    assert_eq!(misuses.len(), 23, "programs were lost, or added: count them here");
}

fn twin_name(name: &str) -> String {
    format!("{name}_without")
}

/// A project of its own, so that programs that do not compile are in nobody's way. It has the workspace's lock file, so that it needs
/// nothing that the workspace does not.
fn write_project(workspace: &Path, misuses: &[Misuse]) -> PathBuf {
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
    let sources = project.join("src/bin");
    // What an earlier run wrote may have another name now.
    if sources.exists() {
        fs::remove_dir_all(&sources).expect("remove the programs of an earlier run");
    }
    fs::create_dir_all(&sources).expect("a directory for the programs");
    for misuse in misuses {
        fs::write(sources.join(format!("{}.rs", misuse.name)), &misuse.source).expect("write a program");
        fs::write(sources.join(format!("{}.rs", twin_name(&misuse.name))), misuse.twin()).expect("write its twin");
    }
    let verifier = workspace.join("verifier");
    let manifest = format!(
        "[package]\nname = \"misuse\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\ntwinseal-verifier = {{ path = {:?}, features = [\"sha256\"] }}\n",
        verifier.to_str().expect("a path in UTF-8")
    );
    fs::write(project.join("Cargo.toml"), manifest).expect("write the manifest");
    fs::copy(workspace.join("Cargo.lock"), project.join("Cargo.lock")).expect("copy the lock file");
    project
}

/// Compiles every program; returns the errors of those that have any.
fn check(project: &Path) -> BTreeMap<String, Vec<Reported>> {
    let output = Command::new(env!("CARGO"))
        .args(["check", "--bins", "--keep-going", "--offline", "--message-format=json", "--target-dir", "target"])
        .current_dir(project)
        .output()
        .expect("run cargo");
    let mut reported: BTreeMap<String, Vec<Reported>> = BTreeMap::new();
    let mut compiled = 0;
    for line in String::from_utf8(output.stdout).expect("JSON").lines() {
        let message: Value = serde_json::from_str(line).expect("JSON");
        compiled += u32::from(message["reason"] == "compiler-artifact");
        let diagnostic = &message["message"];
        // The last error of each program says that there were errors; it has no place.
        if message["reason"] == "compiler-message"
            && diagnostic["level"] == "error"
            && diagnostic["spans"] != Value::Array(Vec::new())
        {
            let name = message["target"]["name"].as_str().expect("a target's name").to_owned();
            let code = diagnostic["code"]["code"].as_str().unwrap_or("no code").to_owned();
            reported.entry(name).or_default().push((code, lines_of(diagnostic)));
        }
    }
    assert!(compiled > 0, "nothing compiled at all: {}", String::from_utf8_lossy(&output.stderr));
    reported
}

fn lines_of(diagnostic: &Value) -> Vec<u64> {
    let spans = diagnostic["spans"].as_array().into_iter().flatten();
    spans.filter_map(|span| span["line_start"].as_u64()).collect()
}
