//! Files and partitions as the flash that the installer writes to, with the order that survives a loss of power.
//!
//! What the state says is on the medium before anything follows from it: each of its writes is synchronised, and before it, all that was
//! written to slots. What is read back was synchronised, and the kernel was asked to forget its copy, so that it comes from the medium.
//! A file is written over in place, so nothing is erased but state: a record must not stand among the remains of older ones.

use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use twinseal_installer::Area;
use twinseal_installer::embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

use crate::error::{Failure, name};
use crate::output::unwritable;

/// The unit that areas begin on and resuming goes by.
pub(super) const UNIT: u32 = 64 << 10;

/// A file or partition, and where it lies among the flash's addresses.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) file: File,
    pub(super) area: Area,
    /// Whether its writes are ordered: it holds state.
    pub(super) is_state: bool,
    /// Whether something of it may be in the kernel's memory only.
    pub(super) unsynced: Cell<bool>,
}

/// The parts, one behind the other.
#[derive(Clone, Debug)]
pub(crate) struct FileFlash(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    parts: Vec<Part>,
    trouble: RefCell<Option<Failure>>,
}

/// Why the flash could not do it; what the operating system says is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlashFault;

impl NorFlashError for FlashFault {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl FileFlash {
    pub(super) fn new(parts: Vec<Part>) -> Self {
        Self(Rc::new(Shared { parts, trouble: RefCell::new(None) }))
    }

    /// What the operating system said when something last failed.
    pub(super) fn take_trouble(&self) -> Option<Failure> {
        self.0.trouble.take()
    }

    /// The part in which these addresses lie, and where in it.
    fn part(&self, at: u32, size: usize) -> Result<(&Part, u64), FlashFault> {
        let size = u32::try_from(size).map_err(|_| FlashFault)?;
        let end = at.checked_add(size).ok_or(FlashFault)?;
        let holds = |part: &&Part| {
            part.area.start <= at && part.area.start.checked_add(part.area.size).is_some_and(|limit| end <= limit)
        };
        let part = self.0.parts.iter().find(holds).ok_or(FlashFault)?;
        Ok((part, u64::from(at.saturating_sub(part.area.start))))
    }

    /// Keeps what went wrong.
    fn keep<T>(&self, outcome: io::Result<T>, failure: impl FnOnce(io::Error) -> Failure) -> Result<T, FlashFault> {
        outcome.map_err(|error| {
            *self.0.trouble.borrow_mut() = Some(failure(error));
            FlashFault
        })
    }

    /// What was written to a part is on the medium, and is read from there.
    fn synchronise(&self, part: &Part) -> Result<(), FlashFault> {
        if !part.unsynced.get() {
            return Ok(());
        }
        self.keep(part.file.sync_data(), |error| unwritable(&part.path, error))?;
        part.unsynced.set(false);
        forget(&part.file);
        Ok(())
    }

    fn write_at(&self, at: u32, bytes: &[u8]) -> Result<(), FlashFault> {
        let (part, offset) = self.part(at, bytes.len())?;
        if part.is_state {
            self.0.parts.iter().try_for_each(|other| self.synchronise(other))?;
        }
        part.unsynced.set(true);
        self.keep(part.file.write_all_at(bytes, offset), |error| unwritable(&part.path, error))?;
        if part.is_state { self.synchronise(part) } else { Ok(()) }
    }
}

/// Asks the kernel to forget its copy of what is on the medium.
fn forget(file: &File) {
    // Advice: where it is not taken, reading back reads what the kernel says is there.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = file;
}

impl ErrorType for FileFlash {
    type Error = FlashFault;
}

impl ReadNorFlash for FileFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFault> {
        let (part, place) = self.part(offset, bytes.len())?;
        self.synchronise(part)?;
        self.keep(part.file.read_exact_at(bytes, place), |error| {
            Failure::new(format!("{}: can not be read", name(&part.path))).because(error)
        })
    }

    fn capacity(&self) -> usize {
        let end = self.0.parts.last().map_or(0, |part| part.area.start.saturating_add(part.area.size));
        usize::try_from(end).unwrap_or(usize::MAX)
    }
}

impl NorFlash for FileFlash {
    /// So few marks of a reception fit behind a record that synchronising them does not cost more than writing.
    const WRITE_SIZE: usize = 256;
    const ERASE_SIZE: usize = 64 << 10;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashFault> {
        let size = usize::try_from(to.checked_sub(from).ok_or(FlashFault)?).map_err(|_| FlashFault)?;
        if !self.part(from, size)?.0.is_state {
            return Ok(());
        }
        self.write_at(from, &vec![0xff; size])
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFault> {
        self.write_at(offset, bytes)
    }
}
