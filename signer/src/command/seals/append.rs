//! `twinseal seals append`: adds seals to a bundle.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use twinseal_formats::encode::NewSeal;
use twinseal_formats::{Envelope, Manifest, SealType};

use crate::bundle::Bundle;
use crate::ceremony::{Answer, Missing, Object, Request, Tally, tally};
use crate::command::said::{Claimed, Refused, Said};
use crate::command::sealing_args::{SealedArgs, SealerArgs};
use crate::error::{Failure, Result, name};
use crate::forms::Opened;
use crate::identity::PublicIdentity;
use crate::journal::{Act, Sealer};
use crate::report::Report;
use crate::trouble::{Examined, Trouble};
use crate::{input, seal, store};

/// Arguments of `seals append`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("identities", |identity| identity.required(false).required_unless_present("seals")))]
#[command(after_help = "\
Examples:
  twinseal seals append thermostat-1.4.0.twinseal --identity keys/assessor \\
      --trust trust.cbor --out thermostat-1.4.0.assessed.twinseal
  twinseal seals append thermostat-1.4.0.twinseal --seals assessor.json \\
      --trust trust.cbor --out thermostat-1.4.0.assessed.twinseal

The release stays the same: its identity, and every seal that is there. Each new seal must be by an identity of the trust store, whole, and \
valid; so must those that are there and that the store knows. Look at what you vouch for first: `twinseal inspect`, `twinseal verify`.")]
pub struct Args {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    #[command(flatten)]
    sealers: SealerArgs,

    /// Seals made elsewhere: an answer, or what `seals extract` took out. Repeat it for several
    #[arg(long, value_name = "FILE")]
    seals: Vec<PathBuf>,

    /// The trust store that knows the identities
    #[arg(long, value_name = "STORE")]
    trust: PathBuf,

    #[command(flatten)]
    sealed: SealedArgs,
}

