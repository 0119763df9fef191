//! What the loader does for the application: it confirms, and takes what comes over the link.

use twinseal_installer::verifier::{Intake, Verifier};
use twinseal_installer::{Error, Memory, MonotonicCounter as _, Payloads, activate};

use super::device::{Counter, Device, FACTS, open};
use super::link::{Chunks, Link};
use super::{refused, running};
use crate::board::{Buffer, exit, restart};

/// The application has proven itself.
pub(super) extern "C" fn confirm() {
    let confirmed = open(|device, verifier, _, memory| {
        let confirmed = device.confirm(running(), verifier, &FACTS, memory)?;
        Ok((confirmed.sequence_number, device.counter().read()))
    });
    match confirmed {
        Ok((sequence, Ok(counter))) => say!("confirmed: sequence number {sequence}, rollback counter {counter}"),
        Ok((_, Err(fault))) => say!("{fault:?}"),
        Err(error) => refused(error),
    }
}

/// Does what the other end asks for, until there is a restart.
pub(super) extern "C" fn serve() -> ! {
    loop {
        let done = match Link::open().map(|mut link| link.command()) {
            Some(b'u') => open(update),
            Some(b't') => open(trust),
            Some(b'r') => restart(),
            _ => exit(0),
        };
        if let Err(error) = done {
            refused(error);
        }
    }
}

/// Receives a release into the slot that is not running.
fn update(device: &mut Device, verifier: &Verifier<'_>, _: &mut Counter, memory: Memory<'_>) -> Result<(), Error> {
    let mut piece = [0; 255];
    let mut chunks = Chunks::new();
    let Some(mut link) = Link::open() else { exit(1) };
    let size = intake(&mut link, memory.frame, &mut piece, &mut chunks)?;
    let frame = memory.frame.get(..size).unwrap_or_default();
    let mut receiving = device.receive(running(), verifier, &FACTS, frame, Payloads::Enclosed, memory.scratch)?;
    say!("receiving from byte {}", receiving.position());
    while !receiving.is_complete() {
        let room = piece.get_mut(..chunks.next()).unwrap_or_default();
        let come = link.ask(receiving.position(), room);
        if come.is_empty() {
            break;
        }
        receiving.push(come)?;
    }
    activate(receiving.finish(memory.scratch)?)?;
    say!("installed: tried at the next start");
    Ok(())
}

/// Collects the frame, and says how large it is.
fn intake(link: &mut Link, buffer: &mut [u8], piece: &mut [u8], chunks: &mut Chunks) -> Result<usize, Error> {
    let mut intake = Intake::new(buffer);
    let mut position = 0_u64;
    loop {
        let come = link.ask(position, piece.get_mut(..chunks.next()).unwrap_or_default());
        position = position.saturating_add(u64::try_from(come.len()).unwrap_or(0));
        if come.is_empty() || intake.push(come)?.is_some() {
            return Ok(intake.envelope()?.size());
        }
    }
}

/// Receives a trust update: from the next start on, its store is in use.
fn trust(device: &mut Device, verifier: &Verifier<'_>, epochs: &mut Counter, memory: Memory<'_>) -> Result<(), Error> {
    UPDATE.with(|buffer| {
        let mut piece = [0; 255];
        let mut chunks = Chunks::new();
        let Some(mut link) = Link::open() else { exit(1) };
        let mut size = 0_usize;
        loop {
            let position = u64::try_from(size).unwrap_or(u64::MAX);
            let come = link.ask(position, piece.get_mut(..chunks.next()).unwrap_or_default());
            let end = size.saturating_add(come.len());
            let Some(room) = buffer.get_mut(size..end).filter(|_| !come.is_empty()) else { break };
            room.copy_from_slice(come);
            size = end;
        }
        let update = buffer.get(..size).unwrap_or_default();
        let epoch = device.update_trust(running(), verifier, &FACTS, epochs, update, memory)?;
        say!("trust: epoch {epoch}");
        Ok(())
    })
}

static UPDATE: Buffer<0x8000> = Buffer::new();
