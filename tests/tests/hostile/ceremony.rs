//! Signing requests and answers that are not what they should be, to what `ceremony assemble` and the other commands of a ceremony read them with.
//!
//! They are JSON, for people, and have no error numbers: the sentence is the error. The tool around them is tried in `signer/tests/ceremony.rs`.

use serde_json::{Value, json};
use twinseal::ceremony::{Answer, Object, Request, tally};
use twinseal_formats::{Digest, SealType};
use twinseal_tests::world::World;

use crate::ONE;

/// A bad request or answer.
pub(crate) struct Paper {
    /// The fault, as a sentence.
    pub(crate) name: &'static str,
    /// What is said, to the letter; of a seal, without its algorithm and anchor id.
    pub(crate) says: &'static str,
    change: Change,
}

enum Change {
    Request(fn(&mut Value)),
    /// The whole file.
    RequestBytes(fn(Vec<u8>) -> Vec<u8>),
    /// The only answer there is.
    Answer(fn(&mut Value)),
    AnswerBytes(fn(Vec<u8>) -> Vec<u8>),
    /// The answers, made of the good one.
    Answers(fn(&World, Value) -> Vec<Value>),
}

use Change::{AnswerBytes, Answers, RequestBytes};

const fn request(name: &'static str, says: &'static str, change: fn(&mut Value)) -> Paper {
    Paper { name, says, change: Change::Request(change) }
}

const fn answer(name: &'static str, says: &'static str, change: fn(&mut Value)) -> Paper {
    Paper { name, says, change: Change::Answer(change) }
}

const fn paper(name: &'static str, says: &'static str, change: Change) -> Paper {
    Paper { name, says, change }
}

const CUT: &str = "what is to be sealed breaks a rule of the format: ";

pub(crate) fn papers() -> Vec<Paper> {
    [requests(), keys_in_requests(), answers(), seals_in_answers()].into_iter().flatten().collect()
}

fn requests() -> Vec<Paper> {
    vec![
        paper(
            "no request at all",
            "it is no signing request: EOF while parsing a value at line 1 column 0",
            RequestBytes(|_| Vec::new()),
        ),
        paper(
            "a request that is a list",
            "it is no signing request: invalid type: integer `1`, expected a string at line 1 column 2",
            RequestBytes(|_| b"[1]".to_vec()),
        ),
        paper(
            "a request and more behind it",
            "it is no signing request: trailing characters",
            RequestBytes(|bytes| [&bytes[..], b"{}"].concat()),
        ),
        request(
            "a request of another schema",
            "it is no signing request: its schema is not twinseal.signing-request/1",
            |r| r["schema"] = "twinseal.signing-request/2".into(),
        ),
        request("a request with a field that nobody knows", "it is no signing request: unknown field `more`", |r| {
            r["more"] = true.into()
        }),
        request("a request without its contents", "it is no signing request: missing field `contents`", |r| {
            remove(r, "contents")
        }),
        request(
            "a request for an object that nobody knows",
            "it is no signing request: `object` is neither release nor trust-update",
            |r| r["object"] = "journal".into(),
        ),
        request("a release that is called a trust update", CUT, |r| r["object"] = "trust-update".into()),
        request("contents that are not hexadecimal", "it is no signing request: `contents` is not hexadecimal", |r| {
            r["contents"] = "xyz".into()
        }),
        request("contents without their first byte", CUT, |r| {
            r["contents"] = r["contents"].as_str().expect("text")[2..].into()
        }),
        request(
            "a trust store that is not hexadecimal",
            "it is no signing request: `trust_store` is not hexadecimal",
            |r| r["trust_store"] = "0".into(),
        ),
        request("a trust store without its last byte", CUT, |r| {
            let text = r["trust_store"].as_str().expect("text");
            r["trust_store"] = text[..text.len() - 2].into();
        }),
        request("a digest of another manifest", differs("digest"), |r| flip(&mut r["digest"])),
        request("a digest under another algorithm's name", differs("digest"), |r| {
            r["digest"] = r["digest"].as_str().expect("text").replace("sha-256", "sha-512").into();
        }),
        request("a summary with another version", differs("summary"), |r| r["summary"]["version"] = "1.2.4".into()),
        request("a summary with a higher security version", differs("summary"), |r| {
            r["summary"]["security_version"] = 4.into()
        }),
        request("a summary with another size of an image", differs("summary"), |r| {
            r["summary"]["components"][0]["size"] = 1.into()
        }),
    ]
}

