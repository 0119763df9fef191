//! Signatures for a key with t1 = 0: whatever z and h are, a c-tilde that fits can be computed. Arithmetic as the standard writes it.

use shake::{ExtendableOutput as _, Shake256, Update as _, XofReader as _};
use twinseal_verifier::mldsa::expand_unexamined;

use crate::mutate::write_z;
use crate::peers::Peers;
use crate::{Case, Random};

/// How many kinds there are.
pub(crate) const KINDS: usize = 11;

const Q: i64 = 8_380_417;
pub(crate) type Poly = [i64; 256];

/// A key with t1 = 0 and its matrix.
pub(crate) struct Forger<P> {
    pub(crate) key: Vec<u8>,
    /// A-hat, by rows.
    a_hat: Vec<Vec<Poly>>,
    zetas: Poly,
    set: core::marker::PhantomData<P>,
}

impl<P: Peers> Forger<P> {
    pub(crate) fn new(random: &mut Random) -> Self {
        let mut key = random.bytes(32);
        key.resize(P::KEY, 0);
        let mut table = Vec::new();
        expand_unexamined::<P::Set>(&key, |piece| table.extend_from_slice(piece)).unwrap();
        let row = |words: &[u32]| -> Vec<Poly> {
            words.chunks_exact(256).take(P::L).map(|words| core::array::from_fn(|at| i64::from(words[at]))).collect()
        };
        let a_hat = table[(16 + P::KEY + 64) / 4..].chunks_exact((P::L + 1) * 256).map(row).collect();
        let power = |k: u8| (0..k.reverse_bits()).fold(1, |power, _| power * 1753 % Q);
        let zetas = core::array::from_fn(|k| power(u8::try_from(k).unwrap()));
        Self { key, a_hat, zetas, set: core::marker::PhantomData }
    }

    /// A case, what it is, and whether it is valid.
    pub(crate) fn case(&self, random: &mut Random) -> (&'static str, Case, bool) {
        let bound = (1_i64 << P::GAMMA1_BITS) - P::BETA;
        let kind = random.below(KINDS);
        let mut z = vec![[0; 256]; P::L];
        // Also small z, and none: then w is 0, and so is r0.
        let magnitude = if kind == 0 { 0 } else { [bound, bound, bound, 3][random.below(4)] };
        if magnitude > 0 {
            let width = usize::try_from(2 * magnitude - 1).unwrap();
            let mut coefficient = || i64::try_from(random.below(width)).unwrap() - magnitude + 1;
            z.iter_mut().for_each(|z| z.iter_mut().for_each(|z| *z = coefficient()));
        }
        let mut w = self.product(&z);
        let mut steered = None;
        if matches!(kind, 2 | 3) {
            steered = self.steer(random, &mut z, &w, kind == 3);
            w = self.product(&z);
        }
        let extreme = match kind {
            4 => Some(bound - 1),
            5 => Some([bound, bound + 1, 1 << P::GAMMA1_BITS][random.below(3)]),
            _ => None,
        };
        if let Some(extreme) = extreme {
            // The lowest that can be encoded is one more than -gamma1.
            let negative = random.below(2) == 1 && extreme < 1 << P::GAMMA1_BITS;
            z[random.below(P::L)][random.below(256)] = if negative { -extreme } else { extreme };
            w = self.product(&z);
        }

        let at_least = if (6..=8).contains(&kind) { 2 } else { 0 };
        let mut hint = hint::<P>(random, at_least, steered);
        let mut case = Case {
            key: self.key.clone(),
            message: random.bytes(20),
            context: Vec::new(),
            signature: vec![0; P::SIGNATURE],
        };
        write::<P>(&mut case.signature, &z);
        // The hint says the same in the wrong encodings; kind 10 says that the omitted one is not there.
        let challenge = self.challenge(&case, &w, &hint);
        case.signature[..P::CHALLENGE].copy_from_slice(&challenge);
        let row = hint.iter().position(|row| row.len() >= 2);
        let total: usize = hint.iter().map(Vec::len).sum();
        let (name, mut valid) = match (kind, row) {
            (0, _) => ("forged: z = 0, r0 = 0", true),
            (1, _) => ("forged", true),
            (2, _) if steered.is_some() => ("forged: r0 at an edge, with a hint", true),
            (3, _) if steered.is_some() => ("forged: r at an end of its range, with a hint", true),
            (4, _) => ("forged: z within the bound by one", true),
            (5, _) => ("forged: z at the bound", false),
            (6, Some(row)) if total < P::OMEGA => {
                let twice = hint[row][0];
                hint[row].insert(0, twice);
                ("forged: a position twice", false)
            }
            (7, Some(row)) => {
                hint[row].swap(0, 1);
                ("forged: positions not sorted", false)
            }
            (8, Some(row)) => {
                hint[row].reverse();
                ("forged: positions fall", false)
            }
            (9, _) => ("forged: padding is not 0", total == P::OMEGA),
            (10, _) => ("forged: c-tilde by a bit", false),
            _ => ("forged", true),
        };
        encode_hint::<P>(&hint, &mut case.signature[P::HINT..]);
        if kind == 9 && total < P::OMEGA {
            case.signature[P::HINT + total + random.below(P::OMEGA - total)] = 1;
        }
        if kind == 10 {
            case.signature[random.below(P::CHALLENGE)] ^= 1 << random.below(8);
            valid = false;
        }
        (name, case, valid)
    }

