//! Verification from a table: what depends on the key alone was computed before (A-hat, NTT(t1 2^d) and tr).
//!
//! A table is words, in the device's byte order, read in place; docs/format.md, section 13, has them one by one.

use core::fmt;
use core::marker::PhantomData;

use super::encoding::{PublicKey, Signature, unpack_t1, unpack_z};
use super::field::{Montgomery, Q, add, product};
use super::hint::absorb_w1;
use super::message::{Input, key_digest, same_challenge};
use super::ntt::{Poly, Suited, Transform as _, Unrolled};
use super::params::{ParameterSet, Sealed};
use super::rows::{self, Rows};
use super::sampling::{Challenge, rej_ntt_poly};
use super::shake::Shake;
use crate::algorithm::{BadSeal, SealVerifier, WeakKey, examine_ml_dsa_key};
use crate::expanded::{BadTable, HEAD_SIZE, head};

/// ML-DSA under one key, with its table: an expanded anchor's post-quantum half.
///
/// Same verdict on every message and signature as the adapter of the parameter set with the key's bytes. `P` is the set; `M` says
/// how much working memory a verification takes, [`Fast`] or [`Small`].
pub struct ExpandedMlDsa<'a, P, M = Fast> {
    key: &'a [u32],
    table: Table<'a>,
    parameters: PhantomData<(P, M)>,
}

/// Makes the table of a key, handing over its words in order, piece by piece; [`ParameterSet::EXPANDED_WORDS`] says how many there will
/// be. It takes 1 KiB of memory, not the table's.
///
/// # Errors
/// [`BadTable::WeakKey`] for exactly the keys that the set's adapter refuses to examine; then nothing was handed over.
pub fn expand_ml_dsa<P: ParameterSet>(key: &[u8], piece: impl FnMut(&[u32])) -> Result<(), BadTable> {
    examine_ml_dsa_key(P::ALGORITHM, key).map_err(|_| BadTable::WeakKey)?;
    expand_unexamined::<P>(key, piece)
}

/// The same for any key, good or not: for vectors, which have keys that no anchor may have.
///
/// # Errors
/// [`BadTable::WeakKey`] for another length than that of a key of this set.
#[doc(hidden)]
pub fn expand_unexamined<P: ParameterSet>(key: &[u8], mut piece: impl FnMut(&[u32])) -> Result<(), BadTable> {
    let parts = PublicKey::decode::<P>(key).map_err(|_| BadTable::WeakKey)?;
    for bytes in [head(FORM, P::ALGORITHM).as_slice(), key, &key_digest(key)] {
        for word in bytes.as_chunks().0 {
            piece(&[u32::from_le_bytes(*word)]);
        }
    }
    let mut poly = [0; 256];
    for (row, column) in entries::<P>() {
        entry::<P>(&parts, row, column, &mut poly)?;
        piece(&poly.map(i32::cast_unsigned));
    }
    Ok(())
}

impl<'a, P: ParameterSet, M: WorkingMemory> ExpandedMlDsa<'a, P, M> {
    /// An anchor from memory that need not be trusted now, but must not change afterwards: computes every word anew and compares.
    ///
    /// That takes as long as two or three verifications without a table.
    ///
    /// # Errors
    /// [`BadTable`], and which part of it.
    pub fn new(table: &'a [u32], key: &[u8]) -> Result<Self, BadTable> {
        let this = Self::from_write_protected(table, key)?;
        let (mut rest, mut same) = (table, true);
        expand_ml_dsa::<P>(key, |piece| match rest.strip_prefix(piece) {
            Some(behind) => rest = behind,
            None => same = false,
        })?;
        if same && rest.is_empty() { Ok(this) } else { Err(BadTable::Entries) }
    }

