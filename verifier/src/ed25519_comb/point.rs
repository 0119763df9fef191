//! Points of edwards25519, -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 section 5.1).
//!
//! The addition law is complete: d is no square, so there is no exceptional case, for points of any order, the neutral element, or a
//! point and itself.

use super::field::Field;

/// A point as (X : Y : Z : T) with x = X / Z, y = Y / Z, x y = T / Z (RFC 8032 section 5.1.4).
#[derive(Clone, Copy)]
pub(super) struct Point<F> {
    x: F,
    y: F,
    z: F,
    t: F,
}

/// A sum or a double before its last products: X = E F, Y = G H, Z = F G, T = E H.
///
/// T costs a product, and doubling does not look at it: hence the two ways on.
pub(super) struct Unfinished<F> {
    e: F,
    f: F,
    g: F,
    h: F,
}

/// A point in a table: y + x, y - x and 2 d x y, each as the one encoding of a field element.
pub(super) type Entry = [[u8; 32]; 3];

impl<F: Field> Unfinished<F> {
    /// All of the point.
    #[cfg_attr(twinseal_for_size, inline(never))]
    #[cfg_attr(not(twinseal_for_size), inline(always))]
    pub(super) fn finish(&self) -> Point<F> {
        Point { x: self.e.mul(&self.f), y: self.g.mul(&self.h), z: self.f.mul(&self.g), t: self.e.mul(&self.h) }
    }

    /// The point without T: good for doubling and encoding only.
    #[cfg_attr(twinseal_for_size, inline(never))]
    #[cfg_attr(not(twinseal_for_size), inline(always))]
    pub(super) fn finish_without_t(&self) -> Point<F> {
        Point { x: self.e.mul(&self.f), y: self.g.mul(&self.h), z: self.f.mul(&self.g), t: F::ZERO }
    }
}

impl<F: Field> Point<F> {
    /// The neutral element.
    pub(super) const NEUTRAL: Self = Self { x: F::ZERO, y: F::ONE, z: F::ONE, t: F::ZERO };

    /// The double. T is not used.
    ///
    /// With A = X^2, B = Y^2: E = (X + Y)^2 - A - B, G = B - A, and F and H with the other sign than RFC 8032 has them, which
    /// changes the sign of all four coordinates and so nothing.
    #[cfg_attr(twinseal_for_size, inline(never))]
    #[cfg_attr(not(twinseal_for_size), inline(always))]
    pub(super) fn double(&self) -> Unfinished<F> {
        let a = self.x.square();
        let b = self.y.square();
        let h = a.add(&b);
        let e = self.x.add(&self.y).square().sub(&h);
        let g = b.sub(&a);
        let z = self.z.square();
        let f = z.add(&z).sub(&g);
        Unfinished { e, f, g, h }
    }

    /// The sum with the point of an entry, or with its negative. Reads the entry where it lies.
    ///
    /// The negative of a point has y + x and y - x exchanged, and 2 d x y with the other sign, which exchanges F and G.
    #[cfg_attr(twinseal_for_size, inline(never))]
    #[cfg_attr(not(twinseal_for_size), inline(always))]
    pub(super) fn add_entry(&self, entry: &Entry, negative: bool) -> Unfinished<F> {
        let [sum, difference, product] = entry;
        let (sum, difference) = if negative { (difference, sum) } else { (sum, difference) };
        let a = self.y.sub(&self.x).mul(&F::from_bytes(difference));
        let b = self.y.add(&self.x).mul(&F::from_bytes(sum));
        let c = self.t.mul(&F::from_bytes(product));
        let d = self.z.add(&self.z);
        let (f, g) = if negative { (d.add(&c), d.sub(&c)) } else { (d.sub(&c), d.add(&c)) };
        Unfinished { e: b.sub(&a), f, g, h: b.add(&a) }
    }

    /// The sum of two points, or their difference.
    pub(super) fn add(&self, other: &Self, negative: bool) -> Self {
        let (sum, difference) = (other.y.add(&other.x), other.y.sub(&other.x));
        let (sum, difference) = if negative { (difference, sum) } else { (sum, difference) };
        let a = self.y.sub(&self.x).mul(&difference);
        let b = self.y.add(&self.x).mul(&sum);
        let c = self.t.mul(&other.t).mul(&F::from_bytes(&TWICE_D));
        let d = self.z.mul(&other.z);
        let d = d.add(&d);
        let (f, g) = if negative { (d.add(&c), d.sub(&c)) } else { (d.sub(&c), d.add(&c)) };
        Unfinished { e: b.sub(&a), f, g, h: b.add(&a) }.finish()
    }

