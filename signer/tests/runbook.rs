//! docs/key-compromise.md: every command of the runbook is run as it stands, in order, and ends as the page says.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use std::path::Path;
use std::process::{Command, Output};

use tool::{Place, TOOL};

const PAGE: &str = include_str!("../../docs/key-compromise.md");

/// What a line begins with that demands an exit code of the command above it.
const MARK: &str = "# refused: exit code ";

/// The `sh` blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => open = Some((kind == "sh", String::new())),
            (None, None) => {}
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (Some(_), Some(end)) => {
                assert!(end.is_empty(), "a block begins in a block: {line}");
                let (shell, text) = open.take().expect("it is open");
                if shell {
                    found.push(text);
                }
            }
        }
    }
    assert!(open.is_none(), "the last block does not end");
    found
}

/// A block as a script that ends with 0 only if each command with a mark ends with the code of its mark, and how many marks there are.
fn script(block: &str) -> (String, usize) {
    let mut lines: Vec<String> = Vec::new();
    let mut marks = 0;
    for line in block.lines() {
        let Some(code) = line.strip_prefix(MARK) else {
            assert!(!line.contains("exit code"), "a mark that nothing enforces: {line}");
            lines.push(line.to_owned());
            continue;
        };
        let code: u8 = code.parse().expect("an exit code");
        assert!((1..=3).contains(&code), "{line}");
        let last = lines.pop().expect("a command above the mark");
        let mut begin = lines.len();
        while begin > 0 && lines[begin - 1].ends_with('\\') {
            begin -= 1;
        }
        let first = lines.get(begin).unwrap_or(&last);
        assert!(first.starts_with("twinseal "), "a mark is for a command of the tool: {first}");
        lines.push(format!("{last} || code=$?"));
        lines.insert(begin, "code=0".to_owned());
        lines.push(format!("test \"$code\" -eq {code}"));
        marks += 1;
    }
    (lines.join("\n"), marks)
}

/// Runs a script by `sh -e`, which finds the tool.
fn shell(place: &Place, script: &str) -> Output {
    let tools = Path::new(TOOL).parent().and_then(Path::to_str).expect("UTF-8");
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("sh")
        .args(["-e", "-c", script])
        .env("PATH", format!("{tools}:{path}"))
        .current_dir(place.path())
        .output()
        .expect("a shell")
}

#[test]
fn the_runbook_does_what_it_says() {
    let place = Place::empty();
    let (mut run, mut marks) = (0, 0);
    for block in blocks(PAGE) {
        let (script, demanded) = script(&block);
        let output = shell(&place, &script);
        assert!(output.status.success(), "{}: {block}\n{output:?}", output.status);
        run += 1;
        marks += demanded;
    }
    println!("runbook: {run} blocks run, {marks} refusals as stated");
    assert_eq!((run, marks), (13, 7));
    assert_eq!(PAGE.matches("\n# refused:").count(), marks, "a mark outside of the blocks");

    assert_eq!(place.read("strangers"), b"seen/strange.twinseal\n", "the thief's bundle is found, and no other");
    for missing in ["thief/update", "thief/again.twinseal", "too-early.cbor", "way-back.cbor"] {
        assert!(!place.at(missing).exists(), "{missing}");
    }
    let verify = |bundle, trust, procedure| {
        place.json(&["verify", bundle, "--trust", trust, "--device", "device.toml", "--procedure", procedure])
    };
    for procedure in ["install", "boot"] {
        verify("seen/strange.twinseal", "trust-0.cbor", procedure).ok();
        verify("seen/strange.twinseal", "device-1.cbor", procedure).ok();
        for bundle in ["seen/strange.twinseal", "seen/thermostat-1.4.0.twinseal"] {
            let refusal = verify(bundle, "device-2.cbor", procedure);
            assert_eq!(refusal.code, 1);
            assert_eq!(refusal.refusal()["code"], "authenticate.requirement-not-met", "{bundle}");
        }
        verify("thermostat-1.4.1.twinseal", "device-2.cbor", procedure).ok();
    }
    // Whatever the thief seals afterwards.
    place.write(
        "thief/late.toml",
        String::from_utf8(place.read("release-2.toml")).expect("text").replace("1001", "5000"),
    );
    place.run(&["sign", "--release", "thief/late.toml", "--identity", "thief/stolen", "--out", "late.twinseal"]).ok();
    verify("late.twinseal", "device-1.cbor", "install").ok();
    assert_eq!(verify("late.twinseal", "device-2.cbor", "install").code, 1);
}

#[test]
fn refusals_of_the_runbook_have_the_reason_it_gives() {
    let place = Place::empty();
    for block in blocks(PAGE) {
        assert!(shell(&place, &script(&block).0).status.success());
    }
    let apply = |update, trust, counter, more: &[&str]| {
        let arguments =
            ["trust", "apply", update, "--trust", trust, "--vendor", "acme.example", "--model", "thermostat"];
        let ran = place.run(&[&arguments[..], &["--epoch-counter", counter, "--out", "x"], more].concat());
        assert_eq!(ran.code, 1, "{ran:?}");
        ran.text()
    };
    for confirmed in ["seen/thermostat-1.4.0.twinseal", "seen/strange.twinseal"] {
        let said = apply("trust-2.update", "device-1.cbor", "1", &["--confirmed", confirmed]);
        assert!(said.contains("update.confirmed-release-refused"), "{said}");
    }
    let said = apply("trust-1.update", "trust-0.cbor", "2", &[]);
    assert!(said.contains("update.store-replaced"), "{said}");
    let unmet = "authenticate.requirement-not-met";
    let update = ["trust", "update", "--replaces", "trust-0.cbor", "--store", "trust-1.cbor", "--out", "x"];
    place.fails_and_changes_nothing(&[&update[..], &["--identity", "thief/stolen"]].concat(), unmet);
    let sign = ["sign", "--release", "thief/release.toml", "--identity", "thief/stolen", "--out", "x"];
    place.fails_and_changes_nothing(&[&sign[..], &["--trust", "trust-2.cbor"]].concat(), unmet);
}

#[test]
fn a_page_that_says_otherwise_is_noticed() {
    let place = Place::empty();
    let ends = |block: &str| shell(&place, &script(block).0).status.success();
    let fails = "twinseal journal verify \\\n    nowhere\n";
    assert!(ends(&format!("{fails}# refused: exit code 2\n")));
    assert!(ends(&format!("true\n{fails}# refused: exit code 2\n{fails}# refused: exit code 2\ntrue\n")));
    for wrong in [
        fails.to_owned(),
        format!("{fails}true\n"),
        format!("{fails}# refused: exit code 1\n"),
        format!("{fails}# refused: exit code 1\ntrue\n"),
        format!("{fails}# refused: exit code 2\n{fails}"),
        "twinseal --version\n# refused: exit code 1\n".to_owned(),
    ] {
        assert!(!ends(&wrong), "{wrong}");
    }
    assert_eq!(blocks("a\n```sh\none\n```\n```toml\ntwo\n```\n```sh\nthree\n```\n"), ["one\n", "three\n"]);
}
