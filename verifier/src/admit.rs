//! Whether an authentic release may be installed or booted on this device (docs/procedure.md, V-10 to V-17).

use core::fmt::Debug;
use core::marker::PhantomData;

use twinseal_formats::{ClassId, Digest, Manifest, SecurityVersion, SequenceNumber, VendorId};

use crate::authenticate::{AuthenticManifest, Frame};
use crate::error::{AdmitError, AuthenticateError, ConfigurationError, Error};
use crate::second_look::{self, Trail};

/// What a device knows of itself. Every fact comes from the device maker or from the device's own protected state, never from a bundle.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a device must state every fact: a forgotten one does not compile")]
pub struct Device<'a> {
    /// Whose device it is.
    pub vendor: VendorId,
    /// Which class of device it is.
    pub class: ClassId,
    /// The ids of exactly the components it has: 1 to 16, ascending.
    pub components: &'a [&'a str],
    /// The release that last booted and was confirmed; none on a device that never confirmed one.
    pub confirmed: Option<ConfirmedRelease>,
    /// The rollback counter: what it holds.
    pub counter: SecurityVersion,
    /// The rollback counter: the highest value it can ever hold.
    pub counter_limit: SecurityVersion,
}

/// The confirmed release, as a device remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two facts")]
pub struct ConfirmedRelease {
    /// Its sequence number.
    pub sequence_number: SequenceNumber,
    /// Its identity.
    pub release_id: Digest,
}

/// Why a manifest is being admitted: [`Install`] or [`Boot`]. Nothing else can be.
pub trait Procedure: sealed::Sealed + Debug {
    /// Whether the release is to be installed; else it is to be booted.
    const INSTALLS: bool;
}

/// The procedure of installing: sequence number and trust epoch count, and the counter must be able to follow.
#[derive(Debug)]
#[non_exhaustive]
pub enum Install {}

/// The procedure of booting what is installed: of the numbers only the security version counts.
#[derive(Debug)]
#[non_exhaustive]
pub enum Boot {}

impl Procedure for Install {
    const INSTALLS: bool = true;
}

impl Procedure for Boot {
    const INSTALLS: bool = false;
}

mod sealed {
    #[expect(unnameable_types, reason = "so that there can be no third procedure")]
    pub trait Sealed {}
    impl Sealed for super::Install {}
    impl Sealed for super::Boot {}
}

/// Proof that an authentic release may be installed, or booted, on this device, if its images match.
///
/// Only [`AuthenticManifest::admit`] makes one.
#[derive(Debug)]
#[must_use]
pub struct AdmittedManifest<'m, P: Procedure> {
    pub(crate) manifest: Manifest<'m>,
    pub(crate) release_id: Digest,
    pub(crate) frame: Frame,
    pub(crate) trail: Trail,
    pub(crate) procedure: PhantomData<P>,
}

impl<'m> AuthenticManifest<'m> {
    /// Decides whether this release may be installed (`admit::<Install>`) or booted (`admit::<Boot>`) on this device.
    ///
    /// # Errors
    /// [`Error::Admit`] by the first check that fails, in the order of docs/procedure.md; [`Error::Configuration`] if what the device
    /// says of itself is impossible.
    #[inline(never)]
    pub fn admit<P: Procedure>(self, device: &Device<'_>) -> Result<AdmittedManifest<'m, P>, Error> {
        are_components(device.components)?;
        if !self.trail.is(Trail::AUTHENTIC) {
            return Err(AuthenticateError::Fault.into());
        }
        // Before the first look, which may by a fault write to where it should not.
        let trail = self.trail.admitted(second_look::at_admission::<P>(&self, device));
        suits(&self, device)?;
        if P::INSTALLS {
            may_install(&self, device)?;
        }
        let Self { manifest, release_id, frame, .. } = self;
        Ok(AdmittedManifest { manifest, release_id, frame, trail, procedure: PhantomData })
    }
}

impl<'m, P: Procedure> AdmittedManifest<'m, P> {
    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest<'m> {
        &self.manifest
    }

    /// The identity of the release.
    #[must_use]
    pub const fn release_id(&self) -> &Digest {
        &self.release_id
    }
}

/// The device's list of components is one that a device can have (V-10).
fn are_components(components: &[&str]) -> Result<(), ConfigurationError> {
    let possible = (1..=twinseal_formats::limits::MAX_COMPONENTS).contains(&components.len());
    let ascending = components.is_sorted_by(|one, next| one < next);
    if possible && ascending { Ok(()) } else { Err(ConfigurationError::ComponentList) }
}

/// What counts for every procedure: the release is for this device, and not behind the rollback counter (V-11 to V-15).
#[inline(never)]
fn suits(authentic: &AuthenticManifest<'_>, device: &Device<'_>) -> Result<(), Error> {
    let AuthenticManifest { manifest, trust, .. } = authentic;
    if manifest.vendor() != device.vendor {
        return Err(AdmitError::VendorMismatch.into());
    }
    if manifest.class() != device.class {
        return Err(AdmitError::ClassMismatch.into());
    }
    if !trust.serves_release {
        return Err(ConfigurationError::DeviceNotServed.into());
    }
    same_components(manifest, device.components)?;
    let (offered, counter) = (manifest.security_version(), device.counter);
    if offered < counter {
        return Err(AdmitError::SecurityRollback { offered, counter }.into());
    }
    Ok(())
}

/// What counts for installing only: never back behind the confirmed release, and never ahead of what counter and trust store allow.
fn may_install(authentic: &AuthenticManifest<'_>, device: &Device<'_>) -> Result<(), AdmitError> {
    let AuthenticManifest { manifest, release_id, trust, .. } = authentic;
    let offered = manifest.sequence_number();
    if let Some(ConfirmedRelease { sequence_number: confirmed, release_id: installed }) = device.confirmed {
        if offered < confirmed {
            return Err(AdmitError::SequenceRollback { offered, confirmed });
        }
        if offered == confirmed && *release_id != installed {
            return Err(AdmitError::SequenceTaken { offered });
        }
    }
    let (offered, limit) = (manifest.security_version(), device.counter_limit);
    if offered > limit {
        return Err(AdmitError::CounterExhausted { offered, limit });
    }
    let (demanded, present) = (manifest.minimum_trust_epoch(), trust.epoch);
    if demanded > present {
        return Err(AdmitError::TrustEpoch { demanded, present });
    }
    Ok(())
}

/// A release names exactly the components that the device has. Both lists ascend, so the first difference tells which side lacks one.
fn same_components(manifest: &Manifest<'_>, device: &[&str]) -> Result<(), AdmitError> {
    let mut offered = manifest.components().map(|component| component.id_bytes());
    for present in device {
        let present = present.as_bytes();
        match offered.next() {
            Some(id) if id == present => {}
            Some(id) if id < present => return Err(AdmitError::ComponentUnknown),
            _ => return Err(AdmitError::ComponentMissing),
        }
    }
    if offered.next().is_some() { Err(AdmitError::ComponentUnknown) } else { Ok(()) }
}
