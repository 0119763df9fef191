//! A release streams into the slot that is not running, and goes on where an earlier attempt was cut off.

use std::io::{self, Read};
use std::path::Path;

use twinseal_formats::Envelope;
use twinseal_installer::{Error, Memory, Payloads, SlotId, activate};
use twinseal_verifier::{Intake, Verifier};

use super::{Decided, Gateway, Open};
use crate::bundle::Bundle;
use crate::error::{Failure, Result};
use crate::input::{is_stdin, open_plain, stdin, unreadable};
use crate::source::{PIECE, payload_path};
use crate::trouble::Trouble;

/// What came of it: the release is tried at the next boot.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) slot: SlotId,
    pub(crate) version: String,
    pub(crate) sequence_number: u64,
    pub(crate) release_id: String,
    /// Where in the stream it went on.
    pub(crate) position: u64,
}

impl Gateway {
    /// Receives a bundle, `-` for standard input, into the slot that is not running.
    ///
    /// # Errors
    ///
    /// Something could not be read or written. Attempted again, it goes on.
    pub(crate) fn install(&self, running: SlotId, bundle: &Path, payloads: &Path) -> Result<Decided<Installed>> {
        let stream: Box<dyn Read> = if is_stdin(bundle) { Box::new(stdin()?) } else { Box::new(open_plain(bundle)?) };
        let mut stream = Stream { source: stream, before: Vec::new(), position: 0 };
        let decided = self.with(|open| match receive(open, running, &mut stream, bundle, payloads) {
            Ok(installed) => Ok(Ok(installed)),
            Err(Halt::Failed(failure)) => Ok(Err(failure)),
            Err(Halt::Refused(error)) => Err(error),
        })?;
        decided.map_or_else(|refusal| Ok(Err(refusal)), |done| done.map(Ok))
    }
}

/// Why a reception did not come to its end: to the installer, that its stream could not be read is no error of its own.
enum Halt {
    Refused(Error),
    Failed(Failure),
}

impl<E: Into<Error>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

fn receive(
    open: Open<'_, '_>,
    running: SlotId,
    stream: &mut Stream<'_>,
    bundle: &Path,
    directory: &Path,
) -> core::result::Result<Installed, Halt> {
    let Open { device, verifier, facts, memory: Memory { frame, scratch }, .. } = open;
    let size = stream.intake(frame)?;
    let frame = frame.get(..size).unwrap_or_default();
    let envelope = Envelope::parse(frame)?;
    let payloads =
        if is_stdin(bundle) { Payloads::Enclosed } else { stream.payloads(&envelope, verifier, bundle, directory)? };
    let mut receiving = device.receive(running, verifier, facts, frame, payloads, scratch)?;
    let position = receiving.position();
    stream.skip_to(position)?;
    let mut piece = vec![0; PIECE];
    while !receiving.is_complete() {
        match stream.take(&mut piece)? {
            [] => break,
            come => receiving.push(come)?,
        }
    }
    // In a detached release nothing may follow; in an envelope what follows is evidence.
    if payloads == Payloads::Detached {
        let behind = stream.take(&mut piece)?;
        receiving.push(behind)?;
    }
    let update = receiving.finish(scratch)?;
    let (manifest, release_id) = (*update.manifest(), update.release_id().to_string());
    activate(update)?;
    Ok(Installed {
        slot: running.other(),
        version: manifest.release_version().to_owned(),
        sequence_number: manifest.sequence_number().0,
        release_id,
        position,
    })
}

/// What comes in, read once from front to end.
struct Stream<'s> {
    source: Box<dyn Read + 's>,
    /// Read already, and not used yet.
    before: Vec<u8>,
    position: u64,
}

impl Stream<'_> {
    /// Collects the frame, and says how large it is.
    fn intake(&mut self, buffer: &mut [u8]) -> core::result::Result<usize, Halt> {
        let mut intake = Intake::new(buffer);
        let mut piece = [0; 4096];
        loop {
            let come = self.take(&mut piece)?;
            if come.is_empty() {
                return Ok(intake.envelope()?.size());
            }
            if let Some(behind) = intake.push(come)? {
                let behind = behind.to_vec();
                self.position = self.position.saturating_sub(u64::try_from(behind.len()).unwrap_or(u64::MAX));
                self.before = behind;
                return Ok(intake.envelope()?.size());
            }
        }
    }

    /// Where the payloads of a bundle in a file lie; if they lie beside it, the stream goes on with them.
    fn payloads(
        &mut self,
        envelope: &Envelope<'_>,
        verifier: &Verifier<'_>,
        path: &Path,
        directory: &Path,
    ) -> core::result::Result<Payloads, Halt> {
        let manifest = *verifier.authenticate(envelope)?.manifest();
        let opened =
            Bundle::open(path).and_then(|bundle| Trouble::finding(bundle.payloads_enclosed(envelope, &manifest)));
        match opened.map_err(Halt::Failed)? {
            Ok(true) => return Ok(Payloads::Enclosed),
            Ok(false) => {}
            Err(error) => return Err(error.into()),
        }
        let mut files: Box<dyn Read> = Box::new(io::empty());
        for component in manifest.components() {
            let opened = open_plain(&payload_path(directory, component.index()));
            files = Box::new(files.chain(opened.map_err(Halt::Failed)?));
        }
        self.source = files;
        self.before.clear();
        Ok(Payloads::Detached)
    }

    fn skip_to(&mut self, position: u64) -> core::result::Result<(), Halt> {
        let mut piece = vec![0; PIECE];
        while self.position < position {
            let left = usize::try_from(position.saturating_sub(self.position)).unwrap_or(usize::MAX);
            let room = piece.len().min(left);
            if self.take(piece.get_mut(..room).unwrap_or_default())?.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// The next bytes, at most as many as fit; none at the end.
    fn take<'b>(&mut self, buffer: &'b mut [u8]) -> core::result::Result<&'b [u8], Halt> {
        let count = if self.before.is_empty() {
            let read = loop {
                match self.source.read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            read.map_err(|error| Halt::Failed(unreadable(Path::new("the bundle"), error)))?
        } else {
            let count = self.before.len().min(buffer.len());
            buffer.iter_mut().zip(self.before.drain(..count)).for_each(|(to, from)| *to = from);
            count
        };
        self.position = self.position.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(buffer.get(..count).unwrap_or_default())
    }
}
