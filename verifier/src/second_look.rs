//! The second look (ADR 31): every decision once more, from its inputs, by other instructions than the first.
//!
//! Whoever can make a processor leave out an instruction can make it miss a refusal. So what decides is looked at twice. The first look
//! branches and says why it refuses. This one never refuses: it reads the inputs again, adds up what differs, and leaves a word on the
//! [`Trail`], which the next step holds against the word that only a road without differences leaves.

use core::hint::black_box;

use twinseal_formats::{DigestAlgorithm, Envelope, Manifest, Role, Seals, TrustStore};

use crate::admit::{ConfirmedRelease, Device, Procedure};
use crate::algorithm::Verdict;
use crate::authenticate::AuthenticManifest;

/// What the second look has left so far: a word for each step, plus what it found to differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) struct Trail(u32);

impl Trail {
    /// Behind the digest. No word is zero: what a register or the stack holds by itself is no trail.
    const DIGEST: Self = Self(0x93C5_5A2E);
    /// Behind the seals.
    pub(crate) const AUTHENTIC: Self = Self(0x2D96_B4E3);
    /// Behind the last image.
    pub(crate) const VERIFIED: Self = Self(0x5C3A_E917);

    /// The trail behind the digest; `found` is zero if nothing differed.
    pub(crate) fn digest(found: u32) -> Self {
        Self(black_box(found).wrapping_add(Self::DIGEST.0))
    }

    /// The same trail behind the seals.
    pub(crate) fn authentic(self, found: u32) -> Self {
        let step = Self::AUTHENTIC.0.wrapping_sub(Self::DIGEST.0);
        Self(self.0.wrapping_add(step).wrapping_add(black_box(found)))
    }

    /// The same trail, and what was found besides.
    pub(crate) fn besides(self, found: u32) -> Self {
        Self(self.0.wrapping_add(black_box(found)))
    }

    /// The same trail behind admission. It owes a word for each component now.
    pub(crate) fn admitted(self, admission: Admission) -> Self {
        let step = Self::VERIFIED.0.wrapping_sub(Self::AUTHENTIC.0);
        Self(self.0.wrapping_add(step).wrapping_add(admission.owed).wrapping_add(black_box(admission.found)))
    }

    /// The same trail behind an image. Each component pays another word, so that none stands for another.
    pub(crate) fn image(self, component: u8, found: u32) -> Self {
        Self(self.0.wrapping_sub(word(component)).wrapping_add(black_box(found)))
    }

    /// What is left behind admission of a release with so many components.
    pub(crate) fn owing(components: usize) -> Self {
        (0..).take(components).fold(Self::VERIFIED, |trail, component| Self(trail.0.wrapping_add(word(component))))
    }

    /// Whether this is that trail.
    pub(crate) fn is(self, other: Self) -> bool {
        black_box(self.0) ^ other.0 == 0
    }
}

/// What the second look leaves of admission: what differs, and the words that the components owe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admission {
    found: u32,
    owed: u32,
}

/// The word of a component.
fn word(component: u8) -> u32 {
    0xB5A6_1D3B_u32.rotate_left(component.into())
}

/// V-2 to V-7 again: what differs between seals and trust store. `verdicts` is the sum of what the algorithms said in the first look.
#[inline(never)]
pub(crate) fn at_seals(store: &TrustStore<'_>, seals: &Seals<'_>, roles: &[Role], verdicts: u32) -> u32 {
    let (store, seals, roles) = (black_box(store), black_box(seals), black_box(roles));
    let sealed = seals.digest();
    let mut found = shortfall(strength(sealed.algorithm()), strength(store.minimum_digest()));

    let (mut owed, mut held) = (0_u32, 0_u32);
    for requirement in store.requirements() {
        let mut anchors = 0_u64;
        for anchor in store.anchors().filter(|anchor| anchor.role() == requirement.role) {
            let own = seals.iter().filter(|seal| seal.anchor() == anchor.id()).count();
            if own > 0 {
                anchors = anchors.wrapping_add(1);
                owed = anchor.keys().fold(owed, |owed, key| owed.wrapping_add(Verdict::valid(key.algorithm).word()));
                found |= u32::from(own != anchor.keys().count());
            }
        }
        if roles.contains(&requirement.role) {
            found |= shortfall(anchors, requirement.threshold.into());
            held = held.wrapping_add(1);
        }
    }
    found | verdicts ^ owed | u32::from(held == 0)
}

