//! What a device does with an update that the verifier let through: two slots, trial, confirm, revert.
//!
//! | step | who | what |
//! |---|---|---|
//! | [`Installer::provision`] | factory | the first release counts as confirmed |
//! | [`Installer::receive`], [`Receiving`] | application | a release streams into the slot that is not running; goes on after a reset |
//! | [`Receiving::finish`], [`activate`] | application | every image is read back; the release is pending |
//! | [`Installer::boot`] | boot loader | verifies again; tries what is pending once written down, else boots what is confirmed |
//! | [`Installer::confirm`] | application | the release proved itself; then the rollback counter rises |
//!
//! Power can be lost at any time, also in the middle of writing or erasing: the device boots an authentic release that is not below its rollback
//! counter, and what was interrupted is finished or refused when it is tried again. docs/procedure.md has the rules (I-1 to I-13).
//!
//! Nothing here allocates, recurses or panics, every loop is bounded, and all flash goes through the traits of `embedded-storage`.

#![no_std]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod boot;
mod counter;
mod error;
mod flash;
mod installer;
mod journal;
mod layout;
mod receive;
mod record;
mod slot;
mod state;
mod store;
mod trust;

pub use boot::Reason;
pub use counter::{CounterFault, FlashCounter, MonotonicCounter};
pub use embedded_storage;
pub use error::{Error, INSTALL_ERRORS, InstallError};
pub use installer::{Facts, Installer, Memory};
pub use layout::{Area, Layout, SlotId, SlotLayout};
pub use receive::{Payloads, Receiving, activate};
pub use slot::{ReceivingSlot, SlotStorage};
pub use state::{SlotState, State};
pub use twinseal_verifier as verifier;
