//! Sealing a release: stream the payloads once, sign, and believe nothing until the written file was read back (design decision D10).

use std::fs;
use std::path::Path;

use twinseal_formats::encode::{self, NewSeal};
use twinseal_formats::{ClassId, Digest, DigestAlgorithm, SealType, ToBeSigned, VendorId};
use twinseal_verifier::Verifier;

use crate::bundle::Bundle;
use crate::error::{Failure, Result, name};
use crate::evidence::Finding;
use crate::identity::{PublicIdentity, SigningIdentity};
use crate::ids;
use crate::journal::{Act, Journal, Sealer, Taken};
use crate::key::VerifyingKey;
use crate::output::{Mode, NewFile, Overwrite, exists};
use crate::parallel;
use crate::progress::Progress;
use crate::release::ReleaseFile;

mod evidence;
mod input;
mod layout;
mod read_back;

pub(crate) use crate::second_opinion::agrees;
pub use crate::second_opinion::{Disagreement, second_opinion};
pub use input::Flattened;

use input::{Component, Evidence};

/// What does not fit about evidence: the name of the file, what it is, and words for people.
pub type Findings = Vec<(String, Finding, String)>;

/// What was sealed.
#[derive(Debug)]
pub struct Sealed {
    /// The identity of the release.
    pub release_id: Digest,
    /// The size of the bundle.
    pub size: u64,
    /// How many seals other implementations verified as well.
    pub seals: usize,
    /// What conversions from Intel HEX or ELF did, by component.
    pub flattened: Vec<Flattened>,
    /// What does not fit about the evidence, by the name of the file.
    pub findings: Findings,
    /// The journal's line, if there is a journal.
    pub line: Option<u64>,
    /// The bundle was there already, of this very release, and was verified again; nothing was sealed or written.
    pub existing: bool,
}

/// Where a bundle goes, and what must hold before it appears.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a caller must state every condition")]
pub struct Target<'a> {
    /// The file.
    pub out: &'a Path,
    /// Whether it may replace another.
    pub overwrite: Overwrite,
    /// A device's trust store whose requirements the seals must meet.
    pub trust: Option<&'a Verifier<'a>>,
    /// The journal that must have a line of it.
    pub journal: Option<&'a mut Journal>,
}

impl<'a> Target<'a> {
    /// A file for which nothing more must hold than always does.
    #[must_use]
    pub const fn new(out: &'a Path, overwrite: Overwrite) -> Self {
        Self { out, overwrite, trust: None, journal: None }
    }
}

/// What became of a release that was to be sealed.
pub type Outcome = core::result::Result<Sealed, Taken>;

/// Seals a release with every identity and writes the bundle, which appears under its name only after the device's own verifier, and
/// implementations that took no part in signing, have accepted the file as it was read back, and after the journal has its line.
///
/// # Errors
///
/// Anything that could not be read, signed or written, and any doubt about the result. No file appears then. That the journal has another
/// release of this sequence number is [`Taken`], not a failure.
pub fn seal(release: &ReleaseFile, identities: &[SigningIdentity], target: Target<'_>) -> Result<Outcome> {
    let public = identities.iter().map(SigningIdentity::public).collect::<Result<Vec<_>>>()?;
    let draft = Draft::open(release, &public, None)?;
    draft.seal(target, &mut |release_id, _| sign(identities, SealType::Release, release_id))
}

/// One seal for every key of every identity, over the same digest.
///
/// # Errors
///
/// A key gives no signature.
pub fn sign(identities: &[SigningIdentity], seal_type: SealType, digest: &Digest) -> Result<Vec<NewSeal>> {
    let payload = encode::digest(digest);
    let mut seals = Vec::new();
    for identity in identities {
        let anchor = identity.public()?.anchor_id();
        for key in identity.keys() {
            let cose_algorithm = key.algorithm().cose();
            let protected = encode::protected_header(cose_algorithm, anchor, seal_type);
            let message = ToBeSigned::new(&protected, &payload)
                .ok_or_else(|| Failure::new("the to-be-signed bytes are longer than the format allows"))?;
            seals.push(NewSeal { anchor, cose_algorithm, signature: key.sign(message.as_bytes())? });
        }
    }
    Ok(seals)
}

/// Where seals come from: the digest and the manifest are given, one seal of every key of every identity comes back.
pub type SealSource<'s, S = Vec<NewSeal>> = dyn FnMut(&Digest, &[u8]) -> Result<S> + 's;

