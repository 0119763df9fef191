//! Verification from a table: what depends on the key alone was computed before (A-hat, NTT(t1 2^d) and tr).
//!
//! A table is words, in the device's byte order, read in place:
//!
//! | words | |
//! |---|---|
//! | 1 | [`MAGIC`]: what it is, and of which layout |
//! | 1 | k, l and omega of the set, a byte each |
//! | 8 | rho, little-endian |
//! | 16 | tr, little-endian |
//! | 6 | 0 |
//! | k (l + 1) 256 | by row: A-hat\[row, 0\], ..., A-hat\[row, l - 1\], NTT(t1\[row\] 2^d), all in 0..q |

use core::fmt;
use core::marker::PhantomData;

use super::encoding::{PublicKey, Signature, unpack_t1, unpack_z};
use super::field::{Montgomery, Q, add, product};
use super::hint::absorb_w1;
use super::message::{Input, key_digest, same_challenge};
use super::ntt::{Poly, Transform as _, Unrolled};
use super::params::{ParameterSet, Sealed};
use super::rows::{self, Rows};
use super::sampling::{Challenge, rej_ntt_poly};
use super::shake::Shake;
use crate::algorithm::BadSeal;

/// A verifying key with its table.
#[derive(Clone, Copy)]
pub struct ExpandedKey<'a, P> {
    key: &'a [u8],
    table: Table<'a>,
    set: PhantomData<P>,
}

/// A table that does not belong to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadTable;

/// How many words the table of a key of this set has.
#[must_use]
pub const fn expanded_words<P: ParameterSet>() -> usize {
    HEADER_WORDS.wrapping_add(polys::<P>().wrapping_mul(256))
}

/// Computes the table of a key.
///
/// # Errors
/// [`BadTable`] if the key is none of this set, or `words` not [`expanded_words`] long.
pub fn expand<P: ParameterSet>(key: &[u8], words: &mut [u32]) -> Result<(), BadTable> {
    let parts = PublicKey::decode::<P>(key).map_err(|_| BadTable)?;
    let (header, rest) = words.split_first_chunk_mut::<HEADER_WORDS>().ok_or(BadTable)?;
    let (places, rest) = rest.as_chunks_mut::<256>();
    if places.len() != polys::<P>() || !rest.is_empty() {
        return Err(BadTable);
    }
    *header = header_of::<P>(key, &parts);
    let mut poly = [0; 256];
    for ((row, column), place) in entries::<P>().zip(places) {
        entry::<P>(&parts, row, column, &mut poly)?;
        for (place, value) in place.iter_mut().zip(&poly) {
            *place = value.cast_unsigned();
        }
    }
    Ok(())
}

impl<'a, P: ParameterSet> ExpandedKey<'a, P> {
    /// A key with a table that came from anywhere: computes every word of it again.
    ///
    /// # Errors
    /// [`BadTable`] unless each is as it has to be.
    pub fn new(key: &'a [u8], words: &'a [u32]) -> Result<Self, BadTable> {
        let this = Self::from_write_protected(key, words)?;
        let parts = PublicKey::decode::<P>(key).map_err(|_| BadTable)?;
        if words.first_chunk() != Some(&header_of::<P>(key, &parts)) {
            return Err(BadTable);
        }
        let mut poly = [0; 256];
        for ((row, column), found) in entries::<P>().zip(this.table.polys) {
            entry::<P>(&parts, row, column, &mut poly)?;
            if poly.iter().map(|value| value.cast_unsigned()).ne(found.iter().copied()) {
                return Err(BadTable);
            }
        }
        Ok(this)
    }

