//! A flash that loses power: units that are written once between two erasures, and what a cut inside an operation leaves behind.

use core::fmt;
use core::ops::Range;
use std::cell::RefCell;
use std::rc::Rc;

use twinseal_installer::embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};

use crate::invariants::Seen;

/// What a cut leaves of the unit that was being written or erased, or what goes wrong with it while power stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tear {
    Nothing,
    All,
    FirstHalf,
    SecondHalf,
    /// Each bit is the old one or the new one, for good.
    Mixed,
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
    /// No cut: it and every later one report success and go wrong, until power comes again.
    KeepsLying,
    /// No cut: from the read with that number on, every read reports an error until power comes again.
    ReadsFail,
}

/// What a cut may leave.
pub(crate) const TEARS: [Tear; 7] =
    [Tear::Nothing, Tear::All, Tear::FirstHalf, Tear::SecondHalf, Tear::Mixed, Tear::Unstable, Tear::Unreadable];

/// Faults without a loss of power.
pub(crate) const FAULTS: [Tear; 4] = [Tear::Fails, Tear::KeepsFailing, Tear::Lies, Tear::KeepsLying];

/// What goes wrong in that operation since power came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) at: u32,
    pub(crate) tear: Tear,
}

/// One operation on one unit, and what the test had seen before it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    at: usize,
    new: Vec<u8>,
    pub(crate) seen: Seen,
}

#[derive(Clone, Debug)]
pub(crate) struct Cells {
    bytes: Vec<u8>,
    /// Bits that read either way.
    unstable: Vec<u8>,
    unreadable: Vec<bool>,
    /// How many bytes may be either. Without any, reading is copying.
    odd: usize,
    /// Whether a unit was begun since it was erased.
    begun: Vec<bool>,
    /// Reads, writes and erasures of these places fail, for ever.
    dead: Vec<Range<usize>>,
    write_size: usize,
    erase_size: usize,
    /// What an erased byte reads as.
    blank: u8,
    operations: u32,
    reads: u32,
    /// How often each unit was erased.
    erasures: Vec<u32>,
    cut: Option<Cut>,
    /// The cut, or the fault, has come.
    struck: bool,
    random: u64,
    log: Option<Vec<Operation>>,
    pub(crate) seen: Seen,
}

/// What somebody does to a read: its number since power came, its offset, and what is about to be given back.
pub(crate) type Meddler = Box<dyn FnMut(u32, usize, &mut [u8]) -> Result<(), NorFlashErrorKind>>;

/// A flash with units of W bytes to write, E to erase, R to read. A clone is the same flash; `fork` gives another.
#[derive(Clone)]
pub(crate) struct Flash<const W: usize, const E: usize, const R: usize> {
    cells: Rc<RefCell<Cells>>,
    meddler: Rc<RefCell<Option<Meddler>>>,
}

impl<const W: usize, const E: usize, const R: usize> fmt::Debug for Flash<W, E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flash<{W}, {E}, {R}>")
    }
}

/// A flash of any units, as the tests see it.
pub(crate) trait Chip: NorFlash<Error = NorFlashErrorKind> + Clone + fmt::Debug {
    fn of_size(size: usize, blank: u8) -> Self;
    fn holding(cells: Cells) -> Self;
    fn cells(&self) -> &Rc<RefCell<Cells>>;
    fn meddler(&self) -> &Rc<RefCell<Option<Meddler>>>;

    /// Another flash with the same content, with power on.
    fn fork(&self) -> Self {
        let mut cells = self.cells().borrow().clone();
        cells.power(None);
        Self::holding(cells)
    }

    /// Power comes, and something will go wrong there.
    fn power(&self, cut: Option<Cut>) {
        self.cells().borrow_mut().power(cut);
    }

    /// Whether power was lost or something failed since power came.
    fn is_struck(&self) -> bool {
        self.cells().borrow().struck
    }

    /// Whether something in it reads badly, or differently each time.
    fn is_odd(&self) -> bool {
        let cells = self.cells().borrow();
        cells.is_odd() || !cells.dead.is_empty() || self.meddler().borrow().is_some()
    }

    fn operations(&self) -> u32 {
        self.cells().borrow().operations
    }

    fn reads(&self) -> u32 {
        self.cells().borrow().reads
    }

    /// From now on every operation is noted.
    fn record(&self) {
        self.cells().borrow_mut().log = Some(Vec::new());
    }

    fn recorded(&self) -> Vec<Operation> {
        self.cells().borrow_mut().log.take().expect("it was recorded")
    }

