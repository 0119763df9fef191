//! Ed25519 (RFC 8032) for a fixed verifying key, whose multiples lie precomputed in flash (docs/format.md, F-60 to F-65).
//!
//! Everything here is public: key, message and signature. Time and memory accesses depend on them.
//!
//! # The verdict is `verify_strict`'s
//!
//! `ed25519-dalek` 3 refuses a signature (R, S) on M under the key A in this order: S not below L; R not decodable, where y of p or more and a sign for x = 0
//! are let through; R or A of small order; and, with R' = S B - k A and k = SHA-512(R, A, M) mod L, the encoding of R' other
//! bytes than R. Here R is never decoded: S is held against L, R' computed, its encoding compared with the bytes of R, and R' refused if
//! of small order. The conditions are the same:
//!
//! - *If the bytes are equal*, they are the encoding of a point on the curve, so they decode, and to that very point: R is of small order exactly
//!   if R' is. What remains is S and A.
//! - *If they are not*, both refuse, whatever R is: not decodable, not canonical, of small order. In particular no encoding that is not
//!   canonical (y of p or more, x = 0 with a sign) is ever the encoding of R', so dalek refuses each of them too, by its last
//!   step, although it decodes them.
//! - *R' is the same point*: S and k are the same integers below L, both sides multiply by them as integers, and the
//!   addition law has no exceptions. So it would be the same point even for an A with a part of small order.
//! - *A*: a table is made only for keys that are canonical, of the group of prime order and not neutral, as `Ed25519::examine_key`
//!   demands; the hash takes the same 32 bytes that dalek keeps.
//!
//! `verify`, without the strictness, differs where R is of small order; so do implementations that multiply by the cofactor.
//! `differential.rs` compares with both, on each limb width, and shows that it would notice.

use core::fmt;

use sha2::{Digest as _, Sha512};
use twinseal_formats::SealAlgorithm;

use crate::algorithm::{BadSeal, SealVerifier, WeakKey};
use crate::expanded::BadTable;

#[cfg(test)]
mod differential;
mod field;
mod invert;
mod point;
mod scalar;
mod table;
#[cfg(test)]
mod tests;

use field::Field;
use scalar::Scalar;
pub use table::CombSize;
use table::{Table, Teeth};

/// Ed25519 under one key, with its table: an expanded anchor's classical half.
///
/// Same verdict on every message and signature as the adapter `Ed25519` with the key's bytes, in about a quarter of the time.
#[derive(Clone, Copy)]
pub struct ExpandedEd25519<'a> {
    own: Table<'a>,
    base: Table<'static>,
}

impl<'a> ExpandedEd25519<'a> {
    /// An anchor from memory that need not be trusted now, but must not change afterwards: computes every entry anew and compares.
    ///
    /// That takes as long as some hundred verifications and needs no memory for the table.
    ///
    /// # Errors
    /// [`BadTable`], and which part of it.
    pub fn new(table: &'a [u8], key: &[u8], base: BaseComb) -> Result<Self, BadTable> {
        let anchor = Self::from_write_protected(table, key, base)?;
        let teeth = Teeth::<Native>::new(anchor.own.size(), anchor.own.key()).ok_or(BadTable::WeakKey)?;
        if anchor.own.rows().copied().eq(teeth.rows()) { Ok(anchor) } else { Err(BadTable::Entries) }
    }

    /// An anchor from memory that nobody but the provisioning and the boot stage can write.
    ///
    /// The header is held against `key` and the sizes against each other; the entries are believed. **Whoever can change them can forge.** Where that is
    /// not out of the question, and for keys that came with a trust update, [`new`](Self::new) is the constructor.
    ///
    /// # Errors
    /// [`BadTable`], and which part of it.
    pub fn from_write_protected(table: &'a [u8], key: &[u8], base: BaseComb) -> Result<Self, BadTable> {
        let own = Table::parse(table)?;
        if own.key() != key {
            return Err(BadTable::AnotherKey);
        }
        let base = Table::parse(base.bytes)?;
        if own.size() != base.size() {
            return Err(BadTable::AnotherSize);
        }
        Ok(Self { own, base })
    }

