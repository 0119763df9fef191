//! Measures one road of the ML-DSA engine on a Cortex-M4 in QEMU. See README.md.

#![no_std]
#![no_main]

mod board;

use core::hint::black_box;

use board::{calibrate, code_size, exit, print, print_number, start_ticks, ticks, with_paint};
#[allow(unused_imports, reason = "each road needs some")]
use twinseal_verifier::mldsa::{ExpandedMlDsa, Fast, Input, Set44, Set65, Set87, Small, verify_compact};

include!(concat!(env!("OUT_DIR"), "/given.rs"));

#[cfg(feature = "set44")]
#[allow(dead_code, reason = "the empty image has none")]
type Set = Set44;
#[cfg(feature = "set65")]
#[allow(dead_code, reason = "the empty image has none")]
type Set = Set65;
#[cfg(feature = "set87")]
#[allow(dead_code, reason = "the empty image has none")]
type Set = Set87;

/// The road that is measured.
#[inline(never)]
fn verify(signature: &[u8]) -> bool {
    #[cfg(any(feature = "compact", feature = "fast", feature = "small"))]
    let input = Input::Pure { context: &[], message: &[0x5A; 32] };
    #[cfg(feature = "compact")]
    return verify_compact::<Set>(black_box(&KEY), input, signature).is_ok();
    #[cfg(feature = "fast")]
    return ExpandedMlDsa::<Set, Fast>::from_write_protected(black_box(&TABLE), black_box(&KEY))
        .is_ok_and(|key| key.verify_input(input, signature).is_ok());
    #[cfg(feature = "small")]
    return ExpandedMlDsa::<Set, Small>::from_write_protected(black_box(&TABLE), black_box(&KEY))
        .is_ok_and(|key| key.verify_input(input, signature).is_ok());
    // The empty image: it reads what it is given, and finds it as the others do.
    #[cfg(not(any(feature = "compact", feature = "fast", feature = "small")))]
    return black_box(KEY.len()) > 0 && signature.last() == SIGNATURE.last();
}

fn run() -> ! {
    start_ticks();
    let begin = ticks();
    calibrate();
    let known = begin.wrapping_sub(ticks()) & 0x00FF_FFFF;

    let mut signature = [0; SIGNATURE.len()];
    signature.copy_from_slice(black_box(&SIGNATURE));
    let begin = ticks();
    let good = verify(black_box(&signature));
    let used = begin.wrapping_sub(ticks()) & 0x00FF_FFFF;
    let (again, stack) = with_paint(|| verify(black_box(&signature)));
    // A bit of the hint's counts, then one of z.
    let size = signature.len();
    signature[size - 1] ^= 1;
    let bad_hint = verify(black_box(&signature));
    signature[size - 1] ^= 1;
    signature[100] ^= 1;
    let bad_z = verify(black_box(&signature));

    print("known=");
    print_number(known);
    print(" instructions=");
    print_number(used * 40);
    print(" stack=");
    print_number(stack);
    print(" code=");
    print_number(code_size());
    let verdict = good && again && !bad_hint && !bad_z;
    print(if verdict { " verdict=right\n" } else { " verdict=WRONG\n" });
    exit(u32::from(!verdict))
}
