//! The manifest's own fields (F-10 to F-12, F-16 to F-19). A device reads it behind the seals only, so each is sealed by the vendor.

use twinseal_tests::cbor::{Cbor, replaced};
use twinseal_tests::manifest::{RawManifest, component_id};
use twinseal_tests::world::World;

use crate::{Case, Input, case};

/// The release with its manifest's parts changed, sealed again.
pub(crate) fn parts(world: &World, change: impl Fn(&mut RawManifest)) -> Input {
    let mut manifest = RawManifest::of(&world.release);
    change(&mut manifest);
    Input::Bundle(world.resealed(manifest.to_bytes()))
}

/// The release with some bytes of its manifest replaced, sealed again.
fn bytes(world: &World, from: &[u8], to: &[u8]) -> Input {
    Input::Bundle(world.resealed(replaced(&world.release.manifest(), from, to)))
}

/// The release with its first component's id replaced.
fn named(world: &World, name: &[u8]) -> Input {
    parts(world, |manifest| manifest.ids[0] = component_id(name))
}

/// The release with another version text.
fn versioned(world: &World, version: &str) -> Input {
    parts(world, |manifest| manifest.release_version = Cbor::new().text(version).done())
}

pub(crate) fn cases() -> Vec<Case> {
    [encoding(), keys(), names(), versions(), numbers(), evidence()].into_iter().flatten().collect()
}

fn encoding() -> Vec<Case> {
    vec![
        case("a manifest without its last byte", &[2], "0201 manifest.truncated", |w| {
            let manifest = w.release.manifest();
            Input::Bundle(w.resealed(manifest[..manifest.len() - 1].to_vec()))
        }),
        case("a manifest of one byte", &[2], "0201 manifest.truncated", |w| Input::Bundle(w.resealed(vec![0xa6]))),
        case("a sequence number in a longer encoding", &[24], "0202 manifest.not-shortest", |w| {
            parts(w, |manifest| manifest.sequence_number = vec![0x18, 7])
        }),
        case("an image size in a longer encoding", &[24], "0202 manifest.not-shortest", |w| {
            parts(w, |manifest| manifest.components[0].size = vec![0x18, 23])
        }),
        case("a manifest of indefinite length", &[24], "0203 manifest.not-definite", |w| {
            let manifest = w.release.manifest();
            Input::Bundle(w.resealed([&[0xbf], &manifest[1..], &[0xff]].concat()))
        }),
        case("a list of components of indefinite length", &[24], "0203 manifest.not-definite", |w| {
            let manifest = RawManifest::of(&w.release);
            let common = replaced(&manifest.common(), &[0xa2, 2, 0x82], &[0xa2, 2, 0x9f]);
            Input::Bundle(w.resealed(manifest.around_common(&common)))
        }),
        case("an array in place of the manifest", &[13], "0204 manifest.unexpected-type", |w| {
            Input::Bundle(w.resealed([&[0x86], &w.release.manifest()[1..]].concat()))
        }),
        case("a negative sequence number", &[98], "0204 manifest.unexpected-type", |w| {
            parts(w, |manifest| manifest.sequence_number = Cbor::new().int(-7).done())
        }),
        case("a floating-point sequence number", &[29], "0204 manifest.unexpected-type", |w| {
            parts(w, |manifest| manifest.sequence_number = vec![0xfa, 0x41, 0xe0, 0, 0])
        }),
        case("a component id of two parts", &[27], "0204 manifest.unexpected-type", |w| {
            parts(w, |manifest| manifest.ids[0] = Cbor::new().array(2).bytes(b"a").bytes(b"b").done())
        }),
        case("a component id as text", &[29], "0204 manifest.unexpected-type", |w| {
            parts(w, |manifest| manifest.ids[0] = Cbor::new().array(1).text("app").done())
        }),
        case("a severed install sequence: a digest in its place", &[14], "0204 manifest.unexpected-type", |w| {
            let manifest = RawManifest::of(&w.release);
            let install = Cbor::new().uint(20).bytes(&manifest.install).done();
            bytes(w, &install, &Cbor::new().uint(20).array(2).int(-16).bytes(&[0; 32]).done())
        }),
        case("bytes behind the manifest's map", &[3, 25], "0207 manifest.trailing-bytes", |w| {
            parts(w, |manifest| manifest.end = vec![0])
        }),
        case("bytes behind the common section", &[3, 25], "0207 manifest.trailing-bytes", |w| {
            parts(w, |manifest| manifest.common_end = vec![0])
        }),
    ]
}

