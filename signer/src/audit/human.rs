//! The report for people, at a terminal.

use std::io::{self, Write};

use super::report::{Audit, Weight};
use super::verdict::Verdict;
use crate::byte_map::Cover;

/// Writes the report.
///
/// # Errors
///
/// Only those of `out`.
pub fn write(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    head(audit, out)?;
    seals(audit, out)?;
    rows(audit, out)?;
    series(audit, out)?;
    findings(audit, out)?;
    writeln!(out, "\nWhat this bundle can not show, nor any other:")?;
    for text in audit.can_not_show {
        writeln!(out, "  - {text}")?;
    }
    writeln!(out)?;
    for count in audit.counts.iter().filter(|count| count.rows > 0) {
        writeln!(out, "{:>3} {:18} {}", count.rows, count.verdict.words(), count.verdict.meaning())?;
    }
    writeln!(out, "This is evidence for those who judge; it is no judgement that any rule is met.")
}

fn head(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    for disagreement in &audit.disagreements {
        writeln!(out, "DISAGREEMENT: {disagreement}")?;
    }
    if !audit.disagreements.is_empty() {
        writeln!(out, "  help: trust neither verdict on this bundle; keep it, and report it (SECURITY.md)\n")?;
    }
    writeln!(out, "audit of {} ({} bytes) for {}", audit.bundle, audit.size, audit.date)?;
    match &audit.refusal {
        None => writeln!(out, "ACCEPTED by the device's code, under a trust store of epoch {}", audit.trust.epoch)?,
        Some(refusal) => {
            writeln!(out, "REFUSED by the device's code: {refusal}")?;
            writeln!(out, "  help: {}", refusal.remedy)?;
        }
    }
    if let Some(release) = &audit.release {
        if let (Some(vendor), Some(model)) = (&release.vendor, &release.model) {
            writeln!(out, "product: {vendor} {model}")?;
        }
        writeln!(
            out,
            "version {}, sequence number {}, security version {}",
            release.version, release.sequence_number, release.security_version
        )?;
        writeln!(out, "release id: {}", release.release_id)?;
        writeln!(out, "payloads {}, evidence {}", release.payloads, release.evidence)?;
    }
    for document in &audit.documents {
        let what = document.error.as_ref().unwrap_or(&document.summary);
        writeln!(out, "evidence {} {what}", document.name)?;
    }
    Ok(())
}

fn seals(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let Some(matrix) = &audit.seals else { return Ok(()) };
    writeln!(out, "\n{:22} {:11} {:>10} {:>12}", "seals", "half", "device", "independent")?;
    for identity in &matrix.identities {
        let short: String = identity.anchor_id.chars().take(16).collect();
        let who = match (&identity.label, identity.role) {
            (Some(label), Some(role)) => format!("{label} ({role})"),
            _ => format!("stranger {short}"),
        };
        for half in &identity.halves {
            let word = |verdict: Option<bool>| match verdict {
                Some(true) => "valid",
                Some(false) => "NOT VALID",
                None if half.present => "no key",
                None => "missing",
            };
            writeln!(out, "{who:22} {:11} {:>10} {:>12}", half.algorithm, word(half.device), word(half.independent))?;
        }
    }
    for stripped in &audit.stripping {
        let who = stripped.label.as_deref().unwrap_or("a stranger");
        let then = stripped
            .refusal
            .as_ref()
            .map_or("still accepted".to_owned(), |refusal| format!("refused, {}", refusal.code));
        writeln!(out, "without the {} seal of {who}: {then}", stripped.algorithm)?;
    }
    for profile in &audit.profiles {
        let met = if profile.met { "met" } else { "not met" };
        let until = profile.until.map(|until| format!(" until {until}")).unwrap_or_default();
        let required = if profile.required { " (required)" } else { "" };
        writeln!(out, "profile {}: {met}{until}{required}; it asks for {}", profile.name, profile.rule)?;
    }
    if let Some(map) = &audit.bytes {
        let total = |cover| map.total(cover);
        writeln!(
            out,
            "bytes: {} sealed, {} covered by a digest, {} of signatures, {} of framing",
            total(Cover::Sealed),
            total(Cover::Digest),
            total(Cover::Signature),
            total(Cover::Framing)
        )?;
    }
    Ok(())
}

fn rows(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    for row in &audit.rows {
        writeln!(out, "\n{} {:18} {}", row.id, row.verdict.words(), row.title)?;
        let ids = |side: &[super::report::Provision]| -> String {
            side.iter().map(|one| format!("{} {}", one.instrument(), one.id)).collect::<Vec<_>>().join("; ")
        };
        writeln!(out, "     EU: {}", ids(row.eu))?;
        writeln!(out, "     US: {}", ids(row.us))?;
        writeln!(out, "     {}", row.reason)?;
        for check in row.checks.iter().filter(|check| check.text != row.reason) {
            writeln!(out, "     - {}: {}", check.outcome.word(), check.text)?;
        }
        if row.verdict != Verdict::OutsideAnyBundle {
            writeln!(out, "     It does not show {}.", row.can_not_show)?;
        }
    }
    Ok(())
}

fn series(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    let Some(series) = &audit.series else { return Ok(()) };
    writeln!(out, "\nafter:")?;
    for earlier in &series.releases {
        let sealed = if earlier.authentic { "" } else { "  NOT SEALED as the trust store demands" };
        writeln!(
            out,
            "  {}: version {}, sequence number {}, security version {}{sealed}",
            earlier.bundle, earlier.version, earlier.sequence_number, earlier.security_version
        )?;
    }
    if let Some(sbom) = &series.sbom {
        for added in &sbom.added {
            writeln!(out, "  + {added}")?;
        }
        for removed in &sbom.removed {
            writeln!(out, "  - {removed}")?;
        }
        for (what, before, after) in &sbom.changed {
            writeln!(out, "  ~ {what}: {before} -> {after}")?;
        }
    }
    Ok(())
}

fn findings(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    if audit.findings.is_empty() && audit.unmet.is_empty() {
        return writeln!(out, "\nno contradictions, nothing to note");
    }
    writeln!(out)?;
    for finding in &audit.findings {
        let weight = match finding.weight {
            Weight::Contradiction => "CONTRADICTION",
            Weight::Note => "note",
        };
        writeln!(out, "{weight}: {} [{}]: {}", finding.subject, finding.code, finding.text)?;
    }
    for profile in &audit.unmet {
        writeln!(out, "REQUIRED AND NOT MET: profile {profile}")?;
    }
    Ok(())
}
