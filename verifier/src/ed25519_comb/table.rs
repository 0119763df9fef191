//! Tables of a fixed point for combs (docs/format.md, F-60 to F-65), and how they are walked through and made.
//!
//! With t teeth, c columns and n = t c binary digits, a scalar's digits lie in t rows of c; a column is one digit of every row. All
//! digits are 1 or -1: with k = 2 h + 1, those are the bits of h + 2^(n - 1), a 0 standing for -1. So each column adds an entry or its negative,
//! and the table is half as long. An even scalar is made odd by adding 1, and the point is taken off again at the end. All this holds
//! for integers, not only modulo L: for a point of any order the comb gives what a double-and-add would.

use twinseal_formats::SealAlgorithm;

use super::field::Field;
use super::point::{Entry, Point};
use super::scalar::Scalar;
use crate::expanded::{BadTable, HEAD_SIZE, head};

/// How many teeth a comb has: more are faster, and each doubles the table.
///
/// | teeth | columns | table, bytes |
/// |---|---|---|
/// | 4 | 64 | 912 |
/// | 5 | 51 | 1,680 |
/// | 6 | 43 | 3,216 |
/// | 7 | 37 | 6,288 |
/// | 8 | 32 | 12,432 |
/// | 9 | 29 | 24,720 |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CombSize {
    /// Four teeth.
    Teeth4,
    /// Five teeth.
    Teeth5,
    /// Six teeth.
    Teeth6,
    /// Seven teeth.
    Teeth7,
    /// Eight teeth.
    Teeth8,
    /// Nine teeth.
    Teeth9,
}

impl CombSize {
    /// Every size, the smallest first.
    pub const ALL: [Self; 6] = [Self::Teeth4, Self::Teeth5, Self::Teeth6, Self::Teeth7, Self::Teeth8, Self::Teeth9];

    /// The size with so many teeth, if there is one.
    #[must_use]
    pub fn from_teeth(teeth: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.teeth() == teeth)
    }

    /// How many teeth.
    #[must_use]
    pub const fn teeth(self) -> u8 {
        match self {
            Self::Teeth4 => 4,
            Self::Teeth5 => 5,
            Self::Teeth6 => 6,
            Self::Teeth7 => 7,
            Self::Teeth8 => 8,
            Self::Teeth9 => 9,
        }
    }

    /// How many columns: the fewest with which teeth times columns reach 253, the bits of L.
    pub(super) const fn columns(self) -> u8 {
        match self {
            Self::Teeth4 => 64,
            Self::Teeth5 => 51,
            Self::Teeth6 => 43,
            Self::Teeth7 => 37,
            Self::Teeth8 => 32,
            Self::Teeth9 => 29,
        }
    }

    /// How many entries the comb itself has: one for each choice of signs below the highest tooth.
    const fn entries(self) -> u16 {
        match self {
            Self::Teeth4 => 8,
            Self::Teeth5 => 16,
            Self::Teeth6 => 32,
            Self::Teeth7 => 64,
            Self::Teeth8 => 128,
            Self::Teeth9 => 256,
        }
    }

    /// The length of an expanded anchor in bytes, with its header.
    #[must_use]
    pub const fn table_size(self) -> usize {
        match self {
            Self::Teeth4 => 912,
            Self::Teeth5 => 1680,
            Self::Teeth6 => 3216,
            Self::Teeth7 => 6288,
            Self::Teeth8 => 12432,
            Self::Teeth9 => 24720,
        }
    }
}

/// The header of an expanded anchor (F-61).
pub(super) fn header(size: CombSize, key: &[u8; 32]) -> [u8; HEADER_SIZE] {
    let mut header = [0; HEADER_SIZE];
    if let Some(place) = header.first_chunk_mut() {
        *place = head(size.teeth(), SealAlgorithm::Ed25519);
    }
    if let Some(place) = header.last_chunk_mut() {
        *place = *key;
    }
    header
}

/// A table, where it lies: framed, and no more known about it.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    size: CombSize,
    key: &'a [u8; 32],
    /// The point itself.
    own: &'a Entry,
    /// One for each choice of signs.
    entries: &'a [Entry],
}

