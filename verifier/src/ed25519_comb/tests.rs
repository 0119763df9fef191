//! Field and scalar arithmetic against integers; tables, and what is none. Both limb widths run here, whatever the host's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where something is not as it must be")]
#![allow(clippy::arithmetic_side_effects, reason = "of integers without bounds, and of small ones")]
#![allow(clippy::std_instead_of_alloc, reason = "a test has std")]

extern crate std;

use std::println;
use std::vec::Vec;

use num_bigint::BigUint;

use super::field::{Field, Narrow, Wide};
use super::point::Point;
use super::scalar::Scalar;
use super::{BadTable, BaseComb, CombSize, ExpandedEd25519};
use crate::cases;

/// A generator of numbers that are the same in every run (xorshift64*).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| self.next().to_be_bytes()[0])
    }

    /// Numbers of 256 bits in which carries run far: many limbs all ones or all zeros, and a few near a multiple of p.
    pub(super) fn awkward(&mut self) -> [u8; 32] {
        let mut bytes = self.bytes();
        match self.next() % 4 {
            0 => {
                for limb in bytes.as_chunks_mut::<4>().0 {
                    match self.next() % 4 {
                        0 => *limb = [0; 4],
                        1 | 2 => *limb = [0xff; 4],
                        _ => {}
                    }
                }
            }
            1 => {
                let near = u8::try_from(self.next() % 80).unwrap();
                let number = p() * (self.next() % 3) + near;
                let number = if number < BigUint::from(40_u8) { number } else { number - 40_u8 };
                bytes = fixed(&(number % (BigUint::from(1_u8) << 256)));
            }
            _ => {}
        }
        bytes
    }
}

fn p() -> BigUint {
    (BigUint::from(1_u8) << 255) - 19_u8
}

pub(super) fn order() -> BigUint {
    (BigUint::from(1_u8) << 252) + "27742317777372353535851937790883648493".parse::<BigUint>().unwrap()
}

pub(super) fn number(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_le(bytes)
}

pub(super) fn fixed(number: &BigUint) -> [u8; 32] {
    let mut bytes = number.to_bytes_le();
    bytes.resize(32, 0);
    bytes.try_into().unwrap()
}

fn field_against_integers<F: Field>() -> usize {
    let p = p();
    let mut numbers = Numbers(0x6669_656c_6431);
    let mut ran = 0;
    for _ in 0..cases(40_000, 20) {
        let (a, b) = (numbers.awkward(), numbers.awkward());
        let (fa, fb, na, nb) = (F::from_bytes(&a), F::from_bytes(&b), number(&a), number(&b));
        assert_eq!(fa.to_bytes(), fixed(&(&na % &p)), "encoding of {na}");
        assert_eq!(fa.add(&fb).to_bytes(), fixed(&((&na + &nb) % &p)), "{na} + {nb}");
        assert_eq!(fa.sub(&fb).to_bytes(), fixed(&((&na + &p * 3_u8 - &nb) % &p)), "{na} - {nb}");
        assert_eq!(fa.mul(&fb).to_bytes(), fixed(&(&na * &nb % &p)), "{na} * {nb}");
        assert_eq!(fa.square().to_bytes(), fixed(&(&na * &na % &p)), "{na} ^ 2");
        assert_eq!(fa.is_zero(), &na % &p == BigUint::ZERO);
        ran += 6;
    }
    for _ in 0..cases(100, 1) {
        let a = numbers.awkward();
        let (fa, na) = (F::from_bytes(&a), number(&a));
        assert_eq!(fa.invert_by_power().to_bytes(), fixed(&na.modpow(&(&p - 2_u8), &p)));
        assert_eq!(fa.power_p_minus_5_over_8().to_bytes(), fixed(&na.modpow(&((&p - 5_u8) / 8_u8), &p)));
        ran += 2;
    }
    ran
}

#[test]
fn field_operations_are_those_of_integers_modulo_p() {
    let ran = [field_against_integers::<Narrow>(), field_against_integers::<Wide>()];
    println!("field: {ran:?} operations on narrow and on wide limbs");
    assert_eq!(ran, [cases(240_200, 122); 2]);
}

