//! The bytes of a record and of a mark (ADR 22). What reads well here was written whole, by a device that knew what it did; nobody is
//! trusted for it, and nothing secret protects it.

/// The most bytes that a record can carry.
pub(crate) const MOST_PAYLOAD: usize = 288;
/// The most bytes that a record has.
pub(crate) const MOST_RECORD: usize = 304;
/// The bytes of a mark.
pub(crate) const MARK: usize = 12;

/// What a record carries.
pub(crate) type Payload = ([u8; MOST_PAYLOAD], usize);

/// The record of that generation, and its size.
pub(crate) fn encode(generation: u32, payload: &[u8]) -> Option<([u8; MOST_RECORD], usize)> {
    let mut record = [0; MOST_RECORD];
    let covered = HEAD.checked_add(payload.len())?;
    let size = covered.checked_add(CHECK)?;
    record.get_mut(..4)?.copy_from_slice(&MAGIC);
    record.get_mut(4..8)?.copy_from_slice(&generation.to_le_bytes());
    record.get_mut(8..HEAD)?.copy_from_slice(&u32::try_from(payload.len()).ok()?.to_le_bytes());
    record.get_mut(HEAD..covered)?.copy_from_slice(payload);
    let check = crc32(record.get(..covered)?);
    record.get_mut(covered..size)?.copy_from_slice(&check.to_le_bytes());
    Some((record, size))
}

/// The generation and the payload of what reads well.
pub(crate) fn decode(record: &[u8; MOST_RECORD]) -> Option<(u32, Payload)> {
    let (magic, rest) = record.split_first_chunk()?;
    let (generation, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (generation, payload) = (u32::from_le_bytes(*generation), rest.get(..length)?);
    let check = rest.get(length..)?.first_chunk()?;
    let covered = record.get(..HEAD.checked_add(length)?)?;
    if *magic != MAGIC || generation == 0 || crc32(covered) != u32::from_le_bytes(*check) {
        return None;
    }
    let mut owned = [0; MOST_PAYLOAD];
    owned.get_mut(..length)?.copy_from_slice(payload);
    Some((generation, (owned, length)))
}

/// A number noted behind the record of that generation.
pub(crate) fn encode_mark(generation: u32, value: u32) -> [u8; MARK] {
    let mut mark = [0; MARK];
    let fields = [generation, value, 0].map(u32::to_le_bytes);
    for (to, from) in mark.iter_mut().zip(fields.as_flattened()) {
        *to = *from;
    }
    let check = crc32(mark.get(..8).unwrap_or_default()).to_le_bytes();
    for (to, from) in mark.iter_mut().skip(8).zip(check) {
        *to = from;
    }
    mark
}

/// CRC-32 (IEEE 802.3), four bits at a time. It tells torn records from whole ones; nothing trusts it further.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        let entry = usize::try_from(crc & 0xf).ok().and_then(|place| CRC_TABLE.get(place)).copied();
        (crc >> 4) ^ entry.unwrap_or_default()
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| step(step(crc ^ u32::from(*byte))))
}

const CRC_TABLE: [u32; 16] = [
    0x0000_0000,
    0x1db7_1064,
    0x3b6e_20c8,
    0x26d9_30ac,
    0x76dc_4190,
    0x6b6b_51f4,
    0x4db2_6158,
    0x5005_713c,
    0xedb8_8320,
    0xf00f_9344,
    0xd6d6_a3e8,
    0xcb61_b38c,
    0x9b64_c2b0,
    0x86d3_d2d4,
    0xa00a_e278,
    0xbdbd_f21c,
];

const MAGIC: [u8; 4] = *b"TSJ2";
/// Magic, generation, length.
const HEAD: usize = 12;
const CHECK: usize = 4;
