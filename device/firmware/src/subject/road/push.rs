//! Install by push.

use twinseal_verifier::{AuthenticManifest, Error, Install, Intake, Verifier};

use super::DEVICE;
use crate::board::Buffer;
use crate::storage::Memory;

#[inline(never)]
pub(super) fn push(bundle: &[u8], verifier: &Verifier<'_>) -> Result<(), Error> {
    FRAME.with(|buffer| {
        let mut intake = Intake::new(buffer);
        let mut chunks = bundle.chunks(64);
        let mut behind = None;
        for chunk in chunks.by_ref() {
            behind = intake.push(chunk)?;
            if behind.is_some() {
                break;
            }
        }
        receive(authenticate(&intake, verifier), behind.into_iter().chain(chunks))
    })
}

#[inline(never)]
fn authenticate<'m>(intake: &'m Intake<'_>, verifier: &Verifier<'_>) -> Result<AuthenticManifest<'m>, Error> {
    match &intake.envelope() {
        Ok(envelope) => verifier.authenticate(envelope),
        Err(error) => Err(*error),
    }
}

/// Apart, so that none of this is on the stack while seals are verified.
#[inline(never)]
fn receive<'a>(
    authentic: Result<AuthenticManifest<'_>, Error>,
    chunks: impl Iterator<Item = &'a [u8]>,
) -> Result<(), Error> {
    let admitted = authentic?.admit::<Install>(&DEVICE)?;
    SLOT.with(|room| {
        let mut reception = admitted.receive(Memory::new(room, 2)).map_err(|refused| refused.error())?;
        for chunk in chunks {
            reception.push(chunk)?;
        }
        match reception.finish(&mut [0; 64]) {
            Ok(verified) => {
                let _ = core::hint::black_box(verified.release_id());
                Ok(())
            }
            Err(refused) => Err(refused.error()),
        }
    })
}

/// The memory that the frame is collected in.
static FRAME: Buffer<FRAME_SIZE> = Buffer::new();

/// The inactive slot: room for two images.
static SLOT: Buffer<128> = Buffer::new();

/// The largest frame that this device takes: two seals and a manifest.
#[cfg(feature = "set44")]
const FRAME_SIZE: usize = 3072;
#[cfg(feature = "set65")]
const FRAME_SIZE: usize = 4096;
#[cfg(feature = "set87")]
const FRAME_SIZE: usize = 5376;
