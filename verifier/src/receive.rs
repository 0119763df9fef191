//! The same by push: a bundle streams in, in chunks of any size, into an inactive slot (docs/procedure.md, V-30 to V-37).
//!
//! [`Intake`] collects the frame in memory that the caller provides; [`Reception`] writes the payloads into the slot. Both need constant
//! memory, and for every input the verdict is that of the pull road.

use twinseal_formats::{Component, EntryHead, Envelope, Fault, ParseError, Stage};

use crate::admit::{AdmittedManifest, Install};
use crate::digest::Hasher;
use crate::error::{AuthenticateError, ConfigurationError, Error, ImageError};
use crate::image::{VerifiedUpdate, at, fits, verify_all};
use crate::storage::{Refused, Slot, StorageFault};

/// Collects a bundle's frame, so that it can be authenticated before anything behind it is looked at.
#[derive(Debug)]
pub struct Intake<'b> {
    buffer: &'b mut [u8],
    filled: usize,
}

impl<'b> Intake<'b> {
    /// An intake into `buffer`, which must hold the largest frame that the device wants to accept.
    #[must_use]
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, filled: 0 }
    }

    /// Takes in a chunk. Returns what of the chunk lies behind the frame once the frame is whole, `None` while more is needed.
    ///
    /// # Errors
    /// [`Error::Parse`] as soon as the bytes break a rule; truncation also when the buffer is full and the frame is not whole.
    pub fn push<'c>(&mut self, chunk: &'c [u8]) -> Result<Option<&'c [u8]>, Error> {
        let before = self.filled;
        let free = self.buffer.get_mut(before..).unwrap_or_default();
        for (to, from) in free.iter_mut().zip(chunk) {
            *to = *from;
            self.filled = self.filled.saturating_add(1);
        }
        match self.envelope() {
            Ok(envelope) => {
                // The frame was not whole before this chunk, so its end lies in it.
                let used = envelope.size().saturating_sub(before);
                Ok(Some(chunk.get(used..).unwrap_or_default()))
            }
            Err(Error::Parse(error)) if error.fault == Fault::Truncated && self.filled < self.buffer.len() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The frame.
    ///
    /// # Errors
    /// [`Error::Parse`] if it breaks a rule, or is not whole: what is reported when a stream ends here.
    pub fn envelope(&self) -> Result<Envelope<'_>, Error> {
        Ok(Envelope::parse(self.buffer.get(..self.filled).unwrap_or_default())?)
    }
}

/// An admitted release whose payloads are being written into an inactive slot.
#[derive(Debug)]
#[must_use]
pub struct Reception<'m, S: Slot> {
    admitted: AdmittedManifest<'m, Install>,
    slot: S,
    /// Whether entry heads stand between the payloads in the stream.
    enclosed: bool,
    /// The component that is coming; none behind the last.
    current: Option<Component<'m>>,
    /// How many bytes of its head came.
    head_came: usize,
    /// Once the head is whole: how many bytes of the payload came, and their digest so far.
    payload: Option<(u64, Hasher)>,
    /// Bytes taken in since the end of the frame.
    position: u64,
    /// The first fault; nothing is taken in after it.
    fault: Option<Error>,
}

impl<'m> AdmittedManifest<'m, Install> {
    /// Begins to receive a release whose payloads lie in the envelope, as entries with their heads.
    ///
    /// The slot is invalidated first, after it is known that every image fits: nothing is ever written over what could boot.
    ///
    /// # Errors
    /// [`Refused`] with [`Error::Image`] if the payloads are not enclosed, an image does not fit, or the slot can not be invalidated.
    pub fn receive<S: Slot>(self, slot: S) -> Result<Reception<'m, S>, Refused<S>> {
        if !self.encloses_payloads() {
            return Err(Refused::new(ImageError::NotEnclosed.into(), slot));
        }
        Reception::begin(self, slot, true)
    }

    /// Begins to receive a detached release: the contents of its payload files one after the other, in the order of the components.
    ///
    /// # Errors
    /// As [`receive`](Self::receive), but for where the payloads lie.
    pub fn receive_detached<S: Slot>(self, slot: S) -> Result<Reception<'m, S>, Refused<S>> {
        Reception::begin(self, slot, false)
    }
}

