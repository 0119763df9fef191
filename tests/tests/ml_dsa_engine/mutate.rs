//! Changes of a signature that was valid.

use crate::peers::Peers;
use crate::{Case, Random};

/// How many kinds there are.
pub(crate) const KINDS: usize = 20;

/// Makes one change and names it.
pub(crate) fn mutate<P: Peers>(random: &mut Random, case: &mut Case) -> &'static str {
    let size = case.signature.len();
    let ends = P::HINT + P::OMEGA;
    let used = usize::from(case.signature[size - 1]);
    let z_at = P::CHALLENGE + random.below(P::L * P::Z);
    let Case { key, message, context, signature } = case;
    match random.below(KINDS) {
        0 => "nothing changed",
        1 => {
            flip(random, &mut signature[..P::CHALLENGE]);
            "a bit of c-tilde"
        }
        2 => {
            flip(random, &mut signature[z_at..=z_at]);
            "a bit of z"
        }
        3 => {
            let coefficient = random.below(256 * P::L);
            let bound = (1 << P::GAMMA1_BITS) - P::BETA;
            let value = [bound - 2, bound - 1, bound, bound + 1][random.below(4)];
            let value = if random.below(2) == 0 { value } else { -value };
            write_z::<P>(signature, coefficient, value);
            "z about the bound"
        }
        4 => {
            let at = P::HINT + random.below(used.max(2) - 1);
            signature[at + 1] = signature[at];
            "a position of the hint repeated"
        }
        5 => {
            let at = P::HINT + random.below(used.max(2) - 1);
            signature.swap(at, at + 1);
            "positions of the hint exchanged"
        }
        6 => {
            signature[ends + random.below(P::K)] = u8::try_from(P::OMEGA + 1 + random.below(255 - P::OMEGA)).unwrap();
            "a count of the hint above omega"
        }
        7 => {
            let free = P::OMEGA.saturating_sub(used).max(1);
            signature[ends - 1 - random.below(free)] = 1 + random.next().to_le_bytes()[0] % 255;
            "padding of the hint"
        }
        8 => {
            signature[ends + random.below(P::K)] ^= 1;
            "a count of the hint by one"
        }
        9 => {
            let row = random.below(P::K);
            signature[ends + row] = random.next().to_le_bytes()[0] % u8::try_from(P::OMEGA + 1).unwrap();
            "a count of the hint anyhow"
        }
        10 => {
            signature[ends - 1] = 255;
            signature[size - 1] = u8::try_from(P::OMEGA).unwrap();
            "the hint full"
        }
        11 => {
            signature[P::HINT..].fill(0);
            "no hint"
        }
        12 => {
            flip(random, &mut signature[P::HINT..ends]);
            "a bit of the hint's positions"
        }
        13 => {
            let random = random.bytes(size - P::HINT);
            signature[P::HINT..].copy_from_slice(&random);
            "another hint"
        }
        14 => {
            flip(random, &mut key[..32]);
            "a bit of rho"
        }
        15 => {
            flip(random, &mut key[32..]);
            "a bit of t1"
        }
        16 => {
            match random.below(4) {
                0 => signature.truncate(random.below(size)),
                1 => signature.push(0),
                2 => key.truncate(random.below(P::KEY)),
                _ => key.push(0),
            }
            "another length"
        }
        17 => {
            message.push(0);
            "another message"
        }
        18 => {
            context.resize([256, 255, 1, 0][random.below(4)], 7);
            "another context"
        }
        _ => {
            let random = random.bytes(P::Z);
            let begin = P::CHALLENGE + (z_at - P::CHALLENGE) / P::Z * P::Z;
            signature[begin..begin + P::Z].copy_from_slice(&random);
            "another polynomial of z"
        }
    }
}

fn flip(random: &mut Random, bytes: &mut [u8]) {
    let at = random.below(bytes.len());
    bytes[at] ^= 1 << random.below(8);
}

/// Writes a coefficient of z into an encoded signature; what does not fit comes round.
pub(crate) fn write_z<P: Peers>(signature: &mut [u8], coefficient: usize, value: i64) {
    let bits = P::GAMMA1_BITS + 1;
    let encoded = (1 << P::GAMMA1_BITS) - value;
    for bit in 0..bits {
        let at = P::CHALLENGE * 8 + coefficient * bits + bit;
        let mask = 1 << (at % 8);
        signature[at / 8] = (signature[at / 8] & !mask) | if (encoded >> bit) & 1 == 1 { mask } else { 0 };
    }
}
