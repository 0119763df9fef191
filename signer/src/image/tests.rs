//! Small sources, made here; `tests/real-firmware.sh` fetches real ones.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]

use super::*;

/// One Intel HEX record with the right checksum.
fn record(kind: u8, offset: u16, data: &[u8]) -> String {
    let mut bytes = vec![u8::try_from(data.len()).unwrap()];
    bytes.extend(offset.to_be_bytes());
    bytes.push(kind);
    bytes.extend(data);
    bytes.push(bytes.iter().fold(0u8, |sum, byte| sum.wrapping_sub(*byte)));
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!(":{digits}\n")
}

const END: &str = ":00000001FF\n";

/// Flash at 0, then a word 256 MiB away: the shape of a micro:bit's file.
fn nordic() -> String {
    [
        record(4, 0, &[0, 0]),
        record(0, 0, &[1, 2, 3, 4]),
        record(0, 6, &[7, 8]),
        record(4, 0, &[0x10, 0]),
        record(0, 0x10C0, &[9, 9]),
        record(0, 0x10C2, &[9, 9]),
        record(5, 0, &[0, 1, 0xCC, 0xD9]),
        END.into(),
    ]
    .concat()
}

fn hex(source: &str) -> Result<Flat, FlattenError> {
    flatten(ImageFormat::Ihex, source.as_bytes(), None)
}

fn hex_fault(source: &str) -> String {
    hex(source).unwrap_err().to_string()
}