fn keys() -> Vec<Case> {
    /// The release with a further entry in its manifest, at its end.
    fn further(world: &World, entry: &Cbor) -> Input {
        parts(world, |manifest| {
            manifest.entries = 7;
            manifest.end = entry.clone().done();
        })
    }
    vec![
        case("a private key that nobody knows", &[22], "0206 manifest.unexpected-key", |w| {
            further(w, &Cbor::new().int(-258).uint(0))
        }),
        case("a text for people", &[22], "0206 manifest.unexpected-key", |w| {
            further(w, &Cbor::new().uint(23).bytes(&[]))
        }),
        case("a load sequence", &[91], "0206 manifest.unexpected-key", |w| further(w, &Cbor::new().uint(8).bytes(&[]))),
        case("an invoke sequence", &[93], "0206 manifest.unexpected-key", |w| {
            further(w, &Cbor::new().uint(9).bytes(&[]))
        }),
        case("a manifest without its extensions", &[22], "0206 manifest.unexpected-key", |w| {
            let manifest = RawManifest::of(&w.release);
            let extensions = Cbor::new().int(-257).raw(&manifest.extensions()).done();
            let shorter = replaced(&manifest.to_bytes(), &extensions, &[]);
            Input::Bundle(w.resealed([&[0xa5], &shorter[1..]].concat()))
        }),
        case("a reference URI in place of the common section", &[22], "0206 manifest.unexpected-key", |w| {
            bytes(w, &[1, 1, 2, 7, 3], &[1, 1, 2, 7, 4])
        }),
        case("the version twice", &[21], "0205 manifest.key-order", |w| bytes(w, &[1, 1, 2, 7, 3], &[1, 1, 1, 7, 3])),
        case("the sequence number in front of the version", &[30], "0206 manifest.unexpected-key", |w| {
            bytes(w, &[1, 1, 2, 7, 3], &[2, 7, 1, 1, 3])
        }),
        case("the install sequence in front of the validate sequence", &[30], "0206 manifest.unexpected-key", |w| {
            let manifest = RawManifest::of(&w.release);
            let validate = Cbor::new().uint(7).bytes(&manifest.validate).done();
            let install = Cbor::new().uint(20).bytes(&manifest.install).done();
            bytes(w, &[validate.clone(), install.clone()].concat(), &[install, validate].concat())
        }),
        case("dependencies in the common section", &[22, 94], "0206 manifest.unexpected-key", |w| {
            let manifest = RawManifest::of(&w.release);
            let common = [&[0xa3, 1, 0xa0], &manifest.common()[1..]].concat();
            Input::Bundle(w.resealed(manifest.around_common(&common)))
        }),
        case("a further extension", &[22], "0206 manifest.unexpected-key", |w| {
            parts(w, |manifest| {
                manifest.extensions_entries = 5;
                manifest.evidence = Cbor::new().uint(6).uint(0).done();
            })
        }),
        case("extensions without a trust epoch", &[22], "0206 manifest.unexpected-key", |w| {
            let manifest = RawManifest::of(&w.release);
            let extensions = manifest.extensions();
            let shorter = [&[0xa3], &extensions[1..extensions.len() - 2]].concat();
            bytes(w, &extensions, &shorter)
        }),
        case("the security version twice", &[21], "0205 manifest.key-order", |w| {
            bytes(w, &[3, 3, 4, 1], &[3, 3, 3, 1])
        }),
    ]
}

fn names() -> Vec<Case> {
    let faulty: [(&str, &[u8]); 15] = [
        ("an id that climbs out of its directory", b"../app"),
        ("an id that is an absolute path", b"/app"),
        ("an id with a directory in it", b"boot/app"),
        ("an id with a backslash", b"boot\\app"),
        ("an empty id", b""),
        ("an id of 33 characters", &[b'a'; 33]),
        ("an id of 256 characters", &[b'a'; 256]),
        ("an id in capitals", b"App"),
        ("an id with a NUL", b"app\0"),
        ("an id with a line end", b"app\n"),
        ("an id with a byte order mark", b"\xef\xbb\xbfapp"),
        ("an id with a change of direction", b"a\xe2\x80\xaepp"),
        ("an id with a letter that only looks like one", b"\xd0\xb0pp"),
        ("an id that is not UTF-8", b"app\xff"),
        ("an id that begins with a dot", b".app"),
    ];
    let mut cases: Vec<Case> = faulty
        .into_iter()
        .map(|(sentence, name)| case(sentence, &[26, 27, 28], "0209 manifest.name", move |w| named(w, name)))
        .collect();
    cases.extend([
        case("components out of order", &[30], "020a manifest.name-order", |w| {
            parts(w, |manifest| manifest.ids.reverse())
        }),
        case("the same component twice", &[90], "020a manifest.name-order", |w| {
            parts(w, |manifest| manifest.ids[1] = manifest.ids[0].clone())
        }),
        case("no components", &[15], "0231 manifest.component-count", |w| {
            parts(w, |manifest| {
                manifest.ids.clear();
                manifest.components.clear();
            })
        }),
        case("seventeen components", &[15], "0231 manifest.component-count", |w| {
            parts(w, |manifest| manifest.ids = (b'a'..=b'q').map(|letter| component_id(&[letter])).collect())
        }),
    ]);
    cases
}

