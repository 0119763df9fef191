//! Firmware files: Intel HEX and ELF become one flat image, or are refused, within the bounds that are stated.

use twinseal::image::{Flat, FlattenError, ImageFormat, MAX_FILL, MAX_IMAGE, flatten};

use crate::note::{note, variant};
use crate::recipe::Recipe;

pub fn run(data: &[u8]) {
    let mut recipe = Recipe::new(data);
    let kind = recipe.below(6);
    let window = (recipe.byte() == 1).then(|| {
        let start = u64::from(recipe.word()) << 8;
        start..start + u64::from(recipe.word())
    });
    let (format, source) = match kind {
        0 => (ImageFormat::Raw, recipe.rest().to_vec()),
        1 | 2 => (ImageFormat::Elf, recipe.rest().to_vec()),
        3 => (ImageFormat::Ihex, recipe.rest().to_vec()),
        _ => (ImageFormat::Ihex, records(&mut recipe)),
    };
    let flat = flatten(format, &source, window);
    if let Ok(flat) = &flat {
        assert!(!flat.bytes.is_empty() && flat.bytes.len() as u64 <= MAX_IMAGE && flat.filled <= MAX_FILL, "bounds");
        if format == ImageFormat::Ihex && flat.base + flat.bytes.len() as u64 <= 1 << 32 {
            let again = flatten(ImageFormat::Ihex, &written(flat), None).expect("what is written is read");
            assert_eq!((again.base, &again.bytes, again.filled), (flat.base, &flat.bytes, 0), "the same image");
        }
    }
    note(match &flat {
        Ok(flat) if !flat.left_out.is_empty() => format!("{} accepted, some left out", format.name()),
        Ok(_) => format!("{} accepted", format.name()),
        Err(FlattenError::Bad(_, _)) => format!("{} Bad", format.name()),
        Err(error) => format!("{} {}", format.name(), variant(error)),
    });
}

/// Records with good checksums, of a recipe's types, places and bytes.
fn records(recipe: &mut Recipe<'_>) -> Vec<u8> {
    let mut lines = String::new();
    while !recipe.is_over() && lines.len() < 20_000 {
        let (kind, offset) = (recipe.byte() % 7, recipe.word());
        lines.push_str(&line(kind, offset, recipe.string()));
    }
    lines.push_str(":00000001FF\n");
    lines.into_bytes()
}

/// The image as records of 32 bytes.
fn written(flat: &Flat) -> Vec<u8> {
    let mut lines = String::new();
    // A record may not cross 64 KiB.
    let (mut at, mut rest) = (flat.base, flat.bytes.as_slice());
    while !rest.is_empty() {
        let room = (0x1_0000 - (at & 0xffff)).min(32) as usize;
        let (now, later) = rest.split_at(room.min(rest.len()));
        lines.push_str(&line(4, 0, &((at >> 16) as u16).to_be_bytes()));
        lines.push_str(&line(0, (at & 0xffff) as u16, now));
        at += now.len() as u64;
        rest = later;
    }
    lines.push_str(":00000001FF\n");
    lines.into_bytes()
}

fn line(kind: u8, offset: u16, bytes: &[u8]) -> String {
    let [high, low] = offset.to_be_bytes();
    let mut record = vec![bytes.len() as u8, high, low, kind];
    record.extend_from_slice(bytes);
    let sum = record.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    record.push(sum.wrapping_neg());
    record.iter().fold(String::from(":"), |line, byte| line + &format!("{byte:02X}")) + "\n"
}
