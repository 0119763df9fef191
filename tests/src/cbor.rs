//! CBOR without rules: what the canonical writer refuses to write can be written here.

/// An encoding in the making. Methods take and return it, so that an item reads like its diagnostic notation.
#[derive(Clone, Debug, Default)]
pub struct Cbor(Vec<u8>);

impl Cbor {
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes as they are.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A head in its shortest encoding.
    pub fn head(self, major: u8, argument: u64) -> Self {
        match argument {
            0..=23 => self.raw(&[major << 5 | argument.to_be_bytes()[7]]),
            24..=0xff => self.long_head(major, argument, 1),
            0x100..=0xffff => self.long_head(major, argument, 2),
            0x1_0000..=0xffff_ffff => self.long_head(major, argument, 4),
            _ => self.long_head(major, argument, 8),
        }
    }

    /// A head whose argument takes 1, 2, 4 or 8 bytes, whether it needs them or not.
    pub fn long_head(self, major: u8, argument: u64, width: usize) -> Self {
        let information = match width {
            1 => 24,
            2 => 25,
            4 => 26,
            8 => 27,
            _ => panic!("CBOR has no arguments of {width} bytes"),
        };
        self.raw(&[major << 5 | information]).raw(&argument.to_be_bytes()[8 - width..])
    }

    pub fn uint(self, value: u64) -> Self {
        self.head(0, value)
    }

    pub fn int(self, value: i64) -> Self {
        if value < 0 { self.head(1, (!value).unsigned_abs()) } else { self.head(0, value.unsigned_abs()) }
    }

    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.head(2, length(bytes)).raw(bytes)
    }

    pub fn text(self, text: &str) -> Self {
        self.head(3, length(text.as_bytes())).raw(text.as_bytes())
    }

    pub fn array(self, items: u64) -> Self {
        self.head(4, items)
    }

    pub fn map(self, entries: u64) -> Self {
        self.head(5, entries)
    }

    pub fn tag(self, tag: u64) -> Self {
        self.head(6, tag)
    }

    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// A length as CBOR has it.
pub fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("a length fits 64 bits")
}

/// Replaces the one place where `from` occurs. A test that replaces nothing, or something else as well, tests nothing.
pub fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut places = bytes.windows(from.len()).enumerate().filter(|(_, window)| *window == from);
    let (at, _) = places.next().expect("what is to be replaced is there");
    assert!(places.next().is_none(), "what is to be replaced is there once");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}
