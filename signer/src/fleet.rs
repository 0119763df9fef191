//! Fleet files: many device states, written down for a host to decide as each of those devices would (TOML).

use alloc::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use twinseal_formats::{ClassId, VendorId};

use crate::device::{Confirmed, DeviceFile, RELEASE_ID_FORM};
use crate::error::{Failure, Result, name};
use crate::ids;
use crate::release::toml_file_within;
use crate::store;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    defaults: Table,
    #[serde(default)]
    state: Vec<Table>,
}

/// One state, or what all states have in common.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    name: Option<String>,
    devices: Option<u64>,
    trust: Option<PathBuf>,
    vendor: Option<String>,
    model: Option<String>,
    components: Option<Vec<String>>,
    rollback_counter: Option<u32>,
    rollback_counter_limit: Option<u32>,
    confirmed: Option<Confirmed>,
}

/// A fleet: its states, and the trust stores that they hold.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fleet {
    /// The states, in the order of the file.
    pub states: Vec<State>,
    /// The trust stores by number, each once: its path and its bytes.
    pub stores: Vec<(PathBuf, Vec<u8>)>,
}

/// One state that devices are in.
#[derive(Debug)]
#[non_exhaustive]
pub struct State {
    /// What it is called.
    pub name: String,
    /// How many devices are in it.
    pub devices: u64,
    /// Which of the fleet's trust stores they hold.
    pub store: usize,
    /// What they know of themselves.
    pub device: DeviceFile,
}

impl Fleet {
    /// Reads a fleet file, and the trust stores that it names (beside it, if their paths are relative).
    ///
    /// # Errors
    ///
    /// A file can't be read, or the fleet file is none: an unknown or missing field, no state, two states of one name.
    pub fn load(path: &Path) -> Result<Self> {
        let file: File = toml_file_within(path, LONGEST, EXAMPLE)?;
        let wrong = |state: &str, what: &str| Failure::new(format!("{}: state {state:?}: {what}", name(path)));
        if file.state.is_empty() {
            return Err(Failure::new(format!("{}: has no [[state]]", name(path))).remedy(EXAMPLE));
        }
        if file.defaults.name.is_some() {
            return Err(Failure::new(format!("{}: [defaults] has a name", name(path)))
                .remedy("a name is of one state; put it into its [[state]]"));
        }
        // Never an empty path: a store named `-` is a file, not standard input.
        let beside = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let (mut states, mut stores) = (Vec::with_capacity(file.state.len()), Vec::new());
        let mut numbers: BTreeMap<PathBuf, usize> = BTreeMap::new();
        let mut names = BTreeSet::new();
        let mut classes: BTreeMap<(String, String), (VendorId, ClassId)> = BTreeMap::new();
        for (number, table) in (1_usize..).zip(file.state) {
            let common = &file.defaults;
            let called = table.name.unwrap_or_else(|| number.to_string());
            if !names.insert(called.clone()) {
                return Err(wrong(&called, "is there twice").remedy("give each state a name of its own"));
            }
            let missing = |field: &str| wrong(&called, &format!("says no {field}, and [defaults] neither"));
            let trust = table.trust.or_else(|| common.trust.clone()).ok_or_else(|| missing("trust"))?;
            let vendor = table.vendor.or_else(|| common.vendor.clone()).ok_or_else(|| missing("vendor"))?;
            let model = table.model.or_else(|| common.model.clone()).ok_or_else(|| missing("model"))?;
            let components =
                table.components.or_else(|| common.components.clone()).ok_or_else(|| missing("components"))?;
            let counter =
                table.rollback_counter.or(common.rollback_counter).ok_or_else(|| missing("rollback-counter"))?;
            let limit = table.rollback_counter_limit.or(common.rollback_counter_limit);
            let confirmed = table.confirmed.or_else(|| common.confirmed.clone());
            let key = (vendor, model);
            let scope = match classes.get(&key) {
                Some(scope) => *scope,
                None => {
                    let scope = scope(&key).map_err(|error| {
                        let advice = error.advice().unwrap_or_default().to_owned();
                        wrong(&called, &error.to_string()).remedy(advice)
                    })?;
                    classes.insert(key, scope);
                    scope
                }
            };
            let device = DeviceFile::new(scope, components, confirmed.as_ref(), (counter, limit))
                .map_err(|error| wrong(&called, &error).remedy(RELEASE_ID_FORM))?;
            let store = match numbers.get(&trust) {
                Some(number) => *number,
                None => {
                    let there = beside.join(&trust);
                    let bytes = store::load(&there)?;
                    stores.push((there, bytes));
                    let number = stores.len().saturating_sub(1);
                    numbers.insert(trust, number);
                    number
                }
            };
            let devices = table.devices.or(common.devices).unwrap_or(1);
            if devices == 0 {
                return Err(wrong(&called, "devices = 0").remedy("leave out a state that no device is in"));
            }
            states.push(State { name: called, devices, store, device });
        }
        Ok(Self { states, stores })
    }
}

fn scope((vendor, model): &(String, String)) -> Result<(VendorId, ClassId)> {
    let vendor = ids::vendor_id(vendor)?;
    Ok((vendor, ids::class_id(vendor, model)?))
}

/// A fleet file of 100,000 states with all their fields is shorter.
const LONGEST: u64 = 64 << 20;
const EXAMPLE: &str = "`twinseal simulate --help` shows a fleet file";
