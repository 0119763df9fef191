//! Pages keep their word: a link leads somewhere, and a command that a page names can be run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::files::{at, ending, text};

/// A page without what stands in code: fenced blocks and spans are taken out, and given by themselves.
fn prose_and_code(page: &str) -> (String, Vec<String>) {
    let (mut prose, mut code, mut fenced) = (String::new(), Vec::new(), false);
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            code.push(line.trim().to_owned());
        } else {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    // Spans may go over the end of a line.
    let mut text = String::new();
    for (index, part) in prose.split('`').enumerate() {
        if index % 2 == 0 {
            text.push_str(part);
        } else {
            code.push(part.replace('\n', " "));
        }
    }
    (text, code)
}

/// The heading's anchor, as the places that show pages make it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

/// What links in a page lead nowhere, and how many there are. `found` gives the text of a file, named from the page.
fn broken(page: &str, found: impl Fn(&str) -> Option<String>) -> (usize, Vec<String>) {
    let (prose, _) = prose_and_code(page);
    let (mut links, mut wrong) = (0, Vec::new());
    for target in prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
        links += 1;
        if target.starts_with("https://") {
            continue;
        }
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let there = if file.is_empty() { Some(page.to_owned()) } else { found(file) };
        let holds = there.is_some_and(|text| {
            let mut headings =
                text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
            anchor.is_empty() || headings.any(|heading| slug(heading.trim()) == anchor)
        });
        if !holds {
            wrong.push(target.to_owned());
        }
    }
    (links, wrong)
}

/// The text of a file, or nothing for what is there and is no text.
fn reachable(from: &str, file: &str) -> Option<String> {
    let path = at(from).parent()?.join(file);
    path.exists().then(|| std::fs::read_to_string(&path).unwrap_or_default())
}

#[test]
fn every_link_leads_somewhere() {
    let (mut pages, mut all, mut wrong) = (0, 0, Vec::new());
    for page in ending(".md") {
        let (links, nowhere) = broken(&text(&page), |file| reachable(&page, file));
        pages += 1;
        all += links;
        wrong.extend(nowhere.into_iter().map(|target| format!("{page}: {target}")));
    }
    println!("{all} links in {pages} pages");
    assert!(wrong.is_empty(), "lead nowhere:\n{}", wrong.join("\n"));
    assert!(pages >= 45 && all >= 90, "pages or links were lost");
}

#[test]
fn a_link_that_leads_nowhere_is_seen() {
    let page = "# One\n[a](there.md) [b](gone.md) [c](there.md#two) [d](there.md#three) [e](#one) [f](#two) [g](https://acme.example)\n\
                `[h](gone.md)`\n```\n[i](gone.md)\n```\n[j](http://acme.example)\n";
    let (links, wrong) = broken(page, |file| (file == "there.md").then(|| "# Zero\n## Two\n".to_owned()));
    assert_eq!(
        (links, wrong),
        (8, ["gone.md", "there.md#three", "#two", "http://acme.example"].iter().map(ToString::to_string).collect())
    );
}

/// What a command can name: packages by name with their directories, and the program's commands.
struct Commands {
    packages: BTreeMap<String, String>,
    tool: BTreeSet<String>,
    variables: String,
    /// Of each file of Rust, by its path, the names of functions and modules.
    names: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Manifest {
    package: Option<Name>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

impl Commands {
    fn of_the_repository() -> Self {
        let packages = ending("Cargo.toml").into_iter().filter_map(|manifest| {
            let name = toml::from_str::<Manifest>(&text(&manifest)).expect("a manifest").package?.name;
            Some((name, manifest.trim_end_matches("Cargo.toml").to_owned()))
        });
        let command = |path: &String| path.strip_prefix("signer/src/command/")?.strip_suffix(".rs").map(str::to_owned);
        let rust = ending(".rs");
        let declared = |line: &&str| line.contains("fn ") || line.contains("mod ") || line.contains(": ");
        Self {
            packages: packages.collect(),
            tool: rust.iter().filter_map(command).filter(|name| !name.contains('/')).chain(["help".into()]).collect(),
            variables: ending(".rs")
                .iter()
                .chain(&ending(".sh"))
                .map(|file| text(file))
                .chain([text(".ci/run")])
                .collect(),
            names: rust
                .iter()
                .map(|file| (file.clone(), text(file).lines().filter(declared).collect::<Vec<_>>().join("\n")))
                .collect(),
        }
    }

    /// What is wrong with a command that stands in a page; nothing if it is none that this knows.
    fn wrong(&self, page: &str, command: &str) -> Option<String> {
        let mut words = command.split_whitespace().peekable();
        while let Some((variable, _)) = words.peek().and_then(|word| word.split_once('=')) {
            if !variable.starts_with("TWINSEAL_") {
                break;
            }
            if !self.variables.contains(variable) {
                return Some(format!("nothing reads {variable}"));
            }
            words.next();
        }
        match words.next()? {
            "cargo" => self.wrong_cargo(words),
            "sh" | "python" | "python3" => {
                let script = words.next().filter(|word| word.contains('.') && !word.starts_with('-'))?;
                let places = [at(script), at(page).parent()?.join(script), at("device/fault").join(script)];
                (!places.iter().any(|place| place.exists())).then(|| format!("there is no {script}"))
            }
            "twinseal" => {
                let named = words.next().filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase()))?;
                (!self.tool.contains(named)).then(|| format!("twinseal has no command {named}"))
            }
            _ => None,
        }
    }