    /// A key with a table in memory that only provisioning or a trust update can write. Whoever can write that memory can make
    /// signatures that are valid here.
    ///
    /// The table's header is held against the set and the key's rho, which tells keys apart that were made as keys are made.
    ///
    /// # Errors
    /// [`BadTable`] if the header says that the table is of another layout, set or key, or the length is another.
    pub fn from_write_protected(key: &'a [u8], words: &'a [u32]) -> Result<Self, BadTable> {
        let parts = PublicKey::decode::<P>(key).map_err(|_| BadTable)?;
        let (header, rest) = words.split_first_chunk::<HEADER_WORDS>().ok_or(BadTable)?;
        let (polys, rest) = rest.as_chunks::<256>();
        let (begin, rho_and_tr) = header.split_first_chunk::<2>().ok_or(BadTable)?;
        let (rho, tr) = rho_and_tr.split_first_chunk::<8>().ok_or(BadTable)?;
        let tr = tr.first_chunk::<16>().ok_or(BadTable)?;
        let same_key =
            parts.rho.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).eq(rho.iter().copied());
        if *begin != [MAGIC, set_word::<P>()] || !same_key || polys.len() != self::polys::<P>() || !rest.is_empty() {
            return Err(BadTable);
        }
        let table = Table { tr, polys, columns: usize::from(P::L) };
        Ok(Self { key, table, set: PhantomData })
    }

    /// The key's bytes.
    #[must_use]
    pub const fn key(&self) -> &'a [u8] {
        self.key
    }

    /// Verifies with z kept: 1 KiB of stack for each of its polynomials, and two more.
    ///
    /// # Errors
    /// [`BadSeal`] if the signature is not valid.
    pub fn verify_fast(&self, input: Input<'_>, signature: &[u8]) -> Result<(), BadSeal> {
        let signature = Signature::decode::<P>(signature)?;
        let mut sponge = Shake::shake256();
        input.absorb(&mut sponge, || self.table.tr())?;
        verify_fast::<P>(&self.table, &mut sponge, &signature)
    }

    /// Verifies with z recomputed for every row: 2 KiB of stack for polynomials.
    ///
    /// # Errors
    /// [`BadSeal`] if the signature is not valid.
    pub fn verify_small(&self, input: Input<'_>, signature: &[u8]) -> Result<(), BadSeal> {
        let signature = Signature::decode::<P>(signature)?;
        let mut sponge = Shake::shake256();
        input.absorb(&mut sponge, || self.table.tr())?;
        rows::verify::<P, _>(&self.table, &mut sponge, &signature)
    }
}

impl<P> fmt::Debug for ExpandedKey<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExpandedKey")
    }
}

#[derive(Clone, Copy)]
struct Table<'a> {
    tr: &'a [u32; 16],
    polys: &'a [[u32; 256]],
    columns: usize,
}

impl<'a> Table<'a> {
    fn tr(&self) -> [u8; 64] {
        let mut tr = [0; 64];
        for (place, word) in tr.as_chunks_mut().0.iter_mut().zip(self.tr) {
            *place = word.to_le_bytes();
        }
        tr
    }

    /// A row: A-hat by columns, then t1.
    fn rows(&self) -> impl Iterator<Item = &'a [[u32; 256]]> {
        self.polys.chunks_exact(self.columns.wrapping_add(1))
    }

    fn poly(&self, row: u8, column: usize) -> Result<&'a [u32; 256], BadSeal> {
        let row = usize::from(row).wrapping_mul(self.columns.wrapping_add(1));
        self.polys.get(row.wrapping_add(column)).ok_or(BadSeal)
    }
}

impl Rows for Table<'_> {
    type Transform = Unrolled;

    fn begin(&self, row: u8, sum: &mut Poly, _: &mut Poly) -> Result<(), BadSeal> {
        let t1 = self.poly(row, self.columns)?;
        let m = Montgomery::new();
        sum.iter_mut().zip(t1).for_each(|(c, t1)| *c = m.multiply(*c, t1.cast_signed()).wrapping_neg());
        Ok(())
    }

    #[inline(never)]
    fn accumulate(&self, row: u8, column: u8, z: &Poly, sum: &mut Poly) -> Result<(), BadSeal> {
        let a = self.poly(row, usize::from(column))?;
        let m = Montgomery::new();
        for ((sum, z), a) in sum.iter_mut().zip(z).zip(a) {
            *sum = add(*sum, m.multiply(*z, a.cast_signed()));
        }
        Ok(())
    }
}

