//! The verifier as a firmware image. A feature says what the image does; `twinseal-device` builds and runs them. See ../README.md.

#![no_std]
#![no_main]

mod board;
#[cfg(any(feature = "ml-dsa", feature = "ed25519", feature = "road", feature = "install"))]
mod keys;
#[cfg(any(
    feature = "empty",
    feature = "ml-dsa",
    feature = "ed25519",
    feature = "hash",
    feature = "road",
    feature = "install",
    feature = "embassy"
))]
mod measure;
#[cfg(any(feature = "refuse", feature = "vectors"))]
mod record;
#[cfg(feature = "loader")]
mod services;
#[cfg(any(feature = "road", feature = "refuse"))]
mod storage;

#[cfg(feature = "ed25519")]
#[path = "subject/ed25519.rs"]
mod subject;
#[cfg(feature = "embassy")]
#[path = "subject/embassy.rs"]
mod subject;
#[cfg(feature = "empty")]
#[path = "subject/empty.rs"]
mod subject;
#[cfg(feature = "hash")]
#[path = "subject/hash.rs"]
mod subject;
#[cfg(feature = "install")]
#[path = "subject/install.rs"]
mod subject;
#[cfg(feature = "loader")]
#[path = "subject/loader.rs"]
mod subject;
#[cfg(feature = "ml-dsa")]
#[path = "subject/ml_dsa.rs"]
mod subject;
#[cfg(feature = "refuse")]
#[path = "subject/refuse.rs"]
mod subject;
#[cfg(feature = "road")]
#[path = "subject/road.rs"]
mod subject;
#[cfg(feature = "vectors")]
#[path = "subject/vectors.rs"]
mod subject;

/// Where start-up arrives, with memory set up.
fn run() -> ! {
    subject::run()
}
