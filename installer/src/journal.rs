//! State records that survive any loss of power and the failure of any one sector (docs/procedure.md, I-2; ADR 22).
//!
//! A state stands in two of three sectors, its *halves*: generation 2*p* is the first half of the *p*-th state, 2*p* + 1 the second. To write a
//! state, its first half goes into the sector that holds neither half of the one before; then, once that was read back, its second half over
//! the first half of the one before. Nothing is acted upon before both stand.
//!
//! So there is always one sector besides the one that is being written, and mostly two, that hold what counts. What can not be read is never
//! taken for "nothing". What counts is known all the same:
//!
//! - a first half says that nothing newer than its state was acted upon: the next state's second half is written over it;
//! - a second half says so if one other sector holds no newer half: what is newer and was acted upon has taken both;
//! - while the first half of a state stands, nothing says that the first half of the next one is whole. So the one before counts, and is written
//!   over it before anything is done: that first half may stand only because its erasure was cut, and read otherwise the next time.
//!
//! A second half beside two sectors that can not be read says nothing, and is refused.

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::StorageFault;

use crate::flash::{self, Appender, whole_units};
use crate::layout::Area;
use crate::record::{MARK, MOST_RECORD, Payload, decode, encode, encode_mark};

/// What was found, or what was last written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Journal {
    area: Area,
    /// The number of the state that counts; zero if there is none yet.
    state: u32,
    /// In which sectors its halves stand.
    halves: [Option<usize>; 2],
    /// Where the half that is missing is to be written.
    spare: usize,
    /// How many marks stand behind its second half, if that was written since the last reset: only then may there be more.
    marks: Option<u32>,
    /// Something could not be written. What counts is not known before the next reset, so nothing more is written.
    failed: bool,
}

impl Journal {
    /// Writes the first state of an area that holds none. It is written twice over, so that every sector holds a half from the beginning.
    ///
    /// # Errors
    /// As those of `write`.
    pub(crate) fn begin<F: NorFlash>(flash: &mut F, area: Area, payload: &[u8]) -> Result<Self, StorageFault> {
        let mut this = Self { area, state: 0, halves: [None; 2], spare: 0, marks: None, failed: false };
        this.write(flash, payload)?;
        this.write(flash, payload)?;
        Ok(this)
    }

    /// Finds the state that counts. `Ok(None)`: there is none.
    ///
    /// # Errors
    /// Too little can be read to know.
    pub(crate) fn load<F: NorFlash>(flash: &mut F, area: Area) -> Result<Option<(Self, Payload)>, StorageFault> {
        // What reads well once and badly the next time is looked for again, but not for ever.
        for _ in 0..LOAD_TRIES {
            let found = sectors(area).map(|sector| Seen::in_sector(flash, sector));
            if found == [Seen::NoHalf; SECTORS] {
                return Ok(None);
            }
            if let Some(this) = Self::choose(area, &found)
                && let Some(payload) = this.payload(flash)
            {
                return Ok(Some((this, payload)));
            }
        }
        Err(StorageFault)
    }

    /// What counts, of the halves that can be read; `None` if that can not be known.
    fn choose(area: Area, found: &[Seen; SECTORS]) -> Option<Self> {
        let place = |generation: u32| found.iter().position(|seen| *seen == Seen::Half(generation));
        let newest = found.iter().filter_map(Seen::generation).max()?;
        let (mut state, is_second, mut doubted) = (newest >> 1, newest & 1 == 1, None);
        if is_second {
            let others = found.iter().filter(|seen| seen.generation() != Some(newest));
            if others.into_iter().all(|seen| *seen == Seen::Doubtful) {
                return None;
            }
        } else if state.checked_sub(1).is_some_and(|before| place(first_half(before)).is_some()) {
            (state, doubted) = (state.saturating_sub(1), place(newest));
        }
        let mut halves = [first_half(state), second_half(state)].map(place);
        // What is no half goes first, then the oldest.
        let others = (0..).zip(found).filter(|(place, _)| !halves.contains(&Some(*place)));
        let (mut spare, _) = others.min_by_key(|(_, seen)| seen.generation())?;
        if let (Some(next), [Some(_), Some(_)]) = (doubted, halves) {
            // Its first half may be half erased, and read well only now: it is written anew, over the half that counts for nothing.
            let [_, second] = halves;
            (halves, spare) = ([None, second], next);
        }
        Some(Self { area, state, halves, spare, marks: None, failed: false })
    }

