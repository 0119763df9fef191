//! The tool killed before each of its system calls, and each of its calls on files made to fail: afterwards there is the old state, the new
//! state or nothing, the journal is whole, and the same command again ends as it should.
//!
//! Everything with TWINSEAL_LONG=1; else some of the calls. Needs Linux on x86-64.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "support/prepared.rs"]
mod prepared;
#[path = "support/runs.rs"]
mod runs;
#[path = "support/tool.rs"]
mod tool;
#[path = "support/tracer.rs"]
mod tracer;

use runs::{RUNS, Run, Start, contents};
use tracer::{CALLS, Strike};

/// One of how many places is struck.
fn every() -> usize {
    if std::env::var_os("TWINSEAL_LONG").is_some() { 1 } else { 8 }
}

/// A command killed before each of its calls.
fn killed(run: &Run) {
    let (start, mut at) = (Start::new(), 1);
    let (mut struck, mut new, mut lines, mut rests) = (0, 0, 0, 0);
    loop {
        let place = start.copy();
        let before = contents(&place.at(run.out));
        let traced = tracer::run(&place, run.arguments, Strike::Kill(at));
        if !traced.struck {
            assert!(traced.output.status.success(), "{}: {:?}", run.name, traced.output);
            println!(
                "killed: {}: before {struck} of {} calls; {new} left the new state, {lines} a line, {rests} a rest",
                run.name,
                traced.calls.len()
            );
            // Not less than the least of the commands makes.
            assert!(struck * every() > 80 && traced.calls.len() < at);
            return;
        }
        let after = start.holds(run, &place, before.as_deref(), false);
        start.again(run, &place, &after);
        (struck, new, lines) = (struck + 1, new + usize::from(after.new), lines + usize::from(after.line));
        rests += usize::from(after.rests > 0);
        at += every();
    }
}

/// A command each of whose calls on files fails once, in each way that it can.
fn failing(run: &Run) {
    let start = Start::new();
    let (mut failed, mut survived, mut at) = (0, 0, 0);
    for (name, call, errors) in CALLS {
        'occurrences: for occurrence in 1.. {
            for error in errors {
                at += 1;
                if at % every() != 0 {
                    continue;
                }
                let place = start.copy();
                let before = contents(&place.at(run.out));
                let traced = tracer::run(&place, run.arguments, Strike::Fail(call, occurrence, *error));
                if !traced.struck {
                    break 'occurrences;
                }
                let said = String::from_utf8_lossy(&traced.output.stderr).into_owned();
                let done = match traced.output.status.code() {
                    Some(0) => true,
                    Some(2) => false,
                    // Before the tool has begun.
                    Some(127) if said.contains("shared librar") => false,
                    other => panic!("{}: {name} {occurrence} {error}: {other:?}: {said}", run.name),
                };
                assert!(done || said.contains("error"), "{}: {name} {occurrence} {error}: nothing was said", run.name);
                let after = start.holds(run, &place, before.as_deref(), done);
                start.again(run, &place, &after);
                (failed, survived) = (failed + usize::from(!done), survived + usize::from(done));
            }
        }
    }
    println!("failing calls: {}: {failed} told, {survived} made no difference", run.name);
    assert!(failed + survived > 0 && (every() > 1 || failed > 20));
}

macro_rules! struck {
    ($($number:literal $killed:ident $failing:ident)*) => {$(
        #[test]
        fn $killed() {
            killed(&RUNS[$number]);
        }

        #[test]
        fn $failing() {
            failing(&RUNS[$number]);
        }
    )*};
}

struck! {
    0 sign_is_killed_anywhere sign_fails_at_any_call
    1 sign_overwriting_is_killed_anywhere sign_overwriting_fails_at_any_call
    2 seals_append_is_killed_anywhere seals_append_fails_at_any_call
    3 trust_update_is_killed_anywhere trust_update_fails_at_any_call
    4 trust_apply_is_killed_anywhere trust_apply_fails_at_any_call
    5 keygen_is_killed_anywhere keygen_fails_at_any_call
    6 key_passwd_is_killed_anywhere key_passwd_fails_at_any_call
    7 journal_new_is_killed_anywhere journal_new_fails_at_any_call
}
