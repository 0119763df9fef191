//! What is to be sealed: a release, or a trust update.

use alloc::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use twinseal_formats::{
    AnchorId, Digest, DigestAlgorithm, Fault, Manifest, ParseError, Requirement, Role, SealType, Stage, TrustStore,
    TrustUpdateBody, encode,
};
use twinseal_verifier::Hasher;

/// What is to be sealed, as bytes, and the trust store of the devices it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Object {
    /// A release or a trust update.
    pub seal_type: SealType,
    /// The manifest, or the body of the trust update.
    pub contents: Vec<u8>,
    /// The trust store in use: its requirements are what the seals have to meet.
    pub store: Vec<u8>,
}

/// What is to be sealed, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
#[non_exhaustive]
pub enum Summary {
    /// A release.
    Release(ReleaseSummary),
    /// A trust update.
    TrustUpdate(UpdateSummary),
}

/// A release, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(unnameable_types, reason = "facts for people, inside of `Summary`")]
pub struct ReleaseSummary {
    vendor_id: String,
    class_id: String,
    version: String,
    sequence_number: u64,
    security_version: u32,
    minimum_trust_epoch: u32,
    components: Vec<ComponentSummary>,
    evidence_files: u8,
    evidence_digest: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComponentSummary {
    id: String,
    size: u64,
    digest: String,
}

/// A trust update, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(unnameable_types, reason = "facts for people, inside of `Summary`")]
pub struct UpdateSummary {
    vendor_id: String,
    class_ids: Vec<String>,
    replaces: String,
    epoch: u32,
    minimum_digest: String,
    single_class: bool,
    requirements: Vec<String>,
    keeps: Vec<String>,
    adds: Vec<String>,
    revokes: Vec<String>,
}

impl Object {
    /// A release, for devices with this trust store.
    #[must_use]
    pub const fn release(manifest: Vec<u8>, store: Vec<u8>) -> Self {
        Self { seal_type: SealType::Release, contents: manifest, store }
    }

    /// A trust update, for devices with this trust store.
    #[must_use]
    pub const fn trust_update(body: Vec<u8>, store: Vec<u8>) -> Self {
        Self { seal_type: SealType::TrustUpdate, contents: body, store }
    }

    /// Whether it is a release.
    #[must_use]
    pub fn is_release(&self) -> bool {
        self.seal_type == SealType::Release
    }

    /// The digest that all seals share: computed from the contents.
    ///
    /// # Errors
    ///
    /// The contents are no manifest, or no body of a trust update.
    pub fn digest(&self) -> Result<Digest, ParseError> {
        // Every algorithm of the profile is compiled in.
        Hasher::digest(self.algorithm()?, &encode::with_head(&self.contents)).ok_or(ParseError::new(
            Stage::Manifest,
            Fault::DigestAlgorithm,
            0,
        ))
    }

    /// The digest algorithm that the contents use.
    ///
    /// # Errors
    ///
    /// As [`digest`](Self::digest).
    pub fn algorithm(&self) -> Result<DigestAlgorithm, ParseError> {
        if self.is_release() {
            Ok(Manifest::parse(&self.contents)?.digest_algorithm())
        } else {
            Ok(TrustUpdateBody::parse(&self.contents)?.replaces().algorithm())
        }
    }

    /// The trust stores that have a say: the one in use and, for a trust update, the new one.
    ///
    /// # Errors
    ///
    /// One is no trust store.
    pub fn stores(&self) -> Result<Vec<TrustStore<'_>>, ParseError> {
        let mut stores = vec![TrustStore::parse(&self.store)?];
        if !self.is_release() {
            stores.push(*TrustUpdateBody::parse(&self.contents)?.store());
        }
        Ok(stores)
    }

    /// The requirements that the seals have to meet, each with the anchors that can.
    ///
    /// # Errors
    ///
    /// As [`stores`](Self::stores).
    pub fn requirements(&self) -> Result<Vec<(Requirement, Vec<AnchorId>)>, ParseError> {
        let counts = |role: Role| if self.is_release() { role != Role::Root } else { role == Role::Root };
        let mut found = Vec::new();
        for store in self.stores()? {
            for requirement in store.requirements().filter(|requirement| counts(requirement.role)) {
                let anchors = store.anchors().filter(|anchor| anchor.role() == requirement.role);
                found.push((requirement, anchors.map(|anchor| anchor.id()).collect()));
            }
        }
        Ok(found)
    }

