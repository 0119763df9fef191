//! The parameter sets (FIPS 204, section 4, Tables 1 and 2).

use core::fmt::Debug;

use twinseal_formats::SealAlgorithm;

use super::expanded::words;
use super::ntt::Poly;

/// A parameter set of ML-DSA.
pub trait ParameterSet: Sealed + Copy + Debug + Send + Sync + 'static {
    /// Its name in a trust store.
    const ALGORITHM: SealAlgorithm;

    /// How many words the table of a key has: [`expand_ml_dsa`](crate::expand_ml_dsa) makes them.
    const EXPANDED_WORDS: usize = words::<Self>(Self::ALGORITHM.key_size());
}

/// The numbers of a parameter set. Sealed: there are three.
#[expect(unnameable_types, reason = "so that nobody adds a fourth")]
pub trait Sealed {
    /// Rows of A.
    const K: u8;
    /// Columns of A.
    const L: u8;
    /// tau: how many coefficients of c are not 0.
    const TAU: u8;
    /// Bytes of c-tilde, lambda / 4.
    const CHALLENGE_SIZE: usize;
    /// Bits in which a coefficient of z is encoded: gamma1 is 2 to the power of one less.
    const Z_BITS: u32;
    /// gamma2.
    const GAMMA2: i32;
    /// Bits in which a coefficient of w1 is encoded.
    const W1_BITS: usize;
    /// beta = tau eta.
    const BETA: u32;
    /// omega: the largest number of ones in h.
    const OMEGA: usize;
    /// One polynomial for each column.
    type Columns: AsRef<[Poly]> + AsMut<[Poly]>;
    /// Memory for them.
    const COLUMNS: Self::Columns;
}

/// ML-DSA-44.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a name; there is no value of it")]
pub enum Set44 {}

/// ML-DSA-65.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a name; there is no value of it")]
pub enum Set65 {}

/// ML-DSA-87.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a name; there is no value of it")]
pub enum Set87 {}

impl ParameterSet for Set44 {
    const ALGORITHM: SealAlgorithm = SealAlgorithm::MlDsa44;
}

impl ParameterSet for Set65 {
    const ALGORITHM: SealAlgorithm = SealAlgorithm::MlDsa65;
}

impl ParameterSet for Set87 {
    const ALGORITHM: SealAlgorithm = SealAlgorithm::MlDsa87;
}

impl Sealed for Set44 {
    const K: u8 = 4;
    const L: u8 = 4;
    const TAU: u8 = 39;
    const CHALLENGE_SIZE: usize = 32;
    const Z_BITS: u32 = 18;
    const GAMMA2: i32 = 95_232;
    const W1_BITS: usize = 6;
    const BETA: u32 = 78;
    const OMEGA: usize = 80;
    type Columns = [Poly; 4];
    const COLUMNS: [Poly; 4] = [[0; 256]; 4];
}

impl Sealed for Set65 {
    const K: u8 = 6;
    const L: u8 = 5;
    const TAU: u8 = 49;
    const CHALLENGE_SIZE: usize = 48;
    const Z_BITS: u32 = 20;
    const GAMMA2: i32 = 261_888;
    const W1_BITS: usize = 4;
    const BETA: u32 = 196;
    const OMEGA: usize = 55;
    type Columns = [Poly; 5];
    const COLUMNS: [Poly; 5] = [[0; 256]; 5];
}

impl Sealed for Set87 {
    const K: u8 = 8;
    const L: u8 = 7;
    const TAU: u8 = 60;
    const CHALLENGE_SIZE: usize = 64;
    const Z_BITS: u32 = 20;
    const GAMMA2: i32 = 261_888;
    const W1_BITS: usize = 4;
    const BETA: u32 = 120;
    const OMEGA: usize = 75;
    type Columns = [Poly; 7];
    const COLUMNS: [Poly; 7] = [[0; 256]; 7];
}
