//! Reads bundles, stores and their like from the file `cases` (whose form tests/tests/hostile/devices.rs describes) and says for each what it
//! decides, by every road: a line of error numbers, 0 for yes. It does not know what the host decided.
//!
//! With `expanded`, tables are made of the keys of each store, and what they are tables of is verified through them: by pull and at boot with z
//! kept, by push without.

use twinseal_verifier::formats::{
    ClassId, Digest, DigestAlgorithm, EvidenceIndex, SecurityVersion, SequenceNumber, TrustUpdate, TrustUpdateBody,
    VendorId, limits::MAX_FRAME,
};
use twinseal_verifier::{
    Boot, ConfirmedRelease, Device, Ed25519, Envelope, Error, Fast, Install, Intake, MlDsa44, MlDsa65, MlDsa87,
    SealVerifier, Small, TrustStore, Verifier, WorkingMemory,
};

use crate::board::{Buffer, File, exit, print, print_number};
use crate::record::{self, Pieces, Record};
use crate::storage::{Flash, Images, Memory};

#[cfg(feature = "expanded")]
#[path = "refuse/tables.rs"]
mod tables;

pub(crate) fn run() -> ! {
    let Some(mut file) = File::open(c"cases") else {
        print("there is no file `cases`\n");
        exit(1)
    };
    RECORD.with(|memory| {
        while let Some(record) = record::next(&mut file, memory) {
            if decide(&record).is_none() {
                print(" left-out");
            }
            print("\n");
        }
    });
    #[cfg(feature = "expanded")]
    {
        print("tables=");
        print_number(u32::try_from(tables::USED.load(core::sync::atomic::Ordering::Relaxed)).unwrap_or(u32::MAX));
        print("\n");
    }
    print("end\n");
    exit(0)
}

/// Says what is decided; nothing where it can not be put before this board.
fn decide(record: &Record<'_>) -> Option<()> {
    let contents = record.contents?;
    match record.kind {
        1 => return bundle(contents),
        2 => say(under::<Fast>(contents.0, |_| Ok(()))),
        3 => say(TrustUpdate::parse(contents.0).map(|_| ()).map_err(Error::from)),
        4 => say(TrustUpdateBody::parse(contents.0).map(|_| ()).map_err(Error::from)),
        5 => say(EvidenceIndex::parse(contents.0, DigestAlgorithm::Sha256).map(|_| ()).map_err(Error::from)),
        _ => return None,
    }
    Some(())
}

/// A bundle, to a device with its own facts and store, by pull, push and boot.
fn bundle(mut contents: Pieces<'_>) -> Option<()> {
    let (vendor, class) = (VendorId(*contents.array()?), ClassId(*contents.array()?));
    let (counter, limit) = (SecurityVersion(contents.number()?), SecurityVersion(contents.number()?));
    let confirmed = match Pieces(contents.piece()?) {
        Pieces([]) => None,
        mut pieces => Some(ConfirmedRelease {
            sequence_number: SequenceNumber(u64::from_le_bytes(*pieces.array()?)),
            release_id: {
                let [size] = *pieces.array()?;
                let algorithm = DigestAlgorithm::ALL.into_iter().find(|one| one.size() == usize::from(size))?;
                Digest::new(algorithm, pieces.bytes(usize::from(size))?)?
            },
        }),
    };
    let mut components = [""; MOST];
    let components = contents.list(&mut components, |piece| core::str::from_utf8(piece).ok())?;
    let device = Device { vendor, class, components, confirmed, counter, counter_limit: limit };
    let (store, bytes) = (contents.piece()?, contents.piece()?);
    let mut images: [&[u8]; MOST] = [&[]; MOST];
    let images = contents.list(&mut images, Some)?;

    say(under::<Fast>(store, |verifier| pull(bytes, verifier, &device)));
    say(under::<Small>(store, |verifier| push(bytes, verifier, &device)));
    say(under::<Fast>(store, |verifier| boot(bytes, images, verifier, &device)));
    Some(())
}

/// Makes a verifier of a store, and goes a road with it.
fn under<M: WorkingMemory>(store: &[u8], road: impl FnOnce(&Verifier<'_>) -> Result<(), Error>) -> Result<(), Error> {
    let store = TrustStore::parse(store)?;
    with_algorithms::<M, _>(&store, |algorithms| road(&Verifier::new(store, algorithms)?))
}

#[cfg(feature = "expanded")]
fn with_algorithms<M: WorkingMemory, T>(store: &TrustStore<'_>, then: impl FnOnce(&[&dyn SealVerifier]) -> T) -> T {
    tables::with_tables::<M, T>(store, &ALGORITHMS, then)
}

#[cfg(not(feature = "expanded"))]
#[expect(clippy::extra_unused_type_parameters, reason = "only tables need working memory")]
fn with_algorithms<M: WorkingMemory, T>(_: &TrustStore<'_>, then: impl FnOnce(&[&dyn SealVerifier]) -> T) -> T {
    then(&ALGORITHMS)
}

#[inline(never)]
fn pull(bytes: &[u8], verifier: &Verifier<'_>, device: &Device<'_>) -> Result<(), Error> {
    let envelope = Envelope::parse(bytes)?;
    let admitted = verifier.authenticate(&envelope)?.admit::<Install>(device)?;
    admitted.verify_enclosed(Flash(bytes), &mut [0; 61]).map(|_| ()).map_err(|refused| refused.error())
}

#[inline(never)]
fn push(bytes: &[u8], verifier: &Verifier<'_>, device: &Device<'_>) -> Result<(), Error> {
    FRAME.with(|buffer| {
        let mut intake = Intake::new(buffer);
        let mut chunks = bytes.chunks(64);
        let mut behind = None;
        for chunk in chunks.by_ref() {
            behind = intake.push(chunk)?;
            if behind.is_some() {
                break;
            }
        }
        let admitted = verifier.authenticate(&intake.envelope()?)?.admit::<Install>(device)?;
        SLOT.with(|room| {
            let room = room.get_mut(..device.components.len().saturating_mul(ROOM)).unwrap_or_default();
            let slot = Memory::new(room, device.components.len());
            let mut reception = admitted.receive(slot).map_err(|refused| refused.error())?;
            for chunk in behind.into_iter().chain(chunks) {
                if reception.push(chunk).is_err() {
                    break;
                }
            }
            reception.finish(&mut [0; 61]).map(|_| ()).map_err(|refused| refused.error())
        })
    })
}

#[inline(never)]
fn boot(bytes: &[u8], images: &[&[u8]], verifier: &Verifier<'_>, device: &Device<'_>) -> Result<(), Error> {
    let envelope = Envelope::parse(bytes)?;
    let admitted = verifier.authenticate(&envelope)?.admit::<Boot>(device)?;
    admitted.verify_images(Images(images), &mut [0; 61]).map(|_| ()).map_err(|refused| refused.error())
}

/// 0, or the number of the error.
fn say(outcome: Result<(), Error>) {
    print(" ");
    print_number(outcome.err().map_or(0, |error| u32::from(error.code().number())));
}

static ALGORITHMS: [&dyn SealVerifier; 4] = [&Ed25519, &MlDsa44, &MlDsa65, &MlDsa87];

/// A record: a store and a bundle are at most half of it each.
static RECORD: Buffer<{ 384 << 10 }> = Buffer::new();

/// As large as the host's, so that the same frames are too large.
static FRAME: Buffer<MAX_FRAME> = Buffer::new();

/// The slot, with as much room for each component as the host's has.
static SLOT: Buffer<{ MOST * ROOM }> = Buffer::new();
const ROOM: usize = 64;
const MOST: usize = 32;
