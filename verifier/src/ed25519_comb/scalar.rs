//! Scalars: integers modulo L = 2^252 + 27742317777372353535851937790883648493, the order of the group (RFC 8032 section 5.1).

/// A number below L: eight limbs, least first.
#[derive(Clone, Copy)]
pub(super) struct Scalar([u32; 8]);

impl Scalar {
    /// S of a signature. `None` if it is L or more: RFC 8032 section 5.1.7 refuses it, and so S + L is no second signature.
    pub(super) fn from_canonical(bytes: &[u8; 32]) -> Option<Self> {
        let mut limbs = [0; 8];
        for (limb, bytes) in limbs.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *limb = u32::from_le_bytes(*bytes);
        }
        // Compared from the highest limb.
        limbs.iter().rev().lt(ORDER.iter().rev()).then_some(Self(limbs))
    }

    /// A SHA-512 digest as a number, little-endian, modulo L.
    ///
    /// Sixteen bits are taken in at a time, from the top. Before, the number is below L; with them, below 2^269; so what it
    /// has above 2^252 is less than 2^17. That many times L are taken away: 2^252 by dropping those bits, the rest of L by subtraction. If that
    /// goes below zero, one L is given back: the rest is less than 2^125 and less than 2^142 is subtracted, so one is enough. The
    /// number is below 2^252 if nothing was given back, and below L if it was.
    pub(super) fn from_digest(digest: &[u8; 64]) -> Self {
        let mut number = [0_u32; 8];
        for bytes in digest.as_chunks::<2>().0.iter().rev() {
            let mut carry = u32::from(u16::from_le_bytes(*bytes));
            for limb in &mut number {
                let upper = *limb >> 16;
                *limb = (*limb << 16) | carry;
                carry = upper;
            }
            // L has 253 bits: 16 more make 269, so the carry has 13 of them and the highest limb the other four.
            let [.., highest] = &mut number;
            let times = (carry << 4) | (*highest >> 28);
            *highest &= 0x0fff_ffff;

            let mut owed = 0_u64;
            let mut borrow = false;
            for (limb, order) in number.iter_mut().zip(ORDER_LOW) {
                owed = u64::from(times).wrapping_mul(u64::from(order)).wrapping_add(owed >> 32);
                let (first, second);
                (*limb, first) = limb.overflowing_sub(low(owed));
                (*limb, second) = limb.overflowing_sub(u32::from(borrow));
                borrow = first | second;
            }
            if borrow {
                let mut carry = 0_u64;
                for (limb, order) in number.iter_mut().zip(ORDER) {
                    carry = u64::from(*limb).wrapping_add(u64::from(order)).wrapping_add(carry >> 32);
                    *limb = low(carry);
                }
            }
        }
        Self(number)
    }

    /// Whether it is even.
    pub(super) fn is_even(&self) -> bool {
        let [lowest, ..] = &self.0;
        lowest & 1 == 0
    }

    /// The bit of this weight, 0 or 1; 0 beyond the number.
    pub(super) fn bit(&self, at: u32) -> u32 {
        let limb = usize::try_from(at >> 5).ok().and_then(|limb| self.0.get(limb));
        limb.map_or(0, |limb| (limb >> (at & 31)) & 1)
    }

    /// The number, little-endian.
    #[cfg(test)]
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (bytes, limb) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(self.0) {
            *bytes = limb.to_le_bytes();
        }
        bytes
    }

    /// L itself, which is no scalar: what a point is multiplied with to see whether it is in the group.
    pub(super) const ORDER: Self = Self(ORDER);
}

#[expect(clippy::as_conversions, reason = "the low half of a number is what remains of it")]
fn low(number: u64) -> u32 {
    number as u32
}

/// L.
const ORDER: [u32; 8] = [0x5cf5_d3ed, 0x5812_631a, 0xa2f7_9cd6, 0x14de_f9de, 0, 0, 0, 0x1000_0000];

/// L - 2^252.
const ORDER_LOW: [u32; 8] = [0x5cf5_d3ed, 0x5812_631a, 0xa2f7_9cd6, 0x14de_f9de, 0, 0, 0, 0];