    fn wrong_cargo<'a>(&self, words: impl Iterator<Item = &'a str>) -> Option<String> {
        let mut words = words.skip_while(|word| word.starts_with('+')).peekable();
        let test = words.find(|word| matches!(*word, "test" | "run" | "bench" | "build" | "check"))? == "test";
        let (mut directory, mut within) = (None, String::new());
        while let Some(word) = words.next() {
            match word {
                "-p" | "--package" => {
                    let name = words.next()?;
                    let Some(found) = self.packages.get(name) else {
                        return Some(format!("there is no package {name}"));
                    };
                    directory = Some(found.clone());
                    within.clone_from(found);
                }
                "--test" | "--bench" | "--example" => {
                    let (name, folder) = (words.next()?, if word == "--test" { "tests" } else { "benches" });
                    let file = format!("{}{folder}/{name}", directory.clone().unwrap_or_default());
                    let there = [format!("{file}.rs"), format!("{file}/main.rs")].iter().any(|file| at(file).exists());
                    if !there {
                        return Some(format!("there is no {file}.rs"));
                    }
                    within = file;
                }
                "--manifest-path" => {
                    let manifest = words.next()?;
                    if !at(manifest).exists() {
                        return Some(format!("there is no {manifest}"));
                    }
                    within = Path::new(manifest).parent()?.to_str()?.to_owned();
                }
                "--features" | "--profile" | "--target" | "--target-dir" | "--bin" => {
                    words.next();
                }
                // A test's name, or a part of it.
                _ if test
                    && word
                        .chars()
                        .all(|letter| letter.is_ascii_lowercase() || matches!(letter, '_' | ':' | '0'..='9')) =>
                {
                    let last = word.rsplit("::").next()?;
                    let mut files = self.names.iter().filter(|(file, _)| file.starts_with(&within));
                    if !files.any(|(_, names)| names.contains(last)) {
                        return Some(format!("no test below {within:?} is named {word}"));
                    }
                }
                "--" if !test => break,
                ">" | "|" | "&&" | "||" => break,
                _ => {}
            }
        }
        None
    }
}

/// Histories name what was there then.
const HISTORY: [&str; 2] = ["CHANGELOG.md", "docs/adr/"];

#[test]
fn every_command_in_a_page_can_be_run() {
    let commands = Commands::of_the_repository();
    let (mut seen, mut wrong) = (0, Vec::new());
    for page in ending(".md").into_iter().filter(|page| !HISTORY.iter().any(|past| page.starts_with(past))) {
        for command in prose_and_code(&text(&page)).1 {
            let first = command.split_whitespace().find(|word| !word.contains('='));
            seen += usize::from(matches!(first, Some("cargo" | "sh" | "python" | "python3" | "twinseal")));
            wrong.extend(commands.wrong(&page, &command).map(|why| format!("{page}: `{command}`: {why}")));
        }
    }
    println!("{seen} commands");
    assert!(wrong.is_empty(), "can not be run:\n{}", wrong.join("\n"));
    assert!(seen >= 130, "commands were lost: {seen}");
}

#[test]
fn a_command_that_can_not_be_run_is_seen() {
    let commands = Commands::of_the_repository();
    for (command, why) in [
        ("cargo test -p twinseal-gone", "there is no package twinseal-gone"),
        ("cargo test -p twinseal-tests --test gone", "there is no tests/tests/gone.rs"),
        (
            "cargo +nightly test -p twinseal-tests --test hostile gone_with_the_wind",
            "no test below \"tests/tests/hostile\" is named gone_with_the_wind",
        ),
        ("cargo bench -p twinseal-benches --bench gone", "there is no benches/benches/gone.rs"),
        ("cargo test --manifest-path gone/Cargo.toml", "there is no gone/Cargo.toml"),
        // In two parts, so that this file does not name it.
        (concat!("TWINSEAL_", "GONE=1 cargo test"), concat!("nothing reads TWINSEAL_", "GONE")),
        ("sh gone/gone.sh", "there is no gone/gone.sh"),
        ("python gone.py", "there is no gone.py"),
        ("twinseal gone --help", "twinseal has no command gone"),
    ] {
        assert_eq!(commands.wrong("README.md", command), Some(why.to_owned()), "{command}");
    }
    for command in [
        "cargo test -p twinseal-tests --test hostile",
        "cargo bench -p twinseal-benches --bench verify",
        "twinseal verify bundle.twinseal",
        "sh device/sample/build.sh",
        "ls gone",
    ] {
        assert_eq!(commands.wrong("README.md", command), None, "{command}");
    }
}
