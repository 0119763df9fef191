//! The HTML report: whatever a bundle says, it stays text; nothing is fetched or run; the same inputs give the same bytes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

extern crate alloc;

use alloc::collections::BTreeSet;

#[path = "support/desk.rs"]
mod desk;
#[path = "support/documents.rs"]
mod documents;
#[path = "support/sealed.rs"]
mod sealed;
#[path = "support/tool.rs"]
mod tool;

use desk::{BUILT, Desk};
use serde_json::Value;
use tool::Place;
use twinseal::audit::{Audit, Check, Verdict, html};
use twinseal::errors::Refusal;
use twinseal::evidence::{Kind, Reader};
use twinseal::text::is_deceptive;

/// One tag of a report: its name and its attributes. `/` begins the name of one that closes.
type Tag = (String, Vec<(String, String)>);

/// Takes a report apart into its tags, by the rules that a browser has for attributes in quotes; the style sheet is left out.
fn tags(report: &str) -> Vec<Tag> {
    let (mut tags, mut rest) = (Vec::new(), report.strip_prefix("<!DOCTYPE html>\n").expect("a document of HTML"));
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let name_ends = rest.find([' ', '>']).expect("a tag ends");
        let name = rest[..name_ends].to_owned();
        rest = &rest[name_ends..];
        let mut attributes = Vec::new();
        while !rest.starts_with('>') {
            let (attribute, behind) = rest.trim_start().split_once("=\"").expect("an attribute has a value in quotes");
            let (value, behind) = behind.split_once('"').expect("a quote ends");
            attributes.push((attribute.to_owned(), value.to_owned()));
            rest = behind;
        }
        if name == "style" {
            rest = &rest[rest.find("</style>").expect("a style sheet ends")..];
        }
        tags.push((name, attributes));
    }
    tags
}

/// The tags and the names of their attributes, without any text.
fn skeleton(report: &str) -> Vec<(String, Vec<String>)> {
    tags(report)
        .into_iter()
        .map(|(name, attributes)| (name, attributes.into_iter().map(|(attribute, _)| attribute).collect()))
        .collect()
}

/// Asserts what holds for every report, and gives the number of its tags.
fn is_harmless(report: &str) -> usize {
    let tags = tags(report);
    for (name, attributes) in &tags {
        let name = name.trim_start_matches('/');
        assert!(ELEMENTS.contains(&name), "an element <{name}>");
        for (attribute, value) in attributes {
            assert!(ATTRIBUTES.contains(&attribute.as_str()), "an attribute {attribute} of <{name}>");
            let leads_out = attribute == "href" && !value.starts_with('#');
            assert!(!leads_out, "{attribute} of <{name}> leads to {value}");
        }
    }
    let acts = report.chars().find(|c| *c != '\n' && is_deceptive(*c));
    assert_eq!(acts, None, "a character that acts on what shows it");
    let sheet =
        report.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).expect("a style sheet").0;
    assert!(!sheet.contains("@import") && !sheet.contains("http"), "the style sheet fetches nothing");
    assert!(
        sheet.match_indices("url(").all(|(at, _)| sheet[at..].starts_with("url(#")),
        "it refers to the report only"
    );
    let policy = "content=\"default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;\"";
    assert_eq!(report.matches("Content-Security-Policy").count(), 1);
    assert!(report.contains(policy));
    // Whoever reads it must never read this word as the result.
    assert!(!report.to_lowercase().contains("complian"));
    tags.len()
}

/// Something that would be markup, leave an attribute, or act on what shows it, wherever it stood unescaped.
fn hostile(number: usize) -> String {
    format!(
        "H{number}<b onclick=\"x\"></title></style></svg><script>alert({number})</script>\u{202e}\u{1b}[2J\u{0}' \" &lt; &#60;b&#62; ]]> -->"
    )
}

fn harmless(number: usize) -> String {
    format!("H{number}")
}

