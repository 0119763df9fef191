//! What a bundle of profile 1 says, read without deciding for any device.

use serde::Serialize;
use twinseal_formats::{
    Digest, Envelope, EvidenceIndex, Manifest, SealAlgorithm, Seals, TrustStore, evidence_name, payload_name,
};
use twinseal_verifier::Hasher;

use crate::bundle::{Bundle, Layout};
use crate::byte_map::{self, ByteMap};
use crate::tree::Tree;
use crate::trouble::Examined;

/// Reads everything but the payloads, and evidence files only to compare their digests.
pub(super) fn contents(bundle: &Bundle, trust: Option<&TrustStore<'_>>, bytes: bool) -> Examined<Contents> {
    let envelope = bundle.envelope()?;
    let manifest = Manifest::parse(envelope.manifest_bytes())?;
    let layout = bundle.layout(&envelope, &manifest)?;
    layout.ends_at(bundle.size())?;
    byte_map::compare_payload_heads(bundle, &manifest, &layout)?;
    let map = if bytes { Some(ByteMap::new(bundle, &envelope, &manifest, &layout)?) } else { None };
    Ok(Contents {
        release_id: envelope.seals().digest().to_string(),
        digest_holds: digest_holds(&envelope),
        version: manifest.release_version().to_owned(),
        sequence_number: manifest.sequence_number().0,
        security_version: manifest.security_version().0,
        minimum_trust_epoch: manifest.minimum_trust_epoch().0,
        vendor_id: manifest.vendor().to_string(),
        class_id: manifest.class().to_string(),
        frame_size: envelope.size(),
        payloads: if layout.form.payloads_enclosed { "enclosed" } else { "beside the envelope" },
        evidence: match (manifest.evidence(), layout.form.evidence_enclosed) {
            (None, _) => "none",
            (Some(_), true) => "enclosed",
            (Some(_), false) => "stripped",
        },
        seals: seals(envelope.seals(), trust),
        components: components(&manifest, &layout),
        evidence_files: evidence_files(&layout, envelope.seals().digest()),
        sources: sources(&layout, envelope.seals().digest(), &manifest),
        bytes: map,
    })
}

fn digest_holds(envelope: &Envelope<'_>) -> bool {
    let digest = envelope.seals().digest();
    Hasher::digest(digest.algorithm(), envelope.sealed_bytes()).as_ref() == Some(digest)
}

fn seals(seals: &Seals<'_>, trust: Option<&TrustStore<'_>>) -> Vec<SealShown> {
    seals
        .iter()
        .map(|seal| {
            let anchor = trust.and_then(|store| store.anchors().find(|anchor| anchor.id() == seal.anchor()));
            SealShown {
                anchor_id: seal.anchor().to_string(),
                algorithm: SealAlgorithm::from_cose(seal.cose_algorithm())
                    .map_or_else(|| format!("unknown ({})", seal.cose_algorithm()), |known| known.name().to_owned()),
                cose_algorithm: seal.cose_algorithm(),
                size: seal.signature().len(),
                known_as: anchor.map(|anchor| format!("{} ({})", anchor.label(), anchor.role())),
            }
        })
        .collect()
}

fn components(manifest: &Manifest<'_>, layout: &Layout) -> Vec<ComponentShown> {
    manifest
        .components()
        .map(|component| ComponentShown {
            id: component.id().to_owned(),
            size: component.size(),
            digest: component.digest().to_string(),
            entry: String::from_utf8_lossy(&payload_name(component.index())).into_owned(),
            offset: layout.payloads.get(usize::from(component.index())).map(|entry| entry.contents),
        })
        .collect()
}

fn evidence_files(layout: &Layout, digest: &Digest) -> Vec<EvidenceShown> {
    let Some(evidence) = &layout.evidence else { return Vec::new() };
    let Ok(index) = EvidenceIndex::parse(&evidence.index, digest.algorithm()) else { return Vec::new() };
    (1..u8::MAX)
        .zip(index.files().zip(&evidence.files))
        .map(|(number, (file, entry))| EvidenceShown {
            name: file.name.to_owned(),
            media_type: file.media_type.to_owned(),
            size: file.size,
            digest: file.digest.to_string(),
            entry: String::from_utf8_lossy(&evidence_name(number)).into_owned(),
            offset: entry.contents,
        })
        .collect()
}

