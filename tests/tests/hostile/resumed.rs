//! A reception that goes on where an earlier one of the same release was cut off: what the slot still holds proves nothing.

use twinseal_formats::Digest;
use twinseal_tests::bundle::{Bundle, Form};
use twinseal_tests::device::{MemorySlot, Operation};
use twinseal_tests::world::World;
use twinseal_verifier::{Error, Extent, Install, Slot, Storage, StorageFault};

use crate::image::admitted;
use crate::{Case, Input, ONE, case};

/// A slot whose invalidation spares what came of the payloads.
#[derive(Debug)]
struct Spared {
    slot: MemorySlot,
    came: Vec<Vec<u8>>,
}

impl Storage for Spared {
    fn extent(&mut self, component: u8) -> Result<Option<Extent>, StorageFault> {
        self.slot.extent(component)
    }

    fn read(&mut self, component: u8, offset: u64, buffer: &mut [u8]) -> Result<(), StorageFault> {
        self.slot.read(component, offset, buffer)
    }
}

impl Slot for Spared {
    fn invalidate(&mut self) -> Result<(), StorageFault> {
        self.slot.invalidate()?;
        self.slot.images.clone_from(&self.came);
        Ok(())
    }

    fn write(&mut self, component: u8, offset: u64, bytes: &[u8]) -> Result<(), StorageFault> {
        self.slot.write(component, offset, bytes)
    }

    fn flush(&mut self, component: u8) -> Result<(), StorageFault> {
        self.slot.flush(component)
    }
}

/// How a reception is taken up again.
struct Resumption {
    /// How much of the payloads came before.
    came: usize,
    /// How much the slot's owner says came.
    held: u64,
    /// Working memory.
    scratch: usize,
    /// Whether the payloads lie beside the envelope.
    detached: bool,
    /// Where the stream goes on; `None` for where the reception says.
    from: Option<usize>,
}

impl Resumption {
    fn at(came: usize) -> Self {
        Self { came, held: u64::try_from(came).expect("a small number"), scratch: 7, detached: false, from: None }
    }

    /// The whole rest of the reception, in chunks of 5 bytes.
    fn run(&self, world: &World, bundle: &Bundle, change: impl Fn(&mut Spared)) -> Result<Digest, Error> {
        let whole = bundle.to_bytes(Form::Stripped);
        let frame = whole.len() - bundle.tail(Form::Stripped).len();
        let stream = if self.detached { [&whole[..frame], &bundle.payloads.concat()].concat() } else { whole };
        let mut left = self.came;
        let came = bundle.payloads.iter().map(|payload| {
            let taken = left.min(payload.len());
            left -= taken;
            payload[..taken].to_vec()
        });
        let mut slot = Spared { slot: MemorySlot::inactive(2), came: came.collect() };
        change(&mut slot);
        admitted::<Install, _>(world, bundle, |admitted| {
            let begun = if self.detached { admitted.receive_detached(slot) } else { admitted.receive(slot) };
            let mut reception = begun.map_err(|refused| refused.error())?;
            let mut scratch = vec![0; self.scratch];
            if let Err(error) = reception.resume(self.held, &mut scratch) {
                assert!(!reception.is_complete());
                assert_eq!(reception.resume(self.held, &mut [0; 61]), Err(error), "a fault stays");
                assert_eq!(reception.push(b"more"), Err(error), "a fault stays");
                let refused = reception.finish(&mut [0; 61]).expect_err("what was refused is refused in the end");
                assert!(refused.error() == error && !refused.into_storage().slot.bootable, "the slot stays invalid");
                return Err(error);
            }
            let position = usize::try_from(reception.position()).expect("a small number");
            for chunk in stream[self.from.map_or(position, |from| frame + from)..].chunks(5) {
                reception.push(chunk)?;
            }
            let verified = reception.finish(&mut [0; 61]).map_err(|refused| refused.error())?;
            assert_eq!(verified.storage().slot.images, bundle.payloads, "what is in the slot is what was sealed");
            Ok(*verified.release_id())
        })
    }
}

fn resumed(world: &World, how: &Resumption, change: impl Fn(&mut Spared)) -> Input {
    Input::Gone(how.run(world, &world.bundle(), change).map(|_| ()))
}

pub(crate) fn cases() -> Vec<Case> {
    let (mismatch, unread) = ("0605 image.digest-mismatch", "0606 image.read-fault");
    vec![
        case("resumed: a bit changed in what came of the first payload", &[85], mismatch, |w| {
            resumed(w, &Resumption::at(10), |slot| slot.came[0][9] ^= 1)
        }),
        case("resumed: a bit changed in a payload that came whole", &[85], mismatch, |w| {
            resumed(w, &Resumption::at(w.bundle().payloads[0].len() + 3), |slot| slot.came[0][0] ^= 0x80)
        }),
        case("resumed: a bit changed in the last payload when all came", &[85], mismatch, |w| {
            resumed(w, &Resumption::at(w.bundle().payloads.concat().len()), |slot| slot.came[1][0] ^= 1)
        }),
        case("resumed: more is said to have come than did", &[113], unread, |w| {
            resumed(w, &Resumption { held: 12, ..Resumption::at(10) }, |_| ())
        }),
        case("resumed: what came can not be read", &[], unread, |w| {
            resumed(w, &Resumption::at(10), |slot| slot.slot.fault = Some((Operation::Read(0), 1)))
        }),
        case("resumed: what came of a detached payload can not be read", &[], unread, |w| {
            resumed(w, &Resumption { detached: true, ..Resumption::at(10) }, |slot| {
                slot.slot.fault = Some((Operation::Read(0), 0));
            })
        }),
        case("resumed: no working memory", &[], "070c configuration.no-scratch", |w| {
            resumed(w, &Resumption { scratch: 0, ..Resumption::at(10) }, |_| ())
        }),
        case("resumed: a detached stream that begins again", &[113], mismatch, |w| {
            resumed(w, &Resumption { detached: true, from: Some(0), ..Resumption::at(10) }, |_| ())
        }),
        case("resumed: a detached stream with a byte too many", &[3], "0602 image.size-mismatch", |w| {
            let mut bundle = w.bundle();
            let how = Resumption { detached: true, ..Resumption::at(bundle.payloads.concat().len()) };
            bundle.payloads[1].push(0);
            Input::Gone(how.run(w, &bundle, |_| ()).map(|_| ()))
        }),
        case("resumed: a stream that ends early", &[113], "0604 image.truncated", |w| {
            let bundle = w.bundle();
            let end = bundle.tail(Form::Stripped).len();
            resumed(w, &Resumption { from: Some(end), ..Resumption::at(10) }, |_| ())
        }),
        case("resumed: a stream that goes on one byte early", &[113], mismatch, |w| {
            resumed(w, &Resumption { detached: true, from: Some(9), ..Resumption::at(10) }, |_| ())
        }),
    ]
}

#[test]
fn a_reception_goes_on_from_every_byte_on() {
    let world = World::new(ONE[0]);
    let bundle = world.bundle();
    let all = bundle.payloads.concat().len();
    let mut ran = 0;
    for came in 0..=all {
        for detached in [false, true] {
            for scratch in [1, 7, 64] {
                let how = Resumption { detached, scratch, ..Resumption::at(came) };
                assert_eq!(how.run(&world, &bundle, |_| ()), Ok(bundle.digest), "{came} bytes, detached: {detached}");
                ran += 1;
            }
        }
    }
    println!("receptions taken up again: {ran}");
    assert_eq!(ran, (all + 1) * 6);
}
