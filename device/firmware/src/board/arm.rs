//! Cortex-M: the vector table, semihosting by breakpoint, SysTick.

use core::arch::{asm, naked_asm};

use super::{fault, start};

/// Reset and the faults; the linker script puts the stack's top in front.
#[unsafe(link_section = ".vectors")]
#[used]
static VECTORS: [Option<extern "C" fn() -> !>; 6] =
    [Some(reset), Some(fault), Some(fault), Some(fault), Some(fault), Some(fault)];

/// The first instruction after reset: Rust code may not run before its statics hold their values.
#[unsafe(naked)]
#[unsafe(no_mangle)]
extern "C" fn reset() -> ! {
    naked_asm!(
        "ldr r0, =__bss_start",
        "ldr r1, =__bss_end",
        "movs r3, #0",
        "b 3f",
        "2: str r3, [r0]",
        "adds r0, #4",
        "3: cmp r0, r1",
        "blo 2b",
        "bl {start}",
        "udf #0",
        ".ltorg",
        start = sym start,
    )
}

/// Asks the debugger, which is QEMU, for something.
pub(super) fn semihosting(operation: u32, argument: usize) -> u32 {
    let answer;
    // SAFETY: QEMU answers this breakpoint; it changes r0 and, for the reading operations, the memory that the caller exposed.
    unsafe { asm!("bkpt 0xAB", inout("r0") operation => answer, in("r1") argument, options(nostack)) }
    answer
}

const SYSTICK_CONTROL: usize = 0xE000_E010;
const SYSTICK_RELOAD: usize = 0xE000_E014;
const SYSTICK_VALUE: usize = 0xE000_E018;

fn write_register(address: usize, value: u32) {
    // SAFETY: called with the constants above only: registers of this processor, no memory Rust knows of.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
}

/// Starts the counter, which counts down from 2^24.
pub(crate) fn start_ticks() {
    write_register(SYSTICK_RELOAD, MASK);
    write_register(SYSTICK_VALUE, 0);
    write_register(SYSTICK_CONTROL, 5); // processor clock, enable
}

/// How often the counter counted since it showed `begin`, or what it shows.
pub(crate) fn ticks(begin: Option<u32>) -> u32 {
    // SAFETY: as in `write_register`.
    let now = unsafe { core::ptr::with_exposed_provenance::<u32>(SYSTICK_VALUE).read_volatile() };
    begin.map_or(now, |begin| begin.wrapping_sub(now) & MASK)
}

const MASK: u32 = 0x00FF_FFFF;

/// A loop of 2,000,000 instructions.
pub(crate) fn calibrate() {
    // SAFETY: counts a register of its own down.
    unsafe { asm!("2: subs {0}, #1", "bne 2b", inout(reg) 1_000_000_u32 => _, options(nomem, nostack)) }
}

/// The stack pointer.
#[inline(always)]
pub(super) fn stack_pointer() -> usize {
    let top;
    // SAFETY: reads a register.
    unsafe { asm!("mov {0}, sp", out(reg) top, options(nomem, nostack)) }
    top
}

/// Restarts the processor: registers and this memory are as after power came, the flash is as it was.
#[cfg(feature = "loader")]
pub(crate) fn restart() -> ! {
    write_register(0xE000_ED0C, 0x05FA_0004); // the request, with its key
    loop {
        core::hint::spin_loop();
    }
}

/// Starts what lies there: its code stands behind a header of two words. It gets the services and its own address, and the whole stack.
#[cfg(feature = "loader")]
pub(crate) fn start_image(base: u32, services: &'static crate::services::Services) -> ! {
    let entry = base.wrapping_add(9); // Thumb code has the lowest bit set
    // SAFETY: the caller has the proof that this is the vendor's code; nothing on the stack is used any more, because nothing returns.
    unsafe {
        asm!(
            "ldr r3, =__stack_top",
            "mov sp, r3",
            "bx r2",
            ".ltorg",
            in("r0") services,
            in("r1") base,
            in("r2") entry,
            options(noreturn)
        )
    }
}
