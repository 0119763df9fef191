//! Power is cut before, after and inside every operation of an update on a flash model: the device boots an authentic release that is not
//! below its counter, and the update finishes when it is tried again. The same for flash that fails, and for flash that lies.
//!
//! The seals' mathematics is not what is tested here, and would take a hundred times as long: the algorithms given to the verifier accept
//! every signature. Everything else is the product's code. Real seals go the same road in `the_whole_life_with_real_seals`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::precedence,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

#[path = "power_cut/flash.rs"]
mod flash;
#[path = "power_cut/life.rs"]
mod life;
#[path = "power_cut/trust.rs"]
mod trust;

use flash::{Cut, FAULTS, TEARS, Tear};
use life::{KINDS, Life, Wreck};

/// `TWINSEAL_LONG=1` tries every operation, on every kind of flash, with every size of chunk.
fn is_long() -> bool {
    std::env::var_os("TWINSEAL_LONG").is_some()
}

const CHUNKS: [usize; 8] = [97, 1, 4, 16, 61, 128, 300, 4096];

#[test]
fn one_cut_at_every_operation() {
    let (mut cuts, mut kinds) = (0_u32, 0);
    for kind in KINDS {
        for chunk in if is_long() { &CHUNKS[..] } else { &CHUNKS[..1] } {
            let life = Life::new(kind).in_chunks(*chunk);
            let operations = life.uncut();
            let stride = if is_long() { 1 } else { (operations / 50).max(1) };
            for at in (0..operations).step_by(stride as usize) {
                for tear in TEARS {
                    life.with_cuts(&[Cut { at, tear }]);
                    cuts += 1;
                }
            }
            println!("{kind:?}, chunks of {chunk}: {operations} operations; {cuts} cuts so far");
        }
        kinds += 1;
    }
    println!("{cuts} single cuts on {kinds} kinds of flash, 0 exceptions");
    assert!(cuts > 2000 && kinds == 14, "{cuts}");
}

#[test]
fn two_cuts() {
    // Large units to write: few operations, so that pairs of them can all be tried.
    let kind = KINDS[12];
    let life = Life::new(kind);
    let operations = life.uncut();
    let stride = if is_long() { 1 } else { 9 };
    let mut pairs = 0_u32;
    for first in (0..operations).step_by(stride) {
        for second in (0..operations).step_by(stride) {
            for (tear, other) in TEARS.into_iter().flat_map(|tear| TEARS.map(|other| (tear, other))) {
                life.with_cuts(&[Cut { at: first, tear }, Cut { at: second, tear: other }]);
                pairs += 1;
            }
        }
    }
    println!("{pairs} pairs of cuts on {kind:?} with {operations} operations, 0 exceptions");
    assert!(pairs > 2000, "{pairs}");
}

#[test]
fn many_cuts_one_after_the_other() {
    let mut random = 0x7365_616c_u64;
    let mut next = move |below: u32| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % u64::from(below)) as u32
    };
    let mut lives = 0_u32;
    for kind in KINDS {
        let life = Life::new(kind);
        let operations = life.uncut();
        for _ in 0..if is_long() { 1000 } else { 40 } {
            let cuts: Vec<_> = (0..8).map(|_| Cut { at: next(operations), tear: TEARS[next(5) as usize] }).collect();
            life.with_cuts(&cuts);
            lives += 1;
        }
    }
    println!("{lives} lives with 8 cuts, 0 exceptions");
    assert!(lives >= 14 * 40, "{lives}");
}

#[test]
fn flash_that_fails_or_lies_is_never_believed() {
    let mut faults = 0_u32;
    for kind in KINDS {
        let life = Life::new(kind);
        let (operations, reads) = (life.uncut(), life.reads());
        let stride = |all: u32| if is_long() { 1 } else { (all / 25).max(1) as usize };
        for at in (0..operations).step_by(stride(operations)) {
            for tear in FAULTS {
                life.with_cuts(&[Cut { at, tear }]);
                faults += 1;
            }
        }
        for at in (0..reads).step_by(stride(reads)) {
            life.with_cuts(&[Cut { at, tear: Tear::ReadsFail }]);
            faults += 1;
        }
    }
    println!("{faults} faults of writing, erasing and reading, 0 exceptions");
    assert!(faults > 1000, "{faults}");
}

#[test]
fn what_nobody_wrote_has_a_number() {
    assert_eq!(Life::new(KINDS[4]).wrecked(Wreck::State), 0x0a02);
    assert_eq!(Life::new(KINDS[4]).wrecked(Wreck::Slot), 0x0a0b);
    assert_eq!(Life::new(KINDS[4]).wrecked(Wreck::Images), 0x0a0b);
    assert_eq!(Life::new(KINDS[4]).wrecked(Wreck::Counter), 0x0a09);
}

#[test]
fn one_cut_at_every_operation_of_a_trust_update() {
    let change = trust::Change::new();
    let operations = change.with_cuts(&[]);
    let mut cuts = 0_u32;
    for at in (0..operations).step_by(if is_long() { 1 } else { 3 }) {
        for tear in TEARS.into_iter().chain(FAULTS) {
            change.with_cuts(&[Cut { at, tear }]);
            cuts += 1;
        }
    }
    println!("{cuts} cuts and faults in {operations} operations of a trust update, 0 exceptions");
    assert!(cuts > 200, "{cuts}");
}

#[test]
fn the_whole_life_with_real_seals() {
    assert!(Life::real().uncut() > 10);
}