    /// Random bytes, from nobody's hand.
    fn scramble(&self, area: Range<usize>) {
        let mut cells = self.cells().borrow_mut();
        for place in area {
            let byte = cells.random().to_le_bytes()[0];
            cells.bytes[place] = byte;
        }
    }

    /// These places fail from now on, for ever.
    fn kill(&self, area: Range<usize>) {
        self.cells().borrow_mut().dead.push(area);
    }

    fn meddle(&self, meddler: Option<Meddler>) {
        *self.meddler().borrow_mut() = meddler;
    }
}

impl<const W: usize, const E: usize, const R: usize> Chip for Flash<W, E, R> {
    fn of_size(size: usize, blank: u8) -> Self {
        Self::holding(Cells {
            bytes: vec![0xa5; size],
            unstable: vec![0; size],
            unreadable: vec![false; size],
            odd: 0,
            begun: vec![true; size / W],
            dead: Vec::new(),
            write_size: W,
            erase_size: E,
            blank,
            operations: 0,
            reads: 0,
            erasures: vec![0; size / E],
            cut: None,
            struck: false,
            random: 0x7477_696e,
            log: None,
            seen: Seen::default(),
        })
    }

    fn holding(cells: Cells) -> Self {
        Self { cells: Rc::new(RefCell::new(cells)), meddler: Rc::default() }
    }

    fn cells(&self) -> &Rc<RefCell<Cells>> {
        &self.cells
    }

    fn meddler(&self) -> &Rc<RefCell<Option<Meddler>>> {
        &self.meddler
    }
}

impl Cells {
    pub(crate) fn power(&mut self, cut: Option<Cut>) {
        (self.operations, self.reads, self.cut, self.struck) = (0, 0, cut, false);
    }

    pub(crate) fn erasures(&self) -> &[u32] {
        &self.erasures
    }

    /// What was recorded happens again, here: all of it, or what a cut leaves.
    pub(crate) fn replay(&mut self, operation: &Operation, tear: Option<Tear>) {
        let (at, size) = (operation.at, operation.new.len());
        self.seen = operation.seen;
        self.begin(at, size);
        self.apply(at, &operation.new, tear.unwrap_or(Tear::All));
        if tear.is_none() {
            self.end(at, size);
        }
    }

    /// What reads either way will read otherwise.
    pub(crate) fn reseed(&mut self, random: u64) {
        self.random = random;
    }

    pub(crate) fn is_odd(&self) -> bool {
        self.odd > 0
    }

    /// A bit falls over.
    pub(crate) fn flip(&mut self, place: usize) {
        self.bytes[place] ^= 1;
    }

    /// Everything that a reader could tell apart, for finding out whether two flashes are the same.
    pub(crate) fn contents(&self, area: Range<usize>) -> (&[u8], &[u8], &[bool]) {
        (&self.bytes[area.clone()], &self.unstable[area.clone()], &self.unreadable[area])
    }

    /// Whether everything fails after what has come.
    fn is_down(&self) -> bool {
        let recovers = self
            .cut
            .is_some_and(|cut| matches!(cut.tear, Tear::Fails | Tear::Lies | Tear::KeepsLying | Tear::ReadsFail));
        self.struck && !recovers
    }

    fn is_dead(&self, area: &Range<usize>) -> bool {
        self.dead.iter().any(|dead| dead.start < area.end && area.start < dead.end)
    }

    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// A unit to be written or erased is begun: written, it must have been erased, and not begun since. An erasure that is cut counts for nothing.
    fn begin(&mut self, at: usize, size: usize) {
        if size == self.erase_size {
            self.erasures[at / size] += 1;
            self.begun[at / self.write_size..(at + size) / self.write_size].fill(true);
        } else {
            let unit = at / self.write_size;
            assert!(!self.begun[unit], "unit {unit} is written twice");
            self.begun[unit] = true;
        }
    }

    fn end(&mut self, at: usize, size: usize) {
        if size == self.erase_size {
            self.begun[at / self.write_size..(at + size) / self.write_size].fill(false);
        }
    }

    /// One operation on one unit: all of it, or what the cut leaves.
    fn operate(&mut self, at: usize, new: &[u8]) -> Result<(), NorFlashErrorKind> {
        if self.is_down() || self.is_dead(&(at..at + new.len())) {
            return Err(NorFlashErrorKind::Other);
        }
        if let Some(log) = &mut self.log {
            log.push(Operation { at, new: new.to_vec(), seen: self.seen });
        }
        self.begin(at, new.len());
        let cut = self.cut.filter(|cut| {
            let keeps = cut.tear == Tear::KeepsLying && cut.at < self.operations;
            (cut.at == self.operations || keeps) && cut.tear != Tear::ReadsFail
        });
        self.operations += 1;
        self.apply(at, new, cut.map_or(Tear::All, |cut| cut.tear));
        self.struck |= cut.is_some();
        if cut.is_some_and(|cut| !matches!(cut.tear, Tear::Lies | Tear::KeepsLying)) {
            return Err(NorFlashErrorKind::Other);
        }
        self.end(at, new.len());
        Ok(())
    }

