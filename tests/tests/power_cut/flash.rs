//! A flash that loses power: units that are written once between two erasures, and what a cut inside an operation leaves behind.

use core::ops::Range;
use std::cell::RefCell;
use std::rc::Rc;

use twinseal_installer::embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

/// What a cut leaves of the unit that was being written or erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tear {
    Nothing,
    All,
    Half,
    /// Every bit that was to change reads one way or the other, anew at each read.
    Unstable,
    /// The unit can not be read, as where an error-correcting code does not hold.
    Unreadable,
    /// No cut: the operation reports an error and does nothing; the next ones go well.
    Fails,
    /// No cut: it and every later one report errors until power comes again.
    KeepsFailing,
    /// No cut: it reports success; a write is one bit off, an erasure did nothing.
    Lies,
    /// No cut: from the read with that number on, every read reports an error until power comes again.
    ReadsFail,
}

/// Faults without a loss of power.
pub(crate) const FAULTS: [Tear; 3] = [Tear::Fails, Tear::KeepsFailing, Tear::Lies];

pub(crate) const TEARS: [Tear; 5] = [Tear::Nothing, Tear::All, Tear::Half, Tear::Unstable, Tear::Unreadable];

/// Power is lost in that operation since power came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) at: u32,
    pub(crate) tear: Tear,
}

#[derive(Debug)]
struct Cells {
    bytes: Vec<u8>,
    /// Bits that read either way.
    unstable: Vec<u8>,
    unreadable: Vec<bool>,
    /// Whether a unit was begun since it was erased.
    begun: Vec<bool>,
    erase_size: usize,
    operations: u32,
    reads: u32,
    cut: Option<Cut>,
    /// The cut, or the fault, has come.
    struck: bool,
    random: u64,
}

/// A flash with units of W bytes to write, E to erase, R to read.
#[derive(Clone, Debug)]
pub(crate) struct Flash<const W: usize, const E: usize, const R: usize>(Rc<RefCell<Cells>>);

impl<const W: usize, const E: usize, const R: usize> Flash<W, E, R> {
    pub(crate) fn new(size: usize) -> Self {
        Self(Rc::new(RefCell::new(Cells {
            bytes: vec![0xa5; size],
            unstable: vec![0; size],
            unreadable: vec![false; size],
            begun: vec![true; size / W],
            erase_size: E,
            operations: 0,
            reads: 0,
            cut: None,
            struck: false,
            random: 0x7477_696e,
        })))
    }

    /// Power comes, and will be lost there.
    pub(crate) fn power(&self, cut: Option<Cut>) {
        let mut cells = self.0.borrow_mut();
        (cells.operations, cells.reads, cells.cut, cells.struck) = (0, 0, cut, false);
    }

    /// Whether power was lost or something failed since power came.
    pub(crate) fn is_struck(&self) -> bool {
        self.0.borrow().struck
    }

    pub(crate) fn reads(&self) -> u32 {
        self.0.borrow().reads
    }

    /// Random bytes, from nobody's hand.
    pub(crate) fn scramble(&self, area: Range<usize>) {
        let mut cells = self.0.borrow_mut();
        for place in area {
            let byte = cells.random().to_le_bytes()[0];
            cells.bytes[place] = byte;
        }
    }

    pub(crate) fn operations(&self) -> u32 {
        self.0.borrow().operations
    }
}

impl Cells {
    /// Whether everything fails after what has come.
    fn is_dead(&self) -> bool {
        let recovers = self.cut.is_some_and(|cut| matches!(cut.tear, Tear::Fails | Tear::Lies | Tear::ReadsFail));
        self.struck && !recovers
    }

    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// One operation on one unit: all of it, or what the cut leaves.
    fn operate(&mut self, at: usize, new: &[u8]) -> Result<(), NorFlashErrorKind> {
        if self.is_dead() {
            return Err(NorFlashErrorKind::Other);
        }
        let cut = self.cut.filter(|cut| cut.at == self.operations && cut.tear != Tear::ReadsFail);
        self.operations += 1;
        let tear = cut.map_or(Tear::All, |cut| cut.tear);
        for (place, byte) in (at..).zip(new) {
            let changes = self.bytes[place] ^ byte | self.unstable[place];
            match tear {
                Tear::Nothing | Tear::Fails | Tear::KeepsFailing | Tear::ReadsFail => {}
                Tear::Lies if new.len() == self.erase_size => {}
                Tear::Lies => self.bytes[place] = byte ^ u8::from(place == at),
                Tear::All => (self.bytes[place], self.unstable[place], self.unreadable[place]) = (*byte, 0, false),
                Tear::Half if place - at < new.len() / 2 => {
                    (self.bytes[place], self.unstable[place], self.unreadable[place]) = (*byte, 0, false);
                }
                Tear::Half => {}
                Tear::Unstable => self.unstable[place] = changes,
                Tear::Unreadable => self.unreadable[place] = true,
            }
        }
        self.struck |= cut.is_some();
        if cut.is_some_and(|cut| cut.tear != Tear::Lies) { Err(NorFlashErrorKind::Other) } else { Ok(()) }
    }
}

impl<const W: usize, const E: usize, const R: usize> ErrorType for Flash<W, E, R> {
    type Error = NorFlashErrorKind;
}

impl<const W: usize, const E: usize, const R: usize> ReadNorFlash for Flash<W, E, R> {
    const READ_SIZE: usize = R;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let mut cells = self.0.borrow_mut();
        let fails = cells.cut.is_some_and(|cut| cut.tear == Tear::ReadsFail && cut.at <= cells.reads);
        cells.reads += 1;
        cells.struck |= fails;
        let dead = cells.is_dead() && cells.cut.is_none_or(|cut| cut.tear != Tear::KeepsFailing);
        if dead || fails {
            return Err(NorFlashErrorKind::Other);
        }
        let start = offset as usize;
        assert!(start.is_multiple_of(R) && bytes.len().is_multiple_of(R), "whole units are read");
        // All unstable bits one way, the other way, or each as it likes.
        let whim = cells.random() % 3;
        for (place, byte) in (start..).zip(bytes) {
            if cells.unreadable[place] {
                return Err(NorFlashErrorKind::Other);
            }
            let flips = match whim {
                0 => 0,
                1 => 0xff,
                _ if cells.unstable[place] == 0 => 0,
                _ => cells.random().to_le_bytes()[0],
            };
            *byte = cells.bytes[place] ^ (cells.unstable[place] & flips);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl<const W: usize, const E: usize, const R: usize> NorFlash for Flash<W, E, R> {
    const WRITE_SIZE: usize = W;
    const ERASE_SIZE: usize = E;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let (from, to) = (from as usize, to as usize);
        assert!(from.is_multiple_of(E) && to.is_multiple_of(E) && from <= to, "whole units are erased");
        let mut cells = self.0.borrow_mut();
        for at in (from..to).step_by(E) {
            cells.operate(at, &[0xff; E])?;
            cells.begun[at / W..(at + E) / W].fill(false);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let start = offset as usize;
        assert!(start.is_multiple_of(W) && bytes.len().is_multiple_of(W), "whole units are written");
        let mut cells = self.0.borrow_mut();
        for (unit, new) in (start / W..).zip(bytes.chunks(W)) {
            if !cells.is_dead() {
                assert!(!cells.begun[unit], "unit {unit} is written twice");
                cells.begun[unit] = true;
            }
            cells.operate(unit * W, new)?;
        }
        Ok(())
    }
}
