//! The file that says what a Linux device is and where things lie on it (TOML).

use alloc::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use twinseal_formats::{ClassId, VendorId};
use twinseal_installer::SlotId;

use crate::error::{Failure, Result, name};
use crate::ids;
use crate::release::toml_file;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    vendor: String,
    model: String,
    trials: Option<u8>,
    state: PathBuf,
    slot_a: BTreeMap<String, PathBuf>,
    slot_b: BTreeMap<String, PathBuf>,
}

/// What a device is, and where its state and its slots lie.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) path: PathBuf,
    pub(super) vendor: VendorId,
    pub(super) class: ClassId,
    /// How often a release is started on trial.
    pub(super) trials: u8,
    /// The directory of state and counters.
    pub(super) state: PathBuf,
    /// The ids of the components, ascending.
    pub(super) components: Vec<String>,
    /// Where each component's image lies, slot by slot.
    pub(super) places: [Vec<PathBuf>; 2],
}

impl Config {
    /// Reads the file. Paths in it count from where it lies.
    ///
    /// # Errors
    ///
    /// It can't be read, or does not say what it must.
    pub(super) fn load(path: &Path) -> Result<Self> {
        let file: File = toml_file(path, "`twinseal device --help` shows a device file")?;
        let vendor = ids::vendor_id(&file.vendor)?;
        let class = ids::class_id(vendor, &file.model)?;
        let wrong = |what: &str| Failure::new(format!("{}: {what}", name(path)));
        if file.slot_a.is_empty() || !file.slot_a.keys().eq(file.slot_b.keys()) {
            return Err(wrong("[slot-a] and [slot-b] do not name the same components")
                .remedy("give each component a place in both: kernel = \"/dev/mmcblk0p2\""));
        }
        let trials = file.trials.unwrap_or(TRIALS);
        if trials == 0 {
            return Err(wrong("trials = 0 would never try a release"));
        }
        let directory = path.parent().unwrap_or(Path::new("."));
        let components = file.slot_a.keys().cloned().collect();
        let places = [file.slot_a, file.slot_b]
            .map(|slot| slot.into_values().map(|place| directory.join(place)).collect::<Vec<_>>());
        Ok(Self { path: path.to_owned(), vendor, class, trials, state: directory.join(file.state), components, places })
    }

    /// The places of a slot.
    pub(super) fn places(&self, slot: SlotId) -> &[PathBuf] {
        let [a, b] = &self.places;
        match slot {
            SlotId::A => a,
            SlotId::B => b,
        }
    }
}

/// Where the file does not say.
const TRIALS: u8 = 3;
