//! The signing journal: who sealed what, with which keys, and when; append-only, chained by digests, on the disk before a bundle appears.
//!
//! A journal is a text file, one JSON object a line (docs/journal.md). Each line names the SHA-256 of the line before it, so that no line can
//! be changed, taken out or put in without every later one changing; `twinseal journal verify` reads the whole chain. What was cut off at
//! its end shows against a head that was noted elsewhere.
//!
//! One rule is enforced with it: a sequence number of a vendor and class belongs to one release for ever, and the place of a trust store to
//! one trust update.

use alloc::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use twinseal_formats::Digest;

use crate::error::{Failure, Result, name};
use crate::input::{open_plain, unreadable};
use crate::output::{Mode, NewFile, Overwrite, unwritable};

mod chain;
mod entry;

pub use chain::{Chain, Fault};
pub use entry::{Act, Claim, Entry, Key, Line, Sealer};

/// An open journal. It may be used by many processes at once: whoever appends holds the file's lock.
///
/// What was read once is not read again: appending costs what others appended meanwhile, and not what the journal holds.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    chain: Chain,
    /// Where the next line begins that was not read yet.
    position: u64,
    claims: BTreeMap<Claim, Recorded>,
}

/// Whose a claim is.
#[derive(Clone, Debug)]
struct Recorded {
    /// The identity of the release or update.
    identity: String,
    /// The line that named it first.
    number: u64,
    /// Who sealed it, by name and in order, and in which line that stands. Hardly ever more than one entry, and there is one for each line of
    /// the journal: in a map it would take the most of the memory.
    sealers: Vec<(Vec<String>, u64)>,
}

impl Recorded {
    /// The line that says that these sealed it.
    fn line_of(&self, sealers: &[String]) -> Option<u64> {
        self.sealers.iter().find(|(names, _)| names == sealers).map(|(_, line)| *line)
    }
}

/// Something else that was sealed has what can belong to one only: what was to be sealed is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it has.
    pub claim: Claim,
    /// The identity of the release or update that has it.
    pub identity: String,
    /// The line of the journal that says so.
    pub line: u64,
}

/// Whether a line was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Appended {
    /// This line was added, and is on the disk.
    New(u64),
    /// This line said the same already.
    Already(u64),
}

impl Appended {
    /// The line's number.
    #[must_use]
    pub const fn line(self) -> u64 {
        match self {
            Self::New(line) | Self::Already(line) => line,
        }
    }
}

impl Journal {
    /// Makes a journal of one line. Nothing is replaced.
    ///
    /// # Errors
    ///
    /// The file exists or can't be written, or there are no random numbers.
    pub fn create(path: &Path) -> Result<Line> {
        let line = Line::new(0, chain::NOTHING_BEFORE, Entry::begin()?)?;
        let mut new = NewFile::create(path, Overwrite::No, Mode::Public)?;
        new.write_all(line.to_text()?.as_bytes()).map_err(|error| unwritable(path, error))?;
        new.commit()?;
        Ok(line)
    }

    /// Opens a journal and reads it: the chain must hold from its first line to its last.
    ///
    /// # Errors
    ///
    /// It is not there, others may write it, it can't be read, or its chain does not hold. A missing journal is not made: a misspelt name
    /// would begin one that knows nothing.
    pub fn open(path: &Path) -> Result<Self> {
        if let Err(error) = fs::metadata(path)
            && error.kind() == io::ErrorKind::NotFound
        {
            return Err(unreadable(path, error).remedy(format!("`twinseal journal new {}` makes one", name(path))));
        }
        // Whatever else has that name is not waited for.
        open_plain(path)?;
        let file = OpenOptions::new().read(true).append(true).open(path).map_err(|error| unwritable(path, error))?;
        let mode = file.metadata().map_err(|error| unreadable(path, error))?.mode();
        if mode & 0o002 != 0 {
            return Err(Failure::new(format!("{}: everybody may change it", name(path)))
                .remedy(format!("`chmod o-w {}`, and see whether it is still what you know", name(path))));
        }
        let mut this =
            Self { path: path.to_owned(), file, chain: Chain::default(), position: 0, claims: BTreeMap::new() };
        this.locked(Lock::Shared, Self::catch_up)?;
        Ok(this)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what this claims belongs to something else. Asked before anything is signed; [`append`](Self::append) asks
    /// again.
    ///
    /// # Errors
    ///
    /// The journal can't be read, or its chain does not hold any more.
    pub fn taken(&mut self, act: &Act) -> Result<Option<Taken>> {
        self.locked(Lock::Shared, Self::catch_up)?;
        Ok(self.taken_by(act))
    }

    /// Whether a line says that this very release was sealed.
    ///
    /// # Errors
    ///
    /// As [`taken`](Self::taken).
    pub fn knows(&mut self, act: &Act) -> Result<bool> {
        self.locked(Lock::Shared, Self::catch_up)?;
        Ok(self.recorded(act).is_some_and(|(_, recorded)| recorded.identity == act.identity()))
    }

    /// Adds a line, and returns when it is on the disk. If the same identities sealed the same before, that line stands.
    ///
    /// # Errors
    ///
    /// Refused: [`Taken`]. Failed: the journal can't be read or written, or its chain does not hold any more.
    pub fn append(&mut self, act: &Act) -> Result<core::result::Result<Appended, Taken>> {
        self.locked(Lock::Exclusive, |this| {
            this.catch_up()?;
            if let Some(taken) = this.taken_by(act) {
                return Ok(Err(taken));
            }
            if let Some(line) = this.recorded(act).and_then(|(_, recorded)| recorded.line_of(&names(act))) {
                return Ok(Ok(Appended::Already(line)));
            }
            let line = Line::new(this.chain.lines(), this.chain.head(), Entry::from(act.clone()))?;
            this.write(&line)?;
            let number = line.number;
            this.take(line.to_text()?.trim_end())?;
            Ok(Ok(Appended::New(number)))
        })
    }

    /// Adds a line to the file, on the disk. What a run that was killed left behind the last whole line was never answered for, and goes.
    fn write(&mut self, line: &Line) -> Result<()> {
        let text = line.to_text()?;
        let failed = |error| unwritable(&self.path, error);
        if self.length()? > self.position {
            self.file.set_len(self.position).map_err(failed)?;
        }
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line is no line, and a whole one that may not be on the disk answers for nothing. Should this fail too, the next
            // run finds half a line behind the last whole one, or a line for a bundle that did not appear: it seals it again.
            let _ = self.file.set_len(self.position);
            return Err(failed(error).remedy("nothing was kept; see whether the disk is full"));
        }
        self.position = self.position.saturating_add(length(text.as_bytes()));
        Ok(())
    }

