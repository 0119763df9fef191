//! Ceremonies as people hold them: a request goes out, answers come back from several places, one of them made without our code.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test ends where something is not as it must be"
)]

#[path = "support/needs.rs"]
mod needs;
#[path = "support/tool.rs"]
mod tool;

use std::process::Command;

use serde_json::{Value, json};
use tool::Place;

/// Three release identities of which two are demanded, and an assessor; a request for the release.
fn place() -> Place {
    let place = Place::with_release("ml-dsa-44");
    for name in ["a", "b", "c", "assessor", "stranger"] {
        place.run(&["keygen", "--out", name, "--set", "ml-dsa-44"]).ok();
    }
    let policy =
        ["--release", "a", "--release", "b", "--release", "c", "--require", "release=2", "--assessor", "assessor"];
    place.trust("policy.cbor", &policy);
    place.run(&["journal", "new", "j"]).ok();
    let request =
        ["ceremony", "request", "--release", "release.toml", "--trust", "policy.cbor", "--out", "request.json"];
    place.run(&request).ok();
    place
}

fn value(place: &Place, file: &str) -> Value {
    serde_json::from_slice(&place.read(file)).expect("JSON")
}

fn digest(place: &Place) -> String {
    value(place, "request.json")["digest"].as_str().expect("a digest").to_owned()
}

fn respond(place: &Place, identity: &str) {
    let (digest, out) = (digest(place), format!("{identity}.json"));
    let arguments =
        ["ceremony", "respond", "request.json", "--identity", identity, "--confirm", &digest, "--out", &out];
    place.run(&arguments).ok();
}

fn assemble<'a>(answers: &[&'a str]) -> Vec<&'a str> {
    let mut arguments =
        vec!["ceremony", "assemble", "request.json", "--release", "release.toml", "--out", "out", "--journal", "j"];
    for answer in answers {
        arguments.extend(["--answer", answer]);
    }
    arguments
}

/// Runs `assemble`, which must refuse, say why, and change nothing.
fn refused(place: &Place, answers: &[&str], part: &str) -> Value {
    let before = place.everything();
    let ran = place.json(&assemble(answers));
    assert_eq!(ran.code, 1, "{part}: {ran:?}");
    assert!(ran.text().contains(part), "{} does not say {part:?}", ran.text());
    assert!(place.everything() == before, "{part}: something changed");
    ran.object()
}

#[test]
fn two_of_three_and_an_assessor_seal_at_four_places() {
    let place = place();
    let shown = place.run(&["ceremony", "show", "request.json"]).ok().text();
    for part in
        ["release:          1.4.0", "sequence number:  42", "may seal:         assessor (assessor", "compare aloud:"]
    {
        assert!(shown.contains(part), "{shown}");
    }
    for identity in ["a", "c", "assessor"] {
        respond(&place, identity);
    }
    // Who is missing is said, and nothing appears.
    let missing = refused(&place, &["a.json"], "could");
    assert_eq!(missing["missing"][0]["role"], "release");
    assert_eq!((&missing["missing"][0]["threshold"], &missing["missing"][0]["have"]), (&2.into(), &1.into()));
    assert_eq!(missing["missing"][0]["could"].as_array().map(Vec::len), Some(2));
    assert_eq!(missing["missing"][1]["role"], "assessor");
    assert_eq!(refused(&place, &["a.json", "c.json"], "assessor")["missing"].as_array().map(Vec::len), Some(1));

    place.run(&assemble(&["c.json", "assessor.json", "a.json"])).ok();
    place.json(&["verify", "out", "--trust", "policy.cbor", "--device", "device.toml"]).ok();
    // The same as `sign` makes of it, to the last byte of what is sealed.
    let signed = [
        "sign",
        "--release",
        "release.toml",
        "--identity",
        "a",
        "--identity",
        "b",
        "--identity",
        "assessor",
        "--out",
        "signed",
    ];
    let signed = place.json(&[&signed[..], &["--trust", "policy.cbor"]].concat()).ok().object();
    assert_eq!(signed["release_id"], digest(&place));
    // Again: the bundle is there.
    let again = place.json(&assemble(&["c.json", "assessor.json", "a.json"])).ok().object();
    assert_eq!((&again["existing"], &again["journal_line"]), (&true.into(), &1.into()));
}