/// An ELF file of 32 bits, little endian, with these segments: type, physical address, file bytes, size in memory.
fn elf(kind: u16, segments: &[(u32, u32, &[u8], u32)]) -> Vec<u8> {
    let count = u16::try_from(segments.len()).unwrap();
    let mut file = b"\x7FELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    for half in [kind, 40] {
        file.extend(half.to_le_bytes());
    }
    for word in [1u32, 0, 52, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    for half in [52u16, 32, count, 40, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    let mut offset = 52 + 32 * u32::from(count);
    for (kind, address, data, memory) in segments {
        let size = u32::try_from(data.len()).unwrap();
        // The virtual address is another one, to show which is used.
        for word in [*kind, offset, 0x2000_0000, *address, size, *memory, 5, 4] {
            file.extend(word.to_le_bytes());
        }
        offset += size;
    }
    for (_, _, data, _) in segments {
        file.extend(*data);
    }
    file
}

fn elf_fault(source: &[u8]) -> String {
    flatten(ImageFormat::Elf, source, None).unwrap_err().to_string()
}

#[test]
fn names_go_both_ways() {
    for format in ImageFormat::ALL {
        assert_eq!(ImageFormat::from_name(format.name()), Some(format));
    }
    assert_eq!(ImageFormat::from_name("hex"), None);
}

#[test]
fn raw_is_itself() {
    let flat = flatten(ImageFormat::Raw, &[1, 2], None).unwrap();
    assert_eq!((flat.base, flat.bytes, flat.filled), (0, vec![1, 2], 0));
    assert_eq!(flatten(ImageFormat::Raw, &[], None), Err(FlattenError::NoData));
    assert_eq!(flatten(ImageFormat::Raw, &[1], Some(0..1)), Err(FlattenError::WindowForRaw));
}

#[test]
fn gaps_are_filled_as_erased_flash() {
    let source = [record(0, 0x106, &[7]), "\r\n".into(), record(0, 0x100, &[1, 2]).to_lowercase(), END.into()].concat();
    let flat = hex(&source.replace('\n', "\r\n").replace("\r\r", "\r")).unwrap();
    assert_eq!(flat.base, 0x100);
    assert_eq!(flat.bytes, [1, 2, 0xFF, 0xFF, 0xFF, 0xFF, 7]);
    assert_eq!((flat.filled, flat.left_out), (4, vec![]));
}

#[test]
fn segmented_and_linear_addresses() {
    for (kind, high, base) in [(2, [0x12, 0x34], 0x1_2340), (4, [0x12, 0x34], 0x1234_0000)] {
        assert_eq!(hex(&[record(kind, 0, &high), record(0, 2, &[5]), END.into()].concat()).unwrap().base, base + 2);
    }
    // The very last byte there is.
    let last = hex(&[record(4, 0, &[0xFF, 0xFF]), record(0, 0xFFFF, &[5]), END.into()].concat()).unwrap();
    assert_eq!(last.base, 0xFFFF_FFFF);
}

#[test]
fn a_far_place_needs_a_window() {
    let source = nordic();
    assert_eq!(hex(&source), Err(FlattenError::TooMuchFill(0x1000_10C0 - 8 + 2, 8..0x1000_10C0)));
    assert!(hex_fault(&source).contains("0x8..0x100010c0"));
    let flat = flatten(ImageFormat::Ihex, source.as_bytes(), Some(0..0x4_0000)).unwrap();
    assert_eq!((flat.base, flat.filled), (0, 2));
    assert_eq!(flat.bytes, [1, 2, 3, 4, 0xFF, 0xFF, 7, 8]);
    // Two records, one range.
    assert!(matches!(&flat.left_out[..], [Range { start: 0x1000_10C0, end: 0x1000_10C4 }]));
    let uicr = flatten(ImageFormat::Ihex, source.as_bytes(), Some(0x1000_1000..0x1000_2000)).unwrap();
    assert_eq!((uicr.base, uicr.bytes.len()), (0x1000_10C0, 4));
    assert_eq!(uicr.left_out, vec![0..4, 6..8]);
}

#[test]
fn a_window_must_fit() {
    let source = nordic();
    let with = |window| flatten(ImageFormat::Ihex, source.as_bytes(), Some(window)).unwrap_err();
    assert_eq!(with(0..2), FlattenError::AcrossWindow(Place::Line(2), 0..4));
    assert_eq!(with(1..0x4_0000), FlattenError::AcrossWindow(Place::Line(2), 0..4));
    assert_eq!(with(2..3), FlattenError::AcrossWindow(Place::Line(2), 0..4));
    assert_eq!(with(0x100..0x200), FlattenError::NoData);
    assert_eq!(with(4..4), FlattenError::EmptyWindow(4..4));
    // Exactly the edges is inside.
    assert_eq!(flatten(ImageFormat::Ihex, source.as_bytes(), Some(0..8)).unwrap().bytes.len(), 8);
}

#[test]
fn fill_is_bounded_in_sum() {
    let far = |high: u8| [record(0, 0, &[1]), record(4, 0, &[0, high]), record(0, 1, &[1]), END.into()].concat();
    assert_eq!(hex(&far(0x10)).unwrap().filled, MAX_FILL);
    assert!(matches!(hex(&far(0x11)), Err(FlattenError::TooMuchFill(_, _))));
    // Each gap is small enough, both together are not.
    let twice = [far(0x0F).replace(END, ""), record(4, 0, &[0, 0x1E]), record(0, 2, &[1]), END.into()].concat();
    assert_eq!(hex(&twice), Err(FlattenError::TooMuchFill(0x1E_0000, 1..0xF_0001)));
}

#[test]
fn bad_records_are_named_by_line() {
    let good = record(0, 0, &[1, 2]);
    for (bad, expected) in [
        (":020000000102FC\n", "line 2: the checksum is FC, the record's bytes give FB"),
        (":0200000001\n", "line 2: the checksum"),
        (":030000000102FA\n", "line 2: payload length does not match record header"),
        (":0000\n", "line 2: too short"),
        (":020000000102F\n", "line 2: record does not contain a whole number of bytes"),
        (":02000000010\u{e9}FB\n", "line 2: invalid characters"),
        (" :020000000102FB\n", "line 2: missing start code"),
        (":00000006FA\n", "line 2: unsupported IHEX record type '06'"),
        (":0100000400FB\n", "line 2: payload length invalid for record type"),
        (&record(0, 0xFFFF, &[1, 2]), "line 2: the record crosses a 64 KiB boundary"),
        (&[END, &good].concat(), "line 3: there is more after the end-of-file record"),
    ] {
        let fault = hex_fault(&[&good, bad, END].concat());
        assert!(fault.starts_with(expected), "{bad:?}: {fault}");
    }
    let fault = flatten(ImageFormat::Ihex, b":00\xFF\n", None).unwrap_err();
    assert_eq!(fault, FlattenError::Bad(Place::Line(1), "not text".into()));
}

#[test]
fn a_cut_file_is_refused_wherever_it_is_cut() {
    let source = [record(0, 0, &[1, 2]), record(0, 2, &[3]), END.into()].concat();
    let whole = source.trim_end().len();
    for length in 0..whole {
        assert!(hex(&source[..length]).is_err(), "{length}");
    }
    assert!(hex(&source[..whole]).is_ok());
    assert_eq!(hex(&source.replace(END, "")), Err(FlattenError::NoEnd));
    assert_eq!(hex(END), Err(FlattenError::NoData));
    assert_eq!(hex(&[&record(0, 0, &[]), END].concat()), Err(FlattenError::NoData));
}

#[test]
fn no_byte_is_set_twice() {
    let source = [record(0, 4, &[1, 2]), record(0, 0, &[1, 2, 3, 4, 1]), END.into()].concat();
    assert_eq!(hex(&source), Err(FlattenError::Overlap(4, Place::Line(2), Place::Line(1))));
    assert_eq!(hex_fault(&source), "line 2 and line 1 both set the byte at 0x4");
    // Nor outside the window.
    let window = flatten(ImageFormat::Ihex, source.as_bytes(), Some(0x100..0x200));
    assert!(matches!(window, Err(FlattenError::Overlap(4, _, _))));
    let source = elf(2, &[(1, 0x102, &[9; 4], 4), (1, 0x100, &[9; 4], 4)]);
    assert_eq!(elf_fault(&source), "segment 1 and segment 0 both set the byte at 0x102");
}

#[test]
fn elf_segments_at_physical_addresses() {
    // Not loaded; code; .data with .bss behind it; .bss alone.
    let segments: [(u32, u32, &[u8], u32); 4] =
        [(0x6474_E551, 0, &[5; 3], 3), (1, 0x100, &[1, 2], 2), (1, 0x104, &[3], 64), (1, 0x4000_0000, &[], 64)];
    for kind in [2, 3] {
        let flat = flatten(ImageFormat::Elf, &elf(kind, &segments), None).unwrap();
        assert_eq!((flat.base, flat.filled), (0x100, 2));
        assert_eq!(flat.bytes, [1, 2, 0xFF, 0xFF, 3]);
    }
    // Read where it lies, at any alignment.
    let shifted = [&[0][..], &elf(2, &segments)].concat();
    assert_eq!(flatten(ImageFormat::Elf, &shifted[1..], None).unwrap().base, 0x100);
    let window = flatten(ImageFormat::Elf, &elf(2, &segments), Some(0x104..0x105)).unwrap();
    assert_eq!(window.bytes, [3]);
    assert!(matches!(&window.left_out[..], [Range { start: 0x100, end: 0x102 }]));
}

#[test]
fn elf_faults() {
    let good = elf(2, &[(1, 0x100, &[1, 2], 2)]);
    for length in 0..good.len() {
        assert!(flatten(ImageFormat::Elf, &good[..length], None).is_err(), "{length}");
    }
    assert_eq!(elf_fault(&good[..good.len() - 1]), "segment 0: its bytes are not in the file: cut short");
    assert_eq!(elf_fault(&elf(1, &[])), "not a linked ELF file: its type is 1, not an executable");
    assert_eq!(elf_fault(b"#!/bin/sh"), "not a linked ELF file: it does not begin like one");
    assert_eq!(elf_fault(&elf(2, &[])), "there is no data to take");
    assert_eq!(elf_fault(&elf(2, &[(1, 0, &[1, 2], 1)])), "segment 0: more bytes in the file than in memory");
    let mut header = good;
    header[56..60].fill(0); // p_offset
    assert!(elf_fault(&header).starts_with("segment 0: it contains the ELF header"));
}

#[test]
fn sizes_are_bounded() {
    let long = vec![0; MAX_SOURCE + 1];
    assert_eq!(flatten(ImageFormat::Raw, &long, None), Err(FlattenError::SourceTooLong(MAX_SOURCE + 1)));
    assert!(flatten(ImageFormat::Raw, &long[1..], None).is_ok());
    // Segments that share their bytes in the file: 65 times 1 MiB from one.
    let part = vec![0; 1 << 20];
    let mut segments: Vec<(u32, u32, &[u8], u32)> = (0..64).map(|n| (1, n << 20, &[][..], 1 << 20)).collect();
    segments.push((1, 64 << 20, &part, 1 << 20));
    let mut source = elf(2, &segments);
    for header in source[52..52 + 64 * 32].chunks_mut(32) {
        header[16..20].copy_from_slice(&(1u32 << 20).to_le_bytes()); // p_filesz
    }
    assert_eq!(flatten(ImageFormat::Elf, &source, None), Err(FlattenError::ImageTooLong(65 << 20)));
}