fn keys_in_requests() -> Vec<Paper> {
    vec![
        request("a signer twice", differs("signers"), |r| {
            let twice = r["signers"][0].clone();
            r["signers"].as_array_mut().expect("a list").push(twice);
        }),
        request("a request without signers", differs("signers"), |r| r["signers"] = json!([])),
        request("a signer under another anchor id", differs("anchor_id"), |r| flip(&mut r["signers"][0]["anchor_id"])),
        request("a signer in another role", differs("label or role"), |r| r["signers"][0]["role"] = "root".into()),
        request("a signer under another name", differs("label or role"), |r| {
            r["signers"][0]["label"] = "friend".into()
        }),
        request("a signer with one of its keys", differs("keys"), |r| {
            _ = r["signers"][0]["keys"].as_array_mut().expect("a list").pop()
        }),
        request("a key of another algorithm", differs("algorithm"), |r| {
            r["signers"][0]["keys"][1]["algorithm"] = "ml-dsa-87".into()
        }),
        request("another key", differs("verifying_key"), |r| flip(&mut r["signers"][0]["keys"][0]["verifying_key"])),
        request("other bytes to be signed", differs("to_be_signed"), |r| {
            flip(&mut r["signers"][0]["keys"][0]["to_be_signed"])
        }),
        request("the bytes to be signed by the other key", differs("to_be_signed"), |r| {
            let other = r["signers"][0]["keys"][0]["to_be_signed"].clone();
            r["signers"][0]["keys"][1]["to_be_signed"] = other;
        }),
        request("another mu", differs("mu"), |r| flip(&mut r["signers"][0]["keys"][1]["mu"])),
        request("no mu", differs("mu"), |r| r["signers"][0]["keys"][1]["mu"] = Value::Null),
        request("a mu for a key that has none", differs("mu"), |r| {
            let other = r["signers"][0]["keys"][1]["mu"].clone();
            r["signers"][0]["keys"][0]["mu"] = other;
        }),
    ]
}

fn answers() -> Vec<Paper> {
    vec![
        paper("no answer at all", "EOF while parsing a value at line 1 column 0", AnswerBytes(|_| Vec::new())),
        paper("an answer and more behind it", "trailing characters", AnswerBytes(|bytes| [&bytes[..], b"1"].concat())),
        answer("an answer of another schema", "its schema is not twinseal.signing-answer/1", |a| {
            a["schema"] = "twinseal.signing-answer/2".into()
        }),
        answer("an answer with a field that nobody knows", "unknown field `more`", |a| a["more"] = 1.into()),
        answer("an answer without a digest", "missing field `digest`", |a| remove(a, "digest")),
        answer("an answer to another kind of request", "it is for a trust-update", |a| {
            a["object"] = "trust-update".into()
        }),
        answer("an answer whose object's name acts on a terminal", "it is for a \\u{1b}[2J", |a| {
            a["object"] = "\u{1b}[2J".into()
        }),
        answer("an answer to another request", "it is for another digest", |a| flip(&mut a["digest"])),
        answer("an answer without seals", "it has no seal", |a| a["seals"] = json!([])),
        answer("one half of an identity", "missing: 0 of 1 release", |a| {
            _ = a["seals"].as_array_mut().expect("a list").pop()
        }),
    ]
}

fn seals_in_answers() -> Vec<Paper> {
    let (bad, twice, stranger) = ("the signature is not valid", "given twice", "a stranger, who was not asked");
    vec![
        answer("a classical half that is wrong by a bit", bad, |a| flip(&mut a["seals"][0]["signature"])),
        answer("a post-quantum half that is wrong by a bit", bad, |a| flip(&mut a["seals"][1]["signature"])),
        answer("a half that is empty", bad, |a| a["seals"][0]["signature"] = "".into()),
        answer("a half with a byte more", bad, |a| {
            a["seals"][0]["signature"] = (a["seals"][0]["signature"].as_str().expect("text").to_owned() + "00").into()
        }),
        answer("halves under each other's names", bad, |a| {
            let one = a["seals"][0]["signature"].clone();
            a["seals"][0]["signature"] = a["seals"][1]["signature"].clone();
            a["seals"][1]["signature"] = one;
        }),
        answer("a half that is not hexadecimal", "the signature is not hexadecimal", |a| {
            a["seals"][0]["signature"] = "xyz".into()
        }),
        answer("a half by a key that the identity does not have", "this identity has no such key", |a| {
            a["seals"][1]["algorithm"] = "ml-dsa-87".into()
        }),
        answer("a half in the name of an anchor id that differs in a digit", stranger, |a| {
            flip(&mut a["seals"][0]["anchor_id"])
        }),
        answer("a half twice", twice, |a| {
            let one = a["seals"][0].clone();
            a["seals"].as_array_mut().expect("a list").push(one);
        }),
        paper("an answer twice", twice, Answers(|_, answer| vec![answer.clone(), answer])),
        paper(
            "an answer by a stranger",
            stranger,
            Answers(|world, answer| {
                vec![answer.clone(), seals_by(&world.stranger.seals(SealType::Release, &digest(world)), world)]
            }),
        ),
        paper(
            "an answer by a root identity, which seals no releases",
            stranger,
            Answers(|world, answer| {
                vec![answer.clone(), seals_by(&world.root.seals(SealType::Release, &digest(world)), world)]
            }),
        ),
        paper(
            "seals that were made for a trust update",
            bad,
            Answers(|world, _| vec![seals_by(&world.signer.seals(SealType::TrustUpdate, &digest(world)), world)]),
        ),
        paper(
            "seals over another release's digest",
            bad,
            Answers(|world, _| {
                let other = world.release.digest(b"another release");
                vec![seals_by(&world.signer.seals(SealType::Release, &other), world)]
            }),
        ),
    ]
}

