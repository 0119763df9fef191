//! What the device's code says beside what others say, for the seals and the reading of one envelope.

use ring::digest;
use twinseal_formats::{
    AnchorId, Digest, DigestAlgorithm, Envelope, Manifest, Role, Seal, SealAlgorithm, ToBeSigned, TrustStore,
};
use twinseal_verifier::SealVerifier;

use super::verify;
use crate::store::ALGORITHMS;
use crate::suit_view::SuitView;

/// Two verdicts on one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two sides")]
pub struct Sides {
    /// The code that runs on the device.
    pub device: bool,
    /// The implementation that has no line in common with it.
    pub second: bool,
}

impl Sides {
    /// Whether both say the same.
    #[must_use]
    pub const fn agree(self) -> bool {
        self.device == self.second
    }

    /// Whether both say yes.
    #[must_use]
    pub const fn both(self) -> bool {
        self.device && self.second
    }
}

/// What is known of one seal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SealOpinion {
    /// The anchor it names.
    pub anchor: AnchorId,
    /// Its algorithm as the seal has it.
    pub cose_algorithm: i64,
    /// Its algorithm, if it is one of profile 1.
    pub algorithm: Option<SealAlgorithm>,
    /// What the trust store calls the anchor, and its role there.
    pub known_as: Option<(String, Role)>,
    /// Both verdicts; `None` if the trust store has no key for it.
    pub valid: Option<Sides>,
    /// How many bytes of signature it has.
    pub size: usize,
}

/// Everything that was asked twice.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SecondReading {
    /// The seals, in their order.
    pub seals: Vec<SealOpinion>,
    /// Whether the digest in the seals is that of the manifest.
    pub digest: Sides,
    /// Where the second reader read something else, in words.
    pub differences: Vec<String>,
}

impl SecondReading {
    /// Every disagreement in words; none is how it must be.
    #[must_use]
    pub fn disagreements(&self) -> Vec<String> {
        let mut found = self.differences.clone();
        if !self.digest.agree() {
            found.push(format!("the digest of the manifest: {}", words(self.digest)));
        }
        for seal in &self.seals {
            if let Some(sides) = seal.valid.filter(|sides| !sides.agree()) {
                let algorithm = seal.algorithm.map_or("unknown", SealAlgorithm::name);
                found.push(format!("the {algorithm} seal by {}: {}", seal.anchor, words(sides)));
            }
        }
        found
    }
}

fn words(sides: Sides) -> String {
    let word = |yes| if yes { "valid" } else { "not valid" };
    format!("{} to the device's code, {} to the second implementation", word(sides.device), word(sides.second))
}

/// Asks a second time: reads the frame anew, computes the digest anew, and verifies every seal that the store has a key for.
///
/// `authenticated` is whether the device's code accepted the seals; if it did, its verdict on each is known already.
#[must_use]
pub fn ask(
    frame: &[u8],
    envelope: &Envelope<'_>,
    store: Option<&TrustStore<'_>>,
    authenticated: bool,
) -> SecondReading {
    let seals = envelope.seals();
    let opinions = seals.iter().map(|seal| opinion(&seal, seals.digest_bytes(), store, authenticated)).collect();
    let own = twinseal_verifier::Hasher::digest(seals.digest().algorithm(), envelope.sealed_bytes());
    let digest = Sides {
        device: authenticated || own.as_ref() == Some(seals.digest()),
        second: holds(envelope.sealed_bytes(), seals.digest()),
    };
    SecondReading { seals: opinions, digest, differences: differences(frame, envelope) }
}

fn opinion(seal: &Seal<'_>, digest_bytes: &[u8], store: Option<&TrustStore<'_>>, authenticated: bool) -> SealOpinion {
    let anchor = store.and_then(|store| store.anchors().find(|anchor| anchor.id() == seal.anchor()));
    let key = anchor.and_then(|anchor| anchor.keys().find(|key| key.algorithm.cose() == seal.cose_algorithm()));
    SealOpinion {
        anchor: seal.anchor(),
        cose_algorithm: seal.cose_algorithm(),
        algorithm: SealAlgorithm::from_cose(seal.cose_algorithm()),
        known_as: anchor.map(|anchor| (anchor.label().to_owned(), anchor.role())),
        valid: key.map(|key| Sides {
            device: authenticated || device_verifies(key.algorithm, key.bytes, seal, digest_bytes),
            second: verify(key.algorithm, key.bytes, seal, digest_bytes),
        }),
        size: seal.signature().len(),
    }
}

fn device_verifies(algorithm: SealAlgorithm, key: &[u8], seal: &Seal<'_>, digest_bytes: &[u8]) -> bool {
    let verifier: Option<&&dyn SealVerifier> = ALGORITHMS.iter().find(|one| one.algorithm() == algorithm);
    let message = ToBeSigned::new(seal.protected(), digest_bytes);
    verifier.zip(message).is_some_and(|(verifier, message)| {
        seal.signature().len() == algorithm.signature_size()
            && verifier.verify(key, message.as_bytes(), seal.signature()).is_ok()
    })
}

