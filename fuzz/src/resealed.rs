//! Manifests that only the vendor itself could get wrong: changed by their structure, then sealed with the vendor's keys, so that what
//! lies behind the seals is reached. Every road says the same, and so does the second reader. How they are sealed is in `sealing`.

use std::sync::LazyLock;

use twinseal_formats::encode::NewManifest;
use twinseal_formats::{Manifest, SealType};
use twinseal_tests::bundle::Form;
use twinseal_tests::device::{Facts, MemorySlot};
use twinseal_tests::manifest::{RawManifest, component_id};
use twinseal_tests::release::Release;
use twinseal_tests::roads::{self, Chunks, Outcome, code};
use twinseal_verifier::Verifier;

use crate::fixture::{STORE, VERIFIER, WORLD};
use crate::note::{note, note_verdict};
use crate::recipe::Recipe;
use crate::sealing::{Sealer, Sealing};
use crate::strict;

static STAND_IN: LazyLock<Verifier<'static>> = LazyLock::new(|| Sealing::StandIn.verifier(&STORE));
static SIGNER: LazyLock<Sealer> = LazyLock::new(|| Sealer::new(&WORLD.signer));

pub fn run(data: &[u8]) {
    let outcomes: Vec<Outcome> = Sealing::of(data).iter().map(|sealing| outcome(data, *sealing)).collect();
    assert!(outcomes.iter().all(|one| code(one) == code(&outcomes[0])), "with stand-ins and real seals: {outcomes:?}");
    note_verdict(&outcomes[0]);
    if outcomes.len() == 2 {
        note("with real seals as well");
    }
}

/// What comes of a recipe whose seals are made so.
fn outcome(data: &[u8], sealing: Sealing) -> Outcome {
    let mut recipe = Recipe::new(data);
    let release = release(&mut recipe);
    let facts = facts(&mut recipe, &release);
    let form = [Form::Stripped, Form::Full, Form::Bare][recipe.below(3)];
    let chunks = [Chunks::Whole, Chunks::Of(1 + recipe.below(90))][recipe.below(2)];
    let manifest = manifest(&mut recipe, &release);
    let mut bundle = release.sealed_around(manifest, &[]);
    bundle.seals = SIGNER.seals(sealing, SealType::Release, &bundle.digest);
    bundle.sort_seals();
    for payload in &mut bundle.payloads {
        recipe.splice(payload);
    }
    let entries = bundle.entries(form) + u64::from(recipe.byte() == 1);
    let bytes = bundle.to_bytes_with_entries(form, entries);

    let verifier: &Verifier<'_> = if sealing == Sealing::Real { &VERIFIER } else { &STAND_IN };
    let pulled = roads::pull(&bytes, verifier, &facts);
    let mut slot = MemorySlot::inactive(facts.components.len());
    let pushed = roads::push(&bytes, chunks, verifier, &facts, &mut slot);
    assert_eq!(code(&pushed), code(&pulled), "{chunks:?}: push says {pushed:?}, pull says {pulled:?}");

    let read = Manifest::parse(&bundle.manifest);
    let second = strict::manifest(&bundle.manifest);
    assert_eq!(read.is_ok(), second.is_some(), "one reader says {read:?}, the other {second:?}");
    if let Ok(manifest) = &read {
        assert_eq!(second, Some(strict::ManifestSays::from(manifest)), "both read the same");
        let again = NewManifest::from(manifest).encode().expect("what was read can be written");
        assert_eq!(again, bundle.manifest, "there is one encoding");
        let booted = roads::boot(&bytes, &bundle.payloads, verifier, &facts);
        assert!(booted.is_ok() || pulled.is_err(), "what may be installed boots");
    } else {
        assert!(pulled.is_err(), "nothing without a manifest is installed");
    }
    pulled
}

/// A release with other numbers and other images.
fn release(recipe: &mut Recipe<'_>) -> Release {
    let mut release = WORLD.release.clone();
    if recipe.byte() == 1 {
        release = release.with_evidence();
    }
    release.sequence_number = [7, 0, u64::MAX, 8][recipe.below(4)];
    release.security_version = [3, 0, u32::MAX, 4][recipe.below(4)];
    release.minimum_trust_epoch = [1, 0, 2, u32::MAX][recipe.below(4)];
    release
}

/// What a device knows of itself, and what it confirmed before.
fn facts(recipe: &mut Recipe<'_>, release: &Release) -> Facts {
    let mut facts = WORLD.facts.clone();
    match recipe.below(10) {
        1 => facts.vendor.0[0] ^= 1,
        2 => facts.class.0[15] ^= 1,
        3 => facts.components.truncate(1),
        4 => facts.components.push("sensor".into()),
        5 => facts.components[1] = "modem".into(),
        6 => facts.components.clear(),
        _ => {}
    }
    facts.counter = [0, 3, 4, u32::MAX][recipe.below(4)];
    facts.counter_limit = [u32::MAX, 3, 2, 0][recipe.below(4)];
    facts.confirmed = match recipe.below(4) {
        1 => Some((7, release.digest(b"another release"))),
        2 => Some((8, release.digest(b"another release"))),
        3 => Some((7, release.sealed_by(&[]).digest)),
        _ => None,
    };
    facts
}

/// The release's manifest with parts replaced by any bytes, or cut anywhere.
fn manifest(recipe: &mut Recipe<'_>, release: &Release) -> Vec<u8> {
    // The parts know nothing of evidence: then the honest manifest is where changes begin.
    let mut bytes = if release.evidence.is_empty() { parts(recipe, release).to_bytes() } else { release.manifest() };
    recipe.splice(&mut bytes);
    bytes
}

fn parts(recipe: &mut Recipe<'_>, release: &Release) -> RawManifest {
    let mut parts = RawManifest::of(release);
    for _ in 0..recipe.below(4) {
        let (part, bytes) = (recipe.below(24), recipe.string().to_vec());
        let last = parts.components.len() - 1;
        match part {
            0 => parts.version = bytes,
            1 => parts.sequence_number = bytes,
            2 => parts.common_end = bytes,
            3 => parts.validate = bytes,
            4 => parts.install = bytes,
            5 => parts.profile = bytes,
            6 => parts.release_version = bytes,
            7 => parts.security_version = bytes,
            8 => parts.minimum_trust_epoch = bytes,
            9 => parts.evidence = bytes,
            10 => parts.end = bytes,
            11 => parts.ids[0] = bytes,
            12 => parts.ids[1] = component_id(&bytes),
            13 => parts.ids.push(component_id(&bytes)),
            14 => parts.components[0].vendor = bytes,
            15 => parts.components[last].class = bytes,
            16 => parts.components[0].digest = bytes,
            17 => parts.components[last].size = bytes,
            18 => parts.components[last].conditions = bytes,
            19 => parts.components[0].index = bytes.first().copied().unwrap_or(1),
            20 => parts.entries = bytes.len() as u64,
            21 => parts.common_entries = bytes.len() as u64,
            22 => parts.extensions_entries = bytes.len() as u64,
            _ => parts.components.truncate(1),
        }
    }
    parts
}
