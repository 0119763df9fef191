/// FNV-1a over the beginning of the key and the end of the message, which is where they differ.
#[inline(never)]
pub fn checksum(key: &[u8], message: &[u8]) -> u32 {
    let tail = message.len().saturating_sub(16);
    key.iter().take(16).chain(message.iter().skip(tail)).fold(0x811C_9DC5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
