//! The ML-DSA engine against three implementations that know nothing of it: on every input the same verdict.
//!
//! Inputs are valid signatures and structured changes of them: bits anywhere, each part by itself, hints out of order, repeated, too
//! many or with padding, z at its bound, keys and lengths.
//!
//! ```sh
//! cargo test --release -p twinseal-tests --test differential -- --nocapture                    # a short run
//! TWINSEAL_DIFFERENTIAL=1000000 cargo test --release -p twinseal-tests --test differential -- --nocapture   # cases a set
//! ```

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test ends where something is not as it must be; sizes here fit everywhere"
)]

use fips204::traits::{SerDes as _, Verifier as _};
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, Keypair as _, MlDsaParams, Signature, SigningKey, VerifyingKey};
use twinseal_verifier::{MlDsa44, MlDsa65, MlDsa87, SealVerifier};

/// Sizes of a parameter set's signature: c-tilde, z by bits a coefficient, omega and k.
struct Shape {
    c_tilde: usize,
    z_bits: usize,
    l: usize,
    omega: usize,
    k: usize,
    gamma1: i64,
    beta: i64,
}

impl Shape {
    const fn z_end(&self) -> usize {
        self.c_tilde + self.l * 32 * self.z_bits
    }
}

type Verdict = fn(&[u8], &[u8], &[u8]) -> bool;

/// Deterministic, and good enough to choose places with (xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 11).expect("64 bits") % bound
    }
}

/// Changes a signature; some changes leave it valid.
fn change(kind: usize, signature: &mut Vec<u8>, shape: &Shape, chance: &mut Chance) {
    let z_end = shape.z_end();
    match kind {
        0 => {}
        1 => flip(signature, 0, shape.c_tilde, chance),
        2 => flip(signature, shape.c_tilde, z_end, chance),
        3 => flip(signature, z_end, z_end + shape.omega, chance),
        4 => flip(signature, z_end + shape.omega, z_end + shape.omega + shape.k, chance),
        // A coefficient of z at the bound, one inside and one outside, on both sides.
        5 => {
            let bound = shape.gamma1 - shape.beta;
            let value = [bound - 1, bound, bound + 1, 1 - bound, -bound, -bound - 1, shape.gamma1][chance.below(7)];
            let coefficient = chance.below(shape.l * 256);
            let encoded = u64::try_from(shape.gamma1 - value).expect("within gamma1");
            for bit in 0..shape.z_bits {
                let at = coefficient * shape.z_bits + bit;
                let byte = &mut signature[shape.c_tilde + at / 8];
                *byte = *byte & !(1 << (at % 8)) | ((encoded >> bit & 1) as u8) << (at % 8);
            }
        }
        // Hints: neighbours exchanged, repeated, one more or fewer counted, padding.
        6 => {
            let at = z_end + chance.below(shape.omega - 1);
            signature.swap(at, at + 1);
        }
        7 => {
            let at = z_end + chance.below(shape.omega - 1);
            signature[at + 1] = signature[at];
        }
        8 => {
            let at = z_end + shape.omega + chance.below(shape.k);
            signature[at] = [signature[at].wrapping_add(1), signature[at].wrapping_sub(1), 0, 255][chance.below(4)];
        }
        9 => signature[z_end + shape.omega - 1] = (chance.next() >> 32) as u8,
        10 => signature[z_end + shape.omega + shape.k - 1] = u8::try_from(shape.omega + 1).expect("a byte"),
        11 => signature.push(0),
        12 => {
            signature.pop();
        }
        // A hint taken away altogether, consistently counted: UseHint decides.
        13 => {
            let counts = z_end + shape.omega;
            let total = usize::from(signature[counts + shape.k - 1]);
            if total > 0 {
                let gone = chance.below(total);
                signature[z_end + gone..counts].rotate_left(1);
                signature[counts - 1] = 0;
                for count in &mut signature[counts..counts + shape.k] {
                    *count -= u8::from(usize::from(*count) > gone);
                }
            }
        }
        _ => signature[shape.c_tilde..z_end].fill([0, 0xff][chance.below(2)]),
    }
}

const KINDS: usize = 15;

fn flip(signature: &mut [u8], from: usize, to: usize, chance: &mut Chance) {
    let bit = chance.below((to - from) * 8);
    signature[from + bit / 8] ^= 1 << (bit % 8);
}

