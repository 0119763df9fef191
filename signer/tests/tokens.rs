//! Keys that never leave their home, through the tool: in kryoptic (a PKCS#11 3.2 token in software) and behind programs; every way
//! in which they are not to be had fails, says why, and writes nothing.
//!
//! kryoptic is what TWINSEAL_KRYOPTIC names, or what `sh tests/kryoptic.sh` built before.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]
#![cfg(feature = "pkcs11")]

#[path = "support/needs.rs"]
mod needs;
#[path = "support/token.rs"]
mod token;
#[path = "support/tool.rs"]
mod tool;

use std::path::Path;

use token::{PIN, Token, of_token};
use tool::{Place, Ran};
use twinseal::key::{Access, KeyUri};

fn sign(identity: &'static str) -> [&'static str; 7] {
    ["sign", "--release", "release.toml", "--identity", identity, "--out", "new"]
}

#[test]
fn an_identity_in_a_token_seals_and_a_device_takes_it() {
    let Some(module) = needs::kryoptic("tokens", 2) else { return };
    let token = Token::new(module);
    token.adopt(&[&token.uri("ed"), &token.uri("ml")], "hsm").ok();
    token.run(&["key", "check", "hsm"]).ok();
    token.run(&["key", "show", "hsm"]).ok();
    token.run(&sign("hsm")).ok();
    token.place.trust("hsm.store", &["--release", "hsm"]);
    token.place.json(&["verify", "new", "--trust", "hsm.store", "--device", "device.toml"]).ok();
    // Ed25519 in a file, ML-DSA in the token behind another twinseal.
    let path = token.place.at("id/ed25519.key.pem");
    token.adopt(&[path.to_str().expect("UTF-8"), &needs::answered_by_tool(&token.uri("ml"))], "mixed").ok();
    token.run(&["key", "check", "mixed"]).ok();
    token.run(&["sign", "--release", "release.toml", "--identity", "mixed", "--out", "mixed.bundle"]).ok();
    for (path, contents) in token.place.everything() {
        let is_pin = path.ends_with("pin");
        assert!(
            is_pin || !contents.is_some_and(|bytes| bytes.windows(PIN.len()).any(|window| window == PIN.as_bytes()))
        );
    }
    println!("tokens: 2 identities, one in the token, one mixed");
}

#[test]
fn every_way_in_which_a_token_does_not_sign_fails_and_writes_nothing() {
    let Some(module) = needs::kryoptic("tokens", 22) else { return };
    let token = Token::new(module);
    let (ed, ml) = (token.uri("ed"), token.uri("ml"));
    token.adopt(&[&ed, &ml], "hsm").ok();
    let mut ran = 0;
    let mut adopt = |keys: &[&str], part: &str| {
        token.does_not_adopt(keys, part);
        ran += 1;
    };
    token.place.write("bad", "planted-pin-00000\n");
    token.place.permit("bad", 0o600);
    token.place.write("seen", PIN);
    adopt(&[&token.uri_with("ed", "bad"), &ml], "wrong PIN");
    adopt(&[&token.uri_with("ed", "none"), &ml], "can not be read");
    adopt(&[&token.uri_with("ed", "seen"), &ml], "others than its owner");
    adopt(&[&token.uri("nobody"), &ml], "no such signing key");
    adopt(&[&token.uri("twice"), &ml], "2 signing keys match");
    adopt(&[&token.uri("mute"), &ml], "does not let this key sign");
    adopt(&[&ed, &token.uri("ml-lost")], "does not tell the verifying key");
    adopt(&[&ed.replace("token=release", "token=other"), &ml], "no such token");
    adopt(&[&ed.replace("token=release", "serial=77"), &ml], "no such token");
    adopt(&[&ed], "one key makes no signing identity");
    adopt(&[&ml], "one key makes no signing identity");
    adopt(&[&ed, &ed], "make no identity");
    adopt(&[&ml, &token.uri("ml-other")], "make no identity");
    let missing = ed.replace(&token.module().display().to_string(), "/no/such/module.so");
    adopt(&[&missing, &ml], "can not be read");
    token.place.write("text.so", "no library");
    let text = ed.replace(&token.module().display().to_string(), &token.place.at("text.so").display().to_string());
    adopt(&[&text, &ml], "module can not be loaded");
    token.place.permit("text.so", 0o666);
    adopt(&[&text, &ml], "others may exchange this module");

    // An identity that was whole, and is not any more.
    let description = String::from_utf8(token.place.read("hsm/identity.toml")).expect("text");
    let mut changed = |text: &str, part: &str| {
        token.place.write("hsm/identity.toml", text);
        token.fails(&sign("hsm"), part);
        token.place.write("hsm/identity.toml", &description);
        ran += 1;
    };
    changed(&description.replace("object=ml", "object=ml-other"), "is another key than the verifying key beside it");
    changed(&description.replace("object=ed", "object=ml"), "is a key of ml-dsa-65, not of ed25519");
    changed(&description.replace("object=ml", "object=ml-gone"), "no such signing key");
    // Half an identity.
    let half = description.find("\n[[key]]\nalgorithm = \"ml").expect("the second key");
    changed(&description[..half], "it names 1 keys");
    changed(&format!("{description}\n{}", &description[half..]), "it names 3 keys");
    changed(&description.replace("ml-dsa-65", "ed25519"), "it names 2 keys (ed25519, ed25519)");
    token.run(&sign("hsm")).ok();
    println!("tokens: {ran} ways not to sign");
    assert_eq!(ran, 22);
}

