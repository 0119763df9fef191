//! An OpenSSL that knows ML-DSA (3.5 or later) beside the tool: its key files are read and ours are read by it, and what docs/keys.md and
//! docs/ceremony.md say of its commands is run as it stands there.

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

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tool::{Place, SETS, TOOL};

/// A place with a release, in which shell commands find that OpenSSL and the tool.
struct Shell {
    place: Place,
    openssl: PathBuf,
}

impl Shell {
    fn new(openssl: &Path, set: &str) -> Self {
        let place = Place::with_release(set);
        place.make_directory("programs");
        std::os::unix::fs::symlink(openssl, place.at("programs/openssl")).expect("a link");
        std::os::unix::fs::symlink(TOOL, place.at("programs/twinseal")).expect("a link");
        place.write("passphrase", "open sesame\n");
        place.permit("passphrase", 0o600);
        Self { place, openssl: openssl.to_owned() }
    }

    /// Runs commands, which must succeed; what they print.
    fn run(&self, commands: &str) -> String {
        let path = format!("{}:{}", self.place.at("programs").display(), std::env::var("PATH").expect("a path"));
        let mut shell = Command::new("sh");
        shell.args(["-euc", commands]).current_dir(self.place.path()).env("PATH", path);
        let output = shell.output().expect("a shell");
        assert!(output.status.success(), "{commands}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }

    fn openssl(&self, arguments: &[&str]) -> Output {
        Command::new(&self.openssl).args(arguments).current_dir(self.place.path()).output().expect("it starts")
    }
}

#[test]
fn keys_go_to_openssl_and_come_back() {
    let Some(openssl) = needs::openssl("openssl keys", 18) else { return };
    let mut ran = 0;
    for set in SETS {
        let shell = Shell::new(&openssl, set);
        let place = &shell.place;
        place.run(&["key", "passwd", "id", "--new-passphrase-source", "file:passphrase"]).ok();
        let public = shell.run(&format!("openssl pkey -in id/{set}.key.pem -passin file:passphrase -pubout"));
        assert_eq!(public.as_bytes(), place.read(&format!("id/{set}.pub.pem")).trim_ascii_end(), "{set}");
        shell.run(&format!("openssl pkey -in id/{set}.key.pem -passin file:passphrase -out plain"));
        let wrong = ["pkey", "-in", &format!("id/{set}.key.pem"), "-passin", "pass:wrong", "-noout"];
        assert!(!shell.openssl(&wrong).status.success());
        let encrypted = format!("openssl pkcs8 -topk8 -in plain -passout file:passphrase -out id/{set}.key.pem");
        for way in ["-scrypt", "-v2 aes-256-cbc -iter 600000", "-v2 aes-128-cbc -v2prf hmacWithSHA512"] {
            shell.run(&format!("{encrypted} {way}"));
            place.run(&["key", "check", "id", "--passphrase-source", "file:passphrase"]).ok();
            ran += 1;
        }
        // It writes seed and expanded key; or the seed alone, in two ways; or the expanded key alone.
        for form in ["seed-only", "seed-priv", "priv-only"] {
            shell.run(&format!("{encrypted} -scrypt -provparam ml-dsa.output_formats={form}"));
            place.run(&["key", "check", "id", "--passphrase-source", "file:passphrase"]).ok();
            ran += 1;
        }
    }
    println!("openssl keys: {ran} files read, 3 files of ours read by it");
    assert_eq!(ran, 18);
}

#[test]
fn an_identity_that_openssl_made_seals() {
    let Some(openssl) = needs::openssl("openssl identities", 1) else { return };
    let shell = Shell::new(&openssl, "ml-dsa-65");
    shell.run(&needs::documented("keys.md", "sh", "genpkey"));
    let sign = ["sign", "--release", "release.toml", "--identity", "release-2028", "--out", "new"];
    shell.place.run(&[&sign[..], &["--passphrase-source", "file:passphrase"]].concat()).ok();
    shell.place.trust("made.cbor", &["--release", "release-2028"]);
    let verify = ["verify", "new", "--trust", "made.cbor", "--device", "device.toml", "--independent"];
    shell.place.json(&verify).ok();
    println!("openssl identities: 1 sealed");
}

#[test]
fn a_signing_request_is_answered_by_openssl() {
    let Some(openssl) = needs::openssl("openssl answers", 15) else { return };
    let (mut taken, mut refused) = (0, 0);
    for set in SETS {
        let shell = Shell::new(&openssl, set);
        let place = &shell.place;
        let request = ["ceremony", "request", "--release", "release.toml", "--trust", "trust.cbor", "--out", "r.json"];
        place.run(&request).ok();
        let request: Value = serde_json::from_slice(&place.read("r.json")).expect("JSON");
        let signer = &request["signers"][0];
        let documented = needs::documented("ceremony.md", "sh", "signature_of_mu");
        let of = |key: &Value, function: &str, field: &str| {
            let (algorithm, value) = (key["algorithm"].as_str().expect("text"), key[field].as_str().expect("text"));
            shell.run(&format!("cd id\n{documented}\n{function} {algorithm} {value}\nrm *.bin"))
        };
        let (classical, post_quantum) = (&signer["keys"][0], &signer["keys"][1]);
        let ed25519 = of(classical, "signature_of", "to_be_signed");
        let message = of(post_quantum, "signature_of", "to_be_signed");
        let mu = of(post_quantum, "signature_of_mu", "mu");
        let answer = |signature: &str| {
            let seal = |key: &Value, signature: &str| json!({"anchor_id": signer["anchor_id"], "algorithm": key["algorithm"], "signature": signature});
            let seals = [seal(classical, &ed25519), seal(post_quantum, signature)];
            let answer = json!({"schema": "twinseal.signing-answer/1", "object": request["object"], "digest": request["digest"], "seals": seals});
            place.write("answer.json", answer.to_string());
        };
        let assemble = |out: &'static str| {
            ["ceremony", "assemble", "r.json", "--release", "release.toml", "--answer", "answer.json", "--out", out]
        };
        for (out, signature) in [("message", &message), ("mu", &mu)] {
            answer(signature);
            place.run(&assemble(out)).ok();
            place.verify(out, &["--independent"]).ok();
            taken += 1;
        }
        // With a context, of the message taken for mu, and of the digest alone: signatures of something else.
        let sign = "openssl pkeyutl -sign -inkey id/$KEY.key.pem -out s";
        let hex = "basenc --base16 --wrap 0 s | tr A-F a-f";
        let bytes =
            |field: &str| format!("printf %s {} | tr a-f A-F | basenc --base16 --decode > m", post_quantum[field]);
        let digest = request["digest"].as_str().and_then(|text| text.split_once(':')).expect("a digest").1;
        for wrong in [
            format!(
                "KEY={set}; {}; {sign} -rawin -in m -pkeyopt context-string:twinseal; {hex}",
                bytes("to_be_signed")
            ),
            format!("KEY={set}; {}; {sign} -rawin -in m; {hex}", bytes("mu")),
            format!("KEY={set}; printf %s {digest} | tr a-f A-F | basenc --base16 -d > m; {sign} -rawin -in m; {hex}"),
        ] {
            answer(&shell.run(&wrong));
            let ran = place.json(&assemble("none"));
            assert_eq!(ran.code, 1, "{wrong}");
            assert!(ran.text().contains("the signature is not valid"), "{}", ran.text());
            assert!(!place.at("none").exists());
            refused += 1;
        }
    }
    println!("openssl answers: {taken} taken, {refused} refused");
    assert_eq!((taken, refused), (6, 9));
}
