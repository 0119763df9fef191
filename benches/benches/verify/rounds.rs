//! How a group is timed: by criterion, one function after the other; or in rounds, each function a turn in each round, so that what
//! disturbs the machine disturbs everybody.

use core::fmt::Write as _;
use core::time::Duration;
use std::time::Instant;

use criterion::Criterion;

/// Functions that are compared.
pub(crate) struct Group<'a> {
    name: String,
    functions: Vec<(String, Box<dyn FnMut() + 'a>)>,
}

impl<'a> Group<'a> {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), functions: Vec::new() }
    }

    /// Another function; what it returns is looked at by nobody, and computed all the same.
    pub(crate) fn add<T>(&mut self, name: impl Into<String>, mut function: impl FnMut() -> T + 'a) {
        self.functions.push((name.into(), Box::new(move || drop(core::hint::black_box(function())))));
    }
}

/// The way to time.
pub(crate) enum Timing {
    Criterion(Box<Criterion>),
    /// What was found so far, as JSON objects.
    Rounds(Vec<String>),
}

impl Timing {
    /// Times a group.
    pub(crate) fn run(&mut self, group: Group<'_>) {
        match self {
            Self::Criterion(criterion) => {
                let mut timed = criterion.benchmark_group(&group.name);
                timed.sample_size(10);
                for (name, mut function) in group.functions {
                    timed.bench_function(name, |b| b.iter(&mut function));
                }
                timed.finish();
            }
            Self::Rounds(found) => found.push(in_rounds(group)),
        }
    }

    /// Writes what was found in rounds, for `twinseal-device report`.
    pub(crate) fn finish(self) {
        match self {
            Self::Criterion(criterion) => criterion.final_summary(),
            Self::Rounds(found) => {
                let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/host-figures.json");
                let text =
                    format!("{{\"schema\":\"twinseal.host-figures/1\",\"groups\":[\n{}\n]}}\n", found.join(",\n"));
                std::fs::write(&path, text).expect("target/ can be written");
                println!("{}", path.display());
            }
        }
    }
}

/// Nanoseconds a call, of each function in each round.
fn in_rounds(group: Group<'_>) -> String {
    let Group { name, functions } = group;
    let mut functions: Vec<_> = functions
        .into_iter()
        .map(|(name, mut function)| {
            // Once to warm up, once to see how many calls fill a turn.
            function();
            let once = timed(1, &mut function).max(Duration::from_nanos(1));
            let calls = u32::try_from(how_often(once, TURN)).unwrap_or(1).max(1);
            (name, function, calls, once.max(TURN), Vec::<u64>::new())
        })
        .collect();
    let round: Duration = functions.iter().map(|(_, _, _, turn, _)| *turn).sum();
    let rounds = how_often(round, MOST_TIME).clamp(FEWEST, MOST);
    for _ in 0..rounds {
        for (_, function, calls, _, samples) in &mut functions {
            let nanoseconds = timed(*calls, function).checked_div(*calls).unwrap_or_default().as_nanos();
            samples.push(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        }
    }
    let mut text = format!("{{\"name\":\"{name}\",\"functions\":[");
    for (at, (function, _, _, _, samples)) in functions.iter().enumerate() {
        println!("{name}: {function}: {} ns, median of {} turns", median(samples), samples.len());
        let comma = if at == 0 { "" } else { "," };
        write!(text, "{comma}\n {{\"name\":\"{function}\",\"nanoseconds\":{samples:?}}}").expect("a string takes text");
    }
    text + "]}"
}

/// How often one time goes into another.
fn how_often(time: Duration, into: Duration) -> u128 {
    into.as_nanos().checked_div(time.as_nanos()).unwrap_or(1)
}

fn timed(calls: u32, function: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        function();
    }
    start.elapsed()
}

fn median(samples: &[u64]) -> u64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// How long one function's turn is, at least one call.
const TURN: Duration = Duration::from_millis(8);
/// How long a group may take, but for its fewest rounds.
const MOST_TIME: Duration = Duration::from_secs(6);
const FEWEST: u128 = 3;
const MOST: u128 = 60;
