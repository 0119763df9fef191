//! Bytes with their length in front, kept in an area: envelopes and trust stores. What is read was never trusted, and is compared or verified.

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::StorageFault;

use crate::flash::{self, Appender};
use crate::layout::Area;

/// How many bytes fit into an area.
pub(crate) const fn room(area: Area) -> u32 {
    area.size.saturating_sub(4)
}

/// Erases the area and writes the bytes. The caller has seen that they fit.
pub(crate) fn write<F: NorFlash>(flash: &mut F, area: Area, bytes: &[u8]) -> Result<(), StorageFault> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= room(area)).ok_or(StorageFault)?;
    flash::erase(flash, area)?;
    let mut appender = Appender::new(area.start);
    appender.push(flash, &length.to_le_bytes())?;
    appender.push(flash, bytes)?;
    appender.finish(flash)
}

/// Reads what is there into memory, once. `None` if the length is impossible, or more than the memory.
pub(crate) fn read<'b, F: NorFlash>(
    flash: &mut F,
    area: Area,
    buffer: &'b mut [u8],
) -> Result<Option<&'b [u8]>, StorageFault> {
    let mut length = [0; 4];
    flash::read(flash, area.start, &mut length)?;
    let length = u32::from_le_bytes(length);
    let fits = usize::try_from(length).ok().filter(|_| length <= room(area));
    let Some(buffer) = fits.and_then(|length| buffer.get_mut(..length)) else { return Ok(None) };
    flash::read(flash, area.start.saturating_add(4), buffer)?;
    Ok(Some(buffer))
}

/// Whether exactly these bytes are there.
pub(crate) fn holds<F: NorFlash>(flash: &mut F, area: Area, bytes: &[u8]) -> Result<bool, StorageFault> {
    let length = u32::try_from(bytes.len()).map_err(|_| StorageFault)?;
    let mut found = [0; PIECE];
    let mut at = area.start;
    for expected in [length.to_le_bytes().as_slice()].into_iter().chain(bytes.chunks(PIECE)) {
        let found = found.get_mut(..expected.len()).ok_or(StorageFault)?;
        flash::read(flash, at, found)?;
        if found != expected {
            return Ok(false);
        }
        at = at.checked_add(u32::try_from(expected.len()).map_err(|_| StorageFault)?).ok_or(StorageFault)?;
    }
    Ok(true)
}

const PIECE: usize = 128;
