//! What the debugger does for an image: text, the end, and files to read.

use super::processor::semihosting;

/// Writes text.
pub(crate) fn print(text: &str) {
    let mut piece = [0_u8; 64];
    for bytes in text.as_bytes().chunks(63) {
        piece.fill(0);
        for (to, from) in piece.iter_mut().zip(bytes) {
            *to = *from;
        }
        semihosting(WRITE_STRING, piece.as_ptr().expose_provenance());
    }
}

/// Writes a number.
pub(crate) fn print_number(number: u32) {
    let mut digits = [0_u8; 10];
    let mut rest = number;
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0'.wrapping_add((rest % 10).to_le_bytes()[0]);
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    for digit in digits.iter().skip(10_usize.saturating_sub(used)) {
        print(core::str::from_utf8(core::slice::from_ref(digit)).unwrap_or("?"));
    }
}

/// Ends QEMU.
pub(crate) fn exit(status: u32) -> ! {
    let arguments = [APPLICATION_EXIT, status];
    semihosting(EXIT_EXTENDED, arguments.as_ptr().expose_provenance());
    loop {
        core::hint::spin_loop();
    }
}

/// A file of the host, read from its beginning.
pub(crate) struct File(u32);

impl File {
    /// Opens it; `None` if it is not there. The name ends with a 0.
    pub(crate) fn open(name: &core::ffi::CStr) -> Option<Self> {
        let bytes = name.to_bytes();
        let arguments = [bytes.as_ptr().expose_provenance(), READ_BINARY, bytes.len()];
        match semihosting(OPEN, arguments.as_ptr().expose_provenance()) {
            u32::MAX => None,
            handle => Some(Self(handle)),
        }
    }

    /// Fills the buffer, or says that there is not so much left.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Option<()> {
        if buffer.is_empty() {
            return Some(());
        }
        let arguments = [usize::try_from(self.0).ok()?, buffer.as_mut_ptr().expose_provenance(), buffer.len()];
        (semihosting(READ, arguments.as_ptr().expose_provenance()) == 0).then_some(())
    }
}

const WRITE_STRING: u32 = 0x04;
const EXIT_EXTENDED: u32 = 0x20;
const APPLICATION_EXIT: u32 = 0x20026;
const OPEN: u32 = 0x01;
const READ: u32 = 0x06;
/// `rb`.
const READ_BINARY: usize = 1;