/// Whether bytes have that digest, as `ring` computes it.
fn holds(bytes: &[u8], digest: &Digest) -> bool {
    let algorithm = match digest.algorithm() {
        DigestAlgorithm::Sha256 => &digest::SHA256,
        DigestAlgorithm::Sha384 => &digest::SHA384,
        _ => &digest::SHA512,
    };
    digest::digest(algorithm, bytes).as_ref() == digest.as_bytes()
}

/// Compares everything that decides with what the second reader reads out of the same bytes.
fn differences(frame: &[u8], envelope: &Envelope<'_>) -> Vec<String> {
    let view = match SuitView::read_frame(frame) {
        Ok(view) => view,
        // It reads the manifest together with the frame. One that our reader refuses too is no disagreement.
        Err(_) if Manifest::parse(envelope.manifest_bytes()).is_err() => return Vec::new(),
        Err(error) => return vec![format!("the second reader does not read this envelope: {error}")],
    };
    let mut found = Vec::new();
    let mut same = |what: &str, holds: bool| {
        if !holds {
            found.push(format!("the second reader reads another {what}"));
        }
    };
    let seals = envelope.seals();
    same("tag", view.tagged);
    same("number of entries", usize::try_from(view.entries) == Ok(envelope.entries()));
    same("digest", view.digest_bytes == seals.digest_bytes() && same_digest(Some(view.digest), seals.digest()));
    same("manifest", view.manifest_bytes == envelope.manifest_bytes());
    same("sealed range", view.sealed_bytes == envelope.sealed_bytes());
    same("number of seals", view.seals.len() == seals.count());
    for (seal, viewed) in seals.iter().zip(&view.seals) {
        let equal = viewed.tag == 18
            && viewed.protected == seal.protected()
            && viewed.algorithm == Some(seal.cose_algorithm())
            && viewed.key_id == Some(&seal.anchor().0[..])
            && viewed.object_type == Some(seals.seal_type().text())
            && viewed.signature == seal.signature();
        same("seal", equal);
    }
    // A manifest that our reader refuses has no second meaning to compare.
    if let Ok(manifest) = Manifest::parse(envelope.manifest_bytes()) {
        compare_manifest(&view, &manifest, &mut same);
    }
    found
}

fn compare_manifest(view: &SuitView<'_>, manifest: &Manifest<'_>, same: &mut impl FnMut(&str, bool)) {
    let viewed = &view.manifest;
    same("manifest version", viewed.version == Some(1));
    same("sequence number", viewed.sequence_number == Some(manifest.sequence_number().0));
    same("number of components", viewed.component_ids.len() == manifest.component_count());
    same("number of components", viewed.parameters.len() == manifest.component_count());
    for (component, (id, parameters)) in manifest.components().zip(viewed.component_ids.iter().zip(&viewed.parameters))
    {
        same("component id", *id == [component.id().as_bytes()]);
        same("component index", parameters.component == Some(component.index().into()));
        same("vendor id", parameters.vendor == Some(&manifest.vendor().0[..]));
        same("class id", parameters.class == Some(&manifest.class().0[..]));
        same("image digest", same_digest(parameters.digest, component.digest()));
        same("image size", parameters.size == Some(component.size()));
    }
    let extensions = viewed.extensions.and_then(extensions);
    let expected = Extensions {
        profile: 1,
        version: manifest.release_version(),
        security_version: manifest.security_version().0,
        minimum_trust_epoch: manifest.minimum_trust_epoch().0,
        evidence: manifest.evidence().map(|evidence| (evidence.count, evidence.digest.as_bytes().to_vec())),
    };
    same("set of extensions", extensions == Some(expected));
}

fn same_digest(viewed: Option<(i64, &[u8])>, digest: &Digest) -> bool {
    viewed == Some((digest.algorithm().cose(), digest.as_bytes()))
}

#[derive(PartialEq, Eq)]
struct Extensions<'b> {
    profile: u8,
    version: &'b str,
    security_version: u32,
    minimum_trust_epoch: u32,
    evidence: Option<(u8, Vec<u8>)>,
}

/// Our extensions as `minicbor` reads them; `None` if they are not these.
fn extensions(bytes: &[u8]) -> Option<Extensions<'_>> {
    let mut reader = minicbor::Decoder::new(bytes);
    let entries = reader.map().ok()??;
    let key = |reader: &mut minicbor::Decoder<'_>, expected| (reader.u8().ok()? == expected).then_some(());
    key(&mut reader, 1)?;
    let profile = reader.u8().ok()?;
    key(&mut reader, 2)?;
    let version = reader.str().ok()?;
    key(&mut reader, 3)?;
    let security_version = reader.u32().ok()?;
    key(&mut reader, 4)?;
    let minimum_trust_epoch = reader.u32().ok()?;
    let evidence = if entries == 5 {
        key(&mut reader, 5)?;
        (reader.array().ok()?? == 2).then_some(())?;
        Some((reader.u8().ok()?, reader.bytes().ok()?.to_vec()))
    } else {
        None
    };
    (reader.position() == bytes.len()).then_some(Extensions {
        profile,
        version,
        security_version,
        minimum_trust_epoch,
        evidence,
    })
}
