//! What is told apart from rows: contradictions, which refuse the audit, and what is worth knowing.

use super::facts::Facts;
use super::profiles::Profile;
use super::report::{Finding, Row, Weight};
use super::verdict::Outcome;
use crate::evidence::{Document, Finding as Misfit, Subject, findings};

/// All of them, contradictions first, each once.
pub(super) fn all(facts: &Facts<'_>, rows: &[Row], profiles: &[Profile]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |weight, code: &str, subject: &str, text: String| {
        let finding = Finding { code: code.to_owned(), weight, subject: subject.to_owned(), text };
        if !found.contains(&finding) {
            found.push(finding);
        }
    };
    for row in rows {
        for check in row.checks.iter().filter(|check| check.outcome == Outcome::Contradicted) {
            add(Weight::Contradiction, check.name, row.id, check.text.clone());
        }
    }
    about_documents(facts, &mut add);
    if let Some(series) = &facts.series {
        for check in &series.checks {
            match check.outcome {
                Outcome::Contradicted => add(Weight::Contradiction, check.name, "series", check.text.clone()),
                Outcome::Missing => add(Weight::Note, check.name, "series", check.text.clone()),
                _ => {}
            }
        }
    }
    if facts.store.is_single_class() {
        let text = "the trust store does not demand both a classical and a post-quantum seal";
        add(Weight::Note, "single-class", "trust store", text.to_owned());
    }
    for check in rows.iter().filter(|row| row.id == "A-02").flat_map(|row| &row.checks) {
        if check.outcome == Outcome::Missing {
            add(Weight::Note, check.name, "A-02", check.text.clone());
        }
    }
    if let Some(until) = profiles.iter().find(|one| one.name == "classical-only").and_then(|one| one.until) {
        let text = format!("only classical seals are valid; that is enough until {until}");
        add(Weight::Note, "classical-only", "seals", text);
    }
    found.sort_by_key(|finding| finding.weight);
    found
}

fn about_documents(facts: &Facts<'_>, add: &mut impl FnMut(Weight, &str, &str, String)) {
    let version = facts.manifest.map(|manifest| manifest.release_version()).unwrap_or_default();
    let subject = Subject { version, artifacts: &facts.artifacts };
    let mut statements = 0_usize;
    for file in &facts.documents {
        match &file.document {
            Err(error) => add(Weight::Contradiction, error.fault.code(), &file.name, error.to_string()),
            Ok(document) => {
                if matches!(document, Document::ReleaseStatement(_)) {
                    statements = statements.saturating_add(1);
                }
                for (misfit, text) in findings(document, file.deceptive.as_deref(), subject) {
                    add(weight(misfit), misfit.code(), &file.name, text);
                }
            }
        }
    }
    if statements > 1 {
        let text = format!("{statements} release statements; a release has one, and the first is looked at");
        add(Weight::Contradiction, "release-statements", "bundle", text);
    }
}

const fn weight(misfit: Misfit) -> Weight {
    match misfit {
        Misfit::SbomForOtherBytes
        | Misfit::AdvisoryForAnotherVersion
        | Misfit::VexForOtherBytes
        | Misfit::ProvenanceForOtherBytes => Weight::Contradiction,
        _ => Weight::Note,
    }
}
