//! The factory's step: state and counters are made, the first release and the trust store are written, and both are verified where they lie.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::path::Path;

use twinseal_formats::{Manifest, SecurityVersion};
use twinseal_installer::embedded_storage::nor_flash::NorFlash as _;
use twinseal_installer::{Error, InstallError, Installer, MonotonicCounter as _, SlotId};
use twinseal_verifier::{Device as DeviceFacts, Verifier};

use super::config::Config;
use super::{COUNTER_SIZE, Decided, EPOCHS, FileFlash, Gateway, ROLLBACK, STATE, STATE_SIZE, UNIT, files};
use crate::bundle::{Bundle, Layout};
use crate::error::{Failure, Result, name};
use crate::gateway::Access;
use crate::input::unreadable;
use crate::judge::{Purpose, judge};
use crate::output::{Mode, NewFile, Overwrite, unwritable};
use crate::progress::Progress;
use crate::source::{FileSource, PIECE, payload_path};
use crate::trouble::Trouble;

/// What a device begins with.
#[derive(Debug)]
pub(crate) struct Initial<'a> {
    pub(crate) bundle: &'a Bundle,
    /// Where a detached release's payload files are.
    pub(crate) payloads: &'a Path,
    /// The bytes of its trust store, and the verifier made of them.
    pub(crate) verifier: &'a Verifier<'a>,
    pub(crate) overwrite: bool,
}

impl Gateway {
    /// Makes a device: its first release lies in slot A and counts as confirmed.
    ///
    /// # Errors
    ///
    /// Something can't be read or written, is in the way, or another process works on the device.
    pub(crate) fn init(path: &Path, initial: &Initial<'_>) -> Result<Decided<()>> {
        let config = Config::load(path)?;
        let (manifest, layout) = match initial.examine(&config)? {
            Ok(examined) => examined,
            Err(refusal) => return Ok(Err(refusal)),
        };
        make_state(&config)?;
        let this = Self::of(config, Access::Write)?;
        let outcome = this.provision(initial, &manifest, &layout)?;
        this.decided(outcome)
    }

    fn provision(
        &self,
        initial: &Initial<'_>,
        manifest: &Manifest<'_>,
        from: &Layout,
    ) -> Result<core::result::Result<(), Error>> {
        let counters = || -> core::result::Result<_, Error> {
            let [mut rollback, mut epochs] = self.counters()?;
            for counter in [&mut rollback, &mut epochs] {
                // An attempt before this one may have come so far.
                if counter.read().is_err() {
                    counter.provision().map_err(|_| InstallError::CounterWriteFault)?;
                }
            }
            Ok(rollback)
        };
        let rollback = match counters() {
            Ok(rollback) => rollback,
            Err(error) => return Ok(Err(error)),
        };
        // A device that lives already is not touched.
        match Installer::open(self.flash.clone(), rollback, self.layout()) {
            Err(InstallError::StateMissing) => {}
            Ok(_) => return Ok(Err(InstallError::StatePresent.into())),
            Err(error) => return Ok(Err(error.into())),
        }
        if !initial.overwrite {
            self.config.places(SlotId::A).iter().try_for_each(|place| blank(place))?;
        }
        self.put(initial, manifest, from)?;
        let [rollback, _] = match self.counters() {
            Ok(counters) => counters,
            Err(error) => return Ok(Err(error.into())),
        };
        Ok(self.step(|facts, memory| {
            let (flash, layout) = (self.flash.clone(), self.layout());
            Installer::provision(flash, rollback, layout, SlotId::A, initial.verifier, facts, memory).map(drop)
        }))
    }