    /// Reads the lines that were added since, and holds each against the chain. Half a line at the end is left alone.
    fn catch_up(&mut self) -> Result<()> {
        let length = self.length()?;
        if length < self.position {
            return Err(Failure::new(format!("{}: became shorter while it was used", name(&self.path)))
                .remedy("`twinseal journal verify` with a head that you noted says what is missing"));
        }
        let failed = |error| unreadable(&self.path, error);
        let mut file = self.file.try_clone().map_err(failed)?;
        file.seek(SeekFrom::Start(self.position)).map_err(failed)?;
        // Line by line: a journal may be longer than the memory.
        let mut unread = BufReader::new(file.take(length.saturating_sub(self.position)));
        let mut line = Vec::new();
        loop {
            line.clear();
            unread.read_until(b'\n', &mut line).map_err(|error| unreadable(&self.path, error))?;
            let Some(text) = line.strip_suffix(b"\n") else { break };
            let text = str::from_utf8(text).map_err(|error| unreadable(&self.path, io::Error::other(error)))?;
            self.take(text)?;
            self.position = self.position.saturating_add(self::length(&line));
        }
        if self.chain.lines() == 0 {
            return Err(Failure::new(format!("{}: is no journal: it has no line", name(&self.path)))
                .remedy("`twinseal journal new` makes one under a new name"));
        }
        Ok(())
    }

    /// Takes the next line of the chain.
    fn take(&mut self, text: &str) -> Result<()> {
        let line = self.chain.take(text).map_err(|fault| {
            Failure::new(format!("{}: the chain of the journal does not hold", name(&self.path)))
                .because(fault)
                .remedy("sign nothing with it; `twinseal journal verify` says more, and a copy of it what it was")
        })?;
        let Entry::Sealed(act) = &line.entry else { return Ok(()) };
        let recorded = self.claims.entry(act.claim()).or_insert_with(|| Recorded {
            identity: act.identity().to_owned(),
            number: line.number,
            sealers: Vec::new(),
        });
        if recorded.identity != act.identity() {
            return Err(Failure::new(format!(
                "{}: lines {} and {} name two that have {}",
                name(&self.path),
                recorded.number,
                line.number,
                act.claim(),
            )));
        }
        let names = names(act);
        if recorded.line_of(&names).is_none() {
            recorded.sealers.push((names, line.number));
        }
        Ok(())
    }

    /// What is recorded under one of the names of what this claims.
    fn recorded(&self, act: &Act) -> Option<(Claim, &Recorded)> {
        act.claims().find_map(|claim| self.claims.get(&claim).map(|recorded| (claim, recorded)))
    }

    fn taken_by(&self, act: &Act) -> Option<Taken> {
        let (claim, recorded) = self.recorded(act)?;
        (recorded.identity != act.identity()).then(|| Taken {
            claim,
            identity: recorded.identity.clone(),
            line: recorded.number,
        })
    }

    fn length(&self) -> Result<u64> {
        Ok(self.file.metadata().map_err(|error| unreadable(&self.path, error))?.len())
    }

    /// Does something while no one else appends, with the file that has the name now.
    fn locked<T>(&mut self, lock: Lock, step: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let failed = |error| Failure::new(format!("{}: can not be locked", name(&self.path))).because(error);
        match lock {
            Lock::Shared => self.file.lock_shared().map_err(failed)?,
            Lock::Exclusive => self.file.lock().map_err(failed)?,
        }
        let done = self.same_file().and_then(|()| step(self));
        let unlocked = self.file.unlock();
        let done = done?;
        unlocked.map_err(|error| Failure::new(format!("{}: can not be unlocked", name(&self.path))).because(error))?;
        Ok(done)
    }

    /// A journal that was exchanged under its name is another journal: a lock on the old one keeps nobody out.
    fn same_file(&self) -> Result<()> {
        let of = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let open = self.file.metadata().map(of).map_err(|error| unreadable(&self.path, error))?;
        let named = fs::metadata(&self.path).map(of).map_err(|error| unreadable(&self.path, error))?;
        if open == named {
            Ok(())
        } else {
            Err(Failure::new(format!("{}: was exchanged while it was used", name(&self.path))))
        }
    }
}

#[derive(Clone, Copy)]
enum Lock {
    Shared,
    Exclusive,
}

/// A digest as journals and reports write it.
#[must_use]
pub fn shown(digest: &Digest) -> String {
    digest.to_string()
}

/// Who seals, in order.
fn names(act: &Act) -> Vec<String> {
    act.sealers().into_iter().collect()
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
