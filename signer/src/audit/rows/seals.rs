//! What seals and digests show: authenticity, cryptography, agility, rollback, revocation, authorisation.

use twinseal_formats::Role;

use super::super::facts::{Facts, listed};
use super::super::verdict::{Check, Outcome};
use super::{Judged, names};

///
pub(super) fn authenticity(facts: &Facts<'_>) -> Judged {
    let mut checks = Vec::new();
    let refused_at_seals = facts.manifest.is_none();
    match &facts.refusal {
        Some(refusal) if refused_at_seals => {
            checks.push(Check::new("seals", Outcome::Contradicted, refusal.to_string()));
        }
        refusal => {
            let text = "a device that holds the trust store finds it sealed as that demands";
            checks.push(Check::new("seals", Outcome::Proven, text));
            checks.push(match refusal {
                None => Check::new(
                    "device",
                    Outcome::Proven,
                    "a device of its vendor and class takes it: every image has the sealed digest",
                ),
                Some(refusal) => Check::new("device", Outcome::Contradicted, refusal.to_string()),
            });
        }
    }
    if let Some(matrix) = &facts.matrix {
        let (valid, known) = matrix.tally();
        checks.push(match facts.disagreements.first() {
            Some(disagreement) => Check::new("second-opinion", Outcome::Contradicted, disagreement.clone()),
            None => {
                let text = format!("{valid} of {known} seals by anchors of the trust store are valid to two implementations that share no code");
                let outcome = if valid > 0 && valid == known { Outcome::Proven } else { Outcome::Contradicted };
                Check::new("second-opinion", outcome, text)
            }
        });
    }
    match &facts.bytes {
        Some(map) => {
            let text = format!("every byte of the file is accounted for, in {} ranges", map.ranges.len());
            checks.push(Check::new("bytes", Outcome::Proven, text));
        }
        None => checks.push(Check::new("bytes", Outcome::Missing, "the bytes of the file can not be accounted for")),
    }
    Judged::Looked(checks, ["seals", "manifest", "images"].map(str::to_owned).to_vec())
}

///
pub(super) fn cryptography(facts: &Facts<'_>) -> Judged {
    let mut checks = Vec::new();
    let counting: Vec<_> = facts.matrix.iter().flat_map(|matrix| matrix.counting()).collect();
    let all = || counting.iter().flatten();
    let algorithms = || listed(all().map(|one| one.name()));
    let post_quantum = all().any(|one| !super::super::seals::is_classical(*one));
    checks.push(if post_quantum {
        Check::new("post-quantum", Outcome::Proven, format!("valid seals by {}", algorithms()))
    } else {
        Check::new("post-quantum", Outcome::Missing, format!("no valid post-quantum seal: only {}", algorithms()))
    });
    // A removed seal of a stranger changes nothing and is no finding; one by an anchor of the store must be missed.
    let unnoticed: Vec<&str> = (facts.stripping.iter().filter(|one| one.accepted && one.label.is_some()))
        .map(|one| one.algorithm.as_str())
        .collect();
    checks.push(if unnoticed.is_empty() {
        let text = "without any one of its seals the device's code refuses the release";
        Check::new("stripping", Outcome::Proven, text)
    } else {
        let text = format!("a seal can be removed and is not missed: {}", listed(unnoticed));
        Check::new("stripping", Outcome::Missing, text)
    });
    let digest = facts.manifest.as_ref().map(|manifest| manifest.digest_algorithm());
    let strongest = all().map(|one| twinseal_formats::DigestAlgorithm::matching(*one)).max();
    if let (Some(digest), Some(needed)) = (digest, strongest) {
        let (outcome, word) =
            if digest >= needed { (Outcome::Proven, "as strong as") } else { (Outcome::Missing, "weaker than") };
        let text = format!("{} is {word} the strongest seal wants ({})", digest.name(), needed.name());
        checks.push(Check::new("digest", outcome, text));
    }
    let mut evidence = vec!["seals".to_owned(), "manifest".to_owned()];
    evidence.extend(names(facts.cboms()));
    Judged::Looked(checks, evidence)
}

///
pub(super) fn agility(facts: &Facts<'_>) -> Judged {
    let updatable = facts.store.requirements().any(|requirement| requirement.role == Role::Root);
    let epoch = facts.store.epoch().0;
    let check = if updatable {
        let text = format!("the trust store, epoch {epoch}, has root anchors: keys and algorithms can be exchanged");
        Check::new("root", Outcome::Consistent, text)
    } else {
        Check::new("root", Outcome::Missing, "the trust store has no root anchors, so it can never be updated")
    };
    Judged::Looked(vec![check], vec!["trust store".to_owned()])
}

///
pub(super) fn rollback(facts: &Facts<'_>) -> Judged {
    let checks = match (&facts.series, &facts.manifest) {
        (Some(series), _) => ["authentic", "same-product", "sequence-number", "security-version"]
            .iter()
            .filter_map(|name| series.check(name).cloned())
            .collect(),
        (None, Some(manifest)) => {
            let text = format!(
                "sequence number {} and security version {} are sealed; no release before it was given to compare with",
                manifest.sequence_number().0,
                manifest.security_version().0
            );
            vec![Check::new("numbers", Outcome::Declared, text)]
        }
        (None, None) => Vec::new(),
    };
    Judged::Looked(checks, vec!["manifest".to_owned()])
}

///
pub(super) fn revocation(facts: &Facts<'_>) -> Judged {
    let Judged::Looked(mut checks, evidence) = agility(facts) else { return agility(facts) };
    for check in &mut checks {
        // That trust can be changed at all is what the store itself shows.
        if check.outcome == Outcome::Consistent {
            check.outcome = Outcome::Proven;
        }
    }
    let strangers = facts.matrix.as_ref().is_some_and(|matrix| matrix.has_strangers());
    checks.push(if strangers {
        let text = "somebody sealed whom this trust store does not know: whether they were shut out, or are not in yet, is not in it";
        Check::new("strangers", Outcome::Declared, text)
    } else {
        let text = format!("every seal is by an anchor of epoch {}; one that was shut out before would be refused", facts.store.epoch().0);
        Check::new("strangers", Outcome::Proven, text)
    });
    Judged::Looked(checks, evidence)
}

///
pub(super) fn authorisation(facts: &Facts<'_>) -> Judged {
    let mut checks = Vec::new();
    for demand in facts.matrix.iter().flat_map(|matrix| &matrix.requirements) {
        let text = format!("{} of {} demanded anchors of role {} sealed", demand.valid, demand.threshold, demand.role);
        let met = demand.valid >= usize::from(demand.threshold);
        checks.push(Check::new("requirement", if met { Outcome::Proven } else { Outcome::Contradicted }, text));
    }
    if facts.store.is_single_class() {
        let text = "the trust store is single-class: one key can be enough";
        checks.push(Check::new("both-classes", Outcome::Missing, text));
    }
    Judged::Looked(checks, vec!["seals".to_owned(), "trust store".to_owned()])
}