/// Carries out of the lowest limb after folding happen once in 2^26 additions, and one that then runs to the top, never by chance.
fn rare_carries<F: Field>() -> usize {
    let p = p();
    let top = BigUint::from(1_u8) << 256;
    let one = BigUint::from(1_u8);
    let mut edges: Vec<BigUint> = Vec::new();
    for near in (0..60_u8).take(cases(60, 1)) {
        edges.extend([BigUint::from(near), &top - near - 1_u8, &p + near, &p - near, &p * 2_u8 - near]);
        for limb in [32, 64, 128, 224] {
            edges.extend([(&one << limb) + near, (&one << limb) - (&one + near), &top - (&one << limb) + near]);
        }
    }
    let mut ran = 0;
    for a in &edges {
        for b in &edges {
            let (fa, fb) = (F::from_bytes(&fixed(a)), F::from_bytes(&fixed(b)));
            assert_eq!(fa.add(&fb).to_bytes(), fixed(&((a + b) % &p)), "{a} + {b}");
            assert_eq!(fa.sub(&fb).to_bytes(), fixed(&((a + &p * 3_u8 - b) % &p)), "{a} - {b}");
            assert_eq!(fa.mul(&fb).to_bytes(), fixed(&(a * b % &p)), "{a} * {b}");
            ran += 3;
        }
        assert_eq!(F::from_bytes(&fixed(a)).square().to_bytes(), fixed(&(a * a % &p)), "{a} ^ 2");
        ran += 1;
    }
    // Products that fold to just above and below 2^256: b is what a has to be multiplied with to get there.
    let mut numbers = Numbers(0x6669_656c_6432);
    for _ in 0..cases(20_000, 20) {
        let a = number(&numbers.bytes::<32>()) | &one;
        let target = (&top * (numbers.next() % 40)) + &top - 1_u8 - (numbers.next() % 1500);
        let b = &target / &a % &top;
        let (fa, fb) = (F::from_bytes(&fixed(&(&a % &top))), F::from_bytes(&fixed(&b)));
        assert_eq!(fa.mul(&fb).to_bytes(), fixed(&(&a * &b % &p)), "{a} * {b}");
        ran += 1;
    }
    ran
}

#[test]
fn carries_that_chance_never_brings_are_right() {
    let ran = [rare_carries::<Narrow>(), rare_carries::<Wide>()];
    println!("field: {ran:?} operations at the edges");
    assert_eq!(ran[0], ran[1]);
    assert!(ran[0] > cases(3_000_000, 800));
}

#[test]
fn scalars_are_integers_modulo_the_order() {
    let order = order();
    let mut numbers = Numbers(0x7363_616c_6172);
    let mut ran = 0;
    let mut reduces = |digest: [u8; 64]| {
        assert_eq!(Scalar::from_digest(&digest).to_bytes(), fixed(&(number(&digest) % &order)));
        ran += 1;
    };
    for _ in 0..cases(20_000, 20) {
        reduces(core::array::from_fn(|_| numbers.next().to_be_bytes()[0]));
        let (low, high) = (numbers.awkward(), numbers.awkward());
        reduces(core::array::from_fn(|at| if at < 32 { low[at] } else { high[at - 32] }));
        // Multiples of L and their neighbours.
        let multiple = &order * number(&numbers.bytes::<32>()) + (numbers.next() % 3);
        let mut bytes = (multiple - u8::from(numbers.next().is_multiple_of(2))).to_bytes_le();
        bytes.resize(64, 0);
        reduces(bytes.try_into().unwrap());
        // A quotient of 2^16 in the last step: from just below 2^16 L.
        let below: BigUint = (&order << 16) - 1_u8 - numbers.next() % 1000;
        let mut bytes = below.to_bytes_le();
        bytes.resize(64, 0);
        reduces(bytes.try_into().unwrap());
    }
    reduces([0; 64]);
    reduces([0xff; 64]);

    let mut compared = 0;
    for near in (0..1000_u32).step_by(cases(1, 100)) {
        for (candidate, good) in [(&order + near, false), (&order - near - 1_u8, true), (&order * 2_u8 + near, false)] {
            assert_eq!(Scalar::from_canonical(&fixed(&candidate)).is_some(), good, "{candidate}");
            compared += 1;
        }
    }
    for high in 0..32 {
        let candidate = &order + (BigUint::from(1_u8) << (224 + high));
        assert!(Scalar::from_canonical(&fixed(&(candidate % (BigUint::from(1_u8) << 256)))).is_none());
    }
    println!("scalars: {ran} reduced, {compared} compared with L");
    assert_eq!((ran, compared), (cases(80_002, 82), cases(3000, 30)));
}

fn inverses<F: Field>() -> usize {
    let p = p();
    let mut numbers = Numbers(0x696e_7665_7273_6521);
    let mut candidates: Vec<BigUint> = (0..255).map(|bit| BigUint::from(1_u8) << bit).collect();
    candidates.extend((1..500_u32).flat_map(|near| [BigUint::from(near), &p - near, &p / (near + 1)]));
    candidates.extend((0..cases(20_000, 500)).map(|_| number(&numbers.awkward()) % &p));
    let mut ran = 0;
    let candidates = candidates.into_iter().filter(|candidate| *candidate != BigUint::ZERO);
    for candidate in candidates.step_by(cases(1, 100)) {
        let element = F::from_bytes(&fixed(&candidate));
        // By the steps alone: the power that would stand in for them is not needed once.
        let found = element.invert_by_steps().to_bytes();
        assert_eq!(number(&found) * &candidate % &p, BigUint::from(1_u8), "1 / {candidate}");
        assert_eq!(found, element.invert().to_bytes());
        ran += 1;
    }
    assert!(F::ZERO.invert().is_zero());
    assert!(F::from_bytes(&fixed(&p)).invert().is_zero());
    ran
}

