//! Software tokens for tests: kryoptic (PKCS#11 3.2, ML-DSA and Ed25519) and SoftHSM 2 (Ed25519), filled with keys that never leave them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, KeyType, MlDsaParameterSetType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use crate::tool::{Place, Ran};

/// What no output may show.
pub(crate) const PIN: &str = "planted-pin-58142";

/// Fills a token; run by [`Token`] in a process of its own, since a module finds its token by the environment.
#[test]
#[ignore = "not a test: makes the token of the others"]
fn make_token() {
    let module = Pkcs11::new(env::var("MODULE").expect("a module")).expect("it loads");
    module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).expect("it starts");
    let officer = AuthPin::new("officer-12345678".into());
    module.init_token(module.get_all_slots().expect("slots")[0], &officer, "release").expect("a token");
    // SoftHSM gives it another slot.
    let slot = module.get_slots_with_initialized_token().expect("slots")[0];
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
    for (name, sign) in [("ed", true), ("twice", true), ("twice", true), ("mute", false)] {
        session
            .generate_key_pair(
                &Mechanism::EccEdwardsKeyPairGen,
                &named(name, vec![curve(), Attribute::Verify(true)]),
                &private(name, sign),
            )
            .expect("an Ed25519 key");
    }
    // The token signs what an independent check of its own can sign with, too: it is no test of the tool alone.
    let keys = session
        .find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(KeyType::EC_EDWARDS)])
        .expect("keys");
    session.sign(&Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure)), keys[0], b"x").expect("a signature");

    if env::var("TOKEN").as_deref() == Ok("classical") {
        return;
    }
    let set = || Attribute::ParameterSet(MlDsaParameterSetType::ML_DSA_65.into());
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
}

/// A token with keys `ed`, `ml`, and some that are not usable, in a place with a release.
pub(crate) struct Token {
    pub(crate) place: Place,
    module: PathBuf,
}

impl Token {
    /// In kryoptic.
    pub(crate) fn new(module: PathBuf) -> Self {
        let place = Place::with_release("ml-dsa-65");
        let database = place.at("token.sql");
        place.write("token.conf", format!("[[slots]]\nslot = 7\ndbtype = \"sqlite\"\ndbargs = {database:?}\n"));
        place.write("pin", format!("{PIN}\n"));
        place.permit("pin", 0o600);
        let this = Self { place, module };
        this.fill(&this.module, "whole");
        this
    }

    /// A second token, in SoftHSM, with Ed25519 keys only; what is run here finds both.
    pub(crate) fn add_softhsm(&self, module: &Path) {
        let tokens = self.place.at("softhsm");
        std::fs::create_dir(&tokens).expect("a directory");
        self.place.write("softhsm.conf", format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()));
        self.fill(module, "classical");
    }

    fn fill(&self, module: &Path, keys: &str) {
        let mut command = Command::new(env::current_exe().expect("this test"));
        command.args(["--exact", "token::make_token", "--ignored", "--nocapture"]);
        let made = self.place_of_tokens(&mut command).env("MODULE", module).env("TOKEN", keys).output();
        let made = made.expect("it starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// Tells a module in a process where the tokens are.
    pub(crate) fn place_of_tokens<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("KRYOPTIC_CONF", self.place.at("token.conf")).env("SOFTHSM2_CONF", self.place.at("softhsm.conf"))
    }

    pub(crate) fn uri(&self, object: &str) -> String {
        self.uri_with(object, "pin")
    }

    pub(crate) fn uri_with(&self, object: &str, pin: &str) -> String {
        self.uri_in(&self.module, object, pin)
    }

    pub(crate) fn uri_in(&self, module: &Path, object: &str, pin: &str) -> String {
        let (module, pin) = (module.display(), self.place.at(pin));
        format!("pkcs11:token=release;object={object}?module-path={module}&pin-source=file:{}", pin.display())
    }

    pub(crate) fn module(&self) -> &Path {
        &self.module
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.place.command(arguments);
        Ran::new(self.place_of_tokens(&mut command).output().expect("the tool starts"), arguments)
    }

    pub(crate) fn adopt(&self, keys: &[&str], out: &str) -> Ran {
        let mut arguments = vec!["key", "adopt", "--out", out];
        keys.iter().for_each(|key| arguments.extend(["--key", key]));
        self.run(&arguments)
    }

    /// What must fail, say `part`, and leave no file that was not there. A token may write into its own database.
    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str], part: &str) {
        let names = || self.place.everything().into_keys().filter(|path| !of_token(path)).collect::<Vec<_>>();
        let before = names();
        let ran = self.run(arguments).failed(part);
        assert!(ran.err.contains("help: ") || part == "can not be read", "{}", ran.err);
        assert!(!ran.err.contains(PIN), "{}", ran.err);
        assert_eq!(names(), before, "{arguments:?} left something behind");
    }

    #[track_caller]
    pub(crate) fn does_not_adopt(&self, keys: &[&str], part: &str) {
        let mut arguments = vec!["key", "adopt", "--out", "made"];
        keys.iter().for_each(|key| arguments.extend(["--key", key]));
        self.fails(&arguments, part);
    }
}

/// Whether a file is of a token's own.
pub(crate) fn of_token(path: &Path) -> bool {
    let path = path.to_string_lossy();
    path.contains("token.sql") || path.contains("/softhsm/")
}
