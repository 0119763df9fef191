//! Seals for the targets that look behind them. Real ones take nearly all of an input's time: so most inputs are sealed with stand-ins, which have the
//! same keys and lengths and can not be guessed either, and one in [`REAL`] with real ones as well, to the same verdict.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{AnchorId, Digest, DigestAlgorithm, SealAlgorithm, SealType, ToBeSigned, TrustStore};
use twinseal_tests::identity::Identity;
use twinseal_tests::trust::ALGORITHMS;
use twinseal_verifier::{BadSeal, Ed25519, Hasher, MlDsa44, MlDsa65, MlDsa87, SealVerifier, Verifier, WeakKey};

/// How many inputs there are for each that gets real seals.
const REAL: u32 = 64;

/// Whose seals an input gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sealing {
    StandIn,
    Real,
}

impl Sealing {
    /// What an input is tried with, always the same for the same bytes.
    pub(crate) fn of(data: &[u8]) -> &'static [Self] {
        let fnv = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        let hash = data.iter().fold(0x811c_9dc5, fnv);
        if (hash ^ hash >> 16) % REAL == 0 { &[Self::StandIn, Self::Real] } else { &[Self::StandIn] }
    }

    /// What a device verifies such seals with.
    pub(crate) fn verifier<'a>(self, store: &'a [u8]) -> Verifier<'a> {
        let algorithms: &[&dyn SealVerifier] = match self {
            Self::StandIn => &STAND_INS,
            Self::Real => &ALGORITHMS,
        };
        Verifier::new(TrustStore::parse(store).expect("a good store"), algorithms).expect("a good store")
    }
}

/// An identity that seals in both ways.
#[derive(Debug)]
pub(crate) struct Sealer {
    identity: Identity,
    anchor: AnchorId,
    keys: Vec<(SealAlgorithm, Vec<u8>)>,
}

impl Sealer {
    pub(crate) fn new(identity: &Identity) -> Self {
        Self { identity: identity.clone(), anchor: identity.anchor_id(), keys: identity.keys() }
    }

    /// Every half's seal over a digest.
    pub(crate) fn seals(&self, sealing: Sealing, seal_type: SealType, digest: &Digest) -> Vec<NewSeal> {
        if sealing == Sealing::Real {
            return self.identity.seals(seal_type, digest);
        }
        let encoded = encode::digest(digest);
        let seal = |(algorithm, key): &(SealAlgorithm, Vec<u8>)| {
            let protected = encode::protected_header(algorithm.cose(), self.anchor, seal_type);
            let message = ToBeSigned::new(&protected, &encoded).expect("both are short");
            let signature = stand_in(*algorithm, key, message.as_bytes());
            NewSeal { anchor: self.anchor, cose_algorithm: algorithm.cose(), signature }
        };
        self.keys.iter().map(seal).collect()
    }
}

/// An algorithm whose keys are the real one's and whose signatures are not: a digest of key and message, repeated.
struct StandIn(&'static dyn SealVerifier);

static STAND_INS: [&dyn SealVerifier; 4] =
    [&StandIn(&Ed25519), &StandIn(&MlDsa44), &StandIn(&MlDsa65), &StandIn(&MlDsa87)];

/// Keys that were examined and are good: most stores have the same ones, and each costs a multiplication on the curve.
static GOOD_KEYS: LazyLock<Mutex<HashSet<Vec<u8>>>> = LazyLock::new(Mutex::default);

impl SealVerifier for StandIn {
    fn algorithm(&self) -> SealAlgorithm {
        self.0.algorithm()
    }

    fn examine_key(&self, key: &[u8]) -> Result<(), WeakKey> {
        let mut good = GOOD_KEYS.lock().expect("nothing panics below");
        if good.contains(key) {
            return Ok(());
        }
        self.0.examine_key(key)?;
        if good.len() < 1000 {
            good.insert(key.to_vec());
        }
        Ok(())
    }

    fn verify(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), BadSeal> {
        if signature == stand_in(self.algorithm(), key, message) { Ok(()) } else { Err(BadSeal) }
    }
}

fn stand_in(algorithm: SealAlgorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256).expect("compiled in");
    hasher.update(key);
    hasher.update(message);
    let digest = hasher.finish().expect("a digest");
    digest.as_bytes().iter().copied().cycle().take(algorithm.signature_size()).collect()
}
