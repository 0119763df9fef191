//! Where everything of a bundle lies, and writing it there: payloads first, as they are read; then the frame, once their digests are known.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use twinseal_formats::encode::{self, NewComponent, NewManifest, NewSeal};
use twinseal_formats::{
    Digest, EntryHead, EvidenceCommitment, EvidenceFile, EvidenceSource, ParseError, evidence_name,
};
use twinseal_verifier::Hasher;

use super::{Digests, Draft, Findings, SealSource, evidence, first, unwritable};
use crate::bundle::Entry;
use crate::error::{Failure, Result};
use crate::progress::Progress;

impl Draft<'_> {
    /// Writes the whole bundle into an empty file; returns the identity of the release and what does not fit about its evidence, or
    /// nothing if there are to be no seals.
    pub(super) fn write(
        &self,
        out: &File,
        seals: &mut SealSource<'_, Option<Vec<NewSeal>>>,
    ) -> Result<Option<(Digest, Findings)>> {
        let placeholder_frame = self.frame(&self.placeholders()?, &self.placeholder_seals()?)?.1;
        let mut position = length(&placeholder_frame);
        let progress = Progress::new("sealing", self.total());

        let mut artifacts = Vec::new();
        let mut digests = Digests { components: Vec::new(), evidence: Vec::new() };
        for (index, component) in (0..u8::MAX).zip(&self.components) {
            let entry = place(out, position, &EntryHead::payload(index, component.size))?;
            let all = component.content.write(out, entry, &self.algorithms, &progress)?;
            digests.components.push(first(&all)?);
            artifacts.extend(component.artifacts(all));
            position = entry.saturating_add(component.size);
        }
        if let Some(index) = self.index(&self.placeholders()?)? {
            let index_entry = place(out, position, &EntryHead::new(evidence_name(0), length(&index)))?;
            position = index_entry.saturating_add(length(&index));
            for (number, evidence) in (1..u8::MAX).zip(&self.evidence) {
                let entry = place(out, position, &EntryHead::new(evidence_name(number), evidence.size))?;
                digests.evidence.push(first(&evidence.content.write(out, entry, &[self.algorithm], &progress)?)?);
                position = entry.saturating_add(evidence.size);
            }
            let index = self.index(&digests)?.unwrap_or_default();
            write_at(out, index_entry, &index)?;
        }

        // Nothing is sealed that evidence contradicts.
        let findings = evidence::hold(self, &artifacts)?;
        let manifest = self.manifest_of(&digests)?;
        let release_id = self.digest(&encode::with_head(&manifest))?;
        let Some(seals) = seals(&release_id, &manifest)? else { return Ok(None) };
        let (_, frame) = self.frame(&digests, &seals)?;
        if frame.len() != placeholder_frame.len() {
            return Err(Failure::new("the frame came out longer or shorter than it was laid out"));
        }
        write_at(out, 0, &frame)?;
        // Holes that were not written are zeros, also at the end.
        out.set_len(position).map_err(unwritable)?;
        Ok(Some((release_id, findings)))
    }

    /// The manifest's bytes.
    pub(super) fn manifest_of(&self, digests: &Digests) -> Result<Vec<u8>> {
        let components = self.components.iter().zip(&digests.components);
        let index = self.index(digests)?;
        let evidence = match &index {
            None => None,
            Some(index) => Some(EvidenceCommitment {
                count: u8::try_from(self.evidence.len()).unwrap_or(u8::MAX),
                digest: self.digest(index)?,
            }),
        };
        let manifest = NewManifest {
            sequence_number: self.release.sequence_number,
            vendor: self.vendor,
            class: self.class,
            release_version: &self.release.version,
            security_version: self.release.security_version,
            minimum_trust_epoch: self.release.minimum_trust_epoch,
            components: components
                .map(|(component, digest)| NewComponent { id: &component.id, size: component.size, digest: *digest })
                .collect(),
            evidence,
        };
        manifest.encode().map_err(not_writable)
    }

    /// The evidence index, if there is anything to put into it.
    fn index(&self, digests: &Digests) -> Result<Option<Vec<u8>>> {
        let files: Vec<EvidenceFile<'_>> = (self.evidence.iter().zip(&digests.evidence))
            .map(|(evidence, digest)| EvidenceFile {
                name: &evidence.name,
                media_type: &evidence.media_type,
                size: evidence.size,
                digest: *digest,
            })
            .collect();
        let sources: Vec<EvidenceSource<'_>> = (0..u8::MAX)
            .zip(&self.components)
            .filter_map(|(component, of)| {
                let source = of.flattened.as_ref()?;
                let format = source.format.name();
                Some(EvidenceSource { component, format, size: source.source_size, digest: source.source_digest })
            })
            .collect();
        if files.is_empty() && sources.is_empty() {
            return Ok(None);
        }
        encode::evidence_index(self.algorithm, &files, &sources).map(Some).map_err(not_writable)
    }

    /// Manifest and frame around it.
    pub(super) fn frame(&self, digests: &Digests, seals: &[NewSeal]) -> Result<(Vec<u8>, Vec<u8>)> {
        let manifest = self.manifest_of(digests)?;
        let evidence = match self.index(digests)? {
            None => 0,
            Some(_) => self.evidence.len().saturating_add(1),
        };
        let entries = self.components.len().saturating_add(evidence).saturating_add(2);
        let digest = self.digest(&encode::with_head(&manifest))?;
        let frame = encode::envelope(entries, &digest, seals, &manifest).map_err(not_writable)?;
        Ok((manifest, frame))
    }

    pub(super) fn digest(&self, bytes: &[u8]) -> Result<Digest> {
        Hasher::digest(self.algorithm, bytes)
            .ok_or_else(|| Failure::new(format!("{} is not compiled in", self.algorithm)))
    }

    /// Digests of the right length: a frame laid out with them is as long as the final one.
    pub(super) fn placeholders(&self) -> Result<Digests> {
        let zero = self.digest(&[])?;
        Ok(Digests { components: vec![zero; self.components.len()], evidence: vec![zero; self.evidence.len()] })
    }

    /// Seals of the right length.
    pub(super) fn placeholder_seals(&self) -> Result<Vec<NewSeal>> {
        let mut seals = Vec::new();
        for identity in self.identities {
            let anchor = identity.anchor_id();
            if seals.iter().any(|seal: &NewSeal| seal.anchor == anchor) {
                return Err(Failure::new(format!("the signing identity {anchor} was given twice"))
                    .remedy("an identity seals a release once; a threshold needs distinct ones"));
            }
            for key in identity.keys() {
                let signature = vec![0; key.algorithm().signature_size()];
                seals.push(NewSeal { anchor, cose_algorithm: key.algorithm().cose(), signature });
            }
        }
        Ok(seals)
    }
}

/// Writes an entry's head; returns where its contents begin.
fn place(out: &File, position: u64, head: &EntryHead) -> Result<u64> {
    write_at(out, position, head.as_bytes())?;
    Ok(Entry::behind(position, head, 0).contents)
}

fn write_at(out: &File, position: u64, bytes: &[u8]) -> Result<()> {
    out.write_all_at(bytes, position).map_err(unwritable)
}

/// What the format does not allow, as the reader of the format says it.
fn not_writable(error: ParseError) -> Failure {
    Failure::new("the release file asks for what the format does not allow").because(error)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
