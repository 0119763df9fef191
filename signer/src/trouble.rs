//! Examining something ends in a yes, in a refusal, or in not having found out.

use twinseal_formats::ParseError;

use crate::error::{Failure, Result};

/// Why an examination did not end in a yes.
#[derive(Debug)]
pub enum Trouble {
    /// Examined, and no (exit 1).
    Refused(twinseal_verifier::Error),
    /// Could not find out (exit 2).
    Failed(Failure),
}

/// The result of an examination.
pub type Examined<T> = core::result::Result<T, Trouble>;

impl Trouble {
    /// Keeps a refusal apart from a failure: the one is a finding, the other ends the command.
    ///
    /// # Errors
    ///
    /// The failure.
    pub fn finding<T>(examined: Examined<T>) -> Result<core::result::Result<T, twinseal_verifier::Error>> {
        match examined {
            Ok(found) => Ok(Ok(found)),
            Err(Self::Refused(error)) => Ok(Err(error)),
            Err(Self::Failed(failure)) => Err(failure),
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<twinseal_verifier::Error> for Trouble {
    fn from(error: twinseal_verifier::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<ParseError> for Trouble {
    fn from(error: ParseError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<twinseal_verifier::ImageError> for Trouble {
    fn from(error: twinseal_verifier::ImageError) -> Self {
        Self::Refused(error.into())
    }
}
