//! Images: how one is built, and what can be read from its ELF file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Object as _, ObjectSection as _};

use crate::board::Board;
use crate::failure::{Failure, Result};

/// What an image is built from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Recipe {
    pub(crate) board: Board,
    /// The features of the crate `twinseal-firmware`.
    pub(crate) features: Vec<String>,
    pub(crate) level: Level,
}

/// How hard the compiler works at what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// opt-level 3
    Three,
    /// opt-level "s"
    S,
    /// opt-level "z", with whatever else makes code small (device/README.md)
    Z,
}

impl Level {
    /// As in `opt-level`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Three => "3",
            Self::S => "s",
            Self::Z => "z",
        }
    }

    const fn profile(self) -> &'static str {
        match self {
            Self::Three => "release",
            Self::S => "release-s",
            Self::Z => "release-z",
        }
    }
}

/// A built image.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) path: PathBuf,
    sections: BTreeMap<String, u64>,
}

impl Recipe {
    /// The same around nothing: what flash is counted net of.
    pub(crate) fn empty(&self) -> Self {
        Self { board: self.board, features: vec!["empty".into(), "set65".into()], level: self.level }
    }

    /// Builds the image.
    ///
    /// # Errors
    /// Cargo fails, or the target is not installed.
    pub(crate) fn build(&self) -> Result<Image> {
        let profile = self.level.profile();
        let features = self.features.join(",");
        let flags: &[&str] = if self.level == Level::Z {
            &["--cfg", "sha2_backend_soft=\"compact\"", "--cfg", "twinseal_for_size"]
        } else {
            &[]
        };
        let built = cargo(self.board, profile, &features, "twinseal-firmware", flags)
            .map_err(|said| Failure::new(format!("no image for {} with {features}:\n{said}", self.board.name())))?;
        let images = folder().join("target/images");
        fs::create_dir_all(&images)?;
        let path = images.join(format!("{}-{}-{}.elf", self.board.name(), self.features.join("-"), self.level.name()));
        fs::copy(built, &path)?;
        Image::open(path)
    }
}

/// The bytes of what the boot loader starts, which run wherever they lie.
///
/// # Errors
/// Cargo fails, or what it made is not one range of bytes.
pub(crate) fn application() -> Result<Vec<u8>> {
    let flags = ["-C", "relocation-model=ropi"];
    let built = cargo(Board::M4, Level::Three.profile(), "application", "twinseal-application", &flags)?;
    let bytes = fs::read(built)?;
    let file = object::File::parse(&*bytes)?;
    let section = file.section_by_name(".image").ok_or_else(|| Failure::new("the application has no image"))?;
    Ok(section.data()?.to_vec())
}

/// Builds a program of the crate, and says where it is.
fn cargo(board: Board, profile: &str, features: &str, program: &str, flags: &[&str]) -> Result<PathBuf> {
    let target = board.target();
    let mut command = Command::new("cargo");
    command.current_dir(folder()).args(["build", "--quiet", "--locked", "--target-dir", "target"]);
    command.args(["--target", target, "--profile", profile, "--features", features, "--bin", program]);
    if !flags.is_empty() {
        let flags: Vec<_> = flags.iter().map(|flag| format!("'{flag}'")).collect();
        command.args(["--config", &format!("target.{target}.rustflags=[{}]", flags.join(", "))]);
    }
    // What the caller adds to his own builds has no place in these images.
    for name in
        ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"]
    {
        command.env_remove(name);
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&output.stderr)));
    }
    Ok(folder().join("target").join(target).join(profile).join(program))
}

impl Image {
    fn open(path: PathBuf) -> Result<Self> {
        let bytes = fs::read(&path)?;
        let file = object::File::parse(&*bytes)?;
        let mut sections = BTreeMap::new();
        for section in file.sections() {
            sections.insert(section.name()?.to_owned(), section.size());
        }
        Ok(Self { path, sections })
    }

    /// The size of a section; one that is not there has none.
    pub(crate) fn section(&self, name: &str) -> u64 {
        self.sections.get(name).copied().unwrap_or(0)
    }

    /// Bytes of code and constants.
    pub(crate) fn flash(&self) -> u64 {
        self.section(".text").saturating_add(self.section(".rodata"))
    }
}

/// The folder of the crate `twinseal-firmware`.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware")
}
