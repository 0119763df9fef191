//! The permutation `Keccak-f[1600]` (FIPS 202, section 3.3).
//!
//! A lane is whatever the machine rotates cheaply: 64 bits as they are where registers have 64, and the even and the odd bits apart
//! where they have 32, because a rotation of a lane is then two rotations of a register, which most instructions do in passing.
//! Tests run both.

/// A lane of the state: 64 bits in some representation.
pub(super) trait Lane: Copy + Default + 'static {
    /// iota (FIPS 202, section 3.2.5): what is added to the first lane, by rounds.
    const ROUND_CONSTANTS: &'static [Self; 24];

    fn from_u64(value: u64) -> Self;
    /// The lower and the upper half.
    fn halves(self) -> [u32; 2];
    fn xor(self, other: Self) -> Self;
    /// `self` and the complement of `other`.
    fn without(self, other: Self) -> Self;
    fn rotate<const N: u32>(self) -> Self;
    /// The same lanes, of which the compiler must not know that they are: with few registers, a lane is better loaded when it is needed
    /// than all of them at once.
    fn settle(lanes: &[Self; 5]) -> &[Self; 5];
}

/// The lane of this target.
#[cfg(target_pointer_width = "64")]
pub(super) type NativeLane = u64;
/// The lane of this target.
#[cfg(not(target_pointer_width = "64"))]
pub(super) type NativeLane = Interleaved;

/// The state: lane (x, y) of the standard is number 5y + x.
pub(super) type State<L> = [L; 25];

/// `Keccak-p[1600, 24]` (FIPS 202, Algorithm 7): theta, rho, pi, chi and iota (Algorithms 1 to 6), each where the state lies.
#[inline(never)]
pub(super) fn permute<L: Lane>(state: &mut State<L>) {
    let mut parities = [L::default(); 5];
    for constant in L::ROUND_CONSTANTS {
        theta_rho_pi(state, &mut parities);
        for plane in state.as_chunks_mut().0 {
            chi(plane);
        }
        let [first, ..] = state;
        *first = first.xor(*constant);
    }
}

#[inline(always)]
fn theta_rho_pi<L: Lane>(state: &mut State<L>, parities: &mut [L; 5]) {
    // theta: what is added to each column is the parity of two others.
    if let ([p, q, r, s, t], _) = state.as_chunks::<5>() {
        for (((((parity, p), q), r), s), t) in parities.iter_mut().zip(p).zip(q).zip(r).zip(s).zip(t) {
            *parity = p.xor(*q).xor(*r).xor(*s).xor(*t);
        }
    }
    let [c0, c1, c2, c3, c4] = *parities;
    let d = [
        c4.xor(c1.rotate::<1>()),
        c0.xor(c2.rotate::<1>()),
        c1.xor(c3.rotate::<1>()),
        c2.xor(c4.rotate::<1>()),
        c3.xor(c0.rotate::<1>()),
    ];
    let [d0, d1, d2, d3, d4] = L::settle(&d);

    // pi moves the first lane nowhere and all others along one cycle: lane (x, y) comes to (y, 2x + 3y), rotated by rho on the way.
    let [
        a0,
        a1,
        a2,
        a3,
        a4,
        a5,
        a6,
        a7,
        a8,
        a9,
        a10,
        a11,
        a12,
        a13,
        a14,
        a15,
        a16,
        a17,
        a18,
        a19,
        a20,
        a21,
        a22,
        a23,
        a24,
    ] = state;
    *a0 = a0.xor(*d0);
    let mut carried = a1.xor(*d1);
    carried = step::<L, 1>(carried, a10, *d0);
    carried = step::<L, 3>(carried, a7, *d2);
    carried = step::<L, 6>(carried, a11, *d1);
    carried = step::<L, 10>(carried, a17, *d2);
    carried = step::<L, 15>(carried, a18, *d3);
    carried = step::<L, 21>(carried, a3, *d3);
    carried = step::<L, 28>(carried, a5, *d0);
    carried = step::<L, 36>(carried, a16, *d1);
    carried = step::<L, 45>(carried, a8, *d3);
    carried = step::<L, 55>(carried, a21, *d1);
    carried = step::<L, 2>(carried, a24, *d4);
    carried = step::<L, 14>(carried, a4, *d4);
    carried = step::<L, 27>(carried, a15, *d0);
    carried = step::<L, 41>(carried, a23, *d3);
    carried = step::<L, 56>(carried, a19, *d4);
    carried = step::<L, 8>(carried, a13, *d3);
    carried = step::<L, 25>(carried, a12, *d2);
    carried = step::<L, 43>(carried, a2, *d2);
    carried = step::<L, 62>(carried, a20, *d0);
    carried = step::<L, 18>(carried, a14, *d4);
    carried = step::<L, 39>(carried, a22, *d2);
    carried = step::<L, 61>(carried, a9, *d4);
    carried = step::<L, 20>(carried, a6, *d1);
    *a1 = carried.rotate::<44>();
}