impl<'a> Table<'a> {
    /// Looks at the header and at the length.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, BadTable> {
        let (head, rest) = bytes.split_first_chunk::<HEADER_SIZE>().ok_or(BadTable::Length)?;
        let [_, _, _, _, _, teeth, ..] = head;
        let size = CombSize::from_teeth(*teeth).ok_or(BadTable::Header)?;
        let key = head.last_chunk().ok_or(BadTable::Header)?;
        if header(size, key) != *head {
            return Err(BadTable::Header);
        }
        let (parts, tail) = rest.as_chunks::<32>();
        let (entries, others) = parts.as_chunks::<3>();
        let (own, entries) = entries.split_first().ok_or(BadTable::Length)?;
        if bytes.len() != size.table_size() || !tail.is_empty() || !others.is_empty() {
            return Err(BadTable::Length);
        }
        Ok(Self { size, key, own, entries })
    }

    pub(super) fn size(&self) -> CombSize {
        self.size
    }

    pub(super) fn key(&self) -> &'a [u8; 32] {
        self.key
    }

    /// All entries in the order of the table.
    pub(super) fn rows(&self) -> impl Iterator<Item = &'a Entry> {
        core::iter::once(self.own).chain(self.entries)
    }

    /// What a column of this scalar adds: an entry, and whether its negative. `None` can not occur: the table has an entry for each choice of signs.
    fn entry(&self, scalar: &Scalar, column: u8) -> Option<(&'a Entry, bool)> {
        let columns = u32::from(self.size.columns());
        let highest = u32::from(self.size.teeth()).wrapping_sub(1);
        let last = columns.wrapping_mul(highest.wrapping_add(1)).wrapping_sub(1);
        // From the highest tooth down; bit i of the digits is bit i + 1 of the scalar, and the last one is 1.
        let mut at = u32::from(column).wrapping_add(columns.wrapping_mul(highest));
        let positive = at == last || scalar.bit(at.wrapping_add(1)) == 1;
        let mut index = 0;
        for _ in 0..highest {
            at = at.wrapping_sub(columns);
            index = (index << 1) | scalar.bit(at.wrapping_add(1));
        }
        if !positive {
            index ^= (1_u32 << highest).wrapping_sub(1);
        }
        Some((self.entries.get(usize::try_from(index).ok()?)?, !positive))
    }
}

/// `s B - k A`, without T, from the tables of B and A; both combs go through their columns together and share the doublings.
///
/// `None` can not occur, and if it did, nothing would be accepted.
#[inline(never)]
pub(super) fn difference<F: Field>(base: &Table<'_>, s: &Scalar, own: &Table<'_>, k: &Scalar) -> Option<Point<F>> {
    let mut point = Point::NEUTRAL;
    for column in (0..own.size.columns()).rev() {
        point = point.double().finish();
        let (entry, negative) = base.entry(s, column)?;
        point = point.add_entry(entry, negative).finish();
        let (entry, negative) = own.entry(k, column)?;
        let sum = point.add_entry(entry, !negative);
        point = if column == 0 { sum.finish() } else { sum.finish_without_t() };
    }
    if s.is_even() {
        point = point.add_entry(base.own, true).finish();
    }
    if k.is_even() {
        point = point.add_entry(own.own, false).finish();
    }
    Some(point)
}

/// What a table is made of: the point times 2^(c j) for each tooth j.
pub(super) struct Teeth<F> {
    size: CombSize,
    points: [Point<F>; MOST_TEETH],
}

impl<F: Field> Teeth<F> {
    /// The teeth of a key's comb.
    ///
    /// `None` if the key is not the encoding of a point, not canonical, of small order, or not in the group of prime order.
    pub(super) fn new(size: CombSize, key: &[u8; 32]) -> Option<Self> {
        let point = Point::<F>::decode(key)?;
        let good = !point.is_of_small_order() && times_order(&point).is_neutral();
        good.then(|| Self::of_point(size, point))
    }

    /// The teeth of any point's comb.
    pub(super) fn of_point(size: CombSize, point: Point<F>) -> Self {
        let mut points = [point; MOST_TEETH];
        let mut next = point;
        for tooth in points.iter_mut().take(usize::from(size.teeth())) {
            *tooth = next;
            for _ in 0..size.columns() {
                next = next.double().finish();
            }
        }
        Self { size, points }
    }

    /// The entries in the order of the table: the point itself, then one for each choice of signs.
    pub(super) fn rows(&self) -> impl Iterator<Item = Entry> {
        let [own, ..] = self.points;
        core::iter::once(own.to_entry()).chain((0..self.size.entries()).map(|signs| self.row(signs)))
    }

    /// The highest tooth, and the others added where the bit of `signs` is 1, subtracted where it is 0.
    fn row(&self, signs: u16) -> Entry {
        let highest = usize::from(self.size.teeth()).wrapping_sub(1);
        let mut teeth = self.points.iter().take(highest.wrapping_add(1)).rev();
        let mut sum = teeth.next().copied().unwrap_or(Point::NEUTRAL);
        for (below, tooth) in teeth.enumerate() {
            let tooth_number = highest.wrapping_sub(1).wrapping_sub(below);
            sum = sum.add(tooth, (signs >> (tooth_number & 15)) & 1 == 0);
        }
        sum.to_entry()
    }
}

/// L times a point, by doubling and adding.
fn times_order<F: Field>(point: &Point<F>) -> Point<F> {
    let mut result = Point::NEUTRAL;
    for at in (0..253).rev() {
        result = result.double().finish();
        if Scalar::ORDER.bit(at) == 1 {
            result = result.add(point, false);
        }
    }
    result
}

/// Bytes of the header (F-61).
pub(super) const HEADER_SIZE: usize = HEAD_SIZE.wrapping_add(32);

const MOST_TEETH: usize = 9;
