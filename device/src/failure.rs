//! Why something could not be found out.

use std::fmt;

/// What went wrong, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    /// The program that is not there.
    missing: Option<&'static str>,
}

pub(crate) type Result<T> = core::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), missing: None }
    }

    /// A program is not installed.
    pub(crate) fn needs(program: &'static str) -> Self {
        Self { message: format!("needs {program}"), missing: Some(program) }
    }

    /// Whether all that is missing is a program.
    pub(crate) const fn is_missing_program(&self) -> bool {
        self.missing.is_some()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

macro_rules! from {
    ($($error:ty),+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error.to_string())
            }
        })+
    };
}

from!(
    std::io::Error,
    std::num::ParseIntError,
    std::num::TryFromIntError,
    object::Error,
    serde_json::Error,
    toml::de::Error,
    fmt::Error
);
