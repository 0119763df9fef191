//! Keys that everybody has: the examples of the standards, and seeds that no random number generator made.

use ring::digest::{SHA256, digest};

use super::{KeyFault, Seed, VerifyingKey};
use crate::hex::Hex;

/// Refuses a key that stands in a standard.
///
/// # Errors
///
/// [`KeyFault::PublishedKey`], with where it stands.
pub(crate) fn refuse(key: &VerifyingKey) -> Result<(), KeyFault> {
    let name = Hex(digest(&SHA256, key.as_bytes()).as_ref()).to_string();
    match PUBLISHED.iter().find(|(_, published)| *published == name) {
        None => Ok(()),
        Some((source, _)) => Err(KeyFault::PublishedKey(source)),
    }
}

/// Refuses a seed that counts up, or repeats one byte, as those of samples and tests do. One in 2^240 random ones is like that.
pub(super) fn refuse_seed(seed: Option<&Seed>) -> Result<(), KeyFault> {
    let Some(seed) = seed else { return Ok(()) };
    for step in [0, 1, u8::MAX] {
        let next = seed.iter().skip(1);
        // No early end: how far a secret goes is nobody's business.
        if seed.iter().zip(next).fold(true, |all, (a, b)| all & (a.wrapping_add(step) == *b)) {
            return Err(KeyFault::PublishedKey("samples and tests (a seed that counts or repeats one byte)"));
        }
    }
    Ok(())
}

/// SHA-256 of the raw verifying keys. Those of RFC 9964 belong to the all-zero seed.
const PUBLISHED: [(&str, &str); 12] = [
    ("RFC 8032 section 7.1, TEST 1", "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9"),
    ("RFC 8032 section 7.1, TEST 2", "39f713d0a644253f04529421b9f51b9b08979d08295959c4f3990ee617f5139f"),
    ("RFC 8032 section 7.1, TEST 3", "dac073e0123bdea59dd9b3bda9cf6037f63aca82627d7abcd5c4ac29dd74003e"),
    ("RFC 8032 section 7.1, TEST 1024", "91384c411e5af29648f17f922b402655b11ecaec1b33fc45796241963f95f202"),
    ("RFC 8032 section 7.1, TEST SHA(abc)", "5f9b247e2a654719f198e4f241d6b0df9a1a937a13ef5ef899f64d9285fce224"),
    ("RFC 8410 section 10.3", "e744c0791320c3285460eddb523f14c88d857ada46b97a5690d88cf978b9191f"),
    ("RFC 9881 appendix C", "9f107644c1084526af3bc8098680b05499a2325a644e388fb4f970e058d19d46"),
    ("RFC 9881 appendix C", "d666806e11cee19a7c989f7445f90dd419cf4d2d51db8c0fdb4c0f0a542238c9"),
    ("RFC 9881 appendix C", "91dc389cfaa01470b7f66eee45a4ae9026d154817c754dfe22298b3fa241ffcd"),
    ("RFC 9964 appendix A", "eb4e7302842153b0fa19e8620739ad258af4929c26dd89079a7ec7d4282208e1"),
    ("RFC 9964 appendix A", "085ba380ff386dd52e42349c6eb88489d6058ea541a4e3fb0dce9a3fd1f7a911"),
    ("RFC 9964 appendix A", "1d4a461707fc50a7ec93a9c02454778a8b82321ca460eea345e7bbfaff38a3aa"),
];

#[cfg(test)]
mod tests {
    use twinseal_formats::SealAlgorithm;

    use super::super::SigningKey;
    use super::*;

    #[test]
    fn the_examples_of_the_standards_are_known() {
        let counting = Seed::new(core::array::from_fn(|i| i.try_into().unwrap()));
        let mut known = 0;
        for set in [SealAlgorithm::MlDsa44, SealAlgorithm::MlDsa65, SealAlgorithm::MlDsa87] {
            let key = SigningKey::from_seed(set, counting.clone()).unwrap();
            assert_eq!(refuse(key.verifying_key()), Err(KeyFault::PublishedKey("RFC 9881 appendix C")));
            known += 1;
        }
        // RFC 8032 section 7.1, TEST 2.
        let seed = [
            0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a,
            0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
        ];
        let key = SigningKey::from_seed(SealAlgorithm::Ed25519, Seed::new(seed)).unwrap();
        assert!(
            matches!(refuse(key.verifying_key()), Err(KeyFault::PublishedKey(source)) if source.contains("TEST 2"))
        );
        println!("known keys: {} by their verifying keys, {} computed here", PUBLISHED.len(), known + 1);
    }

    #[test]
    fn seeds_that_nobody_drew_are_refused_and_drawn_ones_are_not() {
        let mut refused = 0;
        for fill in 0..=255u8 {
            for step in [0, 1, 255u8] {
                let mut seed = Seed::default();
                let mut next = fill;
                for byte in seed.iter_mut() {
                    *byte = next;
                    next = next.wrapping_add(step);
                }
                assert!(refuse_seed(Some(&seed)).is_err());
                seed[31] ^= 0x80;
                assert_eq!(refuse_seed(Some(&seed)), Ok(()));
                refused += 1;
            }
        }
        assert_eq!(refused, 768);
        let key = SigningKey::generate(SealAlgorithm::MlDsa44).unwrap();
        assert_eq!(refuse_seed(key.seed()), Ok(()));
        assert_eq!(refuse(key.verifying_key()), Ok(()));
    }
}