    /// Whether what it holds may be acted upon.
    pub(crate) const fn is_settled(&self) -> bool {
        matches!(self.halves, [Some(_), Some(_)]) && !self.failed
    }

    /// Whether something could not be written since it was loaded.
    pub(crate) const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Writes the half that is missing, if one is.
    ///
    /// # Errors
    /// The flash could not do it. What counts stays as it is.
    pub(crate) fn settle<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), StorageFault> {
        let missing = match self.halves {
            _ if self.failed => return Err(StorageFault),
            [Some(_), Some(_)] => return Ok(()),
            [None, _] => first_half(self.state),
            [_, None] => second_half(self.state),
        };
        let (payload, size) = self.payload(flash).ok_or(StorageFault)?;
        self.failed = true;
        self.put(flash, self.spare, missing, payload.get(..size).ok_or(StorageFault)?)?;
        let spare = Some(self.spare);
        self.halves = match self.halves {
            [None, second] => [spare, second],
            [first, _] => [first, spare],
        };
        self.failed = false;
        Ok(())
    }

    /// Writes a state. The one before stays as it is until the first half of this one is whole.
    ///
    /// # Errors
    /// The flash could not do it, or does not hold what was written. Which state counts is then not known before the next `load`, and until
    /// then nothing more is written.
    pub(crate) fn write<F: NorFlash>(&mut self, flash: &mut F, payload: &[u8]) -> Result<(), StorageFault> {
        let state = self.state.checked_add(1).filter(|state| *state < u32::MAX >> 1).ok_or(StorageFault)?;
        let [first, second] = if self.state == 0 && !self.failed {
            [0, 1]
        } else {
            self.settle(flash)?;
            let [Some(first), Some(second)] = self.halves else { return Err(StorageFault) };
            // The three places add up to three.
            [SECTORS.saturating_sub(first).saturating_sub(second), first]
        };
        self.failed = true;
        self.put(flash, first, first_half(state), payload)?;
        self.put(flash, second, second_half(state), payload)?;
        *self = Self { state, halves: [Some(first), Some(second)], marks: Some(0), failed: false, ..*self };
        Ok(())
    }

    /// Writes a record into a sector, and reads it back.
    fn put<F: NorFlash>(
        &self,
        flash: &mut F,
        place: usize,
        generation: u32,
        payload: &[u8],
    ) -> Result<(), StorageFault> {
        let sector = *sectors(self.area).get(place).ok_or(StorageFault)?;
        let (record, size) = encode(generation, payload).ok_or(StorageFault)?;
        let record = record.get(..size).ok_or(StorageFault)?;
        flash::erase(flash, sector)?;
        let mut appender = Appender::new(sector.start);
        appender.push(flash, record)?;
        appender.finish(flash)?;
        let mut found = [0; MOST_RECORD];
        let found = found.get_mut(..size).ok_or(StorageFault)?;
        flash::read(flash, sector.start, found)?;
        if found == record { Ok(()) } else { Err(StorageFault) }
    }

    /// The payload, out of the first half that reads well now.
    fn payload<F: NorFlash>(&self, flash: &mut F) -> Option<Payload> {
        let wanted = [first_half(self.state), second_half(self.state)];
        self.halves.iter().zip(wanted).find_map(|(place, wanted)| {
            match read(flash, *sectors(self.area).get((*place)?)?) {
                Ok(Some((generation, payload))) if generation == wanted => Some(payload),
                _ => None,
            }
        })
    }

    /// How many marks fit behind a record.
    pub(crate) fn mark_room<F: NorFlash>(&self) -> u32 {
        let [sector, ..] = sectors(self.area);
        sector.end().saturating_sub(marks_start::<F>(sector)).checked_div(mark_size::<F>()).unwrap_or(0)
    }

    /// Notes a number behind the record; nothing is noted when there is no room, or when the record was not written since the last reset.
    pub(crate) fn mark<F: NorFlash>(&mut self, flash: &mut F, value: u32) -> Result<(), StorageFault> {
        let Some(marks) = self.marks.filter(|marks| *marks < self.mark_room::<F>()) else { return Ok(()) };
        // Whatever comes of it: that place was used.
        self.marks = Some(marks.saturating_add(1));
        let mut appender = Appender::new(self.mark_start::<F>(marks).ok_or(StorageFault)?);
        appender.push(flash, &encode_mark(second_half(self.state), value))?;
        appender.finish(flash)
    }

    /// The last number noted behind the record, if there is one. A mark is true whenever it can be read: what it says came before it.
    pub(crate) fn last_mark<F: NorFlash>(&self, flash: &mut F) -> Option<u32> {
        let mut last = None;
        for place in 0..self.mark_room::<F>() {
            let mut found = [0; MARK];
            if flash::read(flash, self.mark_start::<F>(place)?, &mut found).is_err() {
                break;
            }
            let value = u32::from_le_bytes(*found.get(4..)?.first_chunk()?);
            if found != encode_mark(second_half(self.state), value) {
                break;
            }
            last = Some(value);
        }
        last
    }

    fn mark_start<F: NorFlash>(&self, mark: u32) -> Option<u32> {
        let [_, second] = self.halves;
        let sector = *sectors(self.area).get(second?)?;
        Some(marks_start::<F>(sector).saturating_add(mark.saturating_mul(mark_size::<F>())))
    }
}

