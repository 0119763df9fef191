//! Whether images are what an admitted manifest says, by pull: the verifier reads (docs/procedure.md, V-20 to V-26).

use core::hint::black_box;
use core::marker::PhantomData;

use twinseal_formats::{Component, Digest, EntryHead, Manifest, ParseError, SecurityVersion};

use crate::admit::{AdmittedManifest, Boot, Procedure};
use crate::digest::Hasher;
use crate::error::{AdmitError, AuthenticateError, ConfigurationError, Error, ImageError};
use crate::second_look::{Trail, difference};
use crate::storage::{Extent, Refused, Source, Storage, StorageFault};

/// Proof that every image in a storage is the one that an admitted release names; it owns the storage it was checked in.
///
/// `P` says whether it was reached for installing or for booting. Only `VerifiedUpdate<Install, _>` can be activated, only
/// `VerifiedUpdate<Boot, _>` can raise the rollback counter. Only this crate makes one.
#[derive(Debug)]
#[must_use]
pub struct VerifiedUpdate<'m, P: Procedure, S> {
    manifest: Manifest<'m>,
    release_id: Digest,
    storage: S,
    pub(crate) trail: Trail,
    procedure: PhantomData<P>,
}

impl<'m, P: Procedure, S> VerifiedUpdate<'m, P, S> {
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

    /// Holds the whole road against what its second looks left: the last thing before a device starts or activates what is in the
    /// storage (O-7). Without a fault in the processor it never refuses.
    ///
    /// # Errors
    /// [`ImageError::Fault`]: this proof did not come about as it should have. Nothing may be started.
    #[inline(never)]
    pub fn affirm(&self) -> Result<(), Error> {
        if self.trail.is(Trail::VERIFIED) { Ok(()) } else { Err(ImageError::Fault.into()) }
    }

    /// The storage that was checked.
    #[must_use]
    pub const fn storage(&self) -> &S {
        &self.storage
    }

    /// Gives the proof up for the storage.
    #[must_use]
    pub fn into_storage(self) -> S {
        self.storage
    }
}

impl<S> VerifiedUpdate<'_, Boot, S> {
    /// What the rollback counter may be raised to once this release has booted and confirmed itself.
    #[must_use]
    pub const fn confirmed_security_version(&self) -> SecurityVersion {
        self.manifest.security_version()
    }
}

impl<'m, P: Procedure> AdmittedManifest<'m, P> {
    /// Reads every image out of `storage` and compares its digest. `scratch` is working memory of any size but zero.
    ///
    /// # Errors
    /// [`Refused`] with [`Error::Image`] by the first image that is not what the manifest says.
    pub fn verify_images<S: Storage>(
        self,
        mut storage: S,
        scratch: &mut [u8],
    ) -> Result<VerifiedUpdate<'m, P, S>, Refused<S>> {
        match verify_all(&self, &mut storage, scratch) {
            Ok(trail) => Ok(self.verified(storage, trail)),
            Err(error) => Err(Refused::new(error, storage)),
        }
    }

    /// The same for a bundle whose payloads lie in its envelope. `source` is the whole bundle, from its first byte on.
    ///
    /// The places of the payloads follow from the manifest; what the envelope says of them is compared, never used.
    ///
    /// # Errors
    /// [`Refused`] with [`Error::Parse`] if a payload does not stand where it must, [`Error::Image`] as
    /// [`verify_images`](Self::verify_images).
    pub fn verify_enclosed<S: Source>(
        self,
        mut source: S,
        scratch: &mut [u8],
    ) -> Result<VerifiedUpdate<'m, P, S>, Refused<S>> {
        match self.verify_payloads(&mut source, scratch) {
            Ok(trail) => Ok(self.verified(source, trail)),
            Err(error) => Err(Refused::new(error, source)),
        }
    }

    /// Whether the envelope's number of entries leaves room for the payloads (F-8).
    pub(crate) fn encloses_payloads(&self) -> bool {
        let with_payloads = self.manifest.component_count().saturating_add(2);
        let evidence = self.manifest.evidence_entries();
        self.frame.entries == with_payloads || self.frame.entries == with_payloads.saturating_add(evidence)
    }

    /// Ends the road; the caller has just seen every image in `storage` match.
    pub(crate) fn verified<S>(self, storage: S, trail: Trail) -> VerifiedUpdate<'m, P, S> {
        VerifiedUpdate { manifest: self.manifest, release_id: self.release_id, storage, trail, procedure: PhantomData }
    }

    /// The trail so far, if the second look of admission found nothing to differ either.
    pub(crate) fn trail(&self) -> Result<Trail, AdmitError> {
        let owing = Trail::owing(self.manifest.component_count());
        if self.trail.is(owing) { Ok(self.trail) } else { Err(AdmitError::Fault) }
    }

    /// Apart, so that what hashing needs is not held while seals are verified, should the whole road become one function.
    #[inline(never)]
    fn verify_payloads<S: Source>(&self, source: &mut S, scratch: &mut [u8]) -> Result<Trail, Error> {
        let mut trail = self.trail()?;
        if !self.encloses_payloads() {
            return Err(ImageError::NotEnclosed.into());
        }
        let mut position = u64::try_from(self.frame.size).unwrap_or(u64::MAX);
        for component in self.manifest.components() {
            let index = component.index();
            let read_fault = |StorageFault| ImageError::ReadFault { component: index };
            let left = source.size().map_err(read_fault)?.saturating_sub(position);

            let head = EntryHead::payload(index, component.size());
            let head_size = u64::try_from(head.as_bytes().len()).unwrap_or(u64::MAX);
            let mut found = [0; EntryHead::MAX];
            let there = usize::try_from(left.min(head_size)).unwrap_or(EntryHead::MAX);
            let found = found.get_mut(..there).unwrap_or_default();
            // A source that ends in front of the head is not asked for bytes behind its end.
            if !found.is_empty() {
                source.read(position, found).map_err(read_fault)?;
            }
            head.compare(found).map_err(|error| at(error, position))?;

            if left.saturating_sub(head_size) < component.size() {
                return Err(ImageError::Truncated { component: index }.into());
            }
            let start = position.saturating_add(head_size);
            trail = compare_digest(&component, trail, scratch, &mut |offset, buffer| {
                source.read(start.saturating_add(offset), buffer)
            })?;
            position = start.saturating_add(component.size());
        }
        Ok(trail)
    }
}