    fn apply(&mut self, at: usize, new: &[u8], tear: Tear) {
        let middle = at + new.len() / 2;
        for (place, byte) in (at..).zip(new) {
            let changes = self.bytes[place] ^ byte | self.unstable[place];
            match tear {
                Tear::All => self.settle(place, *byte),
                Tear::FirstHalf if place < middle => self.settle(place, *byte),
                Tear::SecondHalf if place >= middle => self.settle(place, *byte),
                Tear::Mixed => {
                    let flips = self.random().to_le_bytes()[0] & changes;
                    self.settle(place, byte ^ flips);
                }
                Tear::Lies | Tear::KeepsLying if new.len() != self.erase_size => {
                    self.settle(place, byte ^ u8::from(place == at))
                }
                Tear::Unstable => {
                    self.odd += usize::from(self.unstable[place] == 0 && !self.unreadable[place] && changes != 0);
                    self.unstable[place] = changes;
                }
                Tear::Unreadable => {
                    self.odd += usize::from(self.unstable[place] == 0 && !self.unreadable[place]);
                    self.unreadable[place] = true;
                }
                _ => {}
            }
        }
    }

    fn settle(&mut self, place: usize, byte: u8) {
        if self.unstable[place] != 0 || self.unreadable[place] {
            self.odd -= 1;
            (self.unstable[place], self.unreadable[place]) = (0, false);
        }
        self.bytes[place] = byte;
    }

    fn read(&mut self, start: usize, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let fails = self.cut.is_some_and(|cut| cut.tear == Tear::ReadsFail && cut.at <= self.reads);
        self.reads += 1;
        self.struck |= fails;
        let down = self.is_down() && self.cut.is_none_or(|cut| cut.tear != Tear::KeepsFailing);
        let area = start..start + bytes.len();
        if down || fails || self.is_dead(&area) {
            return Err(NorFlashErrorKind::Other);
        }
        bytes.copy_from_slice(&self.bytes[area.clone()]);
        if self.odd == 0 {
            return Ok(());
        }
        if self.unreadable[area].contains(&true) {
            return Err(NorFlashErrorKind::Other);
        }
        // All unstable bits one way, the other way, or each as it likes.
        let whim = self.random() % 3;
        for (place, byte) in (start..).zip(bytes) {
            if self.unstable[place] != 0 && whim > 0 {
                let flips = if whim == 1 { 0xff } else { self.random().to_le_bytes()[0] };
                *byte ^= self.unstable[place] & flips;
            }
        }
        Ok(())
    }
}

impl<const W: usize, const E: usize, const R: usize> ErrorType for Flash<W, E, R> {
    type Error = NorFlashErrorKind;
}

impl<const W: usize, const E: usize, const R: usize> ReadNorFlash for Flash<W, E, R> {
    const READ_SIZE: usize = R;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let start = offset as usize;
        assert!(start.is_multiple_of(R) && bytes.len().is_multiple_of(R), "whole units are read");
        let number = self.cells.borrow().reads;
        self.cells.borrow_mut().read(start, bytes)?;
        self.meddler.borrow_mut().as_mut().map_or(Ok(()), |meddle| meddle(number, start, bytes))
    }

    fn capacity(&self) -> usize {
        self.cells.borrow().bytes.len()
    }
}

impl<const W: usize, const E: usize, const R: usize> NorFlash for Flash<W, E, R> {
    const WRITE_SIZE: usize = W;
    const ERASE_SIZE: usize = E;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let (from, to) = (from as usize, to as usize);
        assert!(from.is_multiple_of(E) && to.is_multiple_of(E) && from <= to, "whole units are erased");
        let mut cells = self.cells.borrow_mut();
        let blank = [cells.blank; E];
        (from..to).step_by(E).try_for_each(|at| cells.operate(at, &blank))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let start = offset as usize;
        assert!(start.is_multiple_of(W) && bytes.len().is_multiple_of(W), "whole units are written");
        let mut cells = self.cells.borrow_mut();
        bytes.chunks(W).zip((start..).step_by(W)).try_for_each(|(unit, at)| cells.operate(at, unit))
    }
}
