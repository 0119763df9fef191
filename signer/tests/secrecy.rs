//! No byte of a signing key leaves the files it lies in: not in what any command says, be the key good, damaged or mistaken for
//! something else, and not in what any command writes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

extern crate alloc;

use alloc::collections::BTreeMap;
use std::collections::HashSet;

use tool::Place;

/// What a seed could look like. Any part of these that is long enough to be no accident is looked for.
struct Traces(BTreeMap<usize, HashSet<Vec<u8>>>);

impl Traces {
    /// The traces of a key file: a PKCS#8 that ends with its 32-byte seed.
    fn of(pem: &[u8]) -> Self {
        let text = core::str::from_utf8(pem).expect("text");
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        let (label, der) = pem_rfc7468::decode_vec(pem).expect("PEM");
        assert_eq!(label, "PRIVATE KEY");
        let seed = &der[der.len() - 32..];
        let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        let decimal = |between: &str| seed.iter().map(u8::to_string).collect::<Vec<_>>().join(between);
        let padding = body.len() - body.trim_end_matches('=').len();
        // The last 32 bytes in Base64; the first letter of them may hold bits of what stands before.
        let base64 = &body[body.len() - padding - 42..body.len() - padding];
        let alone = pem_rfc7468::encode_string("X", pem_rfc7468::LineEnding::LF, seed).expect("PEM");
        let alone = alone.lines().nth(1).expect("a body").to_owned();
        // A part of a sixth of the seed is no accident, and what is quoted in part is found as well.
        let windows = |text: &[u8], length: usize| text.windows(length).map(<[u8]>::to_vec).collect::<Vec<_>>();
        let texts =
            [windows(hex.as_bytes(), 12), windows(hex.to_uppercase().as_bytes(), 12), windows(base64.as_bytes(), 10)];
        let more = [
            windows(alone.as_bytes(), 10),
            windows(decimal(", ").as_bytes(), 24),
            windows(decimal(",").as_bytes(), 20),
        ];
        let mut by_length: BTreeMap<usize, HashSet<Vec<u8>>> = BTreeMap::new();
        for trace in [texts.concat(), more.concat(), windows(seed, 6)].concat() {
            by_length.entry(trace.len()).or_default().insert(trace);
        }
        Self(by_length)
    }

    fn are_in(&self, text: &[u8]) -> bool {
        self.0.iter().any(|(length, traces)| text.windows(*length).any(|window| traces.contains(window)))
    }

    fn assert_none_in(&self, text: &[u8], place: &str) {
        assert!(!self.are_in(text), "a signing key shows in {place}: {}", String::from_utf8_lossy(text));
    }
}

const KEYS: [&str; 2] = ["id/ed25519.key.pem", "id/ml-dsa-44.key.pem"];

#[test]
fn what_is_looked_for_would_be_found() {
    let place = Place::with_release("ml-dsa-44");
    for key in KEYS {
        let pem = place.read(key);
        let traces = Traces::of(&pem);
        let der = pem_rfc7468::decode_vec(&pem).expect("PEM").1;
        let hex: String = der.iter().map(|byte| format!("{byte:02X}")).collect();
        for shown in [&pem, &der, format!("{der:?}").as_bytes(), hex.as_bytes(), &der[..der.len() - 20]] {
            assert!(traces.are_in(shown), "{}", String::from_utf8_lossy(shown));
        }
        // What is no secret, the head of the file, is no trace.
        assert!(!traces.are_in(&der[..der.len() - 32]) && !traces.are_in(&pem[..48]));
    }
}

