//! The permutation `Keccak-f[1600]` (FIPS 202, section 3.3).
//!
//! A lane is whatever the machine rotates cheaply: 64 bits as they are where registers have 64, and the even and the odd bits apart
//! where they have 32, because a rotation of a lane is then two rotations of a register, which most instructions do in passing.
//! Tests run both.

/// A lane of the state: 64 bits in some representation.
pub(super) trait Lane: Copy + Default + 'static {
    /// iota (FIPS 202, section 3.2.5): what is added to the first lane, by pairs of rounds.
    const ROUND_CONSTANTS: &'static [[Self; 2]; 12];

    fn from_u64(value: u64) -> Self;
    /// The lower and the upper half.
    fn halves(self) -> [u32; 2];
    fn xor(self, other: Self) -> Self;
    /// `self` and the complement of `other`.
    fn without(self, other: Self) -> Self;
    fn rotate<const N: u32>(self) -> Self;
    /// The same state, of which the compiler must not know that it is: with few registers, a plane is better loaded when it is needed
    /// than all of them at once.
    fn settle(state: &State<Self>) -> &State<Self>;
}

/// The lane of this target.
#[cfg(target_pointer_width = "64")]
pub(super) type NativeLane = u64;
/// The lane of this target.
#[cfg(not(target_pointer_width = "64"))]
pub(super) type NativeLane = Interleaved;

/// The state: lane (x, y) of the standard is number 5y + x.
pub(super) type State<L> = [L; 25];

/// `Keccak-p[1600, 24]` (FIPS 202, Algorithm 7).
pub(super) fn permute<L: Lane>(state: &mut State<L>) {
    // Rounds go there and back, so that no round copies the state.
    let mut other = [L::default(); 25];
    for [first, second] in L::ROUND_CONSTANTS {
        round(state, &mut other, *first);
        round(&other, state, *second);
    }
}

/// One round: theta, rho, pi, chi, iota (FIPS 202, Algorithms 1 to 6).
#[inline(never)]
fn round<L: Lane>(from: &State<L>, to: &mut State<L>, constant: L) {
    let [y0, y1, y2, y3, y4] = planes(to);

    // theta: what is added to each column is the parity of two others.
    let [mut c0, mut c1, mut c2, mut c3, mut c4] = [L::default(); 5];
    for [a0, a1, a2, a3, a4] in L::settle(from).as_chunks::<5>().0 {
        (c0, c1, c2, c3, c4) = (c0.xor(*a0), c1.xor(*a1), c2.xor(*a2), c3.xor(*a3), c4.xor(*a4));
    }
    let d0 = c4.xor(c1.rotate::<1>());
    let d1 = c0.xor(c2.rotate::<1>());
    let d2 = c1.xor(c3.rotate::<1>());
    let d3 = c2.xor(c4.rotate::<1>());
    let d4 = c3.xor(c0.rotate::<1>());

    // rho and pi: lane (x, y) comes from (x + 3y, x), rotated by a distance of its own. chi then works on planes.
    let [a, _, _, _, _, _, b, _, _, _, _, _, c, _, _, _, _, _, d, _, _, _, _, _, e] = L::settle(from);
    let b0 = a.xor(d0);
    let b1 = b.xor(d1).rotate::<44>();
    let b2 = c.xor(d2).rotate::<43>();
    let b3 = d.xor(d3).rotate::<21>();
    let b4 = e.xor(d4).rotate::<14>();
    chi(y0, [b0, b1, b2, b3, b4]);
    if let [lane, ..] = y0 {
        *lane = lane.xor(constant);
    }
    let [_, _, _, d, _, _, _, _, _, e, a, _, _, _, _, _, b, _, _, _, _, _, c, _, _] = L::settle(from);
    let b0 = d.xor(d3).rotate::<28>();
    let b1 = e.xor(d4).rotate::<20>();
    let b2 = a.xor(d0).rotate::<3>();
    let b3 = b.xor(d1).rotate::<45>();
    let b4 = c.xor(d2).rotate::<61>();
    chi(y1, [b0, b1, b2, b3, b4]);
    let [_, b, _, _, _, _, _, c, _, _, _, _, _, d, _, _, _, _, _, e, a, _, _, _, _] = L::settle(from);
    let b0 = b.xor(d1).rotate::<1>();
    let b1 = c.xor(d2).rotate::<6>();
    let b2 = d.xor(d3).rotate::<25>();
    let b3 = e.xor(d4).rotate::<8>();
    let b4 = a.xor(d0).rotate::<18>();
    chi(y2, [b0, b1, b2, b3, b4]);
    let [_, _, _, _, e, a, _, _, _, _, _, b, _, _, _, _, _, c, _, _, _, _, _, d, _] = L::settle(from);
    let b0 = e.xor(d4).rotate::<27>();
    let b1 = a.xor(d0).rotate::<36>();
    let b2 = b.xor(d1).rotate::<10>();
    let b3 = c.xor(d2).rotate::<15>();
    let b4 = d.xor(d3).rotate::<56>();
    chi(y3, [b0, b1, b2, b3, b4]);
    let [_, _, c, _, _, _, _, _, d, _, _, _, _, _, e, a, _, _, _, _, _, b, _, _, _] = L::settle(from);
    let b0 = c.xor(d2).rotate::<62>();
    let b1 = d.xor(d3).rotate::<55>();
    let b2 = e.xor(d4).rotate::<39>();
    let b3 = a.xor(d0).rotate::<41>();
    let b4 = b.xor(d1).rotate::<2>();
    chi(y4, [b0, b1, b2, b3, b4]);
}

