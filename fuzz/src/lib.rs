//! Fuzz targets: what each is given, what must hold, and how far an input came.
//!
//! A target is a function of bytes. It panics where something does not hold, and it [`note`]s how each input ended, by the name that the
//! product itself gives it: an error's name, or `accepted`. `fuzz/must-reach` lists the names that every run has to see; a target that no
//! longer reaches the code behind them fails the run, instead of finding nothing for ever (`fuzz/run`).

pub mod ceremony;
pub mod ed25519;
pub mod evidence;
pub mod image_file;
pub mod inspect;
pub mod installer;
pub mod journal;
pub mod key_file;
pub mod key_file_encrypted;
pub mod ml_dsa;
pub mod pull;
pub mod push;
pub mod resealed;
pub mod second_reader;
pub mod trust_store;
pub mod trust_update;

mod fixture;
mod flash;
mod note;
mod recipe;
mod sealing;
pub mod seeds;
mod strict;