    /// A z.
    pub(crate) fn product(&self, z: &[Poly]) -> Vec<Poly> {
        let z: Vec<Poly> = z.iter().map(|z| self.ntt(*z)).collect();
        let row = |row: &Vec<Poly>| -> Poly {
            self.inverse(core::array::from_fn(|n| row.iter().zip(&z).map(|(a, z)| a[n] * z[n] % Q).sum::<i64>() % Q))
        };
        self.a_hat.iter().map(row).collect()
    }

    /// Changes one coefficient of z so that a coefficient of w comes to lie where rounding is decided; says which, if it can be.
    fn steer(&self, random: &mut Random, z: &mut [Poly], w: &[Poly], ends: bool) -> Option<(usize, usize)> {
        let (row, column) = (random.below(P::K), random.below(P::L));
        let (at, from) = (random.below(256), random.below(256));
        let a = self.inverse(self.a_hat[row][column]);
        let factor = if at >= from { a[at - from] } else { Q - a[256 + at - from] };
        let old = z[column][from];
        let bound = (1_i64 << P::GAMMA1_BITS) - P::BETA;
        let wanted = random.below(5);
        let begin = i64::try_from(random.below(usize::try_from(2 * bound - 1).unwrap())).unwrap();
        let found = (0..2 * bound - 1).map(|step| (begin + step) % (2 * bound - 1) - bound + 1).find(|value| {
            let r = (w[row][at] + factor * (value - old)).rem_euclid(Q);
            let r0 = decompose(r, P::GAMMA2).1;
            if ends {
                [r == 0, r == Q - 1, r == Q - 1 - P::GAMMA2, r > Q - 1 - P::GAMMA2, r == 1][wanted]
            } else {
                [r0 == 0, r0 == 1, r0 == -1, r0 == P::GAMMA2, r0 == 1 - P::GAMMA2][wanted]
            }
        })?;
        z[column][from] = found;
        Some((row, at))
    }

    /// c-tilde (FIPS 204, Algorithm 8, line 12). A position that stands twice is used twice, and of the context's length the low byte counts.
    pub(crate) fn challenge(&self, case: &Case, w: &[Poly], hint: &[Vec<u8>]) -> Vec<u8> {
        let mut mu = [0; 64];
        let mut tr = [0; 64];
        Shake256::default().chain(&self.key).finalize_xof().read(&mut tr);
        let prefixed = Shake256::default()
            .chain(tr)
            .chain([0, case.context.len().to_le_bytes()[0]])
            .chain(&case.context)
            .chain(&case.message);
        prefixed.finalize_xof().read(&mut mu);
        let bits = if P::GAMMA2 == 95_232 { 6 } else { 4 };
        let mut encoded = vec![0_u8; P::K * 32 * bits];
        for (row, (w, hint)) in w.iter().zip(hint).enumerate() {
            for (n, r) in w.iter().enumerate() {
                let times = hint.iter().filter(|position| usize::from(**position) == n).count();
                let value = decompose((0..times).fold(*r, |r, _| use_hint(r, P::GAMMA2) * 2 * P::GAMMA2), P::GAMMA2).0;
                for bit in (0..bits).filter(|bit| (value >> bit) & 1 == 1) {
                    let at = (row * 256 + n) * bits + bit;
                    encoded[at / 8] |= 1 << (at % 8);
                }
            }
        }
        let mut challenge = vec![0; P::CHALLENGE];
        Shake256::default().chain(mu).chain(&encoded).finalize_xof().read(&mut challenge);
        challenge
    }

