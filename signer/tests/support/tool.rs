//! The tool as a user has it: a directory, and the real binary run in it.
//!
//! Whatever a test runs, two things hold and are asserted here for every run: the exit code is 0, 1, 2 or 3 (never 101, a panic, and
//! never a signal), and with `--format json` standard output is one JSON object and standard error is empty.

#![allow(dead_code, reason = "each test file uses a part of it")]

extern crate alloc;

use self::alloc::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The binary.
pub(crate) const TOOL: &str = env!("CARGO_BIN_EXE_twinseal");

/// What most tests seal: two components, given out of order, and two evidence files.
pub(crate) const RELEASE: &str = r#"
[release]
vendor = "acme.example"
model = "thermostat"
version = "1.4.0"
sequence-number = 42
security-version = 3

[[component]]
id = "radio"
path = "radio.bin"

[[component]]
id = "app"
path = "app.bin"

[[evidence]]
name = "sbom.cdx.json"
path = "sbom.json"
media-type = "application/vnd.cyclonedx+json"

[[evidence]]
name = "notes.txt"
path = "notes.txt"
media-type = "text/plain"
"#;

/// The device that takes it.
pub(crate) const DEVICE: &str = r#"
vendor = "acme.example"
model = "thermostat"
components = ["app", "radio"]
rollback-counter = 3
"#;

/// The least that is an SBOM. Nothing in it ties it to a release, which `sign` notes.
pub(crate) const SBOM: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}"#;

/// A line of release notes.
pub(crate) const NOTES: &str = "A length is bound.\n";

/// A directory with files, in which the tool is run.
pub(crate) struct Place(TempDir);

impl Place {
    /// An empty one.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// One with [`RELEASE`] and its files, [`DEVICE`], an identity `id` of that parameter set, and the trust store `trust.cbor` that
    /// demands it.
    pub(crate) fn with_release(set: &str) -> Self {
        let place = Self::empty();
        place.write("release.toml", RELEASE);
        place.write("device.toml", DEVICE);
        place.write("app.bin", bytes(40_000));
        place.write("radio.bin", bytes(9_000));
        place.write("sbom.json", SBOM);
        place.write("notes.txt", NOTES.repeat(20));
        place.run(&["keygen", "--out", "id", "--set", set]).ok();
        place.trust("trust.cbor", &["--release", "id"]);
        place
    }

    /// As [`with_release`](Self::with_release), and sealed as `good`.
    pub(crate) fn with_bundle(set: &str) -> Self {
        let place = Self::with_release(set);
        place.sign("release.toml", "good").ok();
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn at(&self, file: &str) -> PathBuf {
        self.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.at(file), bytes).expect("a file is written");
    }

    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.at(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub(crate) fn make_directory(&self, name: &str) {
        fs::create_dir(self.at(name)).expect("a directory");
    }

    pub(crate) fn permit(&self, file: &str, mode: u32) {
        fs::set_permissions(self.at(file), Permissions::from_mode(mode)).expect("permissions");
    }

    /// Everything below, by its path: files with their contents, links with where they lead, directories with
    /// nothing. Hidden files count.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let (mut found, mut left) = (BTreeMap::new(), vec![self.path().to_owned()]);
        while let Some(directory) = left.pop() {
            for entry in fs::read_dir(&directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                let contents = if path.is_symlink() {
                    Some(fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes())
                } else if path.is_dir() {
                    left.push(path.clone());
                    None
                } else {
                    Some(fs::read(&path).expect("a file"))
                };
                found.insert(path, contents);
            }
        }
        found
    }

