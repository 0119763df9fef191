//! The same cases at a host's entry points: `verify` and what `inspect`, `extract` and the other commands open a bundle with.

use core::fmt::Write as _;
use std::fs;
use std::path::Path;

use twinseal::audit::{self, Inputs};
use twinseal::bundle::Bundle;
use twinseal::byte_map::{self, ByteMap};
use twinseal::evidence::Day;
use twinseal::forms::Opened;
use twinseal::judge::{Purpose, judge};
use twinseal::store;
use twinseal::trouble::{Examined, Trouble};
use twinseal_formats::{Manifest, Stage};
use twinseal_tests::bundle::Form;
use twinseal_tests::device::Facts;
use twinseal_tests::trust::Store;
use twinseal_tests::world::World;
use twinseal_verifier::Error;

use crate::document::{Part, hold};
use crate::{Input, ONE, cases_and_sets, enclosed};

#[path = "ceremony.rs"]
mod ceremony;

use ceremony::{Paper, papers};

/// Number and name, as the cases have them.
fn text(error: &Error) -> String {
    format!("{:04x} {}.{}", error.code().number(), error.stage().name(), error.name())
}

/// A bundle as a file, for the duration of a closure.
fn as_file<T>(name: &str, bytes: &[u8], with: impl FnOnce(&Bundle) -> T) -> T {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{name}.twinseal"));
    fs::write(&path, bytes).expect("a file below target");
    let result = with(&Bundle::open(&path).expect("the file was just written"));
    fs::remove_file(&path).expect("the file can be removed");
    result
}

/// What `twinseal verify` says.
fn verify(bundle: &Bundle, store: &Store, facts: &Facts) -> Result<(), Error> {
    let bytes = store.encode();
    let examined = facts.lend(|device| {
        let verifier = store::open(&bytes)?;
        judge(bundle, &verifier, device, Purpose::Install, Path::new("nowhere")).map(|_| ())
    });
    Trouble::finding(examined).expect("the file can be read")
}

/// What the commands that show bundles or take them apart say before they do.
fn open(bundle: &Bundle) -> Result<(), Error> {
    Trouble::finding(Opened::new(bundle).map(|_| ())).expect("the file can be read")
}

/// What `inspect --bytes` and `audit` say of each byte, where the bundle's shape lets them.
fn map(bundle: &Bundle) -> Option<ByteMap> {
    let map = || -> Examined<ByteMap> {
        let envelope = bundle.envelope()?;
        let manifest = Manifest::parse(envelope.manifest_bytes())?;
        let layout = bundle.layout(&envelope, &manifest)?;
        layout.ends_at(bundle.size())?;
        byte_map::compare_payload_heads(bundle, &manifest, &layout)?;
        Ok(ByteMap::new(bundle, &envelope, &manifest, &layout)?)
    };
    Trouble::finding(map()).expect("the file can be read").ok()
}

/// Whether the ranges lie one behind the other, from the first byte of the file to its last.
fn adds_up(map: &ByteMap, size: u64) -> bool {
    let end = map.ranges.iter().try_fold(0, |at, range| (range.start == at && range.end > at).then_some(range.end));
    end == Some(size)
}

/// Bundles that are good in another form: a host looks for their payloads beside them.
const BESIDE: [&str; 3] = [
    "a detached bundle with as many entries as an enclosed one",
    "a detached bundle where an enclosed one is expected",
    "a bare envelope where payloads are expected",
];

/// Whether a device meets the fault where payloads lie. A host that opens a bundle knows the file's length and adds it all up before it
/// looks at an entry: it refuses too, for what does not add up.
fn is_behind_the_frame(error: &str) -> bool {
    error.contains("frame.payload-") || error.contains("image.")
}