/// V-4 again: zero if the manifest's bytes are the end of what was sealed.
#[inline(never)]
pub(crate) fn at_manifest_bytes(envelope: &Envelope<'_>) -> u32 {
    not_the_end(black_box(envelope.manifest_bytes()), black_box(envelope.sealed_bytes()))
}

/// Zero if these bytes are the end of those: there, not only as they are.
#[inline(always)]
fn not_the_end(bytes: &[u8], sealed: &[u8]) -> u32 {
    let end = sealed.len().checked_sub(bytes.len()).and_then(|head| sealed.get(head..));
    u32::from(!end.is_some_and(|end| core::ptr::eq(end, bytes)))
}

/// V-11 to V-17 again: what differs between the release and what the device may take. The manifest is read again as well (V-8), for
/// what is copied can be copied badly.
#[inline(never)]
pub(crate) fn at_admission<P: Procedure>(authentic: &AuthenticManifest<'_>, device: &Device<'_>) -> Admission {
    let mut admission = at_any_admission(authentic, device);
    if P::INSTALLS {
        admission.found |= at_installing(authentic, device);
    }
    admission
}

/// What counts for every procedure: V-11 to V-15.
#[inline(never)]
fn at_any_admission(authentic: &AuthenticManifest<'_>, device: &Device<'_>) -> Admission {
    let (authentic, device) = (black_box(authentic), black_box(device));
    let AuthenticManifest { manifest, trust, .. } = authentic;
    let again = Manifest::parse(authentic.bytes).is_ok_and(|again| again == *manifest);
    let mut found = u32::from(!again)
        | difference(&manifest.vendor().0, &device.vendor.0)
        | difference(&manifest.class().0, &device.class.0)
        | u32::from(!trust.serves_release);
    let (mut components, mut owed) = (0_usize, 0_u32);
    for (component, present) in manifest.components().zip(device.components) {
        found |= difference(component.id_bytes(), present.as_bytes());
        components = components.wrapping_add(1);
        owed = owed.wrapping_add(word(component.index()));
    }
    found |= u32::from(components != device.components.len()) | u32::from(components != manifest.component_count());

    found |= shortfall(manifest.security_version().0.into(), device.counter.0.into());
    Admission { found, owed }
}

/// What counts for installing besides: V-16 and V-17.
#[inline(never)]
fn at_installing(authentic: &AuthenticManifest<'_>, device: &Device<'_>) -> u32 {
    let (authentic, device) = (black_box(authentic), black_box(device));
    let AuthenticManifest { manifest, release_id, trust, .. } = authentic;
    let mut found = shortfall(device.counter_limit.0.into(), manifest.security_version().0.into());
    found |= shortfall(trust.epoch.0.into(), manifest.minimum_trust_epoch().0.into());
    if let Some(ConfirmedRelease { sequence_number, release_id: installed }) = &device.confirmed {
        let offered = manifest.sequence_number().0;
        found |= shortfall(offered, sequence_number.0);
        // All ones if the numbers are equal: then the identities count.
        let equal = !(shortfall(offered, sequence_number.0) | shortfall(sequence_number.0, offered));
        found |= equal & difference(release_id.as_bytes(), installed.as_bytes());
    }
    found
}

/// Zero if these bytes are those; else another word.
#[inline(never)]
pub(crate) fn difference(one: &[u8], other: &[u8]) -> u32 {
    let bytes = one.iter().zip(other).fold(0, |found, (one, other)| found | u32::from(black_box(*one) ^ *other));
    bytes | u32::from(one.len() != other.len())
}

/// Zero if the number reaches what is demanded; else all ones.
#[inline(never)]
fn shortfall(number: u64, demanded: u64) -> u32 {
    let (_, borrowed) = black_box(number).overflowing_sub(black_box(demanded));
    0_u32.wrapping_sub(borrowed.into())
}

/// Digests by their length, which is their strength.
fn strength(algorithm: DigestAlgorithm) -> u64 {
    u64::try_from(algorithm.size()).unwrap_or(0)
}

#[cfg(all(test, feature = "sha256"))]
mod tests;
