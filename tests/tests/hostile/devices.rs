//! The named cases as files, for devices: what they are given, and what the host said to it. `twinseal-device refuse` puts them before
//! firmware images, whose reader of this form is `device/firmware/src/subject/refuse.rs`.
//!
//! A record is a byte that says what it is (0: the end; 1: a bundle; 2: a store; 3: a trust update; 4: the body of one; 5: an evidence index), the length of
//! what follows in four bytes, and that: for a bundle the device's facts, the store, the bundle and what lies in the slot at boot, each
//! with its length in front. Numbers are little-endian.

use std::fs;
use std::path::PathBuf;

use twinseal_formats::{Digest, ErrorCode};
use twinseal_tests::cbor::length;
use twinseal_tests::device::{Facts, MemorySlot};
use twinseal_tests::roads::{self, Chunks};
use twinseal_tests::trust::{self, Store};
use twinseal_tests::world::{POST_QUANTUM, World};
use twinseal_verifier::{Error, Verifier};

use crate::{Input, cases_and_sets, judge};

#[test]
fn every_case_that_a_device_can_be_given_is_written_for_it() {
    let folder = std::env::var_os("TWINSEAL_CASES").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from);
    let (mut records, mut said, mut left_out) = (Vec::new(), Vec::new(), 0);
    let worlds = POST_QUANTUM.map(|set| (set, World::new(set)));
    for (cases, sets) in cases_and_sets() {
        for (set, world, case) in worlds
            .iter()
            .filter(|(set, _)| sets.contains(set))
            .flat_map(|(set, world)| cases.iter().map(move |case| (set, world, case)))
        {
            let Some((record, verdicts)) = written(&(case.make)(world), world) else {
                left_out += 1;
                continue;
            };
            assert!(verdicts.iter().any(Option::is_some), "{}: something refuses it", case.name);
            records.extend(record);
            let numbers: Vec<_> = verdicts.iter().map(|verdict| verdict.map_or(0, ErrorCode::number)).collect();
            said.push(serde_json::json!({ "name": format!("{set}: {}", case.name), "verdicts": numbers }));
        }
    }
    records.push(0);
    println!("{} cases for devices; {left_out} need the host's own storage", said.len());
    assert!(said.len() >= LEAST_CASES, "cases were lost: {}", said.len());
    fs::create_dir_all(&folder).expect("a folder below target");
    fs::write(folder.join("cases"), records).expect("a file below target");
    fs::write(folder.join("cases.json"), serde_json::to_vec(&said).expect("JSON")).expect("a file below target");
}

/// The record, and the host's verdict by each road; `None` if the case is not about bytes alone.
fn written(input: &Input, world: &World) -> Option<(Vec<u8>, Vec<Option<ErrorCode>>)> {
    let by_one_road = || vec![judge(input, world).err().as_ref().map(Error::code)];
    Some(match input {
        Input::Bundle(bytes) => bundle(bytes, &world.store, &world.facts, world),
        Input::Elsewhere(bytes, store, facts) => bundle(bytes, store, facts, world),
        Input::Store(bytes) => (record(2, bytes), by_one_road()),
        Input::Update(bytes) => (record(3, bytes), by_one_road()),
        Input::Body(bytes) => (record(4, bytes), by_one_road()),
        Input::Evidence(bytes) => (record(5, bytes), by_one_road()),
        Input::Gone(_) => return None,
    })
}

/// A bundle by pull, push and boot.
fn bundle(bytes: &[u8], store: &Store, facts: &Facts, world: &World) -> (Vec<u8>, Vec<Option<ErrorCode>>) {
    let (store, images) = (store.encode(), world.release.payloads());
    let with = |road: &dyn Fn(&Verifier<'_>) -> Result<Digest, Error>| {
        trust::verifier(&store).and_then(|verifier| road(&verifier)).err().as_ref().map(Error::code)
    };
    let verdicts = vec![
        with(&|verifier| roads::pull(bytes, verifier, facts)),
        with(&|verifier| {
            let mut slot = MemorySlot::inactive(facts.components.len());
            roads::push(bytes, Chunks::Of(64), verifier, facts, &mut slot)
        }),
        with(&|verifier| roads::boot(bytes, &images, verifier, facts)),
    ];
    let mut contents = [facts.vendor.0, facts.class.0].concat();
    contents.extend(facts.counter.to_le_bytes());
    contents.extend(facts.counter_limit.to_le_bytes());
    let confirmed = facts.confirmed.map(|(number, id)| {
        let size = u8::try_from(id.as_bytes().len()).expect("at most 64");
        [&number.to_le_bytes()[..], &[size], id.as_bytes()].concat()
    });
    contents.extend(with_length(&confirmed.unwrap_or_default()));
    contents.extend(list(facts.components.iter().map(String::as_bytes)));
    contents.extend(with_length(&store));
    contents.extend(with_length(bytes));
    contents.extend(list(images.iter().map(Vec::as_slice)));
    (record(1, &contents), verdicts)
}

fn record(kind: u8, contents: &[u8]) -> Vec<u8> {
    [&[kind][..], &with_length(contents)].concat()
}

fn with_length(contents: &[u8]) -> Vec<u8> {
    let size = u32::try_from(length(contents)).expect("below 4 GiB");
    [&size.to_le_bytes()[..], contents].concat()
}

fn list<'a>(items: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<u8> {
    let count = u32::try_from(items.len()).expect("few items");
    items.fold(count.to_le_bytes().to_vec(), |list, item| [list, with_length(item)].concat())
}

/// Raised when cases are added, never lowered.
const LEAST_CASES: usize = 745;
