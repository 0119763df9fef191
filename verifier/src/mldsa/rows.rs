//! Verification row by row (FIPS 204, Algorithm 8): in two polynomials of memory, or with z kept.

use super::encoding::{Signature, unpack_z};
use super::field::reduce;
use super::hint::absorb_w1;
use super::message::same_challenge;
use super::ntt::{Poly, Transform, Unrolled};
use super::params::Sealed;
use super::sampling::Challenge;
use super::shake::Shake;
use crate::algorithm::BadSeal;

/// Where A-hat and t1 come from. Products lack a factor 2^32.
pub(super) trait Rows {
    /// How polynomials are transformed.
    type Transform: Transform;

    /// Replaces c-hat in `sum` by minus its product with NTT(t1\[row\] 2^d).
    fn begin(&self, row: u8, sum: &mut Poly, scratch: &mut Poly) -> Result<(), BadSeal>;

    /// Adds the product of A-hat\[row, column\] and `z`.
    fn accumulate(&self, row: u8, column: u8, z: &Poly, sum: &mut Poly) -> Result<(), BadSeal>;
}

/// Whether the signature is one of the mu in the sponge; z is decoded and transformed again for every row.
///
/// # Errors
/// [`BadSeal`] if not.
#[inline(never)]
pub(super) fn verify<P: Sealed, R: Rows>(
    rows: &R,
    sponge: &mut Shake,
    signature: &Signature<'_>,
) -> Result<(), BadSeal> {
    let mut challenge = Challenge::new();
    challenge.sample(signature.challenge, P::TAU)?;
    let (mut sum, mut scratch) = ([0; 256], [0; 256]);
    for (row, ones) in (0..P::K).zip(signature.hint.rows()) {
        challenge.write(&mut sum);
        R::Transform::forward(&mut sum);
        rows.begin(row, &mut sum, &mut scratch)?;
        for (column, z) in (0..P::L).zip(signature.z::<P>()) {
            unpack_z::<P>(z, &mut scratch)?;
            R::Transform::forward(&mut scratch);
            rows.accumulate(row, column, &scratch, &mut sum)?;
        }
        // Up to eight terms, each below q.
        sum.iter_mut().for_each(|value| *value = reduce(*value));
        R::Transform::inverse(&mut sum);
        absorb_w1::<P>(&mut sum, ones, sponge);
    }
    same_challenge::<P>(sponge, signature.challenge)
}

/// The same, with c-hat and z kept: for machines where a few KiB of stack are nothing.
///
/// # Errors
/// [`BadSeal`] if not.
pub(super) fn verify_keeping_z<P: Sealed, R: Rows>(
    rows: &R,
    sponge: &mut Shake,
    signature: &Signature<'_>,
) -> Result<(), BadSeal> {
    let mut c = [0; 256];
    let mut challenge = Challenge::new();
    challenge.sample(signature.challenge, P::TAU)?;
    challenge.write(&mut c);
    Unrolled::forward(&mut c);
    let mut columns = P::COLUMNS;
    for (column, z) in columns.as_mut().iter_mut().zip(signature.z::<P>()) {
        unpack_z::<P>(z, column)?;
        Unrolled::forward(column);
    }
    let mut scratch = [0; 256];
    for (row, ones) in (0..P::K).zip(signature.hint.rows()) {
        let mut sum = c;
        rows.begin(row, &mut sum, &mut scratch)?;
        for (column, z) in (0..P::L).zip(columns.as_ref()) {
            rows.accumulate(row, column, z, &mut sum)?;
        }
        sum.iter_mut().for_each(|value| *value = reduce(*value));
        Unrolled::inverse(&mut sum);
        absorb_w1::<P>(&mut sum, ones, sponge);
    }
    same_challenge::<P>(sponge, signature.challenge)
}
