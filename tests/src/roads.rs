//! The roads a bundle can take to a device, and that they agree.

use twinseal_formats::limits::MAX_FRAME;
use twinseal_formats::{Digest, ErrorCode, Stage};
use twinseal_verifier::{Boot, Envelope, Error, Install, Intake, Verifier};

use crate::device::{Facts, MemorySlot, MemorySource};

/// What came out of a road: the release's identity, or why it was refused.
pub type Outcome = Result<Digest, Error>;

/// How a stream is cut into chunks.
#[derive(Clone, Copy, Debug)]
pub enum Chunks {
    /// All of the same size, but for the last.
    Of(usize),
    /// The whole at once.
    Whole,
    /// Of 0 to 99 bytes, by a generator with this seed.
    Seeded(u64),
}

/// The chunkings that every push is tried with.
pub const CHUNKINGS: [Chunks; 5] =
    [Chunks::Whole, Chunks::Of(64), Chunks::Of(7), Chunks::Of(1), Chunks::Seeded(0x7477_696e_7365_616c)];

/// Working memory for images, odd on purpose, so that pieces do not end where blocks do.
const SCRATCH: usize = 61;

/// By pull: the device reads the bundle where it lies.
pub fn pull(bytes: &[u8], verifier: &Verifier<'_>, facts: &Facts) -> Outcome {
    let envelope = Envelope::parse(bytes)?;
    let authentic = verifier.authenticate(&envelope)?;
    let admitted = facts.lend(|device| authentic.admit::<Install>(device))?;
    let verified =
        admitted.verify_enclosed(MemorySource::new(bytes), &mut [0; SCRATCH]).map_err(|refused| refused.error())?;
    Ok(*verified.release_id())
}

/// By push: the bundle streams into an inactive slot. Asserts on the way that the slot is not touched before admission, and
/// that a fault, once reported, stays.
pub fn push(bytes: &[u8], chunks: Chunks, verifier: &Verifier<'_>, facts: &Facts, slot: &mut MemorySlot) -> Outcome {
    let mut frame = vec![0; MAX_FRAME];
    let mut intake = Intake::new(&mut frame);
    let mut stream = cut(bytes, chunks).into_iter();
    let mut behind = None;
    for chunk in stream.by_ref() {
        behind = intake.push(chunk)?;
        if behind.is_some() {
            break;
        }
    }
    let authentic = verifier.authenticate(&intake.envelope()?)?;
    let admitted = facts.lend(|device| authentic.admit::<Install>(device))?;

    let mut reception = match admitted.receive(slot.clone()) {
        Ok(reception) => reception,
        Err(refused) => {
            let error = refused.error();
            *slot = refused.into_storage();
            return Err(error);
        }
    };
    let mut fault = None;
    for chunk in behind.into_iter().chain(stream) {
        if let Err(error) = reception.push(chunk) {
            assert_eq!(reception.push(&[0; 3]), Err(error), "a fault stays");
            assert!(!reception.is_complete());
            fault = Some(error);
            break;
        }
    }
    match reception.finish(&mut [0; SCRATCH]) {
        Ok(verified) => {
            assert_eq!(fault, None, "what was refused in the stream is refused in the end");
            let release_id = *verified.release_id();
            *slot = verified.into_storage();
            Ok(release_id)
        }
        Err(refused) => {
            let error = refused.error();
            assert!(fault.is_none_or(|first| first == error), "the first fault is the one reported");
            *slot = refused.into_storage();
            Err(error)
        }
    }
}

/// At boot: the stored envelope and the slot are examined again.
pub fn boot(envelope: &[u8], images: &[Vec<u8>], verifier: &Verifier<'_>, facts: &Facts) -> Outcome {
    let envelope = Envelope::parse(envelope)?;
    let authentic = verifier.authenticate(&envelope)?;
    let admitted = facts.lend(|device| authentic.admit::<Boot>(device))?;
    let storage = MemorySlot::holding(images.to_vec());
    let verified = admitted.verify_images(storage, &mut [0; SCRATCH]).map_err(|refused| refused.error())?;
    Ok(*verified.release_id())
}

/// Every road: pull, push in every chunking, and, as far as the seals, boot. They must agree to the last bit of the error number,
/// and nothing may be written before admission.
pub fn every_road(bytes: &[u8], verifier: &Verifier<'_>, facts: &Facts) -> Outcome {
    let pulled = pull(bytes, verifier, facts);
    for chunks in CHUNKINGS {
        let mut slot = MemorySlot::inactive(facts.components.len());
        let pushed = push(bytes, chunks, verifier, facts, &mut slot);
        assert_eq!(code(&pushed), code(&pulled), "pull says {pulled:?}, push in {chunks:?} says {pushed:?}");
        match &pushed {
            Err(error) if is_before_images(error) => {
                assert!(slot.operations.is_empty(), "{chunks:?}: nothing is asked of a slot before admission");
            }
            // The slot was invalidated, or the fault came before that: either way nothing was written over what could boot.
            Err(_) => {
                assert!(slot.was_touched() != slot.bootable, "{chunks:?}: a refused push leaves the slot invalid")
            }
            Ok(_) => assert!(!slot.bootable, "only an installer makes a slot bootable"),
        }
    }
    let authenticated = Envelope::parse(bytes).map_err(Error::from).and_then(|envelope| {
        let authentic = verifier.authenticate(&envelope)?;
        Ok(*authentic.release_id())
    });
    if let Err(error) = authenticated {
        assert_eq!(code(&Err(error)), code(&pulled), "installing and authenticating alone agree");
        assert_eq!(code(&boot(bytes, &[], verifier, facts)), code(&pulled), "installing and booting agree");
    }
    pulled
}

/// Whether the error came before anything was asked of a slot.
fn is_before_images(error: &Error) -> bool {
    match error.stage() {
        Stage::Manifest | Stage::Authenticate | Stage::Admit | Stage::Configuration => true,
        // Framing stops behind the manifest; the payloads' heads come later.
        Stage::Frame => !matches!(error.name(), "payload-name" | "payload-size" | "truncated"),
        _ => false,
    }
}

/// The error number, if there is one.
pub fn code(outcome: &Outcome) -> Option<ErrorCode> {
    outcome.as_ref().err().map(Error::code)
}

/// Cuts a stream into chunks.
fn cut(bytes: &[u8], chunks: Chunks) -> Vec<&[u8]> {
    match chunks {
        Chunks::Whole => vec![bytes],
        Chunks::Of(size) => bytes.chunks(size).collect(),
        Chunks::Seeded(seed) => {
            let (mut state, mut rest, mut cut) = (seed, bytes, Vec::new());
            while !rest.is_empty() {
                state = xorshift(state);
                let size = usize::try_from(state % 100).expect("below 100").min(rest.len());
                let (chunk, behind) = rest.split_at(size);
                cut.push(chunk);
                rest = behind;
            }
            cut
        }
    }
}

/// Marsaglia's xorshift64: enough to be irregular, the same in every run.
pub fn xorshift(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ state << 17
}
