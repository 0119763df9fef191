//! What the tests share: identities from fixed seeds, releases built and broken on purpose, trust stores, a device in memory, and
//! the roads a bundle can take to it.
//!
//! | module | what |
//! |---|---|
//! | `cbor` | CBOR without rules, for what the canonical writer refuses to write |
//! | `identity` | signing identities made from a seed |
//! | `release` | releases: honest ones, by the canonical writer |
//! | `bundle` | bundles as parts: any of them can be replaced by any bytes |
//! | `manifest` | manifests as parts, likewise |
//! | `trust` | trust stores, honest and as parts |
//! | `rotation` | a vendor that rotates its keys, and a device that follows |
//! | `device` | a device's facts, its slot and its external flash, in memory, with faults on demand |
//! | `expanded` | a device whose anchors are expanded |
//! | `roads` | pull, push and boot, and that they agree |
//! | `world` | one vendor, its device, and its release: where most tests start |
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::missing_errors_doc,
    clippy::exhaustive_structs,
    missing_docs,
    reason = "a test that can not go on must stop, loudly, where it is; and names that say what they are need no second sentence"
)]

pub mod bundle;
pub mod cbor;
pub mod device;
pub mod expanded;
pub mod identity;
pub mod manifest;
pub mod release;
pub mod roads;
pub mod rotation;
pub mod trust;
pub mod world;
