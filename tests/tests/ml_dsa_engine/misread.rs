//! Signatures that only a verifier takes which leaves out one check: c-tilde fits to what such a verifier would make of the rest.

use crate::forge::{Forger, Poly, encode_hint, write};
use crate::peers::Peers;
use crate::{Case, Random};

/// What is wrong.
pub(crate) const KINDS: [&str; 3] = [
    "a position twice, and the hint used twice",
    "counts of positions that fall, and the next row from there on",
    "a context of 256 bytes, its length cut to a byte",
];

impl<P: Peers> Forger<P> {
    /// The signature in which only this is wrong.
    pub(crate) fn misread(&self, random: &mut Random, kind: &str) -> Case {
        let bound = usize::try_from((1_i64 << P::GAMMA1_BITS) - P::BETA).unwrap();
        let z: Vec<Poly> = (0..P::L)
            .map(|_| {
                core::array::from_fn(|_| {
                    i64::try_from(random.below(2 * bound - 1)).unwrap() + 1 - i64::try_from(bound).unwrap()
                })
            })
            .collect();
        // Five positions that rise.
        let first = u8::try_from(random.below(200)).unwrap();
        let [a, b, c, d, e] = [0, 3, 4, 20, 55].map(|further| first + further);
        let mut hint = vec![Vec::new(); P::K];
        let mut ends = None;
        match kind {
            "a position twice, and the hint used twice" => hint[0] = vec![a, b, b, c],
            "counts of positions that fall, and the next row from there on" => {
                (hint[0], hint[2]) = (vec![a, b, c], vec![c, d, e]);
                ends = Some(([a, b, c, d, e], [3, 2, 5]));
            }
            _ => hint[1] = vec![a, b, c, d, e],
        }
        let context = if kind.starts_with("a context") { random.bytes(256) } else { Vec::new() };
        let mut case =
            Case { key: self.key.clone(), message: random.bytes(20), context, signature: vec![0; P::SIGNATURE] };
        write::<P>(&mut case.signature, &z);
        let challenge = self.challenge(&case, &self.product(&z), &hint);
        case.signature[..P::CHALLENGE].copy_from_slice(&challenge);
        let encoded = &mut case.signature[P::HINT..];
        if let Some((positions, counts)) = ends {
            encoded[..5].copy_from_slice(&positions);
            encoded[P::OMEGA..].fill(5);
            encoded[P::OMEGA..P::OMEGA + 3].copy_from_slice(&counts);
        } else {
            encode_hint::<P>(&hint, encoded);
        }
        case
    }
}