#[test]
fn no_command_shows_or_writes_a_key() {
    let place = Place::with_bundle("ml-dsa-44");
    place.make_directory("www");
    let traces: Vec<Traces> = KEYS.iter().map(|key| Traces::of(&place.read(key))).collect();
    let (key, other) = (KEYS[0], KEYS[1]);
    let verify = |bundle, trust, device| vec!["verify", bundle, "--trust", trust, "--device", device];
    let make = |more: &[&'static str]| {
        let arguments = ["trust", "make", "--out", "made", "--vendor", "a.example", "--model", "m", "--overwrite"];
        [&arguments, more].concat()
    };
    let sign =
        |release, identity| vec!["sign", "--release", release, "--identity", identity, "--out", "new", "--overwrite"];
    let commands: Vec<Vec<&str>> = vec![
        // As it should be.
        sign("release.toml", "id"),
        verify("good", "trust.cbor", "device.toml"),
        vec!["inspect", "good", "--trust", "trust.cbor"],
        vec!["extract", "good", "--out", "taken"],
        vec!["strip", "good", "--out", "stripped"],
        vec!["detach", "good", "--out", "detached", "--payloads", "www", "--evidence"],
        vec!["trust", "show", "trust.cbor"],
        make(&["--release", "id", "--c-header", "made.h", "--rust", "made.rs"]),
        vec!["keygen", "--out", "id"],
        // A signing key in every place where something else is wanted.
        verify(key, "trust.cbor", "device.toml"),
        verify("good", key, "device.toml"),
        verify("good", "trust.cbor", key),
        verify(other, other, other),
        vec!["inspect", key],
        vec!["inspect", "good", "--trust", other],
        vec!["extract", key, "--out", "new-directory"],
        vec!["attach", key, "--out", "new-file"],
        vec!["trust", "show", key],
        vec!["trust", "show", other],
        make(&["--release", key]),
        make(&["--release", other]),
        sign(key, "id"),
        sign("release.toml", key),
        vec!["quickstart", "--firmware", "app.bin"],
    ];
    let mut ran = 0;
    for command in &commands {
        for format in ["human", "json"] {
            let arguments = [&command[..], &["--format", format]].concat();
            let output = place.command(&arguments).env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace").output();
            let output = output.expect("the tool starts");
            assert!(output.status.code().is_some_and(|code| code < 3), "{arguments:?}");
            for traces in &traces {
                traces.assert_none_in(&output.stdout, &format!("standard output of {arguments:?}"));
                traces.assert_none_in(&output.stderr, &format!("standard error of {arguments:?}"));
            }
            ran += 1;
        }
    }
    for (path, contents) in place.everything() {
        if let (Some(contents), false) = (contents, KEYS.iter().any(|key| path.ends_with(key))) {
            traces.iter().for_each(|traces| traces.assert_none_in(&contents, &path.display().to_string()));
        }
    }
    println!("secrecy: {ran} runs showed and wrote nothing of either key");
    assert_eq!(ran, 48);
}

/// Ways to damage a key file: a command that says what is wrong with it must not quote it.
fn damages(pem: &[u8]) -> Vec<Vec<u8>> {
    let text = core::str::from_utf8(pem).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let body = lines[1..lines.len() - 1].join("\n");
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    let middle = body.len() / 2;
    vec![
        body.clone().into_bytes(),
        format!("{first}\n{body}\n").into_bytes(),
        format!("{body}\n{last}\n").into_bytes(),
        format!("{first}\n{}\n{last}\n", &body[..middle]).into_bytes(),
        format!("{first}\n{}!{}\n{last}\n", &body[..middle], &body[middle + 1..]).into_bytes(),
        format!("{first}\n{}\n\n{}\n{last}\n", &body[..middle], &body[middle..]).into_bytes(),
        format!("{first}\nComment: {body}\n\n{body}\n{last}\n").into_bytes(),
        text.replace("PRIVATE KEY", "EC PRIVATE KEY").into_bytes(),
        text.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY").into_bytes(),
        text.replace("PRIVATE KEY", "PUBLIC KEY").into_bytes(),
        format!("{text}{text}").into_bytes(),
        format!("{text}seed = {body}\n").into_bytes(),
        pem_rfc7468::decode_vec(pem).expect("PEM").1,
        [&[0xff, 0xfe], pem].concat(),
    ]
}

#[test]
fn a_damaged_key_is_not_quoted() {
    let place = Place::with_release("ml-dsa-44");
    let mut refused = 0;
    for key in KEYS {
        let pem = place.read(key);
        let traces = Traces::of(&pem);
        for damaged in damages(&pem) {
            place.write(key, &damaged);
            for format in ["human", "json"] {
                let arguments =
                    ["sign", "--release", "release.toml", "--identity", "id", "--out", "new", "--format", format];
                let ran = place.run(&arguments);
                assert_eq!(ran.code, 2, "{}", String::from_utf8_lossy(&damaged));
                traces.assert_none_in(&ran.out, "standard output");
                traces.assert_none_in(ran.err.as_bytes(), "standard error");
                refused += 1;
            }
        }
        place.write(key, &pem);
    }
    println!("secrecy: {refused} damaged keys not quoted");
    assert_eq!(refused, 56);
    place.sign("release.toml", "new").ok();
}

/// A passphrase that nothing else contains, in the spellings that a message could have it in.
const PLANTED: &str = "planted-Passphrase-91734";