#[test]
fn an_identity_behind_pyca_seals_and_a_device_takes_it() {
    let Some(python) = needs::python("programs", tool::SETS.len()) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/exec/pyca.py").canonicalize().expect("the script");
    for set in tool::SETS {
        let place = Place::with_release(set);
        let uri = |algorithm: &str| {
            let key = place.at(&format!("id/{algorithm}.key.pem"));
            format!("exec:{}?arg={}&arg={}", python, script.display(), key.display())
        };
        place.run(&["key", "adopt", "--out", "pyca", "--key", &uri("ed25519"), "--key", &uri(set)]).ok();
        place.run(&["key", "check", "pyca"]).ok();
        place.run(&sign("pyca")).ok();
        place.verify("new", &[]).ok();
    }
    println!("programs: {} identities behind pyca/cryptography", tool::SETS.len());
}

/// A key management service may be given mu alone; so may the program that wraps it.
#[test]
fn a_program_signs_mu_as_it_signs_the_message() {
    let Some(python) = needs::python("mu", 8) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/exec/pyca.py").canonicalize().expect("the script");
    let mut ran = 0;
    for set in tool::SETS {
        let place = Place::with_release(set);
        let key = |algorithm: &str| place.at(&format!("id/{algorithm}.key.pem")).display().to_string();
        let pyca = |algorithm: &str| format!("exec:{python}?arg={}&arg={}", script.display(), key(algorithm));
        let open = |uri: &str| KeyUri::parse(uri).expect("a URI").open(None, &Access::default()).expect("a key");
        for uri in [pyca(set), needs::answered_by_tool(&key(set))] {
            let signer = open(&uri);
            let verifying = signer.verifying_key();
            let mu = verifying.mu(b"to be signed").expect("it has one");
            let signature = signer.sign_mu(&mu).expect("a signature");
            verifying.verify(b"to be signed", &signature).expect("valid");
            assert!(verifying.verify(b"to be signed.", &signature).is_err());
            // A program signs what it is given; that it is the wrong mu shows.
            let mut other = mu;
            other[63] ^= 1;
            let signature = signer.sign_mu(&other).expect("a signature");
            assert!(verifying.verify(b"to be signed", &signature).is_err());
            ran += 1;
        }
        if set == "ml-dsa-44" {
            for uri in [pyca("ed25519"), needs::answered_by_tool(&key("ed25519"))] {
                let refused = open(&uri).sign_mu(&[0; 64]).expect_err("Ed25519 has no mu").to_string();
                assert!(refused.contains("only ML-DSA"), "{refused}");
                ran += 1;
            }
        }
    }
    println!("mu: {ran} keys behind programs");
    assert_eq!(ran, 8);
}