#[test]
fn an_answer_is_taken_only_as_it_was_asked_for() {
    let place = place();
    for identity in ["a", "b", "assessor"] {
        respond(&place, identity);
    }
    let good = value(&place, "a.json");
    let all = ["a.json", "b.json", "assessor.json"];
    refused(&place, &["a.json", "a.json", "b.json", "assessor.json"], "given twice");
    let change = |change: &dyn Fn(&mut Value)| {
        let mut answer = good.clone();
        change(&mut answer);
        place.write("a.json", answer.to_string());
    };
    let flip = |text: &Value| {
        let text = text.as_str().expect("text");
        let (first, rest) = text.split_at(1);
        format!("{}{rest}", if first == "0" { "1" } else { "0" })
    };
    for half in [0, 1] {
        change(&|answer| answer["seals"][half]["signature"] = flip(&answer["seals"][half]["signature"]).into());
        refused(&place, &all, "the signature is not valid");
    }
    change(&|answer| {
        let one = answer["seals"][0]["signature"].take();
        answer["seals"][0]["signature"] = answer["seals"][1]["signature"].take();
        answer["seals"][1]["signature"] = one;
    });
    refused(&place, &all, "the signature is not valid");
    let b = value(&place, "b.json")["seals"][0]["anchor_id"].clone();
    change(&|answer| answer["seals"][0]["anchor_id"] = b.clone());
    refused(&place, &all, "the signature is not valid");
    change(&|answer| answer["seals"][0]["anchor_id"] = "00".repeat(32).into());
    refused(&place, &all, "a stranger");
    change(&|answer| answer["seals"][0]["algorithm"] = "ml-dsa-87".into());
    refused(&place, &all, "no such key");
    change(&|answer| answer["seals"][0]["signature"] = "xyz".into());
    refused(&place, &all, "not hexadecimal");
    change(&|answer| answer["digest"] = flip(&answer["digest"]).into());
    refused(&place, &all, "another digest");
    change(&|answer| answer["object"] = "trust-update".into());
    refused(&place, &all, "it is for a trust-update");
    change(&|answer| answer["seals"] = json!([]));
    refused(&place, &all, "no seal");
    change(&|answer| answer["more"] = 1.into());
    refused(&place, &all, "unknown field");
    change(&|answer| answer["schema"] = "twinseal.signing-answer/2".into());
    refused(&place, &all, "its schema is not");
    // One half is no identity: it is missing, by name.
    change(&|answer| drop(answer["seals"].as_array_mut().expect("seals").remove(1)));
    refused(&place, &all, "(ml-dsa-44)");
    change(&|_| ());
    // The files are not what was asked for any more.
    let app = place.read("app.bin");
    place.write("app.bin", tool::flipped(&app, 3));
    place.fails_and_changes_nothing(&assemble(&all), "is not the release that the answers seal");
    place.write("app.bin", app);
    place.run(&assemble(&all)).ok();
}

