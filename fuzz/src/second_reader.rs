//! Two readers that were written independently accept the same bytes, and read the same out of them.

use twinseal_formats::encode::{NewTrustStore, evidence_index};
use twinseal_formats::{DigestAlgorithm, Envelope, EvidenceIndex, Manifest, TrustStore, TrustUpdate, TrustUpdateBody};

use crate::note::note;
use crate::strict::{self, FrameSays, IndexSays, ManifestSays, StoreSays};

pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    let accepted = match kind % 6 {
        0 => {
            let ours = Manifest::parse(bytes).ok();
            same(strict::manifest(bytes), ours.as_ref().map(ManifestSays::from))
        }
        1 => same(strict::frame(bytes), Envelope::parse(bytes).ok().as_ref().map(frame_says)),
        2 => {
            let ours = TrustStore::parse(bytes).ok();
            if let Some(ours) = &ours {
                assert_eq!(NewTrustStore::from(ours).encode().as_deref(), Ok(bytes), "there is one encoding");
            }
            same(strict::trust_store(bytes), ours.as_ref().map(StoreSays::from))
        }
        3 => {
            let ours = TrustUpdateBody::parse(bytes).ok();
            same(strict::trust_update_body(bytes), ours.map(|body| StoreSays::from(body.store())))
        }
        4 => same(strict::trust_update(bytes), TrustUpdate::parse(bytes).ok().map(|_| ())),
        _ => {
            let ours = EvidenceIndex::parse(bytes, DigestAlgorithm::Sha256).ok();
            if let Some(ours) = &ours {
                let (files, sources): (Vec<_>, Vec<_>) = (ours.files().collect(), ours.sources().collect());
                let again = evidence_index(DigestAlgorithm::Sha256, &files, &sources);
                assert_eq!(again.as_deref(), Ok(bytes), "there is one encoding");
            }
            same(strict::evidence_index(bytes, -16), ours.as_ref().map(IndexSays::from))
        }
    };
    let what = ["manifest", "frame", "trust store", "trust update body", "trust update", "evidence index"]
        [usize::from(kind % 6)];
    note(format!("{what} {}", if accepted { "accepted" } else { "refused" }));
}

/// Asserts that both readers say the same; whether they accept.
fn same<T: PartialEq + core::fmt::Debug>(second: Option<T>, ours: Option<T>) -> bool {
    assert_eq!(second, ours, "the second reader, and ours");
    ours.is_some()
}

fn frame_says(envelope: &Envelope<'_>) -> FrameSays {
    let seals = envelope.seals();
    FrameSays {
        entries: envelope.entries() as u64,
        size: envelope.size(),
        digest: (seals.digest().algorithm().cose(), seals.digest().as_bytes().to_vec()),
        seals: seals
            .iter()
            .map(|seal| (seal.anchor().0.to_vec(), seal.cose_algorithm(), seal.signature().to_vec()))
            .collect(),
        manifest: envelope.manifest_bytes().to_vec(),
    }
}