/// Sees that every image has its place, then reads each and compares it with its component. Apart, as `verify_payloads` is.
#[inline(never)]
pub(crate) fn verify_all<P: Procedure, S: Storage>(
    admitted: &AdmittedManifest<'_, P>,
    storage: &mut S,
    scratch: &mut [u8],
) -> Result<Trail, Error> {
    let (manifest, trail) = (&admitted.manifest, admitted.trail()?);
    manifest.components().try_for_each(|component| fits(&component, storage))?;
    manifest.components().try_fold(trail, |trail, component| {
        let index = component.index();
        compare_digest(&component, trail, scratch, &mut |offset, buffer| storage.read(index, offset, buffer))
    })
}

/// Whether an image fits what there is under its component.
pub(crate) fn fits<S: Storage>(component: &Component<'_>, storage: &mut S) -> Result<(), Error> {
    let (index, size) = (component.index(), component.size());
    match storage.extent(index).map_err(|StorageFault| ImageError::ReadFault { component: index })? {
        None => Err(ImageError::Missing { component: index }.into()),
        Some(Extent::Exactly(found)) if found != size => {
            Err(ImageError::SizeMismatch { component: index, expected: size, found }.into())
        }
        Some(Extent::Room(room)) if room < size => Err(ImageError::TooLarge { component: index, size, room }.into()),
        Some(_) => Ok(()),
    }
}

/// Fills a buffer from an image's bytes at an offset.
type Read<'a> = dyn FnMut(u64, &mut [u8]) -> Result<(), StorageFault> + 'a;

/// Hashes an image in pieces as large as `scratch` and compares the digest, twice: gives back the trail behind the image. Not what the second look
/// found, for that is zero where all is well, and zero is what a caller who misses the refusal finds as well. One function for all storage,
/// for a device has several kinds.
#[inline(never)]
fn compare_digest(
    component: &Component<'_>,
    trail: Trail,
    scratch: &mut [u8],
    read: &mut Read<'_>,
) -> Result<Trail, Error> {
    let index = component.index();
    let algorithm = component.digest().algorithm();
    let mut hasher = Hasher::new(algorithm).ok_or(AuthenticateError::DigestNotAvailable { algorithm })?;
    if scratch.is_empty() {
        return Err(ConfigurationError::NoScratch.into());
    }
    let most = u64::try_from(scratch.len()).unwrap_or(u64::MAX);
    let mut offset: u64 = 0;
    while offset < component.size() {
        let left = component.size().saturating_sub(offset);
        let take = left.min(most);
        let piece = usize::try_from(take).ok().and_then(|take| scratch.get_mut(..take)).unwrap_or_default();
        read(offset, piece).map_err(|StorageFault| ImageError::ReadFault { component: index })?;
        hasher.update(piece);
        offset = offset.saturating_add(take);
    }
    match hasher.finish() {
        Some(computed) if computed == *component.digest() => {
            let found = difference(black_box(&computed).as_bytes(), black_box(component).digest().as_bytes());
            Ok(trail.image(index, found))
        }
        _ => Err(ImageError::DigestMismatch { component: index }.into()),
    }
}

/// Moves an error's offset from the start of a head to the start of the bundle.
pub(crate) fn at(error: ParseError, position: u64) -> Error {
    let offset = u32::try_from(position.saturating_add(error.offset.into())).unwrap_or(u32::MAX);
    ParseError::new(error.stage, error.fault, offset).into()
}