fn plain(text: &[u8]) -> bool {
    let hex: String = PLANTED.bytes().map(|byte| format!("{byte:02x}")).collect();
    let decimal = PLANTED.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    let parts = [&PLANTED[..12], &PLANTED[12..], &hex[..20], &decimal[..30]];
    parts.iter().any(|part| text.windows(part.len()).any(|window| window == part.as_bytes()))
}

#[test]
fn no_command_shows_or_writes_a_passphrase_or_what_it_protects() {
    let place = Place::with_release("ml-dsa-44");
    let traces: Vec<Traces> = KEYS.iter().map(|key| Traces::of(&place.read(key))).collect();
    for (file, text) in
        [("pass", PLANTED.to_owned()), ("two", format!("{PLANTED}\n{PLANTED}\n")), ("wrong", "x".into())]
    {
        place.write(file, text);
        place.permit(file, 0o600);
    }
    place.run(&["key", "passwd", "id", "--new-passphrase-source", "file:pass"]).ok();
    let sign = |source| {
        let arguments = ["sign", "--release", "release.toml", "--identity", "id", "--out", "new", "--overwrite"];
        [&arguments[..], &["--passphrase-source", source]].concat()
    };
    let commands: Vec<Vec<&str>> = vec![
        sign("file:pass"),
        sign("file:wrong"),
        sign("file:two"),
        // The passphrase itself, where its source belongs; and its file, where something else does.
        sign(PLANTED),
        vec!["key", "show", "id"],
        vec!["key", "show", "pass"],
        vec!["key", "check", "id", "--passphrase-source", "file:pass"],
        vec!["key", "check", "pass"],
        vec!["key", "passwd", "id", "--passphrase-source", "file:wrong", "--new-passphrase-source", "file:pass"],
        vec!["key", "passwd", "id", "--passphrase-source", "file:pass", "--new-passphrase-source", "file:pass"],
        vec!["key", "adopt", "--out", "made", "--key", "pass", "--key", "id/ed25519.key.pem"],
        vec!["sign", "--release", "pass", "--identity", "id", "--out", "new", "--passphrase-source", "file:pass"],
        vec!["verify", "pass", "--trust", "pass", "--device", "pass"],
        vec!["trust", "show", "pass"],
        vec!["inspect", "pass"],
        vec!["keygen", "--out", "more", "--new-passphrase-source", "file:pass"],
    ];
    let mut ran = 0;
    for command in &commands {
        for format in ["human", "json"] {
            let arguments = [&command[..], &["--format", format]].concat();
            let output = place.command(&arguments).env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace").output();
            let output = output.expect("the tool starts");
            assert!(output.status.code().is_some_and(|code| code < 3), "{arguments:?}");
            for text in [&output.stdout, &output.stderr] {
                // What stands on the command line is known to whoever wrote it, but goes no further.
                assert!(!plain(text), "{arguments:?}: {}", String::from_utf8_lossy(text));
                traces.iter().for_each(|traces| traces.assert_none_in(text, &format!("{arguments:?}")));
            }
            ran += 1;
        }
    }
    for (path, contents) in place.everything() {
        if let (Some(contents), false) = (contents, path.ends_with("pass") || path.ends_with("two")) {
            assert!(!plain(&contents), "{}", path.display());
            traces.iter().for_each(|traces| traces.assert_none_in(&contents, &path.display().to_string()));
        }
    }
    println!("secrecy: {ran} runs showed and wrote nothing of a passphrase or of what it protects");
    assert_eq!(ran, 32);
    assert!(plain(PLANTED.as_bytes()) && plain(format!("{:?}", PLANTED.as_bytes()).as_bytes()));
}

/// What other processes see of one that holds a passphrase: its arguments and its environment.
#[test]
fn arguments_and_environment_of_a_running_signer_hold_no_passphrase() {
    use std::io::Write as _;

    let place = Place::with_release("ml-dsa-44");
    place.write("pass", PLANTED);
    place.permit("pass", 0o600);
    place.run(&["key", "passwd", "id", "--new-passphrase-source", "file:pass"]).ok();
    let mut command = place.command(&["key", "check", "id", "--passphrase-source", "fd:0"]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(PLANTED.as_bytes()).expect("it takes the passphrase");
    std::thread::sleep(core::time::Duration::from_millis(300));
    let mut seen = 0;
    for file in ["cmdline", "environ"] {
        let path = format!("/proc/{}/{file}", child.id());
        // Not readable at all is as good.
        if let Ok(text) = std::fs::read(&path) {
            assert!(!plain(&text), "{path}");
            seen += 1;
        }
    }
    drop(stdin);
    assert!(child.wait_with_output().expect("it ends").status.success());
    println!("secrecy: {seen} views of a running signer without its passphrase");
}