#[test]
fn every_case_is_refused_by_verify_with_the_devices_number() {
    let world = World::new(ONE[0]);
    let (mut ran, mut opened, mut beside, mut mapped, mut wrong) = (0, 0, 0, 0, Vec::new());
    for case in cases_and_sets().into_iter().flat_map(|(cases, _)| cases) {
        let (bytes, store, facts) = match (case.make)(&world) {
            Input::Bundle(bytes) => (bytes, world.store.clone(), world.facts.clone()),
            Input::Elsewhere(bytes, store, facts) => (bytes, store, facts),
            Input::Store(_) | Input::Update(_) | Input::Body(_) | Input::Evidence(_) | Input::Gone(_) => continue,
        };
        ran += 1;
        beside += usize::from(BESIDE.contains(&case.name.as_str()));
        let said = |outcome: &Result<(), Error>| outcome.as_ref().err().map_or_else(|| "accepted".into(), text);
        as_file("case", &bytes, |bundle| {
            let verified = said(&verify(bundle, &store, &facts));
            let expected = if BESIDE.contains(&case.name.as_str()) { "0601 image.missing" } else { case.error };
            if verified != expected {
                wrong.push(format!("{}: verify says {verified}, not {expected}", case.name));
            }
            // Without a trust store and a device, what is left is the shape, and the digest.
            if let Some(map) = map(bundle) {
                mapped += 1;
                assert!(adds_up(&map, bundle.size()), "{}: {map:?}", case.name);
            }
            let shape = open(bundle);
            let is_shape = |error: &Error| matches!(error.stage(), Stage::Frame | Stage::Manifest);
            if shape.as_ref().is_err_and(is_shape) {
                opened += 1;
                if said(&shape) != case.error && !is_behind_the_frame(case.error) {
                    wrong.push(format!("{}: inspect says {}, not {}", case.name, said(&shape), case.error));
                }
            }
        });
    }
    println!(
        "{ran} bad bundles before a host: each refused by verify as by a device, {opened} of them by every command; the bytes of {mapped} add up"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(beside, BESIDE.len());
    assert!(ran >= 361 && opened >= 230 && mapped >= 100, "cases were lost: {ran}, {opened}, {mapped}");
}

#[test]
fn every_fault_of_enclosed_evidence_is_refused_by_a_host_by_name() {
    let world = World::new(ONE[0]);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile-enclosed.twinseal");
    let (mut ran, mut wrong) = (0, Vec::new());
    for case in enclosed::cases() {
        let Input::Bundle(bytes) = (case.make)(&world) else { panic!("{}: a bundle", case.name) };
        ran += 1;
        fs::write(&path, &bytes).expect("a file below target");
        let bundle = Bundle::open(&path).expect("the file was just written");
        let said = |outcome: Result<(), Error>| outcome.err().as_ref().map_or_else(|| "accepted".into(), text);
        let found = [
            ("verify", said(verify(&bundle, &world.store, &world.facts))),
            ("inspect", said(open(&bundle))),
            ("audit", audited(&path, &world.store)),
        ];
        wrong.extend(
            found
                .into_iter()
                .filter(|(_, found)| found != case.error)
                .map(|(who, found)| format!("{}: {who} says {found}, not {}", case.name, case.error)),
        );
    }
    fs::remove_file(&path).expect("the file can be removed");
    println!(
        "{ran} bundles with bad evidence, refused by verify, by what every command opens bundles with, and by audits"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran >= enclosed::LEAST_CASES, "cases were lost: {ran}");
}

/// What an audit says to a bundle: the number and name of its refusal.
fn audited(bundle: &Path, store: &Store) -> String {
    let bytes = store.encode();
    let verifier = match store::open(&bytes) {
        Ok(verifier) => verifier,
        Err(error) => return text(&error),
    };
    let inputs = Inputs {
        date: Day::new(2026, 11, 26).expect("a day"),
        previous: Vec::new(),
        builder_keys: Vec::new(),
        profiles: Vec::new(),
        payloads: Some("nowhere".into()),
    };
    let audit = audit::audit(bundle, &verifier, &inputs).expect("the file can be read");
    if let Some(first) = audit.disagreements.first() {
        return format!("DISAGREEMENT: {first}");
    }
    assert_eq!(audit.refusal.is_none(), audit.verdict == "accepted");
    audit.refusal.map_or_else(|| "accepted".into(), |refusal| format!("{:04x} {}", refusal.number, refusal.code))
}

/// An audit knows no device: it decides as one would for which the release is, and which never had another. What is wrong for the
/// device of a case alone, an audit can not see; of the others it says exactly what the device says.
fn of_its_device<'a>(name: &str, error: &'a str) -> &'a str {
    if BESIDE.contains(&name) {
        return "0601 image.missing";
    }
    match error.split_once(' ').expect("a number").1 {
        "admit.trust-epoch" => error,
        "admit.vendor-mismatch" | "admit.class-mismatch" if !name.ends_with("that the trust store is for too") => {
            "070a configuration.device-not-served"
        }
        "configuration.component-list" => "accepted",
        other if other.starts_with("admit.") => "accepted",
        _ => error,
    }
}

