//! Release versions: SemVer 2.0.0 text (F-17).

/// Whether the text is a SemVer 2.0.0 version of at most 64 bytes.
///
/// A release version is for people: nothing on the device compares it.
#[must_use]
pub fn is_release_version(text: &str) -> bool {
    are_release_version(text.as_bytes())
}

/// The same for bytes, as a reader has them: what all this looks for is ASCII, and the core library's searches in text can panic, as linked.
pub(crate) fn are_release_version(text: &[u8]) -> bool {
    if text.len() > crate::limits::MAX_VERSION {
        return false;
    }
    let (rest, build) = split(text, b'+');
    let (core, pre_release) = split(rest, b'-');
    let mut numbers = identifiers(core);
    let three = [numbers.next(), numbers.next(), numbers.next()];
    three.into_iter().all(|number| number.is_some_and(is_numeric))
        && numbers.next().is_none()
        && pre_release.is_none_or(|pre_release| {
            identifiers(pre_release).all(|one| is_identifier(one) && (is_numeric(one) || !is_digits(one)))
        })
        && build.is_none_or(|build| identifiers(build).all(is_identifier))
}

/// What lies in front of the first separator and, if there is one, behind it.
fn split(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    let found = text.iter().position(|byte| *byte == separator);
    match found.and_then(|at| text.split_at_checked(at)) {
        Some((before, after)) => (before, after.split_first().map(|(_, after)| after)),
        None => (text, None),
    }
}

/// What lies between dots.
fn identifiers(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let (identifier, behind) = split(rest?, b'.');
        rest = behind;
        Some(identifier)
    })
}

fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

fn is_numeric(text: &[u8]) -> bool {
    is_digits(text) && (text.len() == 1 || text.first() != Some(&b'0'))
}

fn is_identifier(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::is_release_version;

    #[test]
    fn versions_as_semver_has_them() {
        for good in [
            "0.0.0",
            "1.2.3",
            "10.20.30",
            "1.0.0-alpha.1",
            "1.0.0-0.3.7",
            "1.0.0+20.exp-1",
            "1.0.0-x-y.z+001",
            "1.0.0--",
        ] {
            assert!(is_release_version(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.03",
            "1.2.3-",
            "1.2.3+",
            "1.2.3-01",
            "1.2.3-a..b",
            "v1.2.3",
            "1.2.3 ",
            "1.2.3-\u{e9}",
            "1.2.3\0",
            "1..3",
            "-1.2.3",
            "1.2.3+a+b",
        ] {
            assert!(!is_release_version(bad), "{bad}");
        }
    }
}
