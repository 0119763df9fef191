//! Where Ed25519 implementations are known to differ ("Taming the many EdDSAs"): each case is built here, so that it is sure to be
//! what it is called. What one implementation accepts and another refuses must be refused, by the signature or by the key.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest as _, Sha512};
use twinseal_verifier::{Ed25519, SealVerifier};

/// A secret scalar and a nonce: any will do.
const SECRET: u64 = 0x7477_696e_7365_616c;
const NONCE: u64 = 0x6e6f_6e63_6520_3031;

/// The group order, little-endian (RFC 8032: 2^252 + 27742317777372353535851937790883648493).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

fn signature(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    core::array::from_fn(|at| if at < 32 { r[at] } else { s[at - 32] })
}

/// Whether the equation without cofactor holds, S B = R + k A, by points: what a lax implementation looks at.
fn holds(r: &EdwardsPoint, s: &Scalar, key: &EdwardsPoint, k: &Scalar) -> bool {
    EdwardsPoint::mul_base(s) == r + k * key
}

/// The messages to search through for a challenge of the wanted residue.
fn messages() -> impl Iterator<Item = [u8; 8]> {
    (0..10_000_u64).map(u64::to_le_bytes)
}

#[test]
fn a_sound_signature_made_by_hand_is_good() {
    let (a, r) = (Scalar::from(SECRET), Scalar::from(NONCE));
    let (key, nonce) =
        (EdwardsPoint::mul_base(&a).compress().to_bytes(), EdwardsPoint::mul_base(&r).compress().to_bytes());
    let s = r + challenge(&nonce, &key, b"good") * a;
    assert_eq!(Ed25519.examine_key(&key), Ok(()));
    assert_eq!(Ed25519.verify(&key, b"good", &signature(&nonce, &s.to_bytes())), Ok(()));

    // The same S, written as S + L: the equation holds, and the signature is another one (malleability).
    let mut carry = 0_u16;
    let beyond: [u8; 32] = core::array::from_fn(|at| {
        let sum = u16::from(s.to_bytes()[at]) + u16::from(ORDER[at]) + carry;
        carry = sum >> 8;
        sum.to_le_bytes()[0]
    });
    assert_eq!((carry, Scalar::from_bytes_mod_order(beyond)), (0, s));
    assert!(Ed25519.verify(&key, b"good", &signature(&nonce, &beyond)).is_err());
}

#[test]
fn keys_of_small_order_are_refused() {
    let mut ran = 0;
    for key_point in EIGHT_TORSION {
        let key = key_point.compress().to_bytes();
        assert!(Ed25519.examine_key(&key).is_err());
        // S = 0 and an R of small order: whoever made this knew no secret.
        let found = messages().flat_map(|message| EIGHT_TORSION.map(|r| (message, r))).find(|(message, r)| {
            holds(r, &Scalar::ZERO, &key_point, &challenge(&r.compress().to_bytes(), &key, message))
        });
        let (message, r) = found.unwrap();
        assert!(Ed25519.verify(&key, &message, &signature(&r.compress().to_bytes(), &[0; 32])).is_err());
        ran += 1;
    }
    println!("Ed25519 edges: {ran} keys of small order");
    assert_eq!(ran, 8);
}

#[test]
fn keys_of_mixed_order_are_refused_although_their_signatures_can_be_valid() {
    let (a, r) = (Scalar::from(SECRET), Scalar::from(NONCE));
    let nonce_point = EdwardsPoint::mul_base(&r);
    let nonce = nonce_point.compress().to_bytes();
    let (mut valid_without_cofactor, mut valid_with_cofactor_only) = (0, 0);
    for torsion in &EIGHT_TORSION[1..] {
        let key_point = EdwardsPoint::mul_base(&a) + torsion;
        let key = key_point.compress().to_bytes();
        assert!(Ed25519.examine_key(&key).is_err());
        for message in messages().take(16) {
            let k = challenge(&nonce, &key, &message);
            let s = r + k * a;
            let without = holds(&nonce_point, &s, &key_point, &k);
            let with = (EdwardsPoint::mul_base(&s) - (nonce_point + k * key_point)).mul_by_cofactor()
                == EdwardsPoint::default();
            assert!(with);
            // Such a key makes signatures on which the world is divided: that is why it can not be an anchor's.
            assert_eq!(Ed25519.verify(&key, &message, &signature(&nonce, &s.to_bytes())).is_ok(), without);
            if without {
                valid_without_cofactor += 1;
            } else {
                valid_with_cofactor_only += 1;
            }
        }
    }
    println!(
        "Ed25519 edges: 7 keys of mixed order; {valid_without_cofactor} of their signatures valid, {valid_with_cofactor_only} with cofactor only"
    );
    assert_eq!(valid_without_cofactor + valid_with_cofactor_only, 7 * 16);
    assert!(valid_without_cofactor > 0 && valid_with_cofactor_only > 0);
}

#[test]
fn a_nonce_point_of_small_order_is_refused() {
    let a = Scalar::from(SECRET);
    let key_point = EdwardsPoint::mul_base(&a);
    let key = key_point.compress().to_bytes();
    let identity = EdwardsPoint::default();

    // R is the neutral element, S = k a: the equation holds for any message.
    let r = identity.compress().to_bytes();
    let k = challenge(&r, &key, b"message");
    assert!(holds(&identity, &(k * a), &key_point, &k));
    assert!(Ed25519.verify(&key, b"message", &signature(&r, &(k * a).to_bytes())).is_err());

    // The same R, not canonically: y = p + 1.
    let mut r = [0xff; 32];
    (r[0], r[31]) = (0xee, 0x7f);
    let k = challenge(&r, &key, b"message");
    assert!(Ed25519.verify(&key, b"message", &signature(&r, &(k * a).to_bytes())).is_err());
}

#[test]
fn keys_that_are_not_canonical_are_refused() {
    let mut ran = 0;
    // y = p ... 2^255 - 1, with either sign: 38 encodings that are not the one of their point, if they are points at all.
    for low in 0xed..=0xff_u8 {
        for high in [0x7f, 0xff] {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (low, high);
            assert!(Ed25519.examine_key(&key).is_err());
            ran += 1;
        }
    }
    // x = 0 with the sign of a negative x: y = 1 and y = -1.
    for y in [EIGHT_TORSION[0], EIGHT_TORSION[4]] {
        let mut key = y.compress().to_bytes();
        key[31] |= 0x80;
        assert!(Ed25519.examine_key(&key).is_err());
        ran += 1;
    }
    println!("Ed25519 edges: {ran} keys that are not canonical");
    assert_eq!(ran, 40);
}

#[test]
fn keys_and_signatures_of_another_length_are_refused() {
    let a = Scalar::from(SECRET);
    let key = EdwardsPoint::mul_base(&a).compress().to_bytes();
    for length in [0, 31, 33, 64] {
        let mut other = key.to_vec();
        other.resize(length, 0);
        assert!(Ed25519.examine_key(&other).is_err());
        assert!(Ed25519.verify(&other, b"", &[0; 64]).is_err());
    }
    for length in [0, 32, 63, 65, 128] {
        assert!(Ed25519.verify(&key, b"", &vec![0; length]).is_err());
    }
}