    /// Makes the table of a key, handing over its bytes in order, piece by piece; [`CombSize::table_size`] says how many there will be.
    ///
    /// # Errors
    /// [`BadTable::WeakKey`] for exactly the keys that `Ed25519::examine_key` refuses; then nothing was handed over.
    pub fn expand(key: &[u8], size: CombSize, mut piece: impl FnMut(&[u8])) -> Result<(), BadTable> {
        let key = key.try_into().map_err(|_| BadTable::WeakKey)?;
        let teeth = Teeth::<Native>::new(size, key).ok_or(BadTable::WeakKey)?;
        piece(&table::header(size, key));
        for row in teeth.rows() {
            piece(row.as_flattened());
        }
        Ok(())
    }

    /// The verifying key.
    #[must_use]
    pub fn key(&self) -> &'a [u8; 32] {
        self.own.key()
    }

    /// How large its comb is.
    #[must_use]
    pub fn size(&self) -> CombSize {
        self.own.size()
    }

    /// Verifies with limbs of one's choice.
    fn verify_in<F: Field>(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
        let ([r, s], []) = signature.as_chunks::<32>() else {
            return Err(BadSeal);
        };
        let s = Scalar::from_canonical(s).ok_or(BadSeal)?;
        let k = challenge(r, self.key(), message);
        let expected = table::difference::<F>(&self.base, &s, &self.own, &k).ok_or(BadSeal)?;
        if expected.encode() == *r && !expected.is_of_small_order() { Ok(()) } else { Err(BadSeal) }
    }
}

impl SealVerifier for ExpandedEd25519<'_> {
    fn algorithm(&self) -> SealAlgorithm {
        SealAlgorithm::Ed25519
    }

    fn serves(&self, key: &[u8]) -> bool {
        self.key() == key
    }

    /// A table is made for good keys only (F-60), and `new` has looked.
    fn examine_key(&self, key: &[u8]) -> Result<(), WeakKey> {
        if self.serves(key) { Ok(()) } else { Err(WeakKey) }
    }

    fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
        if self.serves(key) { self.verify_in::<Native>(message, signature) } else { Err(BadSeal) }
    }
}

impl fmt::Debug for ExpandedEd25519<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpandedEd25519").field("key", self.key()).field("size", &self.size()).finish()
    }
}

/// k of RFC 8032 section 5.1.7. Apart, so that the hash's memory is free again before the combs need theirs.
#[inline(never)]
fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let mut hasher = Sha512::new();
    for part in [r.as_slice(), key, message] {
        hasher.update(part);
    }
    let digest = hasher.finalize();
    Scalar::from_digest(digest.as_ref())
}

/// The table of the base point, which is the same for all keys: of the same form as a key's, for the encoding of B.
///
/// It is part of the program; a size that is not named is not linked.
#[derive(Clone, Copy)]
pub struct BaseComb {
    bytes: &'static [u8],
}

impl BaseComb {
    /// For anchors with four teeth: 912 bytes.
    pub const TEETH_4: Self = Self { bytes: include_bytes!("ed25519_comb/base4.bin") };
    /// For anchors with five teeth: 1,680 bytes.
    pub const TEETH_5: Self = Self { bytes: include_bytes!("ed25519_comb/base5.bin") };
    /// For anchors with six teeth: 3,216 bytes.
    pub const TEETH_6: Self = Self { bytes: include_bytes!("ed25519_comb/base6.bin") };
    /// For anchors with seven teeth: 6,288 bytes.
    pub const TEETH_7: Self = Self { bytes: include_bytes!("ed25519_comb/base7.bin") };
    /// For anchors with eight teeth: 12,432 bytes.
    pub const TEETH_8: Self = Self { bytes: include_bytes!("ed25519_comb/base8.bin") };
    /// For anchors with nine teeth: 24,720 bytes.
    pub const TEETH_9: Self = Self { bytes: include_bytes!("ed25519_comb/base9.bin") };

    /// The one for anchors of this size. It links all of them: for hosts.
    #[must_use]
    pub const fn of_size(size: CombSize) -> Self {
        match size {
            CombSize::Teeth4 => Self::TEETH_4,
            CombSize::Teeth5 => Self::TEETH_5,
            CombSize::Teeth6 => Self::TEETH_6,
            CombSize::Teeth7 => Self::TEETH_7,
            CombSize::Teeth8 => Self::TEETH_8,
            CombSize::Teeth9 => Self::TEETH_9,
        }
    }
}

impl fmt::Debug for BaseComb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseComb").field("bytes", &self.bytes.len()).finish()
    }
}

/// The limbs that suit the machine.
#[cfg(target_pointer_width = "64")]
type Native = field::Wide;
/// The limbs that suit the machine.
#[cfg(not(target_pointer_width = "64"))]
type Native = field::Narrow;
