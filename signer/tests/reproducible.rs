//! The signed bytes of a release are the same every time, whatever the order of the release file; the ML-DSA seals are not.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

extern crate alloc;

use alloc::collections::BTreeSet;

use serde_json::Value;
use tool::{Place, RELEASE};

/// The parts of a release file that may stand in any order.
fn tables() -> (String, Vec<String>) {
    let mut tables = RELEASE.trim_start().split("\n\n").map(str::to_owned);
    (tables.next().expect("[release] stands first"), tables.collect())
}

/// Release id, manifest bytes and the two signatures of a bundle, found by what `inspect` says of it.
fn parts(place: &Place, bundle: &str) -> (String, Vec<u8>, Vec<u8>) {
    let shown = place.json(&["inspect", bundle]).ok().object();
    let contents = &shown["contents"];
    assert_eq!(contents["digest_holds"], true);
    let bytes = place.read(bundle);
    let frame = usize::try_from(contents["frame_size"].as_u64().expect("a size")).expect("in memory");
    // SUIT: key 3 and the manifest's byte string end the frame; the manifest begins with {1: 1, 2: sequence number.
    let start = bytes[..frame].windows(4).rposition(|window| window == [0xa6, 0x01, 0x01, 0x02]).expect("a manifest");
    let release_id = contents["release_id"].as_str().expect("text").to_owned();
    (release_id, bytes[start..frame].to_vec(), bytes[frame..].to_vec())
}

#[test]
fn twenty_runs_sign_the_same_bytes() {
    let place = Place::with_release("ml-dsa-65");
    let (mut signed, mut files) = (BTreeSet::new(), BTreeSet::new());
    for run in 0..20 {
        let out = format!("run-{run}");
        place.sign("release.toml", &out).ok();
        signed.insert(parts(&place, &out));
        files.insert(place.read(&out));
    }
    println!("20 runs: {} set of signed bytes, {} files", signed.len(), files.len());
    assert_eq!(signed.len(), 1);
    assert_eq!(files.len(), 20, "ML-DSA signing is hedged: no two files are the same");
}

#[test]
fn the_order_of_the_release_file_does_not_matter() {
    let place = Place::with_release("ml-dsa-44");
    let (head, tables) = tables();
    assert_eq!(tables.len(), 4);
    let mut signed = BTreeSet::new();
    let mut orders = 0;
    for order in permutations(&[0, 1, 2, 3]) {
        let chosen: Vec<_> = order.iter().map(|index| tables[*index].clone()).collect();
        // Keys within a table may stand in any order too.
        let mut lines: Vec<&str> = head.lines().skip(1).collect();
        let shift = orders % lines.len();
        lines.rotate_left(shift);
        place.write("ordered.toml", format!("[release]\n{}\n\n{}\n", lines.join("\n"), chosen.join("\n\n")));
        let out = format!("order-{orders}");
        place.sign("ordered.toml", &out).ok();
        signed.insert(parts(&place, &out));
        orders += 1;
    }
    println!("{orders} orders: {} set of signed bytes", signed.len());
    assert_eq!((orders, signed.len()), (24, 1));
}

#[test]
fn one_byte_of_anything_sealed_changes_the_release() {
    let place = Place::with_bundle("ml-dsa-44");
    let (release_id, ..) = parts(&place, "good");
    let mut seen = BTreeSet::from([release_id]);
    let changes: [(&str, &str); 5] = [
        ("1.4.0", "1.4.1"),
        ("sequence-number = 42", "sequence-number = 43"),
        ("security-version = 3", "security-version = 4"),
        ("\"radio\"", "\"modem\""),
        ("text/plain", "text/html"),
    ];
    for (index, (from, to)) in changes.into_iter().enumerate() {
        place.write("changed.toml", RELEASE.replacen(from, to, 1));
        let out = format!("changed-{index}");
        place.sign("changed.toml", &out).ok();
        seen.insert(parts(&place, &out).0);
    }
    for file in ["app.bin", "radio.bin", "sbom.json", "notes.txt"] {
        let bytes = place.read(file);
        place.write(file, tool::flipped(&bytes, 0));
        let out = format!("with-{file}");
        place.sign("release.toml", &out).ok();
        seen.insert(parts(&place, &out).0);
        place.write(file, bytes);
    }
    assert_eq!(seen.len(), 10, "each change gives a release of its own");
}

fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in of.iter().enumerate() {
        let rest = [&of[..index], &of[index + 1..]].concat();
        all.extend(permutations(&rest).into_iter().map(|tail| [&[*first][..], &tail].concat()));
    }
    all
}

#[test]
fn seals_differ_in_the_post_quantum_half_only() {
    let place = Place::with_bundle("ml-dsa-65");
    place.sign("release.toml", "again").ok();
    let (good, again) = (place.read("good"), place.read("again"));
    assert_eq!(good.len(), again.len());
    let differing: Vec<usize> = (0..good.len()).filter(|at| good[*at] != again[*at]).collect();
    let seal = 3309;
    assert!(differing.len() > seal / 2 && differing.len() <= seal, "{}", differing.len());
    assert!(differing[differing.len() - 1] - differing[0] < seal, "the differences lie within one signature");
    let shown: Value = place.json(&["inspect", "again"]).ok().object();
    assert_eq!(shown["contents"]["seals"][1]["size"], seal);
}
