//! A boot loader that lives the whole life of a device: it provisions itself, starts what may be started, and serves the application that it
//! started with the one copy of the installer that the device has.
//!
//! It says each thing that happens over the link, and each refusal with its number. `twinseal-device life` is the other end.

use core::convert::Infallible;
use core::sync::atomic::{AtomicU8, Ordering};

use twinseal_installer::{Error, InstallError, Reason, SlotId};

use crate::board::{exit, nor, print, restart, start_image};
use crate::services::Services;

/// Says a line over the link.
macro_rules! say {
    ($($words:tt)*) => {{
        use core::fmt::Write as _;
        // The link does not fail.
        let _ = writeln!(crate::subject::Text, $($words)*);
    }};
}

#[path = "loader/device.rs"]
mod device;
#[path = "loader/link.rs"]
mod link;
#[path = "loader/serve.rs"]
mod serve;

use device::{FACTS, open};

pub(crate) fn run() -> ! {
    say!("loader: up");
    let Err(error) = life();
    refused(error);
    exit(1)
}

/// Starts what may be started, after the factory's part if this is the first time.
fn life() -> Result<Infallible, Error> {
    match device::provisioned() {
        Err(InstallError::StateMissing) => device::provision()?,
        other => other?,
    }
    let start = open(|device, verifier, _, memory| {
        device.boot(
            verifier,
            &FACTS,
            memory,
            |slot, error| {
                say!("loader: slot {} is not started", slot.name());
                refused(error);
            },
            |update, slot, reason| {
                let version = update.manifest().release_version();
                match reason {
                    Reason::Confirmed => say!("loader: slot {}, release {version}, confirmed", slot.name()),
                    Reason::Trial(begun) => say!("loader: slot {}, release {version}, on trial {begun}", slot.name()),
                    Reason::Fallback => say!("loader: slot {}, release {version}, confirmed before", slot.name()),
                }
                RUNNING.store(u8::from(slot == SlotId::B), Ordering::Relaxed);
                let area = update.storage().area(0).ok_or(InstallError::Layout)?;
                update.affirm()?;
                Ok::<_, Error>(area.start)
            },
        )
    })??;
    // The memory that was lent for the proof is given back, because the services need it; nothing else comes in between (O-7).
    start_image(nor::BASE.wrapping_add(start), &SERVICES)
}

/// Says what was refused, with its number.
fn refused(error: Error) {
    say!("refused: {} {}.{}", error.code(), error.stage().name(), error.name());
}

/// Text over the link.
struct Text;

impl core::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        print(text);
        Ok(())
    }
}

/// The slot that was started.
fn running() -> SlotId {
    if RUNNING.load(Ordering::Relaxed) == 0 { SlotId::A } else { SlotId::B }
}

static RUNNING: AtomicU8 = AtomicU8::new(0);

static SERVICES: Services = Services { write, confirm: serve::confirm, serve: serve::serve, restart: restarting };

extern "C" fn restarting() -> ! {
    restart()
}

extern "C" fn write(text: *const u8, size: usize) {
    let copy = crate::board::copied(text, size);
    print(copy.get(..size).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("?"));
}