/// What is said to a part that does not follow from the rest.
const fn differs(part: &'static str) -> &'static str {
    match part.as_bytes() {
        b"digest" => "its `digest` does not follow from its contents and its trust store",
        b"summary" => "its `summary` does not follow from its contents and its trust store",
        b"signers" => "its `signers` does not follow from its contents and its trust store",
        b"anchor_id" => "its `anchor_id` does not follow from its contents and its trust store",
        b"label or role" => "its `label or role` does not follow from its contents and its trust store",
        b"keys" => "its `keys` does not follow from its contents and its trust store",
        b"algorithm" => "its `algorithm` does not follow from its contents and its trust store",
        b"verifying_key" => "its `verifying_key` does not follow from its contents and its trust store",
        b"to_be_signed" => "its `to_be_signed` does not follow from its contents and its trust store",
        b"mu" => "its `mu` does not follow from its contents and its trust store",
        _ => panic!("a part that is compared"),
    }
}

/// Another first digit of a number in hexadecimal, behind the name of its algorithm if there is one.
fn flip(value: &mut Value) {
    let text = value.as_str().expect("text");
    let at = text.find(':').map_or(0, |colon| colon + 1);
    let digit = if &text[at..=at] == "0" { "1" } else { "0" };
    *value = format!("{}{digit}{}", &text[..at], &text[at + 1..]).into();
}

fn remove(value: &mut Value, field: &str) {
    value.as_object_mut().expect("an object").remove(field).expect("it is there");
}

fn object(world: &World) -> Object {
    Object::release(world.release.manifest(), world.store.encode())
}

fn digest(world: &World) -> Digest {
    object(world).digest().expect("a manifest")
}

fn seals_by(seals: &[twinseal_formats::encode::NewSeal], world: &World) -> Value {
    serde_json::to_value(Answer::new("release", digest(world), seals)).expect("JSON")
}

/// What reading the request, and putting the answers together, says.
fn said(request: &[u8], answers: &[Vec<u8>]) -> Result<(), String> {
    let (request, object) = Request::parse(request).map_err(|fault| fault.to_string())?;
    let answers = answers.iter().map(|bytes| Answer::parse(bytes)).collect::<Result<Vec<_>, _>>()?;
    let tally = tally(&request, &object, &answers).map_err(|failure| format!("{failure:?}"))?;
    if let Some(problem) = tally.problems.first() {
        return Err(problem.what.clone());
    }
    match tally.missing.first() {
        Some(missing) => Err(format!("missing: {} of {} {}", missing.have, missing.threshold, missing.role)),
        None => Ok(()),
    }
}

#[test]
fn every_bad_request_and_answer_is_refused_by_name() {
    let world = World::new(ONE[0]);
    let good = Request::new(&object(&world)).expect("a good object").to_bytes().expect("JSON");
    let good_answer = seals_by(&world.signer.seals(SealType::Release, &digest(&world)), &world);
    let as_bytes = |value: &Value| serde_json::to_vec(value).expect("JSON");
    assert_eq!(said(&good, &[as_bytes(&good_answer)]), Ok(()), "the good ones are taken");

    let mut wrong = Vec::new();
    for Paper { name, says, change } in papers() {
        let (mut request, mut answers) = (good.clone(), vec![as_bytes(&good_answer)]);
        match change {
            Change::Request(change) => {
                let mut value: Value = serde_json::from_slice(&good).expect("JSON");
                change(&mut value);
                request = as_bytes(&value);
            }
            RequestBytes(change) => request = change(request),
            Change::Answer(change) => {
                let mut value = good_answer.clone();
                change(&mut value);
                answers = vec![as_bytes(&value)];
            }
            AnswerBytes(change) => answers = vec![change(as_bytes(&good_answer))],
            Answers(change) => answers = change(&world, good_answer.clone()).iter().map(as_bytes).collect(),
        }
        let found = said(&request, &answers).err().unwrap_or_else(|| "taken".into());
        // Behind what serde_json and the reader of the format say, they say where.
        let same =
            found == says || found.ends_with(&format!(": {says}")) || (says_where(says) && found.starts_with(says));
        if !same {
            wrong.push(format!("{name}: {found:?}, not {says:?}"));
        }
    }
    println!("{} bad requests and answers by name", papers().len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(papers().len() >= 54, "papers were lost: {}", papers().len());
}

/// Whether a place stands behind the sentence.
fn says_where(says: &str) -> bool {
    says == CUT
        || ["unknown field `more`", "trailing characters"].iter().any(|end| says.ends_with(end))
        || says.contains("missing field")
}