    /// An anchor from memory that nobody but the provisioning and the boot stage can write.
    ///
    /// The header is held against `key`, parameter set and length; the entries are believed. **Whoever can change them can forge.** Where
    /// that is not out of the question, and for keys that came with a trust update, [`new`](Self::new) is the constructor.
    ///
    /// # Errors
    /// [`BadTable`], and which part of it.
    pub fn from_write_protected(table: &'a [u32], key: &[u8]) -> Result<Self, BadTable> {
        if table.len() != P::EXPANDED_WORDS {
            return Err(BadTable::Length);
        }
        let (begin, rest) = table.split_first_chunk::<HEAD_WORDS>().ok_or(BadTable::Length)?;
        if !same_words(begin, &head(FORM, P::ALGORITHM)) {
            return Err(BadTable::Header);
        }
        let (own_key, rest) = rest.split_at_checked(P::ALGORITHM.key_size() / 4).ok_or(BadTable::Length)?;
        if !same_words(own_key, key) {
            return Err(BadTable::AnotherKey);
        }
        let (tr, polys) = rest.split_first_chunk::<16>().ok_or(BadTable::Length)?;
        let (polys, _) = polys.as_chunks::<256>();
        let table = Table { tr, polys, columns: usize::from(P::L) };
        Ok(Self { key: own_key, table, parameters: PhantomData })
    }

    /// The same as [`SealVerifier::verify`], with the contexts that vectors have.
    ///
    /// # Errors
    /// [`BadSeal`] if the signature is not valid.
    #[doc(hidden)]
    pub fn verify_input(&self, input: Input<'_>, signature: &[u8]) -> Result<(), BadSeal> {
        let signature = Signature::decode::<P>(signature)?;
        let mut sponge = Shake::shake256();
        input.absorb(&mut sponge, || self.table.tr())?;
        M::verify::<P>(&self.table, &mut sponge, &signature)
    }
}

impl<P: ParameterSet, M: WorkingMemory> SealVerifier for ExpandedMlDsa<'_, P, M> {
    fn algorithm(&self) -> twinseal_formats::SealAlgorithm {
        P::ALGORITHM
    }

    fn serves(&self, key: &[u8]) -> bool {
        same_words(self.key, key)
    }

    /// A table is made for good keys only (F-70), and `new` has looked.
    fn examine_key(&self, key: &[u8]) -> Result<(), WeakKey> {
        if self.serves(key) { Ok(()) } else { Err(WeakKey) }
    }

    fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
        if self.serves(key) { self.verify_input(Input::sealed(message), signature) } else { Err(BadSeal) }
    }
}

impl<P: ParameterSet, M> fmt::Debug for ExpandedMlDsa<'_, P, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpandedMlDsa").field("algorithm", &P::ALGORITHM).finish_non_exhaustive()
    }
}

/// How much working memory a verification from a table takes.
pub trait WorkingMemory: Copy + Send + Sync + 'static + Kept {}

/// Keeps z: 1 KiB of stack for each of its polynomials, and one more.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a name; there is no value of it")]
pub enum Fast {}

/// Computes z again for every row: 2 KiB of stack for polynomials.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a name; there is no value of it")]
pub enum Small {}

impl WorkingMemory for Fast {}
impl WorkingMemory for Small {}

/// What a working memory does.
#[expect(unnameable_types, private_interfaces, reason = "so that nobody adds a third")]
pub trait Kept {
    fn verify<P: Sealed>(table: &Table<'_>, sponge: &mut Shake, signature: &Signature<'_>) -> Result<(), BadSeal>;
}

#[expect(private_interfaces, reason = "so that nobody adds a third")]
impl Kept for Fast {
    fn verify<P: Sealed>(table: &Table<'_>, sponge: &mut Shake, signature: &Signature<'_>) -> Result<(), BadSeal> {
        verify_fast::<P>(table, sponge, signature)
    }
}

#[expect(private_interfaces, reason = "so that nobody adds a third")]
impl Kept for Small {
    fn verify<P: Sealed>(table: &Table<'_>, sponge: &mut Shake, signature: &Signature<'_>) -> Result<(), BadSeal> {
        rows::verify::<P, _>(table, sponge, signature)
    }
}

/// Whether these words are those bytes, little-endian, and no more.
#[inline(never)]
fn same_words(words: &[u32], bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks();
    rest.is_empty()
        && words.len() == chunks.len()
        && words.iter().zip(chunks).all(|(w, b)| *w == u32::from_le_bytes(*b))
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
        // Not `chunks_exact`, which panics at 0: a size that is read from memory is no constant to the compiler.
        let (mut rest, size) = (self.polys, self.columns.wrapping_add(1));
        core::iter::from_fn(move || {
            let (row, behind) = rest.split_at_checked(size)?;
            rest = behind;
            Some(row)
        })
    }

    fn poly(&self, row: u8, column: usize) -> Result<&'a [u32; 256], BadSeal> {
        let row = usize::from(row).wrapping_mul(self.columns.wrapping_add(1));
        self.polys.get(row.wrapping_add(column)).ok_or(BadSeal)
    }
}

