//! What the boot loader starts: a small program that says which it is, and then does well or not, as its header says.
//!
//! It is built to run wherever it lies (`relocation-model=ropi`), so that one image, with one digest, fits both slots.

#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "it is started with two addresses, and there is no operating system")]

use core::arch::naked_asm;
use core::panic::PanicInfo;

mod services;

use services::Services;

/// What stands in front: who made the image writes it.
#[repr(C)]
struct Header {
    /// The number that it says it has, as a digit.
    number: u32,
    /// How it behaves: 0 confirms and serves, 1 crashes, 2 restarts without confirming.
    behaviour: u32,
}

#[unsafe(link_section = ".header")]
#[used]
static HEADER: Header = Header { number: b'0' as u32, behaviour: 0 };

/// The first instruction behind the header.
#[unsafe(naked)]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".entry")]
extern "C" fn entry(services: &Services, header: &Header) -> ! {
    naked_asm!("b {main}", main = sym main)
}

extern "C" fn main(services: &Services, header: &Header) -> ! {
    // On the stack, so that there is nothing whose address would have to be known.
    let mut text = *b"application ?: up\n";
    if let Some(digit) = text.get_mut(12) {
        *digit = header.number.to_le_bytes()[0];
    }
    (services.write)(text.as_ptr(), text.len());
    match header.behaviour {
        0 => {
            (services.confirm)();
            (services.serve)()
        }
        1 => crash(),
        _ => (services.restart)(),
    }
}

/// As a program does that follows a wild pointer.
fn crash() -> ! {
    // SAFETY: it ends in the loader's handler of faults, and that is what it is for.
    unsafe { core::arch::asm!("udf #0", options(noreturn)) }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    crash()
}
