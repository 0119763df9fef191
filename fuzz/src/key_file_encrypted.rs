//! Encrypted signing keys (PBES2), as DER within good PEM. What says of itself that it takes long is left out: the bound that the reader
//! has for it is tested elsewhere, and here it would only be waited for.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Decode as _;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;
use twinseal::key::SigningKey;
use twinseal::secret::Passphrase;

use crate::key_file::pem;
use crate::note::{note, variant};

pub fn run(data: &[u8]) {
    if !is_cheap(data) {
        return note("left out: it would take long");
    }
    let passphrase = Passphrase::new(b"a passphrase".to_vec());
    match SigningKey::from_encrypted_pem(pem("ENCRYPTED PRIVATE KEY", data).as_bytes(), &passphrase) {
        Ok(key) => note(format!("accepted {}", key.algorithm().name())),
        Err(fault) => note(variant(&fault)),
    }
}

/// Whether the key derivation costs next to nothing, or the file is not even that far right.
fn is_cheap(der: &[u8]) -> bool {
    let Ok(info) = EncryptedPrivateKeyInfoRef::from_der(der) else { return true };
    let EncryptionScheme::Pbes2(parameters) = info.encryption_algorithm else { return true };
    match parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= 64,
        Kdf::Scrypt(scrypt) => {
            let work = scrypt.cost_parameter.saturating_mul(scrypt.block_size.into());
            work.saturating_mul(scrypt.parallelization.into()) <= 1024
        }
        _ => true,
    }
}
