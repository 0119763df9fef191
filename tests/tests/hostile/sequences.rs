//! The manifest's command sequences (F-13 to F-16): one declarative shape, and nothing that could be interpreted.

use twinseal_tests::cbor::Cbor;
use twinseal_tests::manifest::{install_commands, install_commands_from, sequence, validate_commands};
use twinseal_tests::world::World;

use crate::manifest::parts;
use crate::{Case, Input, case};

/// The release with another validate sequence: `commands` is given each component's index.
fn validate(world: &World, items: u8, commands: impl Fn(u8) -> Vec<u8>) -> Input {
    parts(world, |manifest| manifest.validate = sequence(2, items, &commands))
}

fn install(world: &World, items: u8, commands: impl Fn(u8) -> Vec<u8>) -> Input {
    parts(world, |manifest| manifest.install = sequence(2, items, &commands))
}

/// The release whose components are installed from other URIs.
fn fetched_from(world: &World, uri: &'static str) -> Input {
    install(world, 8, |index| install_commands_from(index, uri.as_bytes()))
}

/// The release with another digest for its first image.
fn digest(world: &World, algorithm: i64, length: usize) -> Input {
    parts(world, |manifest| {
        manifest.components[0].digest = Cbor::new().array(2).int(algorithm).bytes(&vec![7; length]).done();
    })
}

/// The release with some bytes of its common section replaced.
fn common(world: &World, from: &[u8], to: &[u8]) -> Input {
    let manifest = twinseal_tests::manifest::RawManifest::of(&world.release);
    let common = twinseal_tests::cbor::replaced(&manifest.common(), from, to);
    Input::Bundle(world.resealed(manifest.around_common(&common)))
}

pub(crate) fn cases() -> Vec<Case> {
    [shared(), digests(), validates(), installs()].into_iter().flatten().collect()
}

fn shared() -> Vec<Case> {
    let fault = "0232 manifest.shared-sequence";
    vec![
        case("components that do not count from zero", &[30], fault, |w| {
            parts(w, |manifest| {
                manifest.components[0].index = 1;
                manifest.components[1].index = 2;
            })
        }),
        case("a component described twice, the other not at all", &[12, 90], fault, |w| {
            parts(w, |manifest| manifest.components[1].index = 0)
        }),
        case("all components selected at once", &[12], fault, |w| common(w, &[12, 0, 20, 0xa4], &[12, 0xf5, 20, 0xa4])),
        case("one component less than the list names", &[15], fault, |w| {
            parts(w, |manifest| manifest.components.truncate(1))
        }),
        case("one component more than the list names", &[15], fault, |w| {
            parts(w, |manifest| {
                let mut third = manifest.components[1].clone();
                third.index = 2;
                manifest.components.push(third);
            })
        }),
        case("parameters set, not overridden", &[22], fault, |w| common(w, &[12, 0, 20, 0xa4], &[12, 0, 19, 0xa4])),
        case("a parameter less than four", &[22], fault, |w| common(w, &[12, 0, 20, 0xa4], &[12, 0, 20, 0xa3])),
        case("a slot parameter in place of the size", &[91], fault, |w| common(w, &[14, 0x17], &[5, 0x17])),
        case("a vendor id of 15 bytes", &[], fault, |w| {
            parts(w, |manifest| manifest.components[0].vendor = Cbor::new().bytes(&[0x11; 15]).done())
        }),
        case("a class id of 17 bytes", &[], fault, |w| {
            parts(w, |manifest| manifest.components[0].class = Cbor::new().bytes(&[0x22; 17]).done())
        }),
        case("no class condition", &[88], fault, |w| {
            parts(w, |manifest| manifest.components[0].conditions = vec![1, 15, 1, 15])
        }),
        case("a vendor condition that reports nothing", &[25], fault, |w| {
            parts(w, |manifest| manifest.components[0].conditions = vec![1, 0, 2, 15])
        }),
        case("a try-each directive in place of a condition", &[16], fault, |w| {
            parts(w, |manifest| manifest.components[0].conditions = vec![15, 0x80, 2, 15])
        }),
        case("a custom command in place of a condition", &[22], fault, |w| {
            parts(w, |manifest| manifest.components[0].conditions = vec![0x20, 15, 2, 15])
        }),
        case("components of two vendors", &[60, 88], "0233 manifest.vendor-differs", |w| {
            parts(w, |manifest| manifest.components[1].vendor = Cbor::new().bytes(&[0x33; 16]).done())
        }),
        case("components of two classes", &[60, 88], "0234 manifest.class-differs", |w| {
            parts(w, |manifest| manifest.components[1].class = Cbor::new().bytes(&[0x33; 16]).done())
        }),
    ]
}