/// What a sector holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Half(u32),
    /// Something that reads the same twice and is no record: it is erased, or torn.
    NoHalf,
    /// It can not be read, or reads differently each time: it may hold anything.
    Doubtful,
}

impl Seen {
    fn in_sector<F: NorFlash>(flash: &mut F, sector: Area) -> Self {
        let mut records = [[0; MOST_RECORD]; 2];
        for record in &mut records {
            if flash::read(flash, sector.start, record).is_err() {
                return Self::Doubtful;
            }
            if let Some((generation, _)) = decode(record) {
                return Self::Half(generation);
            }
        }
        let [one, two] = records;
        if one == two { Self::NoHalf } else { Self::Doubtful }
    }

    const fn generation(&self) -> Option<u32> {
        match self {
            Self::Half(generation) => Some(*generation),
            Self::NoHalf | Self::Doubtful => None,
        }
    }
}

fn read<F: NorFlash>(flash: &mut F, sector: Area) -> Result<Option<(u32, Payload)>, StorageFault> {
    let mut record = [0; MOST_RECORD];
    flash::read(flash, sector.start, &mut record)?;
    Ok(decode(&record))
}

const fn first_half(state: u32) -> u32 {
    state.saturating_mul(2)
}

const fn second_half(state: u32) -> u32 {
    first_half(state).saturating_add(1)
}

/// The three sectors of an area.
pub(crate) fn sectors(area: Area) -> [Area; SECTORS] {
    let size = area.size.checked_div(3).unwrap_or(0);
    [0, 1, 2].map(|place: u32| Area { start: area.start.saturating_add(place.saturating_mul(size)), size })
}

/// Whether an area is three sectors in each of which a record and at least one mark fit.
pub(crate) fn has_room<F: NorFlash>(area: Area) -> bool {
    let [sector, ..] = sectors(area);
    area.size.is_multiple_of(3) && marks_start::<F>(sector).saturating_add(mark_size::<F>()) <= sector.end()
}

fn marks_start<F: NorFlash>(sector: Area) -> u32 {
    sector.start.saturating_add(u32::try_from(whole_units::<F>(MOST_RECORD)).unwrap_or(u32::MAX))
}

fn mark_size<F: NorFlash>() -> u32 {
    u32::try_from(whole_units::<F>(MARK)).unwrap_or(u32::MAX)
}

const SECTORS: usize = 3;
const LOAD_TRIES: u8 = 3;
