//! Seven verifiers of a parameter set: four roads of ours, three crates of others.

use fips204::traits::{SerDes as _, Verifier as _};
use ml_dsa::{ExpandedSigningKey, VerifyingKey};
use twinseal_verifier::mldsa::{Input, expand_unexamined, verify_compact, verify_keeping_z};
use twinseal_verifier::{ExpandedMlDsa, Fast, ParameterSet, Small};

use crate::{Case, Random};

/// The numbers of a set, and the crates' verifiers of it.
pub(crate) trait Peers {
    type Set: ParameterSet;
    const NAME: &'static str;
    const K: usize;
    const L: usize;
    const CHALLENGE: usize;
    const GAMMA1_BITS: usize;
    const GAMMA2: i64;
    const BETA: i64;
    const OMEGA: usize;
    const KEY: usize = 32 + Self::K * 320;
    const Z: usize = 32 * (1 + Self::GAMMA1_BITS);
    const HINT: usize = Self::CHALLENGE + Self::L * Self::Z;
    const SIGNATURE: usize = Self::HINT + Self::OMEGA + Self::K;

    fn signed(random: &mut Random) -> Case;
    fn verdicts(case: &Case) -> [(&'static str, bool); 3];
}

macro_rules! number {
    (GAMMA2) => {
        i64
    };
    (BETA) => {
        i64
    };
    ($other:ident) => {
        usize
    };
}

macro_rules! peers {
    ($name:ident, $set:ident, $module:ident, $text:literal, [$($number:ident = $value:literal),*]) => {
        pub(crate) enum $name {}

        impl Peers for $name {
            type Set = twinseal_verifier::$set;
            const NAME: &'static str = $text;
            $(const $number: number!($number) = $value;)*

            fn signed(random: &mut Random) -> Case {
                let seed: [u8; 32] = random.bytes(32).try_into().unwrap();
                let signer = ExpandedSigningKey::<ml_dsa::$name>::from_seed(&seed.into());
                let (size, context_size) = (random.below(200), [0, 0, 1, 7, 255][random.below(5)]);
                let (message, context) = (random.bytes(size), random.bytes(context_size));
                let signature = signer.sign_deterministic(&message, &context).unwrap().encode().to_vec();
                Case { key: signer.verifying_key().encode().to_vec(), message, context, signature }
            }

            fn verdicts(case: &Case) -> [(&'static str, bool); 3] {
                let Case { key, message, context, signature } = case;
                let ml_dsa = || {
                    let key = VerifyingKey::<ml_dsa::$name>::decode(&key.as_slice().try_into().ok()?);
                    let signature = ml_dsa::Signature::<ml_dsa::$name>::try_from(signature.as_slice()).ok()?;
                    Some(key.verify_with_context(message, context, &signature))
                };
                let fips204 = || {
                    let key = fips204::$module::PublicKey::try_from_bytes(key.as_slice().try_into().ok()?).ok()?;
                    Some(key.verify(message, &signature.as_slice().try_into().ok()?, context))
                };
                let libcrux = || {
                    let key = libcrux_ml_dsa::MLDSAVerificationKey::new(key.as_slice().try_into().ok()?);
                    let signature = libcrux_ml_dsa::MLDSASignature::new(signature.as_slice().try_into().ok()?);
                    Some(libcrux_ml_dsa::$module::verify(&key, message, context, &signature).is_ok())
                };
                [
                    ("ml-dsa", ml_dsa().unwrap_or(false)),
                    ("fips204", fips204().unwrap_or(false)),
                    ("libcrux-ml-dsa", libcrux().unwrap_or(false)),
                ]
            }
        }
    };
}

pub(crate) use self::{MlDsa44 as Peers44, MlDsa65 as Peers65, MlDsa87 as Peers87};

peers!(
    MlDsa44,
    Set44,
    ml_dsa_44,
    "ML-DSA-44",
    [K = 4, L = 4, CHALLENGE = 32, GAMMA1_BITS = 17, GAMMA2 = 95_232, BETA = 78, OMEGA = 80]
);
peers!(
    MlDsa65,
    Set65,
    ml_dsa_65,
    "ML-DSA-65",
    [K = 6, L = 5, CHALLENGE = 48, GAMMA1_BITS = 19, GAMMA2 = 261_888, BETA = 196, OMEGA = 55]
);
peers!(
    MlDsa87,
    Set87,
    ml_dsa_87,
    "ML-DSA-87",
    [K = 8, L = 7, CHALLENGE = 64, GAMMA1_BITS = 19, GAMMA2 = 261_888, BETA = 120, OMEGA = 75]
);

/// All seven for one key, whose table is made once.
pub(crate) struct Verifiers<P: Peers> {
    key: Vec<u8>,
    table: Option<Vec<u32>>,
    set: core::marker::PhantomData<P>,
}

impl<P: Peers> Verifiers<P> {
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut table = Vec::new();
        let made = expand_unexamined::<P::Set>(key, |piece| table.extend_from_slice(piece)).is_ok();
        assert_eq!(made, key.len() == P::KEY);
        Self { key: key.to_vec(), table: made.then_some(table), set: core::marker::PhantomData }
    }

    pub(crate) fn verdicts(&self, case: &Case) -> [(&'static str, bool); 7] {
        let (Case { message, context, signature, .. }, key) = (case, &self.key);
        let input = Input::Pure { context, message };
        let compact = verify_compact::<P::Set>(key, input, signature).is_ok();
        let keeping_z = verify_keeping_z::<P::Set>(key, input, signature).is_ok();
        let (mut fast, mut small) = (compact, compact);
        if let Some(table) = &self.table {
            let expanded = ExpandedMlDsa::<P::Set, Fast>::from_write_protected(table, key).unwrap();
            fast = expanded.verify_input(input, signature).is_ok();
            let expanded = ExpandedMlDsa::<P::Set, Small>::from_write_protected(table, key).unwrap();
            small = expanded.verify_input(input, signature).is_ok();
        }
        let [a, b, c] = P::verdicts(case);
        [("compact", compact), ("keeping z", keeping_z), ("fast", fast), ("small", small), a, b, c]
    }
}
