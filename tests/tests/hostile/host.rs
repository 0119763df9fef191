//! The same cases at a host's entry points: `verify` and what `inspect`, `extract` and the other commands open a bundle with.

use std::fs;
use std::path::Path;

use twinseal::bundle::Bundle;
use twinseal::byte_map::{self, ByteMap};
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

use crate::{Input, ONE, cases_and_sets};

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
    assert!(ran >= 335 && opened >= 230 && mapped >= 100, "cases were lost: {ran}, {opened}, {mapped}");
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
