//! What is seen first: which release, what the device's code decides, how the verdicts are spread, what contradicts itself.

use super::{Anchor, Audit, Markup, SECTIONS, section, verdict};
use crate::audit::{Verdict, Weight};

/// What the report is of, in a few words.
pub(super) fn title(audit: &Audit) -> String {
    let Some(release) = &audit.release else { return file(audit).to_owned() };
    let product = (release.product_name.clone())
        .or_else(|| Some(format!("{} {}", release.vendor.as_ref()?, release.model.as_ref()?)))
        .unwrap_or_else(|| "Release".to_owned());
    format!("{product} {}", release.version)
}

/// The head of the page.
pub(super) fn write(audit: &Audit, page: &mut Markup) {
    page.element("header", &[], |header| {
        header.leaf("p", &[("class", &"eyebrow")], format_args!("Audit of a firmware release, {}", audit.date));
        header.leaf("h1", &[], title(audit));
        for disagreement in &audit.disagreements {
            header.element("div", &[("class", &"banner missing"), ("role", &"alert")], |banner| {
                banner.leaf("strong", &[], "Two implementations disagree. ");
                banner.text(disagreement);
                banner.text(". Trust neither verdict on this bundle; keep it, and report it.");
            });
        }
        decision(audit, header);
        facts(audit, header);
        header.leaf(
            "p",
            &[("class", &"note")],
            "This is evidence for those who judge. It is no judgement that any rule is met.",
        );
        header.element("nav", &[("aria-label", &"Contents")], |nav| {
            nav.element("ol", &[], |list| {
                for (anchor, name) in SECTIONS {
                    if anchor != Anchor("series", 0) || audit.series.is_some() {
                        list.element("li", &[], |item| item.link(anchor, name));
                    }
                }
            });
        });
    });
}

fn decision(audit: &Audit, header: &mut Markup) {
    match &audit.refusal {
        None => header.element("p", &[("class", &"banner proven")], |banner| {
            verdict::glyph(banner, "proven");
            banner.leaf("strong", &[], "Accepted");
            banner.text(" by the code that devices run, under this trust store.");
        }),
        Some(refusal) => header.element("div", &[("class", &"banner missing")], |banner| {
            banner.element("p", &[], |line| {
                verdict::glyph(line, "missing");
                line.leaf("strong", &[], "Refused");
                line.text(" by the code that devices run: ");
                line.leaf("code", &[], &refusal.code);
                line.text(format_args!(" ({}): {}", refusal.number, refusal.message));
            });
            banner.leaf("p", &[], format_args!("What to do: {}", refusal.remedy));
        }),
    }
}

/// The name of the file, without where it lay: the report is handed on.
fn file(audit: &Audit) -> &str {
    audit.bundle.rsplit('/').next().unwrap_or(&audit.bundle)
}

fn facts(audit: &Audit, header: &mut Markup) {
    header.element("dl", &[("class", &"facts")], |list| {
        let mut fact = |name: &'static str, class: &'static str, value: &dyn core::fmt::Display| {
            list.element("div", &[("class", &format_args!("fact {class}"))], |pair| {
                pair.leaf("dt", &[], name);
                pair.leaf("dd", &[], value);
            });
        };
        if let Some(release) = &audit.release {
            if let (Some(vendor), Some(model)) = (&release.vendor, &release.model) {
                fact("Vendor", "", vendor);
                fact("Model", "", model);
            }
            fact("Version", "", &release.version);
            fact("Sequence number", "", &release.sequence_number);
            fact("Security version", "", &release.security_version);
            fact("Payloads", "", &release.payloads);
            fact("Evidence", "", &release.evidence);
        }
        fact("Trust store", "", &format_args!("epoch {}", audit.trust.epoch));
        fact("Size", "", &format_args!("{} bytes", Grouped(audit.size)));
        fact("File", "wide", &file(audit));
        if let Some(release) = &audit.release {
            fact("Release id", "wide hash", &release.release_id);
            fact("Vendor id", "half hash", &release.vendor_id);
            fact("Class id", "half hash", &release.class_id);
        }
    });
}

/// How the verdicts are spread, and what is told apart from them.
pub(super) fn glance(audit: &Audit, main: &mut Markup) {
    section(main, Anchor("glance", 0), "At a glance", |section| {
        section.element("ul", &[("class", &"counts")], |list| {
            for count in &audit.counts {
                let class = verdict::class(count.verdict);
                list.element("li", &[("class", &class)], |item| {
                    item.leaf("span", &[("class", &"number")], count.rows);
                    verdict::badge(item, class, count.verdict.words());
                    item.leaf("span", &[("class", &"meaning")], count.verdict.meaning());
                });
            }
        });
        if audit.findings.is_empty() && audit.unmet.is_empty() {
            section.leaf("p", &[], "No contradictions, and nothing to note apart from the rows.");
            return;
        }
        section.element("ul", &[("class", &"findings")], |list| {
            for finding in &audit.findings {
                let (class, word) = match finding.weight {
                    Weight::Contradiction => ("missing", "Contradiction"),
                    Weight::Note => ("none", "Note"),
                };
                list.element("li", &[("class", &class)], |item| {
                    verdict::badge(item, class, word);
                    item.element("p", &[], |text| {
                        text.text(format_args!("{}: {} ", finding.subject, finding.text));
                        text.leaf("code", &[], &finding.code);
                    });
                });
            }
            for profile in &audit.unmet {
                list.element("li", &[("class", &"missing")], |item| {
                    verdict::badge(item, verdict::class(Verdict::NotEvidenced), "Required, not met");
                    item.leaf("p", &[], format_args!("profile {profile}"));
                });
            }
        });
    });
}

/// A number with its digits in groups of three.
pub(super) struct Grouped(pub(super) u64);

impl core::fmt::Display for Grouped {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let digits = self.0.to_string();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
                f.write_str("\u{202f}")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}
