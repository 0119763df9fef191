//! A thermostat: measures the room, heats it, reports once a minute.
//!
//! The board is real enough for a boot loader (ARM MPS2 AN385, a Cortex-M3), the room is simulated: every control step
//! of ten seconds takes a millisecond, and after an hour of room time the firmware says how it went and parks.

#![no_std]
#![no_main]

mod board;
mod control;

use board::{Console, Outcome};
use control::{Controller, Microdegrees, Room};

const TARGET: Microdegrees = 21_000_000;
const STEPS_PER_MINUTE: u32 = 6;
const MINUTES: u32 = 60;
/// From here on it is colder outside, so that the controller has something to do after it has settled.
const COLD_SNAP: u32 = 35;

/// Where the reset handler arrives, with memory set up.
fn run() -> ! {
    let mut console = Console::open();
    // One string, so that `strings thermostat.bin` shows it whole.
    console.text(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), " - room controller on Cortex-M3\n"));
    console.text("target ");
    temperature(&mut console, TARGET);
    console.text(", one line per simulated minute\n");

    board::start_ticking();
    let mut room = Room::new(16_000_000, 5_000_000);
    let mut controller = Controller::new(TARGET);
    for minute in 1..=MINUTES {
        if minute == COLD_SNAP {
            room.set_outside(-5_000_000);
            console.text("outside falls to ");
            temperature(&mut console, -5_000_000);
            console.text("\n");
        }
        let mut heat = 0;
        for _ in 0..STEPS_PER_MINUTE {
            board::wait_for_tick();
            heat = controller.step(room.temperature());
            room.step(heat);
        }
        console.text("minute ");
        console.number(minute, 2);
        console.text("  room ");
        temperature(&mut console, room.temperature());
        console.text("  heat ");
        console.number(heat.unsigned_abs() / 10, 3);
        console.text(" %\n");
    }

    let held = (room.temperature() - TARGET).abs() < 250_000;
    console.text(if held { "done: target held\n" } else { "done: target missed\n" });
    board::finish(if held { Outcome::Good } else { Outcome::Bad })
}

/// Two decimals are what a sensor of this kind is worth.
fn temperature(console: &mut Console, value: Microdegrees) {
    let hundredths = value.unsigned_abs() / 10_000;
    console.text(if value < 0 { "-" } else { "" });
    console.number(hundredths / 100, 1);
    console.text(".");
    // Padded with zeros: 21.05, not 21. 5.
    console.number(hundredths / 10 % 10, 1);
    console.number(hundredths % 10, 1);
    console.text(" C");
}
