//! The decision.
#![no_std]