/// Every call of the module fails once, in each way that a token does: it is unplugged, breaks, forgets the session or the key.
#[test]
fn a_token_that_fails_at_any_call_leaves_nothing() {
    let Some(module) = needs::kryoptic("tokens", 1) else { return };
    let token = Token::new(module);
    token.adopt(&[&token.uri("ed"), &token.uri("ml")], "hsm").ok();
    let before: Vec<_> = token.place.everything().into_keys().filter(|path| !of_token(path)).collect();
    // CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR, and what only the call itself gives.
    let calls: [(&str, &[&str]); 13] = [
        ("C_Initialize", &["5"]),
        ("C_GetSlotList", &["50", "48"]),
        ("C_GetTokenInfo", &["50", "224"]),
        ("C_GetMechanismList", &["50"]),
        ("C_OpenSession", &["50", "177"]),
        ("C_GetSessionInfo", &["50", "179"]),
        ("C_Login", &["50", "160", "164"]),
        ("C_FindObjectsInit", &["50", "179"]),
        ("C_FindObjects", &["50"]),
        ("C_FindObjectsFinal", &["50"]),
        ("C_GetAttributeValue", &["50", "130"]),
        ("C_SignInit", &["50", "96", "99", "104", "112", "257"]),
        ("C_Sign", &["50", "48", "179", "flip"]),
    ];
    let (mut struck, mut called) = (0, 0);
    for (call, codes) in calls {
        for code in codes {
            let mut occurrence = 0;
            loop {
                occurrence += 1;
                assert!(occurrence < 100, "{call} is called without end");
                let mut command = token.place.command(&sign("hsm"));
                command.env("KRYOPTIC_CONF", token.place.at("token.conf"));
                command.env("TWINSEAL_FAULT", format!("{call}:{occurrence}:{code}"));
                let ran = Ran::new(command.output().expect("the tool starts"), &sign("hsm"));
                if ran.code == 0 {
                    // So often it is not called; or, where bytes are flipped, the call only asked for a size.
                    std::fs::remove_file(token.place.at("new")).expect("it was written");
                    if *code == "flip" && occurrence < 4 {
                        continue;
                    }
                    break;
                }
                let ran = ran.failed("");
                assert!(!ran.err.contains(PIN), "{}", ran.err);
                let left: Vec<_> = token.place.everything().into_keys().filter(|path| !of_token(path)).collect();
                assert_eq!(left, before, "{call}:{occurrence}:{code} left something behind");
                struck += 1;
            }
            assert!(occurrence > 1, "{call}:{code} never struck");
            called += 1;
        }
    }
    println!("tokens: {struck} faults injected into {called} kinds of call and code, every one told, none left a file");
    assert!(struck > 60);
}

/// A program that answers with what is written into it.
fn helper(place: &Place, name: &str, body: &str) -> String {
    place.write(name, format!("#!/bin/sh\ncat >/dev/null\n{body}\n"));
    place.permit(name, 0o755);
    format!("exec:{}", place.at(name).display())
}

#[test]
fn programs_that_answer_wrongly_fail_and_write_nothing() {
    let place = Place::with_release("ml-dsa-65");
    let key = place.at("id/ml-dsa-65.key.pem");
    let right = format!("exec:{}?arg=key&arg=answer&arg={}", tool::TOOL, place.at("id/ed25519.key.pem").display());
    let key = key.to_str().expect("UTF-8");
    place.run(&["key", "adopt", "--out", "programs", "--key", &right, "--key", key]).ok();
    place.run(&sign("programs")).ok();
    place.verify("new", &[]).ok();
    std::fs::remove_file(place.at("new")).expect("it is there");
    let description = String::from_utf8(place.read("programs/identity.toml")).expect("text");
    let ok = r#"{"protocol":"twinseal.exec/1","#;
    let zeros = format!("printf '%s' '{ok}\"signature\":\"{}AA==\"}}'", "AAAA".repeat(21));
    let cases: &[(&str, &str)] = &[
        ("exit 0", "an answer that is not one"),
        ("exit 3", "failed (exit status: 3)"),
        ("echo 'no such alias' >&2; exit 1", "no such alias"),
        ("kill -9 $$", "failed (signal: 9"),
        ("echo '{}'", "an answer that is not one"),
        ("echo '[]'", "an answer that is not one"),
        (r#"echo '{"protocol":"twinseal.exec/2","signature":""}'"#, "another protocol"),
        (&format!("echo '{ok}\"error\":\"the key is disabled\"}}'"), "the key is disabled"),
        (&format!("echo '{ok}\"error\":\"the key is disabled\"}}'; exit 1"), "the key is disabled"),
        (&format!("echo '{ok}\"signature\":\"!!\"}}'"), "no Base64"),
        (&format!("echo '{ok}\"signature\":\"\"}}'"), "a signature of 0 bytes where 64 are right"),
        (&format!("echo '{ok}\"signature\":\"AAAA\"}} x'"), "an answer that is not one"),
        (&zeros, "a signature that is not one of its ed25519 key"),
        ("sleep 30", "no answer within 1 s"),
        ("head -c 100000 /dev/zero", "says more than 65536 bytes"),
    ];
    for (number, (body, part)) in cases.iter().enumerate() {
        let uri = format!("{}?timeout=1", helper(&place, &format!("helper-{number}"), body));
        place.write("programs/identity.toml", description.replace(&right, &uri));
        place.fails_and_changes_nothing(&sign("programs"), part);
    }
    place.permit("helper-0", 0o777);
    place.write(
        "programs/identity.toml",
        description.replace(&right, &format!("exec:{}", place.at("helper-0").display())),
    );
    place.fails_and_changes_nothing(&sign("programs"), "others may exchange this program");
    place.write("programs/identity.toml", description.replace(&right, "exec:/no/such/program"));
    place.fails_and_changes_nothing(&sign("programs"), "can not be read");
    println!("programs: {} wrong answers, 2 that are not started", cases.len());
    assert_eq!(cases.len(), 15);
}
