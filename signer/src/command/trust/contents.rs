//! What is in a trust store, for reports.

use std::io::{self, Write};

use serde::Serialize;
use twinseal_formats::{Anchor, ClassId, DigestAlgorithm, Role, TrustStore};
use twinseal_verifier::{Hasher, thumbprint};

use crate::hex::Hex;

/// Names that are known to belong to the ids of a store.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) vendor: Option<String>,
    pub(super) models: Vec<(ClassId, String)>,
}

/// A trust store, item by item.
#[derive(Debug, Serialize)]
pub(super) struct Contents {
    vendor: Named,
    classes: Vec<Named>,
    epoch: u32,
    minimum_digest: &'static str,
    requirements: Vec<Demand>,
    anchors: Vec<Shown>,
    /// Whether the store says of itself that its anchors need not hold keys of both classes.
    single_class: bool,
    /// What is allowed, and should be known.
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Named {
    id: String,
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct Demand {
    role: &'static str,
    at_least: u8,
    anchors: usize,
}

#[derive(Debug, Serialize)]
struct Shown {
    label: String,
    role: &'static str,
    anchor_id: String,
    keys: Vec<Key>,
}

#[derive(Debug, Serialize)]
struct Key {
    algorithm: &'static str,
    thumbprint: String,
}

impl Contents {
    pub(super) fn new(store: &TrustStore<'_>, names: &Names) -> Self {
        let model = |id| names.models.iter().find(|(class, _)| *class == id).map(|(_, model)| model.clone());
        let count = |role| store.anchors().filter(|anchor| anchor.role() == role).count();
        Self {
            vendor: Named { id: store.vendor().to_string(), name: names.vendor.clone() },
            classes: store.classes().map(|class| Named { id: class.to_string(), name: model(class) }).collect(),
            epoch: store.epoch().0,
            minimum_digest: store.minimum_digest().name(),
            requirements: store
                .requirements()
                .map(|one| Demand { role: one.role.name(), at_least: one.threshold, anchors: count(one.role) })
                .collect(),
            anchors: store.anchors().map(|anchor| Shown::new(&anchor)).collect(),
            single_class: store.is_single_class(),
            notes: notes(store),
        }
    }

    /// What identifies the store, as pairs of a word and a text, without its thumbprints: for comments in source files.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = vec![("vendor", self.vendor.text())];
        facts.extend(self.classes.iter().map(|class| ("class", class.text())));
        facts.push(("epoch", self.epoch.to_string()));
        facts.push(("minimum digest", self.minimum_digest.to_owned()));
        facts.extend(self.requirements.iter().map(|demand| ("requirement", demand.text())));
        for Shown { label, role, anchor_id, keys } in &self.anchors {
            let algorithms: Vec<_> = keys.iter().map(|key| key.algorithm).collect();
            facts.push(("anchor", format!("{label} ({role}, {}) {anchor_id}", algorithms.join(" + "))));
        }
        facts.push(("single-class", self.single_class_in_words()));
        facts
    }

    pub(super) fn human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "vendor:         {}", self.vendor.text())?;
        for class in &self.classes {
            writeln!(out, "class:          {}", class.text())?;
        }
        writeln!(out, "epoch:          {}", self.epoch)?;
        writeln!(out, "minimum digest: {}", self.minimum_digest)?;
        for demand in &self.requirements {
            writeln!(out, "requirement:    {}", demand.text())?;
        }
        writeln!(out, "single-class:   {}", self.single_class_in_words())?;
        for Shown { label, role, anchor_id, keys } in &self.anchors {
            writeln!(out, "anchor:         {label} ({role})")?;
            writeln!(out, "  {:<12}  {anchor_id}", "anchor id")?;
            for Key { algorithm, thumbprint } in keys {
                writeln!(out, "  {algorithm:<12}  {thumbprint}")?;
            }
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))
    }

    fn single_class_in_words(&self) -> String {
        let halves: Vec<_> = self.anchors.iter().filter(|anchor| anchor.keys.len() < 2).collect();
        let labels = halves.iter().map(|anchor| anchor.label.as_str()).collect::<Vec<_>>().join(", ");
        match (self.single_class, halves.is_empty()) {
            (false, true) => "no; every anchor has a classical and a post-quantum key".to_owned(),
            (false, false) => format!("no, and yet anchors have keys of one class only: {labels}"),
            (true, true) => "allowed, although every anchor has a classical and a post-quantum key".to_owned(),
            (true, false) => format!("YES; anchors with keys of one class only: {labels}"),
        }
    }
}

impl Named {
    fn text(&self) -> String {
        match &self.name {
            Some(name) => format!("{} ({name})", self.id),
            None => self.id.clone(),
        }
    }
}

impl Demand {
    fn text(&self) -> String {
        let Self { role, at_least, anchors } = self;
        format!("at least {at_least} of {anchors} {role} anchor{}", if *anchors == 1 { "" } else { "s" })
    }
}

impl Shown {
    fn new(anchor: &Anchor<'_>) -> Self {
        let keys = anchor
            .keys()
            .map(|key| Key { algorithm: key.algorithm.name(), thumbprint: Hex(&thumbprint(&key)).to_string() });
        Self {
            label: anchor.label().to_owned(),
            role: anchor.role().name(),
            anchor_id: anchor.id().to_string(),
            keys: keys.collect(),
        }
    }
}

/// What the store allows or rules out, and its maker may not have meant.
fn notes(store: &TrustStore<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if !store.anchors().any(|anchor| anchor.role() == Role::Root) {
        notes.push("it has no root anchor, so no trust update can ever replace it on a device".to_owned());
    }
    if store.is_single_class() {
        notes.push(
            "it says single-class: seals of one class can be enough, and whoever breaks that class can forge"
                .to_owned(),
        );
    }
    let minimum = store.minimum_digest();
    let release = || store.anchors().filter(|anchor| anchor.role() == Role::Release);
    if let Some((matching, _)) = release().map(|anchor| strongest(&anchor)).max()
        && minimum < matching
    {
        notes.push(format!(
            "releases may use {minimum}, which is weaker than {matching}, the match of the strongest key"
        ));
    }
    for anchor in release() {
        let (matching, algorithm) = strongest(&anchor);
        if matching < minimum {
            let label = anchor.label();
            notes.push(format!(
                "`{label}` alone seals with {matching} unless told otherwise ({algorithm}), and this store demands {minimum}"
            ));
        }
    }
    notes
}

/// The digest that matches an anchor's strongest key, and that key's algorithm.
fn strongest(anchor: &Anchor<'_>) -> (DigestAlgorithm, &'static str) {
    let matching =
        |key: twinseal_formats::AnchorKey<'_>| (DigestAlgorithm::matching(key.algorithm), key.algorithm.name());
    anchor.keys().map(matching).max().unwrap_or((DigestAlgorithm::Sha256, ""))
}

/// The SHA-256 of a file's bytes, in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    let digest = Hasher::digest(DigestAlgorithm::Sha256, bytes);
    // SHA-256 is compiled in, always: see Cargo.toml.
    digest.map(|digest| Hex(digest.as_bytes()).to_string()).unwrap_or_default()
}