fn crate_ml_dsa<P: MlDsaParams>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) =
        (<&EncodedVerifyingKey<P>>::try_from(key), <&EncodedSignature<P>>::try_from(signature))
    else {
        return false;
    };
    Signature::<P>::decode(signature)
        .is_some_and(|signature| VerifyingKey::<P>::decode(key).verify_with_context(message, &[], &signature))
}

fn compare<P: MlDsaParams>(name: &str, shape: &Shape, engine: &dyn SealVerifier, peers: [Verdict; 3]) {
    let cases: usize = std::env::var("TWINSEAL_DIFFERENTIAL").map_or(3_000, |count| count.parse().expect("a number"));
    let mut chance = Chance(0x7477_696e_7365_616c ^ shape.k as u64);
    let (mut accepted, mut refused) = (0, 0);
    let mut sample = None;
    for case in 0..cases {
        // A new key and message now and then; many changes of each.
        if case % 200 == 0 {
            let seed: [u8; 32] = core::array::from_fn(|_| (chance.next() >> 32) as u8);
            let message = seed.map(|byte| byte ^ 0x5a).to_vec();
            let signing = Box::new(SigningKey::<P>::from_seed(&seed.into()));
            let signature = signing.expanded_key().sign_deterministic(&message, &[]).expect("the context is empty");
            sample = Some((signing.verifying_key().encode().to_vec(), message, signature.encode().to_vec()));
        }
        let (key, message, good) = sample.as_ref().expect("the first case makes one");
        let (mut key, mut message, mut signature) = (key.clone(), message.clone(), good.clone());
        let kind = chance.below(KINDS + 2);
        match kind {
            KINDS => flip(&mut key, 0, 64, &mut chance),
            k if k > KINDS => flip(&mut message, 0, 32, &mut chance),
            _ => change(kind, &mut signature, shape, &mut chance),
        }
        let ours = engine.verify(&key, &message, &signature).is_ok();
        let theirs = peers.map(|peer| peer(&key, &message, &signature));
        assert_eq!(
            [ours; 3], theirs,
            "{name}, case {case}, change {kind}: engine {ours}, [ml-dsa, fips204, libcrux] {theirs:?}"
        );
        if ours { accepted += 1 } else { refused += 1 }
    }
    println!("{name}: {cases} cases, {accepted} accepted and {refused} refused by all four");
    assert!(accepted > cases / 50 && refused > cases / 2, "both verdicts occur");
}

macro_rules! differential {
    ($test:ident, $set:ident, $fips204:ident, $libcrux_key:ident, $libcrux_signature:ident, $shape:expr) => {
        #[test]
        fn $test() {
            let fips204: Verdict = |key, message, signature| {
                let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
                fips204::$fips204::PublicKey::try_from_bytes(key).is_ok_and(|key| key.verify(message, &signature, &[]))
            };
            let libcrux: Verdict = |key, message, signature| {
                use libcrux_ml_dsa::$fips204::{verify, $libcrux_key, $libcrux_signature};
                let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
                verify(&$libcrux_key::new(key), message, &[], &$libcrux_signature::new(signature)).is_ok()
            };
            compare::<ml_dsa::$set>(stringify!($set), &$shape, &$set, [crate_ml_dsa::<ml_dsa::$set>, fips204, libcrux]);
        }
    };
}

differential!(
    ml_dsa_44,
    MlDsa44,
    ml_dsa_44,
    MLDSA44VerificationKey,
    MLDSA44Signature,
    Shape { c_tilde: 32, z_bits: 18, l: 4, omega: 80, k: 4, gamma1: 1 << 17, beta: 78 }
);
differential!(
    ml_dsa_65,
    MlDsa65,
    ml_dsa_65,
    MLDSA65VerificationKey,
    MLDSA65Signature,
    Shape { c_tilde: 48, z_bits: 20, l: 5, omega: 55, k: 6, gamma1: 1 << 19, beta: 196 }
);
differential!(
    ml_dsa_87,
    MlDsa87,
    ml_dsa_87,
    MLDSA87VerificationKey,
    MLDSA87Signature,
    Shape { c_tilde: 64, z_bits: 20, l: 7, omega: 75, k: 8, gamma1: 1 << 19, beta: 120 }
);
