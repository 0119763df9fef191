//! Twinseal, the host side: keys, files, reports and the command line.
//!
//! What a device decides lives in `twinseal-verifier`, and the bytes in `twinseal-formats`. This crate holds what a device
//! must never see: signing keys ([`key`], [`identity`]), files written whole or not at all ([`output`]), and the commands.
//!
//! A command ends in one of three ways, here and on the command line: a report that says yes (exit 0), a report that refuses
//! (exit 1: examined, and no), or a [`Failure`] (exit 2: could not find out).

#[cfg(not(unix))]
compile_error!("twinseal keeps signing keys in files and relies on Unix permissions to keep them private");

extern crate alloc;

pub mod cli;
pub mod command;
mod error;
pub mod errors;
mod hex;
pub mod identity;
pub mod ids;
pub mod image;
pub mod input;
pub mod key;
pub mod output;
pub mod report;
pub mod store;

pub use error::{Failure, Result, name};
pub use hex::Hex;
