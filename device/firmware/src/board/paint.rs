//! How deep the stack gets: what lies below it is painted, and afterwards it is seen how much of the paint is gone.

use super::processor::stack_pointer;

const PAINT: u32 = 0xC5C5_C5C5;

unsafe extern "C" {
    static mut __stack_limit: u32;
}

/// Paints, calls, and counts. Not inlined: the caller's frame is not counted.
#[inline(never)]
pub(crate) fn with_paint<T>(call: impl FnOnce() -> T) -> (T, u32) {
    let top = stack_pointer();
    let limit = (&raw mut __stack_limit).expose_provenance();
    let mut address = limit;
    while address < top.wrapping_sub(64) {
        // SAFETY: between the end of the statics and the stack, with room for the frame of this loop.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) }
        address = address.wrapping_add(4);
    }
    let value = call();
    let mut address = limit;
    // SAFETY: as above.
    while unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() } == PAINT {
        address = address.wrapping_add(4);
    }
    (value, u32::try_from(top.wrapping_sub(address)).unwrap_or(u32::MAX))
}