/// A release whose files are open and whose layout is known: sizes are, digests are not yet.
#[derive(Debug)]
pub struct Draft<'a> {
    release: &'a ReleaseFile,
    identities: &'a [PublicIdentity],
    algorithm: DigestAlgorithm,
    /// That one first, then those by which evidence names bytes.
    algorithms: Vec<DigestAlgorithm>,
    vendor: VendorId,
    class: ClassId,
    components: Vec<Component>,
    evidence: Vec<Evidence>,
}

/// The digests of everything behind the frame.
struct Digests {
    components: Vec<Digest>,
    evidence: Vec<Digest>,
}

impl<'a> Draft<'a> {
    /// Opens the files of a release that these identities are to seal. Without an algorithm the digest is the release file's, or the one that
    /// matches the strongest key.
    ///
    /// # Errors
    ///
    /// A file can't be read, or the release asks for what the format does not allow.
    pub fn open(
        release: &'a ReleaseFile,
        identities: &'a [PublicIdentity],
        algorithm: Option<DigestAlgorithm>,
    ) -> Result<Self> {
        if identities.is_empty() {
            return Err(Failure::new("no signing identity was given").remedy("`twinseal keygen` makes one"));
        }
        let strongest = identities.iter().flat_map(PublicIdentity::keys).map(VerifyingKey::algorithm).max();
        let matching = strongest.map_or(DigestAlgorithm::Sha512, DigestAlgorithm::matching);
        let algorithm = algorithm.or(release.digest).unwrap_or(matching);
        let vendor = ids::vendor_id(&release.vendor)?;
        let class = ids::class_id(vendor, &release.model)?;
        let evidence = input::open_evidence(&release.evidence)?;
        let mut algorithms = vec![algorithm];
        for other in evidence.iter().flat_map(|file| file.document.algorithms()) {
            if !algorithms.contains(&other) {
                algorithms.push(other);
            }
        }
        let components = input::open_components(&release.components, &algorithms)?;
        let draft = Self { release, identities, algorithm, algorithms, vendor, class, components, evidence };
        // Whatever the format refuses, it refuses before a gigabyte was read.
        draft.frame(&draft.placeholders()?, &draft.placeholder_seals()?)?;
        Ok(draft)
    }

    /// The manifest, and the identity of the release: every file is read, and nothing written.
    ///
    /// # Errors
    ///
    /// A file can't be read, or changed while it was read; or evidence contradicts the release.
    pub fn manifest(&self) -> Result<(Vec<u8>, Digest)> {
        self.examined().map(|(manifest, release_id, _)| (manifest, release_id))
    }

    /// As [`manifest`](Self::manifest), with what does not fit about the evidence.
    ///
    /// # Errors
    ///
    /// As [`manifest`](Self::manifest).
    pub fn examined(&self) -> Result<(Vec<u8>, Digest, Findings)> {
        let progress = Progress::new("reading", self.total());
        let mut artifacts = Vec::new();
        let mut digests = Digests { components: Vec::new(), evidence: Vec::new() };
        for component in &self.components {
            let all = component.content.digest(&self.algorithms, &progress)?;
            digests.components.push(first(&all)?);
            artifacts.extend(component.artifacts(all));
        }
        for file in &self.evidence {
            digests.evidence.push(first(&file.content.digest(&[self.algorithm], &progress)?)?);
        }
        let findings = evidence::hold(self, &artifacts)?;
        let manifest = self.manifest_of(&digests)?;
        let release_id = self.digest(&encode::with_head(&manifest))?;
        Ok((manifest, release_id, findings))
    }

    /// What [`seal`](Self::seal) would come to as far as that can be said without seals: every file is read, the journal is asked, and nothing
    /// is written.
    ///
    /// # Errors
    ///
    /// As [`manifest`](Self::manifest); or the journal can't be read, or the file is there and may not be replaced.
    pub fn dry_run(&self, target: Target<'_>) -> Result<core::result::Result<(Digest, Findings), Taken>> {
        let (_, release_id, findings) = self.examined()?;
        let act = self.act(&release_id);
        let mut known = false;
        if let Some(journal) = target.journal {
            if let Some(taken) = journal.taken(&act)? {
                return Ok(Err(taken));
            }
            known = journal.knows(&act)?;
        }
        if target.overwrite == Overwrite::No && !known && fs::symlink_metadata(target.out).is_ok() {
            return Err(exists(target.out));
        }
        Ok(Ok((release_id, findings)))
    }

