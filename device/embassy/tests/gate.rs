//! Releases with real seals go to a DFU partition through embassy-boot's writer, and its boot loader swaps. `mark_updated` is reached by the good one alone.

#![allow(
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can not go on must stop, loudly, where it is"
)]

use std::cell::RefCell;
use std::rc::Rc;

use embassy_boot::{BlockingFirmwareUpdater, BootLoader, BootLoaderConfig, FirmwareUpdaterConfig, State};
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use twinseal_embassy::{Error, Gate, mark_updated};
use twinseal_verifier::formats::{Digest, DigestAlgorithm, SecurityVersion, SequenceNumber};
use twinseal_verifier::{
    ConfirmedRelease, Device, Ed25519, Envelope, Hasher, Install, MlDsa65, SealVerifier, TrustStore, Verifier,
};

const STORE: &[u8] = include_bytes!("../given/store.cbor");
const NEXT: &[u8] = include_bytes!("../given/next.twinseal");
const OLDER: &[u8] = include_bytes!("../given/older.twinseal");
const OUTDATED: &[u8] = include_bytes!("../given/outdated.twinseal");

const PAGE: usize = 4096;
const UNIT: usize = 8;
const ALGORITHMS: &[&dyn SealVerifier] = &[&Ed25519, &MlDsa65];

/// A partition in memory, with the rules of NOR flash. A clone is the same one.
#[derive(Clone)]
struct Partition {
    bytes: Rc<RefCell<Vec<u8>>>,
    /// Every write is one bit off, and says that it went well.
    lies: Rc<RefCell<bool>>,
}

impl Partition {
    fn of(pages: usize, content: u8) -> Self {
        Self { bytes: Rc::new(RefCell::new(vec![content; pages * PAGE])), lies: Rc::default() }
    }
}

impl ErrorType for Partition {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Partition {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let at = offset as usize;
        let memory = self.bytes.borrow();
        bytes.copy_from_slice(memory.get(at..at + bytes.len()).ok_or(NorFlashErrorKind::OutOfBounds)?);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.borrow().len()
    }
}

impl NorFlash for Partition {
    const WRITE_SIZE: usize = UNIT;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        assert!((from as usize).is_multiple_of(PAGE) && (to as usize).is_multiple_of(PAGE));
        self.bytes.borrow_mut()[from as usize..to as usize].fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        let at = offset as usize;
        assert!(at.is_multiple_of(UNIT) && bytes.len().is_multiple_of(UNIT));
        let cells = &mut self.bytes.borrow_mut()[at..at + bytes.len()];
        if cells.iter().any(|cell| *cell != 0xff) {
            return Err(NorFlashErrorKind::Other);
        }
        cells.copy_from_slice(bytes);
        cells[0] ^= u8::from(*self.lies.borrow());
        Ok(())
    }
}

/// A device: an active partition of three pages, one page more for what is received, and embassy-boot's state.
struct Board {
    active: Partition,
    dfu: Partition,
    state: Partition,
}

impl Board {
    fn new() -> Self {
        Self { active: Partition::of(3, 0xaa), dfu: Partition::of(4, 0xdd), state: Partition::of(1, 0xff) }
    }

    /// What the boot loader does after a reset, and the first bytes of what it starts.
    fn start(&self) -> (State, Vec<u8>) {
        let config = BootLoaderConfig { active: self.active.clone(), dfu: self.dfu.clone(), state: self.state.clone() };
        let state = BootLoader::new(config).prepare_boot(&mut [0; PAGE]).expect("the flash does not fail");
        (state, self.active.bytes.borrow().clone())
    }