impl<'m, S: Slot> Reception<'m, S> {
    fn begin(admitted: AdmittedManifest<'m, Install>, mut slot: S, enclosed: bool) -> Result<Self, Refused<S>> {
        if let Err(error) = admitted.trail() {
            return Err(Refused::new(error.into(), slot));
        }
        let fitted = admitted.manifest.components().try_for_each(|component| fits(&component, &mut slot));
        if let Err(error) = fitted {
            return Err(Refused::new(error, slot));
        }
        if slot.invalidate().is_err() {
            return Err(Refused::new(ImageError::InvalidateFault.into(), slot));
        }
        let mut this =
            Self { admitted, slot, enclosed, current: None, head_came: 0, payload: None, position: 0, fault: None };
        match this.expect_component(0) {
            Ok(()) => Ok(this),
            Err(error) => Err(Refused::new(error, this.slot)),
        }
    }

    /// Takes in a chunk. In an envelope, what stands behind the last payload is evidence and is not looked at; behind the last payload of
    /// a detached release nothing may stand.
    ///
    /// # Errors
    /// The first fault, and from then on always that one. The slot stays invalid.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Error> {
        if let Some(error) = self.fault {
            return Err(error);
        }
        let mut rest = chunk;
        while let (Some(component), false) = (self.current, rest.is_empty()) {
            let taken = match self.payload.take() {
                None => self.take_head(&component, rest),
                Some((came, hasher)) => self.take_payload(&component, came, hasher, rest),
            };
            match taken {
                Ok(taken) => {
                    self.position = self.position.saturating_add(count(taken));
                    rest = rest.get(taken..).unwrap_or_default();
                }
                Err(error) => {
                    self.fault = Some(error);
                    return Err(error);
                }
            }
        }
        if rest.is_empty() || self.enclosed { Ok(()) } else { self.surplus() }
    }

    /// Takes in the first `held` bytes of the payloads out of the slot, where an earlier reception of the same release left them, in place of
    /// the stream. The slot's `invalidate` must have spared them. They prove nothing: all is read back in the end, as ever.
    ///
    /// The stream goes on at [`position`](Self::position). `scratch` is working memory of any size but zero.
    ///
    /// # Errors
    /// The first fault, as of [`push`](Self::push); [`ImageError::ReadFault`] if the slot could not be read.
    pub fn resume(&mut self, held: u64, scratch: &mut [u8]) -> Result<(), Error> {
        let mut left = held;
        // Each turn takes at least one byte of payload.
        while let (Some(component), 1.., None) = (self.current, left, self.fault) {
            if let Err(error) = self.take_held(&component, &mut left, scratch) {
                self.fault = Some(error);
                return Err(error);
            }
        }
        self.fault.map_or(Ok(()), Err)
    }

    fn take_held(&mut self, component: &Component<'m>, left: &mut u64, scratch: &mut [u8]) -> Result<(), Error> {
        let index = component.index();
        let (came, mut hasher) = match self.payload.take() {
            Some(payload) => payload,
            None => {
                let head = EntryHead::payload(index, component.size()).as_bytes().len();
                self.position = self.position.saturating_add(count(head.saturating_sub(self.head_came)));
                self.head_came = head;
                (0, Hasher::new(component.digest().algorithm()).ok_or_else(|| not_available(component))?)
            }
        };
        let most = count(scratch.len()).min(component.size().saturating_sub(came)).min(*left);
        let piece = usize::try_from(most).ok().and_then(|most| scratch.get_mut(..most)).unwrap_or_default();
        if piece.is_empty() {
            return Err(ConfigurationError::NoScratch.into());
        }
        self.slot.read(index, came, piece).map_err(|StorageFault| ImageError::ReadFault { component: index })?;
        hasher.update(piece);
        *left = left.saturating_sub(most);
        self.position = self.position.saturating_add(most);
        self.advance(component, came.saturating_add(most), hasher)?;
        Ok(())
    }

    /// More came than the last payload of a detached release has bytes.
    fn surplus(&mut self) -> Result<(), Error> {
        let Some(last) = self.admitted.manifest.components().last() else { return Ok(()) };
        let (component, expected) = (last.index(), last.size());
        let error = ImageError::SizeMismatch { component, expected, found: expected.saturating_add(1) }.into();
        self.fault = Some(error);
        Err(error)
    }

    /// Whether the last byte of the last payload has come.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.current.is_none() && self.fault.is_none()
    }

    /// Ends the reception: reads every image back out of the slot and compares it. `scratch` is working memory of any size but zero.
    ///
    /// # Errors
    /// [`Refused`] with the first fault of the stream, with truncation if it ended early, or with what reading back found. The slot stays
    /// invalid.
    pub fn finish(mut self, scratch: &mut [u8]) -> Result<VerifiedUpdate<'m, Install, S>, Refused<S>> {
        let read_back = self.ended().and_then(|()| verify_all(&self.admitted, &mut self.slot, scratch));
        match read_back {
            Ok(trail) => Ok(self.admitted.verified(self.slot, trail)),
            Err(error) => Err(Refused::new(error, self.slot)),
        }
    }

    /// Whether the stream ended where it may.
    fn ended(&self) -> Result<(), Error> {
        match (self.fault, self.current) {
            (Some(error), _) => Err(error),
            (None, None) => Ok(()),
            (None, Some(_)) if self.payload.is_none() => {
                Err(at(ParseError::new(Stage::Frame, Fault::Truncated, 0), self.position()))
            }
            (None, Some(component)) => Err(ImageError::Truncated { component: component.index() }.into()),
        }
    }

    /// Compares the beginning of a chunk with what is still to come of a payload's head; returns how much of the chunk that was.
    fn take_head(&mut self, component: &Component<'m>, chunk: &[u8]) -> Result<usize, Error> {
        let head = EntryHead::payload(component.index(), component.size());
        let taken = head.as_bytes().len().saturating_sub(self.head_came).min(chunk.len());
        let head_start = self.position().saturating_sub(count(self.head_came));
        head.compare_from(self.head_came, chunk).map_err(|error| at(error, head_start))?;
        self.head_came = self.head_came.saturating_add(taken);
        if self.head_came == head.as_bytes().len() {
            self.expect_payload(component)?;
        }
        Ok(taken)
    }

    /// Writes the beginning of a chunk as payload; returns how much of the chunk that was.
    fn take_payload(
        &mut self,
        component: &Component<'m>,
        came: u64,
        mut hasher: Hasher,
        chunk: &[u8],
    ) -> Result<usize, Error> {
        let index = component.index();
        let write_fault = |StorageFault| ImageError::WriteFault { component: index };
        let left = usize::try_from(component.size().saturating_sub(came)).unwrap_or(usize::MAX);
        let piece = chunk.get(..left).unwrap_or(chunk);
        self.slot.write(index, came, piece).map_err(write_fault)?;
        hasher.update(piece);
        if self.advance(component, came.saturating_add(count(piece.len())), hasher)? {
            self.slot.flush(index).map_err(write_fault)?;
        }
        Ok(piece.len())
    }

    /// Goes on behind a piece of a payload; whether that was its last.
    fn advance(&mut self, component: &Component<'m>, came: u64, hasher: Hasher) -> Result<bool, Error> {
        let index = component.index();
        if came < component.size() {
            self.payload = Some((came, hasher));
            return Ok(false);
        }
        // An early refusal: the proof comes from reading back.
        if hasher.finish().as_ref() != Some(component.digest()) {
            return Err(ImageError::DigestMismatch { component: index }.into());
        }
        self.expect_component(index.saturating_add(1))?;
        Ok(true)
    }

    /// Waits for the component of that place, or for nothing more.
    fn expect_component(&mut self, index: u8) -> Result<(), Error> {
        let manifest = self.admitted.manifest;
        self.current = manifest.components().find(|component| component.index() == index);
        self.head_came = 0;
        match self.current {
            Some(component) if !self.enclosed => self.expect_payload(&component),
            _ => Ok(()),
        }
    }

    fn expect_payload(&mut self, component: &Component<'m>) -> Result<(), Error> {
        let hasher = Hasher::new(component.digest().algorithm()).ok_or_else(|| not_available(component))?;
        self.payload = Some((0, hasher));
        Ok(())
    }

    /// Where in the bundle the stream stands, from its first byte on. For a detached release: the size of the frame, and what was taken in of the
    /// payload files.
    #[must_use]
    pub fn position(&self) -> u64 {
        count(self.admitted.frame.size).saturating_add(self.position)
    }
}

fn not_available(component: &Component<'_>) -> Error {
    AuthenticateError::DigestNotAvailable { algorithm: component.digest().algorithm() }.into()
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