impl Rows for Table<'_> {
    type Transform = Suited;

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

/// Verification with z kept (FIPS 204, Algorithm 8). On a device c is made again for every row, which costs little and saves a
/// polynomial; a host has the memory.
#[inline(never)]
fn verify_fast<P: Sealed>(table: &Table<'_>, sponge: &mut Shake, signature: &Signature<'_>) -> Result<(), BadSeal> {
    let mut challenge = Challenge::new();
    challenge.sample(signature.challenge, P::TAU)?;
    let mut columns = P::COLUMNS;
    for (column, z) in columns.as_mut().iter_mut().zip(signature.z::<P>()) {
        unpack_z::<P>(z, column)?;
        Unrolled::forward(column);
    }
    let mut w = [0; 256];
    #[cfg(target_pointer_width = "64")]
    let c = transformed(&challenge);
    for (row, ones) in table.rows().zip(signature.hint.rows()) {
        #[cfg(target_pointer_width = "64")]
        w.copy_from_slice(&c);
        #[cfg(not(target_pointer_width = "64"))]
        {
            challenge.write(&mut w);
            Unrolled::forward(&mut w);
        }
        row_product(row, columns.as_ref(), &mut w);
        Unrolled::inverse(&mut w);
        absorb_w1::<P>(&mut w, ones, sponge);
    }
    same_challenge::<P>(sponge, signature.challenge)
}

/// c-hat.
#[cfg(target_pointer_width = "64")]
fn transformed(challenge: &Challenge) -> Poly {
    let mut c = [0; 256];
    challenge.write(&mut c);
    Unrolled::forward(&mut c);
    c
}

/// A row of A-hat z - c-hat t1-hat, with one reduction for each value; c-hat is in `w`.
#[inline(never)]
fn row_product(row: &[[u32; 256]], z: &[Poly], w: &mut Poly) {
    let m = Montgomery::new();
    let Some((t1, row)) = row.split_last() else { return };
    for (at, places) in w.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let Some(t1) = t1.as_chunks::<4>().0.get(at) else { return };
        let mut sums = [0_i64; 4];
        for ((sum, c), t1) in sums.iter_mut().zip(&*places).zip(t1) {
            *sum = product(c.wrapping_neg(), t1.cast_signed());
        }
        for (a, z) in row.iter().zip(z) {
            // Up to eight products below q 9 q: 2^53.
            let (Some(a), Some(z)) = (a.as_chunks::<4>().0.get(at), z.as_chunks::<4>().0.get(at)) else { return };
            for ((sum, a), z) in sums.iter_mut().zip(a).zip(z) {
                *sum = sum.wrapping_add(product(a.cast_signed(), *z));
            }
        }
        *places = sums.map(|sum| m.reduce(sum));
    }
}

/// Rows and columns in the table's order; t1 is the last column.
fn entries<P: Sealed>() -> impl Iterator<Item = (u8, u8)> {
    (0..P::K).flat_map(|row| (0..=P::L).map(move |column| (row, column)))
}

/// A polynomial of the table.
fn entry<P: Sealed>(key: &PublicKey<'_>, row: u8, column: u8, poly: &mut Poly) -> Result<(), BadTable> {
    if column < P::L {
        return rej_ntt_poly(key.rho, [row, column], poly, |place, value| *place = value)
            .map_err(|_| BadTable::Entries);
    }
    unpack_t1(key.t1.get(usize::from(row)).ok_or(BadTable::Entries)?, poly);
    Unrolled::forward(poly);
    poly.iter_mut().for_each(|value| *value = value.rem_euclid(Q));
    Ok(())
}

/// How many words a table has.
#[expect(clippy::as_conversions, reason = "in a constant, `from` can not be called")]
pub(super) const fn words<P: Sealed>(key_size: usize) -> usize {
    let polys = (P::K as usize).wrapping_mul((P::L as usize).wrapping_add(1));
    HEAD_WORDS.wrapping_add(key_size / 4).wrapping_add(16).wrapping_add(polys.wrapping_mul(256))
}

/// There is one, and combs have others.
const FORM: u8 = 0;
const HEAD_WORDS: usize = HEAD_SIZE / 4;
