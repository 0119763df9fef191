//! What the boot loader does for the application that it started: one table of functions.

/// The table. Its address is the application's first argument.
#[repr(C)]
pub(crate) struct Services {
    /// Writes so many bytes to the link.
    pub(crate) write: extern "C" fn(*const u8, usize),
    /// The application has proven itself.
    pub(crate) confirm: extern "C" fn(),
    /// Does what the other end of the link asks for, until there is a restart.
    pub(crate) serve: extern "C" fn() -> !,
    /// Restarts the processor.
    pub(crate) restart: extern "C" fn() -> !,
}
