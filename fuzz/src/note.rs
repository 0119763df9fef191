//! How far inputs came.

use std::collections::HashSet;
use std::env;
use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::{LazyLock, Mutex};

use twinseal_verifier::Error;

/// Outcomes seen by this process, and the file that hears of each one once.
struct Seen {
    outcomes: HashSet<String>,
    file: Option<File>,
}

static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(|| {
    let file = env::var_os("TWINSEAL_FUZZ_OUTCOMES").map(|path| {
        OpenOptions::new().create(true).append(true).open(path).expect("the file of outcomes can be written")
    });
    Mutex::new(Seen { outcomes: HashSet::new(), file })
});

/// Notes how an input ended.
pub(crate) fn note(outcome: impl Into<String>) {
    let outcome = outcome.into();
    let mut seen = SEEN.lock().expect("no target panicked while it noted");
    if !seen.outcomes.contains(&outcome) {
        if let Some(file) = &mut seen.file {
            writeln!(file, "{outcome}").expect("the file of outcomes can be written");
        }
        seen.outcomes.insert(outcome);
    }
}

/// Notes what the verifier said.
pub(crate) fn note_verdict<T>(verdict: &Result<T, Error>) {
    note(match verdict {
        Ok(_) => "accepted".to_owned(),
        Err(error) => format!("{}.{}", error.stage().name(), error.name()),
    });
}

/// The name of an enum's variant, for outcomes that have no other.
pub(crate) fn variant(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
