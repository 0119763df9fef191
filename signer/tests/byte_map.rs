//! `inspect --bytes`: every byte of a bundle is accounted for, and what the map says of a byte is true when the byte is changed.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/tool.rs"]
mod tool;

use serde_json::Value;
use tool::{Place, SETS, flipped};

/// The four forms of one release.
const FORMS: [&str; 4] = ["good", "stripped", "detached", "bare"];

fn four_forms(set: &str) -> Place {
    let place = Place::with_bundle(set);
    place.run(&["strip", "good", "--out", "stripped"]).ok();
    for (from, to, directory) in [("good", "detached", "one"), ("stripped", "bare", "two")] {
        place.make_directory(directory);
        place.run(&["detach", from, "--out", to, "--payloads", directory]).ok();
    }
    place
}

fn ranges(place: &Place, bundle: &str) -> (Vec<(usize, usize, String)>, Value) {
    let object = place.json(&["inspect", bundle, "--trust", "trust.cbor", "--bytes"]).ok().object();
    let map = object["contents"]["bytes"].clone();
    let number = |range: &Value, field: &str| usize::try_from(range[field].as_u64().expect("a number")).expect("small");
    let ranges = map["ranges"].as_array().expect("ranges").iter();
    let ranges = ranges.map(|range| {
        assert!(!range["what"].as_str().expect("text").is_empty() && !range["by"].as_str().expect("text").is_empty());
        (number(range, "start"), number(range, "end"), range["cover"].as_str().expect("text").to_owned())
    });
    (ranges.collect(), map)
}

#[test]
fn the_ranges_add_up_to_the_file_in_every_form_and_set() {
    let mut maps = 0;
    for set in SETS {
        let place = four_forms(set);
        for (form, absent) in FORMS.into_iter().zip([0, 1, 2, 3]) {
            let (ranges, map) = ranges(&place, form);
            let mut position = 0;
            for (start, end, _) in &ranges {
                assert_eq!(*start, position, "{set} {form}: a gap");
                assert!(end > start, "{set} {form}: an empty range");
                position = *end;
            }
            assert_eq!(position, place.read(form).len(), "{set} {form}");
            assert_eq!(map["absent"].as_array().expect("a list").len(), absent, "{set} {form}");
            maps += 1;
        }
    }
    println!("byte maps: {maps} add up to their files");
    assert_eq!(maps, 12);
}

#[test]
fn each_range_is_refused_for_what_the_map_says_of_it() {
    let place = Place::with_bundle("ml-dsa-44");
    let good = place.read("good");
    let (ranges, _) = ranges(&place, "good");
    let mut changed = [0; 4];
    for (start, end, cover) in &ranges {
        for at in [*start, start + (end - start) / 2, end - 1] {
            place.write("changed", flipped(&good, at));
            let ran = place.verify("changed", &[]);
            assert_eq!(ran.code, 1, "byte {at} ({cover}): {}", ran.text());
            let code = ran.refusal()["code"].as_str().expect("a code").to_owned();
            let (kind, fits) = match cover.as_str() {
                // A sealed byte may break the shape of what is read before any seal is looked at.
                "sealed" => (0, code.starts_with("authenticate.") || code.starts_with("frame.")),
                "digest" => (1, code.ends_with("-digest") || code.ends_with("digest-mismatch")),
                "signature" => (2, code.ends_with("seal-bad")),
                "framing" => {
                    (3, code.starts_with("frame.") || code.starts_with("evidence.") || code.ends_with("truncated"))
                }
                other => panic!("{other}"),
            };
            assert!(fits, "byte {at} is {cover}, and refused as {code}");
            changed[kind] += 1;
        }
    }
    println!("byte map: {changed:?} changes of sealed, digest, signature, framing bytes refused as it says");
    assert!(changed.iter().all(|count| *count >= 6));
}

#[test]
fn people_see_the_map_and_only_when_they_ask() {
    let place = Place::with_bundle("ml-dsa-44");
    let text = place.run(&["inspect", "good", "--bytes"]).ok().text();
    for part in
        ["sealed", "covered by a digest", "manifest with its head", "payload of app", "tag 107", "evidence index"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!place.run(&["inspect", "good"]).ok().text().contains("tag 107"));
}
