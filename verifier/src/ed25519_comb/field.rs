//! The field of RFC 8032 section 5.1: integers modulo p = 2^255 - 19.
//!
//! An element is any number below 2^256, saturated limbs, least first; what is above p stands for its remainder. Since 2^256 = 38
//! modulo p, whatever leaves at the top comes back at the bottom, times 38. Equal elements can have different limbs: only
//! [`Field::to_bytes`] gives the one encoding. Time depends on values, which are public here.

use super::invert;

/// Arithmetic modulo p.
pub(super) trait Field: Copy + Sized {
    /// The neutral element of addition.
    const ZERO: Self;
    /// The neutral element of multiplication.
    const ONE: Self;

    /// A number below 2^256, little-endian, modulo p.
    fn from_bytes(bytes: &[u8; 32]) -> Self;

    /// The one encoding: below p, little-endian.
    fn to_bytes(self) -> [u8; 32];

    /// The sum.
    fn add(&self, other: &Self) -> Self;

    /// The difference.
    fn sub(&self, other: &Self) -> Self;

    /// The product.
    fn mul(&self, other: &Self) -> Self;

    /// The product with itself.
    fn square(&self) -> Self;

    /// The product with itself, `times` times over: the power of 2^times.
    fn square_times(&self, times: u32) -> Self {
        let mut result = *self;
        for _ in 0..times {
            result = result.square();
        }
        result
    }

    /// Whether it is zero.
    fn is_zero(&self) -> bool {
        self.to_bytes() == [0; 32]
    }

    /// The inverse, and zero for zero.
    ///
    /// What the division steps give is used if it is the inverse; else, and in a build for size, the power is.
    fn invert(&self) -> Self {
        if cfg!(twinseal_for_size) {
            return self.invert_by_power();
        }
        let candidate = self.invert_by_steps();
        if candidate.mul(self).sub(&Self::ONE).is_zero() { candidate } else { self.invert_by_power() }
    }

    /// The inverse, unless something is wrong.
    #[inline(never)]
    fn invert_by_steps(&self) -> Self {
        let (low, above) = invert::inverse(&self.to_bytes());
        // 2^255 = 19 modulo p.
        let mut rest = [0; 32];
        if let Some(place) = rest.first_chunk_mut() {
            *place = u16::from(above).wrapping_mul(19).to_le_bytes();
        }
        Self::from_bytes(&low).add(&Self::from_bytes(&rest))
    }

    /// The power of p - 2: the inverse, and zero for zero (Fermat).
    #[cold]
    #[inline(never)]
    fn invert_by_power(&self) -> Self {
        let (long, three) = self.power_2_250_minus_1();
        // 2^255 - 21 = (2^250 - 1) 2^5 + 11, and 11 = 8 + 3.
        long.square_times(2).mul(self).square_times(3).mul(&three)
    }

    /// The power of (p - 5) / 8 = 2^252 - 3, of which square roots are made (RFC 8032 section 5.1.3).
    fn power_p_minus_5_over_8(&self) -> Self {
        let (long, _) = self.power_2_250_minus_1();
        long.square_times(2).mul(self)
    }

    /// The powers of 2^250 - 1 and of 3, by doubling the length of a row of ones.
    fn power_2_250_minus_1(&self) -> (Self, Self) {
        let three = self.square().mul(self);
        let ones_4 = three.square_times(2).mul(&three);
        let ones_5 = ones_4.square().mul(self);
        let ones_10 = ones_5.square_times(5).mul(&ones_5);
        let ones_20 = ones_10.square_times(10).mul(&ones_10);
        let ones_40 = ones_20.square_times(20).mul(&ones_20);
        let ones_50 = ones_40.square_times(10).mul(&ones_10);
        let ones_100 = ones_50.square_times(50).mul(&ones_50);
        let ones_200 = ones_100.square_times(100).mul(&ones_100);
        (ones_200.square_times(50).mul(&ones_50), three)
    }
}

