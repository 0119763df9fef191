//! State records that survive any loss of power (docs/procedure.md, I-2; ADR 28).
//!
//! Three sectors are used in turn: generation *g* lies in sector *g* mod 3, as three equal copies, written one after the other into the sector
//! just erased. After a reset nothing is ever written behind what is there: what looks blank may have been begun. So no unit is written twice
//! between two erasures, whatever was cut.
//!
//! What a cut leaves half written may read one way today and another way tomorrow. That is why a copy alone proves nothing: a
//! second copy that reads well proves that the first is whole, a third that the second is. What is acted upon has a third.

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::StorageFault;

use crate::flash::{self, Appender, whole_units};
use crate::layout::Area;

/// The most bytes that a record can carry.
pub(crate) const MOST_PAYLOAD: usize = 288;

/// What was found, or what was last written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Journal {
    area: Area,
    generation: u32,
    /// Whether three copies of it stand: it can not be lost any more, and may be acted upon.
    settled: bool,
    /// How many marks stand behind it, if it was written since the last reset: only then may there be more.
    marks: Option<u32>,
}

/// What a journal holds.
pub(crate) type Payload = ([u8; MOST_PAYLOAD], usize);

impl Journal {
    /// A journal that holds nothing yet.
    pub(crate) const fn empty(area: Area) -> Self {
        Self { area, generation: 0, settled: false, marks: None }
    }

    /// Finds the record that counts. `Ok(None)`: there is none.
    ///
    /// The newest record counts if a second copy of it reads well. If only its first copy does, it may be torn and was never acted upon; then the
    /// record before it counts, if there is one.
    pub(crate) fn load<F: NorFlash>(flash: &mut F, area: Area) -> Result<Option<(Self, Payload)>, StorageFault> {
        // A record that reads well once and badly the next time is looked for again, but not for ever.
        for _ in 0..LOAD_TRIES {
            let mut faults = 0;
            let mut found = [None; SECTORS];
            for (place, seen) in (0..).zip(&mut found) {
                *seen = Seen::in_sector(flash, area, place, &mut faults);
            }
            let Some(chosen) = choose(&found) else {
                return if faults == 0 { Ok(None) } else { Err(StorageFault) };
            };
            if let Some(payload) = chosen.payload(flash, area) {
                let settled = chosen.level == COPIES.saturating_sub(1);
                return Ok(Some((Self { area, generation: chosen.generation, settled, marks: None }, payload)));
            }
        }
        Err(StorageFault)
    }

    /// Whether what it holds may be acted upon.
    pub(crate) const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Writes a record into the next sector. The one before stays as it is until this one is whole.
    ///
    /// # Errors
    /// The flash could not do it, or does not hold what was written. Whether the record counts is then not known before the next `load`.
    pub(crate) fn write<F: NorFlash>(&mut self, flash: &mut F, payload: &[u8]) -> Result<(), StorageFault> {
        let generation = self.generation.checked_add(1).ok_or(StorageFault)?;
        let sector = sector_of(self.area, generation);
        let (record, size) = encode(generation, payload).ok_or(StorageFault)?;
        let record = record.get(..size).ok_or(StorageFault)?;
        flash::erase(flash, sector)?;
        for copy in 0..COPIES {
            let mut appender = Appender::new(copy_start::<F>(sector, copy));
            appender.push(flash, record)?;
            appender.finish(flash)?;
        }
        for copy in 0..COPIES {
            let mut found = [0; MOST_RECORD];
            let found = found.get_mut(..size).ok_or(StorageFault)?;
            flash::read(flash, copy_start::<F>(sector, copy), found)?;
            if found != record {
                return Err(StorageFault);
            }
        }
        *self = Self { area: self.area, generation, settled: true, marks: Some(0) };
        Ok(())
    }

    /// How many marks fit behind a record.
    pub(crate) fn mark_room<F: NorFlash>(&self) -> u32 {
        let sector = sector_of(self.area, self.generation);
        sector.end().saturating_sub(copy_start::<F>(sector, COPIES)).checked_div(mark_size::<F>()).unwrap_or(0)
    }

