//! Cutting the power at operations of a life. What came before a cut is not lived again: the flash as it was there is kept.

use crate::bench::{Bench, Job, Kind};
use crate::device::{Device, Plan};
use crate::flash::{Cells, Chip, Cut, FAULTS, Operation, TEARS, Tear};

/// Every so-many-th operation of a life, with each tear.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Singles {
    pub(crate) plan: Plan,
    pub(crate) chunk: usize,
    pub(crate) stride: usize,
}

impl Job for Singles {
    /// How many cuts there were, in a life of how many operations.
    type Outcome = (u64, usize);

    fn on<F: Chip>(self, kind: Kind) -> (u64, usize) {
        let device = Device { chunk: self.chunk, ..Device::<F>::made(Bench::quick(), kind) };
        let operations = recorded(&device, self.plan);
        let mut cuts = 0;
        each(&device, &operations, self.stride, |torn, at, tear| {
            let _note = Note((kind, self.plan, at, tear));
            torn.live(self.plan, &[]);
            cuts += 1;
        });
        (cuts, operations.len())
    }
}

/// Every so-many-th operation of a life, and of what follows, with each tear.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pairs {
    pub(crate) plan: Plan,
    pub(crate) stride: usize,
}

impl Job for Pairs {
    type Outcome = u64;

    fn on<F: Chip>(self, kind: Kind) -> u64 {
        let device = Device::<F>::made(Bench::quick(), kind);
        let operations = recorded(&device, self.plan);
        let mut pairs = 0;
        each(&device, &operations, self.stride, |torn, first, tear| {
            let _note = Note((kind, self.plan, first, tear));
            let recovery = recorded(&torn, self.plan);
            each(&torn, &recovery, self.stride, |torn, second, tear| {
                let _note = Note((second, tear));
                torn.live(self.plan, &[]);
                pairs += 1;
            });
        });
        pairs
    }
}

/// Pairs of cuts at random operations, with random tears.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RandomPairs {
    pub(crate) plan: Plan,
    pub(crate) pairs: u64,
    pub(crate) seed: u64,
}

/// So many second cuts follow each first one.
const SECONDS: u64 = 4;

impl Job for RandomPairs {
    type Outcome = u64;

    fn on<F: Chip>(self, kind: Kind) -> u64 {
        let device = Device::<F>::made(Bench::quick(), kind);
        let operations = recorded(&device, self.plan);
        let mut dice = Dice(self.seed);
        let mut firsts: Vec<_> =
            (0..self.pairs.div_ceil(SECONDS)).map(|_| (dice.roll(operations.len()), dice.tear())).collect();
        firsts.sort_by_key(|first| first.0);
        let mut pairs = 0;
        let (mut cells, mut done) = (device.flash.cells().borrow().clone(), 0);
        for (first, tear) in firsts {
            for operation in &operations[done..first] {
                cells.replay(operation, None);
            }
            done = first;
            let torn = torn(&device, &cells, &operations[first], tear);
            let _note = Note((kind, self.plan, first, tear));
            let recovery = recorded(&torn, self.plan);
            for _ in 0..SECONDS.min(self.pairs - pairs) {
                pairs += 1;
                // A cut behind the last operation cuts nothing that still goes on.
                let Some(last) = recovery.len().checked_sub(1) else { continue };
                let (second, other) = (dice.roll(last + 1), dice.tear());
                let _note = Note((second, other));
                let mut cells = torn.flash.cells().borrow().clone();
                for operation in &recovery[..second] {
                    cells.replay(operation, None);
                }
                self::torn(&torn, &cells, &recovery[second], other).live(self.plan, &[]);
            }
        }
        pairs
    }
}

/// Lives with rows of cuts at random operations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    pub(crate) lives: u64,
}

impl Job for Rows {
    type Outcome = u64;

    fn on<F: Chip>(self, kind: Kind) -> u64 {
        let device = Device::<F>::made(Bench::quick(), kind);
        let operations = recorded(&device, Plan::Everything).len();
        let mut dice = Dice(0x7365_616c);
        for _ in 0..self.lives {
            let cuts: Vec<_> = (0..8).map(|_| Cut { at: dice.roll(operations) as u32, tear: dice.tear() }).collect();
            let _note = Note((kind, &cuts));
            device.with(device.flash.fork()).live(Plan::Everything, &cuts);
        }
        self.lives
    }
}

/// Every so-many-th operation and read of a life goes wrong, while power stays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    pub(crate) plan: Plan,
    pub(crate) most: usize,
}

impl Job for Faults {
    type Outcome = u64;

    fn on<F: Chip>(self, kind: Kind) -> u64 {
        let device = Device::<F>::made(Bench::quick(), kind);
        let uncut = device.with(device.flash.fork());
        uncut.live(self.plan, &[]);
        let (operations, reads) = (uncut.flash.operations() as usize, uncut.flash.reads() as usize);
        let written = steps(operations, self.most).flat_map(|at| FAULTS.map(|tear| (at, tear)));
        let read = steps(reads, self.most).map(|at| (at, Tear::ReadsFail));
        let mut faults = 0;
        for (at, tear) in written.chain(read) {
            let _note = Note((kind, self.plan, at, tear));
            device.with(device.flash.fork()).live(self.plan, &[Cut { at: at as u32, tear }]);
            faults += 1;
        }
        faults
    }
}

fn steps(all: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..all).step_by((all / most).max(1))
}

/// The operations of a life that nothing disturbs.
pub(crate) fn recorded<F: Chip>(device: &Device<F>, plan: Plan) -> Vec<Operation> {
    let device = device.with(device.flash.fork());
    device.flash.record();
    device.live(plan, &[]);
    device.flash.recorded()
}

/// Goes through operations, and hands out the device as each tear leaves it.
pub(crate) fn each<F: Chip>(
    device: &Device<F>,
    operations: &[Operation],
    stride: usize,
    mut with: impl FnMut(Device<F>, usize, Tear),
) {
    let mut cells = device.flash.cells().borrow().clone();
    for (at, operation) in operations.iter().enumerate() {
        if at % stride == 0 {
            for tear in TEARS {
                with(torn(device, &cells, operation, tear), at, tear);
            }
        }
        cells.replay(operation, None);
    }
}

fn torn<F: Chip>(device: &Device<F>, cells: &Cells, operation: &Operation, tear: Tear) -> Device<F> {
    let mut cells = cells.clone();
    cells.replay(operation, Some(tear));
    device.with(F::holding(cells))
}

/// Says, if the test fails, where it was.
struct Note<T: core::fmt::Debug>(T);

impl<T: core::fmt::Debug> Drop for Note<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was with {:?}", self.0);
        }
    }
}

/// Numbers that are the same in each run.
#[derive(Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn tear(&mut self) -> Tear {
        TEARS[self.roll(TEARS.len())]
    }
}
