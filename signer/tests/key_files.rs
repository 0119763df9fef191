//! Signing keys at rest, through the tool: encrypted, opened by file, descriptor and terminal, exchanged with other implementations,
//! and refused where they lie open.
//!
//! The exchange needs `python3` (or what TWINSEAL_PYTHON names) with `cryptography` 50, the terminal `setsid` (util-linux).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/needs.rs"]
mod needs;
#[path = "support/tool.rs"]
mod tool;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tool::{Place, Ran, TOOL};

/// A place whose identity `id` is encrypted under what the file `pass` says, and `wrong` says something else.
fn encrypted() -> Place {
    let place = Place::with_release("ml-dsa-44");
    secret(&place, "pass", "open sesame\n");
    secret(&place, "wrong", "open barley\n");
    place.run(&["key", "passwd", "id", "--new-passphrase-source", "file:pass"]).ok();
    place
}

fn secret(place: &Place, file: &str, text: &str) {
    place.write(file, text);
    place.permit(file, 0o600);
}

const SIGN: [&str; 7] = ["sign", "--release", "release.toml", "--identity", "id", "--out", "new"];

fn sign(more: &[&'static str]) -> Vec<&'static str> {
    [&SIGN[..], more].concat()
}

#[test]
fn an_encrypted_identity_signs_with_its_passphrase() {
    let place = encrypted();
    place.run(&sign(&["--passphrase-source", "file:pass"])).ok();
    place.verify("new", &[]).ok();
    // By a descriptor, as a build server hands secrets on.
    let line = format!("{TOOL} {} --overwrite --passphrase-source fd:7 7<pass", SIGN.join(" "));
    let shell = Command::new("sh").args(["-c", &line]).current_dir(place.path()).output().expect("a shell");
    Ran::new(shell, &SIGN).ok();
    // By standard input, which is a descriptor as well.
    place.piped("pass", &sign(&["--overwrite", "--passphrase-source", "fd:0"])).ok();
    place.verify("new", &[]).ok();
    let checked = place.json(&["key", "check", "id", "--passphrase-source", "file:pass"]).ok().object();
    assert_eq!(checked["keys"], serde_json::json!(["ed25519", "ml-dsa-44"]));
}

#[test]
fn without_the_passphrase_nothing_is_made() {
    let place = encrypted();
    place.write("empty", "");
    place.permit("empty", 0o600);
    secret(&place, "two", "open\nsesame\n");
    secret(&place, "long", &"x".repeat(2000));
    place.write("open", "open sesame\n");
    place.permit("open", 0o644);
    symlink("pass", place.at("link")).expect("a link");
    let cases: &[(&[&'static str], &str)] = &[
        (&["--passphrase-source", "file:wrong"], "wrong passphrase"),
        (&["--passphrase-source", "file:missing"], "can not be read"),
        (&["--passphrase-source", "file:empty"], "the passphrase is empty"),
        (&["--passphrase-source", "file:two"], "one line of text"),
        (&["--passphrase-source", "file:long"], "longer than 1024 bytes"),
        (&["--passphrase-source", "file:open"], "others than its owner"),
        (&["--passphrase-source", "file:link"], "is a symbolic link"),
        (&["--passphrase-source", "file:."], "is not a plain file"),
        (&["--passphrase-source", "fd:77"], "can not be read"),
        (&["--passphrase-source", "file:pass", "--passphrase-source", "file:pass"], "2 passphrase sources for 1"),
        (&["--passphrase-source", "open sesame"], "not a source of a passphrase"),
        (&["--passphrase-source", "env:PASS"], "not a source of a passphrase"),
    ];
    for (more, part) in cases {
        place.fails_and_changes_nothing(&sign(more), part);
    }
    println!("key files: {} ways to have no passphrase", cases.len());
    place.run(&sign(&["--passphrase-source", "file:link", "--follow-links"])).ok();
}

#[test]
fn an_open_or_linked_key_file_is_refused_unless_links_are_allowed() {
    let place = encrypted();
    for file in ["id/ed25519.key.pem", "id/ml-dsa-44.key.pem"] {
        place.permit(file, 0o640);
        place.fails_and_changes_nothing(&sign(&["--passphrase-source", "file:pass"]), "others than its owner");
        place.fails_and_changes_nothing(&["key", "show", "id"], "others than its owner");
        place.permit(file, 0o600);
    }
    // As an orchestrator mounts secrets: links into a directory of this moment.
    place.run(&["keygen", "--out", "kept", "--set", "ml-dsa-44"]).ok();
    place.make_directory("mounted");
    for file in ["ed25519.key.pem", "ed25519.pub.pem", "ml-dsa-44.key.pem", "ml-dsa-44.pub.pem"] {
        symlink(place.at(&format!("kept/{file}")), place.at(&format!("mounted/{file}"))).expect("a link");
    }
    let sign = ["sign", "--release", "release.toml", "--identity", "mounted", "--out", "linked"];
    place.fails_and_changes_nothing(&sign, "is a symbolic link");
    place.run(&[&sign[..], &["--follow-links"]].concat()).ok();
    place.permit("kept/ed25519.key.pem", 0o604);
    place.fails_and_changes_nothing(&[&sign[..], &["--follow-links", "--overwrite"]].concat(), "others than its owner");
}

#[test]
fn the_passphrase_changes_for_both_keys_or_for_none() {
    let place = encrypted();
    let anchor = place.json(&["key", "show", "id"]).ok().object()["anchor_id"].clone();
    secret(&place, "second", "second\n");
    let passwd = ["key", "passwd", "id", "--passphrase-source", "file:pass", "--new-passphrase-source", "file:second"];
    place.run(&passwd).ok();
    place.fails_and_changes_nothing(&passwd, "wrong passphrase");
    place.fails_and_changes_nothing(&["key", "passwd", "id"], "--new-passphrase-source");
    let empty = ["key", "passwd", "id", "--passphrase-source", "file:second", "--new-passphrase-source", "file:none"];
    place.fails_and_changes_nothing(&empty, "can not be read");
    place.fails_and_changes_nothing(&sign(&["--passphrase-source", "file:pass"]), "wrong passphrase");
    place.run(&["key", "check", "id", "--passphrase-source", "file:second"]).ok();
    place.run(&["key", "passwd", "id", "--passphrase-source", "file:second", "--remove"]).ok();
    place.fails_and_changes_nothing(&["key", "passwd", "id", "--remove"], "is not encrypted");
    let shown = place.json(&["key", "show", "id"]).ok().object();
    assert_eq!(shown["anchor_id"], anchor);
    assert_eq!(shown["keys"].as_array().map(Vec::len), Some(2));
    for key in shown["keys"].as_array().expect("keys") {
        assert_eq!((&key["encrypted"], &key["protection"]), (&false.into(), &serde_json::Value::Null));
    }
    place.run(&SIGN).ok();
    assert!(!place.everything().keys().any(|path| path.to_string_lossy().contains(".twinseal-")));
}

#[test]
fn keys_from_books_are_refused() {
    let place = Place::with_release("ml-dsa-65");
    // RFC 9881 appendix C.1.2.1: the seed 00 01 02 ... 1f; and one that repeats a byte, as tests do.
    for seed in [core::array::from_fn::<u8, 32, _>(|i| u8::try_from(i).expect("small")), [0x42; 32]] {
        let head = [
            &[0x30, 0x34, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03][..],
            &[0x12, 0x04, 0x22, 0x80, 0x20],
            &seed,
        ]
        .concat();
        let text = pem_rfc7468::encode_string("PRIVATE KEY", pem_rfc7468::LineEnding::LF, &head).expect("PEM");
        place.write("id/ml-dsa-65.key.pem", text);
        place.fails_and_changes_nothing(&SIGN, "everybody has this key");
    }
}

/// Runs the tool at a terminal of its own, which types these lines; returns how it ended and what the terminal showed.
fn at_a_terminal(place: &Place, arguments: &[&str], lines: &[&str]) -> (Output, String) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).and_then(|()| unlockpt(&terminal)).expect("a terminal");
    let inside = ptsname(&terminal, Vec::new()).expect("its name");
    let open = || {
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        File::from(rustix::fs::open(&inside, flags, rustix::fs::Mode::empty()).expect("the terminal"))
    };
    let mut outside = File::from(terminal);
    let held = open();
    let child = Command::new("setsid")
        .args(["--ctty", "--wait", TOOL])
        .args(arguments)
        .current_dir(place.path())
        .stdin(Stdio::from(open()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("setsid starts");
    let mut shown = Vec::new();
    for line in lines {
        // The prompt comes when the echo is off already.
        let mut buffer = [0; 512];
        while !shown.ends_with(b": ") {
            let count = outside.read(&mut buffer).expect("a prompt");
            shown.extend_from_slice(&buffer[..count]);
        }
        std::thread::sleep(core::time::Duration::from_millis(50));
        outside.write_all(format!("{line}\n").as_bytes()).expect("it takes the line");
        shown.push(b'|');
    }
    let output = child.wait_with_output().expect("it ends");
    rustix::io::ioctl_fionbio(&outside, true).expect("no waiting");
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = outside.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
    }
    drop(held);
    (output, String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn a_terminal_is_asked_and_shows_nothing() {
    if !needs::program("setsid", "key files", 5) {
        return;
    }
    let place = encrypted();
    let cases: &[(&[&str], &[&str], i32, &str)] = &[
        (&["key", "check", "id"], &["open sesame"], 0, ""),
        (&["key", "check", "id"], &["open barley"], 2, "wrong passphrase"),
        (&["key", "check", "id", "--passphrase-source", "prompt"], &["open sesame"], 0, ""),
        (&["keygen", "--out", "a", "--new-passphrase-source", "prompt"], &["open sesame", "open barley"], 2, "differ"),
        (&["keygen", "--out", "b", "--new-passphrase-source", "prompt"], &["open sesame", "open sesame"], 0, ""),
    ];
    for (arguments, lines, code, part) in cases {
        let (output, shown) = at_a_terminal(&place, arguments, lines);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {said} {shown}");
        assert!(said.contains(part) && shown.contains("assphrase for "), "{arguments:?}: {said} {shown}");
        for text in [&shown, &*said, &*String::from_utf8_lossy(&output.stdout)] {
            assert!(!text.contains("sesame") && !text.contains("barley"), "{arguments:?}: {text}");
        }
    }
    assert!(!place.at("a").exists() && place.at("b").exists());
    // No terminal at all.
    let alone = Command::new("setsid").args(["--wait", TOOL]).args(SIGN).current_dir(place.path()).output();
    Ran::new(alone.expect("setsid starts"), &SIGN).failed("there is no terminal to ask at");
    println!("key files: {} runs at a terminal, 1 without", cases.len());
}

/// Opens every key of an identity, compares the verifying keys, and writes the signing keys anew.
const EXCHANGE: &str = r#"
import sys
from cryptography.hazmat.primitives import serialization as s
algorithms, passphrase = sys.argv[1].split(","), open("pass", "rb").read().strip()
for name in algorithms:
    path = f"id/{name}.key.pem"
    key = s.load_pem_private_key(open(path, "rb").read(), passphrase)
    public = key.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    assert public == open(f"id/{name}.pub.pem", "rb").read(), name
    how = s.BestAvailableEncryption(passphrase)
    open(path, "wb").write(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, how))
    try:
        s.load_pem_private_key(open(path, "rb").read(), b"open barley")
        raise SystemExit("another passphrase opens it")
    except ValueError:
        pass
"#;

#[test]
fn encrypted_keys_go_to_pyca_and_come_back() {
    let sets = ["ml-dsa-44", "ml-dsa-65", "ml-dsa-87"];
    let Some(python) = needs::python("key files", sets.len()) else { return };
    for set in sets {
        let place = Place::with_release(set);
        secret(&place, "pass", "open sesame\n");
        place.run(&["key", "passwd", "id", "--new-passphrase-source", "file:pass"]).ok();
        let shown = place.json(&["key", "show", "id"]).ok().object();
        assert_eq!(shown["keys"][1]["protection"], "scrypt (N = 16384, r = 8, p = 5), AES-256-CBC");
        let algorithms = format!("ed25519,{set}");
        let ran = Command::new(&python).args(["-c", EXCHANGE, &algorithms]).current_dir(place.path()).output();
        let ran = ran.expect("python starts");
        assert!(ran.status.success(), "{set}: {}", String::from_utf8_lossy(&ran.stderr));
        for algorithm in ["ed25519", set] {
            place.permit(&format!("id/{algorithm}.key.pem"), 0o600);
        }
        let shown = place.json(&["key", "show", "id"]).ok().object();
        assert!(shown["keys"][1]["protection"].as_str().is_some_and(|text| text.starts_with("PBKDF2-HMAC-SHA-256")));
        place.run(&sign(&["--passphrase-source", "file:pass"])).ok();
        place.verify("new", &[]).ok();
    }
    println!("key files: {} identities to pyca/cryptography and back", sets.len());
}

/// What OpenSSL before 3.5 knows: Ed25519.
#[test]
fn encrypted_ed25519_keys_go_to_openssl_and_come_back() {
    if !needs::program("openssl", "key files", 4) {
        return;
    }
    let place = encrypted();
    let key = "id/ed25519.key.pem";
    let openssl = |arguments: &[&str]| {
        let ran = Command::new("openssl").args(arguments).current_dir(place.path()).output().expect("openssl starts");
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        ran.stdout
    };
    let public = openssl(&["pkey", "-in", key, "-passin", "file:pass", "-pubout"]);
    assert_eq!(public, place.read("id/ed25519.pub.pem"));
    let plain = openssl(&["pkey", "-in", key, "-passin", "file:pass"]);
    place.write("plain", &plain);
    let ways: [&[&str]; 3] =
        [&["-scrypt"], &["-v2", "aes-256-cbc", "-iter", "600000"], &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"]];
    for way in ways {
        let arguments = ["pkcs8", "-topk8", "-in", "plain", "-passout", "file:pass"];
        place.write(key, openssl(&[&arguments[..], way].concat()));
        place.run(&["key", "check", "id", "--passphrase-source", "file:pass"]).ok();
    }
    // What nobody should use any more.
    let old = openssl(&["pkcs8", "-topk8", "-in", "plain", "-passout", "file:pass", "-v2", "des3"]);
    place.write(key, old);
    place.run(&["key", "check", "id", "--passphrase-source", "file:pass"]).failed("not decrypted");
    println!("key files: {} kinds of file from openssl, 1 refused", ways.len());
}

/// Kills a program that waits for its input and says whether it left, or would have left, a core dump.
fn dumps_core(place: &Place, program: &str, arguments: &str) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    let line = format!("ulimit -c unlimited; exec {program} {arguments}");
    let mut child = Command::new("sh")
        .args(["-c", &line])
        .current_dir(place.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    std::thread::sleep(core::time::Duration::from_millis(500));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::ABORT).expect("it runs");
    child.wait().expect("it ends").core_dumped()
}

#[test]
fn a_crash_dumps_no_core() {
    let place = encrypted();
    if !dumps_core(&place, "cat", "") {
        println!("core dumps: 0 runs, 1 skipped: needs a system that dumps cores");
        return;
    }
    assert!(!dumps_core(&place, TOOL, "key check id --passphrase-source fd:0"));
    println!("core dumps: 1 run without, 1 control with");
}

#[test]
fn a_dry_run_tells_the_release_id_and_writes_nothing() {
    let place = Place::with_release("ml-dsa-44");
    let before = place.everything();
    let told = place.json(&sign(&["--dry-run"])).ok().object();
    assert!(place.everything() == before);
    let sealed = place.json(&SIGN).ok().object();
    assert_eq!((&told["release_id"], &told["dry_run"]), (&sealed["release_id"], &true.into()));
    // What would fail fails.
    place.fails_and_changes_nothing(&sign(&["--dry-run"]), "already exists");
    place.json(&sign(&["--dry-run", "--overwrite"])).ok();
}
