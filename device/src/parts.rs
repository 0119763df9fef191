//! Which part of an image takes how much flash: its functions and constants by where they come from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};
use serde::{Deserialize, Serialize};

use crate::failure::Result;
use crate::image::Image;

/// Bytes of code and constants by part, less those of the empty image.
pub(crate) type Parts = BTreeMap<Part, i64>;

/// Where code comes from. What the compiler puts into another function counts for that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// The reader of bytes
    Formats,
    /// Configuring, authenticating, admitting, images
    Decision,
    /// ML-DSA with its Keccak
    MlDsa,
    /// Ed25519, ours or dalek's
    Ed25519,
    /// SHA-2
    Hashes,
    /// The image's own, the installer, and what is inlined into its roads
    Image,
    /// The core library's and the compiler's, constants without a name, padding
    Rest,
}

impl Part {
    pub(crate) const ALL: [Self; 7] =
        [Self::Formats, Self::Decision, Self::MlDsa, Self::Ed25519, Self::Hashes, Self::Image, Self::Rest];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Formats => "formats",
            Self::Decision => "decision",
            Self::MlDsa => "ML-DSA",
            Self::Ed25519 => "Ed25519",
            Self::Hashes => "SHA-2",
            Self::Image => "roads of the image",
            Self::Rest => "core, compiler, unnamed",
        }
    }

    /// The part that a function or a constant belongs to, by its demangled name.
    pub(crate) fn of(name: &str) -> Self {
        let marks = [
            (Self::MlDsa, ["mldsa::", "ml_dsa::"].as_slice()),
            (
                Self::Ed25519,
                &["ed25519_comb::", "algorithm::ed25519::", "curve25519_dalek::", "ed25519_dalek::", "ed25519::"],
            ),
            (
                Self::Hashes,
                &["sha2::", "digest::digest::", "digest::core_api::", "block_buffer::", "twinseal_verifier::digest::"],
            ),
            (Self::Decision, &["twinseal_verifier::"]),
            (Self::Formats, &["twinseal_formats::"]),
            (Self::Image, &["twinseal_firmware::", "twinseal_installer::"]),
        ];
        let found = marks.into_iter().find(|(_, marks)| marks.iter().any(|mark| name.contains(mark)));
        found.map_or(Self::Rest, |(part, _)| part)
    }
}

/// Takes an image apart, net of the empty one. The base point's comb, which lies among the constants, is a table and left out.
///
/// # Errors
/// One can not be read.
pub(crate) fn of(image: &Image, empty: &Image, base_comb: u64) -> Result<Parts> {
    let (mut parts, empty) = (sizes(image)?, sizes(empty)?);
    for (part, size) in empty {
        let place = parts.entry(part).or_default();
        *place = place.saturating_sub(size);
    }
    // It has no name.
    let place = parts.entry(Part::Rest).or_default();
    *place = place.saturating_sub(i64::try_from(base_comb)?);
    Ok(parts)
}

/// Rows and their parts, as Markdown.
///
/// # Errors
/// The text could not be written.
pub(crate) fn text<'a>(rows: impl Iterator<Item = (&'a str, &'a Parts)>) -> Result<String> {
    let mut text = String::from("| row: flash B |");
    Part::ALL.iter().try_for_each(|part| write!(text, " {} |", part.name()))?;
    writeln!(text, "\n|---|{}", "---:|".repeat(Part::ALL.len()))?;
    for (row, parts) in rows {
        write!(text, "| {row} |")?;
        Part::ALL.iter().try_for_each(|part| write!(text, " {} |", parts.get(part).copied().unwrap_or(0)))?;
        writeln!(text)?;
    }
    Ok(text)
}

fn sizes(image: &Image) -> Result<Parts> {
    let bytes = fs::read(&image.path)?;
    let file = object::File::parse(&*bytes)?;
    let counted: Vec<_> = file
        .sections()
        .filter(|section| section.name().is_ok_and(|name| [".text", ".rodata"].contains(&name)))
        .map(|section| section.index())
        .collect();
    let mut parts: Parts = Part::ALL.into_iter().map(|part| (part, 0)).collect();
    let mut named = 0_i64;
    for symbol in file.symbols() {
        let kind = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data);
        if kind && symbol.section_index().is_some_and(|index| counted.contains(&index)) {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
            let size = i64::try_from(symbol.size())?;
            let place = parts.entry(Part::of(&name)).or_default();
            *place = place.saturating_add(size);
            named = named.saturating_add(size);
        }
    }
    let unnamed = i64::try_from(image.flash())?.saturating_sub(named);
    let place = parts.entry(Part::Rest).or_default();
    *place = place.saturating_add(unnamed);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_part() {
        for (name, part) in [
            ("twinseal_formats::manifest::Manifest::parse", Part::Formats),
            (
                "<twinseal_verifier::mldsa::ntt::Looped as twinseal_verifier::mldsa::ntt::Transform>::forward",
                Part::MlDsa,
            ),
            ("twinseal_verifier::ed25519_comb::table::difference", Part::Ed25519),
            ("curve25519_dalek::window::NafLookupTable5", Part::Ed25519),
            ("twinseal_verifier::digest::Hasher::finish", Part::Hashes),
            ("sha2::sha512::compress512", Part::Hashes),
            ("twinseal_verifier::authenticate::Verifier::verify_seal", Part::Decision),
            ("twinseal_firmware::subject::boot::boot", Part::Image),
            ("OUTLINED_FUNCTION_3", Part::Rest),
        ] {
            assert_eq!(Part::of(name), part, "{name}");
        }
    }
}
