//! Where things lie in a device's flash (docs/procedure.md, I-1).

use embedded_storage::nor_flash::NorFlash;

use crate::error::InstallError;
use crate::journal;

/// A range of the flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two facts")]
pub struct Area {
    /// Where it begins.
    pub start: u32,
    /// How many bytes it has.
    pub size: u32,
}

/// One of the two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two")]
pub enum SlotId {
    /// The first.
    A,
    /// The second.
    B,
}

impl SlotId {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its letter, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    /// This one of two things.
    pub(crate) const fn of<T>(self, [a, b]: &[T; 2]) -> &T {
        match self {
            Self::A => a,
            Self::B => b,
        }
    }

    pub(crate) const fn of_mut<T>(self, [a, b]: &mut [T; 2]) -> &mut T {
        match self {
            Self::A => a,
            Self::B => b,
        }
    }
}

/// The areas of a slot.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a device states every area")]
pub struct SlotLayout<'a> {
    /// Where the release's frame is kept, to be verified at every boot: its length in bytes first (`u32`, little-endian), then the frame. Who fills a
    /// slot by other means than [`Installer::receive`](crate::Installer::receive), as a factory does, writes both.
    pub envelope: Area,
    /// Where each component's image lies, in the order of the device's component ids.
    pub images: &'a [Area],
}

/// Every area of a device.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a device states every area")]
pub struct Layout<'a> {
    /// The slots A and B.
    pub slots: [SlotLayout<'a>; 2],
    /// The state records: three sectors of equal size, each of whole erase units.
    pub state: Area,
    /// The two places of the trust store; none on a device whose trust store is compiled in.
    pub trust: Option<[Area; 2]>,
}

impl Layout<'_> {
    /// Sees that every area lies in the flash, on erase units, and shares no byte with another.
    ///
    /// # Errors
    /// [`InstallError::Layout`].
    pub fn examine<F: NorFlash>(&self, flash: &F) -> Result<(), InstallError> {
        let sizes = F::READ_SIZE > 0
            && F::READ_SIZE <= MOST_UNIT
            && F::WRITE_SIZE > 0
            && F::WRITE_SIZE <= MOST_UNIT
            && F::ERASE_SIZE.is_multiple_of(F::WRITE_SIZE)
            && u32::try_from(F::ERASE_SIZE).is_ok();
        let [a, b] = &self.slots;
        let slots = !a.images.is_empty() && a.images.len() == b.images.len();
        let areas = || {
            let state = journal::sectors(self.state);
            let images = a.images.iter().chain(b.images).copied();
            [a.envelope, b.envelope].into_iter().chain(images).chain(state).chain(self.trust.into_iter().flatten())
        };
        let placed = areas().all(|area| area.lies_in(flash));
        let apart =
            areas().enumerate().all(|(place, one)| areas().skip(place.saturating_add(1)).all(|two| one.misses(two)));
        let roomy = journal::has_room::<F>(self.state);
        if sizes && slots && placed && apart && roomy { Ok(()) } else { Err(InstallError::Layout) }
    }
}

impl Area {
    /// One past its last byte.
    pub(crate) const fn end(self) -> u32 {
        self.start.saturating_add(self.size)
    }

    pub(crate) fn lies_in<F: NorFlash>(self, flash: &F) -> bool {
        let aligned = |value: u32| usize::try_from(value).is_ok_and(|value| value.is_multiple_of(F::ERASE_SIZE));
        let end = self.start.checked_add(self.size).and_then(|end| usize::try_from(end).ok());
        self.size > 0 && aligned(self.start) && aligned(self.size) && end.is_some_and(|end| end <= flash.capacity())
    }

    const fn misses(self, other: Self) -> bool {
        self.end() <= other.start || other.end() <= self.start
    }
}

/// The largest unit of reading or writing that is supported.
pub(crate) const MOST_UNIT: usize = 256;