    /// Notes a number behind the record; nothing is noted when there is no room, or when the record was not written since the last reset.
    pub(crate) fn mark<F: NorFlash>(&mut self, flash: &mut F, value: u32) -> Result<(), StorageFault> {
        let Some(marks) = self.marks.filter(|marks| *marks < self.mark_room::<F>()) else { return Ok(()) };
        // Whatever comes of it: that place was used.
        self.marks = Some(marks.saturating_add(1));
        let mut appender = Appender::new(self.mark_start::<F>(marks));
        appender.push(flash, &encode_mark(self.generation, value))?;
        appender.finish(flash)
    }

    /// The last number noted behind the record, if there is one. A mark is true whenever it can be read: what it says came before it.
    pub(crate) fn last_mark<F: NorFlash>(&self, flash: &mut F) -> Option<u32> {
        let mut last = None;
        for place in 0..self.mark_room::<F>() {
            let mut found = [0; MARK];
            flash::read(flash, self.mark_start::<F>(place), &mut found).ok()?;
            let value = u32::from_le_bytes(*found.get(4..)?.first_chunk()?);
            if found != encode_mark(self.generation, value) {
                break;
            }
            last = Some(value);
        }
        last
    }

    fn mark_start<F: NorFlash>(&self, place: u32) -> u32 {
        let sector = sector_of(self.area, self.generation);
        copy_start::<F>(sector, COPIES).saturating_add(place.saturating_mul(mark_size::<F>()))
    }
}

/// What reads well in a sector.
#[derive(Clone, Copy, Debug)]
struct Seen {
    generation: u32,
    /// The last copy that reads well: those before it are whole.
    level: u32,
}

impl Seen {
    fn in_sector<F: NorFlash>(flash: &mut F, area: Area, place: u32, faults: &mut u32) -> Option<Self> {
        let mut seen: Option<Self> = None;
        for copy in 0..COPIES {
            match read_copy(flash, sector_at(area, place), copy) {
                Ok(Some((generation, _))) if place_of(generation) == place => {
                    seen = Some(Self { generation, level: copy })
                }
                Ok(_) => {}
                Err(StorageFault) => *faults = faults.saturating_add(1),
            }
        }
        seen
    }

    /// The payload, out of the first copy that reads well now.
    fn payload<F: NorFlash>(&self, flash: &mut F, area: Area) -> Option<Payload> {
        (0..COPIES).find_map(|copy| match read_copy(flash, sector_of(area, self.generation), copy) {
            Ok(Some((generation, payload))) if generation == self.generation => Some(payload),
            _ => None,
        })
    }
}

/// Which record counts.
fn choose(found: &[Option<Seen>; SECTORS]) -> Option<Seen> {
    let newest = found.iter().flatten().max_by_key(|seen| seen.generation)?;
    if newest.level > 0 {
        return Some(*newest);
    }
    let before = found.iter().flatten().filter(|seen| seen.generation < newest.generation);
    Some(*before.max_by_key(|seen| seen.generation).unwrap_or(newest))
}

fn read_copy<F: NorFlash>(flash: &mut F, sector: Area, copy: u32) -> Result<Option<(u32, Payload)>, StorageFault> {
    let mut record = [0; MOST_RECORD];
    flash::read(flash, copy_start::<F>(sector, copy), &mut record)?;
    Ok(decode(&record))
}

fn encode(generation: u32, payload: &[u8]) -> Option<([u8; MOST_RECORD], usize)> {
    let mut record = [0; MOST_RECORD];
    let covered = HEAD.checked_add(payload.len())?;
    let size = covered.checked_add(CHECK)?;
    record.get_mut(..4)?.copy_from_slice(&MAGIC);
    record.get_mut(4..8)?.copy_from_slice(&generation.to_le_bytes());
    record.get_mut(8..HEAD)?.copy_from_slice(&u32::try_from(payload.len()).ok()?.to_le_bytes());
    record.get_mut(HEAD..covered)?.copy_from_slice(payload);
    let check = crc32(record.get(..covered)?);
    record.get_mut(covered..size)?.copy_from_slice(&check.to_le_bytes());
    Some((record, size))
}

