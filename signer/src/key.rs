//! Keys: verifying keys, signing keys, and the standard files they live in.
//!
//! Verifying keys are SPKI (RFC 8410, RFC 9881 section 4), signing keys PKCS#8 (RFC 8410, RFC 9881 section 6), both in PEM
//! (RFC 7468). What is read is read strictly: every byte is accounted for, and parts that contradict each other are refused.

mod access;
mod encrypted;
pub mod exec;
mod expanded;
mod fault;
mod file;
pub(crate) mod known;
mod ml_dsa;
mod oid;
mod pem;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod pkcs8;
mod signer;
mod signing;
mod spki;
mod thumbprint;
mod uri;
mod verifying;

pub use access::Access;
pub use encrypted::Protection;
pub use fault::KeyFault;
pub use signer::{Mu, Signer};
pub use signing::{Seed, SigningKey};
pub use uri::{KeyUri, Pkcs11Uri};
pub use verifying::VerifyingKey;

/// The DER in a file of one `PUBLIC KEY` block, of whatever algorithm.
pub(crate) fn pem_public_key(file: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, KeyFault> {
    pem::decode(pem::only_block(file)?, verifying::LABEL)
}

/// The longest key file that is read: twice the longest that is right (ML-DSA-87, both private forms, in PEM).
pub(crate) const FILE_LIMIT: u64 = 16 * 1024;