    /// FIPS 204, Algorithm 41.
    fn ntt(&self, mut w: Poly) -> Poly {
        let (mut m, mut len) = (0, 128);
        while len >= 1 {
            for start in (0..256).step_by(2 * len) {
                m += 1;
                for j in start..start + len {
                    let t = self.zetas[m] * w[j + len] % Q;
                    (w[j], w[j + len]) = ((w[j] + t).rem_euclid(Q), (w[j] - t).rem_euclid(Q));
                }
            }
            len /= 2;
        }
        w
    }

    /// FIPS 204, Algorithm 42.
    fn inverse(&self, mut w: Poly) -> Poly {
        let (mut m, mut len) = (256, 1);
        while len < 256 {
            for start in (0..256).step_by(2 * len) {
                m -= 1;
                for j in start..start + len {
                    let t = w[j];
                    w[j] = (t + w[j + len]) % Q;
                    w[j + len] = (Q - self.zetas[m]) * (t - w[j + len]).rem_euclid(Q) % Q;
                }
            }
            len *= 2;
        }
        w.map(|w| w * 8_347_681 % Q)
    }
}

/// Positions by row, at most omega in all: at least so many in some row, and that one.
fn hint<P: Peers>(random: &mut Random, at_least: usize, one: Option<(usize, usize)>) -> Vec<Vec<u8>> {
    let mut rows = vec![Vec::new(); P::K];
    let mut left = [P::OMEGA, P::OMEGA, 1 + random.below(P::OMEGA)][random.below(3)].max(2);
    let mut put = |row: usize, position: usize| {
        let position = u8::try_from(position).unwrap();
        if left > 0 && !rows[row].contains(&position) {
            rows[row].push(position);
            left -= 1;
        }
    };
    if let Some((row, position)) = one {
        put(row, position);
    }
    for position in 0..at_least {
        put(0, position);
    }
    for _ in 0..random.below(2 * P::OMEGA) {
        put(random.below(P::K), random.below(256));
    }
    rows.iter_mut().for_each(|row| row.sort_unstable());
    rows
}

/// HintBitPack (FIPS 204, Algorithm 20), of whatever is there.
pub(crate) fn encode_hint<P: Peers>(hint: &[Vec<u8>], bytes: &mut [u8]) {
    let mut at = 0;
    for (row, positions) in hint.iter().enumerate() {
        bytes[at..at + positions.len()].copy_from_slice(positions);
        at += positions.len();
        bytes[P::OMEGA + row] = u8::try_from(at).unwrap();
    }
}

/// FIPS 204, Algorithm 36.
fn decompose(r: i64, gamma2: i64) -> (i64, i64) {
    let mut r0 = r % (2 * gamma2);
    if r0 > gamma2 {
        r0 -= 2 * gamma2;
    }
    if r - r0 == Q - 1 { (0, r0 - 1) } else { ((r - r0) / (2 * gamma2), r0) }
}

/// FIPS 204, Algorithm 40, where the hint is 1.
fn use_hint(r: i64, gamma2: i64) -> i64 {
    let m = (Q - 1) / (2 * gamma2);
    match decompose(r, gamma2) {
        (r1, r0) if r0 > 0 => (r1 + 1) % m,
        (r1, _) => (r1 - 1).rem_euclid(m),
    }
}

/// Writes z.
pub(crate) fn write<P: Peers>(signature: &mut [u8], z: &[Poly]) {
    for (at, value) in z.iter().flatten().enumerate() {
        write_z::<P>(signature, at, *value);
    }
}