fn decode(record: &[u8; MOST_RECORD]) -> Option<(u32, Payload)> {
    let (magic, rest) = record.split_first_chunk()?;
    let (generation, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (generation, payload) = (u32::from_le_bytes(*generation), rest.get(..length)?);
    let check = rest.get(length..)?.first_chunk()?;
    let covered = record.get(..HEAD.checked_add(length)?)?;
    if *magic != MAGIC || generation == 0 || crc32(covered) != u32::from_le_bytes(*check) {
        return None;
    }
    let mut owned = [0; MOST_PAYLOAD];
    owned.get_mut(..length)?.copy_from_slice(payload);
    Some((generation, (owned, length)))
}

fn encode_mark(generation: u32, value: u32) -> [u8; MARK] {
    let mut mark = [0; MARK];
    let fields = [generation, value, 0].map(u32::to_le_bytes);
    for (to, from) in mark.iter_mut().zip(fields.as_flattened()) {
        *to = *from;
    }
    let check = crc32(mark.get(..8).unwrap_or_default()).to_le_bytes();
    for (to, from) in mark.iter_mut().skip(8).zip(check) {
        *to = from;
    }
    mark
}

/// CRC-32 (IEEE 802.3), four bits at a time. It tells torn records from whole ones; nothing trusts it further.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        let entry = usize::try_from(crc & 0xf).ok().and_then(|place| CRC_TABLE.get(place)).copied();
        (crc >> 4) ^ entry.unwrap_or_default()
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| step(step(crc ^ u32::from(*byte))))
}

const CRC_TABLE: [u32; 16] = [
    0x0000_0000,
    0x1db7_1064,
    0x3b6e_20c8,
    0x26d9_30ac,
    0x76dc_4190,
    0x6b6b_51f4,
    0x4db2_6158,
    0x5005_713c,
    0xedb8_8320,
    0xf00f_9344,
    0xd6d6_a3e8,
    0xcb61_b38c,
    0x9b64_c2b0,
    0x86d3_d2d4,
    0xa00a_e278,
    0xbdbd_f21c,
];

/// The three sectors of an area.
pub(crate) fn sectors(area: Area) -> [Area; SECTORS] {
    let size = area.size.checked_div(3).unwrap_or(0);
    [0, 1, 2].map(|place: u32| Area { start: area.start.saturating_add(place.saturating_mul(size)), size })
}

/// Whether three copies and at least one mark fit in a sector.
pub(crate) fn has_room<F: NorFlash>(sector: Area) -> bool {
    copy_start::<F>(sector, COPIES).saturating_add(mark_size::<F>()) <= sector.end()
}

fn sector_of(area: Area, generation: u32) -> Area {
    sector_at(area, place_of(generation))
}

fn sector_at(area: Area, place: u32) -> Area {
    let [first, second, third] = sectors(area);
    match place {
        0 => first,
        1 => second,
        _ => third,
    }
}

const fn place_of(generation: u32) -> u32 {
    match generation.checked_rem(3) {
        Some(place) => place,
        None => 0,
    }
}

fn copy_start<F: NorFlash>(sector: Area, copy: u32) -> u32 {
    let stride = u32::try_from(whole_units::<F>(MOST_RECORD)).unwrap_or(u32::MAX);
    sector.start.saturating_add(copy.saturating_mul(stride))
}

fn mark_size<F: NorFlash>() -> u32 {
    u32::try_from(whole_units::<F>(MARK)).unwrap_or(u32::MAX)
}

const SECTORS: usize = 3;
const COPIES: u32 = 3;
const LOAD_TRIES: u8 = 3;
const MAGIC: [u8; 4] = *b"TSJ1";
/// Magic, generation, length.
const HEAD: usize = 12;
const CHECK: usize = 4;
const MOST_RECORD: usize = 304;
const MARK: usize = 12;
