//! How a device's trust changes: a sealed new trust store takes the place of the one in use (docs/procedure.md, T-1 to T-17).

use twinseal_formats::{
    ClassId, Digest, Envelope, Fault, ParseError, Role, Stage, TrustEpoch, TrustStore, TrustUpdate, TrustUpdateBody,
    VendorId,
};

use crate::authenticate::Verifier;
use crate::digest::Hasher;
use crate::error::{AuthenticateError, ConfigurationError, Error, UpdateError};
use crate::second_look::Trail;

/// What a device knows of itself when its trust is to change. Every fact comes from its own protected state, never from the update.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a device must state every fact: a forgotten one does not compile")]
pub struct TrustState<'a> {
    /// Whose device it is.
    pub vendor: VendorId,
    /// Which class of device it is.
    pub class: ClassId,
    /// The confirmed release; none on a device that never confirmed one. No release may be on trial while trust changes (O-12).
    pub confirmed: Option<ConfirmedFrame<'a>>,
    /// The epoch counter: what it holds.
    pub counter: TrustEpoch,
    /// The epoch counter: the highest value it can ever hold.
    pub counter_limit: TrustEpoch,
}

/// The confirmed release with its stored frame, so that its seals can be held against a new trust store.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "two facts")]
pub struct ConfirmedFrame<'a> {
    /// The identity of the confirmed release, as the device remembers it.
    pub release_id: Digest,
    /// The stored frame, in memory that nothing else writes (O-1). It is held against `release_id`; payloads may follow.
    pub frame: &'a [u8],
}

/// Proof that a trust update replaces the trust store in use, and that those sealed it whom this store and the new one demand.
///
/// Only [`Verifier::authenticate_trust_update`] makes one. It does not say that this device may take it: see
/// [`AuthenticTrustUpdate::admit`].
#[derive(Debug)]
#[must_use]
pub struct AuthenticTrustUpdate<'u> {
    present: Verifier<'u>,
    next: Verifier<'u>,
    update_id: Digest,
}

/// Proof that this device may write the new trust store.
///
/// Only [`AuthenticTrustUpdate::admit`] makes one. The store in use stays what it is until the new one is written, read back
/// ([`AdmittedTrustUpdate::written`]) and the epoch counter raised.
#[derive(Debug)]
#[must_use]
pub struct AdmittedTrustUpdate<'u> {
    store: TrustStore<'u>,
    update_id: Digest,
}

/// Proof that the new trust store was read back as it should be: the epoch counter may be raised.
///
/// Only [`AdmittedTrustUpdate::written`] makes one.
#[derive(Debug)]
#[must_use]
pub struct WrittenTrustStore {
    epoch: TrustEpoch,
}

impl<'a> Verifier<'a> {
    /// Decides whether a trust update replaces this verifier's trust store, sealed by those whom it and the new store demand.
    ///
    /// `update` is untrusted; its bytes lie in memory that nothing else writes until the last use of what comes of it. Every key of
    /// the new store is examined and every anchor id computed, as by `Verifier::new`. Both stores are then held against the seals, so an
    /// anchor that is in both is verified twice.
    ///
    /// # Errors
    /// By the first step that fails, in the order of docs/procedure.md, T-2 to T-11: [`Error::Update`], [`Error::Authenticate`] for the
    /// seals, [`Error::Parse`] for authentic bytes that are no body of profile 1, [`Error::Configuration`] for a new store that would
    /// let anything pass.
    pub fn authenticate_trust_update<'u>(&self, update: &TrustUpdate<'u>) -> Result<AuthenticTrustUpdate<'u>, Error>
    where
        'a: 'u,
    {
        if !self.has_root_requirement() {
            return Err(UpdateError::NoRootRequirement.into());
        }
        let (seals, sealed_bytes) = (update.seals(), update.sealed_bytes());
        let trail = self.authenticate_object(seals, sealed_bytes, &[Role::Root])?;

        let body = TrustUpdateBody::parse(update.body_bytes())?;
        let replaces = body.replaces();
        if replaces.algorithm() != seals.digest().algorithm() {
            return Err(ParseError::new(Stage::Trust, Fault::DigestAlgorithm, 0).into());
        }
        if Hasher::digest(replaces.algorithm(), self.store.as_bytes()).as_ref() != Some(replaces) {
            return Err(UpdateError::ReplacesAnother.into());
        }
        let (offered, present) = (body.store().epoch(), self.store.epoch());
        if present.0.checked_add(1) != Some(offered.0) {
            return Err(UpdateError::EpochStep { offered, present }.into());
        }
        if body.store().vendor() != self.store.vendor() {
            return Err(UpdateError::VendorDiffers.into());
        }

        let next: Verifier<'u> = Verifier::new(*body.store(), self.algorithms)?;
        if !next.has_root_requirement() {
            return Err(UpdateError::NoNewRootRequirement.into());
        }
        let trail_of_next =
            next.authenticate_object(seals, sealed_bytes, &[Role::Root]).map_err(|error| match error {
                AuthenticateError::RequirementNotMet { valid, threshold, .. } => {
                    Error::from(UpdateError::NewRequirementNotMet { valid, threshold })
                }
                other => other.into(),
            })?;
        if !trail.is(Trail::AUTHENTIC) || !trail_of_next.is(Trail::AUTHENTIC) {
            return Err(AuthenticateError::Fault.into());
        }
        Ok(AuthenticTrustUpdate { present: *self, next, update_id: *seals.digest() })
    }

    /// Whether trust updates are possible at all under this store. C-2 and C-3 hold: a requirement has anchors that can meet it.
    fn has_root_requirement(&self) -> bool {
        self.store.requirements().any(|requirement| requirement.role == Role::Root)
    }
}