#[test]
fn a_request_that_contradicts_itself_is_not_answered() {
    let place = place();
    let (good, digest) = (value(&place, "request.json"), digest(&place));
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 16] = [
        ("`digest`", |r| r["digest"] = r["digest"].as_str().expect("text").replace("sha-256:", "sha-384:").into()),
        ("`summary`", |r| r["summary"]["version"] = "1.3.0".into()),
        ("`summary`", |r| r["summary"]["sequence_number"] = 41.into()),
        ("`summary`", |r| r["summary"]["components"][0]["size"] = 1.into()),
        ("`to_be_signed`", |r| r["signers"][0]["keys"][0]["to_be_signed"] = "00".into()),
        ("`to_be_signed`", |r| {
            let other = r["signers"][1]["keys"][1]["to_be_signed"].clone();
            r["signers"][0]["keys"][1]["to_be_signed"] = other;
        }),
        ("`mu`", |r| r["signers"][0]["keys"][1]["mu"] = "00".repeat(64).into()),
        ("`mu`", |r| r["signers"][0]["keys"][1]["mu"] = Value::Null),
        ("`anchor_id`", |r| {
            let other = r["signers"][1]["anchor_id"].clone();
            r["signers"][0]["anchor_id"] = other;
        }),
        ("`verifying_key`", |r| {
            let other = r["signers"][1]["keys"][0]["verifying_key"].clone();
            r["signers"][0]["keys"][0]["verifying_key"] = other;
        }),
        ("`signers`", |r| {
            let twice = r["signers"][0].clone();
            r["signers"].as_array_mut().expect("a list").push(twice);
        }),
        ("`signers`", |r| drop(r["signers"].as_array_mut().expect("a list").pop())),
        ("label or role", |r| r["signers"][0]["role"] = "root".into()),
        ("breaks a rule of the format", |r| {
            let cut = r["contents"].as_str().expect("hex")[2..].to_owned();
            r["contents"] = cut.into();
        }),
        ("it is no signing request", |r| r["more"] = true.into()),
        ("breaks a rule of the format", |r| r["object"] = "trust-update".into()),
    ];
    for (part, change) in changes {
        let mut request = good.clone();
        change(&mut request);
        place.write("request.json", request.to_string());
        let before = place.everything();
        let respond =
            ["ceremony", "respond", "request.json", "--identity", "a", "--confirm", &digest, "--out", "a.json"];
        for arguments in [&respond[..], &["ceremony", "show", "request.json"]] {
            let ran = place.json(arguments);
            assert_eq!(ran.code, 1, "{part}: {ran:?}");
            assert!(ran.text().contains(part), "{part}: {}", ran.text());
        }
        assert!(place.everything() == before, "{part}");
    }
    // Another manifest under the digest, summary and messages of the first: what a supplied value would have been signed for.
    place.write("request.json", good.to_string());
    let release = tool::RELEASE.replace("security-version = 3", "security-version = 4");
    place.write("release.toml", release);
    let request = ["ceremony", "request", "--release", "release.toml", "--trust", "policy.cbor", "--out", "other.json"];
    place.run(&request).ok();
    let mut request = good.clone();
    request["contents"] = value(&place, "other.json")["contents"].clone();
    place.write("request.json", request.to_string());
    assert!(place.json(&["ceremony", "show", "request.json"]).text().contains("`digest`"));
    place.write("request.json", " ".repeat((1 << 20) + 1));
    place.fails_and_changes_nothing(&["ceremony", "show", "request.json"], "longer than");
    println!("requests: 17 contradictions refused");
}

#[test]
fn nothing_is_answered_without_the_digest_that_was_compared() {
    let place = place();
    let digest = digest(&place);
    for (confirm, code) in [("sha-384:00", 1), (&digest[..digest.len() - 1], 1), ("yes", 1), ("", 1)] {
        let before = place.everything();
        let respond =
            ["ceremony", "respond", "request.json", "--identity", "a", "--confirm", confirm, "--out", "a.json"];
        assert_eq!(place.run(&respond).code, code);
        assert!(place.everything() == before);
    }
    let stranger =
        ["ceremony", "respond", "request.json", "--identity", "stranger", "--confirm", &digest, "--out", "s.json"];
    place.fails_and_changes_nothing(&stranger, "is not asked by this request");
    let twice = [
        "ceremony",
        "respond",
        "request.json",
        "--identity",
        "a",
        "--identity",
        "a",
        "--confirm",
        &digest,
        "--out",
        "s",
    ];
    place.fails_and_changes_nothing(&twice, "does not verify");
}

