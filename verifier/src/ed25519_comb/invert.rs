//! Inverses by division steps (Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", 2019), here in variable time.
//!
//! A step looks at the lowest bits of two numbers f and g only, so thirty steps are found on single words, as a matrix, and applied to the long
//! numbers at once: a tenth of the work of a power. Nothing depends on this being right: [`Field::invert`](super::field::Field::invert)
//! multiplies, and computes the power if the product is not 1.

/// A signed number: nine limbs of 30 bits, of which all but the highest are not negative once carried.
type Long = [i32; 9];

/// What may be the inverse of a number below p, as its low 255 bits and what is above them.
///
/// Invariant: f = d x and g = e x modulo p, x being the number. It starts with f = p, d = 0, g = x, e = 1, and ends with g = 0, where f is
/// the greatest common divisor 1 or -1, and d the inverse or its negative. After at most 741 steps that is so for numbers of 255 bits; rounds are
/// counted all the same.
pub(super) fn inverse(number: &[u8; 32]) -> ([u8; 32], u8) {
    let (mut f, mut g) = (P, unpack(number));
    let (mut d, mut e) = ([0; 9], ONE);
    let mut delta = 1;
    for _ in 0..MOST_ROUNDS {
        if g == [0; 9] {
            break;
        }
        let ([f_low, ..], [g_low, ..]) = (f, g);
        let (next, matrix) = steps(delta, f_low, g_low);
        delta = next;
        (f, g) = (apply(&f, &g, matrix.0, false), apply(&f, &g, matrix.1, false));
        (d, e) = (apply(&d, &e, matrix.0, true), apply(&d, &e, matrix.1, true));
    }
    let [.., f_high] = f;
    pack(&d, f_high < 0)
}

/// Thirty division steps on the lowest limbs, as a matrix times 2^30: the new f is (first row) (f, g) / 2^30, the new g likewise.
///
/// A step is: where g is even, (delta + 1, f, g / 2); where it is odd and delta is positive, (1 - delta, g, (g - f) / 2); else
/// (delta + 1, f, (g + f) / 2). Instead of halving g's row, f's is doubled.
#[inline(never)]
fn steps(mut delta: i32, f: i32, g: i32) -> (i32, (Row, Row)) {
    let (mut f, mut g) = (f, g);
    let (mut f_row, mut g_row) = ((1_i32, 0_i32), (0_i32, 1_i32));
    let mut left = 30_u32;
    loop {
        // As many halvings as there are zeros, but no more than are left.
        let zeros = g.trailing_zeros().min(left);
        g >>= zeros & 31;
        f_row = (f_row.0 << (zeros & 31), f_row.1 << (zeros & 31));
        delta = delta.wrapping_add_unsigned(zeros);
        left = left.wrapping_sub(zeros);
        if left == 0 {
            return (delta, (f_row, g_row));
        }
        // Both are odd now. The sum is even: its halving is the next round's, and so is the 1 that delta gains with it.
        if delta > 0 {
            delta = delta.wrapping_neg();
            (f, g) = (g, g.wrapping_sub(f));
            (f_row, g_row) = (g_row, (g_row.0.wrapping_sub(f_row.0), g_row.1.wrapping_sub(f_row.1)));
        } else {
            g = g.wrapping_add(f);
            g_row = (g_row.0.wrapping_add(f_row.0), g_row.1.wrapping_add(f_row.1));
        }
    }
}

/// A row of a matrix: what of f and what of g. Their sizes together are at most 2^30.
type Row = (i32, i32);

/// `(row.0 a + row.1 b) / 2^30`, where necessary after the multiple of p below 2^30 times that makes it divisible.
///
/// Modulo p the result's size is at most that of the larger operand plus p: with 25 rounds, less than 32 p.
#[inline(never)]
fn apply(a: &Long, b: &Long, row: Row, modulo_p: bool) -> Long {
    let product = |a: i32, b: i32| {
        let first = i64::from(row.0).wrapping_mul(i64::from(a));
        first.wrapping_add(i64::from(row.1).wrapping_mul(i64::from(b)))
    };
    let ([a_low, ..], [b_low, ..]) = (a, b);
    let low = product(*a_low, *b_low);
    // p is -19 modulo 2^30.
    let times = if modulo_p { low_30(low.wrapping_mul(INVERSE_OF_19)) } else { 0 };
    let mut carry = low.wrapping_sub(i64::from(times).wrapping_mul(19)) >> 30;
    let mut result = [0; 9];
    let pairs = a.iter().zip(b).skip(1);
    let [limbs @ .., highest] = &mut result;
    for (limb, (a, b)) in limbs.iter_mut().zip(pairs) {
        carry = carry.wrapping_add(product(*a, *b));
        *limb = low_30(carry);
        carry >>= 30;
    }
    // p's highest limb is 2^15, and it stands one lower after the division.
    if let Some(below) = limbs.last_mut() {
        let sum = i64::from(*below).wrapping_add(i64::from(times) << 15);
        *below = low_30(sum);
        carry = carry.wrapping_add(sum >> 30);
    }
    *highest = low_32(carry);
    result
}

fn unpack(bytes: &[u8; 32]) -> Long {
    let mut long = [0; 9];
    let mut limbs = long.iter_mut();
    let (mut waiting, mut bits) = (0_i64, 0_u32);
    for byte in bytes {
        waiting |= i64::from(*byte) << bits;
        bits = bits.wrapping_add(8);
        if bits >= 30 {
            if let Some(limb) = limbs.next() {
                *limb = low_30(waiting);
            }
            waiting >>= 30;
            bits = bits.wrapping_sub(30);
        }
    }
    if let Some(limb) = limbs.next() {
        *limb = low_30(waiting);
    }
    long
}

/// The number or its negative, plus 32 p so that it is not negative.
fn pack(long: &Long, negative: bool) -> ([u8; 32], u8) {
    let mut bytes = [0; 32];
    let mut places = bytes.iter_mut();
    let (mut waiting, mut bits) = (0_i64, 0_u32);
    for (limb, p) in long.iter().zip(P) {
        let limb = i64::from(*limb);
        let limb = if negative { limb.wrapping_neg() } else { limb };
        let limb = limb.wrapping_add(i64::from(p) << 5);
        // What waits has fewer than eight bits and a carry, which may be negative, above them.
        waiting = waiting.wrapping_add(limb << bits);
        bits = bits.wrapping_add(30);
        while bits >= 8 {
            let Some(place) = places.next() else { break };
            [*place, ..] = waiting.to_le_bytes();
            waiting >>= 8;
            bits = bits.wrapping_sub(8);
        }
    }
    // Of 256 bits, the highest belongs to what is above.
    let [.., highest] = &mut bytes;
    let [above, ..] = ((waiting << 1) | i64::from(*highest >> 7)).to_le_bytes();
    *highest &= 0x7f;
    (bytes, above)
}

fn low_30(number: i64) -> i32 {
    low_32(number & 0x3fff_ffff)
}

#[expect(clippy::as_conversions, reason = "the low half of a number is what remains of it")]
fn low_32(number: i64) -> i32 {
    number as i32
}

/// p = 2^255 - 19.
const P: Long = [-19, 0, 0, 0, 0, 0, 0, 0, 1 << 15];

const ONE: Long = [1, 0, 0, 0, 0, 0, 0, 0, 0];

/// 1 / 19 modulo 2^30.
const INVERSE_OF_19: i64 = 678_152_731;

/// 741 steps, thirty at a time.
const MOST_ROUNDS: u32 = 25;