    /// Writes the first release and the trust store where the installer looks for them. What comes of it is verified afterwards.
    fn put(&self, initial: &Initial<'_>, manifest: &Manifest<'_>, from: &Layout) -> Result<()> {
        let layout = self.layout();
        let [slot, _] = layout.slots;
        let (bundle, mut flash) = (initial.bundle, self.flash.clone());
        let envelope = bundle.envelope().map_err(|error| Failure::new("the bundle changed").because(error))?;
        let trust = layout.trust.map(|[first, _]| (first, initial.verifier.store().as_bytes()));
        for (area, bytes) in [Some((slot.envelope, bundle.frame(&envelope))), trust].into_iter().flatten() {
            let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
            flash.write(area.start, &padded([&size, bytes].concat())).map_err(|_| self.trouble())?;
        }
        for (component, area) in manifest.components().zip(slot.images) {
            let (mut source, start) = match from.payloads.get(usize::from(component.index())) {
                Some(entry) => (bundle.source(Progress::hidden())?, entry.contents),
                None => {
                    let path = payload_path(initial.payloads, component.index());
                    (FileSource::open(&path, Progress::hidden())?, 0)
                }
            };
            let mut done = 0_u64;
            while done < component.size() {
                let left = usize::try_from(component.size().saturating_sub(done)).unwrap_or(usize::MAX);
                let mut piece = vec![0; left.min(PIECE)];
                source.read_at(start.saturating_add(done), &mut piece)?;
                let at = u32::try_from(done).ok().and_then(|done| area.start.checked_add(done));
                done = done.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                flash.write(at.unwrap_or(u32::MAX), &padded(piece)).map_err(|_| self.trouble())?;
            }
        }
        Ok(())
    }

    fn trouble(&self) -> Failure {
        let unknown = || Failure::new("the first release does not fit its slot").remedy("give it larger places");
        self.flash.take_trouble().unwrap_or_else(unknown)
    }
}

impl<'a> Initial<'a> {
    /// Decides about the first release as a device does that never confirmed one, before anything is made.
    fn examine(&self, config: &Config) -> Result<Decided<(Manifest<'a>, Layout)>> {
        let components: Vec<&str> = config.components.iter().map(String::as_str).collect();
        let facts = DeviceFacts {
            vendor: config.vendor,
            class: config.class,
            components: &components,
            confirmed: None,
            counter: SecurityVersion(0),
            counter_limit: SecurityVersion(u32::MAX),
        };
        let judged = judge(self.bundle, self.verifier, &facts, Purpose::Install, self.payloads);
        Ok(Trouble::finding(judged)?.map_err(Into::into))
    }
}

/// Makes the directory and the files of state, where they are not there yet.
fn make_state(config: &Config) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.state);
    made.map_err(|error| unwritable(&config.state, error))?;
    for (file, size) in [(ROLLBACK, COUNTER_SIZE), (EPOCHS, COUNTER_SIZE), (STATE, STATE_SIZE)] {
        let path = config.state.join(file);
        if path.symlink_metadata().is_ok() {
            continue;
        }
        // All of it is written now: a full disk is found out here, and not in the middle of an update.
        let mut new = NewFile::create(&path, Overwrite::No, Mode::Secret)?;
        let unit = vec![0xff; usize::try_from(UNIT).unwrap_or_default()];
        for _ in 0..size.checked_div(UNIT).unwrap_or(0) {
            new.write_all(&unit).map_err(|error| unwritable(&path, error))?;
        }
        new.commit()?;
    }
    Ok(())
}

/// Refuses a place that begins with something: it may be the wrong one.
fn blank(path: &Path) -> Result<()> {
    let (file, size) = files::place(path, Access::Read)?;
    let mut begin = vec![0; usize::try_from(size.min(4096)).unwrap_or_default()];
    file.read_exact_at(&mut begin, 0).map_err(|error| unreadable(path, error))?;
    let first = begin.first().copied().unwrap_or(0);
    if matches!(first, 0 | 0xff) && begin.iter().all(|byte| *byte == first) {
        return Ok(());
    }
    Err(Failure::new(format!("{}: holds something already", name(path)))
        .remedy("see that it is the right place, and give `--overwrite`"))
}

/// Whole units of writing.
fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(FileFlash::WRITE_SIZE), 0xff);
    bytes
}
