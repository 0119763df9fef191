//! The board: start-up, the serial console, the tick, and the two ways to stop. All `unsafe` of the firmware is here.

use core::arch::{asm, naked_asm};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Exceptions 1 to 15; the linker script puts the stack's top in front. No peripheral's interrupt is ever enabled.
#[unsafe(link_section = ".vectors")]
#[used]
static VECTORS: [Option<unsafe extern "C" fn()>; 15] = [
    Some(reset),      // 1
    Some(fault),      // 2: NMI
    Some(hard_fault), // 3
    Some(fault),      // 4: memory management
    Some(fault),      // 5: bus
    Some(fault),      // 6: usage
    None,
    None,
    None,
    None,
    Some(fault), // 11: supervisor call
    Some(fault), // 12: debug monitor
    None,
    Some(fault), // 14: PendSV
    Some(tick),  // 15: SysTick
];

/// The first instruction after reset. Assembly, because Rust code may not run before its statics hold their values.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn reset() {
    naked_asm!(
        // .bss to zeros, word by word. There is no .data to copy: memory.ld refuses it and says why.
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

const UART0: usize = 0x4000_4000;
const UART_DATA: usize = UART0;
const UART_STATE: usize = UART0 + 0x4;
const UART_CONTROL: usize = UART0 + 0x8;
const UART_DIVISOR: usize = UART0 + 0x10;
const SYSTICK_CONTROL: usize = 0xE000_E010;
const SYSTICK_RELOAD: usize = 0xE000_E014;
const SYSTICK_VALUE: usize = 0xE000_E018;

/// The clock of the MPS2's system-on-chip.
const CLOCK_HZ: u32 = 25_000_000;

fn write_register(address: usize, value: u32) {
    // SAFETY: called with the constants above only: aligned 32-bit registers of this board, no memory Rust knows of.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
}

fn read_register(address: usize) -> u32 {
    // SAFETY: as in `write_register`.
    unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() }
}

/// The serial line: 115200 baud, out only.
pub(crate) struct Console(());

impl Console {
    pub(crate) fn open() -> Self {
        write_register(UART_DIVISOR, CLOCK_HZ / 115_200);
        write_register(UART_CONTROL, 1); // transmit
        Self(())
    }

    pub(crate) fn text(&mut self, text: &str) {
        for byte in text.bytes() {
            if byte == b'\n' {
                self.byte(b'\r');
            }
            self.byte(byte);
        }
    }

    /// Decimal, filled up with blanks on the left to `width`. (`core::fmt` would double the image.)
    pub(crate) fn number(&mut self, value: u32, width: u32) {
        let mut unit = 1;
        let mut digits = 1;
        while value / unit >= 10 {
            unit *= 10;
            digits += 1;
        }
        for _ in digits..width {
            self.byte(b' ');
        }
        while unit > 0 {
            // Below 10, so the conversion can not fail.
            self.byte(b'0' + u8::try_from(value / unit % 10).unwrap_or(0));
            unit /= 10;
        }
    }

    fn byte(&mut self, byte: u8) {
        while read_register(UART_STATE) & 1 != 0 {} // transmit buffer full
        write_register(UART_DATA, u32::from(byte));
    }
}

static TICKS: AtomicU32 = AtomicU32::new(0);

/// One tick each millisecond from now on.
pub(crate) fn start_ticking() {
    write_register(SYSTICK_RELOAD, CLOCK_HZ / 1000 - 1);
    write_register(SYSTICK_VALUE, 0);
    write_register(SYSTICK_CONTROL, 0b111); // processor clock, interrupt, enable
}

extern "C" fn tick() {
    // Load and store, because the only other party never writes. The count may go round.
    TICKS.store(TICKS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// Sleeps until the next tick.
pub(crate) fn wait_for_tick() {
    let before = TICKS.load(Ordering::Relaxed);
    while TICKS.load(Ordering::Relaxed) == before {
        // A tick that falls between the load and here costs one millisecond, no more: the next one wakes the core.
        sleep();
    }
}

fn sleep() {
    // SAFETY: WFI changes no register and no memory.
    unsafe { asm!("wfi", options(nomem, nostack, preserves_flags)) }
}

/// How it went, for whoever started the firmware under a debugger.
pub(crate) enum Outcome {
    Good,
    Bad,
}

/// Set when the next hard fault is the breakpoint of [`finish`] that nobody took.
static FINISHED: AtomicBool = AtomicBool::new(false);

/// Tells an attached debugger (or QEMU) that the firmware is done, by semihosting; without one, parks.
pub(crate) fn finish(outcome: Outcome) -> ! {
    write_register(SYSTICK_CONTROL, 0);
    FINISHED.store(true, Ordering::SeqCst);
    // ADP_Stopped_ApplicationExit, ADP_Stopped_RunTimeErrorUnknown
    let reason: u32 = match outcome {
        Outcome::Good => 0x2_0026,
        Outcome::Bad => 0x2_0023,
    };
    // SAFETY: SYS_EXIT (0x18) takes its reason in r1 and reads no memory. With nobody there to serve it, the
    // breakpoint is a hard fault, which parks (`hard_fault`): it never returns here with anything changed but r0.
    unsafe { asm!("bkpt 0xab", inout("r0") 0x18 => _, in("r1") reason, options(nostack)) }
    park()
}

fn park() -> ! {
    loop {
        sleep();
    }
}

extern "C" fn hard_fault() {
    // Not by asking the fault status register for a debug event: QEMU does not set that bit.
    if FINISHED.load(Ordering::SeqCst) {
        park()
    }
    fault()
}

extern "C" fn fault() {
    Console::open().text("fault: parked\n");
    park()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // Without the message: formatting it would be most of the image.
    Console::open().text("panic: parked\n");
    finish(Outcome::Bad)
}