impl Args {
    /// Adds the seals.
    ///
    /// # Errors
    ///
    /// Something can't be read, signed or written. No file appears then.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bundle = Bundle::open(&self.bundle)?;
        match Trouble::finding(self.append(&bundle))? {
            Ok(said) => Ok(said),
            Err(error) => {
                Ok(Said::Refused(Refused::new(&self.bundle, error, "`twinseal inspect` says more about the file")))
            }
        }
    }

    fn append(&self, bundle: &Bundle) -> Examined<Said<Appended>> {
        let refused = |what: String| {
            Said::Refused(Refused::new(&self.bundle, what, "nothing was added; leave out what is not taken"))
        };
        let opened = Opened::new(bundle)?;
        let envelope = *opened.envelope();
        let trust = store::load(&self.trust)?;
        let verifier = store::open_file(&trust, &self.trust)?;
        let object = Object::release(envelope.manifest_bytes().to_vec(), trust.clone());
        let request = match Request::new(&object) {
            Ok(request) => request,
            Err(fault) => return Ok(refused(fault.to_string())),
        };
        let known = request.identities()?;
        let mut journal = self.sealed.journal()?;
        if let Some(journal) = &mut journal
            && let Some(taken) = journal.taken(&act(&opened.manifest, &envelope, &[]))?
        {
            return Ok(Said::Taken(Claimed::new(&self.sealed.out, taken)));
        }
        let (there, new) = match self.tallies(&envelope, &known, &request, &object)? {
            Ok(tallies) => tallies,
            Err(what) => return Ok(refused(what)),
        };
        let added: Vec<PublicIdentity> =
            new.identities.iter().filter(|one| !there.identities.contains(one)).cloned().collect();

        let mut seals = seals_of(&envelope);
        seals.extend(new.seals.iter().filter(|seal| !seals_of(&envelope).contains(seal)).cloned());
        let (file, size) = opened.prepare_seals(&seals, &self.sealed.out, self.sealed.overwrite())?;
        let written = Bundle::from_file(file.reopen()?, file.path())?;
        let read_back = written.envelope()?;
        if new.missing.is_empty() {
            verifier.authenticate(&read_back).map(|_| ())?;
        }
        file.file()
            .sync_all()
            .map_err(|error| Failure::new(format!("{}: can not be written", name(&self.sealed.out))).because(error))?;
        let line = match &mut journal {
            None => None,
            Some(journal) => match journal.append(&act(&opened.manifest, &envelope, &added))? {
                Ok(appended) => Some(appended.line()),
                Err(taken) => return Ok(Said::Taken(Claimed::new(&self.sealed.out, taken))),
            },
        };
        file.commit()?;
        Ok(Said::Done(Appended {
            bundle: name(&self.sealed.out),
            size,
            release_id: envelope.seals().digest().to_string(),
            added: added.iter().map(|identity| identity.anchor_id().to_string()).collect(),
            seals: seals.len(),
            missing: new.missing,
            journal_line: line,
        }))
    }

    /// What the seals that are there add up to, and what they do with the new ones; or why the new ones are not taken.
    fn tallies(
        &self,
        envelope: &Envelope<'_>,
        known: &[PublicIdentity],
        request: &Request,
        object: &Object,
    ) -> Result<core::result::Result<(Tally, Tally), String>> {
        let digest = envelope.seals().digest();
        let by_known = |seal: &NewSeal| known.iter().any(|identity| identity.anchor_id() == seal.anchor);
        let there: Vec<NewSeal> = seals_of(envelope).into_iter().filter(by_known).collect();
        let mut answers: Vec<Answer> = Vec::new();
        if !there.is_empty() {
            answers.push(Answer::new(&request.object, digest, &there));
        }
        let before = tally(request, object, &answers)?;
        if let Some(problem) = before.problems.first() {
            return Ok(Err(format!("of the seals that are there, {}", problem.what)));
        }
        for path in &self.seals {
            match Answer::parse(&input::read(path, Answer::LONGEST)?) {
                Ok(answer) => answers.push(answer),
                Err(why) => return Ok(Err(format!("{}: it is no answer: {why}", name(path)))),
            }
        }
        if self.sealers.any() {
            let identities = self.sealers.open()?;
            answers.push(Answer::new(&request.object, digest, &seal::sign(&identities, SealType::Release, digest)?));
        }
        let after = tally(request, object, &answers)?;
        if let Some(problem) = after.problems.first() {
            return Ok(Err(problem.what.clone()));
        }
        let given: usize = answers.iter().map(|answer| answer.seals.len()).sum();
        if after.seals.len() != given {
            return Ok(Err("an identity would have sealed with one of its keys only".to_owned()));
        }
        Ok(Ok((before, after)))
    }
}

fn seals_of(envelope: &Envelope<'_>) -> Vec<NewSeal> {
    let seal = |seal: twinseal_formats::Seal<'_>| NewSeal {
        anchor: seal.anchor(),
        cose_algorithm: seal.cose_algorithm(),
        signature: seal.signature().to_vec(),
    };
    envelope.seals().iter().map(seal).collect()
}

fn act(manifest: &Manifest<'_>, envelope: &Envelope<'_>, added: &[PublicIdentity]) -> Act {
    Act::Release {
        vendor_id: manifest.vendor().to_string(),
        class_id: manifest.class().to_string(),
        sequence_number: manifest.sequence_number().0,
        version: manifest.release_version().to_owned(),
        security_version: manifest.security_version().0,
        release_id: envelope.seals().digest().to_string(),
        sealed_by: added.iter().map(Sealer::from).collect(),
    }
}

#[derive(Serialize)]
struct Appended {
    bundle: String,
    size: u64,
    release_id: String,
    added: Vec<String>,
    seals: usize,
    /// What the trust store still demands.
    missing: Vec<Missing>,
    journal_line: Option<u64>,
}

impl Report for Appended {
    const SCHEMA: &'static str = "twinseal.seals-append/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "release id: {}", self.release_id)?;
        self.added.iter().try_for_each(|anchor| writeln!(out, "added the seals of: {anchor}"))?;
        for Missing { role, threshold, have, .. } in &self.missing {
            writeln!(
                out,
                "note: {have} of the {threshold} {role} identities that the trust store demands have sealed"
            )?;
        }
        self.journal_line.map_or(Ok(()), |line| writeln!(out, "journal: line {line}"))?;
        writeln!(out, "written: {} ({} bytes, {} seals)", self.bundle, self.size, self.seals)
    }
}
