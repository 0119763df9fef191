//! Trust updates on a host: made of two stores and seals, and believed only when a device's own code takes them.

use std::io::Write as _;
use std::path::Path;

use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{Digest, DigestAlgorithm, SealAlgorithm, TrustStore, TrustUpdate, TrustUpdateBody};
use twinseal_verifier::Hasher;

use crate::ceremony::{Object, holds};
use crate::error::{Failure, Result, name};
use crate::errors::Refusal;
use crate::identity::PublicIdentity;
use crate::journal::{Act, Journal, Sealer, Taken};
use crate::output::{Mode, NewFile, Overwrite, unwritable};
use crate::store;

/// The longest trust update that is read: the longest seals, a store, and room.
pub const LONGEST: u64 = 1 << 18;

/// What is to be sealed so that one store takes the place of another. Its digests match the strongest key of either store.
///
/// # Errors
///
/// A store is none.
pub fn object(present: &[u8], next: &[u8]) -> Result<Object> {
    let mut algorithm = DigestAlgorithm::Sha256;
    for bytes in [present, next] {
        let store = TrustStore::parse(bytes).map_err(|error| Failure::new("a trust store is none").because(error))?;
        let keys = store.anchors().flat_map(|anchor| anchor.keys());
        let strongest = keys.map(|key| key.algorithm).max().unwrap_or(SealAlgorithm::Ed25519);
        algorithm = algorithm.max(DigestAlgorithm::matching(strongest)).max(store.minimum_digest());
    }
    let replaces =
        Hasher::digest(algorithm, present).ok_or_else(|| Failure::new(format!("{algorithm} is not compiled in")))?;
    let body = encode::trust_update_body(&replaces, next)
        .map_err(|error| Failure::new("the trust update can not be written").because(error))?;
    Ok(Object::trust_update(body, present.to_vec()))
}

/// A trust update that was written.
#[derive(Debug)]
#[non_exhaustive]
pub struct Written {
    /// Its identity.
    pub update_id: Digest,
    /// Its size.
    pub size: usize,
    /// The journal's line.
    pub line: Option<u64>,
}

/// Writes a trust update with these seals, after a device's own code, and another implementation of each algorithm, have taken it.
///
/// # Errors
///
/// A device with the replaced store would refuse it, or it can't be written. No file appears then.
pub fn write(
    object: &Object,
    seals: &[NewSeal],
    identities: &[PublicIdentity],
    out: &Path,
    overwrite: Overwrite,
    journal: Option<&mut Journal>,
) -> Result<core::result::Result<Written, Taken>> {
    let not_written = |error| Failure::new("the trust update can not be written").because(error);
    let update_id = object.digest().map_err(not_written)?;
    let bytes = encode::trust_update(&update_id, seals, &object.contents).map_err(not_written)?;
    let present = store::open(&object.store).map_err(refused)?;
    let update = TrustUpdate::parse(&bytes).map_err(not_written)?;
    present.authenticate_trust_update(&update).map(|_| ()).map_err(refused)?;
    for seal in update.seals().iter() {
        let identity = identities.iter().find(|identity| identity.anchor_id() == seal.anchor());
        let keys = identity.map(PublicIdentity::keys).unwrap_or_default();
        let key = keys.iter().find(|key| key.algorithm().cose() == seal.cose_algorithm());
        if !key.is_some_and(|key| holds(key, seal.anchor(), object, seal.signature())) {
            return Err(Failure::new("a seal of the trust update does not verify")
                .remedy("nothing was kept; try again, and look at the machine"));
        }
    }

    let mut new = NewFile::create(out, overwrite, Mode::Public)?;
    new.write_all(&bytes).and_then(|()| new.file().sync_all()).map_err(|error| unwritable(out, error))?;
    if std::fs::read(new.path()).map_err(|error| unwritable(out, error))? != bytes {
        return Err(Failure::new(format!("{}: was not written as it is", name(out))));
    }
    let line = match journal {
        None => None,
        Some(journal) => match journal.append(&act(object, identities)?)? {
            Ok(appended) => Some(appended.line()),
            Err(taken) => return Ok(Err(taken)),
        },
    };
    new.commit()?;
    Ok(Ok(Written { update_id, size: bytes.len(), line }))
}

/// Whether the journal has another update that replaces the same store. Asked before anything is signed; [`write()`] asks again.
///
/// # Errors
///
/// The journal can't be read, or the object is no trust update.
pub fn taken(object: &Object, journal: &mut Journal) -> Result<Option<Taken>> {
    journal.taken(&act(object, &[])?)
}

/// What a journal says of it.
fn act(object: &Object, identities: &[PublicIdentity]) -> Result<Act> {
    let not_read = |error| Failure::new("the trust update can not be read back").because(error);
    let body = TrustUpdateBody::parse(&object.contents).map_err(not_read)?;
    let digests = DigestAlgorithm::ALL.into_iter().filter_map(|algorithm| Hasher::digest(algorithm, &object.store));
    Ok(Act::TrustUpdate {
        vendor_id: body.store().vendor().to_string(),
        epoch: body.store().epoch().0,
        replaces: body.replaces().to_string(),
        update_id: object.digest().map_err(not_read)?.to_string(),
        sealed_by: identities.iter().map(Sealer::from).collect(),
        replaces_also: digests.map(|digest| digest.to_string()).collect(),
    })
}

fn refused(error: impl Into<twinseal_verifier::Error>) -> Failure {
    let refusal = Refusal::from(error.into());
    Failure::new(format!("no trust update was written, because every device would refuse it: {refusal}"))
        .remedy(refusal.remedy)
}
