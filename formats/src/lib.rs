//! The bytes of Twinseal.
#![no_std]
#[cfg(feature = "alloc")]
extern crate alloc;
mod algorithm;
pub use algorithm::{AlgorithmClass, DigestAlgorithm, SealAlgorithm};