/// Replaces every text of an audit that does not come from this program itself, and gives how many there were.
fn replace(audit: &mut Audit, refusal: Option<Refusal>, with: fn(usize) -> String) -> usize {
    let mut count = 0;
    let mut set = |text: &mut String| {
        count += 1;
        *text = with(count);
    };
    audit.refusal = refusal;
    audit.disagreements.push(String::new());
    audit.disagreements.iter_mut().for_each(&mut set);
    set(&mut audit.bundle);
    if let Some(refusal) = &mut audit.refusal {
        set(&mut refusal.code);
        set(&mut refusal.message);
    }
    let release = audit.release.as_mut().expect("a release");
    for text in [&mut release.version, &mut release.release_id, &mut release.vendor_id, &mut release.class_id] {
        set(text);
    }
    for text in [&mut release.vendor, &mut release.model, &mut release.product_name] {
        set(text.as_mut().expect("it is said"));
    }
    for component in &mut release.components {
        set(&mut component.id);
        set(&mut component.digest);
    }
    for identity in &mut audit.seals.as_mut().expect("seals").identities {
        set(&mut identity.anchor_id);
        set(identity.label.as_mut().expect("a label"));
        identity.halves.iter_mut().for_each(|half| set(&mut half.algorithm));
    }
    for stripped in &mut audit.stripping {
        set(&mut stripped.anchor_id);
        set(stripped.label.as_mut().expect("a label"));
        set(&mut stripped.algorithm);
        set(&mut stripped.refusal.as_mut().expect("a refusal").code);
    }
    audit.profiles.iter_mut().for_each(|profile| set(&mut profile.reason));
    let checks = |checks: &mut Vec<Check>, set: &mut dyn FnMut(&mut String)| {
        checks.iter_mut().for_each(|check| set(&mut check.text))
    };
    for row in &mut audit.rows {
        set(&mut row.reason);
        checks(&mut row.checks, &mut set);
        row.evidence.iter_mut().for_each(&mut set);
    }
    for document in &mut audit.documents {
        document.error = Some(String::new());
        for text in [&mut document.name, &mut document.media_type, &mut document.digest, &mut document.summary] {
            set(text);
        }
        set(document.error.as_mut().expect("an error"));
    }
    let series = audit.series.as_mut().expect("a series");
    for earlier in &mut series.releases {
        set(&mut earlier.release_id);
        set(&mut earlier.version);
    }
    checks(&mut series.checks, &mut set);
    let sbom = series.sbom.as_mut().expect("two SBOMs");
    sbom.added.push(String::new());
    sbom.removed.push(String::new());
    set(&mut sbom.since);
    sbom.added.iter_mut().chain(&mut sbom.removed).for_each(&mut set);
    for (what, before, after) in &mut sbom.changed {
        set(what);
        set(before);
        set(after);
    }
    for finding in &mut audit.findings {
        set(&mut finding.code);
        set(&mut finding.subject);
        set(&mut finding.text);
    }
    for range in &mut audit.bytes.as_mut().expect("a map").ranges {
        set(&mut range.what);
        set(&mut range.by);
    }
    count
}

/// An audit that has something in every part of the report.
fn full() -> (Audit, Refusal) {
    let mut desk = Desk::good();
    desk.replace(desk::STATEMENT, "\"version\": \"1.3.0\"", "\"version\": \"1.2.9\"");
    let audit = desk.audit();
    assert!(!audit.findings.is_empty(), "something contradicts itself");
    let mut refused = Desk::good();
    refused.damage = Some(|bytes| *bytes.last_mut().expect("a byte") ^= 1);
    let refusal = refused.audit().refusal;
    let refusal = refusal.or_else(|| {
        refused.damage = Some(|bytes| bytes[0] ^= 1);
        refused.audit().refusal
    });
    (audit, refusal.expect("damage is refused"))
}

