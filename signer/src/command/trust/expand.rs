//! `twinseal trust expand`: the tables of a trust store's keys, with which devices verify in a fraction of the time.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;
use twinseal_formats::{AnchorKey, Role, SealAlgorithm, TrustStore};
use twinseal_verifier::{BadTable, CombSize};

use super::contents::sha256;
use super::source::Symbol;
use crate::error::{Failure, Result, name};
use crate::new_directory::NewDirectory;
use crate::output::{self, Mode, Overwrite};
use crate::report::{Exit, Report};
use crate::{expanded, input, store};

mod source;

use source::Array;

/// Arguments of `trust expand`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  twinseal trust expand thermostat.store --out expanded
  twinseal trust expand thermostat.store --out expanded --teeth 6 \\
      --role release --role root
  twinseal trust expand thermostat.store --compare expanded/*.bin

For each key of a release or assessor anchor the directory gets <label>-<algorithm>.bin, and all of them together as \
expanded_anchors.h for C and expanded_anchors.rs for Rust. What is written is read back and computed anew by the device's verifier. The \
tables are no secret, but whoever can change one on a device can forge: keep them where the trust store is kept.

With --compare nothing is written: each file is held against the store's keys. Refused (exit 1) is one that is not the table of any.")]
pub struct Args {
    /// The trust store whose keys are expanded, `-` for standard input
    #[arg(value_name = "STORE")]
    store: PathBuf,

    /// The directory to make
    #[arg(long, value_name = "DIR", required_unless_present = "compare")]
    out: Option<PathBuf>,

    /// Compute the tables anew and compare these files with them
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["out", "teeth", "roles", "symbol"])]
    compare: Vec<PathBuf>,

    /// Teeth of the Ed25519 tables: 912 bytes for 4, twice as many for each more; more teeth are faster
    #[arg(long, value_name = "N", default_value = TEETH, value_parser = teeth())]
    teeth: CombSize,

    /// Expand the anchors of this role [default: release and assessor]
    #[arg(
        long = "role",
        value_name = "ROLE",
        value_parser = PossibleValuesParser::new(Role::ALL.map(Role::name))
            .try_map(|word| Role::ALL.into_iter().find(|role| role.name() == word).ok_or("no such role")),
    )]
    roles: Vec<Role>,

    /// What the arrays' names begin with in C and, in capitals, in Rust
    #[arg(long, value_name = "NAME", default_value = SYMBOL)]
    symbol: String,
}

impl Args {
    /// Makes the tables, or compares.
    ///
    /// # Errors
    ///
    /// The store can't be read or used, no anchor has the role, or a file can't be read or written. Then there is no directory.
    pub fn run(&self) -> Result<impl Report + use<>> {
        let bytes = store::load(&self.store)?;
        let verifier = store::open_file(&bytes, &self.store)?;
        let tables = match &self.out {
            Some(out) => self.expand(verifier.store(), out)?,
            None => self.compare.iter().map(|file| compare(verifier.store(), file)).collect::<Result<_>>()?,
        };
        let made = |file: &str| self.out.as_ref().map(|out| name(&out.join(file)));
        Ok(Expanded {
            store: name(&self.store),
            store_sha256: sha256(&bytes),
            accepted: tables.iter().all(|table| table.refusal.is_none()),
            directory: self.out.as_deref().map(name),
            c_header: made(source::C_HEADER),
            rust: made(source::RUST),
            tables,
        })
    }

    fn expand(&self, store: &TrustStore<'_>, out: &Path) -> Result<Vec<Table>> {
        let roles = if self.roles.is_empty() { DEVICE_ROLES } else { &self.roles };
        let arrays = source::arrays(store, roles, &Symbol::new(&self.symbol)?, self.teeth)?;
        if arrays.is_empty() {
            return Err(Failure::new(format!("{}: no anchor has the role that is to be expanded", name(&self.store)))
                .remedy("`twinseal trust show` lists the anchors with their roles"));
        }
        write(&arrays, out)
    }
}

/// Writes the tables of a store's release and assessor anchors, as `trust expand` does when nothing else is asked of it.
pub(super) fn write_for_devices(store: &TrustStore<'_>, teeth: CombSize, out: &Path) -> Result<Vec<Table>> {
    write(&source::arrays(store, DEVICE_ROLES, &Symbol::new(SYMBOL)?, teeth)?, out)
}

/// Writes tables into a new directory, each read back and computed anew by the device's verifier.
fn write(arrays: &[Array<'_>], out: &Path) -> Result<Vec<Table>> {
    let new = NewDirectory::create(out, Mode::Public)?;
    for array in arrays {
        let file = new.path().join(&array.file);
        output::write(&file, &array.bytes, Overwrite::No, Mode::Public)?;
        let read = input::read(&file, expanded::MAX_TABLE)?;
        expanded::compare(&read, &array.key).map_err(|error| {
            Failure::new(format!("{}: is not the table that was written", array.file)).because(error)
        })?;
    }
    for (file, text) in [(source::C_HEADER, source::c_header(arrays)), (source::RUST, source::rust(arrays))] {
        output::write(&new.path().join(file), text.as_bytes(), Overwrite::No, Mode::Public)?;
    }
    new.commit()?;
    Ok(arrays.iter().map(|array| Table::new(&out.join(&array.file), &array.bytes, Ok(array.owner()))).collect())
}

/// Finds the key whose table a file says it is, and holds it against that.
fn compare(store: &TrustStore<'_>, file: &Path) -> Result<Table> {
    let bytes = input::read(file, expanded::MAX_TABLE)?;
    let owners = store.anchors().flat_map(|anchor| {
        anchor.keys().map(move |key| (key, Owner { label: anchor.label().to_owned(), role: anchor.role().name() }))
    });
    let mut refusal = BadTable::AnotherKey;
    for (key, owner) in owners {
        match expanded::compare(&bytes, &key) {
            Ok(()) => return Ok(Table::new(file, &bytes, Ok((owner, key.algorithm)))),
            // What is wrong with a table is said of the key that it names; of the others it is no table at all.
            Err(error) if names(&bytes, &key) => refusal = error,
            Err(_) => {}
        }
    }
    Ok(Table::new(file, &bytes, Err(refusal)))
}

/// Whether a table says that it is this key's.
fn names(bytes: &[u8], key: &AnchorKey<'_>) -> bool {
    bytes.get(KEY_OFFSET..).is_some_and(|behind| behind.starts_with(key.bytes))
}

/// What `--teeth` takes.
pub(super) fn teeth() -> impl TypedValueParser<Value = CombSize> {
    PossibleValuesParser::new(["4", "5", "6", "7", "8", "9"])
        .try_map(|teeth| teeth.parse().ok().and_then(CombSize::from_teeth).ok_or("no such size"))
}

/// What is expanded unless somebody asks for other roles: roots seal too seldom for their tables to pay.
const DEVICE_ROLES: &[Role] = &[Role::Release, Role::Assessor];

/// So many teeth unless somebody asks for others.
pub(super) const TEETH: &str = "8";

const SYMBOL: &str = "expanded";

/// Where the key stands (docs/format.md, section 11).
const KEY_OFFSET: usize = 16;

#[derive(Serialize)]
struct Expanded {
    store: String,
    store_sha256: String,
    accepted: bool,
    directory: Option<String>,
    c_header: Option<String>,
    rust: Option<String>,
    tables: Vec<Table>,
}

#[derive(Serialize)]
pub(super) struct Table {
    file: String,
    size: usize,
    sha256: String,
    anchor: Option<Owner>,
    algorithm: Option<&'static str>,
    /// Why it is not the table of any key of the store.
    refusal: Option<String>,
}

/// Whose key it is.
#[derive(Clone, Serialize)]
struct Owner {
    label: String,
    role: &'static str,
}

impl Table {
    fn new(file: &Path, bytes: &[u8], owner: core::result::Result<(Owner, SealAlgorithm), BadTable>) -> Self {
        let refusal = owner.as_ref().err().map(ToString::to_string);
        let (anchor, algorithm) = owner.ok().map(|(owner, algorithm)| (owner, algorithm.name())).unzip();
        Self { file: name(file), size: bytes.len(), sha256: sha256(bytes), anchor, algorithm, refusal }
    }

    pub(super) fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { file, size, sha256, anchor, algorithm, refusal } = self;
        match (anchor, algorithm, refusal) {
            (Some(Owner { label, role }), Some(algorithm), _) => {
                writeln!(out, "table:          {file} ({size} bytes)")?;
                writeln!(out, "  of            {label} ({role}), {algorithm}")?;
            }
            (.., refusal) => {
                writeln!(out, "REFUSED:        {file} ({size} bytes)")?;
                writeln!(out, "  because       {}", refusal.as_deref().unwrap_or_default())?;
            }
        }
        writeln!(out, "  sha-256       {sha256}")
    }
}

impl Report for Expanded {
    const SCHEMA: &'static str = "twinseal.trust-expand/1";

    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "trust store:    {}", self.store)?;
        writeln!(out, "sha-256:        {}", self.store_sha256)?;
        self.tables.iter().try_for_each(|table| table.human(out))?;
        for (what, file) in [("c header:", &self.c_header), ("rust:", &self.rust)] {
            if let Some(file) = file {
                writeln!(out, "{what:<15} {file}")?;
            }
        }
        Ok(())
    }

    fn exit(&self) -> Exit {
        if self.accepted { Exit::Success } else { Exit::Refused }
    }
}
