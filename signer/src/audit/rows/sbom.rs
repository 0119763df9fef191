//! What lists components, and what says where images come from.

use twinseal_formats::DigestAlgorithm;

use super::super::facts::{Facts, listed};
use super::super::verdict::{Check, Outcome};
use super::{Judged, absent, bad_ones, names};
use crate::evidence::bom::Component;
use crate::evidence::{Bom, Bound, Kind, Provenance, bound};
use crate::text::Shown;

const SBOMS: [Kind; 2] = [Kind::CycloneDx, Kind::Spdx];

///
pub(super) fn components(facts: &Facts<'_>) -> Judged {
    let sboms: Vec<(&str, &Bom)> = facts.sboms().collect();
    if sboms.is_empty() {
        return Judged::Looked(vec![absent(facts, "sbom", "SBOM", &SBOMS)], Vec::new());
    }
    let mut checks = Vec::new();
    for (name, bom) in &sboms {
        let text = format!(
            "{name}: {} {}, {} components; its digest is sealed",
            bom.format,
            bom.spec_version,
            bom.components.len()
        );
        checks.push(Check::new("sbom", Outcome::Proven, text));
        checks.push(image_digest(facts, name, bom));
        checks.push(minimum_elements(name, bom));
        checks.push(if bom.is_connected() {
            Check::new(
                "connected",
                Outcome::Consistent,
                format!("{name}: everything listed is reached from its subject"),
            )
        } else {
            Check::new(
                "connected",
                Outcome::Declared,
                format!("{name}: not everything listed is reached from its subject"),
            )
        });
        checks.extend(not_later(facts, name, bom));
    }
    checks.extend(bad_ones(facts, "sbom", &SBOMS));
    Judged::Looked(checks, names(sboms.into_iter()))
}

/// Whether an SBOM is about the bytes of this release.
fn image_digest(facts: &Facts<'_>, name: &str, bom: &Bom) -> Check {
    let of = |component: &Component| bound(&component.digests, &facts.artifacts);
    let found = bom.all().find_map(|component| match of(component) {
        Bound::To(artifact, algorithm) => Some((artifact, algorithm)),
        _ => None,
    });
    match (found, bom.subject.as_ref().map(of)) {
        (Some((artifact, algorithm)), _) => {
            let outcome = if algorithm == DigestAlgorithm::Sha512 {
                "as BSI TR-03183-2 asks"
            } else {
                "BSI TR-03183-2 asks for SHA-512"
            };
            let text = format!("{name} names the {} of the {}; {outcome}", algorithm.name(), Shown(&artifact.title()));
            Check::new("image-digest", Outcome::Proven, text)
        }
        (None, Some(Bound::ToOthers)) => {
            let text =
                format!("{name}: the digest of its subject is that of no image and of no source of this release");
            Check::new("image-digest", Outcome::Contradicted, text)
        }
        _ => {
            let text = format!(
                "{name}: no digest in it is of an image or a source, so only the vendor's seals tie it to the release"
            );
            Check::new("image-digest", Outcome::Declared, text)
        }
    }
}

/// NTIA's minimum elements of 2021 decide; what CISA's draft of 2025 adds is told.
fn minimum_elements(name: &str, bom: &Bom) -> Check {
    let all = || bom.all();
    let without = |has: fn(&Component) -> bool| all().filter(|component| !has(component)).count();
    let mut lacks = Vec::new();
    let mut of_components = |what: &str, count: usize| {
        if count > 0 {
            lacks.push(format!("{what} of {count} components"));
        }
    };
    of_components("supplier", without(|component| component.supplier.is_some()));
    of_components("version", without(|component| component.version.is_some()));
    of_components("package URL or CPE", without(|component| component.purl.is_some() || component.cpe.is_some()));
    for (what, there) in [
        ("dependencies", !bom.dependencies.is_empty()),
        ("author", !bom.authors.is_empty()),
        ("time", bom.timestamp.is_some()),
    ] {
        if !there {
            lacks.push(what.to_owned());
        }
    }
    let mut draft = Vec::new();
    for (what, count) in [
        ("digest", without(|component| !component.digests.is_empty())),
        ("licence", without(|component| !component.licences.is_empty())),
        ("tool", usize::from(bom.tools.is_empty())),
        ("generation context", usize::from(bom.lifecycles.is_empty())),
    ] {
        if count > 0 {
            draft.push(what);
        }
    }
    let draft = if draft.is_empty() { "nothing".to_owned() } else { draft.join(", ") };
    if lacks.is_empty() {
        let text = format!("{name} has the minimum elements of 2021; of those of the draft of 2025 it lacks: {draft}");
        Check::new("minimum-elements", Outcome::Consistent, text)
    } else {
        let text = format!(
            "{name} lacks of the minimum elements of 2021: {}; of the draft of 2025: {draft}",
            lacks.join(", ")
        );
        Check::new("minimum-elements", Outcome::Declared, text)
    }
}