#[test]
fn no_text_of_an_audit_becomes_markup() {
    let (audit, refusal) = full();
    let (mut bad, mut good) = (audit.clone(), audit);
    let texts = replace(&mut bad, Some(refusal.clone()), hostile);
    assert_eq!(replace(&mut good, Some(refusal), harmless), texts);
    let (bad, good) = (html::render(&bad), html::render(&good));
    let count = is_harmless(&bad);
    assert_eq!(skeleton(&bad), skeleton(&good), "the text changed the shape of the report");
    let seen: BTreeSet<usize> = (1..=texts).filter(|number| bad.contains(&format!("H{number}&lt;"))).collect();
    // Not shown: the anchor ids of two seals that were taken out, whose labels are; and of the file's path all before its last slash.
    assert_eq!(texts - seen.len(), 3, "{} of {texts} texts are shown", seen.len());
    println!("{texts} texts of an audit, {} of them shown, {count} tags", seen.len());
    assert!(texts > 200 && count > 1_000, "{texts} texts, {count} tags");
}

#[test]
fn no_text_of_a_document_becomes_markup() {
    let kinds = [Kind::CycloneDx, Kind::OpenVex, Kind::Csaf, Kind::ReleaseStatement];
    let mut desk = Desk::good();
    let (mut changed, mut refused) = (0, 0);
    for (number, kind) in kinds.into_iter().enumerate() {
        let mut document: Value =
            serde_json::from_str(desk.documents[number].as_ref().expect("a document")).expect("JSON");
        for pointer in strings(&document) {
            let place = document.pointer_mut(&pointer).expect("it is there");
            let before = place.take();
            *place = Value::String(hostile(changed));
            if Reader::default().read(kind, document.to_string().as_bytes()).is_ok() {
                changed += 1;
            } else {
                // Not every text is free: a date, a name of an algorithm, a reference.
                *document.pointer_mut(&pointer).expect("it is there") = before;
                refused += 1;
            }
        }
        desk.documents[number] = Some(document.to_string());
    }
    for part in ["app.bin", "https://acme.example/builders/1", "run-17"] {
        desk.replace(BUILT, part, serde_json::to_string(&hostile(changed)).expect("JSON").trim_matches('"'));
        changed += 1;
    }
    let audit = desk.audit();
    let report = html::render(&audit);
    let count = is_harmless(&report);
    let shown = report.matches("&lt;b onclick").count();
    println!("{changed} texts of documents, {refused} that are not free, shown {shown} times among {count} tags");
    assert!(changed >= 50 && refused >= 20 && shown >= 10, "{changed}, {refused}, {shown}");
}

/// Where a document has texts.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(_) => vec![String::new()],
        Value::Array(items) => {
            let inner = items.iter().enumerate().map(|(number, item)| (number.to_string(), item));
            inner.flat_map(|(name, item)| strings(item).into_iter().map(move |rest| format!("/{name}{rest}"))).collect()
        }
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, item)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                strings(item).into_iter().map(move |rest| format!("/{name}{rest}"))
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_report_has_everything_that_the_audit_has() {
    let (audit, _) = full();
    let report = html::render(&audit);
    is_harmless(&report);
    for row in &audit.rows {
        assert_eq!(
            report.matches(&format!(">{}<", row.id)).count(),
            2,
            "{}: once in the table, once by itself",
            row.id
        );
        assert!(report.contains(row.title) || report.contains(&row.title.replace('\'', "&#39;")), "{}", row.id);
    }
    for (number, section) in SECTIONS.into_iter().enumerate() {
        assert!(report.contains(&format!("<section id=\"{section}\"")), "section {number}, {section}");
    }
    for verdict in Verdict::ALL {
        assert!(report.contains(verdict.words()));
    }
    assert_eq!(report.matches("role=\"img\"").count(), 3, "matrix, timeline, byte map");
    assert_eq!(report.matches("<desc ").count(), 3, "each drawing is told in words");
    for text in audit.can_not_show {
        assert!(report.contains(text), "{text}");
    }
}

