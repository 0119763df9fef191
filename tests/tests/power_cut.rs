//! Power is cut before, after and inside every operation of an update on a flash model: the device boots an authentic release that is not
//! below its counter, and the update finishes when it is tried again.
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

use flash::{Cut, TEARS};
use life::{Kind, Life};

#[test]
fn one_cut_at_every_operation() {
    let kinds = [Kind::Small, Kind::Wide, Kind::Words];
    let mut cuts = 0_u32;
    for kind in kinds {
        let operations = Life::new(kind).uncut();
        for at in 0..operations {
            for tear in TEARS {
                Life::new(kind).with_cuts(&[Cut { at, tear }]);
                cuts += 1;
            }
        }
        println!("{kind:?}: {operations} operations");
    }
    println!("{cuts} single cuts, 0 exceptions");
    assert!(cuts > 1000, "{cuts}");
}

#[test]
fn two_cuts_sampled() {
    let operations = Life::new(Kind::Small).uncut();
    let mut pairs = 0_u32;
    for first in (0..operations).step_by(3) {
        for second in (1..40).step_by(5) {
            for tear in TEARS {
                let (one, two) = (Cut { at: first, tear }, Cut { at: second, tear });
                Life::new(Kind::Small).with_cuts(&[one, two]);
                pairs += 1;
            }
        }
    }
    println!("{pairs} pairs of cuts, 0 exceptions");
    assert!(pairs > 1000, "{pairs}");
}

#[test]
fn the_whole_life_with_real_seals() {
    assert!(Life::real().uncut() > 10);
}