/// Whether an SBOM was made before the release was issued.
fn not_later(facts: &Facts<'_>, name: &str, bom: &Bom) -> Option<Check> {
    let (made, (_, statement)) = (bom.timestamp.as_ref()?, facts.statement()?);
    let issued = &statement.release.issued;
    Some(if made.unix() <= issued.unix() {
        Check::new("time", Outcome::Consistent, format!("{name} was made before the release was issued"))
    } else {
        let text = format!("{name} was made at {made}, after the release was issued at {issued}");
        Check::new("time", Outcome::Contradicted, text)
    })
}

///
pub(super) fn provenance(facts: &Facts<'_>) -> Judged {
    let all: Vec<(&str, &Provenance)> = facts.provenances().collect();
    if all.is_empty() {
        return Judged::Looked(vec![absent(facts, "provenance", "provenance", &[Kind::Provenance])], Vec::new());
    }
    let mut checks = Vec::new();
    for (name, provenance) in &all {
        checks.push(subjects(facts, name, provenance));
        checks.push(signature(facts, name, provenance));
        checks.push(if provenance.materials.is_empty() {
            Check::new("materials", Outcome::Declared, format!("{name} lists no materials"))
        } else {
            let text = format!("{name} lists {} materials, under the builder's signature", provenance.materials.len());
            Check::new("materials", Outcome::Proven, text)
        });
        if let (Some(end), Some((_, statement))) = (&provenance.finished, facts.statement()) {
            let issued = &statement.release.issued;
            checks.push(if end.unix() <= issued.unix() {
                Check::new(
                    "time",
                    Outcome::Proven,
                    format!("{name}: the build ended at {end}, before the release was issued"),
                )
            } else {
                let text = format!("{name}: the build ended at {end}, after the release was issued at {issued}");
                Check::new("time", Outcome::Contradicted, text)
            });
        }
    }
    checks.push(coverage(facts, &all));
    checks.extend(bad_ones(facts, "provenance", &[Kind::Provenance]));
    Judged::Looked(checks, names(all.into_iter()))
}

fn subjects(facts: &Facts<'_>, name: &str, provenance: &Provenance) -> Check {
    let found = provenance.subjects.iter().find_map(|subject| match bound(&subject.digests, &facts.artifacts) {
        Bound::To(artifact, algorithm) => Some((artifact, algorithm)),
        _ => None,
    });
    match found {
        Some((artifact, algorithm)) => {
            let text = format!("{name} is about the {}, by {}", Shown(&artifact.title()), algorithm.name());
            Check::new("subject", Outcome::Proven, text)
        }
        None => {
            let text = format!("{name}: no subject is an image of this release, or the file that one was made from");
            Check::new("subject", Outcome::Contradicted, text)
        }
    }
}

fn signature(facts: &Facts<'_>, name: &str, provenance: &Provenance) -> Check {
    let by_release_key = facts.store.anchors().flat_map(|anchor| anchor.keys()).any(|key| {
        let bytes = <&[u8; 32]>::try_from(key.bytes).ok();
        bytes.is_some_and(|bytes| provenance.signed_by(&crate::evidence::BuilderKey::ed25519(bytes)))
    });
    if by_release_key {
        let text = format!("{name} is signed by a key of the trust store: who releases vouches for how it was built");
        return Check::new("builder", Outcome::Contradicted, text);
    }
    let builder = Shown(&provenance.builder);
    if facts.builder_keys.is_empty() {
        let text = format!("{name} names the builder {builder}; without --builder-key its signature is not verified");
        return Check::new("builder", Outcome::Declared, text);
    }
    if facts.builder_keys.iter().any(|key| provenance.signed_by(key)) {
        let text = format!("{name} is signed by a builder key that was given, in the name of {builder}");
        Check::new("builder", Outcome::Proven, text)
    } else {
        let text = format!("{name} is not signed by any builder key that was given");
        Check::new("builder", Outcome::Contradicted, text)
    }
}

/// Whether every image, or the file it was made from, is a subject of some provenance.
fn coverage(facts: &Facts<'_>, all: &[(&str, &Provenance)]) -> Check {
    let covered = |component: &str| {
        all.iter().flat_map(|(_, provenance)| &provenance.subjects).any(|subject| {
            matches!(bound(&subject.digests, &facts.artifacts), Bound::To(artifact, _) if artifact.component == component)
        })
    };
    let images = || facts.artifacts.iter().filter(|artifact| artifact.source_format.is_none());
    let missing: Vec<&str> =
        images().map(|artifact| artifact.component.as_str()).filter(|component| !covered(component)).collect();
    if missing.is_empty() {
        Check::new("coverage", Outcome::Proven, format!("the origin of all {} images is documented", images().count()))
    } else {
        Check::new("coverage", Outcome::Missing, format!("nothing says where these come from: {}", listed(missing)))
    }
}
