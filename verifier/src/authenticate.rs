//! THE decision: whether a bundle is sealed by those whom the trust store names (docs/procedure.md, V-1 to V-9).
//!
//! One rule covers hybrid, m-of-n and countersigning alike: a requirement is "at least n distinct anchors of this role", and an anchor
//! counts only if every one of its keys has a valid seal that names the anchor.

use core::fmt;
use core::hint::black_box;

use twinseal_formats::{
    AlgorithmClass, Anchor, AnchorKey, ClassId, Digest, Envelope, Fault, Manifest, ParseError, Role, Seal, Seals,
    Stage, ToBeSigned, TrustEpoch, TrustStore, VendorId,
};

use crate::algorithm::{SealVerifier, Verdict};
use crate::digest::Hasher;
use crate::error::{AuthenticateError, ConfigurationError, Error};
use crate::second_look::{self, Trail};

/// A device's trust, ready to decide: a trust store whose requirements can be met, and the algorithms that its keys need.
///
/// Made by `Verifier::new`, which examines every key, or by [`Verifier::from_write_protected`]; both are in the module `configure`.
#[derive(Clone, Copy)]
pub struct Verifier<'a> {
    pub(crate) store: TrustStore<'a>,
    pub(crate) algorithms: &'a [&'a dyn SealVerifier],
}

/// Proof that a manifest was sealed as the trust store demands, and the manifest, read from exactly the bytes that were sealed.
///
/// Only [`Verifier::authenticate`] makes one. It does not say that the release is for this device: see [`AuthenticManifest::admit`].
#[derive(Debug)]
#[must_use]
pub struct AuthenticManifest<'m> {
    pub(crate) manifest: Manifest<'m>,
    /// What it was read from.
    pub(crate) bytes: &'m [u8],
    pub(crate) release_id: Digest,
    pub(crate) frame: Frame,
    pub(crate) trust: TrustScope,
    pub(crate) trail: Trail,
}

/// Where the payloads of an enclosed release begin, and how many entries there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) size: usize,
    pub(crate) entries: usize,
}

/// What admission must know of the trust store that was used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrustScope {
    pub(crate) epoch: TrustEpoch,
    /// Whether the store is for the vendor and class that the release names.
    pub(crate) serves_release: bool,
}