#[test]
fn a_countersignature_is_added_and_taken_out() {
    let place = place();
    let sign = ["sign", "--release", "release.toml", "--identity", "a", "--identity", "b", "--out", "sealed"];
    place.run(&sign).ok();
    let verify = ["verify", "sealed", "--trust", "policy.cbor", "--device", "device.toml"];
    place.json(&verify).refused("authenticate.requirement-not-met", 0x040a);

    let append = ["seals", "append", "sealed", "--trust", "policy.cbor", "--out", "assessed", "--journal", "j"];
    place.run(&[&append[..], &["--identity", "assessor"]].concat()).ok();
    place.json(&["verify", "assessed", "--trust", "policy.cbor", "--device", "device.toml"]).ok();
    // Taken out, and put into the other bundle.
    place.run(&["seals", "extract", "assessed", "--out", "seals.json"]).ok();
    let assessor = value(&place, "seals.json")["seals"].as_array().expect("a list").len();
    assert_eq!(assessor, 6);
    let id =
        place.json(&["journal", "show", "j"]).ok().object()["entries"][1]["entry"]["sealed_by"][0]["anchor_id"].clone();
    let id = id.as_str().expect("an id").to_owned();
    place.run(&["seals", "extract", "assessed", "--anchor", &id, "--out", "assessor.json"]).ok();
    let again = ["seals", "append", "sealed", "--trust", "policy.cbor", "--seals", "assessor.json", "--out", "again"];
    place.run(&again).ok();
    assert_eq!(place.read("again"), place.read("assessed"));
    place.fails_and_changes_nothing(&["seals", "extract", "sealed", "--anchor", &id, "--out", "none"], "has no seal");

    // What is there already, a stranger, one half, another release.
    for (arguments, part) in [
        (
            vec!["seals", "append", "assessed", "--trust", "policy.cbor", "--out", "x", "--identity", "assessor"],
            "given twice",
        ),
        (
            vec!["seals", "append", "sealed", "--trust", "policy.cbor", "--out", "x", "--identity", "stranger"],
            "a stranger",
        ),
        (
            vec!["seals", "append", "sealed", "--trust", "policy.cbor", "--out", "x", "--seals", "half.json"],
            "one of its keys only",
        ),
        (
            vec!["seals", "append", "good", "--trust", "policy.cbor", "--out", "x", "--seals", "assessor.json"],
            "another digest",
        ),
    ] {
        let mut half = value(&place, "assessor.json");
        half["seals"].as_array_mut().expect("a list").pop();
        place.write("half.json", half.to_string());
        if !place.at("good").exists() {
            place.write("release.toml", tool::RELEASE.replace("= 42", "= 43"));
            place.sign("release.toml", "good").ok();
        }
        let before = place.everything();
        let ran = place.json(&arguments);
        assert_eq!(ran.code, 1, "{part}: {ran:?}");
        assert!(ran.text().contains(part), "{part}: {}", ran.text());
        assert!(place.everything() == before, "{part}");
    }
}

#[test]
fn an_answer_made_with_pyca_is_taken() {
    let Some(python) = needs::python("ceremony", 1) else { return };
    let place = place();
    // What docs/ceremony.md shows, where the keys are.
    place.write("answer.py", needs::documented("ceremony.md", "python", "to_be_signed"));
    std::fs::copy(place.at("request.json"), place.at("b/request.json")).expect("a copy");
    let mut run = Command::new(&python);
    run.arg("../answer.py").current_dir(place.at("b"));
    let output = run.output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(place.at("b/answer.json"), place.at("b.json")).expect("an answer");
    assert_eq!(value(&place, "b.json")["seals"].as_array().map(Vec::len), Some(2));
    respond(&place, "a");
    respond(&place, "assessor");
    place.run(&assemble(&["a.json", "b.json", "assessor.json"])).ok();
    place.json(&["verify", "out", "--trust", "policy.cbor", "--device", "device.toml"]).ok();
}
