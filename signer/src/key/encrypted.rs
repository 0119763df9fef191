//! Encrypted signing keys: PBES2 (RFC 8018) with scrypt (RFC 7914) or PBKDF2, and AES, in EncryptedPrivateKeyInfo (RFC 5958 section 3).
//!
//! What is written: scrypt (N = 16384, r = 8, p = 5) and AES-256-CBC, the most that OpenSSL reads by default (it stops at 32 MiB for
//! scrypt). What is read may cost no more than [`MOST_MEMORY`] and [`MOST_WORK`] allow: the file says what decrypting it costs, and
//! whoever wrote the file need not be its owner.

use core::fmt;

use getrandom::SysRng;
use pkcs8::der::{Decode as _, Encode as _, asn1::OctetStringRef};
use pkcs8::pkcs5::pbes2::{EncryptionScheme as Cipher, Kdf, Parameters, Pbkdf2Prf};
use pkcs8::pkcs5::{EncryptionScheme, Error};
use pkcs8::{EncryptedPrivateKeyInfo, EncryptedPrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::KeyFault;
use super::ml_dsa::no_random_numbers;
use crate::error::{Failure, Result};
use crate::secret::Passphrase;

pub(super) const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// How a key is protected, as its file says without any passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    kdf: String,
    cipher: &'static str,
    weak: Option<&'static str>,
}

impl Protection {
    /// What is weaker about it than today's advice, if anything.
    #[must_use]
    pub const fn weakness(&self) -> Option<&'static str> {
        self.weak
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.kdf, self.cipher)
    }
}

/// Reads how a key is protected, and whether decrypting it is within bounds.
pub(super) fn protection(der: &[u8]) -> core::result::Result<Protection, KeyFault> {
    describe(&parse(der)?.0)
}

/// Decrypts a key.
pub(super) fn decrypt(der: &[u8], passphrase: &Passphrase) -> core::result::Result<Zeroizing<Vec<u8>>, KeyFault> {
    let (parameters, data) = parse(der)?;
    describe(&parameters)?;
    let mut buffer = Zeroizing::new(data.to_vec());
    let length = parameters
        .decrypt_in_place(passphrase.as_bytes(), &mut buffer)
        .map_err(|error| match error {
            Error::DecryptFailed => KeyFault::Passphrase,
            _ => KeyFault::Protection("its parameters are not valid".to_owned()),
        })?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

/// Encrypts a key.
pub(super) fn encrypt(der: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>> {
    let mut parameters = Parameters::generate_scrypt(&mut SysRng).map_err(no_random_numbers)?;
    if let Kdf::Scrypt(scrypt) = &mut parameters.kdf {
        scrypt.parallelization = 5;
    }
    let failed = |why: String| Failure::new("the signing key could not be encrypted").because(why);
    let data = parameters.encrypt(passphrase.as_bytes(), der).map_err(|error| failed(error.to_string()))?;
    let info = EncryptedPrivateKeyInfo {
        encryption_algorithm: EncryptionScheme::from(parameters),
        encrypted_data: OctetStringRef::new(&data).map_err(|error| failed(error.to_string()))?,
    };
    info.to_der().map(Zeroizing::new).map_err(|error| failed(error.to_string()))
}

fn parse(der: &[u8]) -> core::result::Result<(Parameters, &[u8]), KeyFault> {
    let info = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|error| match error.kind() {
        // An algorithm the reader does not know; everything else is a matter of the structure.
        pkcs8::der::ErrorKind::OidUnknown { oid } => KeyFault::Protection(format!("algorithm {oid} is not supported")),
        _ => KeyFault::Der(error),
    })?;
    if info.to_der()? != der {
        return Err(KeyFault::Unaccounted);
    }
    match info.encryption_algorithm {
        EncryptionScheme::Pbes2(parameters) => Ok((parameters, info.encrypted_data.as_bytes())),
        _ => Err(KeyFault::Protection("PBES1 is broken; PBES2 with AES is read".to_owned())),
    }
}

fn describe(parameters: &Parameters) -> core::result::Result<Protection, KeyFault> {
    let cipher = match parameters.encryption {
        Cipher::Aes128Cbc { .. } => "AES-128-CBC",
        Cipher::Aes192Cbc { .. } => "AES-192-CBC",
        Cipher::Aes256Cbc { .. } => "AES-256-CBC",
        Cipher::Aes128Gcm { .. } => "AES-128-GCM",
        Cipher::Aes256Gcm { .. } => "AES-256-GCM",
        _ => return Err(KeyFault::Protection("its cipher is not AES".to_owned())),
    };
    let (kdf, cost, salt) = match &parameters.kdf {
        Kdf::Scrypt(scrypt) => {
            let (n, r, p) = (scrypt.cost_parameter, u64::from(scrypt.block_size), u64::from(scrypt.parallelization));
            let memory = n.saturating_mul(r).saturating_mul(128);
            let kdf = format!("scrypt (N = {n}, r = {r}, p = {p})");
            if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
                return Err(KeyFault::Protection(format!("{kdf} is not possible")));
            }
            if memory > MOST_MEMORY || n.saturating_mul(r).saturating_mul(p) > MOST_WORK {
                return Err(KeyFault::Protection(format!("{kdf} would cost more than is allowed")));
            }
            (kdf, n.saturating_mul(r).saturating_mul(p) >= LEAST_WORK, scrypt.salt.as_ref())
        }
        Kdf::Pbkdf2(pbkdf2) => {
            let prf = match pbkdf2.prf {
                Pbkdf2Prf::HmacWithSha224 => "SHA-224",
                Pbkdf2Prf::HmacWithSha256 => "SHA-256",
                Pbkdf2Prf::HmacWithSha384 => "SHA-384",
                Pbkdf2Prf::HmacWithSha512 => "SHA-512",
                _ => return Err(KeyFault::Protection("PBKDF2 is not with SHA-2".to_owned())),
            };
            let count = pbkdf2.iteration_count;
            let kdf = format!("PBKDF2-HMAC-{prf} ({count} iterations)");
            if count == 0 {
                return Err(KeyFault::Protection(format!("{kdf} is not possible")));
            }
            if count > MOST_ITERATIONS {
                return Err(KeyFault::Protection(format!("{kdf} would cost more than is allowed")));
            }
            (kdf, count >= LEAST_ITERATIONS, pbkdf2.salt.as_ref())
        }
        _ => return Err(KeyFault::Protection("its key derivation is neither scrypt nor PBKDF2".to_owned())),
    };
    let weak = match (cost, salt.len() >= 8) {
        (false, _) => Some("a passphrase is guessed faster than is advised today"),
        (true, false) => Some("the salt is shorter than 8 bytes"),
        (true, true) => None,
    };
    Ok(Protection { kdf, cipher, weak })
}

/// The memory of scrypt, 128 N r bytes: 256 MiB.
const MOST_MEMORY: u64 = 256 << 20;
/// N r p of scrypt: some seconds.
const MOST_WORK: u64 = 1 << 24;
/// Iterations of PBKDF2: some seconds.
const MOST_ITERATIONS: u32 = 10_000_000;
/// N r p of scrypt: OWASP's least, and OpenSSL's default.
const LEAST_WORK: u64 = 1 << 17;
/// Iterations of PBKDF2: OWASP's least for SHA-512, below that for SHA-256.
const LEAST_ITERATIONS: u32 = 210_000;

#[cfg(test)]
mod tests;