impl<'a> Verifier<'a> {
    /// Decides whether the envelope's manifest is authentic, and only then reads it.
    ///
    /// `envelope` is untrusted. The order of the checks is fixed, so that device and host report the same first fault.
    ///
    /// # Errors
    /// [`Error::Authenticate`] if the seals do not satisfy the trust store; [`Error::Parse`] if the authentic bytes are no manifest of
    /// profile 1, or the envelope's number of entries fits no form of the release.
    pub fn authenticate<'m>(&self, envelope: &Envelope<'m>) -> Result<AuthenticManifest<'m>, Error> {
        let roles = [Role::Release, Role::Assessor];
        let trail = self.authenticate_object(envelope.seals(), envelope.sealed_bytes(), &roles)?;
        self.read_authentic(envelope, trail)
    }

    /// Reads what was just found to be authentic. Apart, as other parts of the decision are, so that none holds memory while seals are verified:
    /// what they need together decides how much stack a device must have.
    #[inline(never)]
    fn read_authentic<'m>(&self, envelope: &Envelope<'m>, trail: Trail) -> Result<AuthenticManifest<'m>, Error> {
        let release_id = *envelope.seals().digest();
        let manifest = Manifest::parse(envelope.manifest_bytes())?;
        if release_id.algorithm() != manifest.digest_algorithm() {
            return Err(ParseError::new(Stage::Manifest, Fault::DigestAlgorithm, 0).into());
        }
        if !manifest.allows_entries(envelope.entries()) {
            return Err(ParseError::new(Stage::Frame, Fault::Form, ENTRIES_OFFSET).into());
        }
        let frame = Frame { size: envelope.size(), entries: envelope.entries() };
        let serves_release = self.serves(manifest.vendor(), manifest.class());
        let trust = TrustScope { epoch: self.store.epoch(), serves_release };
        let trail = trail.besides(second_look::at_manifest_bytes(envelope));
        Ok(AuthenticManifest { manifest, bytes: envelope.manifest_bytes(), release_id, frame, trust, trail })
    }

    /// The trust store.
    #[must_use]
    pub const fn store(&self) -> &TrustStore<'a> {
        &self.store
    }

    /// Whether the trust store is for this vendor and class.
    pub(crate) fn serves(&self, vendor: VendorId, class: ClassId) -> bool {
        self.store.vendor() == vendor && self.store.classes().any(|one| one == class)
    }

    /// Holds the seals over `sealed_bytes` against every requirement of these roles. Gives back the trail of the second look, for the
    /// caller to hold against [`Trail::AUTHENTIC`].
    #[inline(never)]
    pub(crate) fn authenticate_object(
        &self,
        seals: &Seals<'_>,
        sealed_bytes: &[u8],
        roles: &[Role],
    ) -> Result<Trail, AuthenticateError> {
        let trail = self.compare_digest(seals.digest(), sealed_bytes)?;
        let mut valid = ValidAnchors::default();
        let mut verdicts = 0_u32;
        let mut anchors = self.store.anchors();
        // By reference, for what is moved stands on the stack twice while seals are verified.
        while let Some(anchor) = &anchors.next() {
            // An anchor that did not seal counts for nothing, and a seal by an unknown anchor is never looked at.
            if count(seals, anchor) > 0 {
                verdicts = verdicts.wrapping_add(self.verify_anchor(anchor, seals)?);
                valid.count(anchor.role());
            }
        }

        for requirement in self.store.requirements().filter(|requirement| roles.contains(&requirement.role)) {
            let (role, threshold, valid) = (requirement.role, requirement.threshold, valid.of(requirement.role));
            if valid < threshold {
                return Err(AuthenticateError::RequirementNotMet { role, valid, threshold });
            }
        }
        Ok(trail.authentic(second_look::at_seals(&self.store, seals, roles, verdicts)))
    }

    /// The digest is strong enough, and that of the sealed bytes. Gives back the trail.
    #[inline(never)]
    fn compare_digest(&self, digest: &Digest, sealed_bytes: &[u8]) -> Result<Trail, AuthenticateError> {
        let (algorithm, minimum) = (digest.algorithm(), self.store.minimum_digest());
        if algorithm < minimum {
            return Err(AuthenticateError::DigestTooWeak { algorithm, minimum });
        }
        match Hasher::digest(algorithm, sealed_bytes) {
            None => Err(AuthenticateError::DigestNotAvailable { algorithm }),
            Some(computed) if computed != *digest => Err(AuthenticateError::DigestMismatch),
            Some(computed) => {
                Ok(Trail::digest(second_look::difference(black_box(&computed).as_bytes(), digest.as_bytes())))
            }
        }
    }

    /// Demands a valid seal for every key of the anchor, and no further seal in its name. Gives back the sum of the verdicts.
    #[inline(never)]
    fn verify_anchor(&self, anchor: &Anchor<'_>, seals: &Seals<'_>) -> Result<u32, AuthenticateError> {
        sealed_by_all(anchor, seals)?;
        anchor.keys().try_fold(0_u32, |verdicts, key| {
            // By reference as well.
            let seal = &seal_of(seals, anchor, &key);
            let verdict = match seal {
                Ok(seal) => self.verify_seal(&key, seal, seals.digest_bytes())?,
                Err(missing) => return Err(*missing),
            };
            Ok(verdicts.wrapping_add(verdict.word()))
        })
    }

    #[inline(never)]
    fn verify_seal(
        &self,
        key: &AnchorKey<'_>,
        seal: &Seal<'_>,
        digest_bytes: &[u8],
    ) -> Result<Verdict, AuthenticateError> {
        let bad = match key.algorithm.class() {
            AlgorithmClass::Classical => AuthenticateError::ClassicalSealBad,
            _ => AuthenticateError::PostQuantumSealBad,
        };
        if seal.signature().len() != key.algorithm.signature_size() {
            return Err(AuthenticateError::SealSize { algorithm: key.algorithm });
        }
        // That every key has its algorithm was seen when this verifier was made; should it not, the seal is bad.
        let algorithm = available(self.algorithms, key).map_err(|_| bad)?;
        let Some(message) = &ToBeSigned::new(seal.protected(), digest_bytes) else { return Err(bad) };
        let verdict = algorithm.verdict(key.bytes, message.as_bytes(), seal.signature());
        if verdict == Verdict::valid(key.algorithm) { Ok(black_box(verdict)) } else { Err(bad) }
    }
}

