//! The symbols by which a PKCS#11 module is entered, handed on to kryoptic; and faults on demand.
//!
//! TWINSEAL_FAULT=C_Sign:2:48 lets the second call of C_Sign return 48 (CKR_DEVICE_ERROR) without reaching the token.
//! TWINSEAL_FAULT=C_Sign:2:flip lets it through and flips a bit of what it wrote.

#![allow(unsafe_code, reason = "PKCS#11 is an interface of C")]

use std::env;
use std::ffi::c_void;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use kryoptic_lib::fns::general::{fn_get_function_list, fn_get_interface, fn_get_interface_list};
use kryoptic_lib::pkcs11::*;

#[unsafe(no_mangle)]
pub extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    fn_get_function_list(list)
}

#[unsafe(no_mangle)]
pub extern "C" fn C_GetInterfaceList(list: CK_INTERFACE_PTR, count: CK_ULONG_PTR) -> CK_RV {
    fn_get_interface_list(list, count)
}

#[unsafe(no_mangle)]
pub extern "C" fn C_GetInterface(
    name: CK_UTF8CHAR_PTR,
    version: CK_VERSION_PTR,
    interface: CK_INTERFACE_PTR_PTR,
    flags: CK_FLAGS,
) -> CK_RV {
    let rv = fn_get_interface(name, version, interface, flags);
    let asked_for_any = name.is_null() && version.is_null();
    if rv == CKR_OK && asked_for_any && env::var_os("TWINSEAL_FAULT").is_some() {
        // What kryoptic gives is its newest interface, 3.2.
        unsafe {
            let given = *(interface as *mut *const CK_INTERFACE);
            let real = *((*given).pFunctionList as *const CK_FUNCTION_LIST_3_2);
            let changed = Box::leak(Box::new(faulty(*REAL.get_or_init(|| Real(real)))));
            let leaked = Box::leak(Box::new(CK_INTERFACE {
                pInterfaceName: (*given).pInterfaceName,
                pFunctionList: std::ptr::from_mut(changed) as *const c_void,
                flags: (*given).flags,
            }));
            *(interface as *mut *const CK_INTERFACE) = leaked;
        }
    }
    rv
}

#[derive(Clone, Copy)]
struct Real(CK_FUNCTION_LIST_3_2);
// Function pointers and a version.
unsafe impl Sync for Real {}
unsafe impl Send for Real {}

static REAL: OnceLock<Real> = OnceLock::new();
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// What the call that is made now is to return instead, if it is the one.
fn strikes(function: &str) -> Option<String> {
    let fault = env::var("TWINSEAL_FAULT").ok()?;
    let mut parts = fault.split(':');
    let (name, number, code) = (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?);
    (name == function && CALLS.fetch_add(1, Ordering::SeqCst) + 1 == number).then(|| code.to_owned())
}

macro_rules! wrapped {
    ($list:ident, $($name:ident($($argument:ident: $type:ty),*);)*) => {$({
        unsafe extern "C" fn wrapper($($argument: $type),*) -> CK_RV {
            if let Some(code) = strikes(stringify!($name)).and_then(|code| code.parse().ok()) {
                return code;
            }
            let real = REAL.get().and_then(|real| real.0.$name);
            real.map_or(CKR_FUNCTION_NOT_SUPPORTED, |real| unsafe { real($($argument),*) })
        }
        $list.$name = Some(wrapper);
    })*};
}

fn faulty(Real(mut list): Real) -> CK_FUNCTION_LIST_3_2 {
    wrapped! { list,
        C_Initialize(arguments: CK_VOID_PTR);
        C_GetSlotList(present: CK_BBOOL, list: CK_SLOT_ID_PTR, count: CK_ULONG_PTR);
        C_GetTokenInfo(slot: CK_SLOT_ID, info: CK_TOKEN_INFO_PTR);
        C_GetMechanismList(slot: CK_SLOT_ID, list: CK_MECHANISM_TYPE_PTR, count: CK_ULONG_PTR);
        C_OpenSession(slot: CK_SLOT_ID, flags: CK_FLAGS, data: CK_VOID_PTR, notify: CK_NOTIFY, session: CK_SESSION_HANDLE_PTR);
        C_GetSessionInfo(session: CK_SESSION_HANDLE, info: CK_SESSION_INFO_PTR);
        C_Login(session: CK_SESSION_HANDLE, user: CK_USER_TYPE, pin: CK_UTF8CHAR_PTR, length: CK_ULONG);
        C_FindObjectsInit(session: CK_SESSION_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG);
        C_FindObjects(session: CK_SESSION_HANDLE, objects: CK_OBJECT_HANDLE_PTR, most: CK_ULONG, count: CK_ULONG_PTR);
        C_FindObjectsFinal(session: CK_SESSION_HANDLE);
        C_GetAttributeValue(session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE, template: CK_ATTRIBUTE_PTR, count: CK_ULONG);
        C_SignInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE);
    }
    list.C_Sign = Some(sign);
    list
}

unsafe extern "C" fn sign(
    session: CK_SESSION_HANDLE,
    data: CK_BYTE_PTR,
    length: CK_ULONG,
    signature: CK_BYTE_PTR,
    signature_length: CK_ULONG_PTR,
) -> CK_RV {
    let fault = strikes("C_Sign");
    if let Some(code) = fault.as_ref().and_then(|code| code.parse().ok()) {
        return code;
    }
    let Some(real) = REAL.get().and_then(|real| real.0.C_Sign) else { return CKR_FUNCTION_NOT_SUPPORTED };
    let rv = unsafe { real(session, data, length, signature, signature_length) };
    if rv == CKR_OK && fault.is_some() && !signature.is_null() {
        unsafe { *signature ^= 1 };
    }
    rv
}