fn versions() -> Vec<Case> {
    let mut cases = vec![
        case("SUIT manifest version 0", &[6], "0230 manifest.version", |w| {
            parts(w, |manifest| manifest.version = vec![0])
        }),
        case("SUIT manifest version 2", &[6], "0230 manifest.version", |w| {
            parts(w, |manifest| manifest.version = vec![2])
        }),
        case("SUIT manifest version 65535", &[6], "0230 manifest.version", |w| {
            parts(w, |manifest| manifest.version = vec![0x19, 0xff, 0xff])
        }),
        case("profile 0", &[6], "020d manifest.profile", |w| parts(w, |manifest| manifest.profile = vec![0])),
        case("profile 2", &[6, 39], "020d manifest.profile", |w| parts(w, |manifest| manifest.profile = vec![2])),
        case("a release version of 65 bytes", &[], "0238 manifest.release-version", |w| {
            versioned(w, &format!("1.2.3-{}", "a".repeat(59)))
        }),
    ];
    let faulty = [
        ("a release version of two numbers", "1.2"),
        ("a release version with a leading zero", "1.02.3"),
        ("a release version with a letter in front", "v1.2.3"),
        ("a release version with a line end", "1.2.3\n"),
        ("a release version with an escape sequence", "1.2.3-\u{1b}[31m"),
        ("a release version that is not ASCII", "1.2.3-\u{3b1}"),
        ("an empty release version", ""),
    ];
    cases.extend(faulty.into_iter().map(|(sentence, version)| {
        case(sentence, &[26, 121], "0238 manifest.release-version", move |w| versioned(w, version))
    }));
    cases
}

fn numbers() -> Vec<Case> {
    let beyond = || Cbor::new().uint(1 << 32).done();
    vec![
        case("a security version of 2^32", &[98, 100], "0208 manifest.out-of-range", move |w| {
            parts(w, |manifest| manifest.security_version = beyond())
        }),
        case("a minimum trust epoch of 2^32", &[98], "0208 manifest.out-of-range", move |w| {
            parts(w, |manifest| manifest.minimum_trust_epoch = beyond())
        }),
        case("an image of no bytes", &[9], "0235 manifest.image-size", |w| {
            parts(w, |manifest| manifest.components[0].size = vec![0])
        }),
        case("an image of 2^63 bytes", &[10], "0235 manifest.image-size", |w| {
            parts(w, |manifest| manifest.components[0].size = Cbor::new().uint(1 << 63).done())
        }),
        case("an image of 2^64-1 bytes", &[10, 11], "0235 manifest.image-size", |w| {
            parts(w, |manifest| manifest.components[0].size = Cbor::new().uint(u64::MAX).done())
        }),
        case("images of 2^63 bytes together", &[10, 11], "0235 manifest.image-size", |w| {
            parts(w, |manifest| {
                manifest.components.iter_mut().for_each(|one| one.size = Cbor::new().uint(1 << 62).done());
            })
        }),
    ]
}

fn evidence() -> Vec<Case> {
    /// The release with an evidence commitment.
    fn committed(world: &World, value: &Cbor) -> Input {
        parts(world, |manifest| {
            manifest.extensions_entries = 5;
            manifest.evidence = Cbor::new().uint(5).raw(&value.clone().done()).done();
        })
    }
    vec![
        case("33 evidence files", &[15], "0239 manifest.evidence-count", |w| {
            committed(w, &Cbor::new().array(2).uint(33).bytes(&[0; 32]))
        }),
        case("2^64-1 evidence files", &[11, 15], "0239 manifest.evidence-count", |w| {
            committed(w, &Cbor::new().array(2).uint(u64::MAX).bytes(&[0; 32]))
        }),
        case("an evidence digest of another algorithm's length", &[32], "020c manifest.digest-length", |w| {
            committed(w, &Cbor::new().array(2).uint(1).bytes(&[0; 48]))
        }),
        case("an evidence commitment without a count", &[22], "0204 manifest.unexpected-type", |w| {
            committed(w, &Cbor::new().bytes(&[0; 32]))
        }),
    ]
}
