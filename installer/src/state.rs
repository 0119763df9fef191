//! What a device remembers of its slots, and how that may change (docs/procedure.md, section 11).

use twinseal_verifier::ConfirmedRelease;
use twinseal_verifier::formats::{Digest, DigestAlgorithm, SequenceNumber};

use crate::layout::SlotId;
use crate::record::{MOST_PAYLOAD, Payload};

/// What a slot is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever shows a state shows every one")]
pub enum SlotState {
    /// Nothing that may be booted.
    Empty,
    /// A release is being received; never booted.
    Receiving {
        /// Which.
        release_id: Digest,
        /// How many erase units of its images are whole.
        blocks: u32,
    },
    /// A release was received, read back and verified: it is tried at the next boot.
    Pending {
        /// Which.
        release_id: Digest,
    },
    /// It was started on trial, so many times, and has not confirmed itself.
    Trial {
        /// Which.
        release_id: Digest,
        /// How often it was started.
        begun: u8,
    },
    /// It booted and confirmed itself.
    Confirmed {
        /// Which.
        release_id: Digest,
    },
}

/// Which of the two places holds the trust store in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TrustPlace {
    pub(crate) second: bool,
    pub(crate) digest: Digest,
}

/// What a device remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub(crate) slots: [SlotState; 2],
    /// The slot that was confirmed last.
    pub(crate) preferred: SlotId,
    /// The release that was confirmed last, whatever became of its slot.
    pub(crate) confirmed: Option<ConfirmedRelease>,
    pub(crate) trust: Option<TrustPlace>,
}

impl State {
    /// The state of a device whose first release lies in that slot and counts as confirmed.
    pub(crate) fn provisioned(slot: SlotId, confirmed: ConfirmedRelease, trust: Option<TrustPlace>) -> Self {
        let empty = Self { slots: [SlotState::Empty; 2], preferred: slot, confirmed: Some(confirmed), trust };
        empty.with(slot, SlotState::Confirmed { release_id: confirmed.release_id })
    }

    /// What a slot is good for.
    #[must_use]
    pub const fn slot(&self, slot: SlotId) -> SlotState {
        *slot.of(&self.slots)
    }

    /// The slot that was confirmed last.
    #[must_use]
    pub const fn preferred(&self) -> SlotId {
        self.preferred
    }

    /// The release that was confirmed last: no release with a lower sequence number is installed any more.
    #[must_use]
    pub const fn confirmed(&self) -> Option<ConfirmedRelease> {
        self.confirmed
    }

    /// Which release a slot holds, or is being filled with.
    pub(crate) const fn release_in(&self, slot: SlotId) -> Option<Digest> {
        match self.slot(slot) {
            SlotState::Empty => None,
            SlotState::Receiving { release_id, .. }
            | SlotState::Pending { release_id }
            | SlotState::Trial { release_id, .. }
            | SlotState::Confirmed { release_id } => Some(release_id),
        }
    }

    /// The same with another state of one slot.
    pub(crate) const fn with(mut self, slot: SlotId, state: SlotState) -> Self {
        *slot.of_mut(&mut self.slots) = state;
        self
    }

    /// The release in that slot booted and confirmed itself.
    pub(crate) const fn confirming(self, slot: SlotId, confirmed: ConfirmedRelease) -> Self {
        let mut this = self.with(slot, SlotState::Confirmed { release_id: confirmed.release_id });
        this.preferred = slot;
        this.confirmed = Some(confirmed);
        this
    }

    /// How often a slot's release was started on trial; `None` if it is not to be tried.
    pub(crate) fn trials(&self, slot: SlotId, most: u8) -> Option<u8> {
        match self.slot(slot) {
            SlotState::Pending { .. } => Some(0),
            SlotState::Trial { begun, .. } if begun < most => Some(begun),
            _ => None,
        }
    }

    pub(crate) fn is_confirmed(&self, slot: SlotId) -> bool {
        matches!(self.slot(slot), SlotState::Confirmed { .. })
    }

