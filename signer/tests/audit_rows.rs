//! Every row of an audit turns by changing exactly one thing, and so does every check in it.

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

use desk::{ADVISORY, BUILT, Desk, RELEASE, ROOT, SBOM, STATEMENT, VEX};
use sealed::Keys;
use twinseal::audit::{Audit, Outcome, Verdict};
use twinseal_formats::{DigestAlgorithm, Role, SealAlgorithm};

use Verdict::{Consistent, Declared, NotApplicable, NotEvidenced, OutsideAnyBundle, Proven};

/// What the good release shows, row by row.
const GOOD: [(&str, Verdict); 22] = [
    ("A-01", Proven),
    ("A-02", Proven),
    ("A-03", Consistent),
    ("A-04", Proven),
    ("A-05", Consistent),
    ("A-06", Consistent),
    ("A-07", Consistent),
    ("A-08", Consistent),
    ("A-09", Consistent),
    ("A-10", OutsideAnyBundle),
    ("A-11", Consistent),
    ("A-12", Declared),
    ("A-13", Declared),
    ("A-14", Consistent),
    ("A-15", Consistent),
    ("A-16", Consistent),
    ("A-17", Proven),
    ("A-18", OutsideAnyBundle),
    ("A-19", Declared),
    ("A-20", Proven),
    ("A-21", Proven),
    ("A-22", OutsideAnyBundle),
];

/// A row, the check in it that turns, the verdict then, and the one thing that is changed.
type Case = (&'static str, &'static str, Verdict, fn(&mut Desk));

fn swap(document: usize, from: &'static str, to: &'static str) -> impl Fn(&mut Desk) {
    move |desk| desk.replace(document, from, to)
}

fn before(desk: &mut Desk) -> &mut Desk {
    desk.before.as_mut().expect("there is one")
}