fn digests() -> Vec<Case> {
    let mut cases = vec![
        case("images with digests of two algorithms", &[33], "020b manifest.digest-algorithm", |w| {
            parts(w, |manifest| {
                manifest.components[1].digest = Cbor::new().array(2).int(-44).bytes(&[7; 64]).done();
            })
        }),
        case("an image digest of an algorithm that nobody knows", &[33], "020b manifest.digest-algorithm", |w| {
            digest(w, -99, 32)
        }),
        case("an image with SHA-1", &[33], "020b manifest.digest-algorithm", |w| digest(w, -14, 20)),
        case("a byte behind an image's digest", &[3, 12], "0207 manifest.trailing-bytes", |w| {
            parts(w, |manifest| manifest.components[0].digest.push(0))
        }),
    ];
    for length in [0, 31, 33, 64] {
        let name = format!("an image's SHA-256 of {length} bytes");
        cases.push(case(name, &[32, 94], "020c manifest.digest-length", move |w| digest(w, -16, length)));
    }
    cases
}

fn validates() -> Vec<Case> {
    let fault = "0236 manifest.validate-sequence";
    vec![
        case("nothing to validate", &[22], fault, |w| parts(w, |manifest| manifest.validate = vec![0x80])),
        case("one component is not validated", &[22], fault, |w| {
            parts(w, |manifest| manifest.validate = sequence(1, 4, validate_commands))
        }),
        case("the same component is validated twice", &[90], fault, |w| validate(w, 4, |_| validate_commands(0))),
        case("an image match that reports nothing", &[25], fault, |w| validate(w, 4, |index| vec![12, index, 3, 0])),
        case("a slot condition in place of the image match", &[22], fault, |w| {
            validate(w, 4, |index| vec![12, index, 5, 15])
        }),
        case("a further command in the validate sequence", &[22], fault, |w| {
            validate(w, 6, |index| [validate_commands(index), vec![14, 15]].concat())
        }),
        case("bytes behind the validate sequence", &[3, 25], "0207 manifest.trailing-bytes", |w| {
            parts(w, |manifest| manifest.validate.push(0))
        }),
    ]
}

fn installs() -> Vec<Case> {
    let fault = "0237 manifest.install-sequence";
    vec![
        case("nothing to install", &[22], fault, |w| parts(w, |manifest| manifest.install = vec![0x80])),
        case("a payload from elsewhere", &[61], fault, |w| fetched_from(w, "http://a/")),
        case("a payload from a parent directory", &[27], fault, |w| fetched_from(w, "../c.b")),
        case("both components from one payload", &[89, 90], fault, |w| fetched_from(w, "c00.bin")),
        case("a component from the evidence", &[12], fault, |w| fetched_from(w, "e00.bin")),
        case("an install without an image match", &[87], fault, |w| {
            install(w, 6, |index| {
                let commands = install_commands(index);
                commands[..commands.len() - 2].to_vec()
            })
        }),
        case("a copy in place of the fetch", &[91], fault, |w| {
            install(w, 8, |index| twinseal_tests::cbor::replaced(&install_commands(index), &[21, 2, 3], &[22, 2, 3]))
        }),
        case("an invoke behind the install", &[93], fault, |w| {
            install(w, 10, |index| [install_commands(index), vec![23, 2]].concat())
        }),
        case("bytes behind the install sequence", &[3, 25], "0207 manifest.trailing-bytes", |w| {
            parts(w, |manifest| manifest.install.push(0))
        }),
    ]
}
