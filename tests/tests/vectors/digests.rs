//! Digests against the values that FIPS 180-4's examples give, in one piece and in odd ones.

use twinseal_formats::DigestAlgorithm::{self, Sha256, Sha384, Sha512};
use twinseal_verifier::Hasher;

use crate::hex;

/// The messages: nothing, "abc", a million times "a" (FIPS 180-4 examples, SHA Validation System).
const EXPECTED: [(DigestAlgorithm, [&str; 3]); 3] = [
    (
        Sha256,
        [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        ],
    ),
    (
        Sha384,
        [
            "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985",
        ],
    ),
    (
        Sha512,
        [
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81\
             a538327af927da3e",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e\
             2a9ac94fa54ca49f",
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e\
             4eadb217ad8cc09b",
        ],
    ),
];

#[test]
fn digests_are_those_of_fips_180_4() {
    let million = vec![b'a'; 1_000_000];
    let messages: [&[u8]; 3] = [b"", b"abc", &million];
    let mut ran = 0;
    for (algorithm, expected) in EXPECTED {
        for (message, expected) in messages.into_iter().zip(expected) {
            let expected = hex(expected);
            assert_eq!(Hasher::digest(algorithm, message).unwrap().as_bytes(), expected, "{algorithm}, in one piece");
            // 1 is less than any block, 63 and 127 one less than a block, 129 one more; 4099 spans several.
            for piece in [1, 63, 64, 127, 129, 4099] {
                let mut hasher = Hasher::new(algorithm).unwrap();
                message.chunks(piece).for_each(|piece| hasher.update(piece));
                assert_eq!(hasher.finish().unwrap().as_bytes(), expected, "{algorithm}, in pieces of {piece}");
            }
            ran += 1;
        }
    }
    println!("digests: {ran} known answers, each in one piece and in pieces of 6 sizes");
    assert_eq!(ran, 9);
}