const CASES: &[Case] = &[
    ("A-01", "seals", NotEvidenced, |desk| desk.damage = Some(|bytes| bytes[300] ^= 1)),
    ("A-01", "second-opinion", NotEvidenced, |desk| desk.damage = Some(|bytes| bytes[300] ^= 1)),
    ("A-01", "device", NotEvidenced, |desk| {
        desk.damage = Some(|bytes| {
            let image = tool::bytes(4_000);
            let at = tool::position(&image, bytes);
            bytes[at] ^= 1;
        });
    }),
    ("A-01", "bytes", NotEvidenced, |desk| desk.damage = Some(|bytes| bytes.push(0))),
    ("A-02", "post-quantum", NotEvidenced, |desk| {
        let classical = Keys(vec![(SealAlgorithm::Ed25519, RELEASE)]);
        desk.anchors[1].1 = classical.clone();
        desk.made.sealed_by = vec![classical];
        desk.single_class = true;
    }),
    ("A-02", "stripping", NotEvidenced, |desk| {
        let other = Keys(vec![(SealAlgorithm::MlDsa65, 7)]);
        desk.anchors.push((Role::Release, other.clone()));
        desk.made.sealed_by.push(other);
        desk.single_class = true;
    }),
    ("A-02", "digest", NotEvidenced, |desk| desk.made.digest = DigestAlgorithm::Sha256),
    ("A-03", "root", NotEvidenced, |desk| drop(desk.anchors.remove(0))),
    ("A-04", "sequence-number", NotEvidenced, |desk| before(desk).made.sequence_number = 42),
    ("A-04", "sequence-number", NotEvidenced, |desk| before(desk).made.sequence_number = 43),
    ("A-04", "security-version", NotEvidenced, |desk| before(desk).made.security_version = 4),
    ("A-04", "same-product", NotEvidenced, |desk| before(desk).made.model = "boiler".to_owned()),
    ("A-04", "authentic", NotEvidenced, |desk| {
        before(desk).made.sealed_by = vec![Keys::hybrid(SealAlgorithm::MlDsa65, 8)];
    }),
    ("A-04", "numbers", Declared, |desk| desk.before = None),
    ("A-05", "statement", NotEvidenced, |desk| desk.documents[STATEMENT] = None),
    ("A-05", "ids", NotEvidenced, |desk| swap(STATEMENT, "\"thermostat\"", "\"boiler\"")(desk)),
    ("A-05", "version", NotEvidenced, |desk| swap(STATEMENT, "\"1.4.0\"", "\"1.4.1\"")(desk)),
    ("A-05", "sbom-version", NotEvidenced, |desk| swap(SBOM, "\"version\": \"1.4.0\"", "\"version\": \"1.4.1\"")(desk)),
    ("A-06", "sbom", NotEvidenced, |desk| desk.documents[SBOM] = None),
    ("A-06", "sbom", NotEvidenced, |desk| {
        swap(SBOM, "\"bomFormat\"", "\"bomFormat\": \"CycloneDX\", \"bomFormat\"")(desk)
    }),
    ("A-06", "image-digest", NotEvidenced, |desk| {
        let of = |image: &[u8]| documents::hex(DigestAlgorithm::Sha512, image);
        desk.replace(SBOM, &of(&tool::bytes(4_000)), &of(b"other"));
    }),
    ("A-06", "image-digest", Declared, |desk| swap(SBOM, "\"hashes\"", "\"hushes\"")(desk)),
    ("A-06", "minimum-elements", Declared, |desk| swap(SBOM, "\"supplier\": {\"name\": \"Netters\"}, ", "")(desk)),
    ("A-06", "connected", Declared, |desk| swap(SBOM, "[\"crypto\", \"net\"]", "[\"crypto\"]")(desk)),
    ("A-06", "time", NotEvidenced, |desk| swap(SBOM, "2026-11-20T", "2026-11-22T")(desk)),
    ("A-07", "products", NotEvidenced, |desk| {
        // The SBOM's own statement is for the product of its document, so it goes as well: the one thing is the product.
        desk.replace(SBOM, "\"state\": \"not_affected\", ", "");
        let vex = desk.documents[VEX].as_mut().expect("it is carried");
        *vex = vex.replace("thermostat@1.4.0", "thermostat@1.3.9");
    }),
    ("A-07", "known", NotEvidenced, |desk| {
        swap(STATEMENT, "[\"CVE-2026-0001\"]", "[\"CVE-2026-0001\", \"CVE-2026-0009\"]")(desk)
    }),
    ("A-07", "fixed", NotEvidenced, |desk| {
        swap(VEX, "\"status\": \"fixed\"", "\"status\": \"under_investigation\"")(desk)
    }),
    ("A-07", "remedies", NotEvidenced, |desk| {
        desk.replace(
            SBOM,
            "\"state\": \"not_affected\", \"justification\": \"code_not_reachable\"",
            "\"state\": \"exploitable\"",
        );
    }),
    ("A-07", "age", Declared, |desk| {
        desk.replace(SBOM, "\"state\": \"not_affected\", ", "");
        desk.replace(VEX, "2026-11-20T", "2026-10-20T");
    }),
    ("A-07", "vex", NotEvidenced, |desk| swap(VEX, "\"author\"", "\"auther\"")(desk)),
    ("A-08", "statement", NotEvidenced, |desk| desk.documents[STATEMENT] = None),
    ("A-08", "sbom-changes", NotEvidenced, |desk| swap(SBOM, "\"3.0.1\"", "\"3.0.2\"")(desk)),
    ("A-08", "sbom-changes", Declared, |desk| before(desk).documents[SBOM] = None),
    ("A-08", "combined", Declared, |desk| {
        swap(STATEMENT, "\"security\"", "\"combined\", \"combined-reason\": \"one build\"")(desk)
    }),
    ("A-08", "functional", NotEvidenced, |desk| {
        desk.replace(STATEMENT, "\"kind\": \"security\"", "\"kind\": \"functional\"");
        desk.replace(STATEMENT, "{\"id\": \"CVE-2026-0002\", \"known-since\": \"2026-11-02\"}", "");
    }),
    ("A-09", "advisory", NotEvidenced, |desk| desk.documents[ADVISORY] = None),
    ("A-09", "advisory", NotEvidenced, |desk| {
        swap(ADVISORY, "\"csaf_version\": \"2.0\"", "\"csaf_version\": \"3.0\"")(desk)
    }),
    ("A-09", "product", NotEvidenced, |desk| {
        let text = desk.documents[ADVISORY].as_mut().expect("it is carried");
        *text = text.replace("1.4.0", "1.5.0");
    }),
    ("A-09", "same-set", NotEvidenced, |desk| swap(ADVISORY, "CVE-2026-0002", "CVE-2026-0004")(desk)),
    ("A-09", "contents", Declared, |desk| {
        swap(ADVISORY, "\"category\": \"impact\"", "\"category\": \"target_set\"")(desk)
    }),
    ("A-11", "known-since", NotEvidenced, |desk| swap(STATEMENT, ", \"known-since\": \"2026-11-02\"", "")(desk)),
    ("A-11", "known-since", NotEvidenced, |desk| swap(STATEMENT, "2026-11-02", "2026-11-22")(desk)),
    ("A-11", "issued", NotEvidenced, |desk| desk.date = "2026-11-20"),
    ("A-12", "installation", NotEvidenced, |desk| {
        let text = desk.documents[STATEMENT].as_mut().expect("it is carried");
        let (from, to) = (text.find("\"installation\"").expect("it is"), text.find("\"documents\"").expect("it is"));
        text.replace_range(from..to, "");
    }),
    ("A-12", "automatic", NotEvidenced, |desk| swap(STATEMENT, "\"automatic\": true", "\"automatic\": false")(desk)),
    ("A-12", "opt-out", NotEvidenced, |desk| {
        swap(STATEMENT, "\"opt-out\": \"https://acme.example/updates#off\", ", "")(desk)
    }),
    ("A-12", "notification", NotEvidenced, |desk| {
        swap(STATEMENT, "\"notifies-users\": true", "\"notifies-users\": false")(desk)
    }),
    ("A-12", "postponing", NotEvidenced, |desk| swap(STATEMENT, ", \"postponable-days\": 14", "")(desk)),
    ("A-13", "disruption", NotEvidenced, |desk| swap(STATEMENT, "\"disruption\": \"none\", ", "")(desk)),
    ("A-13", "fallback", NotEvidenced, |desk| swap(STATEMENT, ", \"fallback\": \"the release before\"", "")(desk)),
    ("A-14", "end", NotEvidenced, |desk| {
        swap(STATEMENT, "\"support\": {\"start\": \"2026-02\", \"end\": \"2031-12\"},", "")(desk)
    }),
    ("A-14", "length", NotEvidenced, |desk| swap(STATEMENT, "\"start\": \"2026-02\"", "\"start\": \"2027-02\"")(desk)),
    ("A-14", "not-over", NotEvidenced, |desk| swap(STATEMENT, "2026-11-21T", "2032-01-01T")(desk)),
    ("A-14", "support-end", NotEvidenced, |desk| swap(STATEMENT, "\"2031-12\"", "\"2031-11\"")(desk)),
    ("A-15", "until", NotEvidenced, |desk| swap(STATEMENT, "2036-12-31", "2036-11-19")(desk)),
    ("A-15", "until", NotEvidenced, |desk| {
        desk.replace(STATEMENT, "\"availability\": {\"until\": \"2036-12-31\", \"free-of-charge\": true},", "");
    }),
    ("A-15", "free-of-charge", NotEvidenced, |desk| {
        swap(STATEMENT, "\"free-of-charge\": true", "\"free-of-charge\": false")(desk)
    }),
    ("A-16", "reports", Declared, |desk| swap(STATEMENT, "psirt@acme.example", "noone@acme.example")(desk)),
    ("A-16", "policy", NotEvidenced, |desk| {
        swap(STATEMENT, ", \"disclosure-policy\": \"https://acme.example/cvd\"", "")(desk)
    }),
    ("A-17", "provenance", NotEvidenced, |desk| desk.documents[BUILT] = None),
    ("A-17", "subject", NotEvidenced, |desk| {
        let of = |image: &[u8]| documents::hex(DigestAlgorithm::Sha384, image);
        desk.replace(BUILT, &of(&tool::bytes(4_000)), &of(b"other"));
    }),
    ("A-17", "builder", NotEvidenced, |desk| desk.builder = 10),
    ("A-17", "builder", NotEvidenced, |desk| desk.builder = RELEASE),
    ("A-17", "builder", NotEvidenced, |desk| desk.builder = ROOT),
    ("A-17", "builder", Declared, |desk| desk.builder_key = None),
    ("A-17", "materials", Declared, |desk| swap(BUILT, "\"resolvedDependencies\"", "\"resolved\"")(desk)),
    ("A-17", "time", NotEvidenced, |desk| swap(BUILT, "2026-11-20T09:10:00Z", "2026-11-21T09:10:00Z")(desk)),
    ("A-17", "coverage", NotEvidenced, |desk| desk.made.components.push(("radio".to_owned(), tool::bytes(900)))),
    ("A-19", "reference", NotEvidenced, |desk| {
        swap(STATEMENT, "\"eu-declaration-of-conformity\": \"https://acme.example/doc\"", "")(desk)
    }),
    ("A-20", "root", NotEvidenced, |desk| drop(desk.anchors.remove(0))),
    ("A-20", "strangers", Declared, |desk| desk.made.sealed_by.push(Keys::hybrid(SealAlgorithm::MlDsa65, 8))),
    ("A-21", "requirement", NotEvidenced, |desk| desk.made.sealed_by = vec![Keys::hybrid(SealAlgorithm::MlDsa65, 8)]),
    ("A-21", "both-classes", NotEvidenced, |desk| desk.single_class = true),
];