    /// Writes the bundle with the seals that `seals` gives for its digest; see [`seal`].
    ///
    /// # Errors
    ///
    /// As [`seal`].
    pub fn seal(&self, mut target: Target<'_>, seals: &mut SealSource<'_>) -> Result<Outcome> {
        if target.overwrite == Overwrite::No
            && fs::symlink_metadata(target.out).is_ok()
            && let Some(journal) = &mut target.journal
        {
            return self.again(target.out, target.trust, journal);
        }
        let new = NewFile::create(target.out, target.overwrite, Mode::Public)?;
        let mut taken = None;
        let written = self.write(new.file(), &mut |release_id, manifest| {
            if let Some(journal) = &mut target.journal {
                taken = journal.taken(&self.act(release_id))?;
                if taken.is_some() {
                    return Ok(None);
                }
            }
            seals(release_id, manifest).map(Some)
        })?;
        let Some((release_id, findings)) = written else {
            return taken.map(Err).ok_or_else(|| Failure::new("nothing was sealed"));
        };
        let bundle = Bundle::from_file(new.reopen()?, new.path())?;

        // The disk takes its time as well; neither needs to wait for the other.
        let (seals, synced) = std::thread::scope(|scope| {
            let sync = parallel::spawn(scope, || new.file().sync_all())?;
            let seals = read_back::read_back(&bundle, self.identities, &release_id, target.trust);
            Ok::<_, Failure>((seals, sync.join()))
        })?;
        let seals = seals?;
        match synced {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return Err(Failure::new(format!("{}: can not be written", name(target.out))).because(error));
            }
            Err(_) => return Err(Failure::new("a thread of this program stopped unexpectedly")),
        }
        let size = bundle.size();
        let line = match target.journal {
            None => None,
            Some(journal) => match journal.append(&self.act(&release_id))? {
                Ok(appended) => Some(appended.line()),
                Err(taken) => return Ok(Err(taken)),
            },
        };
        new.commit()?;
        Ok(Ok(Sealed { release_id, size, seals, flattened: self.flattened(), findings, line, existing: false }))
    }

    /// The bundle is there already: it stays, if the journal knows it and it is what would be made now.
    fn again(&self, out: &Path, trust: Option<&Verifier<'_>>, journal: &mut Journal) -> Result<Outcome> {
        let (_, release_id, findings) = self.examined()?;
        let act = self.act(&release_id);
        if let Some(taken) = journal.taken(&act)? {
            return Ok(Err(taken));
        }
        if !journal.knows(&act)? {
            return Err(exists(out));
        }
        let bundle = Bundle::open(out)?;
        let seals = read_back::read_back(&bundle, self.identities, &release_id, trust).map_err(|failure| {
            Failure::new(format!("{}: is there already, and is not this release sealed by these identities", name(out)))
                .because(failure)
                .remedy("move it away, or choose another name")
        })?;
        let line = match journal.append(&act)? {
            Ok(appended) => Some(appended.line()),
            Err(taken) => return Ok(Err(taken)),
        };
        let size = bundle.size();
        Ok(Ok(Sealed { release_id, size, seals, flattened: self.flattened(), findings, line, existing: true }))
    }

    fn flattened(&self) -> Vec<Flattened> {
        self.components.iter().filter_map(|component| component.flattened.clone()).collect()
    }

    /// What a journal says of it.
    fn act(&self, release_id: &Digest) -> Act {
        Act::Release {
            vendor_id: self.vendor.to_string(),
            class_id: self.class.to_string(),
            sequence_number: self.release.sequence_number.0,
            version: self.release.version.clone(),
            security_version: self.release.security_version.0,
            release_id: release_id.to_string(),
            sealed_by: self.identities.iter().map(Sealer::from).collect(),
        }
    }

    fn total(&self) -> u64 {
        let components = self.components.iter().map(|component| component.size);
        components.chain(self.evidence.iter().map(|evidence| evidence.size)).fold(0, u64::saturating_add)
    }
}

fn unwritable(error: std::io::Error) -> Failure {
    Failure::new("the bundle can not be written")
        .because(error)
        .remedy("nothing was kept; see whether the disk is full")
}

/// The digest of the release's own algorithm.
fn first(digests: &[Digest]) -> Result<Digest> {
    digests.first().copied().ok_or_else(|| Failure::new("no digest algorithm was chosen"))
}
