//! The evidence index (F-30 to F-34): read by hosts only, from bytes whose digest the manifest holds.

use twinseal_tests::cbor::Cbor;

use crate::{Case, Input, case};

/// An index of these files and sources, each encoded.
fn index(files: &[Cbor], sources: &[Cbor]) -> Input {
    Input::Evidence(index_bytes(files, sources))
}

fn index_bytes(files: &[Cbor], sources: &[Cbor]) -> Vec<u8> {
    let list = |items: &[Cbor]| {
        let head = Cbor::new().array(u64::try_from(items.len()).expect("few items"));
        items.iter().fold(head, |list, item| list.raw(&item.clone().done())).done()
    };
    Cbor::new().array(3).uint(1).raw(&list(files)).raw(&list(sources)).done()
}

fn file(name: &str, media_type: &str) -> Cbor {
    Cbor::new().array(4).text(name).text(media_type).uint(9).bytes(&[0; 32])
}

fn source(component: u64) -> Cbor {
    Cbor::new().array(4).uint(component).text("elf").uint(9).bytes(&[0; 32])
}

fn typed(media_type: &'static str) -> Input {
    index(&[file("sbom.json", media_type)], &[])
}

pub(crate) fn cases() -> Vec<Case> {
    let json = "application/json";
    vec![
        case("no index at all", &[1], "0801 evidence.truncated", |_| Input::Evidence(Vec::new())),
        case("an index that ends inside a digest", &[2], "0801 evidence.truncated", move |_| {
            let whole = index_bytes(&[file("a", json)], &[]);
            Input::Evidence(whole[..whole.len() - 9].to_vec())
        }),
        case("an evidence file's size in a longer encoding", &[24], "0802 evidence.not-shortest", |_| {
            let long = Cbor::new().array(4).text("a").text(json).raw(&[0x18, 9]).bytes(&[0; 32]);
            index(&[long], &[])
        }),
        case("an index of indefinite length", &[24], "0803 evidence.not-definite", |_| {
            Input::Evidence(vec![0x9f, 1, 0x80, 0x80, 0xff])
        }),
        case("an index of two items", &[22], "0804 evidence.unexpected-type", |_| Input::Evidence(vec![0x82, 1, 0x80])),
        case("an evidence file without a size", &[22], "0804 evidence.unexpected-type", |_| {
            index(&[Cbor::new().array(3).text("a").text(json).bytes(&[0; 32])], &[])
        }),
        case("bytes behind the index", &[3], "0807 evidence.trailing-bytes", |_| {
            Input::Evidence([index_bytes(&[file("a", json)], &[]), vec![0]].concat())
        }),
        case("an evidence name that climbs out of its directory", &[27], "0809 evidence.name", |_| {
            index(&[file("../../etc/cron.d/x", json)], &[])
        }),
        case("an evidence name with an escape sequence", &[121], "0809 evidence.name", |_| {
            index(&[file("\u{1b}[2J", json)], &[])
        }),
        case("evidence files out of order", &[30], "080a evidence.name-order", |_| {
            index(&[file("b", json), file("a", json)], &[])
        }),
        case("two evidence files of one name", &[21], "080a evidence.name-order", |_| {
            index(&[file("a", json), file("a", json)], &[])
        }),
        case("an evidence file's SHA-256 of 31 bytes", &[32], "080c evidence.digest-length", |_| {
            index(&[Cbor::new().array(4).text("a").text(json).uint(9).bytes(&[0; 31])], &[])
        }),
        case("an index of profile 2", &[6], "080d evidence.profile", |_| Input::Evidence(vec![0x83, 2, 0x80, 0x80])),
        case("an index of nothing", &[15], "0839 evidence.evidence-count", |_| index(&[], &[])),
        case("an index of 33 files", &[15], "0839 evidence.evidence-count", |_| {
            let files: Vec<_> = (0..33).map(|number| file(&format!("f{number:02}"), json)).collect();
            index(&files, &[])
        }),
        case("a media type with parameters", &[26], "0870 evidence.media-type", |_| typed("text/plain; charset=utf-8")),
        case("a media type in capitals", &[28], "0870 evidence.media-type", |_| typed("Text/Plain")),
        case("a media type of one part", &[26], "0870 evidence.media-type", |_| typed("text")),
        case("a media type of 128 characters", &[15], "0870 evidence.media-type", |_| {
            index(&[file("a", &format!("text/{}", "x".repeat(123)))], &[])
        }),
        case("a source of a seventeenth component", &[15], "0871 evidence.source-order", |_| index(&[], &[source(16)])),
        case("two sources of one component", &[21], "0871 evidence.source-order", |_| {
            index(&[], &[source(0), source(0)])
        }),
        case("sources out of order", &[30], "0871 evidence.source-order", |_| index(&[], &[source(1), source(0)])),
        case("an index of 16385 bytes", &[15], "0873 evidence.entry-size", |_| Input::Evidence(vec![0; 16_385])),
    ]
}
