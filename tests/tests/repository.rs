//! What the repository says of itself is so: of its dependencies, of the faults that are known in them, of whom to tell about
//! faults of its own, and wherever a page names a file or a command.
//!
//! | module | holds |
//! |---|---|
//! | `advisories` | every lock file against `tests/advisories.toml` and `deny.toml` |
//! | `dependencies` | each direct dependency has its reason; writes docs/dependencies.md |
//! | `disclosure` | SECURITY.md and security.txt |
//! | `pages` | links, and commands in pages |
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::std_instead_of_alloc,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

#[path = "repository/advisories.rs"]
mod advisories;
#[path = "repository/dependencies.rs"]
mod dependencies;
#[path = "repository/disclosure.rs"]
mod disclosure;
#[path = "repository/files.rs"]
mod files;
#[path = "repository/pages.rs"]
mod pages;
