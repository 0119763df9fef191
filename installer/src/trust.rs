//! The trust store in two places, and how it changes (docs/procedure.md, T-1 to T-17).

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::formats::{Digest, DigestAlgorithm, TrustEpoch};
use twinseal_verifier::{ConfirmedFrame, Hasher, TrustState, TrustStore, TrustUpdate, Verifier, hold_epoch};

use crate::counter::{self, MonotonicCounter};
use crate::error::{Error, InstallError};
use crate::installer::{Facts, Installer, Memory};
use crate::layout::{Area, Layout, SlotId};
use crate::state::TrustPlace;
use crate::store;

impl<F: NorFlash, C: MonotonicCounter> Installer<'_, F, C> {
    /// The trust store in use, copied into memory, and held against the state and the counter of epochs (O-10).
    ///
    /// The counter is raised here if power was lost before an update of trust could (O-11).
    ///
    /// # Errors
    /// [`InstallError::TrustNotKept`], [`InstallError::TrustUnreadable`], [`InstallError::CounterUnreadable`]; `update.store-replaced`, or what
    /// the format refuses.
    pub fn trust_store<'b, E: MonotonicCounter>(
        &mut self,
        epochs: &mut E,
        buffer: &'b mut [u8],
    ) -> Result<TrustStore<'b>, Error> {
        let (areas, place) = self.layout.trust.zip(self.state.trust).ok_or(InstallError::TrustNotKept)?;
        let stored = store::read(&mut self.flash, area(&areas, place.second), buffer);
        let stored = stored.ok().flatten().ok_or(InstallError::TrustUnreadable)?;
        if Hasher::digest(place.digest.algorithm(), stored) != Some(place.digest) {
            return Err(InstallError::TrustUnreadable.into());
        }
        let store = TrustStore::parse(stored)?;
        hold_epoch(&store, TrustEpoch(counter::read(epochs)?))?;
        if self.journal.is_settled() {
            // A counter that does not rise keeps no release from starting; it keeps trust from changing any further.
            let _ = counter::raise(epochs, store.epoch().0);
        }
        Ok(store)
    }

    /// Takes a trust update, as steps T-1 to T-17: the new store is written beside the one in use, read back, named by the state, and only
    /// then the counter of epochs rises. From the next start on the new store is in use.
    ///
    /// `running` is the slot that the caller was started from; `verifier` was made of the store in use; `update` is untrusted, in memory that
    /// nothing else writes. `memory.frame` holds the confirmed release's frame and then the new store.
    ///
    /// # Errors
    /// [`InstallError::OnTrial`], [`InstallError::StateWriteFault`], [`InstallError::CounterWriteFault`], [`InstallError::TrustNotKept`], [`InstallError::TrustTooLarge`]; whatever the verifier refuses; what could not
    /// be read or written. The store in use stays in use.
    pub fn update_trust<E: MonotonicCounter>(
        &mut self,
        running: SlotId,
        verifier: &Verifier<'_>,
        facts: &Facts<'_>,
        epochs: &mut E,
        update: &[u8],
        memory: Memory<'_>,
    ) -> Result<TrustEpoch, Error> {
        let trials = SlotId::ALL.into_iter().any(|slot| self.state.trials(slot, facts.trials).is_some());
        if trials || !self.state.is_confirmed(running) {
            return Err(InstallError::OnTrial.into());
        }
        self.writable()?;
        let (areas, place) = self.layout.trust.zip(self.state.trust).ok_or(InstallError::TrustNotKept)?;
        counter::raise(epochs, verifier.store().epoch().0)?;
        let (held, limit) = (TrustEpoch(counter::read(epochs)?), TrustEpoch(epochs.limit()));
        let authentic = verifier.authenticate_trust_update(&TrustUpdate::parse(update)?)?;

        let envelope = self.state.preferred().of(&self.layout.slots).envelope;
        let stored = store::read(&mut self.flash, envelope, memory.frame).ok().flatten();
        let frame = stored.ok_or(InstallError::EnvelopeUnreadable)?;
        let confirmed = self.state.confirmed().map(|one| ConfirmedFrame { release_id: one.release_id, frame });
        let (vendor, class) = (facts.vendor, facts.class);
        let admitted =
            authentic.admit(&TrustState { vendor, class, confirmed, counter: held, counter_limit: limit })?;

        let next = area(&areas, !place.second);
        let bytes = admitted.store().as_bytes();
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let room = store::room(next).min(u32::try_from(memory.frame.len()).unwrap_or(u32::MAX));
        if size > room {
            return Err(InstallError::TrustTooLarge { size, room }.into());
        }
        let digest = digest(bytes).ok_or(InstallError::TrustWriteFault)?;
        store::write(&mut self.flash, next, bytes).map_err(|_| InstallError::TrustWriteFault)?;
        let read_back = store::read(&mut self.flash, next, memory.frame).ok().flatten();
        let written = admitted.written(read_back.ok_or(InstallError::TrustUnreadable)?)?;

        let mut state = self.state;
        state.trust = Some(TrustPlace { second: !place.second, digest });
        self.kept().write(state)?;
        counter::raise(epochs, written.epoch().0)?;
        Ok(written.epoch())
    }
}

/// The first place holds, at the factory, exactly the store that the first release was verified with.
pub(crate) fn provisioned<F: NorFlash>(
    flash: &mut F,
    layout: &Layout<'_>,
    verifier: &Verifier<'_>,
) -> Result<Option<TrustPlace>, InstallError> {
    let Some([first, _]) = layout.trust else { return Ok(None) };
    let bytes = verifier.store().as_bytes();
    match store::holds(flash, first, bytes) {
        Ok(true) => Ok(Some(TrustPlace { second: false, digest: digest(bytes).ok_or(InstallError::TrustUnreadable)? })),
        Ok(false) | Err(_) => Err(InstallError::TrustUnreadable),
    }
}

pub(crate) const fn area([first, second]: &[Area; 2], is_second: bool) -> Area {
    if is_second { *second } else { *first }
}

/// A digest by whatever is compiled in: it tells whole stores from torn ones.
pub(crate) fn digest(bytes: &[u8]) -> Option<Digest> {
    DigestAlgorithm::ALL.into_iter().find_map(|algorithm| Hasher::digest(algorithm, bytes))
}