    /// Whether eight times the point is the neutral element. T is not used.
    ///
    /// The points of order 1 and 2 have x = 0, those of order 4 y = 0, and those of order 8 are the ones whose double has y = 0,
    /// which is x^2 + y^2 = 0 by the doubling above.
    #[inline(never)]
    pub(super) fn is_of_small_order(&self) -> bool {
        self.x.is_zero() || self.y.is_zero() || self.x.square().add(&self.y.square()).is_zero()
    }

    /// Whether it is the neutral element. T is not used.
    pub(super) fn is_neutral(&self) -> bool {
        self.x.is_zero() && self.y.sub(&self.z).is_zero()
    }

    /// The encoding of the point (RFC 8032 section 5.1.2): y, and the lowest bit of x above it. T is not used.
    #[inline(never)]
    pub(super) fn encode(&self) -> [u8; 32] {
        let inverse = self.z.invert();
        let [lowest, ..] = self.x.mul(&inverse).to_bytes();
        let mut bytes = self.y.mul(&inverse).to_bytes();
        let [.., highest] = &mut bytes;
        *highest |= lowest << 7;
        bytes
    }

    /// The point of an encoding (RFC 8032 section 5.1.3). `None` if there is none, or if the encoding is not the one of its point.
    pub(super) fn decode(bytes: &[u8; 32]) -> Option<Self> {
        let mut y_bytes = *bytes;
        let [.., highest] = &mut y_bytes;
        let odd = *highest >> 7;
        *highest &= 0x7f;
        let y = F::from_bytes(&y_bytes);
        if y.to_bytes() != y_bytes {
            return None;
        }
        // x^2 = u / v; x = u v^3 (u v^7)^((p - 5) / 8), times the root of -1 if v x^2 = -u.
        let y2 = y.square();
        let u = y2.sub(&F::ONE);
        let v = y2.mul(&F::from_bytes(&D)).add(&F::ONE);
        let v3 = v.square().mul(&v);
        let v7 = v3.square().mul(&v);
        let mut x = u.mul(&v3).mul(&u.mul(&v7).power_p_minus_5_over_8());
        let vx2 = x.square().mul(&v);
        if !vx2.sub(&u).is_zero() {
            if !vx2.add(&u).is_zero() {
                return None;
            }
            x = x.mul(&F::from_bytes(&ROOT_OF_MINUS_1));
        }
        let [lowest, ..] = x.to_bytes();
        if lowest & 1 != odd {
            if x.is_zero() {
                return None;
            }
            x = F::ZERO.sub(&x);
        }
        Some(Self { x, y, z: F::ONE, t: x.mul(&y) })
    }

    /// The entry of the point.
    pub(super) fn to_entry(self) -> Entry {
        let inverse = self.z.invert();
        let (x, y) = (self.x.mul(&inverse), self.y.mul(&inverse));
        let product = x.mul(&y).mul(&F::from_bytes(&TWICE_D));
        [y.add(&x), y.sub(&x), product].map(F::to_bytes)
    }
}

/// d = -121665 / 121666.
const D: [u8; 32] = [
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00, 0x98, 0xe8, 0x79,
    0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
];

/// 2 d.
const TWICE_D: [u8; 32] = [
    0x59, 0xf1, 0xb2, 0x26, 0x94, 0x9b, 0xd6, 0xeb, 0x56, 0xb1, 0x83, 0x82, 0x9a, 0x14, 0xe0, 0x00, 0x30, 0xd1, 0xf3,
    0xee, 0xf2, 0x80, 0x8e, 0x19, 0xe7, 0xfc, 0xdf, 0x56, 0xdc, 0xd9, 0x06, 0x24,
];

/// 2^((p - 1) / 4).
const ROOT_OF_MINUS_1: [u8; 32] = [
    0xb0, 0xa0, 0x0e, 0x4a, 0x27, 0x1b, 0xee, 0xc4, 0x78, 0xe4, 0x2f, 0xad, 0x06, 0x18, 0x43, 0x2f, 0xa7, 0xd7, 0xfb,
    0x3d, 0x99, 0x00, 0x4d, 0x2b, 0x0b, 0xdf, 0xc1, 0x4f, 0x80, 0x24, 0x83, 0x2b,
];
