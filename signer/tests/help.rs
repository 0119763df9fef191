//! What the tool says about itself: every command, with examples that it understands.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use std::process::Command;

use tool::{Place, TOOL};

const COMMANDS: &[&[&str]] = &[
    &["quickstart"],
    &["keygen"],
    &["key"],
    &["key", "show"],
    &["key", "check"],
    &["key", "adopt"],
    &["key", "answer"],
    &["key", "passwd"],
    &["trust"],
    &["trust", "make"],
    &["trust", "show"],
    &["trust", "expand"],
    &["trust", "update"],
    &["trust", "apply"],
    &["sign"],
    &["ceremony"],
    &["ceremony", "request"],
    &["ceremony", "show"],
    &["ceremony", "respond"],
    &["ceremony", "assemble"],
    &["seals"],
    &["seals", "append"],
    &["seals", "extract"],
    &["journal"],
    &["journal", "new"],
    &["journal", "show"],
    &["journal", "verify"],
    &["verify"],
    &["simulate"],
    &["inspect"],
    &["audit"],
    &["diff"],
    &["cbom"],
    &["extract"],
    &["strip"],
    &["detach"],
    &["attach"],
    &["device"],
    &["device", "init"],
    &["device", "install"],
    &["device", "boot"],
    &["device", "confirm"],
    &["device", "status"],
    &["device", "trust"],
    &["completions"],
    &["man"],
    &["errors"],
];

/// The commands that a help text lists, without `help` itself.
fn listed(help: &str) -> Vec<String> {
    let behind = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = behind.take_while(|line| !line.is_empty());
    // Longer descriptions go on in lines that are indented further.
    let names = lines
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn help(place: &Place, command: &[&str]) -> String {
    let ran = place.run(&[command, &["--help"]].concat()).ok();
    assert!(ran.err.is_empty(), "{}", ran.err);
    ran.text()
}

#[test]
fn every_command_has_help_with_an_example() {
    let place = Place::empty();
    let top = help(&place, &[]);
    let (with_children, mut expected) = (listed(&top), Vec::new());
    for name in &with_children {
        expected.push(vec![name.clone()]);
        expected.extend(listed(&help(&place, &[name])).into_iter().map(|child| vec![name.clone(), child]));
    }
    let commands: Vec<Vec<String>> =
        COMMANDS.iter().map(|command| command.iter().map(|word| (*word).to_owned()).collect()).collect();
    assert_eq!(commands, expected, "this test knows every command");

    for command in COMMANDS.iter().copied() {
        let text = help(&place, command);
        assert!(text.contains("Usage: twinseal "), "{command:?}: {text}");
        let one = text.contains("\nExample:\n") && examples(&text).len() == 1;
        assert!(one || text.contains("\nExamples:\n"), "{command:?}: {text}");
        // A command line goes on behind a backslash; sentences do not.
        let broken = text.lines().find(|line| line.ends_with('\\') && !line.starts_with("  "));
        assert_eq!(broken, None, "{command:?}");
        assert!(text.contains(&format!("\n  twinseal {}", command.join(" "))), "{command:?}: {text}");
        let short = place.run(&[command, &["-h"]].concat()).ok().text();
        assert!(short.contains("Usage: "), "{command:?}");
    }
    assert!(place.everything().is_empty());
}

#[test]
fn the_exit_codes_are_told_where_they_decide() {
    let place = Place::empty();
    let top = help(&place, &[]);
    for part in ["Exit codes:\n", "  0  yes", "  1  examined, and refused", "  2  could not find out"] {
        assert!(top.contains(part), "{top}");
    }
    for command in [&["verify"][..], &["inspect"], &["audit"]] {
        let text = help(&place, command).split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["Exit code 0", "1: refused", "2: could not find out"] {
            assert!(text.contains(part), "{command:?}: {text}");
        }
    }
}

/// The example command lines of a help text: continued lines put together, redirections left out.
fn examples(help: &str) -> Vec<Vec<String>> {
    let text = help.replace("\\\n", " ");
    let lines = text.lines().filter(|line| line.starts_with("  twinseal "));
    let words = lines.map(|line| line.split_whitespace().skip(1).take_while(|word| !["<", ">"].contains(word)));
    words.map(|words| words.map(str::to_owned).collect()).collect()
}

#[test]
fn the_examples_are_understood() {
    let place = Place::empty();
    let mut understood = 0;
    for command in COMMANDS.iter().copied() {
        let text = help(&place, command);
        // Broken by a terminal, a line is no longer what can be copied.
        let shown = text.lines().skip_while(|line| !line.starts_with("Example"));
        let too_long = shown.filter(|line| line.starts_with("  ")).find(|line| line.len() > 80);
        assert_eq!(too_long, None, "{command:?}");
        for mut example in examples(&text) {
            // Help is given once everything before it was understood: an option or a value that does not exist comes first.
            example.push("--help".to_owned());
            let output = Command::new(TOOL).args(&example).current_dir(place.path()).output().expect("the tool starts");
            assert_eq!(output.status.code(), Some(0), "{example:?}: {}", String::from_utf8_lossy(&output.stderr));
            assert!(
                example.starts_with(&command.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()),
                "{example:?}"
            );
            understood += 1;
        }
    }
    println!("help: {understood} examples understood");
    assert!(understood >= COMMANDS.len());
    let wrong = ["verify", "x", "--no-such-option", "--help"];
    assert_eq!(place.run(&wrong).code, 2, "help does not excuse what came before it");
}

#[test]
fn the_version_is_told_and_no_command_is_wrong_usage() {
    let place = Place::empty();
    let version = format!("twinseal {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(place.run(&["--version"]).ok().text(), version);
    let nothing = place.run(&[]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.out.is_empty() && nothing.err.contains("Usage: twinseal"), "{}", nothing.err);
    assert_eq!(place.run(&["trust"]).code, 2);
}
