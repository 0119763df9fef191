//! What went wrong in a token, and what to do about it.

use cryptoki::error::{Error, RvError};

use super::Pkcs11Uri;
use crate::error::Failure;

/// Puts an error of a token into words.
pub(super) fn fault(uri: &Pkcs11Uri, error: &Error) -> Failure {
    let Error::Pkcs11(code, function) = error else {
        return match error {
            Error::LibraryLoading(error) => Failure::new(format!("{uri}: the module can not be loaded"))
                .because(error.to_string())
                .remedy("module-path names the PKCS#11 library that came with the token; its own libraries must be there too"),
            other => Failure::new(format!("{uri}: the module misbehaves")).because(other.to_string()),
        };
    };
    let (what, remedy) = match code {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => (
            "wrong PIN",
            "tokens lock themselves after a few wrong ones; see that pin-source holds the user's PIN of this token",
        ),
        RvError::PinLocked => ("the PIN is locked", "the security officer of the token can unlock it"),
        RvError::PinExpired => ("the PIN has expired", "set a new one with the token's own tools"),
        RvError::UserPinNotInitialized => ("the token has no user PIN yet", "initialise it with the token's own tools"),
        RvError::UserNotLoggedIn => ("the token does not take the login", "see whether something else logged it out"),
        RvError::TokenNotPresent
        | RvError::DeviceRemoved
        | RvError::SlotIdInvalid
        | RvError::SessionHandleInvalid
        | RvError::SessionClosed => {
            ("the token is gone", "plug it in again, or see whether its service runs; nothing was written")
        }
        RvError::TokenNotRecognized => {
            ("the token is not recognised", "see whether the module is the one for this token")
        }
        RvError::MechanismInvalid | RvError::MechanismParamInvalid => (
            "the token has no mechanism for this key",
            "a newer firmware or module may have it; ML-DSA came with PKCS#11 3.2",
        ),
        RvError::KeyHandleInvalid | RvError::ObjectHandleInvalid => (
            "the key is gone from the token",
            "see what else uses the token; `pkcs11-tool --login -O` lists what is in it",
        ),
        RvError::KeyTypeInconsistent => ("the key is of another kind than its mechanism", "see the key's attributes"),
        RvError::KeyFunctionNotPermitted => {
            ("the token does not let this key sign", "the key was made without CKA_SIGN")
        }
        RvError::SessionCount => ("the token has no session left", "see what else uses the token"),
        RvError::DeviceMemory | RvError::HostMemory => ("the token has no memory left", "see what else uses the token"),
        RvError::DeviceError | RvError::GeneralError | RvError::FunctionFailed => {
            ("the token failed", "try again; its own log may say why")
        }
        _ => ("the token refuses", "its own log may say why"),
    };
    Failure::new(format!("{uri}: {what}")).because(format!("{code:?} from C_{function:?}")).remedy(remedy)
}