#[test]
fn inverses_come_from_division_steps_alone() {
    let ran = [inverses::<Narrow>(), inverses::<Wide>()];
    println!("field: {ran:?} inverses");
    assert_eq!(ran[0], ran[1]);
    assert!(ran[0] > cases(20_000, 20));
}

/// The table of a key, in memory.
pub(super) fn table(key: &[u8; 32], size: CombSize) -> Vec<u8> {
    let mut bytes = Vec::new();
    ExpandedEd25519::expand(key, size, |piece| bytes.extend_from_slice(piece)).unwrap();
    assert_eq!(bytes.len(), size.table_size());
    bytes
}

/// B, encoded (RFC 8032 section 5.1: y = 4 / 5).
const BASE: [u8; 32] = {
    let mut bytes = [0x66; 32];
    bytes[0] = 0x58;
    bytes
};

#[test]
fn the_base_points_combs_are_those_of_its_encoding() {
    let mut ran = 0;
    let sizes = cases(6, 2);
    for size in CombSize::ALL.into_iter().take(sizes) {
        assert!(table(&BASE, size) == BaseComb::of_size(size).bytes, "{size:?}");
        assert!(u32::from(size.teeth()) * u32::from(size.columns()) >= 253);
        assert!(u32::from(size.teeth()) * u32::from(size.columns() - 1) < 253);
        assert_eq!(size.table_size(), 48 + 96 * (1 + (1 << (size.teeth() - 1))));
        ran += 1;
    }
    assert_eq!(ran, sizes);
}

#[test]
fn a_point_survives_encoding_and_what_is_not_an_encoding_is_refused() {
    let mut numbers = Numbers(0x706f_696e);
    let (mut points, mut others) = (0, 0);
    for _ in 0..cases(2000, 10) {
        let bytes = if numbers.next().is_multiple_of(2) { numbers.awkward() } else { numbers.bytes() };
        let narrow = Point::<Narrow>::decode(&bytes);
        let wide = Point::<Wide>::decode(&bytes);
        assert_eq!(narrow.is_some(), wide.is_some());
        if let (Some(narrow), Some(wide)) = (narrow, wide) {
            assert_eq!(narrow.encode(), bytes);
            assert_eq!(wide.encode(), bytes);
            assert_eq!(narrow.to_entry(), wide.to_entry());
            points += 1;
        } else {
            others += 1;
        }
    }
    println!("points: {points} encodings, {others} that are none");
    assert!(points > cases(500, 0) && others > cases(500, 0));
}

#[test]
fn a_table_that_is_not_the_keys_is_refused() {
    let key = BASE;
    let good = table(&key, CombSize::Teeth4);
    let refused = |table: &[u8], key: &[u8]| {
        let plain = ExpandedEd25519::from_write_protected(table, key, BaseComb::TEETH_4).map(|_| ());
        let strict = ExpandedEd25519::new(table, key, BaseComb::TEETH_4).map(|_| ());
        (plain, strict)
    };
    assert_eq!(refused(&good, &key), (Ok(()), Ok(())));
    let mut ran = 0;
    let apart = cases(1, 300);
    for at in (0..good.len()).step_by(apart) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let expected = match at {
            5 => (Err(BadTable::Length), Err(BadTable::Length)), // another number of teeth
            0..16 => (Err(BadTable::Header), Err(BadTable::Header)),
            16..48 => (Err(BadTable::AnotherKey), Err(BadTable::AnotherKey)),
            _ => (Ok(()), Err(BadTable::Entries)),
        };
        assert_eq!(refused(&bad, &key), expected, "byte {at}");
        ran += 1;
    }
    for length in 0..good.len() {
        assert_eq!(refused(&good[..length], &key).0, Err(BadTable::Length), "{length} bytes");
        ran += 1;
    }
    for more in [1, 31, 32, 96, 768] {
        let mut bad = good.clone();
        bad.resize(good.len() + more, 0);
        assert_eq!(refused(&bad, &key).0, Err(BadTable::Length), "{more} bytes more");
        ran += 1;
    }
    for length in [0, 31] {
        assert_eq!(refused(&good, &key[..length]).0, Err(BadTable::AnotherKey));
        ran += 1;
    }
    let other = ExpandedEd25519::from_write_protected(&good, &key, BaseComb::TEETH_5).map(|_| ());
    assert_eq!(other, Err(BadTable::AnotherSize));
    println!("expanded anchors: {ran} bad ones");
    assert_eq!(ran, 912_usize.div_ceil(apart) + 912 + 5 + 2);
}
