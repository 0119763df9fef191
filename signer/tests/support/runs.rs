//! Runs that write something, and what may be there when one of them was cut off anywhere.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::prepared::{begin, prepared};
use crate::tool::Place;

/// A run that is struck.
pub(crate) struct Run {
    pub(crate) name: &'static str,
    pub(crate) arguments: &'static [&'static str],
    /// The file or directory that it writes.
    pub(crate) out: &'static str,
    /// Whether what it writes takes the place of something.
    pub(crate) replaces: bool,
    /// How many lines the journal has before and after.
    pub(crate) lines: (usize, usize),
    /// What must succeed with whatever is there under the name it writes.
    holds: &'static [&'static str],
}

/// The same for `verify`, `key check` and others, by where the place has it.
const VERIFY: &[&str] = &["verify", "out", "--trust", "trust.cbor", "--device", "device.toml"];

pub(crate) const RUNS: [Run; 8] = [
    Run {
        name: "sign",
        arguments: &["sign", "--release", "release.toml", "--identity", "id", "--journal", "j", "--out", "out"],
        out: "out",
        replaces: false,
        lines: (2, 3),
        holds: VERIFY,
    },
    Run {
        name: "sign --overwrite",
        arguments: &[
            "sign",
            "--release",
            "release.toml",
            "--identity",
            "id",
            "--journal",
            "j",
            "--out",
            "old",
            "--overwrite",
        ],
        out: "old",
        replaces: true,
        lines: (2, 3),
        holds: &["verify", "old", "--trust", "trust.cbor", "--device", "device.toml"],
    },
    Run {
        name: "seals append",
        arguments: &[
            "seals",
            "append",
            "old",
            "--trust",
            "both.cbor",
            "--identity",
            "other",
            "--journal",
            "j",
            "--out",
            "out",
        ],
        out: "out",
        replaces: false,
        lines: (2, 3),
        holds: &["verify", "out", "--trust", "both.cbor", "--device", "device.toml"],
    },
    Run {
        name: "trust update",
        arguments: &[
            "trust",
            "update",
            "--replaces",
            "roots-0.cbor",
            "--store",
            "roots-1.cbor",
            "--identity",
            "other",
            "--journal",
            "j",
            "--out",
            "out",
        ],
        out: "out",
        replaces: false,
        lines: (2, 3),
        holds: &[
            "trust",
            "apply",
            "out",
            "--trust",
            "roots-0.cbor",
            "--vendor",
            "acme.example",
            "--model",
            "thermostat",
            "--epoch-counter",
            "0",
            "--out",
            "applied",
            "--overwrite",
        ],
    },
    Run {
        name: "trust apply",
        arguments: &[
            "trust",
            "apply",
            "update",
            "--trust",
            "roots-0.cbor",
            "--vendor",
            "acme.example",
            "--model",
            "thermostat",
            "--epoch-counter",
            "0",
            "--out",
            "out",
        ],
        out: "out",
        replaces: false,
        lines: (2, 2),
        holds: &["trust", "show", "out"],
    },
    Run {
        name: "keygen",
        arguments: &["keygen", "--out", "out", "--set", "ml-dsa-44"],
        out: "out",
        replaces: false,
        lines: (2, 2),
        holds: &["key", "check", "out"],
    },
    Run {
        name: "key passwd",
        arguments: &[
            "key",
            "passwd",
            "other",
            "--passphrase-source",
            "file:words",
            "--new-passphrase-source",
            "file:words",
        ],
        out: "other",
        replaces: true,
        lines: (2, 2),
        // A passphrase that is not needed is not asked for.
        holds: &["key", "check", "other", "--passphrase-source", "file:words"],
    },
    Run {
        name: "journal new",
        arguments: &["journal", "new", "out"],
        out: "out",
        replaces: false,
        lines: (2, 2),
        holds: &["journal", "verify", "out"],
    },
];

