//! ADR 1: `pqcrypto-dilithium` 0.5 makes the signatures of a draft (FIPS 204's initial public draft), and they must be refused.
//!
//! Keys and signatures have the lengths of FIPS 204, so length tells nothing. Two things differ: FIPS 204 hashes 0x00, the length of
//! the context and the context in front of the message, where the draft hashes the bare message; and FIPS 204 derives the challenge
//! from all of c~ (32, 48, 64 bytes), where the draft takes its first 32 bytes. The second makes no difference for ML-DSA-44.

use pqcrypto_dilithium::{dilithium2, dilithium3, dilithium5};
use pqcrypto_traits::sign::{DetachedSignature, PublicKey};
use twinseal_formats::SealAlgorithm;

use crate::adapter;

const MESSAGE: &[u8] = b"a message that both sign";

/// Makes a key and a signature of the draft over `$message`; whether our adapter takes it for one over [`MESSAGE`].
macro_rules! accepted {
    ($module:ident, $algorithm:ident, $message:expr) => {{
        let algorithm = SealAlgorithm::$algorithm;
        let (key, secret) = $module::keypair();
        let signature = $module::detached_sign($message, &secret);
        // It is a good signature of the draft, of the right lengths, under a good key: what refuses it is the mathematics.
        assert!($module::verify_detached_signature(&signature, $message, &key).is_ok());
        assert_eq!(signature.as_bytes().len(), algorithm.signature_size());
        assert_eq!(adapter(algorithm).examine_key(key.as_bytes()), Ok(()));
        adapter(algorithm).verify(key.as_bytes(), MESSAGE, signature.as_bytes()).is_ok()
    }};
}

#[test]
fn signatures_of_the_draft_are_refused() {
    let accepted = [
        accepted!(dilithium2, MlDsa44, MESSAGE),
        accepted!(dilithium3, MlDsa65, MESSAGE),
        accepted!(dilithium5, MlDsa87, MESSAGE),
    ];
    println!("pqcrypto-dilithium: {} signatures refused", accepted.len());
    assert_eq!(accepted, [false; 3]);
}

/// That the two differences are the ones named above, and all: whoever puts FIPS 204's two bytes in front of the message by hand has
/// made an ML-DSA-44 signature, and still none of ML-DSA-65 or -87.
#[test]
fn what_the_draft_differs_in() {
    let prefixed = [&[0, 0], MESSAGE].concat();
    assert!(accepted!(dilithium2, MlDsa44, &prefixed));
    assert!(!accepted!(dilithium3, MlDsa65, &prefixed));
    assert!(!accepted!(dilithium5, MlDsa87, &prefixed));
}