/// Verification with z kept (FIPS 204, Algorithm 8).
#[inline(never)]
fn verify_fast<P: Sealed>(table: &Table<'_>, sponge: &mut Shake, signature: &Signature<'_>) -> Result<(), BadSeal> {
    let mut c = [0; 256];
    let mut challenge = Challenge::new();
    challenge.sample(signature.challenge, P::TAU)?;
    challenge.write(&mut c);
    Unrolled::forward(&mut c);
    // So that a row is one sum of products.
    c.iter_mut().for_each(|value| *value = value.wrapping_neg());
    let mut columns = P::COLUMNS;
    for (column, z) in columns.as_mut().iter_mut().zip(signature.z::<P>()) {
        unpack_z::<P>(z, column)?;
        Unrolled::forward(column);
    }
    let mut w = [0; 256];
    for (row, ones) in table.rows().zip(signature.hint.rows()) {
        row_product(row, columns.as_ref(), &c, &mut w);
        Unrolled::inverse(&mut w);
        absorb_w1::<P>(&mut w, ones, sponge);
    }
    same_challenge(sponge, signature.challenge)
}

/// A row of A-hat z - c-hat t1-hat, with one reduction for each value. `minus_c` is -c-hat.
#[inline(never)]
fn row_product(row: &[[u32; 256]], z: &[Poly], minus_c: &Poly, w: &mut Poly) {
    let m = Montgomery::new();
    for (at, places) in w.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let mut sums = [0_i64; 4];
        for (a, z) in row.iter().zip(z.iter().chain([minus_c])) {
            // Up to eight products below q 9 q: 2^53.
            let (Some(a), Some(z)) = (a.as_chunks::<4>().0.get(at), z.as_chunks::<4>().0.get(at)) else { return };
            for ((sum, a), z) in sums.iter_mut().zip(a).zip(z) {
                *sum = sum.wrapping_add(product(a.cast_signed(), *z));
            }
        }
        *places = sums.map(|sum| m.reduce(sum));
    }
}

/// The header of the table of this key.
fn header_of<P: ParameterSet>(key: &[u8], parts: &PublicKey<'_>) -> [u32; HEADER_WORDS] {
    let mut header = [0; HEADER_WORDS];
    let tr = key_digest(key);
    let bytes = parts.rho.as_chunks::<4>().0.iter().chain(tr.as_chunks::<4>().0);
    let words = [MAGIC, set_word::<P>()].into_iter().chain(bytes.map(|bytes| u32::from_le_bytes(*bytes)));
    header.iter_mut().zip(words).for_each(|(place, word)| *place = word);
    header
}

/// Rows and columns in the table's order; t1 is the last column.
fn entries<P: Sealed>() -> impl Iterator<Item = (u8, u8)> {
    (0..P::K).flat_map(|row| (0..=P::L).map(move |column| (row, column)))
}

/// A polynomial of the table.
fn entry<P: Sealed>(key: &PublicKey<'_>, row: u8, column: u8, poly: &mut Poly) -> Result<(), BadTable> {
    if column < P::L {
        return rej_ntt_poly(key.rho, [row, column], poly, |place, value| *place = value).map_err(|_| BadTable);
    }
    unpack_t1(key.t1.get(usize::from(row)).ok_or(BadTable)?, poly);
    Unrolled::forward(poly);
    poly.iter_mut().for_each(|value| *value = value.rem_euclid(Q));
    Ok(())
}

const fn set_word<P: Sealed>() -> u32 {
    u32::from_le_bytes([P::K, P::L, P::OMEGA.to_le_bytes()[0], 0])
}

#[expect(clippy::as_conversions, reason = "in a constant, `from` can not be called")]
const fn polys<P: Sealed>() -> usize {
    (P::K as usize).wrapping_mul((P::L as usize).wrapping_add(1))
}

/// "TSX" and the layout's number.
const MAGIC: u32 = u32::from_le_bytes(*b"TSX\x01");
const HEADER_WORDS: usize = 32;
