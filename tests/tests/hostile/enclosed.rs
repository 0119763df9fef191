//! Evidence in a bundle that is not what was sealed (F-30, F-33, F-35). A device reads none of it, and installs what it came with; a host
//! refuses the bundle, whatever command opens it (`host`).

use twinseal_formats::evidence_name;
use twinseal_tests::bundle::{Bundle, Form, entry};
use twinseal_tests::cbor::Cbor;
use twinseal_tests::manifest::RawManifest;
use twinseal_tests::release::Release;
use twinseal_tests::world::World;

use crate::{Case, Input, ONE, case};

/// A release with two evidence files of one length.
fn release(world: &World) -> Release {
    let mut release = world.release.clone().with_evidence();
    release.evidence.iter_mut().for_each(|(_, _, contents)| contents.resize(32, b' '));
    release
}

fn input(bundle: &Bundle) -> Input {
    Input::Bundle(bundle.to_bytes(Form::Full))
}

/// The release with its evidence changed after it was sealed: the index is the first, the files are behind it.
fn changed(world: &World, change: impl Fn(&mut Vec<Vec<u8>>)) -> Input {
    let mut bundle = release(world).sealed_by(&[&world.signer]);
    change(&mut bundle.evidence);
    input(&bundle)
}

/// The release with the entries of its evidence rewritten, heads and all.
fn rewritten(world: &World, change: impl Fn(&mut Vec<Vec<u8>>)) -> Input {
    let bundle = release(world).sealed_by(&[&world.signer]);
    let mut entries: Vec<_> =
        (0..).zip(&bundle.evidence).map(|(number, contents)| entry(evidence_name(number), contents)).collect();
    change(&mut entries);
    let front = bundle.to_bytes_with_entries(Form::Stripped, bundle.entries(Form::Full));
    Input::Bundle([front, entries.concat()].concat())
}

fn flip(bytes: &mut [u8], at: usize) {
    bytes[at] ^= 1;
}

pub(crate) fn cases() -> Vec<Case> {
    let (index, file) = ("0874 evidence.index-digest", "0875 evidence.file-digest");
    let (name, size) = ("0872 evidence.entry-name", "0873 evidence.entry-size");
    vec![
        case("an enclosed index that differs in its first digest", &[], index, |w| {
            changed(w, |evidence| flip(&mut evidence[0], 40))
        }),
        case("an enclosed index that differs in its last byte but one", &[], index, |w| {
            changed(w, |evidence| {
                let at = evidence[0].len() - 2;
                flip(&mut evidence[0], at);
            })
        }),
        case("the index and files of another release of the same vendor", &[], index, |w| {
            let mut other = release(w);
            other.evidence[1].2[0] ^= 1;
            let other = other.sealed_by(&[&w.signer]);
            changed(w, move |evidence| evidence.clone_from(&other.evidence))
        }),
        case("an enclosed index that is no index", &[22], index, |w| changed(w, |evidence| evidence[0].fill(0))),
        case("the first byte of an evidence file changed", &[85], file, |w| {
            changed(w, |evidence| flip(&mut evidence[1], 0))
        }),
        case("the last byte of the last evidence file changed", &[85], file, |w| {
            changed(w, |evidence| flip(&mut evidence[2], 31))
        }),
        case("two evidence files of one length exchanged", &[13], file, |w| changed(w, |evidence| evidence.swap(1, 2))),
        case("an evidence file that is a byte shorter", &[8], size, |w| changed(w, |evidence| _ = evidence[1].pop())),
        case("an evidence file that is a byte longer", &[8], size, |w| changed(w, |evidence| evidence[2].push(0))),
        case("an enclosed index of 16385 bytes", &[15], size, |w| changed(w, |evidence| evidence[0].resize(16_385, 0))),
        case("the entries of two evidence files exchanged", &[13], name, |w| {
            rewritten(w, |entries| entries.swap(1, 2))
        }),
        case("an evidence file in place of the index", &[13], name, |w| rewritten(w, |entries| entries.swap(0, 1))),
        case("an evidence entry twice, in place of the other", &[21], name, |w| {
            rewritten(w, |entries| entries[2] = entries[1].clone())
        }),
        case("a bundle that ends inside its last evidence file", &[2], "0801 evidence.truncated", |w| {
            rewritten(w, |entries| _ = entries[2].pop())
        }),
        case("a bundle that ends in front of its last evidence file", &[2], "0801 evidence.truncated", |w| {
            rewritten(w, |entries| entries[2].clear())
        }),
        case(
            "a manifest that says one evidence file more than the index",
            &[17],
            "0839 evidence.evidence-count",
            |w| {
                let release = release(w);
                let index = release.evidence_index().expect("there is evidence");
                let mut manifest = RawManifest::of(&release);
                manifest.extensions_entries = 5;
                manifest.evidence =
                    Cbor::new().uint(5).array(2).uint(3).bytes(release.digest(&index).as_bytes()).done();
                let mut bundle = release.sealed_around(manifest.to_bytes(), &[&w.signer]);
                bundle.evidence.push(Vec::new());
                input(&bundle)
            },
        ),
        case("a source of a component that the release does not have", &[17], "0871 evidence.source-order", |w| {
            let mut release = release(w);
            release.sources = vec![(2, b"an ELF file".to_vec())];
            input(&release.sealed_by(&[&w.signer]))
        }),
    ]
}

/// What is enclosed for people does not decide about what is installed; so a device must not stumble over it either.
#[test]
fn what_only_a_host_reads_does_not_matter_to_a_device() {
    let world = World::new(ONE[0]);
    let good = release(&world).sealed_by(&[&world.signer]);
    assert!(world.judge(&good.to_bytes(Form::Full)).is_ok());
    let mut ran = 0;
    for case in cases() {
        let Input::Bundle(bytes) = (case.make)(&world) else { panic!("{}: a bundle", case.name) };
        assert!(world.judge(&bytes).is_ok(), "{}", case.name);
        ran += 1;
    }
    println!("{ran} bundles with bad evidence, which a device installs");
    assert!(ran >= LEAST_CASES, "cases were lost: {ran}");
}

/// Raised when cases are added, never lowered.
pub(crate) const LEAST_CASES: usize = 17;