impl fmt::Debug for Verifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("store", &self.store).finish_non_exhaustive()
    }
}

impl<'m> AuthenticManifest<'m> {
    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest<'m> {
        &self.manifest
    }

    /// The identity of the release: its SUIT digest. Never the digest of a file: seals can be replaced by other valid ones.
    #[must_use]
    pub const fn release_id(&self) -> &Digest {
        &self.release_id
    }
}

/// There is a seal for every key of the anchor, and no further one in its name. Apart, for it is no longer needed while seals are verified.
#[inline(never)]
fn sealed_by_all(anchor: &Anchor<'_>, seals: &Seals<'_>) -> Result<(), AuthenticateError> {
    for key in anchor.keys() {
        seal_of(seals, anchor, &key)?;
    }
    if count(seals, anchor) == anchor.keys().count() { Ok(()) } else { Err(AuthenticateError::SealSurplus) }
}

/// How many seals there are in an anchor's name.
#[inline(never)]
fn count(seals: &Seals<'_>, anchor: &Anchor<'_>) -> usize {
    seals.iter().filter(|seal| seal.anchor() == anchor.id()).count()
}

/// The seal in an anchor's name that is by this key's algorithm.
#[inline(never)]
fn seal_of<'a>(seals: &Seals<'a>, anchor: &Anchor<'_>, key: &AnchorKey<'_>) -> Result<Seal<'a>, AuthenticateError> {
    let missing = match key.algorithm.class() {
        AlgorithmClass::Classical => AuthenticateError::ClassicalSealMissing,
        _ => AuthenticateError::PostQuantumSealMissing,
    };
    let cose = key.algorithm.cose();
    seals.iter().find(|seal| seal.anchor() == anchor.id() && seal.cose_algorithm() == cose).ok_or(missing)
}

/// The verifier of a key: out of those that were given, the first of its algorithm that serves it.
pub(crate) fn available<'a>(
    algorithms: &'a [&'a dyn SealVerifier],
    key: &AnchorKey<'_>,
) -> Result<&'a dyn SealVerifier, ConfigurationError> {
    algorithms
        .iter()
        .copied()
        .find(|algorithm| algorithm.algorithm() == key.algorithm && algorithm.serves(key.bytes))
        .ok_or(ConfigurationError::AlgorithmNotAvailable { algorithm: key.algorithm })
}

/// How many anchors of each role sealed, all of whose keys did.
///
/// Anchors are distinct in a store, so going through the store counts each once, however often it sealed.
#[derive(Default)]
struct ValidAnchors {
    root: u8,
    release: u8,
    assessor: u8,
}

impl ValidAnchors {
    fn count(&mut self, role: Role) {
        let counter = match role {
            Role::Root => &mut self.root,
            Role::Release => &mut self.release,
            Role::Assessor => &mut self.assessor,
            _ => return,
        };
        *counter = counter.saturating_add(1);
    }

    const fn of(&self, role: Role) -> u8 {
        match role {
            Role::Root => self.root,
            Role::Release => self.release,
            Role::Assessor => self.assessor,
            _ => 0,
        }
    }
}

/// Where the number of entries stands: behind the tag.
const ENTRIES_OFFSET: u32 = 2;
