use super::*;

#[test]
fn every_part_of_an_expanded_key_is_held_to_the_others() {
    for set in SETS {
        let expanded = key(set).expanded().unwrap();
        let t0_size = 416
            * match set {
                SealAlgorithm::MlDsa44 => 4,
                SealAlgorithm::MlDsa65 => 6,
                _ => 8,
            };
        let t0 = expanded.len() - t0_size;
        let flipped = |at: usize, bit: u8| {
            let mut faulty = expanded.to_vec();
            faulty[at] ^= bit;
            from_expanded(set, &faulty).map(|_| ())
        };
        // rho: another matrix, so another verifying key than the one tr is the digest of.
        assert_eq!(flipped(0, 1), Err(KeyFault::ExpandedTr));
        assert_eq!(flipped(31, 0x80), Err(KeyFault::ExpandedTr));
        // tr itself.
        assert_eq!(flipped(64, 1), Err(KeyFault::ExpandedTr));
        assert_eq!(flipped(127, 0x80), Err(KeyFault::ExpandedTr));
        // s1 and s2: out of range, another verifying key, or (if t1 happens to be the same) another t0.
        for at in [128, 200, t0 - 1] {
            for bit in [1, 2, 4, 8] {
                assert!(flipped(at, bit).is_err(), "{set:?} {at} {bit}");
            }
        }
        // t0, first and last coefficient, lowest and highest bit.
        for (at, bit) in
            [(t0, 1), (t0, 0x80), (t0 + t0_size / 2, 4), (expanded.len() - 1, 8), (expanded.len() - 1, 0x80)]
        {
            assert_eq!(flipped(at, bit), Err(KeyFault::ExpandedT0), "{set:?} {at}");
        }
    }
}

#[test]
fn a_secret_coefficient_out_of_range_is_refused_and_does_not_panic() {
    for set in SETS {
        let mut faulty = key(set).expanded().unwrap().to_vec();
        faulty[128] = 0xff;
        assert_eq!(from_expanded(set, &faulty).unwrap_err(), KeyFault::ExpandedRange);
    }
}

#[test]
fn both_forms_must_belong_together() {
    for set in SETS {
        let expanded = key(set).expanded().unwrap();
        let fault = |seed: &[u8], expanded: &[u8]| read(&wrapped(set, &both_form(seed, expanded))).unwrap_err();
        assert_eq!(fault(&[0x43; 32], &expanded), KeyFault::SeedDiffers);
        // Byte 40 is in K, which nothing but the seed can answer for.
        for at in [0, 40, 64, 128, expanded.len() - 1] {
            let mut faulty = expanded.to_vec();
            faulty[at] ^= 1;
            assert_eq!(fault(&[0x42; 32], &faulty), KeyFault::SeedDiffers);
        }
        assert!(matches!(fault(&[0x42; 31], &expanded), KeyFault::Size { expected: 32, found: 31 }));
        assert!(matches!(fault(&[0x42; 32], &expanded[1..]), KeyFault::Size { .. }));
        let three = tlv(0x30, &[tlv(0x04, &[0x42; 32]), tlv(0x04, &expanded), tlv(0x04, &[])].concat());
        assert!(matches!(read(&wrapped(set, &three)), Err(KeyFault::Der(_))));
    }
}

#[test]
fn zero_seeds_are_refused_in_every_form() {
    for set in SETS {
        let zero = ml_dsa_zero(set);
        for inner in [seed_form(&[0; 32]), tlv(0x04, &zero), both_form(&[0; 32], &zero)] {
            assert_eq!(read(&wrapped(set, &inner)).unwrap_err(), KeyFault::SeedIsZero);
        }
    }
    let ed25519 = wrapped(SealAlgorithm::Ed25519, &tlv(0x04, &[0; 32]));
    assert_eq!(read(&ed25519).unwrap_err(), KeyFault::SeedIsZero);
}

/// The expansion of the all-zero seed.
fn ml_dsa_zero(set: SealAlgorithm) -> Vec<u8> {
    use crate::key::ml_dsa::MlDsaKey;
    match set {
        SealAlgorithm::MlDsa44 => MlDsaKey::<ml_dsa::MlDsa44>::from_seed(&[0; 32]).expanded().to_vec(),
        SealAlgorithm::MlDsa65 => MlDsaKey::<ml_dsa::MlDsa65>::from_seed(&[0; 32]).expanded().to_vec(),
        _ => MlDsaKey::<ml_dsa::MlDsa87>::from_seed(&[0; 32]).expanded().to_vec(),
    }
}