fn outcomes(audit: &Audit, row: &str, check: &str) -> Vec<Outcome> {
    let row = audit.row(row).expect("a row");
    row.checks.iter().filter(|one| one.name == check).map(|one| one.outcome).collect()
}

#[test]
fn the_good_release_shows_what_it_can() {
    let audit = Desk::good().audit();
    let found: Vec<(&str, Verdict)> = audit.rows.iter().map(|row| (row.id, row.verdict)).collect();
    for row in &audit.rows {
        println!("{} {:?}: {}", row.id, row.verdict, row.reason);
    }
    assert_eq!(found, GOOD);
    assert!(audit.findings.is_empty() && !audit.is_refused() && audit.disagreements.is_empty(), "{:?}", audit.findings);
}

#[test]
fn every_row_turns_by_one_change_and_so_does_every_check() {
    let good = Desk::good().audit();
    let (mut rows, mut checks, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (number, (row, check, verdict, change)) in CASES.iter().enumerate() {
        let mut desk = Desk::good();
        change(&mut desk);
        let bad = desk.audit();
        let found = bad.row(row).expect("a row");
        let mut hold = |what: &str, holds: bool| {
            if !holds {
                wrong.push(format!("case {number}, {row} {check}, {what}: {found:?}, {:?}", bad.findings));
            }
        };
        hold("the verdict", found.verdict == *verdict);
        hold("the row turned", Some(found.verdict) != good.row(row).map(|row| row.verdict));
        hold("the check turned", outcomes(&bad, row, check) != outcomes(&good, row, check));
        // A contradiction refuses the audit, and nothing else in a row does.
        let contradicted = bad.rows.iter().flat_map(|row| &row.checks).any(|one| one.outcome == Outcome::Contradicted);
        hold("the exit code", bad.is_refused() == contradicted);
        rows.insert(*row);
        checks.insert((*row, *check));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // What the good release has, all of it turned.
    for row in &good.rows {
        for check in &row.checks {
            assert!(checks.contains(&(row.id, check.name)), "{} {}: no case", row.id, check.name);
        }
    }
    println!("audit: {} cases turned {} rows and {} checks", CASES.len(), rows.len(), checks.len());
    assert_eq!((CASES.len(), rows.len(), checks.len()), (74, 19, 64));
}

#[test]
fn what_is_not_asked_of_a_release_is_said_not_to_be() {
    let mut desk = Desk::good();
    desk.replace(STATEMENT, "\"kind\": \"security\"", "\"kind\": \"functional\"");
    desk.replace(STATEMENT, "{\"id\": \"CVE-2026-0002\", \"known-since\": \"2026-11-02\"}", "");
    desk.documents[ADVISORY] = None;
    let audit = desk.audit();
    for row in ["A-09", "A-11"] {
        assert_eq!(audit.row(row).map(|row| row.verdict), Some(NotApplicable), "{row}");
    }
    assert_eq!(audit.row("A-08").map(|row| row.verdict), Some(Consistent));
    assert!(!audit.is_refused(), "{:?}", audit.findings);
}

#[test]
fn what_is_said_to_affect_a_release_is_named_and_no_title_denies_it() {
    let reason = |desk: &Desk| {
        let audit = desk.audit();
        let row = audit.row("A-07").expect("the row");
        assert_eq!(row.verdict, Consistent);
        assert!(!row.title.to_lowercase().contains("no vulnerability"), "{}", row.title);
        row.reason.clone()
    };
    let mut desk = Desk::good();
    assert_eq!(reason(&desk), "statements about this release: 3; nothing is said to affect it");
    let refuted = "\"state\": \"not_affected\", \"justification\": \"code_not_reachable\"}";
    desk.replace(SBOM, refuted, "\"state\": \"exploitable\"}, \"recommendation\": \"Turn off remote access.\"");
    assert_eq!(reason(&desk), "statements about this release: 3; said to affect it: CVE-2026-0003");
}

#[test]
fn the_document_has_every_row_with_its_provisions_and_checks() {
    let document = include_str!("../../docs/audit.md");
    let mut checks = 0;
    for row in &Desk::good().audit().rows {
        let heading = format!("### {} {}\n", row.id, row.title);
        let section = document.split_once(&heading).unwrap_or_else(|| panic!("{heading}")).1;
        let section = section.split("\n#").next().expect("a section");
        for provision in row.eu.iter().chain(row.us) {
            let named = format!("{} {}", provision.instrument(), provision.id);
            assert!(section.contains(&named), "{}: {named}", row.id);
        }
        assert!(section.contains(row.can_not_show), "{}", row.id);
        for (_, check, ..) in CASES.iter().filter(|case| case.0 == row.id) {
            assert!(section.contains(&format!("| `{check}` |")), "{}: {check}", row.id);
            checks += 1;
        }
    }
    assert_eq!(checks, CASES.len());
    for verdict in Verdict::ALL {
        assert!(document.contains(&format!("| {} | {} |", verdict.words(), verdict.meaning())), "{verdict:?}");
    }
}
