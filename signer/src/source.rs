//! Files as the verifier's storage: a bundle read at any place, and payloads beside an envelope.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use twinseal_formats::{Component, payload_name};
use twinseal_verifier::{Extent, Source, Storage, StorageFault};

use crate::bundle::Entry;
use crate::error::Result;
use crate::input::{open_plain, unreadable};
use crate::progress::Progress;
use crate::trouble::Trouble;

pub(crate) mod pieces;
mod read_ahead;

use pieces::{Piece, Pieces};
use read_ahead::ReadAhead;

/// What a file must be read with for the disk not to be what one waits for, and to stay in a processor's cache.
pub const PIECE: usize = 256 << 10;

/// Tells the operating system that a file will be read from beginning to end: it then reads in large steps.
pub(crate) fn read_in_order(file: &File) {
    // Advice only: not taking it changes no byte.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = file;
}

/// A file whose read errors are kept: to the verifier they are all one fault, to a user they are not.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    path: PathBuf,
    size: u64,
    progress: Progress,
    error: Option<io::Error>,
    ahead: Option<ReadAhead>,
}

impl FileSource {
    /// Takes an open file; its size is that of now.
    ///
    /// # Errors
    ///
    /// The size can't be found out.
    pub fn new(file: File, path: &Path, progress: Progress) -> Result<Self> {
        let size = file.metadata().map_err(|error| unreadable(path, error))?.len();
        read_in_order(&file);
        Ok(Self { file, path: path.to_owned(), size, progress, error: None, ahead: None })
    }

    /// Opens a plain file.
    ///
    /// # Errors
    ///
    /// It can't be opened, or is none.
    pub fn open(path: &Path, progress: Progress) -> Result<Self> {
        Self::new(open_plain(path)?, path, progress)
    }

    /// The file's size.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.size
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Fills `buffer` from the bytes at `offset`, which must be there.
    ///
    /// # Errors
    ///
    /// They can't be read.
    pub fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(buffer, offset).map_err(|error| unreadable(&self.path, error))?;
        self.progress.advance(buffer.len());
        Ok(())
    }

    /// Calls `with` for the contents of an entry, piece by piece.
    ///
    /// # Errors
    ///
    /// They can't be read, or what `with` returns.
    pub(crate) fn each_piece(&mut self, entry: &Entry, mut with: impl FnMut(Piece, &[u8]) -> Result<()>) -> Result<()> {
        let mut pieces = Pieces::new(&self.file, entry.contents, entry.end());
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.next(&mut bytes).map_err(|error| unreadable(&self.path, error))? {
            self.progress.advance(bytes.len());
            with(piece, &bytes)?;
        }
        Ok(())
    }

    /// What the verifier's error means for a user: a read error of this file is a failure, not a refusal.
    #[must_use]
    pub fn explain(&mut self, error: twinseal_verifier::Error) -> Trouble {
        match self.error.take() {
            Some(cause) => unreadable(&self.path, cause).into(),
            None => error.into(),
        }
    }

    fn fill(&mut self, offset: u64, buffer: &mut [u8]) -> core::result::Result<(), StorageFault> {
        self.read_or_fetch(offset, buffer).map_err(|error| {
            self.error = Some(error);
            StorageFault
        })?;
        self.progress.advance(buffer.len());
        Ok(())
    }

    /// Large reads one after the other are fetched ahead: hashing need not wait for the disk.
    fn read_or_fetch(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if buffer.len() < PIECE {
            return self.file.read_exact_at(buffer, offset);
        }
        if !self.ahead.as_ref().is_some_and(|ahead| ahead.continues_at(offset)) {
            self.ahead = Some(ReadAhead::new(self.file.try_clone()?, offset, self.size));
        }
        match &mut self.ahead {
            Some(ahead) => ahead.fill(offset, buffer),
            None => self.file.read_exact_at(buffer, offset),
        }
    }
}

impl Source for FileSource {
    fn size(&mut self) -> core::result::Result<u64, StorageFault> {
        Ok(self.size)
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> core::result::Result<(), StorageFault> {
        self.fill(offset, buffer)
    }
}

/// The payload files beside an envelope: `c00.bin` and so on in one directory.
#[derive(Debug)]
pub struct PayloadDirectory {
    files: Vec<Option<FileSource>>,
}

impl PayloadDirectory {
    /// Opens the payload files of so many components. A file that is not there is no error yet: the verifier says so.
    ///
    /// # Errors
    ///
    /// A file is there and can't be opened.
    pub fn open(directory: &Path, components: usize, progress: &Progress) -> Result<Self> {
        let mut files = Vec::new();
        for index in (0..u8::MAX).take(components) {
            let path = payload_path(directory, index);
            let there = path.try_exists().map_err(|error| unreadable(&path, error))?;
            files.push(if there { Some(FileSource::open(&path, progress.clone())?) } else { None });
        }
        Ok(Self { files })
    }

    /// As [`FileSource::explain`], for whichever file it was.
    #[must_use]
    pub fn explain(&mut self, error: twinseal_verifier::Error) -> Trouble {
        match self.files.iter_mut().flatten().find(|file| file.error.is_some()) {
            Some(file) => file.explain(error),
            None => error.into(),
        }
    }

    /// The file of a component, if it is there.
    pub fn file(&mut self, component: &Component<'_>) -> Option<&mut FileSource> {
        self.files.get_mut(usize::from(component.index())).and_then(Option::as_mut)
    }
}

impl Storage for PayloadDirectory {
    fn extent(&mut self, component: u8) -> core::result::Result<Option<Extent>, StorageFault> {
        let file = self.files.get(usize::from(component)).and_then(Option::as_ref);
        Ok(file.map(|file| Extent::Exactly(file.size)))
    }

    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> core::result::Result<(), StorageFault> {
        let file = self.files.get_mut(usize::from(component)).and_then(Option::as_mut).ok_or(StorageFault)?;
        file.fill(offset, buffer)
    }
}

/// Where a component's payload lies beside an envelope.
#[must_use]
pub fn payload_path(directory: &Path, component: u8) -> PathBuf {
    directory.join(String::from_utf8_lossy(&payload_name(component)).as_ref())
}
