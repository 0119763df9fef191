//! `twinseal ceremony assemble`: puts answers together.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::show;
use crate::ceremony::{Answer, Missing, Object, Problem, Tally, tally};
use crate::command::said::{Claimed, Refused, Said};
use crate::command::sealing_args::SealedArgs;
use crate::error::{Failure, Result, name};
use crate::input;
use crate::journal::{Journal, Taken};
use crate::release::ReleaseFile;
use crate::report::{Exit, Report};
use crate::seal::{Draft, Target};
use crate::{store, update};

/// Arguments of `ceremony assemble`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal ceremony assemble request.json --answer alice.json \\
      --answer bob.json --release release.toml --out out.twinseal
  twinseal ceremony assemble request.json --answer alice.json \\
      --answer bob.json --out trust-2.update

Each seal is verified by two implementations. A seal that is not valid, given twice, or by a stranger refuses all (exit code 1): take that \
answer out. If the requirements are not met yet, it says who is missing (exit code 1). For a release, its files are read again and must \
still be what was asked for; the bundle goes the same road as one of `sign`.")]
pub struct Args {
    /// The request
    #[arg(value_name = "REQUEST")]
    request: PathBuf,

    /// An answer to it. Repeat it for several
    #[arg(long = "answer", value_name = "FILE", required = true)]
    answers: Vec<PathBuf>,

    /// For a release: the release file that the request was made of
    #[arg(long, value_name = "TOML")]
    release: Option<PathBuf>,

    /// The trust store that must be the request's
    #[arg(long, value_name = "STORE")]
    trust: Option<PathBuf>,

    #[command(flatten)]
    sealed: SealedArgs,
}

impl Args {
    /// Puts the answers together.
    ///
    /// # Errors
    ///
    /// Something can't be read or written, or is not what was asked for. No file appears then.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let (request, object) = match show::load(&self.request)? {
            Ok(loaded) => loaded,
            Err(refused) => return Ok(Said::Refused(refused)),
        };
        if let Some(path) = &self.trust
            && store::load(path)? != object.store
        {
            let remedy = "ask for seals anew, with the trust store of the devices that the release is for";
            return Ok(Said::Refused(Refused::new(&self.request, "it was made for another trust store", remedy)));
        }
        let mut answers = Vec::new();
        for path in &self.answers {
            match Answer::parse(&input::read(path, Answer::LONGEST)?) {
                Ok(answer) => answers.push(answer),
                Err(why) => {
                    let remedy = "have it made again; docs/ceremony.md shows its form";
                    return Ok(Said::Refused(Refused::new(path, format!("it is no answer: {why}"), remedy)));
                }
            }
        }
        let tally = tally(&request, &object, &answers)?;
        let sealed_by: Vec<String> = tally.identities.iter().map(|identity| identity.anchor_id().to_string()).collect();
        let mut report = Assembled {
            out: name(&self.sealed.out),
            digest: request.digest.clone(),
            sealed_by,
            problems: tally.problems.iter().map(|problem| self.named(problem)).collect(),
            missing: tally.missing.clone(),
            written: None,
            existing: false,
            journal_line: None,
        };
        if !report.problems.is_empty() || !report.missing.is_empty() {
            return Ok(Said::Done(report));
        }
        let mut journal = self.sealed.journal()?;
        let written = if object.is_release() {
            self.write_release(&object, &tally, journal.as_mut())?
        } else {
            update::write(
                &object,
                &tally.seals,
                &tally.identities,
                &self.sealed.out,
                self.sealed.overwrite(),
                journal.as_mut(),
            )?
            .map(|written| (u64::try_from(written.size).unwrap_or(u64::MAX), written.line, false))
        };
        match written {
            Ok((size, line, existing)) => {
                report.written = Some(size);
                report.journal_line = line;
                report.existing = existing;
                Ok(Said::Done(report))
            }
            Err(taken) => Ok(Said::Taken(Claimed::new(&self.sealed.out, taken))),
        }
    }

    fn write_release(&self, object: &Object, tally: &Tally, journal: Option<&mut Journal>) -> Result<Placed> {
        let path = self.release.as_ref().ok_or_else(|| {
            Failure::new("the request is for a release, and its files are needed")
                .remedy("give the release file with --release")
        })?;
        let release = ReleaseFile::load(path)?;
        let algorithm =
            object.algorithm().map_err(|error| Failure::new("the request holds no object").because(error))?;
        let trust = store::open(&object.store)
            .map_err(|error| Failure::new("the trust store can not be used").because(error))?;
        let draft = Draft::open(&release, &tally.identities, Some(algorithm))?;
        let target = Target { out: &self.sealed.out, overwrite: self.sealed.overwrite(), trust: Some(&trust), journal };
        let outcome = draft.seal(target, &mut |_, manifest| {
            if manifest == object.contents {
                Ok(tally.seals.clone())
            } else {
                Err(Failure::new(format!("{}: is not the release that the answers seal", name(path)))
                    .remedy("restore the release file and its payloads as they were, or ask for seals anew"))
            }
        })?;
        Ok(outcome.map(|sealed| (sealed.size, sealed.line, sealed.existing)))
    }

    /// The problem with the answer's file.
    fn named(&self, problem: &Problem) -> Found {
        let answer = self.answers.get(problem.answer).map_or(Path::new(""), PathBuf::as_path);
        Found { answer: name(answer), what: problem.what.clone() }
    }
}

/// Size, line, whether it was there; or what is taken.
type Placed = core::result::Result<(u64, Option<u64>, bool), Taken>;

#[derive(Serialize)]
struct Assembled {
    out: String,
    digest: String,
    sealed_by: Vec<String>,
    problems: Vec<Found>,
    missing: Vec<Missing>,
    /// The size of the file, if it was written.
    written: Option<u64>,
    existing: bool,
    journal_line: Option<u64>,
}

#[derive(Serialize)]
struct Found {
    answer: String,
    what: String,
}

impl Report for Assembled {
    const SCHEMA: &'static str = "twinseal.ceremony-assemble/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        self.sealed_by.iter().try_for_each(|anchor| writeln!(out, "sealed by: {anchor}"))?;
        for Found { answer, what } in &self.problems {
            writeln!(out, "REFUSED: {answer}: {what}")?;
        }
        for Missing { role, threshold, have, could, .. } in &self.missing {
            writeln!(out, "MISSING: {have} of the {threshold} {role} identities that are demanded have sealed")?;
            could.iter().try_for_each(|who| writeln!(out, "  could seal: {who}"))?;
        }
        match self.written {
            Some(_) if self.existing => writeln!(out, "assembled already, and unchanged: {}", self.out)?,
            Some(size) => writeln!(out, "assembled: {} ({size} bytes)", self.out)?,
            None => writeln!(out, "nothing was written: {}", self.out)?,
        }
        self.journal_line.map_or(Ok(()), |line| writeln!(out, "journal: line {line}"))
    }

    fn exit(&self) -> Exit {
        if self.written.is_some() { Exit::Success } else { Exit::Refused }
    }
}