fn sources(layout: &Layout, digest: &Digest, manifest: &Manifest<'_>) -> Vec<SourceShown> {
    let Some(evidence) = &layout.evidence else { return Vec::new() };
    let Ok(index) = EvidenceIndex::parse(&evidence.index, digest.algorithm()) else { return Vec::new() };
    index
        .sources()
        .map(|source| SourceShown {
            component: (manifest.components().nth(source.component.into()))
                .map(|component| component.id().to_owned())
                .unwrap_or_default(),
            format: source.format.to_owned(),
            size: source.size,
            digest: source.digest.to_string(),
        })
        .collect()
}

#[derive(Serialize)]
pub(super) struct Contents {
    release_id: String,
    pub(super) digest_holds: bool,
    version: String,
    sequence_number: u64,
    security_version: u32,
    minimum_trust_epoch: u32,
    vendor_id: String,
    class_id: String,
    frame_size: usize,
    payloads: &'static str,
    evidence: &'static str,
    seals: Vec<SealShown>,
    components: Vec<ComponentShown>,
    evidence_files: Vec<EvidenceShown>,
    sources: Vec<SourceShown>,
    /// With `--bytes`: what every byte is.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<ByteMap>,
}

#[derive(Serialize)]
struct SealShown {
    anchor_id: String,
    algorithm: String,
    cose_algorithm: i64,
    size: usize,
    known_as: Option<String>,
}

#[derive(Serialize)]
struct ComponentShown {
    id: String,
    size: u64,
    digest: String,
    entry: String,
    offset: Option<u64>,
}

#[derive(Serialize)]
struct EvidenceShown {
    name: String,
    media_type: String,
    size: u64,
    digest: String,
    entry: String,
    offset: u64,
}

#[derive(Serialize)]
struct SourceShown {
    component: String,
    format: String,
    size: u64,
    digest: String,
}

impl Contents {
    /// The same for people.
    pub(super) fn tree(&self) -> Tree {
        let mut tree = Tree::default();
        let holds = if self.digest_holds { "holds" } else { "DOES NOT HOLD" };
        let manifest = Tree::new("manifest")
            .with(format!("release id          {} ({holds})", self.release_id))
            .with(format!("version             {}", self.version))
            .with(format!("sequence number     {}", self.sequence_number))
            .with(format!("security version    {}", self.security_version))
            .with(format!("minimum trust epoch {}", self.minimum_trust_epoch))
            .with(format!("vendor id           {}", self.vendor_id))
            .with(format!("class id            {}", self.class_id));
        let mut seals = Tree::new("seals");
        for seal in &self.seals {
            let known = seal.known_as.as_deref().unwrap_or("?");
            seals.push(format!("{} {} ({} bytes) {known}", seal.anchor_id, seal.algorithm, seal.size));
        }
        tree.push(seals);
        tree.push(manifest);
        let mut components = Tree::new(format!("components ({})", self.payloads));
        for component in &self.components {
            let line = format!("{} ({} bytes) as {}", component.id, component.size, component.entry);
            components.push(Tree::new(line).with(component.digest.clone()));
        }
        tree.push(components);
        let mut evidence = Tree::new(format!("evidence ({})", self.evidence));
        for file in &self.evidence_files {
            let line = format!("{} {} ({} bytes) as {}", file.name, file.media_type, file.size, file.entry);
            evidence.push(Tree::new(line).with(file.digest.clone()));
        }
        for source in &self.sources {
            let line =
                format!("{} was made from a file in {} ({} bytes)", source.component, source.format, source.size);
            evidence.push(Tree::new(line).with(source.digest.clone()));
        }
        tree.push(evidence);
        if let Some(map) = &self.bytes {
            tree.push(map_tree(map));
        }
        tree
    }
}

fn map_tree(map: &ByteMap) -> Tree {
    use byte_map::Cover::{Digest, Framing, Sealed, Signature};
    let total = |cover| map.total(cover);
    let mut tree = Tree::new(format!(
        "bytes: {} sealed, {} covered by a digest, {} of signatures, {} of framing",
        total(Sealed),
        total(Digest),
        total(Signature),
        total(Framing)
    ));
    let wide = map.ranges.last().map_or(1, |range| range.end.to_string().len());
    for range in &map.ranges {
        let line = format!("{:>wide$} .. {:>wide$}  {:<9}  {}", range.start, range.end, range.cover.word(), range.what);
        tree.push(if range.cover == Framing { Tree::new(line) } else { Tree::new(line).with(range.by.clone()) });
    }
    for absent in &map.absent {
        tree.push(Tree::new(format!("absent by form: {}", absent.what)).with(absent.by.clone()));
    }
    tree
}