    /// The tool, ready to be run here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(TOOL);
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// Runs the tool.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.ran(&mut self.command(arguments), arguments)
    }

    /// Runs the tool and reads its one JSON object.
    pub(crate) fn json(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["--format", "json"]].concat())
    }

    /// Runs the tool with a file as its standard input.
    pub(crate) fn piped(&self, input: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(File::open(self.at(input)).expect("a file"));
        self.ran(&mut command, arguments)
    }

    fn ran(&self, command: &mut Command, arguments: &[&str]) -> Ran {
        Ran::new(command.output().expect("the tool starts"), arguments)
    }

    /// `trust make` for the vendor and model of [`RELEASE`].
    pub(crate) fn trust(&self, out: &str, more: &[&str]) {
        let arguments = ["trust", "make", "--out", out, "--vendor", "acme.example", "--model", "thermostat"];
        self.run(&[&arguments, more].concat()).ok();
    }

    /// `sign` with the identity `id`.
    pub(crate) fn sign(&self, release: &str, out: &str) -> Ran {
        self.run(&["sign", "--release", release, "--identity", "id", "--out", out])
    }

    /// `verify` with `trust.cbor` and `device.toml`, as JSON.
    pub(crate) fn verify(&self, bundle: &str, more: &[&str]) -> Ran {
        let arguments = ["verify", bundle, "--trust", "trust.cbor", "--device", "device.toml"];
        self.json(&[&arguments, more].concat())
    }

    /// Runs the tool, which must fail (exit 2), say `part`, and change nothing at all.
    pub(crate) fn fails_and_changes_nothing(&self, arguments: &[&str], part: &str) -> Ran {
        let before = self.everything();
        let ran = self.run(arguments).failed(part);
        assert!(self.everything() == before, "{arguments:?} left something behind, or changed it");
        ran
    }

    /// Runs the tool, which must refuse (exit 1) with that code and number, and change nothing at all.
    pub(crate) fn refuses_and_changes_nothing(&self, arguments: &[&str], code: &str, number: u16) -> Ran {
        let before = self.everything();
        let ran = self.json(arguments).refused(code, number);
        assert!(self.everything() == before, "{arguments:?} left something behind, or changed it");
        ran
    }
}

/// What the tool said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
    arguments: String,
}

impl Ran {
    pub(crate) fn new(output: Output, arguments: &[&str]) -> Self {
        let arguments = arguments.join(" ");
        let err = String::from_utf8(output.stderr).expect("UTF-8");
        let code = output.status.code().unwrap_or_else(|| panic!("`{arguments}`: {}: {err}", output.status));
        assert!((0..=3).contains(&code), "`{arguments}` ended with {code}: {err}");
        let ran = Self { code, out: output.stdout, err, arguments };
        if ran.arguments.ends_with("--format json") {
            assert!(ran.err.is_empty(), "`{}` says on standard error: {}", ran.arguments, ran.err);
            assert!(ran.object().is_object());
        }
        ran
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.out.clone()).expect("UTF-8")
    }

    /// The one JSON object on standard output.
    pub(crate) fn object(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap_or_else(|error| panic!("`{}`: {error}", self.arguments))
    }

    /// Exit code 0.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "`{}`: {}{}", self.arguments, self.text(), self.err);
        self
    }

    /// Exit code 2, and told so on standard error with that part.
    #[track_caller]
    pub(crate) fn failed(self, part: &str) -> Self {
        assert_eq!(self.code, 2, "`{}`: {}", self.arguments, self.text());
        assert!(self.out.is_empty(), "`{}` failed and says: {}", self.arguments, self.text());
        assert!(self.err.starts_with("error: "), "`{}`: {}", self.arguments, self.err);
        assert!(self.err.contains(part), "`{}` does not say {part:?}: {}", self.arguments, self.err);
        self
    }

    /// Exit code 1, and a JSON report that refuses with exactly this code and number.
    #[track_caller]
    pub(crate) fn refused(self, code: &str, number: u16) -> Self {
        assert_eq!(self.code, 1, "`{}`: {}", self.arguments, self.text());
        let refusal = self.refusal();
        assert_eq!(
            (refusal["code"].as_str(), refusal["number"].as_u64()),
            (Some(code), Some(number.into())),
            "{self:?}"
        );
        assert_eq!(refusal["stage"].as_str(), code.split_once('.').map(|(stage, _)| stage), "{self:?}");
        for field in ["message", "remedy"] {
            assert!(refusal[field].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        }
        self
    }

    /// The refusal of a report: `verify` has its fields at the top, the others an object of that name.
    pub(crate) fn refusal(&self) -> Value {
        let object = self.object();
        if object["schema"] == "twinseal.verify/1" { object } else { object["refusal"].clone() }
    }
}

/// So many bytes that look like nothing in particular, the same each time.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64 ^ u64::try_from(count).expect("64 bits");
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    core::iter::repeat_with(next).take(count).collect()
}

/// The same bytes with one bit of one of them flipped.
pub(crate) fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    changed
}

/// Where these bytes begin for the first time.
pub(crate) fn position(of: &[u8], within: &[u8]) -> usize {
    within.windows(of.len()).position(|window| window == of).expect("it is there")
}

/// The three parameter sets as `keygen` calls them.
pub(crate) const SETS: [&str; 3] = ["ml-dsa-44", "ml-dsa-65", "ml-dsa-87"];
