//! The board: start-up, output through the debugger, the tick counter, the paint on the stack. All `unsafe` is here.

use core::arch::{asm, naked_asm};
use core::panic::PanicInfo;

/// Reset and the faults; the linker script puts the stack's top in front.
#[unsafe(link_section = ".vectors")]
#[used]
static VECTORS: [Option<unsafe extern "C" fn()>; 6] =
    [Some(reset), Some(fault), Some(fault), Some(fault), Some(fault), Some(fault)];

/// The first instruction after reset: Rust code may not run before its statics hold their values.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn reset() {
    naked_asm!(
        "ldr r0, =__bss_start",
        "ldr r1, =__bss_end",
        "movs r3, #0",
        "b 3f",
        "2: str r3, [r0], #4",
        "3: cmp r0, r1",
        "blo 2b",
        "bl {run}",
        "udf #0",
        ".ltorg",
        run = sym start,
    )
}

extern "C" fn start() -> ! {
    crate::run()
}

unsafe extern "C" fn fault() {
    print("fault\n");
    exit(1)
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    print("panic\n");
    exit(1)
}

/// Asks the debugger, which is QEMU, for something.
fn semihosting(operation: u32, argument: u32) {
    // SAFETY: QEMU answers this breakpoint, and it changes no register but r0 and no memory for the two operations used here.
    unsafe {
        asm!("bkpt 0xAB", inout("r0") operation => _, in("r1") argument, options(nostack));
    }
}

/// Writes text.
pub(crate) fn print(text: &str) {
    let mut piece = [0_u8; 64];
    for bytes in text.as_bytes().chunks(63) {
        piece.fill(0);
        piece[..bytes.len()].copy_from_slice(bytes);
        semihosting(0x04, piece.as_ptr().expose_provenance() as u32);
    }
}

/// Writes a number.
pub(crate) fn print_number(mut number: u32) {
    let mut digits = [0_u8; 10];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    print(core::str::from_utf8(&digits[at..]).unwrap_or("?"));
}

/// Ends QEMU.
pub(crate) fn exit(status: u32) -> ! {
    let arguments = [0x20026_u32, status];
    semihosting(0x20, arguments.as_ptr().expose_provenance() as u32);
    loop {}
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
    write_register(SYSTICK_RELOAD, 0x00FF_FFFF);
    write_register(SYSTICK_VALUE, 0);
    write_register(SYSTICK_CONTROL, 5);
}

/// The counter.
pub(crate) fn ticks() -> u32 {
    // SAFETY: as in `write_register`.
    unsafe { core::ptr::with_exposed_provenance::<u32>(SYSTICK_VALUE).read_volatile() }
}

/// A loop of 2,000,000 instructions.
pub(crate) fn calibrate() {
    // SAFETY: counts a register of its own down.
    unsafe {
        asm!("2: subs {0}, #1", "bne 2b", inout(reg) 1_000_000_u32 => _, options(nomem, nostack));
    }
}

const PAINT: u32 = 0xC5C5_C5C5;

unsafe extern "C" {
    static mut __stack_limit: u32;
    static __code_size: u32;
}

fn limit() -> usize {
    (&raw const __stack_limit).expose_provenance()
}

/// Bytes of `.text` and `.rodata`.
pub(crate) fn code_size() -> u32 {
    (&raw const __code_size).expose_provenance() as u32
}

/// Paints what lies below the stack, calls, and counts how much of the paint is gone. Not inlined: the caller's frame is not counted.
#[inline(never)]
pub(crate) fn with_paint<T>(call: impl FnOnce() -> T) -> (T, u32) {
    let top: usize;
    // SAFETY: reads the stack pointer.
    unsafe { asm!("mov {0}, sp", out(reg) top, options(nomem, nostack)) }
    let mut address = limit();
    while address < top - 64 {
        // SAFETY: between the end of the statics and the stack, with room for the frame of this loop.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) }
        address += 4;
    }
    let value = call();
    let mut address = limit();
    // SAFETY: as above.
    while unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() } == PAINT {
        address += 4;
    }
    (value, (top - address) as u32)
}