/// Limbs of one width. Everything is unrolled by hand, so that a build for size is as fast as one for speed; where inlining would
/// multiply the code, it is forbidden.
macro_rules! field {
    (
        $(#[$doc:meta])* $name:ident, $limb:ident, $double:ident, $bytes:literal, $limbs:literal, [$($at:literal)*],
        $(#[$inlining:meta])* square: $square:expr
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[cfg_attr(test, derive(Debug))]
        pub(super) struct $name([$limb; $limbs]);

        impl $name {
            /// `a b + c + d`, low and high limb. It can not overflow: (n - 1)^2 + 2 (n - 1) = n^2 - 1.
            #[inline(always)]
            #[expect(clippy::as_conversions, reason = "the low half of a number is what remains of it")]
            fn multiply_add(a: $limb, b: $limb, c: $limb, d: $limb) -> ($limb, $limb) {
                let product = $double::from(a).wrapping_mul($double::from(b));
                let sum = product.wrapping_add($double::from(c)).wrapping_add($double::from(d));
                (sum as $limb, (sum >> $limb::BITS) as $limb)
            }

            /// `a + b + carry`, and the carry out of it.
            #[inline(always)]
            fn add_carry(a: $limb, b: $limb, carry: bool) -> ($limb, bool) {
                let (sum, first) = a.overflowing_add(b);
                let (sum, second) = sum.overflowing_add($limb::from(carry));
                (sum, first | second)
            }

            /// `low + n b` for the next higher limb of b: the lowest limb of the sum leaves, the others move down.
            #[inline(always)]
            fn row(a: &[$limb; $limbs], b: $limb, sum: &mut [$limb; $limbs]) -> $limb {
                let mut next = [0; $limbs + 1];
                let mut carry = 0;
                $((next[$at], carry) = Self::multiply_add(a[$at], b, sum[$at], carry);)*
                next[$limbs] = carry;
                *sum = [$(next[$at + 1]),*];
                next[0]
            }

            /// `low + 2^256 high` modulo p.
            #[inline(always)]
            fn fold(low: &[$limb; $limbs], high: &[$limb; $limbs]) -> Self {
                let mut limbs = [0; $limbs];
                let mut carry = 0;
                $((limbs[$at], carry) = Self::multiply_add(38, high[$at], low[$at], carry);)*
                // The carry is at most 38.
                let overflow;
                (limbs[0], overflow) = limbs[0].overflowing_add(carry.wrapping_mul(38));
                let mut result = Self(limbs);
                if overflow {
                    result.ripple_up();
                }
                result
            }

            /// Carries 1 from the lowest limb, which wrapped and is small now, to the others.
            #[cold]
            #[inline(never)]
            fn ripple_up(&mut self) {
                let [lowest, others @ ..] = &mut self.0;
                let mut carry = true;
                for limb in others {
                    (*limb, carry) = limb.overflowing_add($limb::from(carry));
                }
                if carry {
                    *lowest = lowest.wrapping_add(38);
                }
            }

            /// Borrows 1 for the lowest limb, which wrapped and is large now, from the others.
            #[cold]
            #[inline(never)]
            fn ripple_down(&mut self) {
                let [lowest, others @ ..] = &mut self.0;
                let mut borrow = true;
                for limb in others {
                    (*limb, borrow) = limb.overflowing_sub($limb::from(borrow));
                }
                if borrow {
                    *lowest = lowest.wrapping_sub(38);
                }
            }
        }

        impl Field for $name {
            const ZERO: Self = Self([0; $limbs]);

            const ONE: Self = {
                let mut limbs = [0; $limbs];
                limbs[0] = 1;
                Self(limbs)
            };

            #[inline(always)]
            fn from_bytes(bytes: &[u8; 32]) -> Self {
                let mut limbs = [0; $limbs];
                for (limb, bytes) in limbs.iter_mut().zip(bytes.as_chunks::<$bytes>().0) {
                    *limb = $limb::from_le_bytes(*bytes);
                }
                Self(limbs)
            }

            fn to_bytes(self) -> [u8; 32] {
                // Below 2^255 + 19 first: bit 255 comes back as 19.
                let mut limbs = self.0;
                let mut carry = (limbs[$limbs - 1] >> ($limb::BITS - 1)).wrapping_mul(19);
                limbs[$limbs - 1] &= $limb::MAX >> 1;
                for limb in &mut limbs {
                    let overflow;
                    (*limb, overflow) = limb.overflowing_add(carry);
                    carry = $limb::from(overflow);
                }
                // It is p or more exactly if 19 more reach bit 255; without that bit, those 19 more are p less.
                let mut reduced = limbs;
                let mut carry = 19;
                for limb in &mut reduced {
                    let overflow;
                    (*limb, overflow) = limb.overflowing_add(carry);
                    carry = $limb::from(overflow);
                }
                if reduced[$limbs - 1] >> ($limb::BITS - 1) != 0 {
                    reduced[$limbs - 1] &= $limb::MAX >> 1;
                    limbs = reduced;
                }
                let mut bytes = [0; 32];
                for (bytes, limb) in bytes.as_chunks_mut::<$bytes>().0.iter_mut().zip(limbs) {
                    *bytes = limb.to_le_bytes();
                }
                bytes
            }

            $(#[$inlining])*
            fn add(&self, other: &Self) -> Self {
                let (a, b) = (&self.0, &other.0);
                let mut limbs = [0; $limbs];
                let mut carry = false;
                $((limbs[$at], carry) = Self::add_carry(a[$at], b[$at], carry);)*
                let overflow;
                (limbs[0], overflow) = limbs[0].overflowing_add(if carry { 38 } else { 0 });
                let mut result = Self(limbs);
                if overflow {
                    result.ripple_up();
                }
                result
            }

            /// `a - b` is `a + not b + 1`, and what then does not carry has borrowed.
            $(#[$inlining])*
            fn sub(&self, other: &Self) -> Self {
                let (a, b) = (&self.0, &other.0);
                let mut limbs = [0; $limbs];
                let mut carry = true;
                $((limbs[$at], carry) = Self::add_carry(a[$at], !b[$at], carry);)*
                let overflow;
                (limbs[0], overflow) = limbs[0].overflowing_sub(if carry { 0 } else { 38 });
                let mut result = Self(limbs);
                if overflow {
                    result.ripple_down();
                }
                result
            }

            $(#[$inlining])*
            fn mul(&self, other: &Self) -> Self {
                let mut high = [0; $limbs];
                let low = [$(Self::row(&self.0, other.0[$at], &mut high)),*];
                Self::fold(&low, &high)
            }

            $(#[$inlining])*
            fn square(&self) -> Self {
                ($square)(self)
            }
        }
    };
}

#[cfg(any(test, not(target_pointer_width = "64")))]
field! {
    /// Eight limbs of 32 bits, for machines that multiply 32 bits by 32.
    Narrow, u32, u64, 4, 8, [0 1 2 3 4 5 6 7],
    #[inline(never)]
    square: |own: &Self| if cfg!(twinseal_for_size) { own.mul(own) } else { own.square_by_halves() }
}

#[cfg(any(test, target_pointer_width = "64"))]
field! {
    /// Four limbs of 64 bits, for machines that multiply 64 bits by 64.
    Wide, u64, u128, 8, 4, [0 1 2 3],
    #[inline]
    square: |own: &Self| own.mul(own)
}

#[cfg(any(test, not(target_pointer_width = "64")))]
impl Narrow {
    /// The square: products of different limbs once, all of them doubled, and the squares of the limbs added.
    #[inline(always)]
    fn square_by_halves(&self) -> Self {
        let a = &self.0;
        let (p1, c) = Self::multiply_add(a[1], a[0], 0, 0);
        let (p2, c) = Self::multiply_add(a[2], a[0], 0, c);
        let (p3, c) = Self::multiply_add(a[3], a[0], 0, c);
        let (p4, c) = Self::multiply_add(a[4], a[0], 0, c);
        let (p5, c) = Self::multiply_add(a[5], a[0], 0, c);
        let (p6, c) = Self::multiply_add(a[6], a[0], 0, c);
        let (p7, p8) = Self::multiply_add(a[7], a[0], 0, c);
        let (p3, c) = Self::multiply_add(a[2], a[1], p3, 0);
        let (p4, c) = Self::multiply_add(a[3], a[1], p4, c);
        let (p5, c) = Self::multiply_add(a[4], a[1], p5, c);
        let (p6, c) = Self::multiply_add(a[5], a[1], p6, c);
        let (p7, c) = Self::multiply_add(a[6], a[1], p7, c);
        let (p8, p9) = Self::multiply_add(a[7], a[1], p8, c);
        let (p5, c) = Self::multiply_add(a[3], a[2], p5, 0);
        let (p6, c) = Self::multiply_add(a[4], a[2], p6, c);
        let (p7, c) = Self::multiply_add(a[5], a[2], p7, c);
        let (p8, c) = Self::multiply_add(a[6], a[2], p8, c);
        let (p9, p10) = Self::multiply_add(a[7], a[2], p9, c);
        let (p7, c) = Self::multiply_add(a[4], a[3], p7, 0);
        let (p8, c) = Self::multiply_add(a[5], a[3], p8, c);
        let (p9, c) = Self::multiply_add(a[6], a[3], p9, c);
        let (p10, p11) = Self::multiply_add(a[7], a[3], p10, c);
        let (p9, c) = Self::multiply_add(a[5], a[4], p9, 0);
        let (p10, c) = Self::multiply_add(a[6], a[4], p10, c);
        let (p11, p12) = Self::multiply_add(a[7], a[4], p11, c);
        let (p11, c) = Self::multiply_add(a[6], a[5], p11, 0);
        let (p12, p13) = Self::multiply_add(a[7], a[5], p12, c);
        let (p13, p14) = Self::multiply_add(a[7], a[6], p13, 0);

        let twice = |upper: u32, lower: u32| (upper << 1) | (lower >> 31);
        let (l0, c) = Self::multiply_add(a[0], a[0], 0, 0);
        let (l1, o) = Self::add_carry(p1 << 1, c, false);
        let (l2, c) = Self::multiply_add(a[1], a[1], twice(p2, p1), u32::from(o));
        let (l3, o) = Self::add_carry(twice(p3, p2), c, false);
        let (l4, c) = Self::multiply_add(a[2], a[2], twice(p4, p3), u32::from(o));
        let (l5, o) = Self::add_carry(twice(p5, p4), c, false);
        let (l6, c) = Self::multiply_add(a[3], a[3], twice(p6, p5), u32::from(o));
        let (l7, o) = Self::add_carry(twice(p7, p6), c, false);
        let (h0, c) = Self::multiply_add(a[4], a[4], twice(p8, p7), u32::from(o));
        let (h1, o) = Self::add_carry(twice(p9, p8), c, false);
        let (h2, c) = Self::multiply_add(a[5], a[5], twice(p10, p9), u32::from(o));
        let (h3, o) = Self::add_carry(twice(p11, p10), c, false);
        let (h4, c) = Self::multiply_add(a[6], a[6], twice(p12, p11), u32::from(o));
        let (h5, o) = Self::add_carry(twice(p13, p12), c, false);
        let (h6, c) = Self::multiply_add(a[7], a[7], twice(p14, p13), u32::from(o));
        let h7 = (p14 >> 31).wrapping_add(c);
        Self::fold(&[l0, l1, l2, l3, l4, l5, l6, l7], &[h0, h1, h2, h3, h4, h5, h6, h7])
    }
}
