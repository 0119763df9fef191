//! Work on all cores whose results come out in order, within bounded memory.

use alloc::collections::BTreeMap;
use core::num::NonZero;
use core::ops::ControlFlow;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::thread::{self, Scope, ScopedJoinHandle};

use crate::error::{Failure, Result};

/// Calls `work` for every item, on all cores, and `sink` for every result, in the order of the items.
///
/// At most [`WINDOW`] results wait for one that takes longer. When `sink` breaks, nothing more is begun.
pub fn ordered<'i, T: Sync, R: Send>(
    items: &'i [T],
    work: impl Fn(&'i T) -> R + Sync,
    mut sink: impl FnMut(R) -> ControlFlow<()>,
) {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let (next, taken) = (AtomicUsize::new(0), (Mutex::new(0_usize), Condvar::new()));
    let (sender, receiver) = mpsc::sync_channel(workers.saturating_mul(2));
    thread::scope(|scope| {
        let mut started = 0_usize;
        for _ in 0..workers {
            let (sender, next, taken, work) = (sender.clone(), &next, &taken, &work);
            let worker = spawn(scope, move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let count = taken.0.lock().unwrap_or_else(PoisonError::into_inner);
                    let full = |count: &mut usize| index >= count.saturating_add(WINDOW);
                    drop(taken.1.wait_while(count, full).unwrap_or_else(PoisonError::into_inner));
                    if sender.send((index, work(item))).is_err() {
                        break;
                    }
                }
            });
            // Fewer do it as well.
            started = started.saturating_add(usize::from(worker.is_ok()));
        }
        drop(sender);
        if started == 0 {
            let _ = items.iter().try_for_each(|item| sink(work(item)));
            return;
        }
        let mut waiting = BTreeMap::new();
        let mut expected = 0_usize;
        for (index, result) in &receiver {
            waiting.insert(index, result);
            let mut broken = false;
            while let Some(result) = waiting.remove(&expected) {
                expected = expected.saturating_add(1);
                if sink(result).is_break() {
                    broken = true;
                    break;
                }
            }
            *taken.0.lock().unwrap_or_else(PoisonError::into_inner) = if broken { usize::MAX } else { expected };
            taken.1.notify_all();
            if broken {
                next.store(items.len(), Ordering::Relaxed);
                break;
            }
        }
        // Whoever still sends learns now that nobody listens.
        drop(receiver);
    });
}

/// Starts a thread.
///
/// # Errors
///
/// The system has none to give.
pub(crate) fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    thread::Builder::new().spawn_scoped(scope, work).map_err(|error| {
        Failure::new("no thread can be started")
            .because(error)
            .remedy("see how many processes, and how much memory, this user may have")
    })
}

/// So many results may wait for the one before them.
pub const WINDOW: usize = 256;

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_order_however_long_each_takes() {
        let items: Vec<u64> = (0..2_000).collect();
        let mut seen = Vec::new();
        let work = |item: &u64| {
            if item.is_multiple_of(500) {
                thread::sleep(Duration::from_millis(20));
            }
            item * 2
        };
        ordered(&items, work, |result| {
            seen.push(result);
            ControlFlow::Continue(())
        });
        assert_eq!(seen, (0..2_000).map(|item| item * 2).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_goes_on_when_nobody_listens() {
        let items: Vec<usize> = (0..100_000).collect();
        let begun = AtomicUsize::new(0);
        let mut seen = 0;
        ordered(
            &items,
            |_| begun.fetch_add(1, Ordering::Relaxed),
            |_| {
                seen += 1;
                if seen == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert_eq!(seen, 10);
        assert!(begun.into_inner() < 2 * WINDOW);
        ordered(&[0_u8; 0], |_| (), |()| ControlFlow::Continue(()));
    }
}
