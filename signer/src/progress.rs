//! Progress on long work: a bar on standard error, if that is a terminal.

use alloc::sync::Arc;
use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressStyle};

/// How far some work has come, in bytes or files. The bar goes away with the last clone.
#[derive(Clone, Debug)]
pub struct Progress(Option<Arc<Bar>>);

#[derive(Debug)]
struct Bar(ProgressBar);

impl Progress {
    /// A bar for that many bytes of work. Short work, and work nobody watches, shows nothing.
    #[must_use]
    pub fn new(task: &'static str, bytes: u64) -> Self {
        if bytes < WORTH_SHOWING || !io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = ProgressBar::new(bytes).with_message(task);
        let style = ProgressStyle::with_template("{msg:9} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        Self(Some(Arc::new(Bar(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }))))
    }

    /// A bar for that many files.
    #[must_use]
    pub fn of_files(task: &'static str, files: usize) -> Self {
        if files < 2 || !io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bar = ProgressBar::new(u64::try_from(files).unwrap_or(u64::MAX)).with_message(task);
        let style = ProgressStyle::with_template("{msg:9} [{bar:40}] {pos}/{len} {per_sec} {eta}");
        Self(Some(Arc::new(Bar(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }))))
    }

    /// Progress that nobody sees.
    #[must_use]
    pub const fn hidden() -> Self {
        // No bar rather than one that nobody sees: a bar draws random numbers when it is made.
        Self(None)
    }

    /// So many more are done.
    pub fn advance(&self, bytes: usize) {
        if let Some(bar) = &self.0 {
            bar.0.inc(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Below 64 MiB the work is over before a bar could be read.
const WORTH_SHOWING: u64 = 64 << 20;
