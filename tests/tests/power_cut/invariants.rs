//! What must hold whenever a device has started, and what the test remembers of it across losses of power.

use twinseal_installer::{Reason, SlotId};

use crate::bench::Bench;

/// What the test has seen of a device. It is no part of the device, and survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Seen {
    /// A bit for each release that was started.
    pub(crate) started: u8,
    /// The latest release that was told to be confirmed.
    pub(crate) confirmed: u8,
    pub(crate) counter: u32,
    pub(crate) epoch: u32,
}

/// A start: which release, from where, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Started {
    pub(crate) release: u8,
    pub(crate) slot: SlotId,
    pub(crate) reason: Reason,
}

/// What the tests hold a device to, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invariant {
    /// Only a release that the vendor sealed is started.
    Authentic,
    /// No release below the rollback counter is started.
    NotBelowCounter,
    /// What is not confirmed is started only on trial, and not more often than allowed.
    TrialsBounded,
    /// What counts as confirmed was started before.
    ConfirmedBooted,
    /// What was confirmed is not forgotten.
    ConfirmedKept,
    /// The rollback counter never falls.
    CounterRises,
    /// The rollback counter is never beyond a confirmed release that can be started.
    CounterNotAhead,
    /// The trust store in use is a whole one, and never an older one than before.
    TrustRises,
    /// Some release can always be started.
    AlwaysBoots,
    /// What was asked for comes to its end, or is refused.
    ComesToAnEnd,
}

impl Invariant {
    /// Ends the test, by the invariant's name.
    #[track_caller]
    pub(crate) fn holds(self, does: bool, what: &dyn core::fmt::Debug) {
        assert!(does, "{self:?} does not hold: {what:?}");
    }
}

impl Seen {
    /// Holds a start against what was seen before, and remembers it.
    pub(crate) fn note(&mut self, bench: &Bench, started: Started, counter: u32, confirmed: u8) {
        let all = (*self, started, counter, confirmed);
        let security = bench.releases[usize::from(started.release)].security_version;
        Invariant::NotBelowCounter.holds(security >= counter, &all);
        let may = match started.reason {
            Reason::Trial(count) => (1..=bench.facts.trials).contains(&count),
            Reason::Confirmed => started.release == confirmed,
            Reason::Fallback => started.release <= confirmed,
        };
        Invariant::TrialsBounded.holds(may, &all);
        Invariant::ConfirmedBooted.holds(confirmed == 0 || self.started & 1 << confirmed != 0, &all);
        Invariant::ConfirmedKept.holds(confirmed >= self.confirmed, &all);
        Invariant::CounterRises.holds(counter >= self.counter, &all);
        let most = bench.releases[usize::from(confirmed)].security_version;
        Invariant::CounterNotAhead.holds(counter <= most, &all);
        self.started |= 1 << started.release;
        (self.confirmed, self.counter) = (confirmed, counter);
    }

    /// The same for the trust store in use.
    pub(crate) fn note_trust(&mut self, epoch: u32) {
        Invariant::TrustRises.holds(epoch >= self.epoch, &(*self, epoch));
        self.epoch = epoch;
    }
}