/// Everything that the runs need; each works in a copy of it.
pub(crate) struct Start {
    place: Place,
    names: HashSet<PathBuf>,
}

impl Start {
    pub(crate) fn new() -> Self {
        let place = prepared();
        begin(&place, "");
        let names = place.everything().into_keys().map(|path| inside(&place, &path)).collect();
        Self { place, names }
    }

    /// A copy for a run.
    pub(crate) fn copy(&self) -> Place {
        let place = Place::empty();
        let source = self.place.path().join(".");
        let copied = Command::new("cp").arg("-a").args([&source, place.path()]).status().expect("cp");
        assert!(copied.success());
        place
    }

    /// Holds a place in which a run was cut off against what may be there: old state, new state, or nothing; the journal whole; and nothing
    /// under a name that could be taken for a result. `finished`: it said that it was done.
    #[track_caller]
    pub(crate) fn holds(&self, run: &Run, place: &Place, before: Option<&[u8]>, finished: bool) -> After {
        let there = place.at(run.out).exists();
        let contents = contents(&place.at(run.out));
        let new = there && contents.as_deref() != before;
        assert!(there || !run.replaces, "what was there is gone");
        assert!(new || !finished, "it is not there, and was said to be");
        if there {
            place.run(run.holds).ok();
            let _ = fs::remove_file(place.at("applied"));
        }
        let journal = place.json(&["journal", "verify", "j"]).ok().object();
        let lines = usize::try_from(journal["lines"].as_u64().expect("a number")).expect("few");
        assert!(lines == run.lines.0 || lines == run.lines.1, "{lines} lines");
        assert!(!new || lines == run.lines.1, "a result without a line");
        let mut rests = 0;
        for path in place.everything().into_keys() {
            let path = inside(place, &path);
            let own = self.names.contains(&path) || path.starts_with(run.out);
            let first = path.iter().next().expect("a name").to_string_lossy().into_owned();
            let rest = first.starts_with(".twinseal-") || first.ends_with(".twinseal-new");
            assert!(own || rest, "{path:?} was left");
            rests += usize::from(!own && path.components().count() == 1);
        }
        After { new, line: lines == run.lines.1 && run.lines.0 != run.lines.1, rests }
    }

    /// The run again: it ends as if the first one had not been, or had ended.
    #[track_caller]
    pub(crate) fn again(&self, run: &Run, place: &Place, after: &After) {
        let written = contents(&place.at(run.out));
        let again = place.run(run.arguments);
        let journalled = run.arguments.contains(&"--journal") && run.name.starts_with("sign");
        if after.new && !run.replaces && !journalled {
            again.failed("already exists");
        } else {
            again.ok();
        }
        if after.new && !run.replaces {
            assert!(contents(&place.at(run.out)) == written, "what was there did not stay");
        }
        let end = self.holds(run, place, None, true);
        assert!(end.line || run.lines.0 == run.lines.1);
        // Directories are cleared up by whoever makes the same one again.
        if run.out == "out" && run.name == "keygen" && !after.new || run.name == "key passwd" {
            assert_eq!(end.rests, 0, "keys were left");
        }
    }
}

/// What a run that was cut off has done.
#[derive(Debug)]
pub(crate) struct After {
    pub(crate) new: bool,
    pub(crate) line: bool,
    /// Names that are left over; each says so.
    pub(crate) rests: usize,
}

/// A file's bytes, or those of all files in a directory.
pub(crate) fn contents(path: &Path) -> Option<Vec<u8>> {
    if path.is_file() {
        return fs::read(path).ok();
    }
    let mut files: Vec<PathBuf> = fs::read_dir(path).ok()?.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    Some(files.iter().flat_map(|file| fs::read(file).expect("a file")).collect())
}

fn inside(place: &Place, path: &Path) -> PathBuf {
    path.strip_prefix(place.path()).expect("it lies in it").to_owned()
}
