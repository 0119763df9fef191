//! Release versions: SemVer 2.0.0 text (F-17).

/// Whether the text is a SemVer 2.0.0 version of at most 64 bytes.
///
/// A release version is for people: nothing on the device compares it.
#[must_use]
pub fn is_release_version(text: &str) -> bool {
    if text.len() > crate::limits::MAX_VERSION {
        return false;
    }
    let (rest, build) = split(text, '+');
    let (core, pre_release) = split(rest, '-');
    let mut numbers = core.split('.');
    let three = [numbers.next(), numbers.next(), numbers.next()];
    three.into_iter().all(|number| number.is_some_and(is_numeric))
        && numbers.next().is_none()
        && pre_release.is_none_or(|identifiers| {
            identifiers.split('.').all(|one| is_identifier(one) && (is_numeric(one) || !is_digits(one)))
        })
        && build.is_none_or(|identifiers| identifiers.split('.').all(is_identifier))
}

fn split(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_numeric(text: &str) -> bool {
    is_digits(text) && (text.len() == 1 || !text.starts_with('0'))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
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
