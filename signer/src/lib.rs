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

pub mod audit;
pub mod bundle;
pub mod byte_map;
pub mod ceremony;
pub mod cli;
pub mod command;
pub mod device;
mod error;
pub mod errors;
pub mod evidence;
pub mod expanded;
pub mod fleet;
pub mod foreign;
pub mod forms;
pub mod gateway;
mod hex;
pub mod identity;
pub mod ids;
pub mod image;
pub mod input;
pub mod journal;
pub mod judge;
pub mod key;
pub mod many;
pub mod new_directory;
pub mod output;
pub mod parallel;
pub mod private_file;
pub mod progress;
pub mod release;
pub mod report;
pub mod seal;
pub mod second_opinion;
pub mod secret;
pub mod source;
pub mod store;
pub mod suit_view;
pub mod text;
pub mod tree;
pub mod trouble;
pub mod update;

pub use error::{Failure, Result, name};
pub use hex::{Hex, unhex};
