//! The trust store in two places, and how it changes (docs/procedure.md, T-1 to T-17).

use embedded_storage::nor_flash::NorFlash;
use twinseal_verifier::formats::{Digest, DigestAlgorithm};
use twinseal_verifier::{Hasher, Verifier};

use crate::counter::MonotonicCounter;
use crate::error::{Error, InstallError};
use crate::installer::Installer;
use crate::layout::{Area, Layout};
use crate::state::TrustPlace;
use crate::store;

impl<F: NorFlash, C: MonotonicCounter> Installer<'_, F, C> {
    /// The trust store in use, copied into memory and held against what the state says of it.
    ///
    /// # Errors
    /// [`InstallError::TrustNotKept`], [`InstallError::TrustUnreadable`].
    pub fn trust_store<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let (areas, place) = self.layout.trust.zip(self.state.trust).ok_or(InstallError::TrustNotKept)?;
        let stored = store::read(&mut self.flash, area(&areas, place.second), buffer);
        let stored = stored.ok().flatten().ok_or(InstallError::TrustUnreadable)?;
        if Hasher::digest(place.digest.algorithm(), stored) != Some(place.digest) {
            return Err(InstallError::TrustUnreadable.into());
        }
        Ok(stored)
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
