//! The files of the repository, without what builds leave behind.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's directory.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The path of a file that is named from the top.
pub(crate) fn at(name: &str) -> PathBuf {
    Path::new(ROOT).join(name)
}

/// The text of a file that is named from the top.
pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(at(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every file whose name ends so, named from the top, in order.
pub(crate) fn ending(suffix: &str) -> Vec<String> {
    let (mut found, mut left) = (Vec::new(), vec![PathBuf::from(ROOT)]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the repository can be listed") {
            let entry = entry.expect("an entry can be read");
            let (path, name) = (entry.path(), entry.file_name().into_string().expect("names are UTF-8"));
            let kind = entry.file_type().expect("an entry has a type");
            // What is built, what git keeps, and corpora that fuzzing grows.
            if kind.is_dir() && !matches!(name.as_str(), "target" | ".git" | "artifacts" | "__pycache__") {
                left.push(path);
            } else if kind.is_file() && name.ends_with(suffix) {
                let path = path.strip_prefix(ROOT).expect("it is below the top");
                found.push(path.to_str().expect("names are UTF-8").to_owned());
            }
        }
    }
    found.sort_unstable();
    found
}
