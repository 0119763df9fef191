//! RISC-V 32: start-up in machine mode, semihosting by its three instructions, the counter of retired instructions.

use core::arch::{asm, naked_asm};

use super::{fault, start};

/// QEMU's `virt` jumps to the first byte of its memory.
#[unsafe(naked)]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".vectors")]
extern "C" fn reset() -> ! {
    naked_asm!(
        "la sp, __stack_top",
        "la t0, {fault}",
        "csrw mtvec, t0",
        "la t0, __bss_start",
        "la t1, __bss_end",
        "j 3f",
        "2: sw zero, 0(t0)",
        "addi t0, t0, 4",
        "3: bltu t0, t1, 2b",
        "call {start}",
        "unimp",
        fault = sym trap,
        start = sym start,
    )
}

/// `mtvec` wants four bytes of alignment.
#[unsafe(naked)]
extern "C" fn trap() -> ! {
    naked_asm!(".balign 4", "tail {fault}", fault = sym fault)
}

/// Asks the debugger, which is QEMU, for something.
pub(super) fn semihosting(operation: u32, argument: usize) -> u32 {
    let answer;
    // SAFETY: QEMU answers this sequence, which must not be compressed nor cross a page; it changes a0 and, for the reading operations,
    // the memory that the caller exposed.
    unsafe {
        asm!(
            ".balign 16",
            ".option push",
            ".option norvc",
            "slli x0, x0, 0x1f",
            "ebreak",
            "srai x0, x0, 7",
            ".option pop",
            inout("a0") operation => answer,
            in("a1") argument,
            options(nostack)
        );
    }
    answer
}

/// Starts the counter. It runs already.
pub(crate) fn start_ticks() {}

/// How often the counter counted since it showed `begin`, or what it shows.
pub(crate) fn ticks(begin: Option<u32>) -> u32 {
    let now: u32;
    // SAFETY: reads a register.
    unsafe { asm!("csrr {0}, minstret", out(reg) now, options(nomem, nostack)) }
    now.wrapping_sub(begin.unwrap_or(0))
}

/// A loop of 2,000,000 instructions.
pub(crate) fn calibrate() {
    // SAFETY: counts a register of its own down.
    unsafe {
        asm!("2: addi {0}, {0}, -1", "bnez {0}, 2b", inout(reg) 1_000_000_u32 => _, options(nomem, nostack));
    }
}

/// The stack pointer.
#[inline(always)]
pub(super) fn stack_pointer() -> usize {
    let top;
    // SAFETY: reads a register.
    unsafe { asm!("mv {0}, sp", out(reg) top, options(nomem, nostack)) }
    top
}