    /// The application after that.
    fn with_gate<T>(&self, then: impl FnOnce(&mut Gate<'_, Partition, Partition>) -> T) -> T {
        let mut unit = [0; UNIT];
        let config = FirmwareUpdaterConfig { dfu: self.dfu.clone(), state: self.state.clone() };
        then(&mut Gate::new(BlockingFirmwareUpdater::new(config, &mut unit), 3 * PAGE as u32))
    }

    /// What a radio brings is received, and marked if it may be.
    fn update(&self, bundle: &[u8]) -> Result<(), Error> {
        self.with_gate(|gate| update(gate, bundle))
    }

    fn has_mark(&self) -> bool {
        self.with_gate(|gate| gate.state().expect("the flash does not fail") == State::Swap)
    }
}

fn update(gate: &mut Gate<'_, Partition, Partition>, bundle: &[u8]) -> Result<(), Error> {
    let store = TrustStore::parse(STORE)?;
    let device = Device {
        vendor: store.vendor(),
        class: store.classes().next().expect("the store is for one class"),
        components: &["app"],
        confirmed: Some(ConfirmedRelease { sequence_number: SequenceNumber(41), release_id: another() }),
        counter: SecurityVersion(3),
        counter_limit: SecurityVersion(64),
    };
    let verifier = Verifier::new(store, ALGORITHMS)?;
    let envelope = Envelope::parse(bundle)?;
    let admitted = verifier.authenticate(&envelope)?.admit::<Install>(&device)?;
    let mut reception = admitted.receive(gate.slot()).map_err(|refused| refused.error())?;
    for chunk in bundle[envelope.size()..].chunks(97) {
        reception.push(chunk)?;
    }
    mark_updated(reception.finish(&mut [0; 61]).map_err(|refused| refused.error())?)
}

/// The number with which the verifier refused.
fn number(outcome: Result<(), Error>) -> u16 {
    match outcome {
        Err(Error::Verify(error)) => error.code().number(),
        other => panic!("the verifier did not refuse: {other:?}"),
    }
}

fn another() -> Digest {
    Hasher::digest(DigestAlgorithm::Sha384, b"what runs").expect("it is compiled in")
}

/// The firmware, which lies last in the bundle.
fn firmware(bundle: &[u8], size: usize) -> &[u8] {
    &bundle[bundle.len() - size..]
}

fn flipped(bundle: &[u8], at: usize) -> Vec<u8> {
    let mut bundle = bundle.to_vec();
    bundle[at] ^= 1;
    bundle
}

#[test]
fn a_good_update_is_marked_and_swapped() {
    let board = Board::new();
    board.update(NEXT).expect("it is good");
    assert!(board.has_mark());
    let (state, active) = board.start();
    assert_eq!(state, State::Swap);
    assert!(active.starts_with(firmware(NEXT, 9001)), "embassy-boot starts what was verified");
    board.with_gate(|gate| gate.mark_booted()).expect("the flash does not fail");
    let (state, active) = board.start();
    assert_eq!(state, State::Boot);
    assert!(active.starts_with(firmware(NEXT, 9001)));
}

#[test]
fn an_update_that_never_says_that_it_runs_is_reverted() {
    let board = Board::new();
    board.update(NEXT).expect("it is good");
    board.start();
    let (_, active) = board.start();
    assert!(active.iter().all(|byte| *byte == 0xaa), "what ran before runs again");
}

/// Each is refused with its number, nothing is marked, and the boot loader starts what ran.
#[test]
fn nothing_else_reaches_the_mark() {
    let frame = NEXT.len() - firmware(NEXT, 9001).len();
    let bad: [(&str, Vec<u8>, u16, bool); 6] = [
        ("a changed seal", flipped(NEXT, 2000), 0x0407, true),
        ("a changed manifest", flipped(NEXT, frame - 40), 0x0403, true),
        ("a changed byte of firmware", flipped(NEXT, frame + 4711), 0x0605, false),
        ("a lower sequence number", OLDER.to_vec(), 0x0505, true),
        ("a security version below the counter", OUTDATED.to_vec(), 0x0507, true),
        ("the end is missing", NEXT[..NEXT.len() - 1].to_vec(), 0x0604, false),
    ];
    let mut refused = 0;
    for (what, bundle, number, untouched) in bad {
        let board = Board::new();
        assert_eq!(self::number(board.update(&bundle)), number, "{what}");
        assert!(!board.has_mark(), "{what}");
        assert_eq!(board.dfu.bytes.borrow().iter().all(|byte| *byte == 0xdd), untouched, "{what}");
        let (state, active) = board.start();
        assert!(state == State::Boot && active.iter().all(|byte| *byte == 0xaa), "{what}");
        refused += 1;
    }
    assert_eq!(refused, 6);
}

/// What embassy-boot's writer says went well is not what counts.
#[test]
fn flash_that_lies_is_found_by_reading_back() {
    let board = Board::new();
    *board.dfu.lies.borrow_mut() = true;
    assert_eq!(number(board.update(NEXT)), 0x0605);
    assert!(!board.has_mark());
}

#[test]
fn what_does_not_fit_the_active_partition_is_refused_before_it_is_written() {
    let board = Board::new();
    let mut unit = [0; UNIT];
    let config = FirmwareUpdaterConfig { dfu: board.dfu.clone(), state: board.state.clone() };
    let refused = update(&mut Gate::new(BlockingFirmwareUpdater::new(config, &mut unit), 9000), NEXT);
    assert_eq!(number(refused), 0x0603);
    assert!(board.dfu.bytes.borrow().iter().all(|byte| *byte == 0xdd) && !board.has_mark());
}

/// embassy-boot's writer remembers which page it erased last, and would not erase it again.
#[test]
fn a_second_attempt_after_a_bad_one_goes_well() {
    let board = Board::new();
    board.with_gate(|gate| {
        for cut in [NEXT.len() - 1, NEXT.len() - 8000, NEXT.len() - 4000] {
            assert_eq!(number(update(gate, &NEXT[..cut])), 0x0604, "the end is missing");
        }
        update(gate, NEXT).expect("it is good");
    });
    assert!(board.has_mark() && board.start().1.starts_with(firmware(NEXT, 9001)));
}

/// What is marked, and what runs on trial, is not written over.
#[test]
fn nothing_is_received_beside_a_mark_or_a_trial() {
    let board = Board::new();
    board.update(NEXT).expect("it is good");
    for is_on_trial in [false, true] {
        if is_on_trial {
            board.start();
        }
        let before = board.dfu.bytes.borrow().clone();
        assert_eq!(number(board.update(NEXT)), 0x0608, "there is a mark, or a trial");
        assert_eq!(*board.dfu.bytes.borrow(), before, "nothing was written");
    }
}
