//! Keys that never leave their home, through the tool: in kryoptic (a PKCS#11 3.2 token in software) and behind programs; every way
//! in which they are not to be had fails, says why, and writes nothing.
//!
//! kryoptic is what TWINSEAL_KRYOPTIC names, or what `sh tests/kryoptic.sh` built before. Where it is missing the runs are skipped and
//! said to be; with TWINSEAL_REQUIRE_TOOLS=1 that is a failure.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]
#![cfg(feature = "pkcs11")]

#[path = "support/tool.rs"]
mod tool;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, KeyType, MlDsaParameterSetType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use tool::{Place, Ran};

const PIN: &str = "planted-pin-58142";

/// The module, if it is there; else it is said that so many runs are skipped.
fn kryoptic(runs: usize) -> Option<PathBuf> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/kryoptic.sh");
    let named = env::var_os("TWINSEAL_KRYOPTIC").map(PathBuf::from).or_else(|| {
        let asked = Command::new("sh").args([script, "--built"]).output().ok()?;
        Some(String::from_utf8(asked.stdout).ok()?.trim_end().into())
    });
    if let Some(module) = named.filter(|module| module.is_file()) {
        return Some(module);
    }
    let skipped = "skipped: needs kryoptic (sh tests/kryoptic.sh)";
    assert!(env::var("TWINSEAL_REQUIRE_TOOLS").as_deref() != Ok("1"), "{skipped}");
    println!("tokens: 0 runs, {runs} {skipped}");
    None
}

/// Fills a token; run by [`Token::new`] in a process of its own, since the module finds its token by the environment.
#[test]
#[ignore = "not a test: makes the token of the others"]
fn make_token() {
    let module = Pkcs11::new(env::var("MODULE").expect("a module")).expect("it loads");
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).expect("it starts");
    let slot = module.get_all_slots().expect("slots")[0];
    let officer = AuthPin::new("officer-12345678".into());
    module.init_token(slot, &officer, "release").expect("a token");
    let session = module.open_rw_session(slot).expect("a session");
    session.login(UserType::So, Some(&officer)).expect("the officer");
    session.init_pin(&AuthPin::new(PIN.into())).expect("a PIN");
    session.logout().expect("out");
    session.login(UserType::User, Some(&AuthPin::new(PIN.into()))).expect("the user");
    let named = |name: &str, more: Vec<Attribute>| {
        [vec![Attribute::Token(true), Attribute::Label(name.into()), Attribute::Id(name.into())], more].concat()
    };
    let private = |name: &str, sign: bool| {
        let kept = vec![Attribute::Private(true), Attribute::Sensitive(true), Attribute::Extractable(false)];
        named(name, [kept, vec![Attribute::Sign(sign)]].concat())
    };
    let curve = || Attribute::EcParams(vec![0x06, 0x03, 0x2b, 0x65, 0x70]);
    let set = || Attribute::ParameterSet(MlDsaParameterSetType::ML_DSA_65.into());
    for (name, sign) in [("ed", true), ("twice", true), ("twice", true), ("mute", false)] {
        session
            .generate_key_pair(
                &Mechanism::EccEdwardsKeyPairGen,
                &named(name, vec![curve(), Attribute::Verify(true)]),
                &private(name, sign),
            )
            .expect("an Ed25519 key");
    }
    for name in ["ml", "ml-other", "ml-lost"] {
        session
            .generate_key_pair(
                &Mechanism::MlDsaKeyPairGen,
                &named(name, vec![set(), Attribute::Verify(true)]),
                &private(name, true),
            )
            .expect("an ML-DSA key");
    }
    let template = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Label("ml-lost".into())];
    for object in session.find_objects(&template).expect("objects") {
        session.destroy_object(object).expect("gone");
    }
    // The token signs what an independent check of its own can sign with, too: it is no test of the tool alone.
    let keys = session
        .find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(KeyType::EC_EDWARDS)])
        .expect("keys");
    session.sign(&Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)), keys[0], b"x").expect("a signature");
}

/// A token with keys `ed`, `ml`, and some that are not usable, in a place with a release.
struct Token {
    place: Place,
    module: PathBuf,
}