    /// The bytes of a record: numbers little-endian, a tag before each choice.
    pub(crate) fn encode(&self) -> Option<Payload> {
        let mut writer = Writer { bytes: [0; MOST_PAYLOAD], size: 0 };
        writer.put(&[VERSION, slot_tag(self.preferred)])?;
        for slot in &self.slots {
            match slot {
                SlotState::Empty => writer.put(&[0, 0, 0, 0, 0])?,
                SlotState::Receiving { release_id, blocks } => writer.slot(1, *blocks, release_id)?,
                SlotState::Pending { release_id } => writer.slot(2, 0, release_id)?,
                SlotState::Trial { release_id, begun } => writer.slot(3, u32::from(*begun), release_id)?,
                SlotState::Confirmed { release_id } => writer.slot(4, 0, release_id)?,
            }
        }
        match &self.confirmed {
            None => writer.put(&[0])?,
            Some(ConfirmedRelease { sequence_number, release_id }) => {
                writer.put(&[1])?;
                writer.put(&sequence_number.0.to_le_bytes())?;
                writer.digest(release_id)?;
            }
        }
        match &self.trust {
            None => writer.put(&[0])?,
            Some(TrustPlace { second, digest }) => {
                writer.put(&[1, u8::from(*second)])?;
                writer.digest(digest)?;
            }
        }
        Some((writer.bytes, writer.size))
    }

    /// Reads a record: `None` unless it is exactly what [`encode`](Self::encode) writes.
    pub(crate) fn decode((bytes, size): &Payload) -> Option<Self> {
        let mut reader = Reader { rest: bytes.get(..*size)? };
        let [VERSION, preferred] = reader.take()? else { return None };
        let preferred = slot_of(preferred)?;
        let slots = [reader.slot()?, reader.slot()?];
        let confirmed = match reader.take()? {
            [0] => None,
            [1] => Some(ConfirmedRelease {
                sequence_number: SequenceNumber(u64::from_le_bytes(reader.take()?)),
                release_id: reader.digest()?,
            }),
            _ => return None,
        };
        let trust = match reader.take()? {
            [0] => None,
            [1] => {
                let [second @ 0..=1] = reader.take()? else { return None };
                Some(TrustPlace { second: second == 1, digest: reader.digest()? })
            }
            _ => return None,
        };
        reader.rest.is_empty().then_some(Self { slots, preferred, confirmed, trust })
    }
}

struct Writer {
    bytes: [u8; MOST_PAYLOAD],
    size: usize,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.size.checked_add(bytes.len())?;
        self.bytes.get_mut(self.size..end)?.copy_from_slice(bytes);
        self.size = end;
        Some(())
    }

    fn slot(&mut self, tag: u8, number: u32, release_id: &Digest) -> Option<()> {
        self.put(&[tag])?;
        self.put(&number.to_le_bytes())?;
        self.digest(release_id)
    }

    fn digest(&mut self, digest: &Digest) -> Option<()> {
        self.put(&[algorithm_tag(digest.algorithm())?])?;
        self.put(digest.as_bytes())
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    fn slot(&mut self) -> Option<SlotState> {
        let ([tag], number) = (self.take()?, u32::from_le_bytes(self.take()?));
        Some(match (tag, number) {
            (0, 0) => SlotState::Empty,
            (1, blocks) => SlotState::Receiving { release_id: self.digest()?, blocks },
            (2, 0) => SlotState::Pending { release_id: self.digest()? },
            (3, begun) => SlotState::Trial { begun: u8::try_from(begun).ok()?, release_id: self.digest()? },
            (4, 0) => SlotState::Confirmed { release_id: self.digest()? },
            _ => return None,
        })
    }

    fn digest(&mut self) -> Option<Digest> {
        let [tag] = self.take()?;
        let algorithm = DigestAlgorithm::ALL.into_iter().find(|one| algorithm_tag(*one) == Some(tag))?;
        let (value, rest) = self.rest.split_at_checked(algorithm.size())?;
        self.rest = rest;
        Digest::new(algorithm, value)
    }
}

const fn algorithm_tag(algorithm: DigestAlgorithm) -> Option<u8> {
    Some(match algorithm {
        DigestAlgorithm::Sha256 => 1,
        DigestAlgorithm::Sha384 => 2,
        DigestAlgorithm::Sha512 => 3,
        _ => return None,
    })
}

const fn slot_tag(slot: SlotId) -> u8 {
    match slot {
        SlotId::A => 0,
        SlotId::B => 1,
    }
}

const fn slot_of(tag: u8) -> Option<SlotId> {
    match tag {
        0 => Some(SlotId::A),
        1 => Some(SlotId::B),
        _ => None,
    }
}

const VERSION: u8 = 1;
