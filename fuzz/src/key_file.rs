//! Files of keys that are not encrypted: PKCS#8 and SubjectPublicKeyInfo, as PEM text and as DER within good PEM.

use pem_rfc7468::LineEnding;
use twinseal::key::{KeyFault, SigningKey, VerifyingKey};

use crate::note::{note, variant};

pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    match kind % 5 {
        0 => signing(SigningKey::from_pem(bytes)),
        1 => signing(SigningKey::from_pem(pem("PRIVATE KEY", bytes).as_bytes())),
        2 => {
            let key = VerifyingKey::from_spki_der(bytes);
            if let Ok(key) = &key {
                assert_eq!(key.to_spki_der().expect("a key").as_slice(), bytes, "there is one encoding");
            }
            verifying("spki", key);
        }
        3 => verifying("pem", VerifyingKey::from_pem(bytes)),
        _ => match VerifyingKey::all_from_pem(bytes) {
            Ok(keys) => {
                assert!(!keys.is_empty(), "a file without keys is no file of keys");
                note(format!("accepted {} in one file", keys.len().min(2)));
            }
            Err(fault) => note(format!("several {}", variant(&fault))),
        },
    }
}

fn signing(key: Result<SigningKey, KeyFault>) {
    note(match key {
        Ok(key) => {
            // A key whose seed is not known can not be written in this form.
            if let Ok(text) = key.to_pem() {
                let again = SigningKey::from_pem(text.as_bytes()).expect("what was written can be read");
                assert_eq!(again.verifying_key(), key.verifying_key(), "the same key");
            }
            format!("signing accepted {}", key.algorithm().name())
        }
        Err(fault) => format!("signing {}", variant(&fault)),
    });
}

fn verifying(form: &str, key: Result<VerifyingKey, KeyFault>) {
    note(match key {
        Ok(key) => {
            let text = key.to_pem().expect("a key can be written");
            assert_eq!(VerifyingKey::from_pem(text.as_bytes()).expect("what was written can be read"), key);
            format!("{form} accepted {}", key.algorithm().name())
        }
        Err(fault) => format!("{form} {}", variant(&fault)),
    });
}

/// Good PEM around any bytes.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).expect("a good label")
}
