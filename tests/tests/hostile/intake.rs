//! Taking in a frame into memory that a device has set aside for it.

use twinseal_tests::bundle::Form;
use twinseal_tests::world::{POST_QUANTUM, World};
use twinseal_verifier::{Envelope, Error, Intake};

fn code(error: Error) -> u16 {
    error.code().number()
}

#[test]
fn a_frame_is_taken_in_if_it_fits_to_the_byte() {
    let world = World::new(POST_QUANTUM[0]);
    let bytes = world.bundle().to_bytes(Form::Stripped);
    let size = Envelope::parse(&bytes).expect("a good frame").size();
    let (frame, behind) = bytes.split_at(size);

    let mut memory = vec![0; size];
    assert_eq!(Intake::new(&mut memory).push(&bytes), Ok(Some(behind)));
    let mut memory = vec![0; size - 1];
    assert_eq!(Intake::new(&mut memory).push(&bytes).map_err(code), Err(0x0101), "a byte too large");

    let mut memory = vec![0; size + 1];
    let mut intake = Intake::new(&mut memory);
    assert_eq!(intake.push(&frame[..size - 1]), Ok(None));
    assert_eq!(intake.envelope().map(|_| ()).map_err(code), Err(0x0101), "if it ends here");
    assert_eq!(intake.push(&bytes[size - 1..]), Ok(Some(behind)));
    assert_eq!(intake.envelope().expect("whole").size(), size);
}

#[test]
fn what_is_no_frame_is_refused_at_its_first_byte() {
    let mut memory = [0; 64];
    assert_eq!(Intake::new(&mut memory).push(&[0x00]).map_err(code), Err(0x0110));
    assert_eq!(Intake::new(&mut memory).push(&[0xd8]), Ok(None));
}
