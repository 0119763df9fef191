//! ML-DSA verification (FIPS 204), on public data only: nothing here is a secret, so nothing takes the same time for every input.
//!
//! Written for devices: no allocation, no recursion, no panic, every loop bounded. Two levels with the same verdict on every input:
//! `compact` needs the bytes of a key, `expanded` a table that was computed of them before.

mod compact;
mod encoding;
mod expanded;
mod field;
mod hint;
mod keccak;
mod message;
mod ntt;
mod params;
mod rows;
mod sampling;
mod shake;

pub(crate) use compact::verify_from_bytes;
pub use compact::{verify_compact, verify_keeping_z};
pub use expanded::{ExpandedMlDsa, Fast, Small, WorkingMemory, expand_ml_dsa, expand_unexamined};
pub use message::Input;
pub use params::{ParameterSet, Set44, Set65, Set87};
