//! SHAKE128 and SHAKE256 (FIPS 202, section 6.2), as streams.

use super::keccak::{Lane as _, NativeLane, State, permute};

/// A sponge. First everything is absorbed, then [`Shake::finish`], then it is read.
#[derive(Clone)]
pub(super) struct Shake {
    state: State<NativeLane>,
    /// Bytes for each permutation.
    rate: usize,
    /// Bytes of the block that were absorbed or read: below the rate while absorbing, at most the rate while reading.
    position: usize,
}

impl Shake {
    /// SHAKE128: G of FIPS 204.
    pub(super) fn shake128() -> Self {
        Self::new(168)
    }

    /// SHAKE256: H of FIPS 204.
    pub(super) fn shake256() -> Self {
        Self::new(136)
    }

    fn new(rate: usize) -> Self {
        Self { state: [NativeLane::default(); 25], rate, position: 0 }
    }

    /// As new.
    pub(super) fn restart(&mut self) {
        self.state.fill(NativeLane::default());
        self.position = 0;
    }

    /// Takes in more bytes.
    #[inline(never)]
    pub(super) fn absorb(&mut self, bytes: &[u8]) {
        // Whole lanes where they lie so, which is everywhere but behind a message of odd length.
        let (lanes, rest) = if self.position & 7 == 0 { bytes.as_chunks::<8>() } else { (&[][..], bytes) };
        for lane in lanes {
            self.absorb_at_position(u64::from_le_bytes(*lane), 8);
        }
        for byte in rest {
            self.absorb_at_position(u64::from(*byte), 1);
        }
    }

    /// Ends the input and makes the first block of output.
    #[inline(never)]
    pub(super) fn finish(&mut self) {
        // 1111 behind the input, then pad10*1, which ends with the last bit of the block.
        self.xor(self.position, 0x1F);
        self.xor(self.rate.wrapping_sub(1), 0x80);
        permute(&mut self.state);
        self.position = 0;
    }

    /// The next byte of output.
    #[inline(never)]
    pub(super) fn byte(&mut self) -> u8 {
        if self.position >= self.rate {
            self.next_block();
        }
        let [low, high] = self.state.get(self.position >> 3).map_or([0; 2], |lane| lane.halves());
        let word = if self.position & 4 == 0 { low } else { high };
        let [byte, ..] = word.wrapping_shr(shift(self.position)).to_le_bytes();
        self.position = self.position.wrapping_add(1);
        byte
    }

    /// The current block of output, by lanes.
    pub(super) fn block(&self) -> &[NativeLane] {
        self.state.get(..self.rate >> 3).unwrap_or_default()
    }

    /// Makes the next block of output.
    pub(super) fn next_block(&mut self) {
        permute(&mut self.state);
        self.position = 0;
    }

    fn absorb_at_position(&mut self, value: u64, bytes: usize) {
        self.xor(self.position, value);
        self.position = self.position.wrapping_add(bytes);
        if self.position >= self.rate {
            permute(&mut self.state);
            self.position = 0;
        }
    }

    fn xor(&mut self, position: usize, value: u64) {
        // Always there: no position reaches the rate, which is less than the state.
        if let Some(lane) = self.state.get_mut(position >> 3) {
            *lane = lane.xor(NativeLane::from_u64(value.wrapping_shl(shift(position))));
        }
    }
}

/// How far the byte at this position lies from the beginning of its lane, in bits.
#[expect(clippy::as_conversions, reason = "less than 64; a checked conversion is not smaller")]
const fn shift(position: usize) -> u32 {
    ((position & 7) << 3) as u32
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]
mod tests {
    use super::Shake;
    use crate::cases;

    fn read<const N: usize>(mut shake: Shake) -> [u8; N] {
        shake.finish();
        [(); N].map(|()| shake.byte())
    }

    #[test]
    fn shake_of_nothing_is_as_known() {
        assert_eq!(
            read::<16>(Shake::shake128()),
            [0x7F, 0x9C, 0x2B, 0xA4, 0xE8, 0x8F, 0x82, 0x7D, 0x61, 0x60, 0x45, 0x50, 0x76, 0x05, 0x85, 0x3E]
        );
        assert_eq!(
            read::<16>(Shake::shake256()),
            [0x46, 0xB9, 0xDD, 0x2B, 0x0B, 0xA8, 0x8D, 0x13, 0x23, 0x3B, 0x3F, 0xEB, 0x74, 0x3E, 0xEB, 0x24]
        );
    }

    #[test]
    fn how_input_is_cut_changes_nothing() {
        let input: [u8; 500] = core::array::from_fn(|at| u8::try_from(at % 251).unwrap_or(0));
        for length in [0, 1, 7, 8, 9, 135, 136, 137, 271, 272, 273, 500].into_iter().step_by(cases(1, 6)) {
            let whole = input.get(..length).unwrap_or_default();
            let mut at_once = Shake::shake256();
            at_once.absorb(whole);
            let expected: [u8; 300] = read(at_once);
            for step in [1, 3, 8, 13, 136, 200] {
                let mut cut = Shake::shake256();
                whole.chunks(step).for_each(|piece| cut.absorb(piece));
                assert_eq!(read::<300>(cut), expected, "{length} by {step}");
            }
        }
    }
}