    /// What it is, for people.
    ///
    /// # Errors
    ///
    /// As [`digest`](Self::digest) and [`stores`](Self::stores).
    pub fn summary(&self) -> Result<Summary, ParseError> {
        if self.is_release() {
            let manifest = Manifest::parse(&self.contents)?;
            let components = manifest.components().map(|one| ComponentSummary {
                id: one.id().to_owned(),
                size: one.size(),
                digest: one.digest().to_string(),
            });
            return Ok(Summary::Release(ReleaseSummary {
                vendor_id: manifest.vendor().to_string(),
                class_id: manifest.class().to_string(),
                version: manifest.release_version().to_owned(),
                sequence_number: manifest.sequence_number().0,
                security_version: manifest.security_version().0,
                minimum_trust_epoch: manifest.minimum_trust_epoch().0,
                components: components.collect(),
                evidence_files: manifest.evidence().map_or(0, |evidence| evidence.count),
                evidence_digest: manifest.evidence().map(|evidence| evidence.digest.to_string()),
            }));
        }
        let (present, body) = (TrustStore::parse(&self.store)?, TrustUpdateBody::parse(&self.contents)?);
        let (old, new) = (anchors(&present), anchors(body.store()));
        let only = |one: &BTreeMap<(AnchorId, Role), String>, other: &BTreeMap<(AnchorId, Role), String>| {
            one.iter().filter(|(id, _)| !other.contains_key(id)).map(|(_, text)| text.clone()).collect()
        };
        let store = body.store();
        let count = |role| store.anchors().filter(|anchor| anchor.role() == role).count();
        Ok(Summary::TrustUpdate(UpdateSummary {
            vendor_id: store.vendor().to_string(),
            class_ids: store.classes().map(|class| class.to_string()).collect(),
            replaces: body.replaces().to_string(),
            epoch: store.epoch().0,
            minimum_digest: store.minimum_digest().name().to_owned(),
            single_class: store.is_single_class(),
            requirements: store
                .requirements()
                .map(|one| format!("{} of {} {}", one.threshold, count(one.role), one.role))
                .collect(),
            keeps: new.iter().filter(|(id, _)| old.contains_key(id)).map(|(_, text)| text.clone()).collect(),
            adds: only(&new, &old),
            revokes: only(&old, &new),
        }))
    }
}

/// Each anchor by its id and role, as a line for people.
fn anchors(store: &TrustStore<'_>) -> BTreeMap<(AnchorId, Role), String> {
    let line = |anchor: twinseal_formats::Anchor<'_>| format!("{} ({}) {}", anchor.label(), anchor.role(), anchor.id());
    store.anchors().map(|anchor| ((anchor.id(), anchor.role()), line(anchor))).collect()
}

impl Summary {
    /// Writes it for people.
    ///
    /// # Errors
    ///
    /// Only those of `out`.
    pub fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Release(release) => release.human(out),
            Self::TrustUpdate(update) => update.human(out),
        }
    }
}

impl ReleaseSummary {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "release:          {}", self.version)?;
        writeln!(out, "vendor id:        {}", self.vendor_id)?;
        writeln!(out, "class id:         {}", self.class_id)?;
        writeln!(out, "sequence number:  {}", self.sequence_number)?;
        writeln!(out, "security version: {}", self.security_version)?;
        if self.minimum_trust_epoch > 0 {
            writeln!(out, "minimum epoch:    {}", self.minimum_trust_epoch)?;
        }
        for ComponentSummary { id, size, digest } in &self.components {
            writeln!(out, "component:        {id} ({size} bytes) {digest}")?;
        }
        if let Some(digest) = &self.evidence_digest {
            writeln!(out, "evidence:         {} files, index {digest}", self.evidence_files)?;
        }
        Ok(())
    }
}

impl UpdateSummary {
    fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "trust update to epoch {}", self.epoch)?;
        writeln!(out, "vendor id:      {}", self.vendor_id)?;
        self.class_ids.iter().try_for_each(|class| writeln!(out, "class id:       {class}"))?;
        writeln!(out, "replaces:       {}", self.replaces)?;
        writeln!(out, "minimum digest: {}", self.minimum_digest)?;
        self.requirements.iter().try_for_each(|one| writeln!(out, "requirement:    {one}"))?;
        if self.single_class {
            writeln!(out, "SINGLE-CLASS:   anchors need not have keys of both classes")?;
        }
        self.keeps.iter().try_for_each(|anchor| writeln!(out, "keeps:          {anchor}"))?;
        self.adds.iter().try_for_each(|anchor| writeln!(out, "ADDS:           {anchor}"))?;
        self.revokes.iter().try_for_each(|anchor| writeln!(out, "REVOKES:        {anchor}"))
    }
}
