//! ELF: the segments that are loaded.
//!
//! Segments and not sections, because segments are what gets loaded, and a stripped file has nothing else. `objcopy -O
//! binary` goes by sections; for firmware the two agree, except where the linker put the ELF header into the first
//! segment, which is refused here.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use object::elf::{ET_DYN, ET_EXEC, FileHeader32, FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

use super::{FlattenError, Piece, Place};

/// Where each loaded part of the file belongs.
pub(super) fn read(source: &[u8]) -> Result<Vec<Piece>, FlattenError> {
    match FileKind::parse(source) {
        Ok(FileKind::Elf32) => segments::<FileHeader32<Endianness>>(source),
        Ok(FileKind::Elf64) => segments::<FileHeader64<Endianness>>(source),
        _ => Err(FlattenError::NotElf("it does not begin like one".to_string())),
    }
}

fn segments<Header: FileHeader<Endian = Endianness>>(source: &[u8]) -> Result<Vec<Piece>, FlattenError> {
    let broken = |error: object::read::Error| FlattenError::NotElf(error.to_string());
    let header = Header::parse(source).map_err(broken)?;
    let endian = header.endian().map_err(broken)?;
    // Object files and core dumps have no place in flash. Position-independent files (U-Boot) do.
    if !matches!(header.e_type(endian), ET_EXEC | ET_DYN) {
        return Err(FlattenError::NotElf(format!("its type is {}, not an executable", header.e_type(endian))));
    }
    let mut pieces = Vec::new();
    for (segment, number) in header.program_headers(endian, source).map_err(broken)?.iter().zip(0..) {
        let size: u64 = segment.p_filesz(endian).into();
        if segment.p_type(endian) != PT_LOAD || size == 0 {
            continue;
        }
        let place = Place::Segment(number);
        let bad = |fault: &str| FlattenError::Bad(place, fault.to_string());
        let offset: u64 = segment.p_offset(endian).into();
        let start: u64 = segment.p_paddr(endian).into();
        if size > segment.p_memsz(endian).into() {
            return Err(bad("more bytes in the file than in memory"));
        }
        // A linker that packs the file tightly does this; what it loads begins with 7F 45 4C 46 below the program.
        if offset == 0 {
            return Err(bad("it contains the ELF header (link with -n, or convert with objcopy)"));
        }
        let end = start.checked_add(size).ok_or_else(|| bad("it ends beyond the last address"))?;
        let from = usize::try_from(offset).ok().zip(offset.checked_add(size).and_then(|end| usize::try_from(end).ok()));
        let from = from.map(|(from, to)| from..to).filter(|from| source.get(from.clone()).is_some());
        let from = from.ok_or_else(|| bad("its bytes are not in the file: cut short"))?;
        pieces.push(Piece { at: start..end, from, place });
    }
    Ok(pieces)
}
