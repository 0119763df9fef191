//! `[LABEL=]PATH`: a signing identity, named for people.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use twinseal_formats::Role;

use crate::error::{Failure, Result, name};
use crate::identity::PublicIdentity;
use crate::store::{LABEL_RULE, LabelledIdentity, is_label};

/// Loads what an argument names. Without a label, the directory or file gives its name, without `.pem` or `.pub.pem`.
///
/// # Errors
///
/// The label is none, the name can not be one, or the keys can not be read.
pub(super) fn load(role: Role, argument: &OsStr) -> Result<LabelledIdentity> {
    let (label, path) = split(argument);
    let label = match label {
        Some(label) if is_label(label) => label.to_owned(),
        Some(label) => {
            return Err(Failure::new(format!("label `{}`: can not be one", label.escape_default()))
                .remedy(format!("{LABEL_RULE}; a path that holds a `=` begins with a `/` or `./`")));
        }
        None => label_of(path).ok_or_else(|| {
            let example = format!("--{role} {}={}", suggestion(path), name(path));
            Failure::new(format!("{}: its name can not be a label", name(path)))
                .remedy(format!("give one, as in `{example}`: {LABEL_RULE}"))
        })?,
    };
    Ok(LabelledIdentity { label, role, identity: PublicIdentity::load(path)? })
}

/// What stands before the first `=`, unless it has a `/`: then it belongs to the path.
fn split(argument: &OsStr) -> (Option<&str>, &Path) {
    let bytes = argument.as_bytes();
    let parts = bytes.iter().position(|byte| *byte == b'=').and_then(|at| bytes.split_at_checked(at));
    if let Some((label, [b'=', path @ ..])) = parts
        && let Ok(label) = str::from_utf8(label)
        && !label.contains('/')
    {
        return (Some(label), Path::new(OsStr::from_bytes(path)));
    }
    (None, Path::new(argument))
}

fn label_of(path: &Path) -> Option<String> {
    Some(stem(path.file_name()?.to_str()?).to_owned()).filter(|stem| is_label(stem))
}

fn stem(file: &str) -> &str {
    file.strip_suffix(".pub.pem").or_else(|| file.strip_suffix(".pem")).unwrap_or(file)
}

/// A label like the path's name, for the example in a message.
fn suggestion(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let allowed = |c: char| if matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-') { c } else { '-' };
    let like: String = stem(&file).chars().map(allowed).skip_while(|c| !c.is_ascii_alphanumeric()).take(32).collect();
    if is_label(&like) { like } else { "vendor".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_stands_before_the_first_equals_sign() {
        for (argument, label, path) in [
            ("a=b", Some("a"), "b"),
            ("a=b=c", Some("a"), "b=c"),
            ("=b", Some(""), "b"),
            ("A=-", Some("A"), "-"),
            ("keys/release", None, "keys/release"),
            ("./a=b", None, "./a=b"),
            ("/k/a=b", None, "/k/a=b"),
        ] {
            assert_eq!(split(OsStr::new(argument)), (label, Path::new(path)), "{argument}");
        }
        let other = OsStr::from_bytes(b"\xff=b");
        assert_eq!(split(other), (None, Path::new(other)));
    }

    #[test]
    fn the_name_of_a_file_or_directory_is_its_label_if_it_fits() {
        for (path, label, like) in [
            ("release-2027", Some("release-2027"), "release-2027"),
            ("keys/release/", Some("release"), "release"),
            ("/k/vendor.pub.pem", Some("vendor"), "vendor"),
            ("vendor.pem", Some("vendor"), "vendor"),
            ("Release 2027", None, "release-2027"),
            ("_x", None, "x"),
            ("..", None, "vendor"),
            ("-", None, "vendor"),
            ("\u{fc}", None, "vendor"),
        ] {
            assert_eq!(label_of(Path::new(path)).as_deref(), label, "{path}");
            assert_eq!(suggestion(Path::new(path)), like, "{path}");
        }
        assert_eq!(suggestion(Path::new(&"a".repeat(40))), "a".repeat(32));
    }
}
