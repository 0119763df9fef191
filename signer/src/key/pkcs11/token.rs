//! Modules, tokens and logins.

use alloc::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::RawAuthPin;

use super::Pkcs11Uri;
use super::fault::fault;
use crate::error::{Failure, Result, name};
use crate::input::unreadable;
use crate::key::Access;

/// The modules of this process. One is initialised once, however many of its keys are used, and stays until the process ends: some
/// modules do not survive being unloaded.
static MODULES: LazyLock<Mutex<BTreeMap<PathBuf, Pkcs11>>> = LazyLock::new(Mutex::default);

/// A session in which the user is logged in, and what the token can do.
pub(super) fn log_in(uri: &Pkcs11Uri, access: &Access) -> Result<(Session, Vec<MechanismType>)> {
    let module = module(uri)?;
    let (slot, token) = only(uri, &module)?;
    let failed = |error: Error| fault(uri, &error);
    let session = module.open_ro_session(slot).map_err(failed)?;
    let state = session.get_session_info().map_err(failed)?.session_state();
    // A login is the token's, not the session's: an identity with both keys in one token asks for one PIN.
    if token.login_required() && !matches!(state, SessionState::RoUser | SessionState::RwUser) {
        login(uri, &session, &token, access)?;
    }
    let mechanisms = module.get_mechanism_list(slot).map_err(failed)?;
    Ok((session, mechanisms))
}

fn login(uri: &Pkcs11Uri, session: &Session, token: &TokenInfo, access: &Access) -> Result<()> {
    if token.user_pin_locked() {
        return Err(fault(uri, &Error::Pkcs11(RvError::PinLocked, cryptoki::context::Function::Login)));
    }
    if token.protected_authentication_path() {
        return session.login(UserType::User, None).map_err(|error| fault(uri, &error));
    }
    if token.user_pin_final_try() && uri.pin_source != crate::secret::SecretSource::Prompt {
        return Err(Failure::new(format!("{uri}: one more wrong PIN locks the token, so none is tried unasked"))
            .remedy("leave pin-source out and type the PIN, or log in once with the token's own tools"));
    }
    let pin = uri.pin_source.read(&format!("the token `{}`", token.label()), access.links())?;
    let pin = RawAuthPin::from(Box::new(pin.as_bytes().to_vec()));
    match session.login_with_raw(UserType::User, &pin) {
        Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        outcome => outcome.map_err(|error| fault(uri, &error)),
    }
}

fn module(uri: &Pkcs11Uri) -> Result<Pkcs11> {
    let path = &uri.module_path;
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    refuse_exchangeable(path)?;
    let module = Pkcs11::new(path).map_err(|error| fault(uri, &error))?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(fault(uri, &error)),
    }
    modules.insert(path.clone(), module.clone());
    Ok(module)
}

/// Refuses a module that others than the user and root can exchange: it runs in this process.
fn refuse_exchangeable(path: &Path) -> Result<()> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    let user = rustix::process::geteuid().as_raw();
    if metadata.mode() & 0o022 != 0 || (metadata.uid() != 0 && metadata.uid() != user) {
        return Err(Failure::new(format!("{}: others may exchange this module", name(path)))
            .remedy(format!("`chmod go-w {}`, and let it belong to root or to you", name(path))));
    }
    Ok(())
}

/// The one token that the URI names.
fn only(uri: &Pkcs11Uri, module: &Pkcs11) -> Result<(Slot, TokenInfo)> {
    let failed = |error: Error| fault(uri, &error);
    let (mut found, mut labels) = (Vec::new(), Vec::new());
    for slot in module.get_slots_with_token().map_err(failed)? {
        let token = module.get_token_info(slot).map_err(failed)?;
        if token.token_initialized() {
            labels.push(format!("`{}`", token.label()));
        }
        let is = |wanted: &Option<String>, has: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.trim_end() == has.trim_end())
        };
        if is(&uri.token, token.label())
            && is(&uri.manufacturer, token.manufacturer_id())
            && is(&uri.model, token.model())
            && is(&uri.serial, token.serial_number())
            && uri.slot_id.is_none_or(|id| id == slot.id())
            && token.token_initialized()
        {
            found.push((slot, token));
        }
    }
    match (found.len(), found.pop()) {
        (1, Some(one)) => Ok(one),
        (0, _) => Err(Failure::new(format!("{uri}: there is no such token"))
            .because(if labels.is_empty() {
                "the module shows none".into()
            } else {
                format!("there is {}", labels.join(", "))
            })
            .remedy("plug it in, or see whether its service runs; `pkcs11-tool -L` lists tokens")),
        (count, _) => {
            Err(Failure::new(format!("{uri}: {count} tokens match")).remedy("name one by `token=` or `serial=`"))
        }
    }
}