#[test]
fn every_place_that_is_linked_to_is_there_once() {
    let report = html::render(&full().0);
    let tags = tags(&report);
    let of = |wanted: &str| -> Vec<&str> {
        let all = tags.iter().flat_map(|(_, attributes)| attributes);
        all.filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect()
    };
    let ids = of("id");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "an id is there once");
    let links = of("href");
    assert!(links.len() > 60, "{}", links.len());
    for link in links {
        assert!(unique.contains(link.trim_start_matches('#')), "{link}");
    }
    for name in of("aria-labelledby").into_iter().flat_map(str::split_whitespace) {
        assert!(unique.contains(name), "{name}");
    }
}

#[test]
fn a_bundle_that_is_refused_has_a_report_that_says_so() {
    let mut desk = Desk::good();
    desk.damage = Some(|bytes| bytes[0] ^= 1);
    let report = html::render(&desk.audit());
    is_harmless(&report);
    assert!(report.contains("<strong>Refused</strong>") && !report.contains("<strong>Accepted</strong>"));
    let mut other = Desk::good();
    other.anchors = Desk::good()
        .anchors
        .into_iter()
        .map(|(role, _)| (role, sealed::Keys::hybrid(twinseal_formats::SealAlgorithm::MlDsa65, 77)))
        .take(1)
        .collect();
    other
        .anchors
        .push((twinseal_formats::Role::Release, sealed::Keys::hybrid(twinseal_formats::SealAlgorithm::MlDsa65, 78)));
    other.before = None;
    let report = html::render(&other.audit());
    is_harmless(&report);
    assert!(report.contains("<strong>Refused</strong>"));
    assert!(!report.contains("<section id=\"series\"") && !report.contains("href=\"#series\""));
}

#[test]
fn the_same_inputs_give_the_same_bytes_wherever_they_lie() {
    let place = Place::with_bundle("ml-dsa-44");
    place.make_directory("elsewhere");
    place.write("elsewhere/good", place.read("good"));
    let audit = |bundle: &str, html: &str| {
        let ran = place.run(&["audit", bundle, "--trust", "trust.cbor", "--date", "2026-11-26", "--html", html]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    };
    audit("good", "one.html");
    audit("elsewhere/good", "two.html");
    let (one, two) = (place.read("one.html"), place.read("two.html"));
    assert!(one == two, "two runs, two reports");
    is_harmless(core::str::from_utf8(&one).expect("UTF-8"));
    let again = ["audit", "good", "--trust", "trust.cbor", "--date", "2026-11-26", "--html", "one.html"];
    place.fails_and_changes_nothing(&again, "one.html");
    place.run(&[&again[..], &["--overwrite"]].concat()).ok();
    place.fails_and_changes_nothing(
        &["audit", ".", "--trust", "trust.cbor", "--html", "three.html"],
        "--html is for one bundle",
    );
    let streamed = place.run(&["audit", "good", "--trust", "trust.cbor", "--date", "2026-11-26", "--html", "-"]).ok();
    assert_eq!(streamed.out, one, "to standard output, and the report for people to standard error");
}

const ELEMENTS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "article", "h1",
    "h2", "h3", "p", "a", "b", "strong", "span", "code", "ul", "ol", "li", "dl", "dt", "dd", "div", "figure", "table",
    "caption", "thead", "tbody", "tr", "th", "td", "svg", "symbol", "use", "path", "rect", "circle", "g", "defs",
    "pattern", "text", "desc",
];

const ATTRIBUTES: &[&str] = &[
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "charset",
    "class",
    "colspan",
    "content",
    "cx",
    "cy",
    "d",
    "data-name",
    "data-side",
    "fill",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "patternUnits",
    "r",
    "role",
    "scope",
    "stroke",
    "stroke-width",
    "tabindex",
    "text-anchor",
    "viewBox",
    "width",
    "x",
    "y",
];

const SECTIONS: [&str; 10] =
    ["glance", "provisions", "limits", "seals", "timeline", "series", "evidence", "rows", "bytes", "sources"];