/// The five planes of the state, by y.
#[inline(always)]
fn planes<L: Lane>(state: &mut State<L>) -> [&mut [L]; 5] {
    let (y0, rest) = state.split_at_mut(5);
    let (y1, rest) = rest.split_at_mut(5);
    let (y2, rest) = rest.split_at_mut(5);
    let (y3, y4) = rest.split_at_mut(5);
    [y0, y1, y2, y3, y4]
}

/// chi (FIPS 202, Algorithm 4) on one plane.
#[inline(always)]
fn chi<L: Lane>(plane: &mut [L], b: [L; 5]) {
    let [b0, b1, b2, b3, b4] = b;
    if let [p0, p1, p2, p3, p4] = plane {
        *p0 = b0.xor(b2.without(b1));
        *p1 = b1.xor(b3.without(b2));
        *p2 = b2.xor(b4.without(b3));
        *p3 = b3.xor(b0.without(b4));
        *p4 = b4.xor(b1.without(b0));
    }
}

impl Lane for u64 {
    const ROUND_CONSTANTS: &'static [[Self; 2]; 12] = &ROUND_CONSTANTS;

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
    fn settle(state: &State<Self>) -> &State<Self> {
        state
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

    const fn constants() -> [[Self; 2]; 12] {
        let mut interleaved = [[Self { even: 0, odd: 0 }; 2]; 12];
        let (mut from, mut to): (&[[u64; 2]], &mut [[Self; 2]]) = (&ROUND_CONSTANTS, &mut interleaved);
        while let ([[first, second], others @ ..], [place, places @ ..]) = (from, to) {
            *place = [Self::constant(*first), Self::constant(*second)];
            (from, to) = (others, places);
        }
        interleaved
    }
}

impl Lane for Interleaved {
    const ROUND_CONSTANTS: &'static [[Self; 2]; 12] = &Self::constants();

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
    fn settle(state: &State<Self>) -> &State<Self> {
        core::hint::black_box(state)
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

/// RC of FIPS 202, Algorithm 5, by pairs of rounds.
const ROUND_CONSTANTS: [[u64; 2]; 12] = [
    [0x0000_0000_0000_0001, 0x0000_0000_0000_8082],
    [0x8000_0000_0000_808A, 0x8000_0000_8000_8000],
    [0x0000_0000_0000_808B, 0x0000_0000_8000_0001],
    [0x8000_0000_8000_8081, 0x8000_0000_0000_8009],
    [0x0000_0000_0000_008A, 0x0000_0000_0000_0088],
    [0x0000_0000_8000_8009, 0x0000_0000_8000_000A],
    [0x0000_0000_8000_808B, 0x8000_0000_0000_008B],
    [0x8000_0000_0000_8089, 0x8000_0000_0000_8003],
    [0x8000_0000_0000_8002, 0x8000_0000_0000_0080],
    [0x0000_0000_0000_800A, 0x8000_0000_8000_000A],
    [0x8000_0000_8000_8081, 0x8000_0000_0000_8080],
    [0x0000_0000_8000_0001, 0x8000_0000_8000_8008],
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
        for _ in 0..100 {
            permute(&mut plain);
            permute(&mut interleaved);
            assert_eq!(interleaved.map(Lane::halves), plain.map(Lane::halves));
        }
    }

    #[test]
    fn an_interleaved_lane_is_the_lane() {
        for value in ROUND_CONSTANTS.into_iter().flatten().chain([0x0123_4567_89AB_CDEF, u64::MAX, 1 << 63]) {
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
        for constant in ROUND_CONSTANTS.into_iter().flatten() {
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