/// Sets down what is carried, rotated, and picks up what was there.
#[inline(always)]
fn step<L: Lane, const N: u32>(carried: L, place: &mut L, d: L) -> L {
    let next = place.xor(d);
    *place = carried.rotate::<N>();
    next
}

/// chi (FIPS 202, Algorithm 4) on one plane.
#[inline(always)]
fn chi<L: Lane>(plane: &mut [L; 5]) {
    let [b0, b1, b2, b3, b4] = *plane;
    *plane = [
        b0.xor(b2.without(b1)),
        b1.xor(b3.without(b2)),
        b2.xor(b4.without(b3)),
        b3.xor(b0.without(b4)),
        b4.xor(b1.without(b0)),
    ];
}

impl Lane for u64 {
    const ROUND_CONSTANTS: &'static [Self; 24] = &ROUND_CONSTANTS;

    #[inline(always)]
    fn from_u64(value: u64) -> Self {
        value
    }

    #[inline(always)]
    fn halves(self) -> [u32; 2] {
        let [a, b, c, d, e, f, g, h] = self.to_le_bytes();
        [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    fn without(self, other: Self) -> Self {
        self & !other
    }

    #[inline(always)]
    fn rotate<const N: u32>(self) -> Self {
        self.rotate_left(N)
    }

    #[inline(always)]
    fn settle(lanes: &[Self; 5]) -> &[Self; 5] {
        lanes
    }
}

/// A lane as its 32 even and its 32 odd bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(target_pointer_width = "64", allow(dead_code, reason = "for machines with registers of 32 bits, and tests"))]
pub(super) struct Interleaved {
    even: u32,
    odd: u32,
}

#[cfg_attr(target_pointer_width = "64", allow(dead_code, reason = "for machines with registers of 32 bits, and tests"))]
impl Interleaved {
    const fn new(low: u32, high: u32) -> Self {
        let (low, high) = (unzip(low), unzip(high));
        Self { even: (low & 0xFFFF) | (high << 16), odd: (low >> 16) | (high & 0xFFFF_0000) }
    }

    #[expect(clippy::as_conversions, reason = "the lower half is meant")]
    const fn constant(value: u64) -> Self {
        Self::new(value as u32, (value >> 32) as u32)
    }

    const fn constants() -> [Self; 24] {
        let mut interleaved = [Self { even: 0, odd: 0 }; 24];
        let (mut from, mut to): (&[u64], &mut [Self]) = (&ROUND_CONSTANTS, &mut interleaved);
        while let ([constant, others @ ..], [place, places @ ..]) = (from, to) {
            *place = Self::constant(*constant);
            (from, to) = (others, places);
        }
        interleaved
    }
}

impl Lane for Interleaved {
    const ROUND_CONSTANTS: &'static [Self; 24] = &Self::constants();

    #[inline(always)]
    fn from_u64(value: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
        Self::new(u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
    }

    #[inline(never)]
    fn halves(self) -> [u32; 2] {
        [zip((self.even & 0xFFFF) | (self.odd << 16)), zip((self.even >> 16) | (self.odd & 0xFFFF_0000))]
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self { even: self.even ^ other.even, odd: self.odd ^ other.odd }
    }

    #[inline(always)]
    fn without(self, other: Self) -> Self {
        Self { even: self.even & !other.even, odd: self.odd & !other.odd }
    }

    #[inline(always)]
    fn rotate<const N: u32>(self) -> Self {
        // By an odd distance, even bits become odd ones and the other way round.
        let (short, long) = (N >> 1, N.div_ceil(2));
        if N & 1 == 0 {
            Self { even: self.even.rotate_left(short), odd: self.odd.rotate_left(short) }
        } else {
            Self { even: self.odd.rotate_left(long), odd: self.even.rotate_left(short) }
        }
    }

    #[inline(always)]
    fn settle(lanes: &[Self; 5]) -> &[Self; 5] {
        core::hint::black_box(lanes)
    }
}

/// The even bits into the lower half and the odd ones into the upper.
#[inline(always)]
const fn unzip(word: u32) -> u32 {
    let word = swap(word, 0x2222_2222, 1);
    let word = swap(word, 0x0C0C_0C0C, 2);
    let word = swap(word, 0x00F0_00F0, 4);
    swap(word, 0x0000_FF00, 8)
}

/// The inverse of [`unzip`].
#[inline(always)]
const fn zip(word: u32) -> u32 {
    let word = swap(word, 0x0000_FF00, 8);
    let word = swap(word, 0x00F0_00F0, 4);
    let word = swap(word, 0x0C0C_0C0C, 2);
    swap(word, 0x2222_2222, 1)
}

/// Exchanges the bits in `mask` with those `distance` above them.
#[inline(always)]
const fn swap(word: u32, mask: u32, distance: u32) -> u32 {
    let differing = (word ^ word.wrapping_shr(distance)) & mask;
    word ^ differing ^ differing.wrapping_shl(distance)
}

/// RC of FIPS 202, Algorithm 5, by rounds.
const ROUND_CONSTANTS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808A,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808B,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008A,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000A,
    0x0000_0000_8000_808B,
    0x8000_0000_0000_008B,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800A,
    0x8000_0000_8000_000A,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]
mod tests {
    use super::{Interleaved, Lane, ROUND_CONSTANTS, permute};
    use crate::cases;

    /// Keccak-f[1600] of zeros, the first lanes (the Keccak team's known answer).
    const OF_ZEROS: [u64; 5] = [
        0xF125_8F79_40E1_DDE7,
        0x84D5_CCF9_33C0_478A,
        0xD598_261E_A65A_A9EE,
        0xBD15_4730_6F80_494D,
        0x8B28_4E05_6253_D057,
    ];

    #[test]
    fn both_lanes_permute_zeros_as_known() {
        let (mut plain, mut interleaved) = ([0_u64; 25], [Interleaved::default(); 25]);
        permute(&mut plain);
        permute(&mut interleaved);
        assert_eq!(plain.first_chunk(), Some(&OF_ZEROS));
        assert_eq!(interleaved.map(Lane::halves), plain.map(Lane::halves));
        for _ in 0..cases(100, 1) {
            permute(&mut plain);
            permute(&mut interleaved);
            assert_eq!(interleaved.map(Lane::halves), plain.map(Lane::halves));
        }
    }

    #[test]
    fn an_interleaved_lane_is_the_lane() {
        for value in ROUND_CONSTANTS.into_iter().chain([0x0123_4567_89AB_CDEF, u64::MAX, 1 << 63]) {
            let lane = Interleaved::from_u64(value);
            assert_eq!(lane.halves(), value.halves());
            assert_eq!(lane.rotate::<1>().halves(), value.rotate_left(1).halves());
            assert_eq!(lane.rotate::<44>().halves(), value.rotate_left(44).halves());
            assert_eq!(lane.rotate::<63>().halves(), value.rotate_left(63).halves());
        }
    }

    /// The constants come out of a shift register of eight bits (FIPS 202, Algorithm 5).
    #[test]
    fn the_round_constants_are_those_of_the_shift_register() {
        let mut register = 1_u16;
        for constant in ROUND_CONSTANTS.into_iter() {
            let mut expected = 0_u64;
            for j in 0..7_u32 {
                if register & 1 == 1 {
                    expected |= 1 << (2_u64.pow(j) - 1);
                }
                // R, read with R[0] as the lowest bit: x^8 + x^6 + x^5 + x^4 + 1.
                register <<= 1;
                if register & 0x100 != 0 {
                    register ^= 0x171;
                }
            }
            assert_eq!(constant, expected);
        }
    }
}
