//! One command over many bundles: a directory is walked, every bundle in it examined on all cores, and told in one line each.
//!
//! What can not be read is one line that says so, and the rest goes on. Lines come in the order of the paths, whatever finished first.

use core::ops::ControlFlow;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use crate::error::{Failure, Result, name};
use crate::input::{names_in, unreadable};
use crate::parallel;
use crate::progress::Progress;
use crate::report::{self, Exit, Format, Report};

/// A report that can also be told in one line.
pub trait OneLine: Report + Send {
    /// The line, without its end.
    fn line(&self) -> String;
}

/// The bundles below a directory, by their paths in order, and how many other files there are.
#[derive(Debug)]
struct Found {
    bundles: Vec<PathBuf>,
    others: usize,
}

/// Examines every bundle (`*.twinseal`) below a directory; gives the process's exit code.
///
/// The code is 3 if there was a disagreement, else 2 if something could not be examined, else 1 if something was refused.
pub fn conclude<R: OneLine>(
    directory: &Path,
    task: &'static str,
    format: Format,
    examine: impl Fn(&Path) -> Result<R> + Sync,
) -> ExitCode {
    match run(directory, task, format, &examine, &mut io::stdout().lock()) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => report::failed(&failure, format),
    }
}

fn run<R: OneLine>(
    directory: &Path,
    task: &'static str,
    format: Format,
    examine: &(impl Fn(&Path) -> Result<R> + Sync),
    out: &mut dyn Write,
) -> Result<u8> {
    let found = walk(directory)?;
    if found.bundles.is_empty() {
        return Err(Failure::new(format!("{}: no file below it is named *.{EXTENSION}", name(directory)))
            .remedy("give the bundle itself if it has another name"));
    }
    let mut summary = Summary {
        directory: name(directory),
        bundles: found.bundles.len(),
        accepted: 0,
        refused: 0,
        failed: 0,
        disagreements: 0,
        other_files: found.others,
    };
    let progress = Progress::of_files(task, found.bundles.len());
    let mut broken = None;
    parallel::ordered(
        &found.bundles,
        |path| (path, examine(path)),
        |(path, examined)| {
            progress.advance(1);
            let line = summary.take(path, examined, format);
            match line.and_then(|line| out.write_all(&line)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    broken = Some(error);
                    ControlFlow::Break(())
                }
            }
        },
    );
    drop(progress);
    let written = match broken {
        Some(error) => Err(error),
        None => summary.write(format, out).and_then(|()| out.flush()),
    };
    match written {
        // A reader that went away has what it wanted.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new("the report could not be written").because(error))
        }
        _ => Ok(summary.code()),
    }
}

/// Lists a directory and what is below it. Links are not followed.
fn walk(top: &Path) -> Result<Found> {
    let mut found = Found { bundles: Vec::new(), others: 0 };
    let mut left = vec![top.to_owned()];
    while let Some(directory) = left.pop() {
        let names = match names_in(&directory) {
            Ok(names) => names,
            Err(error) if directory == top => return Err(unreadable(top, error)),
            // One below it is told among the bundles, when it is opened in its turn. The rest goes on.
            Err(_) => {
                found.bundles.push(directory);
                continue;
            }
        };
        for path in names.into_iter().map(|name| directory.join(name)) {
            let kind = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata.file_type(),
                // It was there when the directory was read: something else's file that comes and goes.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(unreadable(&path, error)),
            };
            if kind.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|extension| extension == EXTENSION) {
                found.bundles.push(path);
            } else {
                found.others = found.others.saturating_add(1);
            }
        }
    }
    found.bundles.sort_unstable();
    Ok(found)
}

/// What became of all of them.
#[derive(Debug, Serialize)]
struct Summary {
    directory: String,
    bundles: usize,
    accepted: usize,
    refused: usize,
    failed: usize,
    disagreements: usize,
    /// Files below the directory that are not named as bundles.
    other_files: usize,
}

impl Summary {
    /// Counts one result and gives its line.
    fn take<R: OneLine>(&mut self, path: &Path, examined: Result<R>, format: Format) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        match examined {
            Ok(report) => {
                let counter = match report.exit() {
                    Exit::Success => &mut self.accepted,
                    Exit::Refused => &mut self.refused,
                    Exit::Disagreement => &mut self.disagreements,
                };
                *counter = counter.saturating_add(1);
                match format {
                    Format::Human => writeln!(line, "{}", report.line())?,
                    Format::Json => report::json_line(&report, &mut line)?,
                }
            }
            Err(failure) => {
                self.failed = self.failed.saturating_add(1);
                match format {
                    Format::Human => writeln!(line, "FAILED {}: {failure}", name(path))?,
                    Format::Json => report::json_failure(&failure, Some(name(path)), &mut line)?,
                }
            }
        }
        Ok(line)
    }

    fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        match format {
            Format::Json => report::json_line(self, &mut line)?,
            Format::Human => self.human(&mut line)?,
        }
        out.write_all(&line)
    }

    const fn code(&self) -> u8 {
        if self.disagreements > 0 {
            Exit::Disagreement.code()
        } else if self.failed > 0 {
            report::FAILED
        } else if self.refused > 0 {
            Exit::Refused.code()
        } else {
            Exit::Success.code()
        }
    }
}

impl Report for Summary {
    const SCHEMA: &'static str = "twinseal.summary/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{} bundles below {}: {} accepted, {} refused, {} could not be examined, {} disagreements",
            self.bundles, self.directory, self.accepted, self.refused, self.failed, self.disagreements
        )
    }
}

/// What a bundle's file is named.
pub const EXTENSION: &str = "twinseal";