impl Token {
    fn new(module: PathBuf) -> Self {
        let place = Place::with_release("ml-dsa-65");
        let database = place.at("token.sql");
        place.write("token.conf", format!("[[slots]]\nslot = 7\ndbtype = \"sqlite\"\ndbargs = {database:?}\n"));
        place.write("pin", format!("{PIN}\n"));
        place.permit("pin", 0o600);
        let me = env::current_exe().expect("this test");
        let made = Command::new(me)
            .args(["--exact", "make_token", "--ignored", "--nocapture"])
            .env("KRYOPTIC_CONF", place.at("token.conf"))
            .env("MODULE", &module)
            .output()
            .expect("it starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { place, module }
    }

    fn uri(&self, object: &str) -> String {
        self.uri_with(object, "pin")
    }

    fn uri_with(&self, object: &str, pin: &str) -> String {
        let (module, pin) = (self.module.display(), self.place.at(pin));
        format!("pkcs11:token=release;object={object}?module-path={module}&pin-source=file:{}", pin.display())
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.place.command(arguments);
        command.env("KRYOPTIC_CONF", self.place.at("token.conf"));
        Ran::new(command.output().expect("the tool starts"), arguments)
    }

    fn adopt(&self, keys: &[&str], out: &str) -> Ran {
        let mut arguments = vec!["key", "adopt", "--out", out];
        keys.iter().for_each(|key| arguments.extend(["--key", key]));
        self.run(&arguments)
    }

    /// What must fail, say `part`, and leave no file that was not there. A token may write into its own database.
    #[track_caller]
    fn fails(&self, arguments: &[&str], part: &str) {
        let names = || self.place.everything().into_keys().filter(|path| !of_token(path)).collect::<Vec<_>>();
        let before = names();
        let ran = self.run(arguments).failed(part);
        assert!(ran.err.contains("help: ") || part == "can not be read", "{}", ran.err);
        assert!(!ran.err.contains(PIN), "{}", ran.err);
        assert_eq!(names(), before, "{arguments:?} left something behind");
    }

    #[track_caller]
    fn does_not_adopt(&self, keys: &[&str], part: &str) {
        let mut arguments = vec!["key", "adopt", "--out", "made"];
        keys.iter().for_each(|key| arguments.extend(["--key", key]));
        self.fails(&arguments, part);
    }
}

fn of_token(path: &Path) -> bool {
    path.to_string_lossy().contains("token.sql")
}

fn sign(identity: &'static str) -> [&'static str; 7] {
    ["sign", "--release", "release.toml", "--identity", identity, "--out", "new"]
}

#[test]
fn an_identity_in_a_token_seals_and_a_device_takes_it() {
    let Some(module) = kryoptic(2) else { return };
    let token = Token::new(module);
    token.adopt(&[&token.uri("ed"), &token.uri("ml")], "hsm").ok();
    token.run(&["key", "check", "hsm"]).ok();
    token.run(&["key", "show", "hsm"]).ok();
    token.run(&sign("hsm")).ok();
    token.place.trust("hsm.store", &["--release", "hsm"]);
    token.place.json(&["verify", "new", "--trust", "hsm.store", "--device", "device.toml"]).ok();
    // Ed25519 in a file, ML-DSA in the token behind another twinseal.
    let path = token.place.at("id/ed25519.key.pem");
    let answer = format!("arg=key&arg=answer&arg={}", token.uri("ml").replace('%', "%25").replace('&', "%26"));
    let exec = format!("exec:{}?{answer}", tool::TOOL);
    token.adopt(&[path.to_str().expect("UTF-8"), &exec], "mixed").ok();
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
    let Some(module) = kryoptic(22) else { return };
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
    let missing = ed.replace(&token.module.display().to_string(), "/no/such/module.so");
    adopt(&[&missing, &ml], "can not be read");
    token.place.write("text.so", "no library");
    let text = ed.replace(&token.module.display().to_string(), &token.place.at("text.so").display().to_string());
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
    let python = env::var("TWINSEAL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let asked = "import sys; from cryptography.hazmat.primitives.asymmetric import mldsa; print(sys.executable)";
    let found = Command::new(&python).args(["-c", asked]).output();
    let Some(found) = found.ok().filter(|output| output.status.success()) else {
        let skipped = "skipped: needs python3 with cryptography >= 50";
        assert!(env::var("TWINSEAL_REQUIRE_TOOLS").as_deref() != Ok("1"), "{skipped}");
        println!("programs: 0 runs, 3 {skipped}");
        return;
    };
    let python = String::from_utf8(found.stdout).expect("UTF-8");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/exec/pyca.py").canonicalize().expect("the script");
    for set in tool::SETS {
        let place = Place::with_release(set);
        let uri = |algorithm: &str| {
            let key = place.at(&format!("id/{algorithm}.key.pem"));
            format!("exec:{}?arg={}&arg={}", python.trim_end(), script.display(), key.display())
        };
        place.run(&["key", "adopt", "--out", "pyca", "--key", &uri("ed25519"), "--key", &uri(set)]).ok();
        place.run(&["key", "check", "pyca"]).ok();
        place.run(&sign("pyca")).ok();
        place.verify("new", &[]).ok();
    }
    println!("programs: {} identities behind pyca/cryptography", tool::SETS.len());
}

/// Every call of the module fails once, in each way that a token does: it is unplugged, breaks, forgets the session or the key.
#[test]
fn a_token_that_fails_at_any_call_leaves_nothing() {
    let Some(module) = kryoptic(1) else { return };
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
