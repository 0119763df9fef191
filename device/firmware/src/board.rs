//! The board: start-up, the debugger's services, the counter of instructions, the paint on the stack, memory that is lent, and the
//! sections of what is given. All `unsafe` of the images is below here, but for two calls that take memory in the place of flash.
#![allow(unsafe_code, reason = "there is no operating system to do it")]
#![allow(dead_code, unused_imports, reason = "each image needs some of it")]

use core::panic::PanicInfo;

#[cfg(target_arch = "arm")]
#[path = "board/arm.rs"]
mod processor;
#[cfg(target_arch = "riscv32")]
#[path = "board/riscv.rs"]
mod processor;

mod buffer;
mod debugger;
pub(crate) mod given;
#[cfg(all(target_arch = "arm", twinseal_for_size))]
#[path = "board/memory.rs"]
mod memory;
#[cfg(feature = "loader")]
pub(crate) mod nor;
mod paint;
#[cfg(any(feature = "install", feature = "embassy"))]
mod ram;

pub(crate) use buffer::Buffer;
pub(crate) use debugger::{File, exit, print, print_number};
pub(crate) use paint::with_paint;
pub(crate) use processor::{calibrate, start_ticks, ticks};
#[cfg(feature = "loader")]
pub(crate) use processor::{restart, start_image};
#[cfg(any(feature = "install", feature = "embassy"))]
pub(crate) use ram::Ram;

extern "C" fn start() -> ! {
    crate::run()
}

#[cfg(not(feature = "loader"))]
extern "C" fn fault() -> ! {
    print("fault\n");
    exit(1)
}

/// What was started crashed. It is one more start that it did not confirm.
#[cfg(feature = "loader")]
extern "C" fn fault() -> ! {
    print("loader: fault, restarting\n");
    restart()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // Without the message: formatting it would be most of the image.
    print("panic\n");
    exit(1)
}

/// The first bytes of what an application has somewhere, copied.
#[cfg(feature = "loader")]
pub(crate) fn copied(from: *const u8, size: usize) -> [u8; 32] {
    let mut text = [0; 32];
    for (at, byte) in text.iter_mut().enumerate().take(size) {
        // SAFETY: the application, which is the vendor's, says that so many bytes are there.
        *byte = unsafe { from.wrapping_add(at).read() };
    }
    text
}