impl<'u> AuthenticTrustUpdate<'u> {
    /// The new trust store. Hosts show it; devices admit it first.
    #[must_use]
    pub const fn new_store(&self) -> &TrustStore<'u> {
        self.next.store()
    }

    /// The identity of the trust update: the digest that was sealed.
    #[must_use]
    pub const fn update_id(&self) -> &Digest {
        &self.update_id
    }

    /// Decides whether this device may take the new trust store.
    ///
    /// # Errors
    /// By the first step that fails, in the order of docs/procedure.md, T-12 to T-16: [`Error::Update`], or [`Error::Configuration`] if
    /// the device's own state does not fit the trust store in use.
    pub fn admit(self, device: &TrustState<'_>) -> Result<AdmittedTrustUpdate<'u>, Error> {
        if !self.present.serves(device.vendor, device.class) {
            return Err(ConfigurationError::DeviceNotServed.into());
        }
        hold_epoch(self.present.store(), device.counter)?;
        let (offered, limit) = (self.next.store().epoch(), device.counter_limit);
        if offered > limit {
            return Err(UpdateError::CounterExhausted { offered, limit }.into());
        }
        if !self.next.serves(device.vendor, device.class) {
            return Err(UpdateError::DeviceNotServed.into());
        }
        if let Some(confirmed) = &device.confirmed {
            self.boots_again(confirmed)?;
        }
        Ok(AdmittedTrustUpdate { store: *self.next.store(), update_id: self.update_id })
    }

    /// The confirmed release must authenticate under the new store, or the device would not boot again.
    fn boots_again(&self, confirmed: &ConfirmedFrame<'_>) -> Result<(), Error> {
        let envelope = Envelope::parse(confirmed.frame).map_err(|_| ConfigurationError::ConfirmedFrame)?;
        if *envelope.seals().digest() != confirmed.release_id {
            return Err(ConfigurationError::ConfirmedFrame.into());
        }
        self.next
            .authenticate(&envelope)
            .map(|_| ())
            .map_err(|error| UpdateError::ConfirmedReleaseRefused { reason: error.code() }.into())
    }
}

impl<'u> AdmittedTrustUpdate<'u> {
    /// The new trust store, to be written where the one in use does *not* lie, so that power can be lost at any time.
    #[must_use]
    pub const fn store(&self) -> &TrustStore<'u> {
        &self.store
    }

    /// The identity of the trust update.
    #[must_use]
    pub const fn update_id(&self) -> &Digest {
        &self.update_id
    }

    /// Compares what was read back from where the store was written.
    ///
    /// # Errors
    /// [`UpdateError::NotWritten`] if it is not the store, to the byte: the store in use stays in use.
    pub fn written(self, read_back: &[u8]) -> Result<WrittenTrustStore, Error> {
        if read_back != self.store.as_bytes() {
            return Err(UpdateError::NotWritten.into());
        }
        Ok(WrittenTrustStore { epoch: self.store.epoch() })
    }
}

impl WrittenTrustStore {
    /// What the epoch counter is raised to, now that the new store can not be lost.
    #[must_use]
    pub const fn epoch(&self) -> TrustEpoch {
        self.epoch
    }
}

/// Holds a trust store against the epoch counter: one that was replaced must never be used again (T-13, O-11).
///
/// # Errors
/// [`UpdateError::StoreReplaced`] if the counter is beyond the store's epoch.
pub fn hold_epoch(store: &TrustStore<'_>, counter: TrustEpoch) -> Result<(), UpdateError> {
    let present = store.epoch();
    if present < counter { Err(UpdateError::StoreReplaced { present, counter }) } else { Ok(()) }
}
