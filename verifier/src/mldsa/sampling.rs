//! Pseudorandom polynomials (FIPS 204, section 7.3): SampleInBall and RejNTTPoly.
//!
//! The standard's loops may run for ever. These stop, beyond the limits that its Appendix C demands, and what is verified is then
//! refused; the probability is below 2^-256, and whoever finds such an input has found that much about SHAKE.

use super::field::Q;
use super::keccak::Lane as _;
use super::ntt::Poly;
use super::shake::Shake;
use crate::algorithm::BadSeal;

/// The challenge c: its coefficients that are not 0.
pub(super) struct Challenge {
    /// Where they are; the first `count` count.
    positions: [u8; MAX_TAU],
    count: u8,
    /// For each of them, from the lowest bit up: whether it is -1.
    negative: [u32; 2],
}

impl Challenge {
    /// No challenge yet: the polynomial 0.
    pub(super) fn new() -> Self {
        Self { positions: [0; MAX_TAU], count: 0, negative: [0; 2] }
    }

    /// SampleInBall (FIPS 204, Algorithm 29). Reads at most [`MAX_BALL_BYTES`].
    ///
    /// # Errors
    /// [`BadSeal`] if those were not enough.
    #[inline(never)]
    pub(super) fn sample(&mut self, seed: &[u8], tau: u8) -> Result<(), BadSeal> {
        let mut shake = Shake::shake256();
        shake.absorb(seed);
        shake.finish();
        for sign in &mut self.negative {
            *sign = u32::from_le_bytes([(); 4].map(|()| shake.byte()));
        }
        self.count = 0;
        // The first i for which a position is drawn is 256 - tau.
        let mut i = 0_u8.wrapping_sub(tau);
        for _ in 8..MAX_BALL_BYTES {
            let j = shake.byte();
            if j > i {
                continue;
            }
            self.place(i, j);
            if i == 255 {
                return Ok(());
            }
            i = i.wrapping_add(1);
        }
        Err(BadSeal)
    }

    /// What is at j goes to i; a new one comes to j.
    fn place(&mut self, i: u8, j: u8) {
        let (placed, free) = self.positions.split_at_mut(usize::from(self.count).min(MAX_TAU));
        if let Some(occupied) = placed.iter_mut().find(|position| **position == j) {
            *occupied = i;
        }
        if let [next, ..] = free {
            *next = j;
            self.count = self.count.wrapping_add(1);
        }
    }

    /// The polynomial.
    #[inline(never)]
    pub(super) fn write(&self, poly: &mut Poly) {
        poly.fill(0);
        let [mut signs, mut more] = self.negative;
        for position in self.positions.iter().take(usize::from(self.count)) {
            if let Some(coefficient) = poly.get_mut(usize::from(*position)) {
                *coefficient = if signs & 1 == 0 { 1 } else { -1 };
            }
            (signs, more) = ((signs >> 1) | (more << 31), more >> 1);
        }
    }
}

/// RejNTTPoly (FIPS 204, Algorithm 30) for A-hat\[r, s\] (Algorithm 32): hands one value after the other to `place`, in 0..q, one
/// for each of `places`. Reads at most [`MAX_REJECTION_BLOCKS`].
///
/// # Errors
/// [`BadSeal`] if those were not enough.
#[inline(always)]
pub(super) fn rej_ntt_poly<T>(
    rho: &[u8; 32],
    [r, s]: [u8; 2],
    places: impl IntoIterator<Item = T>,
    mut place: impl FnMut(T, i32),
) -> Result<(), BadSeal> {
    let mut places = places.into_iter();
    let mut next = places.next();
    let mut shake = Shake::shake128();
    shake.absorb(rho);
    shake.absorb(&[s, r]);
    shake.finish();
    for _ in 0..MAX_REJECTION_BLOCKS {
        // 24 bytes hold eight candidates: a block is seven times that.
        for lanes in shake.block().as_chunks::<3>().0 {
            let mut words = [0; 6];
            for (words, lane) in words.as_chunks_mut::<2>().0.iter_mut().zip(lanes) {
                *words = lane.halves();
            }
            for [a, b, c] in words.as_chunks::<3>().0 {
                for bits in &four_times_three_bytes(*a, *b, *c) {
                    // CoeffFromThreeBytes (Algorithm 14).
                    let candidate = bits.cast_signed() & 0x7F_FFFF;
                    if candidate < Q {
                        let Some(free) = next else { return Ok(()) };
                        place(free, candidate);
                        next = places.next();
                    }
                }
            }
        }
        if next.is_none() {
            return Ok(());
        }
        shake.next_block();
    }
    Err(BadSeal)
}

/// Twelve bytes, three in each; above them is anything.
#[inline(always)]
const fn four_times_three_bytes(a: u32, b: u32, c: u32) -> [u32; 4] {
    [a, (a >> 24) | (b << 8), (b >> 16) | (c << 16), c >> 8]
}

/// Room for tau of any set.
const MAX_TAU: usize = 60;
/// Two blocks of SHAKE256; Appendix C of FIPS 204 demands 221 bytes at least.
const MAX_BALL_BYTES: usize = 272;
/// 1,344 bytes, 448 candidates; Appendix C of FIPS 204 demands 298 at least.
const MAX_REJECTION_BLOCKS: usize = 8;

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]
mod tests {
    use super::Challenge;
    use crate::cases;
    use crate::mldsa::shake::Shake;

    /// SampleInBall as the standard has it: with the polynomial.
    fn sample_in_ball(seed: &[u8], tau: usize) -> [i32; 256] {
        let mut shake = Shake::shake256();
        shake.absorb(seed);
        shake.finish();
        let signs = u64::from_le_bytes([(); 8].map(|()| shake.byte()));
        let mut c = [0; 256];
        for i in 256 - tau..256 {
            let j = loop {
                let j = usize::from(shake.byte());
                if j <= i {
                    break j;
                }
            };
            c[i] = c[j];
            c[j] = if (signs >> (i + tau - 256)) & 1 == 1 { -1 } else { 1 };
        }
        c
    }

    #[test]
    fn the_sparse_challenge_is_the_polynomial() {
        for tau in [39, 49, 60] {
            for seed in (0..2000_u32).take(cases(2000, 2)) {
                let mut c = [7; 256];
                let mut challenge = Challenge::new();
                challenge.sample(&seed.to_le_bytes(), tau).unwrap();
                challenge.write(&mut c);
                assert_eq!(c, sample_in_ball(&seed.to_le_bytes(), usize::from(tau)));
                assert_eq!(c.iter().filter(|c| **c != 0).count(), usize::from(tau));
            }
        }
    }
}