#[test]
fn every_case_is_audited_with_the_devices_number() {
    let world = World::new(ONE[0]);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile-audited.twinseal");
    let (mut ran, mut accepted, mut wrong) = (0, 0, Vec::new());
    for case in cases_and_sets().into_iter().flat_map(|(cases, _)| cases) {
        let (bytes, store) = match (case.make)(&world) {
            Input::Bundle(bytes) => (bytes, world.store.clone()),
            Input::Elsewhere(bytes, store, _) => (bytes, store),
            Input::Store(_) | Input::Update(_) | Input::Body(_) | Input::Evidence(_) | Input::Gone(_) => continue,
        };
        ran += 1;
        fs::write(&path, &bytes).expect("a file below target");
        let (found, expected) = (audited(&path, &store), of_its_device(&case.name, case.error));
        accepted += usize::from(expected == "accepted");
        if found != expected {
            wrong.push(format!("{}: an audit says {found}, not {expected}", case.name));
        }
    }
    fs::remove_file(&path).expect("the file can be removed");
    println!("{ran} bad bundles audited, {accepted} of them bad for their device alone");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran >= 361 && accepted <= 40, "cases were lost: {ran}, {accepted}");
}

#[test]
fn the_document_lists_what_a_host_says() {
    let mut listed = String::from(
        "
`audit` says the device's number to each bundle above; but it knows no device, and decides as one would for which the release is and which never had
another (`every_case_is_audited_with_the_devices_number`). What it says instead:

| input | device | `audit` |
|---|---|---|
",
    );
    let world = World::new(ONE[0]);
    for case in cases_and_sets().into_iter().flat_map(|(cases, _)| cases) {
        let is_bundle = matches!((case.make)(&world), Input::Bundle(_) | Input::Elsewhere(..));
        let said = of_its_device(&case.name, case.error);
        if is_bundle && said != case.error {
            writeln!(listed, "| {} | `{}` | `{said}` |", case.name, case.error).expect("a string takes everything");
        }
    }
    listed.push_str(
        "
## ceremony

`every_bad_request_and_answer_is_refused_by_name`: signing requests and answers, to what `ceremony assemble` reads them with. The sentence is the error; of a
seal, its algorithm and anchor id stand in front.

| input | says |
|---|---|
",
    );
    for Paper { name, says, .. } in papers() {
        writeln!(listed, "| {name} | {} |", says.trim_end_matches([':', ' '])).expect("a string takes everything");
    }
    hold(Part::Host, &listed);
}

#[test]
fn what_stands_behind_a_bundle_is_refused_by_a_host() {
    let world = World::new(ONE[0]);
    let good = world.bundle().to_bytes(Form::Full);
    let behind: [(&str, Vec<u8>); 5] = [
        ("a byte", vec![0x31]),
        ("zeros to the end of a sector", vec![0; 4096 - good.len() % 4096]),
        ("a page of ones", vec![0xff; 4096]),
        ("the bundle again", good.clone()),
        ("another good bundle", world.release.clone().with_evidence().sealed_by(&[&world.signer]).to_bytes(Form::Full)),
    ];
    as_file("alone", &good, |bundle| assert_eq!(verify(bundle, &world.store, &world.facts), Ok(())));
    for (name, more) in behind {
        as_file("longer", &[&good[..], &more].concat(), |bundle| {
            for outcome in [verify(bundle, &world.store, &world.facts), open(bundle)] {
                assert_eq!(outcome.as_ref().err().map(text).as_deref(), Some("0107 frame.trailing-bytes"), "{name}");
            }
        });
    }
}
